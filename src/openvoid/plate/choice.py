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
from openvoid.vision.flow import Dis, fetched, pixel_grid

Mask = NDArray[np.bool_]
WORST = 0.2  # a difference (0..1) counts no more than this
REACH_PX = 14.0  # the ring speaks for what is this near
WORSE = 1.5  # a piece that fits worse than the donors by this factor is not believed
LEAST = 0.01  # a difference (0..1) below this is none
OLD = 0.001  # of difference (0..1) for a frame of age
TORN_PX = 1.5  # neighbours that come from places this much apart are torn
LEAST_PX = 24  # a smaller piece is noise
TORN, EVEN_PX, BETTER = 0.1, 4.0, 0.8
MOST_APART_PX = 8.0
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
    if len(found) == 2:
        found = met(look, found[0], found[1])
    pictures = [fetched_from(look.frame, each.source, each.there) for each in found]
    fits = []
    for picture, each in zip(pictures, found, strict=True):
        ring = each.there & rebuilt.known
        fits.append(picture + fitted(rebuilt.target - picture, ring))
    costs = [
        _cost(fit - rebuilt.target, each, rebuilt) for fit, each in zip(fits, found, strict=True)
    ]
    best = np.argmin(costs, axis=0)
    ring = rebuilt.known & shown & _picked([each.there for each in found], best)
    moves = _smooth(_picked([each.moves for each in found], best))
    pictures_off = [_off(picture - rebuilt.target) for picture in (_picked(fits, best), again)]
    take = _won(moves, *pictures_off, moves & ring)
    local = [_told(off, ring) for off in pictures_off]
    there = _picked([each.there for each in found], best)
    take |= _smooth(there & (local[0] < BETTER * local[1] - LEAST / 2))
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


def met(look: Survey, one: Candidate, other: Candidate) -> list[Candidate]:
    """Two candidates moved so that they meet: what is older has strayed farther."""
    both = one.there & other.there
    if both.sum() < LEAST_PX:
        return [one, other]
    colors = [fetched_from(look.frame, each.source, both) for each in (one, other)]
    colors[0] += fitted(colors[1] - colors[0], both)
    seen = (look.seen(each * both[..., None]) for each in colors)
    first, second = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in seen)
    pair = (np.clip(each * 255, 0, 255).astype(np.uint8) for each in (first, second))
    apart = Dis().between_gray(*pair)
    inside = cv2.erode(both.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    sure = inside & (np.abs(apart).max(axis=-1) < MOST_APART_PX)
    sure &= np.abs(fetched(second, apart) - first) < ALIKE
    weight = cv2.GaussianBlur(sure.astype(np.float32), (0, 0), EVEN_PX)
    apart = cv2.GaussianBlur(apart * sure[..., None], (0, 0), EVEN_PX)
    apart = apart / np.maximum(weight, 0.2)[..., None]
    total = np.maximum(one.age + other.age, 1)
    share = np.where(both, one.age / total, 0)[..., None]
    return [_shifted(one, -share * apart), _shifted(other, (1 - share) * apart * both[..., None])]


def _shifted(each: Candidate, by: Image) -> Candidate:
    """A candidate looked up at every pixel plus `by` [h, w, 2]."""
    x, y = pixel_grid(*each.there.shape)
    x_new, y_new = x + by[..., 0], y + by[..., 1]
    column = np.clip(np.rint(x_new), 0, x.shape[1] - 1).astype(int)
    row = np.clip(np.rint(y_new), 0, x.shape[0] - 1).astype(int)
    source, flow = each.source[row, column], each.flow[row, column]
    source[..., 1:] += np.dstack([x_new - column, y_new - row])
    flow += by
    there = each.there[row, column]
    return Candidate(source, there, each.moves[row, column], flow, each.age[row, column])


def lay(look: Survey, rebuilt: Rebuilt, index: int, found: Chosen) -> None:
    """Lay what is carried, a layer for each frame that it comes from."""
    correction = rebuilt.lay(found.picture, found.share, found.share | found.ring)
    frames = found.source[..., 0]
    for frame in np.unique(frames[found.share]).astype(int).tolist():
        share = found.share & (frames == frame)
        matrix = look.registration.between(index, frame)
        rebuilt.layers.append(Layer(frame, matrix, share, share, correction, found.flow))


def _cost(difference: Image, each: Candidate, rebuilt: Rebuilt) -> Image:
    """How badly a candidate [h, w] fits the ring nearby, how old and how torn it is; smooth."""
    torn = np.zeros(each.there.shape, np.float32)
    torn[:, 1:] = np.abs(np.diff(each.flow, axis=1)).max(axis=-1) > TORN_PX
    torn[1:] += np.abs(np.diff(each.flow, axis=0)).max(axis=-1) > TORN_PX
    torn *= each.there & rebuilt.want
    fit = _told(_off(difference), rebuilt.known & each.there)
    cost = fit + OLD * each.age + TORN * cv2.GaussianBlur(torn, (0, 0), EVEN_PX)
    cost = cv2.GaussianBlur(cost.astype(np.float32), (0, 0), EVEN_PX)
    return np.where(each.there, cost, np.float32(np.inf))


def _told(off: Image, where: Mask) -> Image:
    """What is known of `off` [h, w] `where`, spread over all."""
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), REACH_PX)
    total = cv2.GaussianBlur((off * where).astype(np.float32), (0, 0), REACH_PX)
    known = weight > 0.01
    spread = np.where(known, total / np.maximum(weight, 1e-6), 0).astype(np.float32)
    return membrane(spread[..., None], known)[..., 0]


def _picked(each: list[Image], best: NDArray[np.int64]) -> Image:
    first = best == 0
    return np.where(first[..., None] if each[0].ndim == 3 else first, each[0], each[-1])


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
