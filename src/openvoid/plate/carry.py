"""Carry: what is hidden goes on moving as it did, and as what is seen beside it does.

Enters: a survey. Leaves, for every pixel of a frame's hole, which pixel of an earlier frame (or, of
a walk backward, of a later one) shows the same piece of matter, whatever it is a piece of. Knows
nothing of donors that are aligned by the camera, and lays nothing.

What moves beyond the camera moves between neighbouring frames by optical flow. Where a hole hides
it, its motion is told by those beside the hole that moved alike before (`alike`), so a thing and
what is behind it part where they did when they were seen, and each piece is followed for as long
as it is hidden: flow completed, and propagated along (Gao et al. 2020), without a network. Around
the hole a ring is followed as if it were hidden: what is off there is taken back in the hole too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.plate.align import warp
from openvoid.plate.alike import regressed
from openvoid.plate.canvas import mapped
from openvoid.plate.gradient import membrane
from openvoid.plate.survey import Survey
from openvoid.vision.fitting import Image, Matrix
from openvoid.vision.flow import Dis, pixel_grid
from openvoid.vision.masks import disc

Mask = NDArray[np.bool_]
AROUND_PX = 56  # seen pixels so far around the hole tell how the hidden move
MOST_PX = 12  # nothing moves farther between two frames, beyond the camera
TEST_PX = 10  # seen pixels that are followed as if they were hidden: by them it is judged
OLDEST = 48  # frames for which a hidden piece is followed
RESTS_PX = 0.12  # a motion beyond the camera's that is less is none
AGREE_PX = 0.7  # there and back
WORST = 0.1  # a difference (0..1) counts no more than this
EDGE_PX = 6  # an edge of the flow may lie this far from the picture's
PATCH_PX = 5
CHOOSY = 0.9  # another's motion must fit better by this factor
BACK = 0.2  # share by which hidden motion comes back to that of what it moves with
GAIN = 0.5  # share of what is off beside the hole that is taken back at once
MOST_OFF_PX = 4.0
EVEN, EVEN_PX = 0.5, 4.0  # motions that differ by so much, pixels that lie so far apart
FINER = 2  # parts of a pixel, each way, that are carried on
CRACK = 0.6  # share of a pixel's surroundings on which something landed


@dataclass
class State:
    """Where each pixel of a frame was seen last. All [H, W, ...], NaN where it is not known."""

    source: Image  # [H, W, 3] frame, x, y
    motion: Image  # [H, W, 2] by which it came here, beyond the camera's


@dataclass(frozen=True)
class Step:
    """From a frame to the next of a walk; motions beyond the camera's."""

    matrix: Matrix
    there: Image  # [H, W, 2] on the first frame's pixels p, which go to matrix(p + there)
    back: Image  # the same the other way, on the next frame's pixels
    sure: Mask  # where both agree, on the first


