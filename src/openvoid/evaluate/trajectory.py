"""Does each moved thing go where it truly goes? Its error in pixels, and the IoU of its mask.

Enters: a result beside the truth, with the true masks of the things whose course differs. Leaves:
`trajectory.found` (share of frames in which the thing is seen at all), `trajectory.error_px`
(distance of its place from the true one, where found), `trajectory.error` (the same over the
picture's height, a frame without it counting as `MISSED`) and `trajectory.iou` (0 where not found).
Knows no segmenter: the thing is looked for by its own true look.

In each frame the truth's pixels under the thing's mask are the template. Its root mean square
colour error is mapped over the whole result, coarsely, then refined to a pixel. Of places that
match alike the one nearest to the truth is taken: in doubt, for the result. How good a match must
be is read off the truth alone: half the error of the best match elsewhere in the true picture, so
that plain floor is not taken for the thing. A thing of which a part is missing is found where at
least a third of its pixels agree and nothing else in the true picture matches as well. A thing that
the true picture itself does not show clearly is not judged in that frame. A thing of the right
shape in wrong colours is not found.

The mask in the result is the true one carried to that place, less the pixels whose colour is not
the thing's. Only frames in which a part of the thing lies outside of what is kept are looked at.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.core.judged import Judged, Moved
from openvoid.core.plugins import option
from openvoid.core.quadmask import Labels, Region
from openvoid.core.removal import Run
from openvoid.evaluate.regions import pairs

MISSED = 0.25  # of the picture's height: the error a frame without the thing counts as
COARSE_PX = 192  # short side of the picture in which is searched
LEAST_PIXELS = 24  # of a thing in a frame; smaller ones are not judged
LEAST_CHANGED = 0.25  # share of the thing that is not kept; below it went its old way
LEAST_CONTRAST = 0.04  # median error of the template over the true picture; below it hides in it
LOWEST, HIGHEST = 0.03, 0.15  # bounds of how far a match may be off, of white
ALIKE = 0.005  # matches this close in error are told apart by nearness
SAME_COLOR = 0.12  # of white: a pixel this close to the thing's is the thing's
LEAST_AGREED = 1 / 3  # share of such pixels from which a part stands for the thing

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Seen(NamedTuple):
    """A thing in one frame of a result: how far off, and how much of it agrees."""

    found: bool
    error_px: float
    iou: float


class Trajectory:
    """Where moved things go: share of frames found, distance in pixels, IoU of their masks."""

    name = "trajectory"
    better: ClassVar[Mapping[str, str]] = {
        "trajectory.found": "higher",
        "trajectory.error_px": "lower",
        "trajectory.error": "lower",
        "trajectory.iou": "higher",
    }

    @dataclass(frozen=True)
    class Options:
        every: int = option(2, "look at every so many frames", low=1, high=100)

    def __init__(self, options: Options) -> None:
        self.every = options.every

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        things = [self._thing(judged, thing) for thing in judged.moved]
        told = [seen for seen in things if seen]
        if not told:
            return dict.fromkeys(self.better, math.nan)
        height = judged.truth.height
        rows = np.array([_row(seen, height) for seen in told])  # each thing weighs the same
        found = rows[:, 0]
        error_px = rows[found > 0, 1]
        return {
            "trajectory.found": float(found.mean()),
            "trajectory.error_px": float(error_px.mean()) if error_px.size else math.nan,
            "trajectory.error": float(rows[:, 2].mean()),
            "trajectory.iou": float(rows[:, 3].mean()),
        }

    def _thing(self, judged: Judged, thing: Moved) -> list[Seen]:
        frames = zip(pairs(judged), thing.masks, strict=True)
        return list(_followed(frames, self.every))


def _followed(
    frames: Iterator[tuple[tuple[Picture, Picture, Labels], Mask]], every: int
) -> Iterator[Seen]:
    for index, ((result, truth, labels), mask) in enumerate(frames):
        if index % every or not _worth_judging(mask, labels):
            continue
        seen = look(result, truth, mask)
        if seen is not None:
            yield seen


def _worth_judging(mask: Mask, labels: Labels) -> bool:
    pixels = int(np.count_nonzero(mask))
    changed = int(np.count_nonzero(labels[mask] != Region.KEEP))
    return pixels >= LEAST_PIXELS and changed >= LEAST_CHANGED * pixels


def look(result: Picture, truth: Picture, mask: Mask) -> Seen | None:
    """A thing in one frame; None where the truth itself does not show it clearly.

    Args:
        result, truth: [H, W, 3] with white at 1.0.
        mask: [H, W], where the thing truly is; not empty.
    """
    result, truth = (cv2.blur(each, (3, 3)).astype(np.float32) for each in (result, truth))
    box = bounding_box(mask)
    shape = mask[box.slices]
    template, weight = truth[box.slices], _inner(shape)
    coarse = min(1.0, COARSE_PX / min(mask.shape))
    small = _Template(template, weight, coarse)
    rival = _rival(small, _resized(truth, coarse), box, coarse)
    if rival is None:
        return None
    place = _nearest_best(small.errors(_resized(result, coarse)), box, coarse)
    top, left, error = _refined(result, template, weight, place, box, round(2 / coarse) + 2)
    own = _own(result, template, shape, top, left)
    part = np.count_nonzero(own) >= LEAST_AGREED * np.count_nonzero(shape)
    if error > (rival if part else min(max(rival / 2, LOWEST), HIGHEST)):
        return Seen(False, math.nan, 0.0)
    off_px = math.hypot(top - box.top, left - box.left)
    return Seen(True, off_px, _iou(own, mask, top, left))


class _Template:
    """A thing's own pixels, at the size in which it is searched."""

    def __init__(self, template: Picture, weight: Picture, scale: float) -> None:
        self.template, self.weight = _resized(template, scale), _resized(weight, scale)

    def errors(self, picture: Picture) -> Picture:
        """Root mean square error, of white, at each place of the template's upper left corner."""
        return _errors(picture, self.template, self.weight)


