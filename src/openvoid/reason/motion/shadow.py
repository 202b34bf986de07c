"""Shadow: where less light falls because of the object; all that decides it, and all that tells it.

Enters: evidence. Leaves: findings. A shadow is told in four ways, each in the light it is seen by:

- `find_along`: of what moves, by what keeps its place beside it, whatever lies behind: the
  background, darker or brighter in all channels, more than chance would have it (`covariation`);
- `find_cast`: of what stays, from single pictures: a surface at its foot that is the ground over
  again, darker by about the same factor in all channels (the ratio of shadow removal), as dark all
  over, so that it ends at an edge, however long it is;
- `find_beside`: of what stays and of what hangs together with it: the border's colours, only
  darker;
- `find_contact`: right below the foot a row is not as to both sides. It may also be an image.

Where a lamp lights the ground its own shadow lies in that light, and what else is dark is not lit
by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.core.effects import EffectKind, Relation
from openvoid.core.track import Track
from openvoid.reason.motion import chance, coupling, covariation, figure_ground, lamp, parallax
from openvoid.reason.motion.confidence import Cue, Sign
from openvoid.reason.motion.covariation import CovariationLimits, Following, Region
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.figure_ground import rim_of
from openvoid.reason.motion.limits import COST, LIGHT, LIME, SUPPORT, Limits, limit
from openvoid.reason.motion.report import Finding, frames_name
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.reason.motion.surfaces import Surfaces
from openvoid.vision.masks import grown, hanging, inner, opened
from openvoid.vision.neighbours import nearest


@dataclass(frozen=True)
class ShadowLimits(Limits):
    """What is dark because of the object, and what is only dark."""

    # the ground over again
    darker: float = limit(0.93, "of the ground's brightness: a shadow has less", LIGHT)
    darkest: float = limit(0.3, "of the ground's brightness: the sky still lights it", LIGHT)
    same_hue: float = limit(0.45, "between channels: a sky's light is bluer than the sun's", LIGHT)
    beside_px: int = limit(14, "ground is compared that far from it", LIGHT)
    largest: float = limit(2.5, "of the object: more is a surface of its own", LIGHT)
    enclosed: float = limit(0.7, "of what lies around it is ground", LIGHT)
    least: float = limit(0.01, "of the object", LIGHT)
    foot: float = limit(0.3, "of its height: a shadow begins at the foot", LIGHT)
    small: float = limit(0.5, "of the object: a larger one must be joined to it", LIGHT)
    joined: float = limit(0.035, "of its outline is at the object, or it is another's", LIGHT)
    next_px: int = limit(14, "surfaces end so far from what they are beside", LIGHT)
    # the border's colours, darker
    border: float = limit(0.09, "of each side: the band with the background's colours", SUPPORT)
    samples: int = limit(2500, "of the border's colours", COST)
    chroma: float = limit(250.0, "that a full change of chromaticity counts as", SUPPORT)
    same_chroma: float = limit(6.0, "chromaticities nearer than this are the same", SUPPORT)
    flat: float = limit(0.35, "of the height of it all: none is longer down the picture", SUPPORT)
    ground: float = limit(0.35, "of the height of it all: nor as high above the foot", SUPPORT)
    # right below the foot
    deep: float = limit(0.6, "of the object's height: how far below it is looked", LIME)
    beneath: float = limit(2.5, "L*a*b*: about the least difference an eye sees", LIME)
    scrap: float = limit(0.04, "of the object: less below its foot is nothing", LIME)
    largest_below: float = limit(0.6, "of the object: more below its foot is the floor", LIME)
    often: float = limit(0.4, "of the frames must show it", LIME)
    key_looks: int = limit(4, "frames in which an object that stays is looked at", COST)


# --- along with the object ----------------------------------------------------------------------


@once
def going_along(evidence: Evidence) -> Track:
    """Light and shade that go with the object, frame by frame."""
    return Track.of("light", _explained(evidence, _regions(evidence)))


def find_along(evidence: Evidence) -> Iterator[Finding]:
    """Shadow, and light, that go with the object."""
    for dark in (True, False):
        regions = tuple(each for each in _regions(evidence) if (each.sign < 0) is dark)
        if regions:
            yield _along(evidence, regions, dark)


def _along(evidence: Evidence, regions: tuple[Region, ...], dark: bool) -> Finding:
    scene, label = evidence.scene, evidence.scene.object.label
    masks = list(enumerate(_explained(evidence, regions)))
    frames = [index for index, mask in masks if mask.any()]
    what, noun = ("darker", "shadow") if dark else ("brighter or tinted", "light")
    when = frames_name(frames or scene.object.seen)
    why = f"In {when} what lies beside the {label} is {what}, and"
    why += f" that moves along with it, {_plainly(regions)} chance."
    now = scene.placed((index, mask & scene.seen(index)) for index, mask in masks)
    relation = Relation.CASTS if dark else Relation.LIGHTS
    cue = Cue.ALONG if scene.locked else Cue.ALONG_PANNED
    sign = Sign(cue, max(each.contrast for each in regions))
    return Finding(EffectKind.ARTEFACT, relation, f"{noun} of the {label}", why, now, (), sign)


def _plainly(regions: tuple[Region, ...]) -> str:
    heaviest = max(regions, key=lambda each: each.contrast)
    if heaviest.null == 0:
        return "which never comes about by"
    return f"{heaviest.mass / heaviest.null:.1f} times as plainly as anything by"


def _regions(evidence: Evidence) -> tuple[Region, ...]:
    """What goes with the object and may be light."""
    limits = evidence.limits(CovariationLimits)
    found = covariation.along(evidence).regions
    return tuple(each for each in found if each.sign and each.like > limits.light)


def _explained(evidence: Evidence, regions: tuple[Region, ...]) -> Iterator[Mask]:
    """What of each frame some regions explain."""
    scene, limits = evidence.scene, evidence.limits(CovariationLimits)
    found: Following = replace(covariation.along(evidence), regions=regions)
    for index in range(scene.length):
        if not regions or index not in found.path:
            yield np.zeros(scene.size, bool)
        else:
            yield found.mask(scene, covariation.ratio(evidence, index), index, limits)


# --- on the ground over again, darker -----------------------------------------------------------


@once
def cast(evidence: Evidence) -> Mask:
    """The shadow of an object that stays, by the ground at its foot, in most of a few frames."""
    scene, limits, shown = evidence.scene, evidence.limits(ShadowLimits), []
    for look in lamp.looks(evidence):
        picture, object_ = scene.picture(look.frame), scene.object[look.frame]
        lit = bool(look.light.any())
        mask = np.zeros_like(object_) if lit else cast_shadow(picture, look.found, object_, limits)
        evidence.record("shadow.cast", look.frame, mask.mean())
        shown.append((look.frame, mask))
    return lamp.agreed(scene, shown)


def find_cast(evidence: Evidence) -> Iterator[Finding]:
    """The shadow of an object that stays, by the ground at its foot."""
    scene, whole = evidence.scene, cast(evidence)
    if whole.any():
        why = f"At the foot of the {scene.object.label} the ground is darker by the same factor in"
        why += " all colours, up to an edge: its shadow."
        yield _shadow(scene, whole, why, Sign(Cue.SHADE_CAST, chance.against(evidence, cast)))


def cast_shadow(picture: Picture, found: Surfaces, object_: Mask, limits: ShadowLimits) -> Mask:
    """Where the object's shadow lies on the ground; nowhere if it is not seen to."""
    whole = np.zeros_like(object_)
    ground = found.ground
    if not ground.any():
        return whole
    box, area = bounding_box(object_), int(object_.sum())
    foot = found.ring.copy()
    foot[: box.bottom - round(limits.foot * box.height)] = False
    for number in found.touching:
        part = found.labels == number
        if not limits.least * area < found.sizes[number] < limits.largest * area:
            continue
        around = (
            grown(part, round(2 * found.limits.calm_px) + limits.beside_px)
            & (found.labels > 0)
            & ~part
        )
        if float((ground & around).sum()) < limits.enclosed * around.sum():
            continue  # it is behind the ground, not on it
        joined = found.sizes[number] < limits.small * area or _joined(part, object_, limits)
        if joined and (part & foot).any() and _darker(picture, part, ground & around, limits):
            whole |= part
    if not whole.any():
        return whole
    edge = (found.labels == 0) & ~object_
    return (whole | (grown(whole, round(1.5 * found.limits.calm_px)) & edge)) & ~object_


