"""Depth: where a donor's pixels lie in a target that hides them, when one plane is not enough.

Enters: a target, a donor, and the frames around it. Leaves, for every pixel of a box of the target,
where the donor shows it, or that it does not. Knows nothing of exposure.

The donor's depth is searched for in the frames around it (`sweep`), of which some see what the
target's hole hides. How depth moves pixels to the target is learned where the target is kept, and
holds where it is not; near hides far. The frames that told the depth are not the target, so how
well it fits where the target is kept is a test, not a fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.plate.align import landed, refine, scattered, warp
from openvoid.plate.gradient import membrane
from openvoid.plate.survey import Survey
from openvoid.plate.sweep import (
    WORST,
    Other,
    Way,
    learned,
    measured_depth,
    polished,
    searched_range,
    swept,
)
from openvoid.vision.fitting import Camera, Image
from openvoid.vision.flow import Dis, fetched
from openvoid.vision.masks import disc

Mask = NDArray[np.bool_]
BEYOND_PX = 40  # the box is looked at with so much around it
STEPS = (1, 3, 7)  # frames from the donor to those that tell its depth, on either side
GUARD_PX = 2  # what is this near to a hole tells nothing
FIRM = 0.7  # a pixel that fits no better than this share of `WORST` has no depth
AGREE_PX = 0.8
SPREAD_PX = 5.0
TRIED = 6  # targets for which it is asked whether the shot has depth
AROUND_PX = 24
# It has, if the difference that is left falls to this share: 0.4 to 0.65 with depth, 0.9 on waves.
WORTH = 0.8
LEAST = 0.004  # a difference (0..1) below this is none
CRACK = 0.6  # share of a pixel's surroundings on which something landed


@dataclass(frozen=True)
class Local:
    """How a donor, aligned by a homography, shows a box of the target."""

    flow: Image  # [h, w, 2] (x, y): the target's p is the aligned donor's p + flow
    visible: Mask  # [h, w] where it does
    misfit: float  # mean difference (0..1) where the target is kept


@dataclass(frozen=True)
class _Seen:
    """A frame as the target's camera would see it if all were one plane."""

    gray: Image
    clear: Mask


@dataclass(frozen=True)
class _Relief:
    """A donor's pixels, before a target: how they move there, how near they are, which are firm."""

    moved: Image  # [h, w, 2]
    near: Image  # [h, w]
    firm: Mask  # what looks the same in other frames, and so stands still in the world
    misfit: float


