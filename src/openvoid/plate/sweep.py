"""Sweep: how deep each pixel of a picture lies, found in other pictures of the same scene.

Enters: gray pictures roughly aligned by homographies, where each may be looked at, and dense flow
to them. Leaves: a depth a pixel, how well it fits, and how depth moves pixels to each picture.
Knows no holes and no frames' numbers.

What a homography leaves of the motion has one degree of freedom a pixel (plane and parallax: Irani
and Anandan 1996). How depth moves pixels to another picture, whatever lens and shutter do, is
learned from dense flow; then each pixel's depth is searched for in all pictures at once (plane
sweep: Collins 1996), in those before or those after, whichever see it better (Kang, Szeliski and
Chai 2001): first at half size, then around what was found there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.fitting import Image

Mask = NDArray[np.bool_]
SAMPLES = 2000
LEAST_SAMPLES = 200
ROUNDS = 6
STIFF = 0.1  # how unwillingly the motion bends with place and depth
BLURS_PX = (5.0, 2.0, 1.0)
STEPS = 4  # at each blur
POINTS = 6000
BINS = 16  # of depth
LEVELS = 64  # of depth, at most
LEVEL_PX = 1.0  # one moves the picture so far in that picture in which it moves it farthest
RANGE = (1.0, 99.0)  # percent of the measured depths between which they lie
WIDER = 0.35  # and so much of that more on both sides, for what is thin
PATCH_PX = 5
SMALL_PATCH_PX = 3  # at half size
NEAR_PX = 5  # depths found so near at half size are tried at full size
REFINE = 2  # halvings of the step at full size
MEDIAN_PX = 5
EVEN_PX = 4.0  # depths that differ by less than a level are evened out so far
WORST = 0.08  # a difference (0..1) counts no more than this
UNLIKELY = 0.2  # weight of those pictures, before or after, that fit worse
BLIND = 4.0  # a gray that is none: not to be looked at


@dataclass(frozen=True)
class Other:
    """Another picture."""

    gray: Image  # [h, w], 0..1
    clear: Mask
    after: bool  # in time; else before
    flow: Image  # [h, w, 2] measured, from the first picture's pixels
    kept: Mask  # where

    def small(self) -> Image:
        """Half as large, `BLIND` where it is not clear."""
        return _halved(self.masked(), cv2.INTER_NEAREST if not self.clear.all() else None)

    def masked(self) -> Image:
        return np.where(self.clear, self.gray, np.float32(BLIND)).astype(np.float32)


@dataclass(frozen=True)
class Way:
    """How depth k moves pixels at (x, y), in picture sizes from the middle, to another picture.

    By a + k b + k^2 c, where a and b change linearly over the picture.
    """

    numbers: NDArray[np.float32]  # [7, 2] of 1, x, y, k, k x, k y, k^2

    def by(self, depth: Image | float, shape: tuple[int, int]) -> list[Image]:
        """The motion, x and y, each [h, w]."""
        x, y = _places(shape)
        answer = []
        for one, across, down, k, k_x, k_y, square in self.numbers.T.tolist():
            slope = (k + k_x * x) + k_y * y + square * depth
            answer.append((one + across * x) + down * y + slope * depth)
        return answer

    def moved(self, depth: Image) -> Image:
        """The motion [h, w, 2]."""
        height, width = depth.shape
        return np.dstack(self.by(depth, (height, width))).astype(np.float32)

    @property
    def reach(self) -> float:
        """How far one unit of depth moves the middle."""
        return float(np.linalg.norm(self.numbers[3]))


def measured_depth(others: list[Other]) -> tuple[Image, Mask] | None:
    """A first depth [h, w], and where it is known: the motion to that picture in which it differs
    most, along the direction in which it mostly goes. None where too little is kept."""
    best, most = None, 0.0
    for each in others:
        if each.kept.sum() < LEAST_SAMPLES:
            continue
        motion = each.flow[each.kept]
        spread = np.abs(motion - np.median(motion, axis=0)).mean() * np.sqrt(each.kept.mean())
        if spread > most:
            best, most = each, float(spread)
    if best is None:
        return None
    motion = best.flow - np.median(best.flow[best.kept], axis=0)
    inside = motion[best.kept].astype(np.float64)
    length = np.linalg.norm(inside, axis=1)
    inside = inside[length <= np.percentile(length, 97)]
    _, vectors = np.linalg.eigh(inside.T @ inside)
    return np.asarray(motion @ vectors[:, 1], np.float32), best.kept


def learned(flow: Image, depth: Image, where: Mask) -> Way | None:
    """How depth moves pixels, by robust least squares (Cauchy weights) over a flow."""
    rows = np.flatnonzero(where)
    if len(rows) < LEAST_SAMPLES:
        return None
    rows = rows[:: max(1, len(rows) // SAMPLES)]
    height, width = depth.shape
    x, y = (np.broadcast_to(each, depth.shape).ravel()[rows] for each in _places((height, width)))
    k = depth.ravel()[rows]
    a = _terms(x, y, k).astype(np.float64)
    b = flow.reshape(-1, 2)[rows].astype(np.float64)
    ridge = np.diag(_ridge(k))
    weight: NDArray[Any] = np.ones(len(rows))
    answer = np.zeros((7, 2))
    for _ in range(ROUNDS):
        weighted = a * weight[:, None]
        answer = np.linalg.solve(weighted.T @ a + ridge, weighted.T @ b)
        off = np.linalg.norm(b - a @ answer, axis=1)
        scale = max(0.1, 1.5 * float(np.median(off)))
        weight = 1 / (1 + (off / scale) ** 2) ** 2
    return Way(answer.astype(np.float32))


def _ridge(k: Image) -> NDArray[np.float64]:
    """What keeps the numbers [7] small that little speaks for, for samples of these depths."""
    square = float(np.mean(k * k)) + 1e-3
    free = [1e-6, 1e-4, 1e-4, 1e-6, STIFF * square, STIFF * square, STIFF * square**2]
    return np.array(free) * len(k)


def polished(gray: Image, other: Image, clear: Mask, depth: Image, way: Way, where: Mask) -> Way:
    """The way to another picture made better by the pictures themselves, from blurred to sharp.

    Gauss-Newton (as Lucas and Kanade 1981) over the pixels `where` there is most to see, with gain
    and bias; depths that few pixels have count for more. `clear` says where the other may be seen.
    """
    for blur_px in BLURS_PX:
        first, second = (cv2.GaussianBlur(each, (0, 0), blur_px) for each in (gray, other))
        axes = (1, 0), (0, 1)
        slopes = [cv2.Sobel(second, cv2.CV_32F, *axis, ksize=3, scale=0.125) for axis in axes]
        steep = np.abs(cv2.Laplacian(first, cv2.CV_32F)) * where
        limit = np.partition(steep.ravel(), -POINTS)[-POINTS] if steep.size > POINTS else 0
        rows = np.flatnonzero(steep > max(float(limit), 1e-4))
        if len(rows) < LEAST_SAMPLES:
            return way
        seen = [second, *slopes, clear.astype(np.float32)]
        for _ in range(STEPS):
            way = _stepped(first, seen, depth, way, rows)
    return way


def _stepped(
    gray: Image, seen: list[Image], depth: Image, way: Way, rows: NDArray[np.int64]
) -> Way:
    """One step; `seen` are the other picture, its slopes, and where it is clear; `rows` pixels."""
    height, width = depth.shape
    y, x = (each.astype(np.float32) for each in np.divmod(rows, width))
    k = depth.ravel()[rows]
    terms = _terms((x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5, k)
    x, y = np.stack([x, y]) + (terms @ way.numbers).T
    value, slope_x, slope_y, clear = (
        cv2.remap(each, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)[0]
        for each in seen
    )
    usable = clear > 0.99
    if usable.sum() < LEAST_SAMPLES:
        return way
    light = np.stack([value, np.ones_like(value)], axis=1)
    system = np.hstack([slope_x[:, None] * terms, slope_y[:, None] * terms, light])
    off = (gray.ravel()[rows] - value).astype(np.float64)
    scale = max(0.01, 2.0 * float(np.median(np.abs(off[usable]))))
    weight = usable * _rarity(k) / (1 + (off / scale) ** 2) ** 2
    weight /= weight.mean() + 1e-12
    strength = float(np.mean(slope_x**2 + slope_y**2))
    ridge = np.r_[np.tile(_ridge(k), 2) * strength, 1e-6 * len(k), 1e-6 * len(k)]
    weighted = system.astype(np.float64) * weight[:, None]
    change = np.linalg.solve(weighted.T @ system + np.diag(ridge), weighted.T @ off)
    return Way(way.numbers + change[:14].reshape(2, 7).T.astype(np.float32))


def _rarity(k: Image) -> Image:
    """Weights [N] that make depths count by the root of how many have them."""
    part = (k - k.min()) / max(float(np.ptp(k)), 1e-6)
    bins = np.minimum((part * BINS).astype(int), BINS - 1)
    return np.asarray(1 / np.sqrt(np.bincount(bins, minlength=BINS)[bins]), np.float32)


def _terms(x: Image, y: Image, k: Image) -> NDArray[np.float32]:
    """What a way's numbers are multiplied with, [N, 7]."""
    return np.stack([np.ones_like(k), x, y, k, k * x, k * y, k * k], axis=1)