def _joined(part: Mask, object_: Mask, limits: ShadowLimits) -> bool:
    """Whether enough of a region's outline is at the object."""
    around = grown(part, limits.next_px) & ~part
    return int((around & object_).sum()) > limits.joined * around.sum()


def _darker(picture: Picture, part: Mask, beside: Mask, limits: ShadowLimits) -> bool:
    """Whether a region is the ground beside it in less light."""
    if beside.sum() < 20:
        return False
    ratio = _mean(picture, part) / _mean(picture, beside)
    lawful = float(ratio.min()) > limits.darkest and float(ratio.max()) < limits.darker
    return lawful and float(ratio.max() - ratio.min()) < limits.same_hue


def _mean(picture: Picture, where: Mask) -> NDArray[np.float64]:
    return np.asarray(cv2.mean(picture, where.astype(np.uint8))[:3]) + 0.02


# --- the border's colours, darker ---------------------------------------------------------------


@once
def beside(evidence: Evidence) -> Mask:
    """What may be shadow among what hangs together with an object that stays."""
    limits, found = evidence.limits(ShadowLimits), figure_ground.around(evidence)
    scene, first = evidence.scene, evidence.scene.object.seen[0]
    picture, object_ = scene.picture(first), scene.object[first]
    dark = shaded(picture, found.whole, object_, limits)
    return dark | shaded(picture, found.soft & ~found.whole, object_, limits)


