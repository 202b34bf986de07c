"""Choice: where a hole takes what was carried into it, and where what the camera's donors show.

Enters: a frame rebuilt from donors that are aligned by the camera, and the candidates that were
carried. Leaves the frame laid anew with both, or as it was. Both are judged where the frame is
kept: the ring is shown again by the donors, and was followed as if it were hidden. The camera has
its way where the carried is not better there.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.plate.carry import fetched_from
from openvoid.plate.gradient import membrane
from openvoid.plate.propagate import Layer, Rebuilt, fitted
from openvoid.plate.survey import Survey
from openvoid.plate.trails import Candidate
from openvoid.vision.fitting import Image

Mask = NDArray[np.bool_]
WORST = 0.2  # a difference (0..1) counts no more than this
REACH_PX = 14.0  # the ring speaks for what is this near
WORSE = 1.5  # a piece that fits worse than the donors by this factor is not believed
LEAST = 0.01  # a difference (0..1) below this is none
OLD = 0.001  # of difference (0..1) for a frame of age
TORN_PX = 1.5  # neighbours that come from places this much apart are torn
LEAST_PX = 24  # a smaller piece is noise
EVIDENCE = 0.02  # the share of moving ring pixels around that can be judged by
ALIKE = 0.06  # a difference (0..1) up to which both candidates agree


@dataclass(frozen=True)
class Chosen:
    """What of a frame's box is carried."""

    picture: Image  # [h, w, 3]
    share: Mask  # in the hole
    ring: Mask  # outside it, where it may be held against the frame
    source: Image  # [h, w, 3] frame, x, y
    flow: Image  # [h, w, 2]


def chosen(
    look: Survey, rebuilt: Rebuilt, again: Image, shown: Mask, found: list[Candidate]
) -> Chosen | None:
    """What is carried; None for nothing.

    Args:
        again: [h, w, 3] the kept ring as the donors show it, where `shown`.
    """
    found = [each for each in found if each.moves.any()]
    if not found:
        return None
    pictures = [fetched_from(look.frame, each.source, each.there) for each in found]
    fits = []
    for picture, each in zip(pictures, found, strict=True):
        ring = each.there & rebuilt.known
        fits.append(picture + fitted(rebuilt.target - picture, ring))
    ring = rebuilt.known & shown
    for each in found:
        ring &= each.there
    costs = [
        _cost(fit - rebuilt.target, each, rebuilt) for fit, each in zip(fits, found, strict=True)
    ]
    first = int(np.argmin(costs))
    best = np.where(found[first].there, first, len(found) - 1 - first)
    moves = np.take_along_axis(np.stack([each.moves for each in found]), best[None], 0)[0]
    off = (_off(picture - rebuilt.target) for picture in (_picked(fits, best), again))
    take = _won(_smooth(moves), *off, moves & rebuilt.known & shown)
    share = take & rebuilt.want
    if not share.any():
        return None
    return Chosen(
        _picked(pictures, best),
        share,
        take & rebuilt.known,
        _picked([each.source for each in found], best),
        _picked([each.flow for each in found], best),
    )


def lay(look: Survey, rebuilt: Rebuilt, index: int, found: Chosen) -> None:
    """Lay what is carried, a layer for each frame that it comes from."""
    correction = rebuilt.lay(found.picture, found.share, found.share | found.ring)
    frames = found.source[..., 0]
    for frame in np.unique(frames[found.share]).astype(int).tolist():
        share = found.share & (frames == frame)
        matrix = look.registration.between(index, frame)
        rebuilt.layers.append(Layer(frame, matrix, share, share, correction, found.flow))


def _cost(difference: Image, each: Candidate, rebuilt: Rebuilt) -> float:
    """How badly a candidate [h, w] fits the ring, how old and how torn it is in the hole."""
    ring, hole = each.moves & rebuilt.known, each.moves & rebuilt.want
    if ring.sum() < LEAST_PX or hole.sum() < LEAST_PX:
        return np.inf
    steps = [np.abs(np.diff(each.flow, axis=axis)).max(axis=-1) > TORN_PX for axis in (0, 1)]
    torn = float(np.mean([(step & _inner(hole, axis)).mean() for axis, step in enumerate(steps)]))
    torn /= float(hole.mean())
    return float(_off(difference)[ring].mean() + OLD * each.age[hole].mean() + torn)


def _inner(hole: Mask, axis: int) -> Mask:
    ends = (slice(1, None), slice(None)), (slice(None), slice(1, None))
    return np.asarray(hole[ends[axis]])


def _picked(each: list[Image], best: NDArray[np.int64]) -> Image:
    return np.where((best == 0)[..., None], each[0], each[-1])


def _won(pieces: Mask, carried: Image, by_camera: Image, ring: Mask) -> Mask:
    """The pieces that fit better carried, where they reach into the ring."""
    count, parts = cv2.connectedComponents(pieces.astype(np.uint8), connectivity=8)
    beside = parts * ring
    sizes = np.bincount(beside.ravel(), minlength=count)
    sums = [
        np.bincount(beside.ravel(), each.ravel(), minlength=count) for each in (carried, by_camera)
    ]
    wins = (sizes >= LEAST_PX) & (sums[0] < WORSE * np.maximum(sums[1], LEAST * sizes))
    wins[0] = False
    return np.asarray(wins[parts])


def _off(difference: Image) -> Image:
    return np.asarray(np.minimum(np.abs(difference).mean(axis=-1), WORST), np.float32)


def _smooth(take: Mask) -> Mask:
    """Without shreds and gaps."""
    mask = cv2.medianBlur(take.astype(np.uint8), 7)
    return np.asarray(mask > 0)
