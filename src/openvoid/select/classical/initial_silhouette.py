"""The first silhouette: from the marks of one frame to the silhouettes that they may mean.

Enters: a frame and those around it, and the seeds of its marks. Leaves: hypotheses, best first,
each with what speaks for it. Knows no other marked frame.

A click does not say how large the thing is. It is cut at several reaches, from colour, from what
stands out from the background that other frames show there (`background`), and from what moves as
the marked place does (`motion`). As in Rother et al., "GrabCut" (2004), what each cue says is
learnt from the last cut, and so told by how well it parts inside from outside. All this is done
small, over the whole frame; what differs enough to be offered is cut once more, closely. The best
is that for which the cues agree: its boundary lies on edges, its colours and what stands out end
there, another reach gives the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.select.classical.appearance import Appearance, Colours, Palette
from openvoid.select.classical.background import Scene
from openvoid.select.classical.continuous_cut import CERTAIN, boundary_price, cut
from openvoid.select.classical.evidence import Evidence
from openvoid.select.classical.motion import follows, lasting, together
from openvoid.select.classical.outline import on_edges, ring_of
from openvoid.select.classical.window import Window
from openvoid.select.seeds import Mask, Seeds, distance_to, widest_gap
from openvoid.vision.flow import Dis
from openvoid.vision.masks import touching, without_holes

Map = NDArray[Any]  # [h, w] float32
PRICE = 5.0  # of a unit of boundary on plain ground, in log-odds of a pixel
ROUNDS = 4  # of learning from the last cut
WINDOW_FRAMES = 24  # before and after, that are looked at
COARSE_PX = 50000  # pixels of the frame when it is looked at as a whole
CORES = (0.0, 0.25, 0.5, 0.75)  # of a box's depth
FIELD, REACH_PX = 3.0, 20000  # of a reach, that is looked at around the marks; pixels of that
REACHES = 7
REACH_STEP = 1.5
LASTING = (2, 5)  # frames away: things that only touch it part from it in time
GROUND_WEIGHT, MOTION_WEIGHT, ALONG_WEIGHT = 0.7, 0.5, 1.0
MOST_OFFERED = 3
UNLIKE = 0.8  # overlap from which two silhouettes are one to a person
SEVERAL, AMONG = 4, 1.5  # marks; log-odds
HOLE_SHARE = 0.04  # of the silhouette: smaller holes are closed


@dataclass(frozen=True)
class Guess:
    """A silhouette [h, w] at working size, and what speaks for it."""

    mask: Mask
    score: float = 0.0  # 0..1
    cues: Mapping[str, float] = field(default_factory=dict)  # 0..1 each


@dataclass(frozen=True)
class View:
    """What is seen in a window: pictures and numbers a pixel."""

    window: Window
    lab: NDArray[Any]
    price: Map
    unlike: Map  # from the background; NaN where that is not known
    along: Map  # log-odds that it moves as the marked place does
    among: Map  # log-odds that it lies among the marks
    sure: Mask
    never: Mask


def hypotheses(scene: Scene, frame: int, seeds: Seeds) -> list[Guess]:
    """What the marks may mean, best first, at most `MOST_OFFERED`, no two much alike."""
    if seeds.matte is not None:
        return [Guess((seeds.matte | seeds.sure) & ~seeds.never, 1.0)]
    scene = scene.nearby(frame, WINDOW_FRAMES)
    height, width = seeds.size
    whole = Window.around(Box(0, 0, height, width), 0, seeds.size, COARSE_PX)
    along = _along(scene, frame, seeds)
    coarse = _view(scene, frame, whole, seeds, along)
    if seeds.box is not None:
        found = [_in_box(coarse, seeds, core) for core in CORES]
    else:
        found = [_at_reach(scene, frame, seeds, along, reach) for reach in _reaches(seeds)]
    scored = [_scored(coarse, each, found, seeds.box) for each in found if each.any()]
    if not scored:
        return [Guess(seeds.sure & ~seeds.never, 0.05)]
    scored.sort(key=lambda guess: -guess.score)
    return unlike([_closely(scene, frame, seeds, along, each) for each in unlike(scored)])


def unlike(ordered: list[Guess]) -> list[Guess]:
    """The first `MOST_OFFERED` of which no two are one to a person."""
    offered: list[Guess] = []
    for guess in ordered:
        if len(offered) < MOST_OFFERED and all(
            overlap(guess.mask, other.mask) < UNLIKE for other in offered
        ):
            offered.append(guess)
    return offered


def overlap(one: Mask, other: Mask) -> float:
    """Intersection over union; two empty masks agree."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def joined(mask: Mask, sure: Mask) -> Mask:
    """The parts that hold a mark, or the largest one; small holes filled."""
    if sure.any() and (mask & sure).any():
        kept = touching(mask, sure & mask)
    else:
        count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        if count < 2:
            return mask
        kept = parts == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return without_holes(kept, HOLE_SHARE)


# --- what is seen -------------------------------------------------------------------------------