def _lasting(evidence: Evidence, dark: Mask) -> Mask:
    """What of it is dark in most of a few frames: what only comes by is no shadow of it."""
    scene, limits = evidence.scene, evidence.limits(ShadowLimits)

    def still_dark(evidence: Evidence, index: int) -> Mask:
        there = parallax.sheared(dark, evidence, index) & scene.seen(index)
        return shaded(scene.picture(index), there, scene.object[index], limits)

    return dark & parallax.agreed(evidence, still_dark, limits.key_looks) if dark.any() else dark


def find_beside(evidence: Evidence) -> Iterator[Finding]:
    """Shadows among what hangs together with an object that stays, unless it is a lamp."""
    scene, dark = evidence.scene, _lasting(evidence, beside(evidence))
    if dark.any() and not lamp.light(evidence).any():
        why = f"The ground beside the {scene.object.label} is of its hue farther out, but darker."
        cue = coupling.cue(evidence, dark, Cue.SHADE_BESIDE, Cue.SHADE_STILL)
        yield _shadow(scene, grown(dark, 2), why, Sign(cue, chance.against(evidence, beside)))


def _shadow(scene: Scene, whole: Mask, why: str, sign: Sign) -> Finding:
    """What lies in the same place as long as the object is seen."""
    now = scene.placed((t, whole & scene.seen(t)) for t in scene.object.seen)
    noun = f"shadow of the {scene.object.label}"
    return Finding(EffectKind.ARTEFACT, Relation.CASTS, noun, why, now, (), sign)


def shaded(picture: Picture, mask: Mask, object_: Mask, limits: ShadowLimits) -> Mask:
    """The parts of a mask that are the border's colours, only darker: shadows."""
    calm = cv2.GaussianBlur(picture, (5, 5), 0) + np.float32(0.02)
    total = calm.sum(axis=-1)
    chroma = calm[..., :2] / total[..., None]
    rows = np.arange(mask.shape[0], dtype=np.float32)[:, None] / min(mask.shape)
    height = np.broadcast_to(rows, mask.shape)
    rim = rim_of(np.ones_like(mask), limits.border) & ~object_ & ~mask
    if not mask.any() or rim.sum() < 50:
        return np.zeros_like(mask)
    spots = np.c_[limits.chroma * chroma[mask], 40 * height[mask]].astype(np.float32)
    around = np.c_[limits.chroma * chroma[rim], 40 * height[rim], total[rim]].astype(np.float32)
    around = around[:: max(1, len(around) // limits.samples)]
    off, which = nearest(spots, around[:, :3])
    brightness = around[which, 3]
    found = np.zeros_like(mask)
    found[mask] = (off < limits.same_chroma) & (total[mask] < 0.9 * brightness)
    return _lying(opened(found), object_, mask, limits)


def _lying(mask: Mask, object_: Mask, whole: Mask, limits: ShadowLimits) -> Mask:
    """The parts of a mask that may lie on the ground: what is high up or upright is no shadow."""
    foot = bounding_box(object_).bottom
    tall = foot - min(bounding_box(object_).top, bounding_box(whole).top)
    side = max(3, round(limits.flat * tall)) | 1
    upright = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, 1), np.uint8))
    flat = mask & (upright == 0)
    _, labels, _, centres = cv2.connectedComponentsWithStats(flat.astype(np.uint8))
    low = np.flatnonzero(centres[:, 1] > foot - limits.ground * tall)
    return opened(np.isin(labels, low[low > 0]))


