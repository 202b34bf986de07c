"""Seeds: what a person marked, as maps at working size.

Enters: the marks of one frame in native pixels. Leaves: where the object surely is, where it surely
is not, and how far away it can be. Knows no picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.selection import Selection
from openvoid.media.mattes import read_matte
from openvoid.vision.working import Working

Map = NDArray[Any]  # [h, w] float32
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Seeds:
    """The marks of one frame, [h, w] each."""

    sure: Mask  # on the object
    never: Mask  # not on it
    box: Mask | None  # it lies within
    matte: Mask | None  # it is exactly this
    spots: tuple[tuple[float, float], ...]  # (x, y) of what was clicked or painted as object
    clicks: tuple[tuple[float, float], ...] = ()  # those of them that were clicked

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.sure.shape[0], self.sure.shape[1]

    @property
    def weight(self) -> float:
        """How much the marks say: the frame that says most is begun with."""
        if self.matte is not None:
            return 1e6
        return (100.0 if self.box is not None else 0.0) + len(self.spots)


def seeds_of(selection: Selection, frame: int, working: Working) -> Seeds:
    """The marks of a frame.

    Raises:
        OpenVoidError: a matte that cannot be read, is empty or has another shape than the clip.
    """
    sure, never = np.zeros(working.size, np.uint8), np.zeros(working.size, np.uint8)
    spots: list[tuple[float, float]] = []
    radius = max(1, round(min(working.size) / 180))
    for point in selection.points:
        if point.frame == frame:
            x, y = working.place(point.x, point.y)
            cv2.circle(sure if point.positive else never, (round(x), round(y)), radius, 1, -1)
            spots += [(x, y)] if point.positive else []
    clicks = tuple(spots)
    for stroke in selection.strokes:
        if stroke.frame == frame:
            path = [working.place(x, y) for x, y in stroke.path]
            target = sure if stroke.positive else never
            width = max(1, round(stroke.width_px * working.scale))
            line = np.rint(np.array(path)).astype(np.int32).reshape(-1, 1, 2)
            cv2.polylines(target, [line], False, 1, width)
            spots += path if stroke.positive else []
    given = sure.astype(bool) & ~never.astype(bool)
    boxes, matte = _box(selection, frame, working), _matte(selection, frame, working)
    return Seeds(given, never.astype(bool), boxes, matte, tuple(spots), clicks)


def obeyed(mask: Mask, selection: Selection, frame: int) -> Mask:
    """A native silhouette [H, W] that says the same as the clicks and strokes of its frame."""
    for stroke in selection.strokes:
        if stroke.frame == frame:
            painted = mask.astype(np.uint8)
            path = np.rint(np.array(stroke.path)).astype(np.int32).reshape(-1, 1, 2)
            width = max(1, round(stroke.width_px))
            cv2.polylines(painted, [path], False, int(stroke.positive), width)
            mask = painted.astype(bool)
    for point in selection.points:
        if point.frame == frame and mask[int(point.y), int(point.x)] != point.positive:
            painted = mask.astype(np.uint8)
            radius = max(1, round(min(mask.shape) / 400))
            place = (int(point.x), int(point.y))
            cv2.circle(painted, place, radius, int(point.positive), -1)
            mask = painted.astype(bool)
    for point in selection.points:  # discs of neighbours may overlap; the pixel itself counts
        if point.frame == frame:
            mask[int(point.y), int(point.x)] = point.positive
    return mask


def distance_to(spots: tuple[tuple[float, float], ...], size: tuple[int, int]) -> Map:
    """Distance [h, w] of each pixel to the nearest of some places."""
    clear = np.ones(size, np.uint8)
    for x, y in spots:
        column = min(size[1] - 1, max(0, round(x)))
        clear[min(size[0] - 1, max(0, round(y))), column] = 0
    return cv2.distanceTransform(clear, cv2.DIST_L2, 5)


def widest_gap(spots: tuple[tuple[float, float], ...]) -> float:
    """The longest edge of the shortest tree that joins all places: how far apart marks are."""
    if len(spots) < 2:
        return 0.0
    places = np.array(spots[:: max(1, len(spots) // 200)])
    reach = np.hypot(*(places - places[0]).T)
    outside = np.ones(len(places), bool)
    outside[0], widest = False, 0.0
    while outside.any():  # Prim
        nearest = int(np.flatnonzero(outside)[np.argmin(reach[outside])])
        widest, outside[nearest] = max(widest, float(reach[nearest])), False
        reach = np.minimum(reach, np.hypot(*(places - places[nearest]).T))
    return widest


def _box(selection: Selection, frame: int, working: Working) -> Mask | None:
    found = [box for box in selection.boxes if box.frame == frame]
    if not found:
        return None
    mask = np.zeros(working.size, bool)
    for box in found:
        left, top = working.place(box.left, box.top)
        right, bottom = working.place(box.right, box.bottom)
        rows = slice(max(0, round(top)), max(round(top) + 1, round(bottom)))
        mask[rows, max(0, round(left)) : max(round(left) + 1, round(right))] = True
    return mask


def _matte(selection: Selection, frame: int, working: Working) -> Mask | None:
    mask: Mask | None = None
    for matte in selection.mattes:
        if matte.frame == frame:
            native = read_matte(matte.file, working.native_height, working.native_width)
            share = cv2.resize(
                native.astype(np.float32), working.size[::-1], interpolation=cv2.INTER_AREA
            )
            mask = share >= 0.5 if mask is None else mask | (share >= 0.5)
    return mask