def searched_range(
    pairs: list[tuple[Other, Way]], depth: Image, known: Mask
) -> tuple[float, float]:
    """Between which depths to search: those measured that hold in most pictures, and some more."""
    fits = np.zeros(depth.shape, np.float32)
    for other, way in pairs:
        fits += other.kept & (np.abs(other.flow - way.moved(depth)).max(axis=-1) < 1)
    firm = depth[known & (fits > 0.6 * fits.max())]
    low, high = np.percentile(firm if len(firm) else depth[known], RANGE)
    wider = WIDER * (high - low) + 0.5
    return float(low - wider), float(high + wider)


def swept(
    gray: Image, pairs: list[tuple[Other, Way]], between: tuple[float, float]
) -> tuple[Image, Image]:
    """The depth [h, w] at which a pixel looks the same in the others, and how badly it does."""
    low, high = between
    fastest = max(way.reach for _, way in pairs)
    count = int(np.clip(np.ceil((high - low) * fastest / LEVEL_PX), 4, LEVELS))
    step = (high - low) / count
    small = _halved(gray)
    halves = [(other.small(), other.after, way) for other, way in pairs]
    coarse: Image = np.zeros(small.shape, np.float32)
    least = np.full(small.shape, np.inf, np.float32)
    for number in range(count + 1):
        level = low + number * step
        cost = _cost(small, halves, level, 0.5)
        better = cost < least
        coarse[better] = level
        np.minimum(least, cost, out=least)
    coarse = cv2.medianBlur(coarse, 3)
    wholes = [(other.masked(), other.after, way) for other, way in pairs]
    return _finer(gray, wholes, coarse, step)


