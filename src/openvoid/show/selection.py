"""Clip, track and the marks it came from -> a contact sheet with the outline drawn in.

Enters: a clip, the object's track in it, the person's marks. Leaves: one picture, RGB: the frames
with marks, and others spread over the clip. Knows no files.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from openvoid.core.clip import Clip, Frame
from openvoid.core.quadmask import label
from openvoid.core.selection import Selection
from openvoid.core.track import Track
from openvoid.show import panels
from openvoid.show.panels import Panel

TILES, TILE_PX, IN_A_ROW = 12, 480, 4
ON, OFF = (90, 255, 90), (255, 60, 200)  # colours of marks


def selection_sheet(clip: Clip, track: Track, given: Selection) -> Panel:
    """Frames with marks, and others spread over the clip, four in a row."""
    tiles, captions = [], []
    chosen = _chosen(clip.length, given.frames)
    for index, frame in enumerate(clip.frames()):
        if index not in chosen:
            continue
        tiles.append(_tile(clip, frame, track, given, index))
        sure = f"{track.confidence[index]:.0%} sure" if index in track.seen else "not seen"
        captions.append(f"{clip.first_frame + index}  {sure}")
    return panels.grid(tiles, captions, IN_A_ROW)


def _chosen(length: int, marked: Sequence[int]) -> set[int]:
    frames = set(marked[:TILES])
    spare = min(length, TILES) - len(frames)
    step = max(1, length) / max(1, spare)
    return frames | {min(length - 1, int((each + 0.5) * step)) for each in range(spare)}


def _tile(clip: Clip, frame: Frame, track: Track, given: Selection, index: int) -> Panel:
    """One frame with the outline and its marks."""
    scale = TILE_PX / clip.width
    mask = track[index]
    panel = panels.panel_of(clip, frame, TILE_PX)
    panel = panels.outlined(panel, label(mask, np.zeros_like(mask)))
    for mark in given.points:
        if mark.frame == index:
            place = (round(mark.x * scale), round(mark.y * scale))
            cv2.circle(panel, place, 3, ON if mark.positive else OFF, -1, cv2.LINE_AA)
    for each in given.boxes:
        if each.frame == index:
            corners = [
                round(side * scale) for side in (each.left, each.top, each.right, each.bottom)
            ]
            cv2.rectangle(panel, tuple(corners[:2]), tuple(corners[2:]), ON, 1)
    return panel
