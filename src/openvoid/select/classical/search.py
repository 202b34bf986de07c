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
    shrink = min(1.0, SIDE_PX / math.sqrt(float(np.count_nonzero(inside)) or 1.0))
    margin = math.ceil(AROUND_PX / shrink)
    reach = math.ceil(REACH * SIDE_PX / shrink)
    box = _grown(bounding_box(inside), margin)
    left, right = min(x for x, _ in steps) - reach, max(x for x, _ in steps) + reach
    top, bottom = min(y for _, y in steps) - reach, max(y for _, y in steps) + reach
    field = Box(box.top + top, box.left + left, box.bottom + bottom, box.right + right)
    around, thing = _reduced(_part(now, field), shrink), _reduced(_part(before, box), shrink)
    part = inside[bounding_box(inside).slices].astype(np.float32)
    shape = _reduced(cv2.copyMakeBorder(part, *(margin,) * 4, cv2.BORDER_CONSTANT), shrink)
    cost = _mismatch(around, thing, shape) - COLOUR_WEIGHT * _coloured(own(around), shape)

    def at(step: Step) -> float:
        row, column = round((step[1] - top) * shrink), round((step[0] - left) * shrink)
        return float(cost[min(row, cost.shape[0] - 1), min(column, cost.shape[1] - 1)])

    guess = min(steps, key=lambda step: _off(before, now, inside, step))
    row, column = np.unravel_index(int(np.argmin(cost)), cost.shape)
    if cost[row, column] >= at(guess) - BETTER:
        return guess
    return round(float(column) / shrink) + left, round(float(row) / shrink) + top


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


def _grown(box: Box, by: int) -> Box:
    return Box(box.top - by, box.left - by, box.bottom + by, box.right + by)


def _part(picture: NDArray[Any], box: Box) -> NDArray[Any]:
    """A box of a picture; its edge goes on beyond it."""
    rows = np.clip(np.arange(box.top, box.bottom), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(box.left, box.right), 0, picture.shape[1] - 1)
    return np.asarray(picture[rows[:, None], columns[None]])


def _reduced(picture: NDArray[Any], shrink: float) -> NDArray[Any]:
    size = [max(1, round(side * shrink)) for side in picture.shape[1::-1]]
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
