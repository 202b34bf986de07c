"""Cells of a coarse grid at a few frames -> smooth regions in every frame between.

Enters: cells, frames, how far things drift. Leaves: `Place`s, polygons as shares of the picture.
Between two frames a region travels from one middle to the other, and its outline turns from the
one shape into the other: the mean of both signed distances (Cohen-Or et al., "Three-dimensional
distance field metamorphosis", 1998). Knows no model, no clip and no kind of effect.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import Place
from openvoid.reason.vlm.schema import Cell, Grid, Sighting, Step

Field = NDArray[np.float32]
"""[h, w] float32: distance to the outline in samples, positive inside; `PER_CELL` samples a cell,
`BORDER` samples more on every side than the picture has."""

Polygon = tuple[tuple[float, float], ...]
Drift = Callable[[int], tuple[float, float]]
"""Frame -> (x, y), as shares of the picture: where what a region belongs to is."""

PER_CELL = 12  # samples, both ways: a third of a cell's way between sightings is four of them
BORDER = 3 * PER_CELL  # what leaves the picture is followed as far
ROUNDING = 0.12 * PER_CELL  # blur of the distance, which takes the corners off: by looks
TOLERANCE = 0.4  # of the outline, in samples: less than rounding to them
DIGITS = 4  # a tenth of a pixel in 1080 lines


def still(_: int) -> tuple[float, float]:
    """A `Drift` of what does not move."""
    return 0.0, 0.0


def places_between(
    sightings: Sequence[Sighting], grid: Grid, frames: Iterable[int], drift: Drift = still
) -> tuple[Place, ...]:
    """The region in each of `frames`: moulded between sightings, held before and after them.

    With a `drift` the region keeps, besides, to what it belongs to: it is where the sightings
    say in their frames, and follows in the others.
    """
    if not sightings:
        return ()
    return tuple(
        Place(frame, polygon)
        for frame in frames
        for polygon in _between(sightings, grid, frame, drift)
    )


def _between(
    sightings: Sequence[Sighting], grid: Grid, frame: int, drift: Drift
) -> tuple[Polygon, ...]:
    after = bisect_right([sighting.frame for sighting in sightings], frame)
    one = sightings[max(0, after - 1)]
    other = sightings[min(after, len(sightings) - 1)]
    apart = other.frame - one.frame
    share = min(1.0, max(0.0, (frame - one.frame) / apart)) if apart else 0.0
    if one.cells == other.cells:
        shape = _outline_of(one.cells, grid)
    else:
        shape = outlines(morphed(one.cells, other.cells, share, grid), grid)
    here, begin, end = drift(frame), drift(one.frame), drift(other.frame)
    moved = [here[axis] - begin[axis] * (1 - share) - end[axis] * share for axis in (0, 1)]
    return tuple(shifted(polygon, moved[0], moved[1]) for polygon in shape)


def shifted(polygon: Polygon, x: float, y: float) -> Polygon:
    """Moved by shares of the picture."""
    return tuple((round(px + x, DIGITS), round(py + y, DIGITS)) for px, py in polygon)


def morphed(one: Sequence[Cell], other: Sequence[Cell], share: float, grid: Grid) -> Field:
    """The shape on the way from one set of cells to another; `share` 0 is the first, 1 the second.

    Never vanishes on the way: where the mean of both has no inside, both stay.
    """
    start, stop = _field(tuple(one), grid), _field(tuple(other), grid)
    way = (np.mean(other, axis=0) - np.mean(one, axis=0)) * PER_CELL
    early = _moved(start, *(way * share))
    late = _moved(stop, *(way * (share - 1)))
    mean: Field = early * np.float32(1 - share) + late * np.float32(share)
    return mean if mean.max() > 1 else np.maximum(early, late)


def outlines(field: Field, grid: Grid) -> tuple[Polygon, ...]:
    """The regions inside, as polygons; holes are filled.

    They run half a sample inside, so that a region at rest touches no cell that was not named.
    """
    inside = (field > 0).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    found = []
    for contour in contours:
        corners = cv2.approxPolyDP(contour, TOLERANCE, True)[:, 0].astype(float)
        if len(corners) < 3:
            continue
        x = (corners[:, 0] + 0.5 - BORDER) / (PER_CELL * grid.columns)
        y = (corners[:, 1] + 0.5 - BORDER) / (PER_CELL * grid.rows)
        found.append(tuple((round(a, DIGITS), round(b, DIGITS)) for a, b in zip(x, y, strict=True)))
    return tuple(sorted(found))


def places_along(
    path: Sequence[Step], size: tuple[float, float], grid: Grid, frames: Iterable[int]
) -> tuple[Place, ...]:
    """A thing of `size` (rows, columns) on its way; before the first step and after the last at
    rest. Frames in which it is wholly outside the picture have no place."""
    times = [step.frame for step in path]
    found = []
    for frame in frames:
        y = float(np.interp(frame, times, [step.row for step in path]))
        x = float(np.interp(frame, times, [step.column for step in path]))
        beside_rows = y + size[0] / 2 <= 0 or y - size[0] / 2 >= grid.rows
        if not (beside_rows or x + size[1] / 2 <= 0 or x - size[1] / 2 >= grid.columns):
            found.append(Place(frame, _rounded_box(x, y, size, grid)))
    return tuple(found)


def _rounded_box(x: float, y: float, size: tuple[float, float], grid: Grid) -> Polygon:
    """A box around (x, y) whose corners are cut off a little."""
    half_y, half_x = size[0] / 2, size[1] / 2
    cut = 0.25 * min(half_x, half_y)
    corners = []
    for right, down in ((1, -1), (1, 1), (-1, 1), (-1, -1)):
        ends = [(right * half_x, down * (half_y - cut)), (right * (half_x - cut), down * half_y)]
        corners += ends if right * down > 0 else ends[::-1]
    return tuple(
        (round((x + a) / grid.columns, DIGITS), round((y + b) / grid.rows, DIGITS))
        for a, b in corners
    )


@lru_cache(maxsize=64)
def _outline_of(cells: tuple[Cell, ...], grid: Grid) -> tuple[Polygon, ...]:
    return outlines(_field(cells, grid), grid)


@lru_cache(maxsize=64)
def _field(cells: tuple[Cell, ...], grid: Grid) -> Field:
    """Signed distance of a set of cells, rounded. Cells at the edge go on beyond it."""
    mask = np.zeros((grid.rows, grid.columns), np.uint8)
    for cell in cells:
        mask[cell] = 1
    fine = np.repeat(np.repeat(mask, PER_CELL, axis=0), PER_CELL, axis=1)
    fine = np.pad(fine, BORDER, mode="edge")
    inside = cv2.distanceTransform(fine, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - fine, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    far = np.float32(max(fine.shape))  # where everything is inside there is no outline
    signed = np.clip(inside - outside, -far, far).astype(np.float32)
    field: Field = cv2.GaussianBlur(signed, (0, 0), ROUNDING)
    field.flags.writeable = False
    return field


def _moved(field: Field, down: float, right: float) -> Field:
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float32)
    size = (field.shape[1], field.shape[0])
    moved = cv2.warpAffine(field, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    return moved.astype(np.float32, copy=False)
