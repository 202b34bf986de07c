"""Carry: what is hidden goes on moving as it did, and as what is seen beside it does.

Enters: the motion around the holes. Leaves, for every pixel of a frame's hole, which pixel of an
earlier frame (or, of a walk backward, of a later one) shows the same piece of matter, whatever it
is a piece of. Knows nothing of donors that are aligned by the camera, and lays nothing.

Where a hole hides a pixel, its motion is told by those beside the hole that moved alike before
(`alike`), so a thing and what is behind it part where they did when they were seen, and each piece
is followed for as long as it is hidden: flow completed, and propagated along (Gao et al. 2020),
without a network. Around the hole a ring is followed as if it were hidden: what is off there is
taken back in the hole too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.plate.align import scattered
from openvoid.plate.alike import ALIKE_SHARE, regressed
from openvoid.plate.canvas import mapped
from openvoid.plate.motion import AROUND_PX, MOST_PX, PATCH_PX, Motion, Step, at, grid
from openvoid.vision.fitting import Image, Matrix
from openvoid.vision.flow import pixel_grid
from openvoid.vision.masks import grown

Mask = NDArray[np.bool_]
OLDEST = 48  # frames for which a hidden piece is followed
RESTS_PX = 0.12  # a motion beyond the camera's that is less is none
AROUND_UNSURE_PX, LEAST_SURE = 5.0, 0.02
JERK_PX = 3.0  # a motion that changes by more between two frames is an error
BACK = 0.2  # share by which hidden motion comes back to that of what it moves with
GAIN = 0.5  # share of what is off beside the hole that is taken back at once
MOST_OFF_PX = 4.0
SAME = 0.05  # a patch's difference (0..1) below which it shows the same
DOUBT = 1.0  # so many pixels must say that something is off
MOST_BACK_PX = 1.0  # no more is taken back a frame
BESIDE_PX = 16  # around what is hidden: the pictures that are held against each other
STRAYS, STRAY_PX = 1.0, 3  # so far off, a piece less than about twice as wide is astray
EVEN, EVEN_PX = 0.5, 4.0  # motions that differ by so much, pixels that lie so far apart
CRACK = 0.6  # share of a pixel's surroundings on which something landed
FAR = 1e3  # a motion that is none


@dataclass
class State:
    """Where each pixel of a frame was seen last. All [H, W, ...], NaN where it is not known."""

    source: Image  # [H, W, 3] frame, x, y
    motion: Image  # [H, W, 2] by which it came here, beyond the camera's


def walk(motion: Motion, order: list[int]) -> Iterator[tuple[int, State]]:
    """The state at each frame, in the order given: neighbours follow each other."""
    state: State | None = None
    for place, index in enumerate(order):
        if state is None:
            state = _seen(motion, index)
        else:
            state = _next(motion, state, order[place - 1], index)
            _correct(motion, state, index)
        yield index, state


def _seen(motion: Motion, index: int, step: Step | None = None) -> State:
    """What a frame shows, each pixel its own source; `step` leads back from it."""
    size = motion.look.proxy.height, motion.look.proxy.width
    source = np.dstack([np.full(size, index, np.float32), *pixel_grid(*size)])
    came = np.full((*size, 2), np.nan, np.float32)
    hidden = motion.hidden(index)
    source[hidden] = np.nan
    if step is not None and not step.window.empty:
        came[step.window.slices] = _trusted(-step.there, step.sure)
        came[hidden] = np.nan
    return State(source, came)


def _trusted(motion: Image, sure: Mask) -> Image:
    """A motion [h, w, 2], where it is not sure as around it; NaN where nothing around it is."""
    weight = cv2.GaussianBlur(sure.astype(np.float32), (0, 0), AROUND_UNSURE_PX)
    total = cv2.GaussianBlur(motion * sure[..., None], (0, 0), AROUND_UNSURE_PX)
    near = np.where(weight > LEAST_SURE, weight, np.float32(np.nan))[..., None]
    return np.where(sure[..., None], motion, total / near)


def _next(motion: Motion, state: State, before: int, index: int) -> State:
    step, hidden = motion.step(before, index), motion.hidden(index)
    seen = _seen(motion, index, motion.step(index, before))
    if not hidden.any():
        return seen
    height, width = hidden.shape
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    landing = grown(hidden, MOST_PX).astype(np.uint8)
    near = cv2.warpPerspective(landing, step.matrix, (width, height), flags=flags)
    wanted = (near > 0) & (np.abs(state.source[..., 0] - index) <= OLDEST)  # not where that is NaN
    if not wanted.any():
        return seen
    part = bounding_box(wanted).grown(AROUND_PX, height, width).intersect(step.window)
    if part.empty or not wanted[part.slices].any():
        return seen
    inside = part.within(step.window).slices
    there, sure = step.there[inside], step.sure[inside]
    here, came = part.slices, state.motion[part.slices]
    came = np.where(np.isnan(came), there, came)
    sure = sure & (np.abs(there - came).max(axis=-1) < JERK_PX)
    fresh = wanted[here] & ~motion.hidden(before)[here]
    on = _goes_on(came, there, sure, wanted[here], fresh)
    cut = State(state.source[here], came)
    return _moved_on(cut, on, wanted[here], part, step.matrix, hidden, seen)


def _goes_on(came: Image, there: Image, sure: Mask, wanted: Mask, fresh: Mask) -> Image:
    """How the wanted pixels [h, w, 2] move on; of what is hidden from now on without noise."""
    calm = came
    for _ in range(2):
        even = regressed(calm, came, sure, fresh, or_as_before=True)
        calm = np.where(fresh[..., None], even, came)
    layer = regressed(calm, there, sure, wanted, or_as_before=True)
    on = calm + regressed(calm, there - came, sure, wanted)
    on += BACK * (layer - on)
    padded = np.dstack([on, np.where(wanted, np.float32(0), np.float32(FAR))])
    on = _without_strays(cv2.bilateralFilter(padded, -1, EVEN, EVEN_PX)[..., :2])
    on[np.hypot(on[..., 0], on[..., 1]) < RESTS_PX] = 0
    return np.asarray(on, np.float32)


def _without_strays(on: Image) -> Image:
    """A motion [h, w, 2] with what moves otherwise than all around it moved as they are."""
    size = on.shape[1], on.shape[0]
    smaller = -(-size[0] // STRAY_PX), -(-size[1] // STRAY_PX)
    few = cv2.resize(on, smaller, interpolation=cv2.INTER_NEAREST)
    usual = np.dstack([cv2.medianBlur(each, 5) for each in cv2.split(few)])
    usual = cv2.resize(usual, size, interpolation=cv2.INTER_LINEAR)
    off = np.abs(on - usual).max(axis=-1, keepdims=True)
    most = STRAYS + ALIKE_SHARE * np.abs(usual).max(axis=-1, keepdims=True)
    return np.where(off > most, usual, on)


def _correct(motion: Motion, state: State, index: int) -> None:
    """Where what was carried is seen after all it must be in its place; and so in the hole."""
    hidden = motion.hidden(index)
    if not hidden.any():
        return
    part = bounding_box(hidden).grown(BESIDE_PX, *hidden.shape).slices
    source, came = state.source[part], state.motion[part]
    there = np.isfinite(source[..., 0]) & hidden[part]
    if not there.any():
        return
    carried = fetched_from(motion.gray, source, there)
    blind, actual = motion.blind(index)[part], motion.gray(index)[part]
    first = np.where(blind & there, carried, actual)
    second = np.where(there, carried, actual)
    off = motion.flow(first, second)
    left = cv2.blur(np.abs(at(second, grid(off) + off) - first), (PATCH_PX, PATCH_PX))
    sure = there & ~blind & (left < SAME) & (np.abs(off).max(axis=-1) < MOST_OFF_PX)
    told = GAIN * regressed(np.nan_to_num(came), off, sure, there, doubt=DOUBT)
    told *= np.minimum(1, MOST_BACK_PX / np.maximum(np.hypot(*cv2.split(told)), 1e-6))[..., None]
    source[..., 1:] += told
    came[there] -= (told / np.maximum(np.abs(index - source[..., :1]), 1))[there]


def fetched_from(picture: Callable[[int], Image], source: Image, there: Mask) -> Image:
    """The pixels that `source` [h, w, 3] (frame, x, y) names, where `there`, which is somewhere."""
    found: Image | None = None
    for frame in np.unique(source[..., 0][there]).astype(int).tolist():
        mine = there & (source[..., 0] == frame)
        part = bounding_box(mine).slices
        value = at(picture(frame), source[part][..., 1:], cv2.INTER_CUBIC)
        if found is None:
            found = np.zeros((*there.shape, *value.shape[2:]), np.float32)
        found[part][mine[part]] = value[mine[part]]
    assert found is not None
    return found


def _moved_on(
    state: State, on: Image, wanted: Mask, part: Box, matrix: Matrix, hidden: Mask, seen: State
) -> State:
    """`seen`, what is hidden filled with what moved there; of two the faster is in front.

    `state`, `on` and `wanted` are of a `part` of the frame before.
    """
    y, x = np.nonzero(wanted)
    ranked = np.argsort(np.hypot(*on[y, x].T), kind="stable")
    y, x = y[ranked], x[ranked]
    place = np.stack([x + part.left, y + part.top], axis=-1).astype(np.float32) + on[y, x]
    place = mapped(matrix, place)
    column, row, number = scattered(place)
    inside = (column >= 0) & (row >= 0) & (column < hidden.shape[1]) & (row < hidden.shape[0])
    inside[inside] = hidden[row[inside], column[inside]]
    owner = np.full(hidden.shape, -1)
    owner[row[inside], column[inside]] = number[inside]
    owner = _without_cracks(owner, hidden)
    y_on, x_on = np.nonzero(owner >= 0)
    number = owner[y_on, x_on]
    old = y[number], x[number]
    source, came = seen.source, seen.motion
    source[y_on, x_on] = state.source[old]
    source[y_on, x_on, 1:] += np.stack([x_on, y_on], axis=-1) - place[number]
    came[y_on, x_on] = on[old]
    return State(source, came)


def _without_cracks(owner: NDArray[np.int64], hidden: Mask) -> NDArray[np.int64]:
    """Lone pixels on which nothing landed (-1) belong to whoever is beside them."""
    share = cv2.blur((owner >= 0).astype(np.float32), (3, 3))
    cracks = (owner < 0) & hidden & (share > CRACK)
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        owner = np.where(cracks & (owner < 0), np.roll(owner, shift, (0, 1)), owner)
    return owner
