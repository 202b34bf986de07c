"""Lamp: the light that an object sheds which stays: a lamp, or a bright thing in the sun.

Enters: evidence, or one picture, its surfaces, the object's mask. Leaves: what its light falls on.
On the ground around its foot light shows as a field that is strongest at the object and falls off
with distance, on both sides: a tint of the object's own hue, or, where the object is the brightest
thing of all, brightness. The same ground far away is the reference, and light is marked as far as
an eye tells it from that. The light of a lamp goes on farther, too weak to be told spot by spot
from a pattern: its fall-off with the square of the distance (a shade shines to the side as well as
down, so without the cosine) is fitted to the means of rings on the ground, and says how far. What
most of a few frames show counts. Does not know what of an even light over the whole ground is the
object's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.core.effects import EffectKind, Relation
from openvoid.reason.motion import chance
from openvoid.reason.motion.confidence import Cue, Sign
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, LIGHT, WORKING, Limits, limit
from openvoid.reason.motion.report import Finding
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.reason.motion.surfaces import SurfaceLimits, Surfaces, softened, surfaces
from openvoid.vision.masks import filled, grown, largest, smallest, touching


@dataclass(frozen=True)
class LampLimits(Limits):
    """What is light from the object, and how far it reaches."""

    soft: float = limit(0.04, "of the short side: finer patterns are smoothed away", LIGHT)
    flat: float = limit(0.4, "rows a column on the ground, seen 24 degrees from above", LIGHT)
    near: float = limit(0.35, "of the short side, on the ground: right at the object", LIGHT)
    base_percent: int = limit(8, "of the surface is too far away for the light", LIGHT)
    own_chroma: float = limit(12.0, "a*b*: what is grayer has no hue to shed", LIGHT)
    tint: float = limit(3.0, "a*b*: at the object", LIGHT)
    tint_least: float = limit(1.2, "a*b*: as far as it can be told", LIGHT)
    bright: float = limit(4.0, "L*: at the object", LIGHT)
    bright_least: float = limit(1.6, "L*: as far as it can be told", LIGHT)
    falling_off: float = limit(-0.45, "correlation of light with the log of distance", LIGHT)
    plainly: float = limit(-0.65, "if so, and twice as strong, it needs no second side", LIGHT)
    side: float = limit(0.22, "of its strength the light has lost at the sides", LIGHT)
    shines: float = limit(0.85, "of white: a lamp's bright part at least", LIGHT)
    brightest: float = limit(1.1, "times as bright as nearly all else", LIGHT)
    within: float = limit(0.2, "of the short side: what is no wider stands in the light", LIGHT)
    focal: float = limit(1.9, "short sides", "a lens of 45 mm on a frame of 36 x 24 mm")
    ring: float = limit(0.1, "of the lamp's height: a ring's width", LIGHT)
    ring_least_px: int = limit(60, "of a ring: with fewer its median says nothing", WORKING)
    rings: int = limit(50, "at most: five heights of the lamp", LIGHT)
    measured: float = limit(4 / 255, "of white: weaker light is none", "four steps of 8 bits")
    farthest: float = limit(2.75, "heights of the lamp", "light falls in below 20 degrees there")
    fewest_rings: int = limit(6, "by which a fall-off is fitted", "three times its two unknowns")
    shade_tint: float = limit(1.3, "between the channels of a shadow on the ground", LIGHT)
    lit: float = limit(1.5, "times as bright as the rest is the ground near the lamp", LIGHT)
    thing_px: int = limit(7, "at least: a thing's width", WORKING)
    looks: int = limit(6, "frames in which it is looked at", COST)
    above: float = limit(0.4, "of the object's height, from its top: what ends there hangs", LIGHT)


@dataclass(frozen=True)
class Look:
    """One of a few frames of an object that stays: its surfaces, and the object's light there."""

    frame: int
    found: Surfaces
    light: Mask