def _errors(picture: Picture, template: Picture, weight: Picture) -> Picture:
    weights = np.repeat(weight[..., None], 3, axis=2)
    squares = cv2.matchTemplate(picture, template, cv2.TM_SQDIFF, mask=np.sqrt(weights))
    mean = np.maximum(squares, 0) / max(1e-6, float(weights.sum()))
    return np.sqrt(mean).astype(np.float32)


def _rival(small: _Template, truth: Picture, box: Box, scale: float) -> float | None:
    """The error of the best match elsewhere in the truth; None where the thing hides in it."""
    errors = small.errors(truth)
    if float(np.median(errors)) < LEAST_CONTRAST:
        return None
    rows, columns = np.indices(errors.shape, dtype=np.float32)
    away = np.hypot(rows - box.top * scale, columns - box.left * scale)
    elsewhere = errors[away > 0.5 * scale * math.hypot(box.height, box.width)]
    return float(elsewhere.min()) if elsewhere.size else 2 * HIGHEST


def _nearest_best(errors: Picture, box: Box, scale: float) -> tuple[int, int]:
    """Of the places that match best, the one nearest to the true one; in full-size pixels."""
    rows, columns = np.nonzero(errors <= errors.min() + ALIKE)
    away = np.hypot(rows - box.top * scale, columns - box.left * scale)
    at = int(away.argmin())
    return round(rows[at] / scale), round(columns[at] / scale)


def _refined(
    result: Picture,
    template: Picture,
    weight: Picture,
    place: tuple[int, int],
    box: Box,
    reach_px: int,
) -> tuple[int, int, float]:
    """The best place around a coarse one, to a pixel, and its error."""
    height, width = result.shape[:2]
    top = min(max(0, place[0] - reach_px), height - box.height)
    left = min(max(0, place[1] - reach_px), width - box.width)
    bottom = min(height, place[0] + reach_px + box.height)
    right = min(width, place[1] + reach_px + box.width)
    bottom, right = max(bottom, top + box.height), max(right, left + box.width)
    errors = _errors(np.ascontiguousarray(result[top:bottom, left:right]), template, weight)
    rows, columns = np.nonzero(errors <= errors.min() + 1e-4)
    nearest = np.hypot(rows + top - box.top, columns + left - box.left).argmin()
    row, column = int(rows[nearest]), int(columns[nearest])
    return top + row, left + column, float(errors[row, column])


def _own(result: Picture, template: Picture, shape: Mask, top: int, left: int) -> Mask:
    """The thing's own pixels at a place: where the result has its colours."""
    height, width = shape.shape
    here = result[top : top + height, left : left + width]
    alike: Mask = np.abs(here - template).mean(axis=2) < SAME_COLOR
    return shape & alike


def _iou(own: Mask, mask: Mask, top: int, left: int) -> float:
    """Of the true mask, and of the thing's own pixels at the place where it was found."""
    carried = np.zeros_like(mask)
    carried[top : top + own.shape[0], left : left + own.shape[1]] = own
    union = int(np.count_nonzero(carried | mask))
    return int(np.count_nonzero(carried & mask)) / max(1, union)


def _inner(shape: Mask) -> Picture:
    """The mask without its rim, where the blurred background shows; whole if it is thin."""
    padded = np.pad(shape.astype(np.uint8), 1)
    inner = cv2.erode(padded, np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    return (inner if np.count_nonzero(inner) >= LEAST_PIXELS else shape).astype(np.float32)


def _resized(picture: Picture, scale: float) -> Picture:
    if scale == 1.0:
        return np.ascontiguousarray(picture)
    size = (max(3, round(picture.shape[1] * scale)), max(3, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)


def _row(seen: list[Seen], height: int) -> tuple[float, float, float, float]:
    """Found, error in pixels, error with misses, IoU: means over the frames of one thing."""
    hits = [each.error_px for each in seen if each.found]
    all_px = [each.error_px if each.found else MISSED * height for each in seen]
    capped = np.minimum(all_px, MISSED * height)
    return (
        len(hits) / len(seen),
        float(np.mean(hits)) if hits else math.nan,
        float(capped.mean()) / height,
        float(np.mean([each.iou for each in seen])),
    )