class Depth:
    """The local motion of donors, for one survey; a few frames are kept in memory."""

    def __init__(self, look: Survey) -> None:
        self.look = look
        self._dis = Dis()
        self._gray = lru_cache(24)(self._make_gray)
        self._clear = lru_cache(24)(self._make_clear)
        self._relief = lru_cache(8)(self._make_relief)

    def local(
        self, index: int, donor: int, box: Box, guard_px: int, *, any_fit: bool
    ) -> Local | None:
        """How a donor shows a target's box; None where too little is kept to tell.

        Args:
            guard_px: nothing this near to the donor's hole is taken.
            any_fit: take also what may not stand still.
        """
        relief = self._relief(index, donor, box)
        if relief is None:
            return None
        matrix = self.look.registration.between(index, donor)
        usable = landed(self.clear(donor, guard_px), matrix, _window(box))
        if not any_fit:
            usable &= relief.firm
        flow, hit = turned(relief.moved, usable, relief.near)
        inner = slice(BEYOND_PX, -BEYOND_PX), slice(BEYOND_PX, -BEYOND_PX)
        flow, hit = (np.ascontiguousarray(each[inner]) for each in (flow, hit))
        return Local(flow, hit, relief.misfit)

    def gain(self, index: int, donor: int, box: Box) -> float | None:
        """How far the donor is from the target where both are kept, over how far it is with the
        best homography; None where that cannot be told. Below 1 the local motion fits better."""
        window = _window(box)
        target, here = self._seen(index, index, window), self._seen(index, donor, window)
        ring = target.clear & here.clear
        matrix = self.look.registration.between(index, donor)
        matrix = refine(target.gray, self._gray(donor), ring, matrix, window)
        plain = warp(self._gray(donor), matrix, window)
        off = np.minimum(np.abs(plain - target.gray), WORST)[ring]
        if not len(off):
            return None
        if off.mean() <= LEAST / WORTH:  # nothing can fit so much better: no need to look
            return 1.0
        flow, _ = self._motion(target, _Seen(plain, here.clear), None)
        freely = np.minimum(np.abs(fetched(plain, flow) - target.gray), WORST)[ring]
        if freely.mean() > WORTH * off.mean():  # nor where no motion at all fits so much better
            return 1.0
        relief = self._relief(index, donor, box)
        return max(relief.misfit, LEAST) / float(off.mean()) if relief is not None else None

    def clear(self, index: int, guard_px: int) -> Image:
        """1.0 where a frame [H, W] lies farther than `guard_px` from its hole, else 0.

        What passes through is told from what stands still by its depth, not by the survey.
        """
        blind = self.look.hole(index) | self.look.unseen(index)
        return (cv2.dilate(blind.astype(np.uint8), disc(guard_px)) == 0).astype(np.float32)

    def _make_gray(self, index: int) -> Image:
        seen = self.look.seen(self.look.frame(index))
        return np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), np.float32)

    def _make_clear(self, index: int) -> Image:
        return self.clear(index, GUARD_PX)

    def _seen(self, index: int, other: int, window: Box) -> _Seen:
        matrix = self.look.registration.between(index, other)
        gray = warp(self._gray(other), matrix, window)
        return _Seen(gray, landed(self._clear(other), matrix, window))

    def _make_relief(self, index: int, donor: int, box: Box) -> _Relief | None:
        window, count = _window(box), len(self.look.shown)
        here, target = self._seen(index, donor, window), self._seen(index, index, window)
        frames = [donor + side * step for step in STEPS for side in (-1, 1)]
        others = []
        for frame in frames:
            if 0 <= frame < count and frame != index:
                seen = self._seen(index, frame, window)
                motion = self._motion(here, seen, None)
                others.append(Other(seen.gray, seen.clear, frame > donor, *motion))
        to_target = Other(target.gray, target.clear, False, *self._motion(here, target, None))
        measured = measured_depth([*others, to_target])
        if measured is None:
            return None
        depth, known = measured
        ways = [(each, learned(each.flow, depth, each.kept & known)) for each in others]
        pairs = [(each, way) for each, way in ways if way is not None]
        way = learned(to_target.flow, depth, to_target.kept & known)
        if way is None or not pairs:
            return None
        depth, cost = swept(here.gray, pairs, searched_range(pairs, depth, known))
        return self._settled(here, target, way, depth, cost < FIRM * WORST)

    def _settled(self, here: _Seen, target: _Seen, way: Way, depth: Image, firm: Mask) -> _Relief:
        """How the target itself moves where it is kept, carried on smoothly; which end is near."""
        usable = here.clear & firm
        way = polished(here.gray, target.gray, target.clear, depth, way, usable)
        moved = way.moved(depth)
        near, misfit = _nearer(here, target, moved, depth, firm)
        flow, kept = self._motion(here, target, moved)
        off = flow - moved
        agree = kept & firm & (np.abs(off).max(axis=-1) < AGREE_PX)
        return _Relief(moved + _spread(off, agree), near, firm, misfit)

    def _motion(self, here: _Seen, other: _Seen, guess: Image | None) -> tuple[Image, Mask]:
        """From the donor to another frame [h, w, 2], and where both are kept and look the same."""
        stand_in = here.gray if guess is None else fetched(here.gray, -guess)
        pair = here.gray, np.where(other.clear, other.gray, stand_in)
        first, second = (np.clip(each * 255, 0, 255).astype(np.uint8) for each in pair)
        flow = self._dis.between_gray(first, second, guess=guess)
        wide = np.asarray(cv2.erode(other.clear.astype(np.float32), np.ones((7, 7))), np.float32)
        kept = here.clear & (fetched(wide, flow) > 0.99)
        return flow, kept & (np.abs(fetched(other.gray, flow) - here.gray) < WORST)


