"""Region change: a region found again in each frame, and what in it is no longer the same.

Enters: frames of a scene before something happens, and a region. Leaves: how the region looked, and
for any later frame where it differs from that. What the scene's camera leaves over is taken out for
the region alone: features (pyramidal Lucas and Kanade, there and back) with a homography or
something simpler, whichever leaves least over at edges; for a region with few corners the pictures
themselves make the fit better. A difference counts that is larger than noise, and than an edge
makes that is off by a fraction of a pixel. Knows no causes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.motion.limits import COST, WATER, WORKING, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.features import corners, found_again
from openvoid.vision.fitting import Matrix, normal, transform
from openvoid.vision.masks import grown, largest, nanmedian, touching


@dataclass(frozen=True)
class RegionLimits(Limits):
    """What of a region counts as changed, and how it is found again."""

    change: float = limit(0.016, "of white", "four steps of 8-bit rounding: the least that is seen")
    noises: float = limit(3.0, "times the median difference of pixels", "three sigma of 2/3 of it")
    weaker: float = limit(0.6, "of one that counts: as far a change goes on (Canny 1986)", WATER)
    features: int = limit(300, "that are followed", COST)
    quality: float = limit(0.005, "of the best corner: a region has few, so finer ones", WATER)
    apart_px: int = limit(5, "features lie farther apart", WORKING)
    window_px: int = limit(13, "the square by which a feature is found again", WORKING)
    fewest: int = limit(12, "features of a fit", "three times a homography's four")
    many: int = limit(40, "features: with fewer the pictures make the fit better", WATER)
    agree_px: float = limit(0.6, "off a fit, or there and back", WORKING)
    edge: int = limit(4, "of 255 a pixel: by such edges fits are compared", WATER)
    most_off: int = limit(40, "of 255: what is off by more is something else", WATER)
    speck_px: int = limit(6, "smaller changes are none", WORKING)


@dataclass(frozen=True)
class Before:
    """How a region looked."""

    where: Mask
    picture: Picture
    known: Mask
    limit: NDArray[np.float32]  # of white: a difference of a pixel that is none
    limits: RegionLimits


class Compared:
    """A region found again in one frame after the other, features off by `off_px` at most. With
    `calm`, patterns finer than three pixels do not count."""

    def __init__(self, look: Before, off_px: float, *, calm: bool = False) -> None:
        self._reference, self._where, self._known = look.picture, look.where, look.known
        self._gray = _gray(look.picture)
        self._limits = look.limits
        self._points = _features(self._gray, look.known, look.limits)
        self._limit = look.limit + off_px * _slope(look.picture)
        self._calm = calm
        self._newest = np.eye(3)

    def changed(self, picture: Picture, object_: Mask) -> Mask:
        """Where the picture is not as before, as that picture has it."""
        limits, gray = self._limits, _gray(picture)
        step = _step(self._gray, gray, self._points, object_, self._where, limits, self._newest)
        self._newest = step
        here = _warped(picture, step)
        own = _warped(grown(object_, 2).astype(np.uint8), step) > 0
        difference: NDArray[Any] = here - self._reference
        if self._calm:
            difference = cv2.blur(difference, (3, 3))
        off = largest(np.abs(difference))
        free = self._known & ~own
        weak = (off > limits.weaker * self._limit) & free
        mask = _calm(touching(weak, off > self._limit), limits)  # hysteresis, Canny 1986
        size = mask.shape[::-1]
        back = cv2.warpPerspective(mask.astype(np.uint8), step, size, flags=cv2.INTER_NEAREST)
        return back > 0


def before(scene: Scene, frames: Sequence[int], where: Mask, limits: RegionLimits) -> Before:
    """How each spot of a region looks in some frames, on the median, the object left out."""
    newest = scene.picture(frames[-1])
    gray = _gray(newest)
    free = scene.seen(frames[-1]) & ~grown(scene.object[frames[-1]], 4)
    points = _features(gray, where & free, limits)
    looks = np.empty((len(frames), *scene.size, 3), np.float32)
    for number, index in enumerate(frames):
        picture, object_ = scene.picture(index), scene.object[index]
        free = scene.seen(index) & ~grown(object_, 4)
        step = _step(gray, _gray(picture), points, object_, where, limits)
        looks[number] = _warped(picture, step)
        looks[number][_warped(free.astype(np.uint8), step) == 0] = np.nan
    picture = nanmedian(looks)
    known = np.isfinite(picture[..., 0])
    off = np.nan_to_num(nanmedian(largest(np.abs(looks - picture))))
    usual = limits.noises * float(np.median(off[where & known])) if (where & known).any() else 0.0
    limit = np.maximum(limits.change + usual, limits.noises * cv2.blur(off, (5, 5)))
    picture = np.nan_to_num(picture)
    if len(frames) == 1:
        beside = min(scene.length - 1, frames[0] + 1)
        limit += _noise(scene, picture, known & where, beside, limits)
    return Before(where, picture, known & where, np.asarray(limit, np.float32), limits)


def _noise(
    scene: Scene, reference: Picture, where: Mask, index: int, limits: RegionLimits
) -> float:
    """What a pixel is off though nothing changes."""
    if not where.any():
        return 0.0
    points = _features(_gray(reference), where, limits)
    picture = scene.picture(index)
    step = _step(_gray(reference), _gray(picture), points, scene.object[index], where, limits)
    off = largest(np.abs(_warped(picture, step) - reference))[where]
    return limits.noises * float(np.median(off))


def _warped(picture: NDArray[Any], step: Matrix) -> NDArray[Any]:
    """A frame as the reference has it."""
    size = picture.shape[1::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(picture, step, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _gray(picture: Picture) -> NDArray[np.uint8]:
    return cv2.cvtColor((picture * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY)  # type: ignore[return-value]


def _features(gray: NDArray[np.uint8], where: Mask, limits: RegionLimits) -> NDArray[np.float32]:
    return corners(
        gray, where, count=limits.features, quality=limits.quality, apart_px=limits.apart_px
    )


def _step(
    before: NDArray[np.uint8],
    now: NDArray[np.uint8],
    points: NDArray[np.float32],
    object_: Mask,
    rim: Mask,
    limits: RegionLimits,
    guess: Matrix | None = None,
) -> Matrix:
    """Reference -> frame, where the surface: of a few fits the one that leaves least over."""
    steps = [np.eye(3), *(() if guess is None else (guess,))]
    start, end = _followed(before, now, points, object_, steps[-1], limits)
    if len(end) >= limits.fewest:
        found: Any
        found, _ = cv2.estimateAffine2D(start, end, ransacReprojThreshold=limits.agree_px)
        steps += [] if found is None else [np.vstack([found, [0, 0, 1]])]
        found, _ = cv2.findHomography(start, end, cv2.RANSAC, limits.agree_px, maxIters=500)
        steps += [] if found is None else [np.asarray(found, np.float64)]
    edges = rim & (_slope(before) > limits.edge)

    def left_over(step: Matrix) -> float:
        off = cv2.absdiff(_warped(now, step), before)[edges & ~(_warped(own, step) > 0)]
        return float(np.minimum(off, limits.most_off).mean()) if off.size else 0.0

    own = grown(object_, 2).astype(np.uint8)
    best = min(steps, key=left_over)
    if len(end) >= limits.many:
        return best
    return min((best, _refined(before, now, rim, own, best)), key=left_over)


def _refined(
    before: NDArray[np.uint8],
    now: NDArray[np.uint8],
    rim: Mask,
    own: NDArray[np.uint8],
    step: Matrix,
) -> Matrix:
    """A fit made better by the pictures themselves (Evangelidis and Psarakis 2008): rims without
    corners have edges all the same."""
    size = before.shape[::-1]
    where = cv2.warpPerspective(rim.astype(np.uint8), step, size, flags=cv2.INTER_NEAREST)
    where[own > 0] = 0
    box = bounding_box(rim | (where > 0))
    if box.empty or not where.any():
        return step
    shift = np.array([[1, 0, box.left], [0, 1, box.top], [0, 0, 1.0]])
    local = np.asarray(np.linalg.inv(shift) @ step @ shift, np.float32)
    until = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 12, 1e-4)
    try:
        _, found = cv2.findTransformECC(
            before[box.slices],
            now[box.slices],
            local / local[2, 2],
            cv2.MOTION_HOMOGRAPHY,
            until,
            where[box.slices],
            5,
        )
    except cv2.error:  # it does not converge
        return step
    return normal(shift @ np.asarray(found, np.float64) @ np.linalg.inv(shift))


def _followed(
    before: NDArray[np.uint8],
    now: NDArray[np.uint8],
    points: NDArray[np.float32],
    object_: Mask,
    guess: Matrix,
    limits: RegionLimits,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Features of the reference, and where they are now, there and back."""
    if len(points) < limits.fewest:
        return points[:0], points[:0]
    there, good = found_again(
        before,
        now,
        points,
        transform(guess, points),
        ~object_,
        side_px=limits.window_px,
        levels=2,
        off_px=limits.agree_px,
    )
    return points[good], there[good]


def _slope(picture: NDArray[Any]) -> NDArray[np.float32]:
    """How much a pixel's colour changes a pixel farther."""
    low, high = (each(picture, np.ones((3, 3), np.uint8)) for each in (cv2.erode, cv2.dilate))
    span = np.asarray(high, np.float32) - low
    return np.asarray((span if span.ndim == 2 else largest(span)) / 2, np.float32)


def _calm(mask: Mask, limits: RegionLimits) -> Mask:
    """Without specks."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    large = stats[:, cv2.CC_STAT_AREA] >= limits.speck_px
    large[0] = False
    return np.asarray(large[labels])