def _view(scene: Scene, frame: int, window: Window, seeds: Seeds, along: Map) -> View:
    lab = window.of(scene.lab(frame))
    return View(
        window,
        lab,
        boundary_price(lab, PRICE * max(window.scale, 0.3)),
        scene.unlike(frame, window),
        window.of(along),
        window.of(_among(seeds)),
        _thin(window, seeds.sure) & ~_thin(window, seeds.never),
        _thin(window, seeds.never),
    )


def _among(seeds: Seeds) -> Map:
    """Log-odds [h, w]: who clicks on several places of a thing clicks around its middle."""
    found = np.zeros(seeds.size, np.float32)
    if len(seeds.clicks) >= SEVERAL:
        places = np.rint(np.array(seeds.clicks)).astype(np.int32).reshape(-1, 1, 2)
        cv2.fillConvexPoly(found, cv2.convexHull(places), AMONG)
    return found


def _thin(window: Window, mask: Mask) -> Mask:
    """A mask in a window, of which nothing is lost however small it is."""
    return np.asarray(window.of(mask.astype(np.float32)) > 0.05)


def _along(scene: Scene, frame: int, seeds: Seeds) -> Map:
    """Log-odds [h, w] that a pixel of a frame moves as the marked ones do."""
    hint: Any = cv2.GaussianBlur(seeds.sure.astype(np.float32), (0, 0), 3)
    if seeds.box is not None:
        depth = cv2.distanceTransform(seeds.box.astype(np.uint8), cv2.DIST_L2, 3)
        hint = np.maximum(hint, depth > 0.5 * depth.max()).astype(np.float32)
    return moves_along(scene, frame, hint)


def moves_along(scene: Scene, frame: int, hint: Map) -> Map:
    """Log-odds [h, w] that a pixel of a frame moves as what `hint` weighs does."""
    lab, gray, sides, dis = scene.lab(frame), scene.gray(frame), [], Dis()
    for way in (-1, 1):
        found = []
        for other in (frame + way * frames for frames in LASTING):
            if scene.first <= other <= scene.last:
                flow = dis.between_gray(gray, scene.gray(other), or_rests=True)
                found.append(follows(lab, scene.lab(other), flow, hint))
        sides += [lasting(found)] if found else []
    return together(sides) if sides else np.zeros(hint.shape, np.float32)


# --- cutting ------------------------------------------------------------------------------------


def _reaches(seeds: Seeds) -> list[float]:
    """How far from the marks the object may lie, working px; more marks say more."""
    short = min(seeds.size)
    first = max(0.05 * short, 0.4 * widest_gap(seeds.spots))
    count = REACHES if len(seeds.spots) < SEVERAL else 4
    return [first * REACH_STEP**step for step in range(count)]


def _at_reach(scene: Scene, frame: int, seeds: Seeds, along: Map, reach: float) -> Mask:
    """Cut with a prior that fades with the distance to the marks, as far around as it allows."""
    middle = bounding_box(seeds.sure)
    window = Window.around(middle, round(FIELD * reach), seeds.size, REACH_PX)
    view = _view(scene, frame, window, seeds, along)
    near = view.window.of(distance_to(seeds.spots, seeds.size)) / reach
    prior = np.clip(1.5 * (1 - near**2), -4, 1.5).astype(np.float32)
    core = max(2.0 / view.window.scale, 0.12 * reach) / reach
    inside = np.exp(-((near / core) ** 2)).astype(np.float32)
    outside = np.clip(near - 0.7, 0, 0.5) * (near < 2.5)
    return _iterate(view, prior, inside, outside.astype(np.float32), reach)


