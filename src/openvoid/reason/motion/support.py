"""Support: what the object bears or holds, and what would fall without it.

Enters: evidence. Leaves: findings: what hangs together with the object where it stands, with where
that may fall (`statics`); what an object that moves held when the shot began; and what has been put
into or onto one that stays while it stays, told from the object's own look, which stays changed
from a moment on at which something moved at its upper part. Of an object that itself moves, or
changes over and over, that is not told. Knows no shadows: what hangs together with the object and
is one is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np

from openvoid.core.box import bounding_box
from openvoid.core.effects import EffectKind, Relation
from openvoid.reason.motion import (
    chance,
    coupling,
    figure_ground,
    lamp,
    parallax,
    reflection,
    shadow,
)
from openvoid.reason.motion.change import outside
from openvoid.reason.motion.confidence import Cue, Sign
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.falling import FallingLimits, Loss
from openvoid.reason.motion.figure_ground import FigureLimits
from openvoid.reason.motion.limits import COST, HARM, LIME, SUPPORT, Limits, limit
from openvoid.reason.motion.report import Finding
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.reason.motion.shadow import ShadowLimits
from openvoid.reason.motion.statics import StaticsLimits, losses
from openvoid.vision.masks import disc, grown, hanging, largest, tidy


@dataclass(frozen=True)
class SupportLimits(Limits):
    """What an object may bear or hold, and what is put into it."""

    lightest: float = limit(0.015, "of the object: less is a stain of its outline", SUPPORT)
    heaviest: float = limit(1.5, "of an object that moves: it carries nothing larger", SUPPORT)
    vast: float = limit(0.13, "of the picture: an object that stays hardly bears more", HARM)
    left_looks: int = limit(5, "frames after the first", COST)
    same: float = limit(0.05, "of white: no more has changed of what is left behind", SUPPORT)
    held: float = limit(0.3, "of its height: what touches the object higher is held", SUPPORT)
    sways: int = limit(3, "frames: so often what a hand holds is looked for", COST)
    alike: float = limit(1.8, "times as large is the same thing in a hand", SUPPORT)
    mostly: float = limit(0.75, "of the frames show it", SUPPORT)
    # put into it while it stays
    rigid: float = limit(0.92, "intersection over union of silhouettes: it rests", LIME)
    changed: float = limit(0.1, "of white", LIME)
    glitter_share: float = limit(0.015, "of the object: less is glitter", LIME)
    light_share: float = limit(0.6, "of the object: more is light", LIME)
    lasts: float = limit(0.7, "of the frames since: so often it must be there", LIME)
    looks: int = limit(8, "frames that are compared with chance", COST)
    before: int = limit(2, "frames that show the object alone", LIME)


def find_borne(evidence: Evidence) -> Iterator[Finding]:
    """What an object that stays bears, holds or props, and where that may fall."""
    limits = evidence.limits(SupportLimits)
    scene, first = evidence.scene, evidence.scene.object.seen[0]
    lost, swaying = _borne(evidence)
    moves = _moves(evidence, lost)
    if moves.sum() / scene.object[first].sum() > limits.lightest:
        at = _nearest(swaying) if swaying else _fixed(evidence, moves)
        now = ((t, at(t) & scene.seen(t)) for t in range(first, scene.length))
        vast = moves.sum() > limits.vast * moves.size
        cue = Cue.BORNE_VAST if vast else Cue.BORNE
        cue = coupling.cue(evidence, np.any([each.part for each in lost], 0), cue, Cue.BORNE_LOOSE)
        yield _bearing(evidence, now, lost, Sign(cue, chance.against(evidence, _gives_way)))


@once
def _borne(evidence: Evidence) -> tuple[Sequence[Loss], dict[int, Mask]]:
    """What gives way without an object that stays, and what sways in a hand."""
    scene, around = evidence.scene, figure_ground.around(evidence)
    dark, first = shadow.beside(evidence), scene.object.seen[0]
    object_, base = scene.object[first], scene.base_px(first)
    swaying: dict[int, Mask] = {}
    statics = evidence.limits(StaticsLimits)
    image = grown(reflection.image_below(evidence, first), 2)  # hangs together with it as well
    whole = hanging(around.whole & ~dark & ~image, around.reach)
    lost = losses(whole, object_, base, dark, statics)
    if not lost and not lamp.light(evidence).any():  # light would look like things
        swaying = _in_hand(evidence)
        lost = losses(swaying[first] & ~image, object_, base, dark, statics) if swaying else []
        if not lost:
            alike = _like_the_ground(evidence) & ~image
            swaying, lost = {}, losses(alike, object_, base, dark, statics)
    return lost, swaying


def find_carried(evidence: Evidence) -> Iterator[Finding]:
    """What an object that moves held when the shot began: it falls there and then."""
    limits = evidence.limits(SupportLimits)
    lost = _carried(evidence)
    moves = _moves(evidence, lost)
    object_ = evidence.scene.object[evidence.scene.object.seen[0]]
    if limits.lightest < moves.sum() / object_.sum() < limits.heaviest:
        plainly = chance.against(evidence, _drops)
        yield _bearing(evidence, (), lost, Sign(Cue.CARRIED, plainly))


@once
def _carried(evidence: Evidence) -> Sequence[Loss]:
    """What falls that an object held which moves when the shot begins."""
    limits = evidence.limits(SupportLimits)
    scene, whole = evidence.scene, figure_ground.carried(evidence)
    first = scene.object.seen[0]
    object_ = scene.object[first]
    dark = shadow.shaded(scene.picture(first), whole, object_, evidence.limits(ShadowLimits))
    loose = held(
        hanging(whole & ~dark, object_) & ~_left_behind(scene, first, limits), object_, limits
    )
    statics = evidence.limits(StaticsLimits)
    return losses(loose, object_, scene.base_px(first), dark, statics)


def _gives_way(evidence: Evidence) -> Mask:
    """What moves without an object that stays."""
    return _moves(evidence, _borne(evidence)[0])


def _drops(evidence: Evidence) -> Mask:
    """What moves without an object that sets out."""
    return _moves(evidence, _carried(evidence))


def _moves(evidence: Evidence, lost: Sequence[Loss]) -> Mask:
    nothing, falling = np.zeros(evidence.scene.size, bool), evidence.limits(FallingLimits)
    return np.any([nothing, *(each.changes(falling) for each in lost)], axis=0)


def _bearing(
    evidence: Evidence, now: Iterable[tuple[int, Mask]], lost: Sequence[Loss], sign: Sign
) -> Finding:
    """What hangs together with the object, and where it falls."""
    scene, label = evidence.scene, evidence.scene.object.label
    why = f"Right beside the {label}, and hanging together with it, is something that its"
    why += f" surroundings are not; the {label} may bear or hold it, and it would fall without."
    noun, goes = f"what the {label} holds", scene.placed(_falling(evidence, lost))
    relation = Relation.SUPPORTS
    return Finding(EffectKind.PHYSICAL, relation, noun, why, scene.placed(now), goes, sign)


def _falling(evidence: Evidence, lost: Sequence[Loss]) -> Iterator[tuple[int, Mask]]:
    """Where it may be in each frame."""
    scene, first = evidence.scene, evidence.scene.object.seen[0]
    rooms: dict[int, Mask] = {}
    falling = evidence.limits(FallingLimits)
    rests, stays = (
        ceil(falling.rests_s * evidence.rate),
        parallax.stays(evidence),
    )
    for frame in range(first, scene.length):
        since = min(frame - first, rests)
        if since not in rooms:
            at_s = float(since / evidence.rate)
            rooms[since] = np.any([each.at(at_s, falling) for each in lost], axis=0)
        room = parallax.sheared(rooms[since], evidence, frame) if stays else rooms[since]
        yield frame, room & scene.seen(frame)


def _like_the_ground(evidence: Evidence) -> Mask:
    """What differs little from the ground and lies at the object, with what stands out more."""
    scene, figure = evidence.scene, evidence.limits(FigureLimits)
    first = scene.object.seen[0]
    object_ = scene.object[first]
    side = 2 * figure.blur_px + 1  # edges blur as wide
    alike = parallax.agreed(evidence, figure_ground.bounded, figure.key_looks)
    rim = grown(alike, side) & grown(object_, side) & ~object_
    if not rim.any():
        return rim
    other = parallax.agreed(evidence, figure_ground.novel_in, figure.key_looks)
    dark = evidence.limits(ShadowLimits)
    other &= ~shadow.shaded(scene.picture(first), other, object_, dark)
    edges = disc(figure.blur_px)
    joined = cv2.morphologyEx((alike | other | rim).astype(np.uint8), cv2.MORPH_CLOSE, edges) > 0
    return hanging(joined, object_)


def _in_hand(evidence: Evidence) -> dict[int, Mask]:
    """What the object holds up in some frames, if nearly all of them show something like it: a hand
    goes to and fro, and what it holds goes along."""
    limits = evidence.limits(SupportLimits)
    scene, frames = evidence.scene, evidence.scene.object.seen
    shown = {
        t: held(figure_ground.beside(evidence, t), scene.object[t], limits)
        for t in frames[:: limits.sways]
    }
    sizes = np.array([int(each.sum()) for each in shown.values()])
    usual = float(np.median(sizes))
    alike = (sizes > usual / limits.alike) & (sizes < usual * limits.alike) & (sizes > 0)
    return shown if alike[0] and alike.mean() > limits.mostly else {}


def _fixed(evidence: Evidence, mask: Mask) -> Callable[[int], Mask]:
    """What stands, in any frame."""
    whole = grown(mask, 2)
    return lambda frame: parallax.sheared(whole, evidence, frame)


def _nearest(shown: dict[int, Mask]) -> Callable[[int], Mask]:
    """What was seen in the nearest frame looked at."""
    return lambda frame: grown(shown[min(shown, key=lambda each: (abs(each - frame), each))], 3)


def held(mask: Mask, object_: Mask, limits: SupportLimits) -> Mask:
    """The parts of a mask that touch the object above its foot: they would fall without it."""
    box = bounding_box(object_)
    foot = box.bottom - limits.held * box.height
    touching = grown(object_, 6)
    found = np.zeros_like(mask)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    for part in range(1, count):
        rows = np.nonzero((labels == part) & touching)[0]
        if rows.size and float(np.median(rows)) < foot:
            found |= labels == part
    return found


def _left_behind(scene: Scene, first: int, limits: SupportLimits) -> Mask:
    """What looks as in frame `first` after the object has gone: it was never held by it."""
    before = cv2.blur(scene.picture(first), (3, 3))
    later = [index for index in scene.object.seen if index > first]
    picked = np.unique(np.linspace(0, len(later) - 1, limits.left_looks).round().astype(int))
    same, looks = np.zeros(scene.size, int), np.zeros(scene.size, int)
    for number in picked[1:] if later else []:
        index = later[number]
        free = scene.seen(index) & ~grown(scene.object[index], 4)
        off = largest(np.abs(cv2.blur(scene.picture(index), (3, 3)) - before))
        same += free & (off < limits.same)
        looks += free
    return np.asarray((looks > 0) & (same >= 0.5 * looks))


# --- put into it while it stays -----------------------------------------------------------------


def find_contents(evidence: Evidence) -> Iterator[Finding]:
    """What has been put into or onto an object that stays since the shot began."""
    limits = evidence.limits(SupportLimits)
    scene, label, frames = evidence.scene, evidence.scene.object.label, evidence.scene.object.seen
    if len(frames) < 4 * limits.before or not _rigid(scene, limits):
        return
    first = scene.picture(frames[0])
    masks = {index: _inside(scene, first, index, limits) for index in frames[limits.before :]}
    for index, mask in masks.items():
        evidence.record("support.contents", index, mask.mean())
    began = _began(scene, masks, limits)
    if began is None:
        return
    nothing, falling = np.zeros(scene.size, bool), evidence.limits(FallingLimits)
    loss = Loss(masks[began], nothing, None, 0, scene.base_px(frames[0]))
    since = [(t, float((t - began) / evidence.rate)) for t in range(began, scene.length)]
    now = scene.placed(
        (t, grown(masks.get(t, nothing), 2) & scene.seen(t)) for t in range(began, scene.length)
    )
    goes = scene.placed((t, loss.at(at_s, falling) & scene.seen(t)) for t, at_s in since)
    why = f"From frame {began} on the {label}, which stays, looks different inside its outline,"
    why += " after something moved there from above: it bears what was put into it."
    noun = f"what is put into the {label}"
    sign = Sign(Cue.CONTENTS, chance.against(evidence, _ever_inside))
    yield Finding(EffectKind.PHYSICAL, Relation.SUPPORTS, noun, why, now, goes, sign)


def _ever_inside(evidence: Evidence) -> Mask:
    """What differs inside the outline in some of the frames."""
    limits, scene = evidence.limits(SupportLimits), evidence.scene
    first, *later = scene.object.seen
    look, step = scene.picture(first), max(1, len(later) // limits.looks)
    shown = [_inside(scene, look, t, limits) for t in later[::step]]
    return np.any([np.zeros(scene.size, bool), *shown], axis=0)


def _rigid(scene: Scene, limits: SupportLimits) -> bool:
    frames = scene.object.seen
    first = scene.object[frames[0]]
    alike = [
        (first & scene.object[index]).sum() / max(1, (first | scene.object[index]).sum())
        for index in frames[:: max(1, len(frames) // 8)]
    ]
    return min(alike) > limits.rigid


def _inside(scene: Scene, first: Picture, index: int, limits: SupportLimits) -> Mask:
    """Where the object differs from how it looked first, its outline left out."""
    object_ = scene.object[index] & scene.object[scene.object.seen[0]]
    inside = object_ & ~grown(~object_, 3)
    found = tidy(outside(scene.picture(index), first, limits.changed, scene)) & inside
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    if count < 2:
        return np.zeros_like(found)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    share = stats[largest][cv2.CC_STAT_AREA] / max(1, object_.sum())
    good = limits.glitter_share < share < limits.light_share
    return (labels == largest) & good


def _began(scene: Scene, masks: dict[int, Mask], limits: SupportLimits) -> int | None:
    """The frame since which something is there, first in the object's upper part."""
    frames = sorted(masks)
    there = np.array([masks[index].any() for index in frames])
    if not there.any() or there[0]:
        return None
    began = frames[int(there.argmax())]
    rows = np.nonzero(masks[began])[0]
    box = scene.object.box(began)
    if float(np.median(rows)) > (box.top + box.bottom) / 2:
        return None
    return began if there[int(there.argmax()) :].mean() > limits.lasts else None