def depth_of(look: Survey, donors: NDArray[np.int32]) -> Depth | None:
    """The local motion of a shot's donors; None where one homography is as good.

    A few targets are tried, each with its first donor.
    """
    if look.registration.camera is Camera.LOCKED:
        return None
    wanted = [
        index for index in np.flatnonzero(donors[:, 0] >= 0).tolist() if look.hole(index).any()
    ]
    if not wanted:
        return None
    depth = Depth(look)
    picked = np.unique(np.linspace(0, len(wanted) - 1, TRIED).round().astype(int))
    gains: list[float] = []
    left = len(picked)
    for index in (int(wanted[each]) for each in picked):
        size = look.proxy.height, look.proxy.width
        box = bounding_box(look.hole(index)).grown(AROUND_PX, *size)
        gain = depth.gain(index, int(donors[index, 0]), box)
        left -= 1
        if gain is not None:
            gains.append(gain)
        better = sum(gain < WORTH for gain in gains)
        if abs(2 * better - len(gains)) > left:  # the median lies on that side, whatever comes
            break
    return depth if gains and np.median(gains) < WORTH else None


def _window(box: Box) -> Box:
    top, left, bottom, right = box
    return Box(top - BEYOND_PX, left - BEYOND_PX, bottom + BEYOND_PX, right + BEYOND_PX)


def _nearer(
    here: _Seen, target: _Seen, moved: Image, depth: Image, firm: Mask
) -> tuple[Image, float]:
    """Which end of depth is near, told by what hides what where the target is kept; the misfit."""
    half = slice(None, None, 2), slice(None, None, 2)
    gray, clear = (np.ascontiguousarray(each[half]) for each in (here.gray, here.clear & firm))
    near, misfit = depth, np.inf
    for each in (depth, -depth):
        back, hit = turned(moved[half] / 2, clear, each[half])
        off = np.minimum(np.abs(fetched(gray, back) - target.gray[half]), WORST)
        off = off[hit & target.clear[half]]
        if len(off) and off.mean() < misfit:
            near, misfit = each, float(off.mean())
    return near, misfit


def _spread(off: Image, agree: Mask) -> Image:
    """What is left where it is known, smoothed, and carried on smoothly where it is not."""
    weight = cv2.GaussianBlur(agree.astype(np.float32), (0, 0), SPREAD_PX)
    smooth: Image = cv2.GaussianBlur(off * agree[..., None], (0, 0), SPREAD_PX)
    smooth = np.asarray(smooth / np.maximum(weight, 1e-3)[..., None], np.float32)
    return membrane(smooth, agree & (weight > 0.1))


def turned(moved: Image, clear: Mask, near: Image) -> tuple[Image, Mask]:
    """A motion [h, w, 2] on one picture's pixels as one on the other's, and where any lands.

    Of those that land on one place the nearest is taken.
    """
    height, width = clear.shape
    y, x = np.nonzero(clear)
    ranked = np.argsort(near[y, x], kind="stable")
    y, x = y[ranked], x[ranked]
    motion = moved[y, x]
    column, row, number = scattered(np.stack([x, y], axis=-1) + motion)
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height)
    column, row, number = column[inside], row[inside], number[inside]
    flow, hit = np.zeros_like(moved), np.zeros(clear.shape, bool)
    flow[row, column] = -motion[number]
    hit[row, column] = True
    return _without_cracks(flow, hit)


def _without_cracks(flow: Image, hit: Mask) -> tuple[Image, Mask]:
    """Lone pixels on which nothing landed move as those around them."""
    share = cv2.blur(hit.astype(np.float32), (3, 3))
    cracks = ~hit & (share > CRACK)
    if cracks.any():
        mean = cv2.blur(flow * hit[..., None], (3, 3)) / np.maximum(share, 1e-3)[..., None]
        flow[cracks] = mean[cracks]
    return flow, hit | cracks
