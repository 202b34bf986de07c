"""Clip, track and effects -> a contact sheet with what was concluded drawn in, and why.

Enters: what was marked and concluded, and the quadmask that was composed of it. Leaves: one
picture, RGB. Each frame is drawn by `overlay`.
"""

from __future__ import annotations

import cv2

from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.fates import Fates
from openvoid.core.quadmask import Quadmask
from openvoid.core.track import Track
from openvoid.show import panels
from openvoid.show.courses import with_courses
from openvoid.show.overlay import overlay
from openvoid.show.panels import Panel


def explanation_sheet(
    clip: Clip,
    track: Track,
    told: tuple[Effects, Fates],
    mask: Quadmask,
    count: int,
    width_px: int,
) -> Panel:
    """Frames in which something is affected, spread over the clip, each with its legend below.

    Args:
        told: what is affected, and where it would go.
    """
    effects, fates = told
    tiles, captions = [], []
    for index in _chosen(clip.length, effects, track, count):
        (frame,) = clip.frames(index, index + 1)
        panel = panels.panel_of(clip, frame, width_px)
        size = (panel.shape[1], panel.shape[0])
        small = cv2.resize(mask[index], size, interpolation=cv2.INTER_NEAREST)
        panel = with_courses(panel, fates, index)
        tiles.append(overlay(panel, small.astype("uint8", copy=False), effects, index))
        captions.append(f"{clip.first_frame + index}  {clip.path.name}")
    across = 1 if len(tiles) == 1 else 2 if len(tiles) <= 4 else 3
    return panels.grid(tiles, captions, across)


def _chosen(length: int, effects: Effects, track: Track, count: int) -> list[int]:
    """Frames in the middle of equal parts of all in which something is affected, or seen."""
    told = {place.frame for effect in effects.affected for place in (*effect.now, *effect.goes)}
    return panels.spread(sorted(told) or list(track.seen) or range(length), count)
