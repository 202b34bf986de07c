"""Water: what an object stirs that enters it, or swims in it.

Enters: evidence. Leaves: a finding: the surface that the object goes into, from when on, and, frame
by frame, what there is no longer as it was: waves, the waterline along the rim, what floats in it
with the place that it left, drops around it and the wet patches they leave.

The surface is one of few colours around where the object is seen last, bounded on all sides. It is
water if it swallows a part of the object, or if the object swims in it from the first. Touch
spreads through water: what is not as before anywhere on it is the object's doing (`region_change`),
and so are small spots beyond its rim: drops. Knows no depths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import EffectKind, Relation
from openvoid.reason.motion import unrest
from openvoid.reason.motion.confidence import Cue, Sign
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, WATER, Limits, limit
from openvoid.reason.motion.region_change import Before, Compared, RegionLimits, before
from openvoid.reason.motion.report import Finding, frames_name
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.reason.motion.unrest import CALM
from openvoid.vision.masks import disc, grown, inner


@dataclass(frozen=True)
class WaterLimits(Limits):
    """Which surface is water, and what counts as stirred."""

    ring: float = limit(0.03, "of the short side around the object: its surface", WATER)
    inside: float = limit(0.6, "of the ring must be of the surface", WATER)
    colours: int = limit(3, "of a surface: patterns and glints have several", WATER)
    alike: float = limit(9.0, "CIE L*a*b*: colours of one surface", WATER)
    least: float = limit(0.02, "of the picture: smaller is no pool", WATER)
    most: float = limit(0.4, "of the picture: larger is the ground", WATER)
    bounded: float = limit(0.02, "of its outline may lie at the picture's edge", WATER)
    last: int = limit(3, "frames in which the object is seen last", WATER)
    before: int = limit(5, "frames that tell how it was", COST)
    rim: float = limit(0.035, "of the short side: around the surface", WATER)
    calm_frames: int = limit(3, "by fewer it is not known what stirs beyond the rim", WATER)
    swallowed: float = limit(0.8, "of its size: an object that shows less goes under", WATER)
    soon: int = limit(3, "frames after the entry, and before", WATER)
    looks: int = limit(6, "frames in which it is told whether the surface stirs", COST)
    stirs: float = limit(1.85, "times as restless as before, or as around it: else it waves", CALM)
    gap: float = limit(0.012, "of the short side: gaps between waves", WATER)
    off_px: float = limit(0.45, "a feature of the surface may be off by so much", WATER)
    off_beyond_px: float = limit(1.0, "a feature beyond its rim", WATER)
    hole: int = limit(6, "gaps: smaller holes in what is stirred are filled, squared", WATER)
    drop_share: float = limit(0.0025, "of the picture: a drop", WATER)
    drops_share: float = limit(0.012, "of the picture: all drops; more is something else", WATER)
    beyond: float = limit(0.6, "of the surface's width: how far drops are looked for", WATER)


@dataclass(frozen=True)
class Pool:
    """A surface that the object enters in `frame`, as it was before."""

    frame: int
    whole: Mask  # the surface with what is in it
    inside: Before  # with its rim
    outside: Before | None  # what is farther out, if it is known well enough


@once
def entered(evidence: Evidence) -> Pool | None:
    """The water that the object goes into, or swims in."""
    limits = evidence.limits(WaterLimits)
    found = pool(evidence.scene, limits, evidence.limits(RegionLimits))
    return found if found is not None and wet(evidence.scene, found, limits) else None


def find(evidence: Evidence) -> Iterator[Finding]:
    """What the object stirs in the water."""
    scene, label, found = evidence.scene, evidence.scene.object.label, entered(evidence)
    now = scene.placed(_widened(evidence, found)) if found is not None else ()
    if found is None or not now:
        return
    first, last = min(each.frame for each in now), max(each.frame for each in now)
    why = f"From frame {found.frame} on the {label} is in the water. What is not as it was before"
    why += f" on it and around it in {frames_name([first, last])} its waves and drops have done,"
    why += " and what floats there they have moved."
    noun = f"water around the {label}"
    sign = _sign(evidence, found)
    yield Finding(EffectKind.PHYSICAL, Relation.DISTURBS, noun, why, now, (), sign)


def _sign(evidence: Evidence, found: Pool) -> Sign:
    """How many times as much the surface stirs soon after the entry as before it; or, where there
    is no frame before, as what is around it. Waves that go on anyway are none of the object's."""
    limits, scene = evidence.limits(WaterLimits), evidence.scene
    ends = found.frame, scene.length
    after = range(found.frame + 1, scene.length, max(1, (ends[1] - ends[0]) // limits.looks))
    known = range(max(1, found.frame - limits.looks), found.frame)
    if len(known) >= evidence.limits(unrest.UnrestLimits).fewest:
        stirs = unrest.against(evidence, (found.whole, after), (found.whole, known))
    else:
        wide = int(np.ptp(np.nonzero(found.whole)[1])) + 1
        rim = grown(found.whole, round(limits.rim * scene.scale_px))
        beyond = grown(rim, round(limits.beyond * wide)) & ~rim
        stirs = unrest.against(evidence, (found.whole, after), (beyond, after))
    return Sign(Cue.STIRRED if stirs >= limits.stirs else Cue.STIRRED_VAGUELY, stirs)


def _widened(evidence: Evidence, found: Pool) -> Iterator[tuple[int, Mask]]:
    limits = evidence.limits(WaterLimits)
    for index, mask in stirred(evidence.scene, found, limits):
        evidence.record("water.stirred", index, mask.mean())
        yield index, grown(mask, 1) & evidence.scene.seen(index)


def pool(scene: Scene, limits: WaterLimits, region: RegionLimits) -> Pool | None:
    """What the object goes into, if it does."""
    frames = [t for t in scene.object.seen if not _at_edge(scene, t)]
    if len(frames) < 2:
        return None
    for last in frames[: -limits.last - 1 : -1]:
        colours = _colours(scene, last, limits)
        if colours is None:
            continue
        whole = _surface(scene, last, colours, _ring(scene, last, limits), limits)
        entry = None if whole is None else _entry(scene, frames, whole, limits)
        if whole is None or entry is None:
            continue
        looks = np.linspace(0, max(0, entry - 1), limits.before).round().astype(int)
        earlier = np.unique(looks).tolist()
        whole = _surface(scene, earlier[-1], colours, whole, limits)  # the camera goes round it
        if whole is None:
            continue
        return _pool(scene, entry, whole, earlier, limits, region)
    return None


def _pool(
    scene: Scene,
    entry: int,
    whole: Mask,
    frames: list[int],
    limits: WaterLimits,
    region: RegionLimits,
) -> Pool:
    around = grown(whole, round(limits.rim * scene.scale_px))
    wide = int(np.ptp(np.nonzero(whole)[1])) + 1
    beyond = grown(around, round(limits.beyond * wide)) & ~around
    inside = before(scene, frames, around, region)
    outside = before(scene, frames, beyond, region) if len(frames) >= limits.calm_frames else None
    return Pool(entry, whole, inside, outside)


def wet(scene: Scene, found: Pool, limits: WaterLimits) -> bool:
    """Whether the surface is water: it swallows the object, in part at least, or the object swims
    in it from the first."""
    if found.frame == scene.object.seen[0]:
        return True
    sizes = [int(scene.object[t].sum()) for t in range(scene.length)]
    ahead = max(sizes[max(0, found.frame - limits.soon) : found.frame + 1])
    since = sizes[found.frame + limits.soon : found.frame + 3 * limits.soon] or [ahead]
    return float(np.median(since)) < limits.swallowed * ahead


def stirred(scene: Scene, found: Pool, limits: WaterLimits) -> Iterator[tuple[int, Mask]]:
    """What has changed in each frame, from the entry on."""
    inside = Compared(found.inside, limits.off_px)
    outside = Compared(found.outside, limits.off_beyond_px, calm=True) if found.outside else None
    gap = max(2, round(limits.gap * scene.scale_px))
    for index in range(found.frame, scene.length):
        picture, object_ = scene.picture(index), scene.object[index]
        changed = _whole(inside.changed(picture, object_), gap, limits)
        changed |= grown(changed, 2 * gap) & grown(object_, 2)  # it goes on behind the object
        if outside is not None:
            changed |= _drops(outside.changed(picture, object_), limits)
        yield index, changed & scene.seen(index)


def _inside(scene: Scene, index: int, whole: Mask, limits: WaterLimits) -> bool:
    ring = _ring(scene, index, limits)
    return ring.sum() > 20 and float(whole[ring].mean()) > limits.inside


def _ring(scene: Scene, index: int, limits: WaterLimits) -> Mask:
    """Around the object's lower half."""
    object_ = scene.object[index]
    rows = np.flatnonzero(object_.any(axis=1))
    ring = grown(object_, 3 + round(limits.ring * scene.scale_px)) & ~grown(object_, 2)
    ring[: int(rows[0] + 0.5 * (rows[-1] - rows[0]))] = False
    return ring & scene.seen(index)


def _entry(scene: Scene, frames: list[int], whole: Mask, limits: WaterLimits) -> int | None:
    return next((t for t in frames if _inside(scene, t, whole, limits)), None)


def _lab(scene: Scene, index: int) -> NDArray[np.float32]:
    calm = cv2.GaussianBlur(scene.picture(index), (5, 5), 0)
    return np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)


def _colours(scene: Scene, index: int, limits: WaterLimits) -> list[NDArray[np.float32]] | None:
    """A few colours around the object."""
    ring = _ring(scene, index, limits)
    if ring.sum() < 20:
        return None
    spots = _lab(scene, index)[ring]
    parts = np.array_split(spots[np.argsort(spots[:, 0], kind="stable")], limits.colours)
    return [np.median(part, axis=0).astype(np.float32) for part in parts]


def _surface(
    scene: Scene, index: int, colours: list[NDArray[np.float32]], where: Mask, limits: WaterLimits
) -> Mask | None:
    """What has those colours about `where` and is bounded, with what is in it."""
    lab, seen = _lab(scene, index), scene.seen(index)
    off = np.min([np.linalg.norm(lab - colour, axis=-1) for colour in colours], axis=0)
    alike = (off < limits.alike) & seen
    alike = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    _, labels = cv2.connectedComponents(alike.astype(np.uint8))
    numbers = np.bincount(labels[where & alike], minlength=1)
    if numbers.size < 2 or numbers[1:].sum() == 0:
        return None
    part = labels == int(np.argmax(numbers[1:]) + 1)
    edge = seen & ~inner(seen)
    if (part & edge).sum() > limits.bounded * (grown(part, 1) & ~part).sum():
        return None
    contours, _ = cv2.findContours(part.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(scene.size, np.uint8)
    cv2.fillConvexPoly(whole, cv2.convexHull(max(contours, key=cv2.contourArea)), 1)
    share = float(whole.mean())
    return whole > 0 if limits.least < share < limits.most else None


def _at_edge(scene: Scene, index: int) -> bool:
    seen = scene.seen(index)
    return bool((scene.object[index] & seen & ~inner(seen)).any())


def _whole(mask: Mask, gap_px: int, limits: WaterLimits) -> Mask:
    """Gaps and small holes filled."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc(gap_px))
    _, labels, stats, _ = cv2.connectedComponentsWithStats((closed == 0).astype(np.uint8))
    small = stats[:, cv2.CC_STAT_AREA] < (limits.hole * gap_px) ** 2
    small[0] = True
    return np.asarray(small[labels])


def _drops(mask: Mask, limits: WaterLimits) -> Mask:
    """Small spots; where there are too many it is something else that changes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    small = stats[:, cv2.CC_STAT_AREA] < limits.drop_share * mask.size
    small[0] = False
    found = np.asarray(small[labels])
    return found if found.mean() < limits.drops_share else np.zeros_like(found)
