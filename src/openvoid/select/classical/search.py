"""Search: how far a thing went from one frame to the next, where no guess is near.

Enters: two pictures, where the thing is in the first, how much each colour is its own, and guesses
of how far it went. Leaves: the displacement that fits best. Optical flow finds what moves by a part
of its own size; what jumps, falls or is thrown goes farther. Everywhere around it is asked, small:
do its pixels match (template matching under its mask), and do its colours lie there, and not
beside. A guess is taken unless another place fits clearly better, so that a thing is not left for
one like it. Knows no time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.select.seeds import Mask

Map = NDArray[Any]  # [h, w] float32
FITS = 10.0  # mean difference of Lab that a guess may leave: then nothing else is asked
SIDE_PX = 24.0  # of the thing (root of its area), when it is compared
REACH = 1.5  # of that: how far from the guesses it may have gone
AROUND_PX = 4  # of the thing then: where its colours should not lie
COLOUR_WEIGHT = 0.3  # of the log-odds, beside the mismatch as a share of the usual one around
BETTER = 0.4  # of both, from which a place is taken that nobody guessed
EVEN = 0.003  # of mean difference, for a working px: of guesses that fit alike the nearer one
Step = tuple[int, int]  # (across, down), working px


def gone(
    before: NDArray[Any],
    now: NDArray[Any],
    inside: Mask,
    guesses: Iterable[Step],
    own: Callable[[NDArray[Any]], Map],
) -> Step:
    """How far the thing `inside` [h, w] went between two pictures.

    Args:
        before, now: [h, w, 3] uint8.
        own: of a picture, log-odds that each colour is the thing's.
    """
    steps = sorted(set(guesses))
    off = {step: _off(before, now, inside, step) for step in steps}
    guess = min(steps, key=lambda step: off[step])
    if off[guess] < FITS:
        return guess
    shrink = min(1.0, SIDE_PX / math.sqrt(float(np.count_nonzero(inside)) or 1.0))
    small, then = _reduced(now, shrink), _reduced(before, shrink)
    shape = _reduced(inside.astype(np.float32), shrink)
    across, along = shape.shape[1] / inside.shape[1], shape.shape[0] / inside.shape[0]
    box = _grown(bounding_box(shape > 0), AROUND_PX)
    places = np.array([(round(x * across), round(y * along)) for x, y in steps])
    reach = math.ceil(REACH * SIDE_PX)
    (left, top), (right, bottom) = places.min(0) - reach, places.max(0) + reach
    field = Box(box.top + top, box.left + left, box.bottom + bottom, box.right + right)
    around, thing = _part(small, field), _part(then, box)
    shape = np.pad(shape, AROUND_PX)[_grown(box, 0, AROUND_PX).slices]
    cost = _mismatch(around, thing, shape) - COLOUR_WEIGHT * _coloured(own(around), shape)
    column, row = places[steps.index(guess)] - (left, top)
    best = np.unravel_index(int(np.argmin(cost)), cost.shape)
    if cost[best] >= cost[row, column] - BETTER:
        return guess
    return round(float(best[1] + left) / across), round(float(best[0] + top) / along)


def _off(before: NDArray[Any], now: NDArray[Any], inside: Mask, step: Step) -> float:
    """Mean difference of what of the thing stays in the frame; infinite where nothing does."""
    box, (across, down) = bounding_box(inside), step
    there = Box(box.top + down, box.left + across, box.bottom + down, box.right + across)
    inner = there.intersect(Box(0, 0, *inside.shape))
    if inner.empty:
        return np.inf
    here = Box(*(np.array(inner) - (down, across, down, across)))
    shown = inside[here.slices]
    if not shown.any():
        return np.inf
    off = cv2.absdiff(before[here.slices], now[inner.slices])
    return float(off[shown].mean()) + EVEN * (abs(across) + abs(down))


def _mismatch(around: NDArray[Any], thing: NDArray[Any], shape: Map) -> Map:
    """Mean squared difference of colours within a shape, as a share of the median over places."""
    weight = np.repeat(shape[..., None], 3, 2)
    off = cv2.matchTemplate(around.astype(np.float32), thing.astype(np.float32), 0, mask=weight)
    return np.asarray(off / max(1e-6, float(np.median(off))), np.float32)


def _coloured(odds: Map, shape: Map) -> Map:
    """Mean log-odds within a shape less those close around it."""
    ring = 1 - shape
    kernel = shape / max(1e-6, float(shape.sum())) - ring / max(1e-6, float(ring.sum()))
    return cv2.matchTemplate(odds.astype(np.float32), kernel.astype(np.float32), cv2.TM_CCORR)


def _grown(box: Box, by: int, moved: int = 0) -> Box:
    """By so many pixels on each side; then down and to the right."""
    low, high = moved - by, moved + by
    return Box(box.top + low, box.left + low, box.bottom + high, box.right + high)


def _part(picture: NDArray[Any], box: Box) -> NDArray[Any]:
    """A box of a picture; its edge goes on beyond it."""
    rows = np.clip(np.arange(box.top, box.bottom), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(box.left, box.right), 0, picture.shape[1] - 1)
    return np.ascontiguousarray(picture[rows[:, None], columns[None]])


def _reduced(picture: NDArray[Any], shrink: float) -> NDArray[Any]:
    size = [max(1, round(side * shrink)) for side in picture.shape[1::-1]]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