class Walk:
    """One walk through a shot. `soft_px`: so much around the hole is wanted too, proxy pixels."""

    def __init__(self, look: Survey, soft_px: int) -> None:
        self.look, self.soft_px = look, soft_px
        self._dis = Dis()
        self._gray = lru_cache(OLDEST + 2)(self._make_gray)

    def steps(self, order: list[int]) -> Iterator[tuple[int, State]]:
        """The state at each frame, in the order given: neighbours follow each other."""
        state: State | None = None
        for at, index in enumerate(order):
            if state is None:
                state = self._seen(index, None)
            else:
                state = self._next(state, order[at - 1], index)
                self._correct(state, index)
            yield index, state

    def blind(self, index: int) -> Mask:
        """Where a frame [H, W] shows the object or its soft edge, or nothing."""
        return self._around(index, self.soft_px + 1)

    def hidden(self, index: int) -> Mask:
        """That, and the ring that is followed as if it were."""
        return self._around(index, self.soft_px + 1 + TEST_PX)

    def moving_share(self, index: int, least_px: float) -> float:
        """Of the seen pixels beside a frame's hole, how many move on their own to the next."""
        step = self._step(index, index + 1)
        near = bounding_box(self.hidden(index)).grown(AROUND_PX // 2, *step.sure.shape).slices
        speed = np.hypot(step.there[near][..., 0], step.there[near][..., 1])
        return float((speed[step.sure[near]] > least_px).mean()) if step.sure[near].any() else 0.0

    def _around(self, index: int, reach_px: int) -> Mask:
        blind = self.look.hole(index) | self.look.unseen(index)
        return np.asarray(cv2.dilate(blind.astype(np.uint8), disc(reach_px)) > 0)

    def _make_gray(self, index: int) -> Image:
        seen = self.look.seen(self.look.frame(index))
        gray = np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), np.float32)
        return membrane(gray[..., None], ~self.blind(index))[..., 0]

    def _seen(self, index: int, motion: Image | None) -> State:
        """What a frame shows, each pixel its own source."""
        size = self.look.proxy.height, self.look.proxy.width
        source = np.dstack([np.full(size, index, np.float32), *pixel_grid(*size)])
        source[self.hidden(index)] = np.nan
        if motion is None:
            motion = np.full((*size, 2), np.nan, np.float32)
        return State(source, np.where(np.isnan(source[..., :1]), np.float32(np.nan), motion))

    # --- one step -----------------------------------------------------------------------------

    def _step(self, index: int, following: int) -> Step:
        matrix = self.look.registration.between(index, following)
        height, width = self.look.proxy.height, self.look.proxy.width
        whole = Box(0, 0, height, width)
        first, second = self._gray(index), self._gray(following)
        there = self._flow(first, warp(second, matrix, whole))
        back = self._flow(second, warp(first, np.linalg.inv(matrix), whole))
        landed = mapped(matrix, _grid(there) + there)
        sure = np.abs(there + _at(back, landed)).max(axis=-1) < AGREE_PX
        sure &= np.abs(_at(second, landed) - first) < WORST
        x, y = landed[..., 0], landed[..., 1]
        sure &= (x >= 1) & (y >= 1) & (x < width - 2) & (y < height - 2)
        x, y = np.clip(np.rint(x), 0, width - 1), np.clip(np.rint(y), 0, height - 1)
        sure &= ~self.hidden(index) & ~self.hidden(following)[y.astype(int), x.astype(int)]
        return Step(matrix, there, back, sure)

    def _flow(self, first: Image, second: Image) -> Image:
        pair = (np.clip(each * 255, 0, 255).astype(np.uint8) for each in (first, second))
        return sharpened(first, second, self._dis.between_gray(*pair))

    def _next(self, state: State, before: int, index: int) -> State:
        hidden = self.hidden(index)
        step = self._step(before, index)
        seen = self._seen(index, -step.back)
        if not hidden.any():
            return seen
        height, width = hidden.shape
        near = cv2.dilate(hidden.astype(np.uint8), disc(MOST_PX))
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        near = cv2.warpPerspective(near, step.matrix, (width, height), flags=flags) > 0
        wanted = near & (index - state.source[..., 0] <= OLDEST)
        wanted &= state.source[..., 0] - index <= OLDEST
        motion = np.where(np.isnan(state.motion), step.there, state.motion)
        sure = np.zeros_like(wanted)
        if wanted.any():
            box = bounding_box(wanted).grown(AROUND_PX, height, width).slices
            sure[box] = step.sure[box]
        goes_under = wanted & ~self.hidden(before)
        goes_on = self._goes_on(motion, step.there, sure, wanted, goes_under)
        return _moved_on(state, goes_on, wanted, step.matrix, hidden, seen)

    @staticmethod
    def _goes_on(motion: Image, there: Image, sure: Mask, wanted: Mask, fresh: Mask) -> Image:
        """How the wanted pixels [H, W, 2] move on; of what is hidden from now on without noise."""
        calm = motion
        for _ in range(2):
            calm = np.where(fresh[..., None], regressed(calm, motion, sure, fresh), motion)
        layer = regressed(calm, there, sure, wanted)
        on = calm + regressed(calm, there - motion, sure, wanted)
        on += BACK * (layer - on)
        on = _even(on, wanted)
        on[np.hypot(on[..., 0], on[..., 1]) < RESTS_PX] = 0
        return on

    # --- taking back what is off --------------------------------------------------------------

    def _correct(self, state: State, index: int) -> None:
        """Where what was carried is seen after all it must be in its place; and so in the hole."""
        hidden = self.hidden(index)
        if not hidden.any():
            return
        part = bounding_box(hidden).grown(16, *hidden.shape).slices
        carried, there = self._carried(state, part, hidden)
        blind, actual = self.blind(index)[part], self._gray(index)[part]
        first = np.where(blind & there, carried, actual)
        second = np.where(there, carried, actual)
        off = self._flow(first, second)
        sure = there & ~blind & (np.abs(_at(second, _grid(off) + off) - first) < WORST)
        sure &= np.abs(off).max(axis=-1) < MOST_OFF_PX
        source, motion = state.source[part], state.motion[part]
        told = GAIN * regressed(np.nan_to_num(motion), off, sure, there)
        age = np.maximum(np.abs(index - source[..., :1]), 1)
        source[..., 1:] += told
        motion[there] -= (told / age)[there]

    def _carried(self, state: State, part: tuple[slice, slice], hidden: Mask) -> tuple[Image, Mask]:
        source = state.source[part]
        there = np.isfinite(source[..., 0]) & hidden[part]
        return fetched_from(self._gray, source, there), there