# --- right below the foot -----------------------------------------------------------------------


@once
def below_foot(evidence: Evidence) -> Mask:
    """What most of a few frames show right below the foot of an object that stays."""
    return parallax.agreed(evidence, _below, evidence.limits(ShadowLimits).key_looks)


def find_contact(evidence: Evidence) -> Iterator[Finding]:
    """What is right below the foot of an object that stays, where no other light is known."""
    limits = evidence.limits(ShadowLimits)
    scene, label, light = evidence.scene, evidence.scene.object.label, going_along(evidence)
    frames, found = scene.object.seen, []
    for index in frames:
        mask = below_foot(evidence) & ~grown(light[index], 2)
        evidence.record("shadow.contact", index, mask.mean())
        if mask.sum() > limits.scrap * scene.object[index].sum():
            found.append((index, grown(mask, 2) & scene.seen(index)))
    if len(found) < limits.often * len(frames):
        return
    why = f"In {frames_name([index for index, _ in found])} the ground right below the {label} is"
    why += " not as it is to both sides: a contact shadow, or its image in the floor."
    now, noun = scene.placed(found), f"contact shadow of the {label}"
    cue = coupling.cue(evidence, below_foot(evidence), Cue.SHADE_CONTACT, Cue.SHADE_STILL)
    told = Sign(cue, chance.against(evidence, below_foot))
    yield Finding(EffectKind.ARTEFACT, Relation.CASTS, noun, why, now, (), told)


def _below(evidence: Evidence, index: int) -> Mask:
    scene, limits = evidence.scene, evidence.limits(ShadowLimits)
    object_, seen = scene.object[index], scene.seen(index)
    nowhere = np.zeros(scene.size, bool)
    rows = np.flatnonzero(object_.any(axis=1))
    if rows.size == 0 or (object_[rows[0]] & ~inner(seen)[rows[0]]).any():
        return nowhere  # it comes in from above: it does not stand
    found = beneath(scene.picture(index), object_, seen, limits)
    return found if found.sum() < limits.largest_below * object_.sum() else nowhere


def beneath(picture: Picture, object_: Mask, seen: Mask, limits: ShadowLimits) -> Mask:
    """Below the object's foot, where a row is not as it is to both sides: image or contact shadow.

    A row's own colours beside the object are the reference, so that no model of the floor is
    needed; what differs no more than those do among themselves is the floor's pattern.
    """
    box = bounding_box(object_)
    found = np.zeros_like(object_)
    high, wide = object_.shape
    top, bottom = (
        box.bottom - round(0.12 * box.height),
        box.bottom + round(limits.deep * box.height),
    )
    top, bottom = max(0, top), min(high, bottom)
    feet = np.flatnonzero(object_[max(0, box.bottom - box.height // 4) : box.bottom].any(axis=0))
    if bottom - top < 4 or feet.size == 0:
        return found
    foot = int(feet[-1] - feet[0]) + 1
    left, right = int(feet[0] - 0.25 * foot) - 3, int(feet[-1] + 0.25 * foot) + 4
    aside = max(8, foot)
    columns = np.arange(max(0, left - aside), min(wide, right + aside))
    calm = cv2.GaussianBlur(picture[top:bottom, columns], (7, 7), 0)
    lab = cv2.cvtColor(calm, cv2.COLOR_RGB2LAB)
    beside = (columns < left) | (columns >= right)
    if beside.sum() < 8 or beside.all():
        return found
    usual = np.median(lab[:, beside], axis=1, keepdims=True)
    off = np.linalg.norm(lab - usual, axis=-1)
    spread = np.percentile(off[:, beside], 75, axis=1)
    limit = np.maximum(limits.beneath, 1.5 * cv2.blur(spread[:, None], (1, 9)))
    found[top:bottom, columns] = (off > limit) & ~beside
    found &= seen & ~object_
    return hanging(opened(found), object_)
