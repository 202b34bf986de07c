"""Frames -> pictures to look at: panels side by side, rows of frames, numbers on them.

Enters: RGB frames, and how they are displayed. Leaves: uint8 RGB. Knows no files.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame
from openvoid.core.quadmask import Labels, Region
from openvoid.vision.display import Display

Panel = NDArray[np.uint8]

CAPTION_PX = 22
GAP_PX = 4
PAPER, INK = 32, 235
OUTLINE = {Region.PRIMARY: (255, 60, 40), Region.AFFECTED: (60, 170, 255)}


def shown(frame: Frame, display: Display, width: int, height: int) -> Panel:
    """A frame of stored values as a screen shows it, at a panel's size."""
    return panel(display.shown(frame), width, height)


def panel(picture: NDArray[np.float32], width: int, height: int) -> Panel:
    """A picture [H, W, 3] in which white is 1.0 already, at a panel's size; no number is black."""
    frame = np.nan_to_num(picture, posinf=1.0)
    if frame.shape[:2] != (height, width):
        smaller = width < frame.shape[1]
        method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        frame = cv2.resize(frame, (width, height), interpolation=method).astype(np.float32)
    clipped = np.clip(frame, 0.0, 1.0)
    return (clipped * 255 + 0.5).astype(np.uint8)


def panel_of(clip: Clip, frame: Frame, width: int) -> Panel:
    """A frame of a clip, [H, W, 3] as the clip gives it, so wide."""
    height = max(1, round(clip.height * width / clip.width))
    return shown(frame, Display.of(clip), width, height)


def spread(among: Sequence[int], count: int) -> list[int]:
    """At most so many of them, each from the middle of one of equal parts."""
    count = min(count, len(among))
    return [among[int((part + 0.5) * len(among) / count)] for part in range(count)]


def difference(
    left: NDArray[np.float32], right: NDArray[np.float32], gain: float
) -> NDArray[np.float32]:
    """Mid-gray where both agree; brighter where the second is brighter, times `gain`."""
    amplified: NDArray[np.float32] = np.float32(0.5) + (right - left) * np.float32(gain)
    return amplified


def outlined(panel: Panel, labels: Labels) -> Panel:
    """The mask's outlines drawn in: blue around where the scene changes, red around the object.

    What is OVERLAP is both, as in a quadmask: the blue line goes on behind the object, the red one
    lies on top.
    """
    height, width = panel.shape[:2]
    small = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
    drawn = panel.copy()
    both = small == Region.OVERLAP
    for region in (Region.AFFECTED, Region.PRIMARY):
        where = (small == region) | both
        contours, _ = cv2.findContours(
            where.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(drawn, list(contours), -1, OUTLINE[region], 1)
    return drawn


def row(panels: Sequence[Panel], captions: Sequence[str]) -> Panel:
    """Panels of one height beside each other, each with its caption above."""
    tiles = [_captioned(*each) for each in zip(panels, captions, strict=True)]
    return _joined(tiles, axis=1)


def grid(tiles: Sequence[Panel], captions: Sequence[str], across: int) -> Panel:
    """A sheet of tiles of one size, so many in a row; a later row is filled up with black."""
    rows: list[Panel] = []
    for at in range(0, len(tiles), across):
        part, told = list(tiles[at : at + across]), list(captions[at : at + across])
        lacking = across - len(part) if rows else 0
        part += [np.zeros_like(tiles[0])] * lacking
        rows.append(row(part, [*told, *[""] * lacking]))
    return sheet(rows)


def sheet(rows: Sequence[Panel]) -> Panel:
    """Rows under each other, with paper around them."""
    return np.pad(
        _joined(rows, axis=0), ((GAP_PX, GAP_PX), (GAP_PX, GAP_PX), (0, 0)), constant_values=PAPER
    )


def even(picture: Panel) -> Panel:
    """Cut to even height and width, as video encoders want it."""
    height, width = picture.shape[:2]
    return np.ascontiguousarray(picture[: height // 2 * 2, : width // 2 * 2])


def _captioned(panel: Panel, caption: str) -> Panel:
    strip = np.full((CAPTION_PX, panel.shape[1], 3), PAPER, np.uint8)
    cv2.putText(
        strip,
        caption,
        (4, CAPTION_PX - 6),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.45,
        (INK,) * 3,
        1,
        cv2.LINE_AA,
    )
    return np.concatenate([strip, panel], axis=0)


def _joined(tiles: Sequence[Panel], axis: int) -> Panel:
    parts: list[Panel] = [tiles[0]]
    for tile in tiles[1:]:
        shape = list(tile.shape)
        shape[axis] = GAP_PX
        parts += [np.full(shape, PAPER, np.uint8), tile]
    return np.concatenate(parts, axis=axis)
