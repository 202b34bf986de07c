"""Clip, track and effects -> a contact sheet with what was concluded drawn in, and why.

Enters: what was marked and concluded. Leaves: one picture, RGB. Each frame is drawn by `overlay`.
"""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.track import Track
from openvoid.reason.compose import compose
from openvoid.show import panels
from openvoid.show.overlay import overlay
from openvoid.show.panels import Panel
from openvoid.vision.display import Display


def sheet_of(clip: Clip, track: Track, effects: Effects, count: int, width_px: int) -> Panel:
    """Frames in which something is affected, spread over the clip, each with its legend below."""
    mask = compose(track, effects)
    height_px = max(1, round(clip.height * width_px / clip.width))
    chosen = _chosen(clip.length, effects, track, count)
    tiles, captions = [], []
    for index in chosen:
        (frame,) = clip.frames(index, index + 1)
        panel = panels.shown(frame, Display.of(clip), width_px, height_px)
        small = cv2.resize(mask[index], (width_px, height_px), interpolation=cv2.INTER_NEAREST)
        labels = small.astype(np.uint8, copy=False)
        tiles.append(overlay(panel, labels, effects, index))
        captions.append(f"{clip.first_frame + index}  {clip.path.name}")
    across = 1 if len(tiles) == 1 else 2 if len(tiles) <= 4 else 3
    while len(tiles) % across:
        tiles.append(np.zeros_like(tiles[0]))
        captions.append("")
    rows = range(0, len(tiles), across)
    return panels.sheet(
        [panels.row(tiles[at : at + across], captions[at : at + across]) for at in rows]
    )


def _chosen(length: int, effects: Effects, track: Track, count: int) -> list[int]:
    """Frames in the middle of equal parts of all in which something is affected, or seen."""
    told = {place.frame for effect in effects.affected for place in (*effect.now, *effect.goes)}
    among = sorted(told) or list(track.seen) or list(range(length))
    count = min(count, len(among))
    return [among[int((part + 0.5) * len(among) / count)] for part in range(count)]