@once
def looks(evidence: Evidence) -> tuple[Look, ...]:
    """Some frames, spread over those that show the object."""
    limits = evidence.limits(LampLimits)
    scene, frames = evidence.scene, evidence.scene.object.seen
    picked = np.unique(np.linspace(0, len(frames) - 1, limits.looks).round().astype(int))
    seen = []
    for index in (frames[number] for number in picked):
        picture, object_, shown = scene.picture(index), scene.object[index], scene.seen(index)
        found = surfaces(picture, object_, shown, evidence.limits(SurfaceLimits))
        light = shed(picture, found, object_, shown, limits)
        evidence.record("lamp.light", index, light.mean())
        seen.append(Look(index, found, light))
    return tuple(seen)


@once
def light(evidence: Evidence) -> Mask:
    """What the light of an object that stays falls on."""
    return agreed(evidence.scene, [(each.frame, each.light) for each in looks(evidence)])


def find(evidence: Evidence) -> Iterator[Finding]:
    """The light of an object that stays."""
    scene, label, whole = evidence.scene, evidence.scene.object.label, light(evidence)
    if not whole.any():
        return
    why = f"Around the {label} the ground is brighter, or tinted with its colour, and the less"
    why += " so the farther from it, to both sides: its light."
    now = scene.placed((t, whole & scene.seen(t)) for t in scene.object.seen)
    noun = f"light of the {label}"
    sign = Sign(Cue.LIGHT_SHED, chance.against(evidence, light))
    yield Finding(EffectKind.ARTEFACT, Relation.LIGHTS, noun, why, now, (), sign)


def agreed(scene: Scene, shown: Sequence[tuple[int, Mask]]) -> Mask:
    """What most of some frames show. Whether there is any is asked of all of them; where it is, of
    those that show any and in which the spot is in the picture: the rest failed to tell it."""
    votes, views = np.zeros(scene.size, int), np.zeros(scene.size, int)
    showing = [(index, mask) for index, mask in shown if mask.any()]
    for index, mask in showing:
        votes += mask
        views += scene.seen(index)
    if 2 * len(showing) < len(shown):
        return np.zeros(scene.size, bool)
    return np.asarray((votes >= 0.5 * views) & (votes > 0))


@dataclass(frozen=True)
class _Ground:
    """The surface around the object's foot, patterns smoothed away."""

    mask: Mask
    lab: NDArray[np.float32]
    away: NDArray[np.float32]  # from the foot, on the ground, in short sides
    foot_row: int
    foot_column: float


def shed(picture: Picture, found: Surfaces, object_: Mask, seen: Mask, limits: LampLimits) -> Mask:
    """Where the object's light falls; nowhere if it sheds none."""
    nowhere = np.zeros_like(object_)
    ground = _ground(picture, found, object_, limits)
    if ground is None:
        return nowhere
    lit, shines = _tinted(picture, object_, ground, limits), _shines(picture, object_, seen, limits)
    if not lit.any() and shines:
        lit = _lit(
            ground.lab[..., 0], limits.bright, limits.bright_least, ground, limits, shines=True
        )
    if not lit.any():
        return nowhere
    reached = _reached(picture, object_, ground, limits) if shines else nowhere
    lit = reached if reached.any() else lit
    lit |= grown(lit, round(2 * found.limits.calm_px)) & ~ground.mask
    if reached.any():
        return lit & ~_turned_away(picture, reached, ground, limits) & seen & ~object_
    hull = _hull(lit & ground.mask)
    lit |= hull & ~_turned_away(picture, hull, ground, limits)
    around = filled(lit | object_, round(limits.within * min(object_.shape)))
    whole = lit | (around & ~ground.mask)  # what stands in the light, and the shadows in it
    return whole & seen & ~object_


