"""Clip, track and the marks it came from -> a contact sheet with the outline drawn in.

Enters: a clip, the object's track in it (or candidates for one frame of it), the person's marks.
Leaves: one picture, RGB: the frames with marks, and others spread over the clip; or the candidates
beside each other, numbered. Knows no files.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from openvoid.core.candidate import Candidate
from openvoid.core.clip import Clip, Frame
from openvoid.core.quadmask import label
from openvoid.core.selection import Selection
from openvoid.core.track import Silhouette, Track
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


def candidate_sheet(clip: Clip, found: Sequence[Candidate], given: Selection) -> Panel:
    """The candidates of one frame beside each other: number, what it is, how sure, what speaks."""
    frame = next(clip.frames(found[0].frame, found[0].frame + 1))
    tiles = [_outlined(clip, frame, each.silhouette, given, each.frame) for each in found]
    captions = []
    for number, each in enumerate(found, start=1):
        cues = "  ".join(f"{name} {value:.0%}" for name, value in each.cues.items())
        captions.append(f"{number}: {each.what} {each.score:.0%}  {cues}")
    return panels.grid(tiles, captions, IN_A_ROW)


def _chosen(length: int, marked: Sequence[int]) -> set[int]:
    frames = set(marked[:TILES])
    spare = min(length, TILES) - len(frames)
    step = max(1, length) / max(1, spare)
    return frames | {min(length - 1, int((each + 0.5) * step)) for each in range(spare)}


def _tile(clip: Clip, frame: Frame, track: Track, given: Selection, index: int) -> Panel:
    return _outlined(clip, frame, track[index], given, index)


def _outlined(clip: Clip, frame: Frame, mask: Silhouette, given: Selection, index: int) -> Panel:
    """One frame with an outline and its marks."""
    scale = TILE_PX / clip.width
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