def fetched_from(picture: object, source: Image, there: Mask) -> Image:
    """The pixels that `source` [h, w, 3] (frame, x, y) names, where `there`; 0 elsewhere."""
    assert callable(picture)
    found: Image | None = None
    for frame in np.unique(source[..., 0][there]).astype(int).tolist():
        mine = there & (source[..., 0] == frame)
        part = bounding_box(mine).slices
        whole = picture(frame)
        if found is None:
            found = np.zeros((*there.shape, *whole.shape[2:]), np.float32)
        value = _at(whole, source[part][..., 1:], cv2.INTER_CUBIC)
        found[part][mine[part]] = value[mine[part]]
    return np.zeros(there.shape, np.float32) if found is None else found


def sharpened(first: Image, second: Image, flow: Image) -> Image:
    """A flow whose edges lie where the pictures' do: each pixel takes the best of those around."""
    grid = _grid(flow)
    least = CHOOSY * _apart(first, second, grid + flow)
    best = flow.copy()
    height, width = flow.shape[:2]
    for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)):
        shift = np.array([[1, 0, x * EDGE_PX], [0, 1, y * EDGE_PX]], np.float32)
        other = cv2.warpAffine(flow, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
        cost = _apart(first, second, grid + other)
        better = cost < least
        best[better] = other[better]
        np.minimum(least, cost, out=least)
    return best


def _apart(first: Image, second: Image, points: Image) -> Image:
    off = np.minimum(np.abs(_at(second, points) - first), WORST)
    return np.asarray(cv2.blur(off, (PATCH_PX, PATCH_PX)) + 1e-3, np.float32)


def _moved_on(
    state: State, motion: Image, wanted: Mask, matrix: Matrix, hidden: Mask, seen: State
) -> State:
    """`seen`, and what is hidden filled with what moved there; of two the faster is in front."""
    y, x = np.nonzero(wanted)
    ranked = np.argsort(np.hypot(*motion[y, x].T), kind="stable")
    y, x = y[ranked], x[ranked]
    place = mapped(matrix, np.stack([x, y], axis=-1).astype(np.float32) + motion[y, x])
    parts = ((np.arange(FINER) + 0.5) / FINER - 0.5).astype(np.float32)
    size = len(x), FINER, FINER
    column = np.broadcast_to(place[:, 0, None, None] + parts[None, :, None], size)
    row = np.broadcast_to(place[:, 1, None, None] + parts[None, None, :], size)
    column, row = (np.rint(each).astype(int).ravel() for each in (column, row))
    number = np.repeat(np.arange(len(x)), FINER * FINER)
    inside = (column >= 0) & (row >= 0) & (column < hidden.shape[1]) & (row < hidden.shape[0])
    inside[inside] = hidden[row[inside], column[inside]]
    owner = np.full(hidden.shape, -1)
    owner[row[inside], column[inside]] = number[inside]
    cracks = (owner < 0) & hidden & (cv2.blur((owner >= 0).astype(np.float32), (3, 3)) > CRACK)
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        owner = np.where(cracks & (owner < 0), np.roll(owner, shift, (0, 1)), owner)
    row, column = np.nonzero(owner >= 0)
    number = owner[row, column]
    source, moved = seen.source, seen.motion
    source[row, column] = state.source[y[number], x[number]]
    source[row, column, 1] += column - place[number, 0]
    source[row, column, 2] += row - place[number, 1]
    moved[row, column] = motion[y[number], x[number]]
    return State(source, moved)


def _even(motion: Image, where: Mask) -> Image:
    """A motion [H, W, 2] evened out among neighbours that move alike (bilateral filter)."""
    padded = np.zeros((*where.shape, 3), np.float32)
    padded[..., :2] = motion
    padded[..., 2] = np.where(where, 0, 1e3)
    box = bounding_box(where)
    if box.empty:
        return motion
    evened = motion.copy()
    part = np.ascontiguousarray(padded[box.slices])
    evened[box.slices] = cv2.bilateralFilter(part, -1, EVEN, EVEN_PX)[..., :2]
    return np.where(where[..., None], evened, motion)


def _grid(like: Image) -> Image:
    return np.dstack(pixel_grid(like.shape[0], like.shape[1]))


def _at(picture: Image, points: Image, how: int = cv2.INTER_LINEAR) -> Image:
    x, y = (np.ascontiguousarray(points[..., axis], np.float32) for axis in (0, 1))
    return np.asarray(cv2.remap(picture, x, y, how, borderMode=cv2.BORDER_REPLICATE), np.float32)