def _ground(picture: Picture, found: Surfaces, object_: Mask, limits: LampLimits) -> _Ground | None:
    box, side = bounding_box(object_), min(object_.shape)
    mask = found.ground
    if not mask.any():
        return None
    low = np.nonzero(object_[box.bottom - max(1, box.height // 7) : box.bottom])[1]
    column = float(low.mean())
    y, x = np.mgrid[: object_.shape[0], : object_.shape[1]].astype(np.float32)
    away = np.hypot(x - column, (y - box.bottom) / limits.flat) / side
    soft = cv2.cvtColor(softened(picture, mask, limits.soft * side), cv2.COLOR_RGB2LAB)
    return _Ground(
        mask, np.asarray(soft, np.float32), np.asarray(away, np.float32), box.bottom, column
    )


def _tinted(picture: Picture, object_: Mask, ground: _Ground, limits: LampLimits) -> Mask:
    """Where the ground takes on the object's hue."""
    mean = picture[object_].mean(axis=0).astype(np.float32).reshape(1, 1, 3)
    own = cv2.cvtColor(mean, cv2.COLOR_RGB2LAB)[0, 0, 1:]
    usual = np.median(ground.lab[ground.mask][:, 1:], axis=0)
    way = own - usual
    strength = float(np.linalg.norm(way))
    if strength < limits.own_chroma:
        return np.zeros_like(object_)
    tint = ((ground.lab[..., 1:] - usual) * (way / strength)).sum(axis=-1)
    return _lit(np.asarray(tint, np.float32), limits.tint, limits.tint_least, ground, limits)


def _lit(
    light: NDArray[np.float32],
    strong: float,
    weak: float,
    ground: _Ground,
    limits: LampLimits,
    *,
    shines: bool = False,
) -> Mask:
    """Where a field is above the surface's usual, if it is light from the object."""
    nowhere = np.zeros_like(ground.mask)
    near = ground.mask & (ground.away < limits.near)
    if near.sum() < 30:
        return nowhere
    base = float(np.percentile(light[ground.mask], limits.base_percent))
    peak = float(np.percentile(light[near], 80)) - base
    distance = np.log(ground.away[ground.mask] + 0.1)
    together = float(np.corrcoef(light[ground.mask], distance)[0, 1])
    plainly = peak > 2 * strong and together < limits.plainly  # though one side may be hidden
    if peak < strong or together > limits.falling_off:
        return nowhere
    if not (plainly and shines) and not _both_sides(light - base, peak, ground, limits):
        return nowhere
    found = ground.mask & (light - base > weak)
    return touching(grown(found, 2), near & found) & found


def _both_sides(
    light: NDArray[np.float32], peak: float, ground: _Ground, limits: LampLimits
) -> bool:
    """Whether the light is less to the left and to the right of the object, at its foot's height:
    ground that is darker towards the back is not lit by it."""
    high = ground.mask.shape[0]
    rows = slice(max(0, ground.foot_row - high // 20), min(high, ground.foot_row + high // 20))
    spots = np.nonzero(ground.mask[rows])
    band, columns = light[rows][spots], spots[1]
    if columns.size < 20:
        return False
    left, right = int(columns.min()), int(columns.max())
    wide = (right - left) // 10
    for side in (columns <= left + wide, columns >= right - wide):
        if float(np.median(band[side])) > (1 - limits.side) * peak:
            return False
    middle = (left + wide < ground.foot_column) and (ground.foot_column < right - wide)
    return bool(middle)


def _shines(picture: Picture, object_: Mask, seen: Mask, limits: LampLimits) -> bool:
    """Whether the object's bright part is the brightest of all."""
    bright = largest(picture)
    own = float(np.percentile(bright[object_], 80))
    rest = bright[seen & ~grown(object_, 3)]
    return own > limits.shines and own > limits.brightest * float(np.percentile(rest, 97))


def _reached(picture: Picture, object_: Mask, ground: _Ground, limits: LampLimits) -> Mask:
    """How far a lamp's light can be measured on the ground, with what lies or stands there."""
    distance = _heights_away(picture, object_, ground, limits)
    rings = (
        np.where(ground.mask, distance / limits.ring, limits.rings)
        .clip(0, limits.rings)
        .astype(int)
    )
    full = (
        np.bincount(rings[ground.mask], minlength=limits.rings)[: limits.rings]
        >= limits.ring_least_px
    )
    numbers = np.flatnonzero(full)
    if numbers.size < limits.fewest_rings:
        return np.zeros_like(ground.mask)
    means = np.array([np.median(picture[rings == number], axis=0) for number in numbers])
    weights = np.sqrt([np.count_nonzero(rings == number) for number in numbers])[:, None]
    falls = 1 / (1 + (limits.ring * (numbers + 0.5)) ** 2)
    design = np.stack([np.ones_like(falls), falls], axis=1)
    strength = float(np.linalg.lstsq(design * weights, means * weights, rcond=None)[0][1].max())
    reach = min(limits.farthest, max(0.0, strength / limits.measured - 1) ** 0.5)
    return _hull(ground.mask & (distance < reach)) & (distance < reach)


def _heights_away(
    picture: Picture, object_: Mask, ground: _Ground, limits: LampLimits
) -> NDArray[np.float32]:
    """How far on the ground each spot is from the lamp's foot, in heights of the lamp."""
    high, wide = object_.shape
    focal = limits.focal * min(high, wide)
    bright = np.nonzero(object_ & (largest(picture) > limits.shines))[0]
    lamp_px = max(1.0, ground.foot_row - float(bright.mean()))
    y, x = np.mgrid[:high, :wide].astype(np.float32)
    below_px = y - (ground.foot_row - limits.flat * focal)  # below the horizon
    scale = limits.flat * focal / np.maximum(below_px, 1)
    away = np.hypot((x - ground.foot_column) * scale, focal * (scale - 1)) / lamp_px
    return np.asarray(away, np.float32)


def _hull(mask: Mask) -> Mask:
    """The ground without holes: seen from above it has no corners that go in."""
    whole = np.zeros(mask.shape, np.uint8)
    spots = cv2.findNonZero(mask.astype(np.uint8))
    if spots is not None:
        cv2.fillConvexPoly(whole, cv2.convexHull(spots), 1)
    return whole > 0


def _turned_away(picture: Picture, reached: Mask, ground: _Ground, limits: LampLimits) -> Mask:
    """What stands nearer than the lamp: it shows the side that the light does not fall on."""
    bright = np.median(picture[ground.mask & reached], axis=0) + 0.02
    ratio = (picture + 0.02) / bright
    like_ground = largest(ratio) < limits.shade_tint * smallest(ratio)  # or a shadow on it
    others = reached & ~ground.mask & ~(like_ground & (largest(ratio) < limits.lit))
    opened = cv2.morphologyEx(
        others.astype(np.uint8),
        cv2.MORPH_OPEN,
        np.ones((limits.thing_px, limits.thing_px), np.uint8),
    )
    _, labels, stats, _ = cv2.connectedComponentsWithStats(opened)
    nearer = stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] > ground.foot_row
    nearer[0] = False
    return np.asarray(nearer[labels])


def unlit(mask: Mask, shed: Mask, object_: Mask, limits: LampLimits) -> Mask:
    """A mask without what stands in the object's light by itself: right below its foot is the
    ground on which that falls."""
    rest = mask & ~shed
    rows = np.flatnonzero(object_.any(axis=1))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(rest.astype(np.uint8))
    for part, (_, top, _, high, _) in enumerate(stats):
        if part == 0 or top + high < rows[0] + limits.above * (rows[-1] - rows[0]):
            continue  # high up: it does not stand
        spots = labels == part
        low = np.zeros_like(spots)
        low[max(0, top + high - 3) : top + high + 4] = True
        if (grown(spots, 4) & low & shed).any():
            rest[spots] = False
    return rest
