"""Falling: how a part gives way that has lost its hold, and where it comes to rest.

Enters: a part, the posts that go on bearing it, and how it is free to move: straight down, or about
an edge. Leaves: regions by time in seconds. Near and far are not known, so where things come to
rest is a region. Times are those of things of a person's size and smaller on earth, in a shot that
plays as fast as it was taken. Does not know why a part falls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.motion.limits import COST, STACK, SUPPORT, Limits, limit
from openvoid.reason.motion.scene import Mask
from openvoid.vision.masks import grown


@dataclass(frozen=True)
class FallingLimits(Limits):
    """How fast things fall, and how well it is known where they rest."""

    gives_s: float = limit(0.3, "after which what is low may be down", "free fall of 0.44 m")
    rests_s: float = limit(1.2, "after which it rests", "free fall of 1.8 m takes half of it")
    step_deg: float = limit(4.0, "by which a part is turned", COST)
    most_deg: float = limit(100.0, "lies flat, over its foot", "90, and what gives way")
    heap: float = limit(0.2, "of a part's length: so far from its low end its load lies", STACK)
    crumbles: float = limit(0.12, "of a part's height: so much farther", STACK)
    aside: float = limit(0.15, "of drop and length: so far aside it bounces and rolls", SUPPORT)
    spread: float = limit(0.08, "of drop or length: where it lies is known no better", SUPPORT)
    nearer: float = limit(0.16, "of the drop: nearer or farther on the ground", SUPPORT)
    shade: float = limit(0.3, "of the way up from the ground: its shadow below it", STACK)
    slender: float = limit(1.2, "times as high as wide: a post that is pulled over", STACK)
    widening: float = limit(0.06, "of the way", SUPPORT)


@dataclass(frozen=True, eq=False)
class Loss:
    """A part that loses its hold."""

    part: Mask
    posts: Mask  # what goes on bearing it; nothing: it drops
    pivot: tuple[float, float] | None  # x, y: it tips about that
    side: int  # -1: to the left, 1: to the right, 0: it drops
    ground: float  # the row it comes to rest on

    def at(self, since_s: float, limits: FallingLimits) -> Mask:
        """Where it may be so long after its hold has gone, its old place left out."""
        if since_s >= limits.rests_s:
            return self.rest(limits)
        share = min(1.0, since_s / limits.gives_s) ** 2  # falls begin slowly
        region = self.way(share, limits)
        return region | self.rest(limits) if share >= 1 else region

    def changes(self, limits: FallingLimits) -> Mask:
        """What is not as it is now: the part, and posts so slender that it may pull them over."""
        box = bounding_box(self.posts)
        return self.part | (self.posts & (box.height > limits.slender * box.width))

    def way(self, share: float, limits: FallingLimits) -> Mask:
        """All places between its old one and so much of the way down."""
        return _turned(self, share, limits)[0] if self.pivot else _dropped(self, share, limits)

    def rest(self, limits: FallingLimits) -> Mask:
        return _rest(self, limits)


def ends_of(mask: Mask) -> tuple[float, float]:
    """The first and the last row of a mask."""
    rows = np.flatnonzero(mask.any(axis=1))
    return float(rows[0]), float(rows[-1])


def _dropped(loss: Loss, share: float, limits: FallingLimits) -> Mask:
    """A part drawn along straight down."""
    deep = max(0, round(share * (loss.ground - ends_of(loss.part)[1])))
    under = np.zeros_like(loss.part)
    step = max(1, deep // 24)
    for down in range(0, deep + 1, step):
        under[down:] |= loss.part[: loss.part.shape[0] - down]
    return grown(under, 2 + round(limits.widening * deep))


def _turned(loss: Loss, share: float, limits: FallingLimits) -> tuple[Mask, Mask]:
    """What a part sweeps that turns so much of the way about its pivot, and where it is last."""
    swept = loss.part.copy()
    last = loss.part
    for here in _turns(loss, share, limits):
        swept |= here
        last = here
    return grown(swept, 2), last


def _turns(loss: Loss, share: float, limits: FallingLimits) -> Iterator[Mask]:
    assert loss.pivot is not None
    size = loss.part.shape[::-1]
    y, x = np.nonzero(loss.part)
    end = _angle(loss, x, y, limits)
    for angle in np.arange(limits.step_deg, share * end + limits.step_deg, limits.step_deg):
        matrix = cv2.getRotationMatrix2D(loss.pivot, -loss.side * min(angle, end), 1.0)
        yield cv2.warpAffine(loss.part.astype(np.uint8), matrix, size) > 0


def _angle(loss: Loss, x: NDArray[np.int64], y: NDArray[np.int64], limits: FallingLimits) -> float:
    """How far it turns until it meets the ground, in degrees."""
    assert loss.pivot is not None
    along, down = loss.side * (x - loss.pivot[0]), y - loss.pivot[1]
    ahead = along > 0
    if not ahead.any():
        return limits.most_deg
    along, down = along[ahead], down[ahead]
    for angle in np.arange(limits.step_deg, limits.most_deg, limits.step_deg):
        turn = np.radians(angle)
        low = float((along * np.sin(turn) + down * np.cos(turn)).max())
        if loss.pivot[1] + low > loss.ground:
            return float(angle)
    return limits.most_deg


def _rest(loss: Loss, limits: FallingLimits) -> Mask:
    """Where a part lies in the end, with what it carried: a region on the ground."""
    box = bounding_box(loss.part)
    long, short = float(max(box.width, box.height)), float(min(box.width, box.height))
    whole = np.zeros(loss.part.shape, np.uint8)
    if loss.pivot is None:
        deep = max(0, round(loss.ground - ends_of(loss.part)[1]))
        middle, wide = (box.left + box.right) / 2, box.width / 2 + limits.aside * (deep + long)
        _ellipse(whole, middle, loss.ground - 0.2 * short, wide, limits.nearer * deep + 0.5 * short)
        fallen = np.zeros_like(loss.part)
        fallen[deep:] = loss.part[: loss.part.shape[0] - deep]
        return grown(fallen, 2 + round(limits.spread * deep)) | (whole > 0)
    last = _turned(loss, 1.0, limits)[1]
    if not loss.posts.any():
        return grown(_shaded(last, loss, limits), round(limits.spread * long))
    columns = np.flatnonzero(last.any(axis=0))
    if columns.size == 0:
        return last  # beyond the picture
    end = float(columns[-1] if loss.side > 0 else columns[0])
    wide = limits.heap * box.width + limits.crumbles * box.height  # what is high falls farther out
    end += loss.side * (limits.crumbles * box.height - 0.05 * box.width)
    _ellipse(whole, end, loss.ground - 0.05 * long, wide, 0.6 * wide)
    return _shaded(last, loss, limits) | (whole > 0)


def _shaded(last: Mask, loss: Loss, limits: FallingLimits) -> Mask:
    """A part that leans on its posts, with the ground below it, where its shadow lies."""
    under = np.maximum.accumulate(last, axis=0)
    assert loss.pivot is not None
    under[int(loss.ground) + 1 :] = False
    under[: int(loss.ground - limits.shade * (loss.ground - loss.pivot[1]))] = False
    columns = np.arange(last.shape[1])
    under[:, (columns - loss.pivot[0]) * loss.side < 0] = False
    return grown(last | under, 3)


def _ellipse(whole: NDArray[np.uint8], x: float, y: float, wide: float, high: float) -> None:
    axes = max(2, round(wide)), max(2, round(high))
    cv2.ellipse(whole, (round(x), round(y)), axes, 0, 0, 360, 1, -1)