def _finer(
    gray: Image, others: list[tuple[Image, bool, Way]], coarse: Image, step: float
) -> tuple[Image, Image]:
    """The same at full size: around what was found at half size, and what was found beside it."""
    size = gray.shape[1], gray.shape[0]
    around = np.ones((NEAR_PX, NEAR_PX), np.uint8)
    whole, near, far = (
        cv2.resize(each, size, interpolation=cv2.INTER_NEAREST)
        for each in (coarse, cv2.dilate(coarse, around), cv2.erode(coarse, around))
    )
    best, least = whole, _cost(gray, others, whole, 1.0)
    for candidate in (near, far):
        cost = _cost(gray, others, candidate, 1.0)
        best = np.where(cost < least, candidate, best)
        least = np.minimum(least, cost)
    best = cv2.medianBlur(np.asarray(best, np.float32), 3)
    for _ in range(REFINE):
        costs = [_cost(gray, others, best + side * step, 1.0) for side in (-0.5, 0.0, 0.5)]
        bend = np.maximum(costs[0] + costs[2] - 2 * costs[1], 1e-6)
        part = np.clip(0.25 * (costs[0] - costs[2]) / bend, -0.5, 0.5)
        best = cv2.medianBlur(np.asarray(best + part * step, np.float32), MEDIAN_PX)
        step = step / 2
    return cv2.bilateralFilter(best, -1, 2**REFINE * step, EVEN_PX), costs[1]


def _cost(
    gray: Image, others: list[tuple[Image, bool, Way]], depth: Image | float, size: float
) -> Image:
    """How badly a depth fits each pixel [h, w]; pixels are `1 / size` of the full picture's."""
    height, width = gray.shape
    x, y = np.arange(width, dtype=np.float32)[None], np.arange(height, dtype=np.float32)[:, None]
    sums = np.zeros((2, height, width), np.float32)
    counts = np.zeros((2, height, width), np.float32)
    for picture, after, way in others:
        across, down = way.by(depth, (height, width))
        seen = cv2.remap(
            picture,
            np.asarray(size * across + x, np.float32),
            np.asarray(size * down + y, np.float32),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=BLIND,
        )
        off = cv2.absdiff(seen, gray)
        clear = (off < 1).astype(np.float32)
        sums[int(after)] += np.minimum(off, WORST) * clear
        counts[int(after)] += clear
    patch = (PATCH_PX, PATCH_PX) if size == 1 else (SMALL_PATCH_PX, SMALL_PATCH_PX)
    one, two = (
        (cv2.blur(total, patch) + WORST * 1e-2) / (cv2.blur(seen_by, patch) + 1e-2)
        for total, seen_by in zip(sums, counts, strict=True)
    )
    return np.asarray(np.minimum(one, two) + UNLIKELY * np.maximum(one, two), np.float32)


def _places(shape: tuple[int, int]) -> tuple[Image, Image]:
    """x [1, w] and y [h, 1] of the pixels, in picture sizes from the middle."""
    height, width = shape
    x = ((np.arange(width) + 0.5) / width - 0.5).astype(np.float32)
    y = ((np.arange(height) + 0.5) / height - 0.5).astype(np.float32)
    return x[None], y[:, None]


def _halved(picture: Image, way: int | None = None) -> Image:
    height, width = picture.shape
    size = -(-width // 2), -(-height // 2)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if way is None else way)
