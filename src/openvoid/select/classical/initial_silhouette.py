"""The first silhouette: from the marks of one frame to the silhouette they mean.

Enters: a Lab frame, its seeds, and how it moves against the camera. Leaves: a silhouette [h, w].
Knows no other frame. A box is cut as in Rother et al., "GrabCut" (2004). Clicks do not say how
large the thing is: it is cut at several reaches, and the one is kept whose boundary lies best on
edges and that a neighbouring reach confirms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.core.errors import OpenVoidError
from openvoid.core.selection import Selection
from openvoid.select.classical.appearance import Appearance, Colours, Palette
from openvoid.select.classical.continuous_cut import CERTAIN, boundary_price, cut
from openvoid.select.seeds import Mask, Seeds, distance_to, widest_gap
from openvoid.vision.masks import touching, without_holes

Map = NDArray[Any]  # [h, w] float32
PRICE = 5.0  # of a unit of boundary on plain ground, in log-odds of a pixel
ROUNDS = 4  # of learning colours from the last cut
REACHES = 6
REACH_STEP = 1.5
MOTION_WEIGHT = 1.2
MOST_OFFERED = 3
PART = 1.5  # so many times as large is the thing of which a silhouette is called a part
UNLIKE = 0.85  # overlap from which two silhouettes are one to a person


@dataclass(frozen=True)
class Guess:
    """A silhouette at one reach, and what speaks for it."""

    mask: Mask
    on_edges: float  # share of its boundary that lies on edges, 0..1
    reach_px: float
    score: float = 0.0  # 0..1


def hypotheses(lab: NDArray[Any], seeds: Seeds, motion: Map | None = None) -> list[Guess]:
    """What the marks may mean, best first, at most `MOST_OFFERED`, no two much alike.

    Args:
        motion: log-odds [h, w] that a pixel moves as the marked ones do.
    """
    if seeds.matte is not None:
        return [Guess((seeds.matte | seeds.sure) & ~seeds.never, 1.0, 0.0, 1.0)]
    extra = np.zeros(seeds.size, np.float32) if motion is None else MOTION_WEIGHT * motion
    if seeds.box is not None:
        guess = _in_box(lab, seeds, extra)
        return [replace(guess, score=0.5 + 0.5 * guess.on_edges)]
    ordered = _ordered([_at_reach(lab, seeds, extra, reach) for reach in _reaches(seeds)])
    return unlike(ordered)


def unlike(ordered: list[Guess]) -> list[Guess]:
    """The first `MOST_OFFERED` of which no two are one to a person."""
    offered = ordered[:1]
    for guess in ordered[1:]:
        other = all(overlap(guess.mask, each.mask) < UNLIKE for each in offered)
        if other and len(offered) < MOST_OFFERED:
            offered.append(guess)
    return offered


def what_of(guess: Guess, among: list[Guess]) -> str:
    """ "part" of a thing where another one holds it and is clearly larger, else "object"."""
    area = np.count_nonzero(guess.mask)
    for other in among:
        inside = np.count_nonzero(guess.mask & other.mask)
        if np.count_nonzero(other.mask) > PART * area and inside > 0.8 * area:
            return "part"
    return "object"


def asked_for(found: list[Guess], selection: Selection) -> list[Guess]:
    """In the order that a selection asks for.

    Raises:
        OpenVoidError: fewer than the number of the candidate that was chosen.
    """
    if selection.grow_to:
        found = grown_to(found, selection.grow_to)
    if len(found) < selection.candidate:
        raise OpenVoidError(
            f"there is no candidate {selection.candidate}",
            mend=f"there are {len(found)}; --glance look.png draws them",
        )
    return found


def grown_to(found: list[Guess], what: str) -> list[Guess]:
    """Those that are a "part" (or the "object") before the others; the order stays."""
    return sorted(found, key=lambda guess: what_of(guess, found) != what)


def _reaches(seeds: Seeds) -> list[float]:
    """How far from the marks the object may lie, working px; more marks say more."""
    short = min(seeds.size)
    first = max(0.05 * short, 0.4 * widest_gap(seeds.spots))
    count = REACHES if len(seeds.spots) < 4 else 4
    return [first * REACH_STEP**step for step in range(count)]


def _ordered(guesses: list[Guess]) -> list[Guess]:
    """With their scores, the best first; of equals the nearest."""
    found = []
    for number, guess in enumerate(guesses):
        beside = guesses[max(0, number - 1) : number] + guesses[number + 1 : number + 2]
        stable = max((overlap(guess.mask, other.mask) for other in beside), default=1.0)
        score = float(np.clip(guess.on_edges * (0.3 + 0.7 * stable), 0.05, 1))
        found.append(replace(guess, score=score))
    return sorted(found, key=lambda guess: -guess.score)


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union; two empty masks agree."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def _at_reach(lab: NDArray[Any], seeds: Seeds, extra: Map, reach: float) -> Guess:
    """Cut with a prior that fades with the distance to the marks."""
    height, width = seeds.size
    distance = distance_to(seeds.spots, (height, width))
    box = bounding_box(distance < 2.2 * reach).aligned(2, height, width)
    near = distance[box.slices] / reach
    prior = np.clip(1.5 * (1 - near**2), -4, 1.5).astype(np.float32)
    core = max(2.0, 0.12 * reach)
    inside = np.exp(-((near * reach / core) ** 2)).astype(np.float32)
    outside = np.clip(near - 0.7, 0, 0.5).astype(np.float32)
    return _iterate(lab, seeds, extra, box, prior, (inside, outside), reach)


def _in_box(lab: NDArray[Any], seeds: Seeds, extra: Map) -> Guess:
    assert seeds.box is not None
    height, width = seeds.size
    tight = bounding_box(seeds.box)
    around = max(8, round(0.35 * max(tight.height, tight.width)))
    box = tight.grown(around, height, width)
    allowed = seeds.box[box.slices]
    depth = cv2.distanceTransform(np.pad(allowed, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    middle = depth / max(1.0, float(depth.max()))
    prior = np.where(allowed, 0.3 + 1.0 * middle, -CERTAIN).astype(np.float32)
    inside = np.where(allowed, 0.2 + middle, 0).astype(np.float32)
    return _iterate(lab, seeds, extra, box, prior, (inside, (~allowed).astype("f4")), depth.max())


def _iterate(
    lab: NDArray[Any],
    seeds: Seeds,
    extra: Map,
    box: Box,
    prior: Map,
    weights: tuple[Map, Map],
    reach: float,
) -> Guess:
    """Cut and learn in turn, as GrabCut does, within a box around the object."""
    here = box.slices
    seen, sure, never = lab[here], seeds.sure[here], seeds.never[here]
    price = boundary_price(seen, PRICE)
    palette = Palette.of(seen)
    y, x = np.mgrid[: box.height, : box.width].astype(np.float32)
    inside, outside = weights
    u: Map | None = None
    for _ in range(ROUNDS):
        sharp = Colours.of(palette, seen, inside + 20.0 * sure, outside + 20.0 * never)
        if u is None:
            odds = sharp.odds(seen)
        else:
            odds = Appearance.of(sharp, seen, inside, outside, max(24.0, 0.5 * reach)).odds(
                seen, y, x
            )
        odds = odds + prior + extra[here]
        odds = np.where(sure, CERTAIN, np.where(never, -CERTAIN, odds)).astype(np.float32)
        u = cut(odds, price, guess=u)
        inside = (u > 0.5).astype(np.float32)
        outside = 1 - inside
    assert u is not None
    mask = np.zeros(seeds.size, bool)
    mask[here] = joined(u > 0.5, sure)
    return Guess(mask, on_edges(mask[here], price, box, seeds.size), reach)


def joined(mask: Mask, sure: Mask) -> Mask:
    """The parts that hold a mark (all where there is none of them), small holes filled."""
    mask = mask | sure
    if sure.any():
        return without_holes(touching(mask, sure), 0.02)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    kept = np.zeros(count, bool)
    if count > 1:
        areas = stats[:, cv2.CC_STAT_AREA]
        kept = areas >= 0.1 * areas[1:].max()
    kept[0] = False
    return without_holes(kept[parts], 0.02)


def on_edges(mask: Mask, price: Map, box: Box, size: tuple[int, int]) -> float:
    """How much of the boundary is cheap, that is on an edge; the frame's own edge does not count.

    A boundary along the sides of the window that we looked in is on no edge.
    """
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool)
    rim = mask & ~inner
    for side, at_frame in (
        (np.s_[0, :], box.top == 0),
        (np.s_[-1, :], box.bottom == size[0]),
        (np.s_[:, 0], box.left == 0),
        (np.s_[:, -1], box.right == size[1]),
    ):
        if at_frame:
            rim[side] = False
    if not rim.any():
        return 0.0
    cheapest = cv2.erode(price, np.ones((3, 3), np.uint8))
    return float(1 - (cheapest[rim] / PRICE).mean())
