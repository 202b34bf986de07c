"""Marks as SAM takes them: points with labels, or a whole silhouette, at the model's square size.

Enters: the marks of one frame in native pixels. Leaves: places (x, y) in the model's pixels and
their labels. Knows no model and needs no torch.

Labels are those of Ravi et al., "SAM 2: Segment Anything in Images and Videos" (2024) as released:
1 on the object, 0 off it, 2 and 3 the corners of a box, which come first. A frame takes one box:
several are one around them all. A stroke is a few points along it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from openvoid.core.selection import BoxMark, Matte, Point, Selection, Stroke
from openvoid.media.mattes import read_matte
from openvoid.select.seeds import Mask

ON, OFF, CORNER, OPPOSITE = 1, 0, 2, 3
STROKE_POINTS = 6


@dataclass(frozen=True)
class Marks:
    """What one frame says; `silhouette` [size, size], if there is one, is all that counts."""

    spots: tuple[tuple[float, float], ...] = ()
    labels: tuple[int, ...] = ()
    silhouette: Mask | None = None


def anchors_of(selection: Selection) -> frozenset[int]:
    """Frames whose marks say where the object is, and not only where it is not."""
    spots: tuple[Point | Stroke, ...] = (*selection.points, *selection.strokes)
    whole: tuple[BoxMark | Matte, ...] = (*selection.boxes, *selection.mattes)
    said = {spot.frame for spot in spots if spot.positive}
    return frozenset(said | {mark.frame for mark in whole})


def marks_of(selection: Selection, frame: int, native: tuple[int, int], size: int) -> Marks:
    """The marks of a frame.

    Args:
        native: (height, width) of the clip.
        size: of the model's square picture.

    Raises:
        OpenVoidError: a matte that cannot be read, is empty or has another size than the clip.
    """
    files = [matte.file for matte in selection.mattes if matte.frame == frame]
    if files:
        whole = np.any([read_matte(file, *native) for file in files], 0)
        return Marks(silhouette=squared(whole, size))
    down, across = size / native[0], size / native[1]
    named: list[tuple[float, float, int]] = []
    boxes = [box for box in selection.boxes if box.frame == frame]
    if boxes:  # edges lie between pixels, so half a pixel before the next one's centre
        left, top = min(box.left for box in boxes), min(box.top for box in boxes)
        right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
        named += [(max(0, left) - 0.5, max(0, top) - 0.5, CORNER)]
        named += [(min(native[1], right) - 0.5, min(native[0], bottom) - 0.5, OPPOSITE)]
    for point in selection.points:
        if point.frame == frame:
            named += [(point.x, point.y, ON if point.positive else OFF)]
    for stroke in selection.strokes:
        if stroke.frame == frame:
            named += [(x, y, ON if stroke.positive else OFF) for x, y in along(stroke)]
    return Marks(
        tuple(((x + 0.5) * across - 0.5, (y + 0.5) * down - 0.5) for x, y, _ in named),
        tuple(label for _, _, label in named),
    )


def along(stroke: Stroke) -> Iterable[tuple[float, float]]:
    """Places on a stroke, evenly spread, its ends half a step away."""
    path = np.array(stroke.path, np.float64).reshape(-1, 2)
    run = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    if run[-1] == 0:
        return [(float(path[0, 0]), float(path[0, 1]))]
    at = (np.arange(STROKE_POINTS) + 0.5) / STROKE_POINTS * run[-1]
    xs, ys = (np.interp(at, run, path[:, axis]) for axis in (0, 1))
    return [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]


def squared(mask: Mask, size: int) -> Mask:
    """A silhouette at the model's square size: pixels of which at least half are covered."""
    area = mask.shape[0] * mask.shape[1] > size * size
    way = cv2.INTER_AREA if area else cv2.INTER_LINEAR
    share = cv2.resize(mask.astype(np.float32), (size, size), interpolation=way)
    small: Mask = share >= 0.5
    return small if small.any() or not mask.any() else share >= share.max()