def _in_box(view: View, seeds: Seeds, core: float) -> Mask:
    """Cut within a box, from its middle: the more `core` (0..1), the less of it to begin with."""
    assert seeds.box is not None
    allowed = view.window.mask_of(seeds.box)
    if not allowed.any():
        allowed = _thin(view.window, seeds.box)
    depth = cv2.distanceTransform(np.pad(allowed, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    middle = depth / max(1.0, float(depth.max()))
    prior = np.where(allowed, 0.3 + middle - 1.5 * core, -CERTAIN).astype(np.float32)
    inside = np.where(allowed & (middle >= core), 0.2 + middle, 0).astype(np.float32)
    box = bounding_box(allowed)
    around = box.grown(round(0.5 * max(box.height, box.width)), *allowed.shape)
    outside = np.zeros(allowed.shape, np.float32)
    outside[around.slices] = 1
    outside[allowed] = 0
    return _iterate(view, prior, inside, outside, float(depth.max()) / view.window.scale)


def _tight(mask: Mask, box: Mask) -> float:
    """How far a silhouette fills a box that is drawn around it, side to side, 0..1."""
    one, other = bounding_box(mask), bounding_box(box)
    shared = one.intersect(other)
    if shared.empty:
        return 0.0
    both = one.height * one.width + other.height * other.width - shared.height * shared.width
    return shared.height * shared.width / both


def _iterate(view: View, prior: Map, inside: Map, outside: Map, reach: float) -> Mask:
    """Cut and learn in turn, as GrabCut does."""
    palette, (y, x) = Palette.of(view.lab), view.window.places
    place_px = float(np.clip(0.5 * reach, 16, 80))
    u: Map | None = None
    for _ in range(ROUNDS):
        weights = inside + 20.0 * view.sure, outside + 20.0 * view.never
        colours = Colours.of(palette, view.lab, *weights)
        if u is None:
            by_colour = colours.odds(view.lab)
        else:
            down, across = (float(np.average(each, weights=u + 1e-6)) for each in (y, x))
            look = Appearance(colours, place_px, min(2.5 * reach, 5 * place_px))
            look.learn(view.lab, inside, outside, y - down, x - across)
            by_colour = look.odds(view.lab, y - down, x - across)
        ground = Evidence(0, 300.0)
        ground.learn(view.unlike, inside > 0.5 * inside.max(), outside > 0.5 * outside.max())
        odds = by_colour + prior + ALONG_WEIGHT * view.along + view.among
        odds = odds + GROUND_WEIGHT * ground.odds(view.unlike)
        odds = np.where(view.sure, CERTAIN, np.where(view.never, -CERTAIN, odds))
        u = cut(odds.astype(np.float32), view.price, guess=u, rounds=60)
        inside = (u > 0.5).astype(np.float32)
        outside = _around(inside) * (1 - inside)
    assert u is not None
    return view.window.whole(joined(u > 0.5, view.sure).astype(np.float32))


def _around(inside: Map) -> Map:
    """What lies about a silhouette, as far as it is large: one there, a tenth elsewhere."""
    if not inside.any():
        return np.ones(inside.shape, np.float32)
    box = bounding_box(inside > 0)
    near = box.grown(max(6, round(0.6 * max(box.height, box.width))), *inside.shape)
    found = np.full(inside.shape, 0.1, np.float32)
    found[near.slices] = 1
    return found


def _closely(scene: Scene, frame: int, seeds: Seeds, along: Map, guess: Guess) -> Guess:
    """The same cut again in a window of its own, where more of it is seen."""
    box = bounding_box(guess.mask)
    margin = max(12, round(0.3 * max(box.height, box.width)))
    window = Window.around(box, margin, seeds.size)
    view = _view(scene, frame, window, seeds, along)
    found = window.mask_of(guess.mask)
    if not found.any():
        return guess
    inner = cv2.distanceTransform(found.astype(np.uint8), cv2.DIST_L2, 5)
    outer = cv2.distanceTransform((~found).astype(np.uint8), cv2.DIST_L2, 5)
    prior = np.clip((inner - outer) / 4, -2.5, 2.5).astype(np.float32)
    if seeds.box is not None:
        prior = np.where(_thin(window, seeds.box), prior, -CERTAIN).astype(np.float32)
    inside = found.astype(np.float32)
    size = float(np.sqrt(np.count_nonzero(guess.mask)))
    mask = _iterate(view, prior, inside, _around(inside) * (1 - inside), 0.6 * size)
    return replace(guess, mask=mask) if mask.any() else guess


# --- which is meant -----------------------------------------------------------------------------


def _scored(view: View, mask: Mask, among: list[Mask], box: Mask | None) -> Guess:
    """A silhouette with what speaks for it; a box is tight (Lempitsky et al., 2009)."""
    found = view.window.mask_of(mask)
    at = next(number for number, each in enumerate(among) if each is mask)
    beside = among[max(0, at - 1) : at] + among[at + 1 : at + 2]
    stable = max((overlap(mask, other) for other in beside), default=1.0)
    cues = {
        "edges": on_edges(found, view.price),
        "stable": float(stable),
        "colour": _parted(view, found),
        "moves": _moves(view, found),
    }
    weights = {"edges": 1.0, "stable": 0.7, "colour": 1.0, "moves": 1.0}
    if box is not None:
        cues["fills"], weights["fills"] = _tight(mask, box), 2.0
    logs = sum(weights[name] * np.log(max(0.02, value)) for name, value in cues.items())
    score = float(np.exp(logs / sum(weights.values())))
    return Guess(mask, float(np.clip(score, 0.02, 1)), cues)


def _parted(view: View, mask: Mask) -> float:
    """How little its colours and those around it have in common, 0..1."""
    ring = ring_of(mask)
    if not (mask.any() and ring.any()):
        return 0.0
    palette = Palette.of(view.lab)
    shares = [palette.shares(view.lab, each) for each in (mask, ring)]
    return float(1 - np.minimum(*shares).sum())


def _moves(view: View, mask: Mask) -> float:
    """How much more than around it things stand out and move along in it; 0.5: says nothing."""
    ring = ring_of(mask)
    if not (mask.any() and ring.any()):
        return 0.5
    told = 0.0
    known = np.isfinite(view.unlike)
    if (mask & known).any() and (ring & known).any():
        inside, outside = view.unlike[mask & known], view.unlike[ring & known]
        told += float(np.tanh((np.median(inside) - np.median(outside)) / 25))
    told += float(np.clip(view.along[mask].mean() - view.along[ring].mean(), -2, 2)) / 2
    return float(np.clip(0.5 + told / 2, 0.02, 1))
