"""Choice: where a hole takes what was carried into it, and where what the camera's donors show.

Enters: a frame rebuilt from donors that are aligned by the camera, and the candidates that were
carried, from before and from after. Leaves what is carried, and lays it. Both are judged where the
frame is kept: the donors show that ring too, and it was followed as if it were hidden. What moves
on its own is carried unless that fits much worse there; what stands still, only if it fits better.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.plate.carry import fetched_from
from openvoid.plate.gradient import membrane
from openvoid.plate.meet import Frames, met
from openvoid.plate.propagate import Layer, Rebuilt, fitted
from openvoid.plate.survey import Survey
from openvoid.plate.trails import Candidate
from openvoid.vision.fitting import Image

Mask = NDArray[np.bool_]
REACH_PX = 14.0  # the ring speaks for what is this near
MOST = 0.2  # a difference (0..1) counts no more than this
LEAST = 0.01  # one below this is none
WORSE = 1.5  # what moves and fits the ring worse than the donors by this factor is not believed
BETTER = 0.8  # what stands still must fit better by this one
DIFFERS = 0.04  # unless both show something else in the hole: a difference (0..1) of patches
LEAST_PX = 24  # of the ring, to judge by
SHREDS_PX = 7  # pieces and gaps narrower than about this are none
OLD = 0.003  # a frame of age weighs as much as so much difference
TORN, TORN_PX = 0.1, 1.5  # so does a tear: neighbours that come from places so far apart
# Of a pixel's surroundings torn is too much (along one edge 0.1 to 0.2), unless what is carried
# fits the ring this much better than the donors: then those would take a bite out of what moves.
SHREDDED, PLAINLY = 0.25, 0.5
EVEN_PX = 4.0


@dataclass(frozen=True)
class Chosen:
    """What of a frame's box is carried."""

    picture: Image  # [h, w, 3]
    share: Mask  # [h, w] of what is wanted new
    ring: Mask  # [h, w] of what is kept: where it may be held against the frame
    source: Image  # [h, w, 3] frame, x, y
    flow: Image  # [h, w, 2] see `Candidate`


def chosen(look: Survey, frame: Frames, rebuilt: Rebuilt, found: list[Candidate]) -> Chosen | None:
    """What is carried into a frame; None for nothing.

    Args:
        frame: gives reduced frames.
        rebuilt: laid by the donors; it remembers what they show of the ring.
    """
    assert rebuilt.again is not None
    assert rebuilt.shown is not None
    found = [each for each in found if each.moves.any()]
    if not found:
        return None
    found = met(look, frame, *found)
    ring = ~rebuilt.want
    pictures = [fetched_from(frame, each.source, each.there) for each in found]
    fits, costs, shreds = [], [], []
    for picture, each in zip(pictures, found, strict=True):
        fit = picture + fitted(rebuilt.target - picture, ring & each.there)
        shreds.append(_shredded(each, ring))
        costs.append(_cost(_off(fit, rebuilt.target), each, ring, shreds[-1]))
        fits.append(fit)
    best = np.argmin(costs, axis=0)
    fit = _picked(fits, best)
    there = np.isfinite(np.min(costs, axis=0))
    moves = _picked([each.moves for each in found], best)
    ring = ring & rebuilt.shown & there
    by_carry, by_camera = (_off(each, rebuilt.target) for each in (fit, rebuilt.again))
    carried, by_donors = _told(by_carry, ring), _told(by_camera, ring)
    there &= (_picked(shreds, best) < SHREDDED) | (carried < PLAINLY * by_donors)
    pieces = _without_shreds(moves & there)
    take = _believed(pieces, by_carry, by_camera, ring)
    better = carried + LEAST / 2 < BETTER * by_donors
    differs = cv2.blur(_off(fit, rebuilt.picture), (SHREDS_PX, SHREDS_PX)) > DIFFERS
    better |= differs & (carried < by_donors + LEAST / 2)  # the nearer in time
    take |= _without_shreds(there & better)
    take &= there
    share = take & rebuilt.want
    if not share.any():
        return None
    sources, flows = [each.source for each in found], [each.flow for each in found]
    picture = _picked(pictures, best)
    return Chosen(picture, share, take & ring, _picked(sources, best), _picked(flows, best))


def lay(look: Survey, rebuilt: Rebuilt, index: int, found: Chosen) -> None:
    """Lay what is carried, a layer for each frame that it comes from."""
    correction = rebuilt.lay(found.picture, found.share, found.share | found.ring)
    frames = found.source[..., 0]
    for frame in np.unique(frames[found.share]).astype(int).tolist():
        share = found.share & (frames == frame)
        matrix = look.registration.between(index, frame)
        rebuilt.layers.append(Layer(frame, matrix, share, share, correction, found.flow))


def _off(picture: Image, other: Image) -> Image:
    """How far [h, w] two pictures [h, w, 3] are apart."""
    difference = np.abs(picture - other).mean(axis=-1)
    return np.asarray(np.minimum(difference, MOST), np.float32)


def _shredded(each: Candidate, ring: Mask) -> Image:
    """Which share [h, w] of a pixel's surroundings is torn: neighbours from places far apart."""
    torn = np.zeros(ring.shape, np.float32)
    torn[:, 1:] += np.abs(np.diff(each.flow, axis=1)).max(axis=-1) > TORN_PX
    torn[1:] += np.abs(np.diff(each.flow, axis=0)).max(axis=-1) > TORN_PX
    return np.asarray(cv2.GaussianBlur(torn * (each.there & ~ring), (0, 0), EVEN_PX), np.float32)


def _cost(off: Image, each: Candidate, ring: Mask, shredded: Image) -> Image:
    """How badly a candidate [h, w] fits the ring nearby, how old and how torn it is; smooth."""
    cost = _told(off, ring & each.there) + OLD * each.age + TORN * shredded
    cost += MOST * (shredded >= SHREDDED)
    even = cv2.GaussianBlur(cost.astype(np.float32), (0, 0), EVEN_PX)
    return np.where(each.there, even, np.float32(np.inf))


def _told(off: Image, where: Mask) -> Image:
    """What is known of `off` [h, w] `where`, spread over all; 0 where that is nowhere."""
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), REACH_PX)
    total = cv2.GaussianBlur(off * where, (0, 0), REACH_PX)
    known = weight > 0.01
    spread = np.where(known, total / np.maximum(weight, 1e-6), 0).astype(np.float32)
    return membrane(spread[..., None], known)[..., 0]


def _believed(pieces: Mask, by_carry: Image, by_camera: Image, ring: Mask) -> Mask:
    """The pieces that reach into the ring and do not fit much worse there than the donors."""
    count, parts = cv2.connectedComponents(pieces.astype(np.uint8), connectivity=8)
    beside = (parts * ring).ravel()
    sizes = np.bincount(beside, minlength=count)
    carried, shown = (
        np.bincount(beside, off.ravel(), minlength=count) for off in (by_carry, by_camera)
    )
    good = (sizes >= LEAST_PX) & (carried < WORSE * np.maximum(shown, LEAST * sizes))
    good[0] = False
    return np.asarray(good[parts])


def _without_shreds(mask: Mask) -> Mask:
    return np.asarray(cv2.medianBlur(mask.astype(np.uint8), SHREDS_PX) > 0)


def _picked(each: list[Image], best: NDArray[np.int64]) -> Image:
    """Of one or two pictures, pixel by pixel."""
    first = best == 0
    return np.where(first[..., None] if each[0].ndim == 3 else first, each[0], each[-1])
