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
from math import ceil

import cv2
import numpy as np

from openvoid.core.box import bounding_box
from openvoid.core.effects import EffectKind, Relation
from openvoid.reason.motion import figure_ground, lamp, parallax, shadow
from openvoid.reason.motion.change import outside
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.report import Finding
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.reason.motion.statics import RESTS_S, Loss, losses
from openvoid.vision.masks import disc, grown, hanging, tidy

LIGHTEST = 0.015  # of the object: less is a stain of its outline
HEAVIEST = 1.5  # of an object that moves: it carries nothing that is larger
LEFT_LOOKS, SAME = 5, 0.05  # frames after the first; of white: no more has changed
HELD = 0.3  # of its height: a thing that touches the object higher than that is held by it
SWAYS = 3  # frames: so often what a hand holds is looked for
ALIKE, MOSTLY = 1.8, 0.75  # times as large; of the frames: as many show it

RIGID = 0.92  # intersection over union of the object's silhouettes: it does not move itself
CHANGED = 0.1  # of white
GLITTER_SHARE = 0.015  # of the object: less is glitter
LIGHT_SHARE = 0.6  # of the object: more is light
LASTS = 0.7  # of the frames since: so often it must be there
BEFORE = 2  # frames that show the object alone


def find_borne(evidence: Evidence) -> Iterator[Finding]:
    """What an object that stays bears, holds or props, and where that may fall."""
    scene, around = evidence.scene, figure_ground.around(evidence)
    dark, first = shadow.beside(evidence), scene.object.seen[0]
    object_, base = scene.object[first], scene.base_px(first)
    swaying: dict[int, Mask] = {}
    lost = losses(hanging(around.whole & ~dark, around.reach), object_, base, dark)
    if not lost and not lamp.light(evidence).any():  # light would look like things
        swaying = _in_hand(scene)
        lost = losses(swaying[first], object_, base, dark) if swaying else []
        if not lost:
            swaying, lost = {}, losses(_like_the_ground(scene), object_, base, dark)
    moves = _moves(scene, lost)
    if moves.sum() / object_.sum() > LIGHTEST:
        at = _nearest(swaying) if swaying else _fixed(scene, moves)
        now = ((t, at(t) & scene.seen(t)) for t in range(first, scene.length))
        yield _bearing(evidence, now, lost)


def find_carried(evidence: Evidence) -> Iterator[Finding]:
    """What an object that moves held when the shot began: it falls there and then."""
    scene, whole = evidence.scene, figure_ground.carried(evidence)
    first = scene.object.seen[0]
    object_ = scene.object[first]
    dark = shadow.shaded(scene.picture(first), whole, object_)
    loose = held(hanging(whole & ~dark, object_) & ~_left_behind(scene, first), object_)
    lost = losses(loose, object_, scene.base_px(first), dark)
    if LIGHTEST < _moves(scene, lost).sum() / object_.sum() < HEAVIEST:
        yield _bearing(evidence, (), lost)


def _moves(scene: Scene, lost: Sequence[Loss]) -> Mask:
    return np.any([np.zeros(scene.size, bool), *(each.changes() for each in lost)], axis=0)


def _bearing(evidence: Evidence, now: Iterable[tuple[int, Mask]], lost: Sequence[Loss]) -> Finding:
    """What hangs together with the object, and where it falls."""
    scene, label = evidence.scene, evidence.scene.object.label
    why = f"Right beside the {label}, and hanging together with it, is something that its"
    why += f" surroundings are not; the {label} may bear or hold it, and it would fall without."
    noun, goes = f"what the {label} holds", scene.placed(_falling(evidence, lost))
    relation = Relation.SUPPORTS
    return Finding(EffectKind.PHYSICAL, relation, noun, why, scene.placed(now), goes, 0.4)


def _falling(evidence: Evidence, lost: Sequence[Loss]) -> Iterator[tuple[int, Mask]]:
    """Where it may be in each frame."""
    scene, first = evidence.scene, evidence.scene.object.seen[0]
    rooms: dict[int, Mask] = {}
    rests, stays = ceil(RESTS_S * evidence.rate), parallax.stays(evidence)
    for frame in range(first, scene.length):
        since = min(frame - first, rests)
        if since not in rooms:
            at_s = float(since / evidence.rate)
            rooms[since] = np.any([each.at(at_s) for each in lost], axis=0)
        room = parallax.sheared(rooms[since], scene, frame) if stays else rooms[since]
        yield frame, room & scene.seen(frame)


def _like_the_ground(scene: Scene) -> Mask:
    """What differs little from the ground and lies at the object, with what stands out more."""
    first = scene.object.seen[0]
    object_ = scene.object[first]
    side = 2 * figure_ground.BLUR_PX + 1  # edges blur as wide
    alike = parallax.agreed(scene, figure_ground.bounded, figure_ground.KEY_LOOKS)
    rim = grown(alike, side) & grown(object_, side) & ~object_
    if not rim.any():
        return rim
    other = parallax.agreed(scene, figure_ground.novel_in, figure_ground.KEY_LOOKS)
    other &= ~shadow.shaded(scene.picture(first), other, object_)
    edges = disc(side // 2)
    joined = cv2.morphologyEx((alike | other | rim).astype(np.uint8), cv2.MORPH_CLOSE, edges) > 0
    return hanging(joined, object_)


def _in_hand(scene: Scene) -> dict[int, Mask]:
    """What the object holds up in some frames, if nearly all of them show something like it: a hand
    goes to and fro, and what it holds goes along."""
    frames = scene.object.seen
    shown = {t: held(figure_ground.beside(scene, t), scene.object[t]) for t in frames[::SWAYS]}
    sizes = np.array([int(each.sum()) for each in shown.values()])
    usual = float(np.median(sizes))
    alike = (sizes > usual / ALIKE) & (sizes < usual * ALIKE) & (sizes > 0)
    return shown if alike[0] and alike.mean() > MOSTLY else {}


def _fixed(scene: Scene, mask: Mask) -> Callable[[int], Mask]:
    """What stands, in any frame."""
    whole = grown(mask, 2)
    return lambda frame: parallax.sheared(whole, scene, frame)


def _nearest(shown: dict[int, Mask]) -> Callable[[int], Mask]:
    """What was seen in the nearest frame looked at."""
    return lambda frame: grown(shown[min(shown, key=lambda each: (abs(each - frame), each))], 3)


def held(mask: Mask, object_: Mask) -> Mask:
    """The parts of a mask that touch the object above its foot: they would fall without it."""
    box = bounding_box(object_)
    foot = box.bottom - HELD * box.height
    touching = grown(object_, 6)
    found = np.zeros_like(mask)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    for part in range(1, count):
        rows = np.nonzero((labels == part) & touching)[0]
        if rows.size and float(np.median(rows)) < foot:
            found |= labels == part
    return found


def _left_behind(scene: Scene, first: int) -> Mask:
    """What looks as in frame `first` after the object has gone: it was never held by it."""
    before = cv2.blur(scene.picture(first), (3, 3))
    later = [index for index in scene.object.seen if index > first]
    picked = np.unique(np.linspace(0, len(later) - 1, LEFT_LOOKS).round().astype(int))
    same, looks = np.zeros(scene.size, int), np.zeros(scene.size, int)
    for number in picked[1:] if later else []:
        index = later[number]
        free = scene.seen(index) & ~grown(scene.object[index], 4)
        off = np.abs(cv2.blur(scene.picture(index), (3, 3)) - before).max(axis=-1)
        same += free & (off < SAME)
        looks += free
    return np.asarray((looks > 0) & (same >= 0.5 * looks))


# --- put into it while it stays -----------------------------------------------------------------


def find_contents(evidence: Evidence) -> Iterator[Finding]:
    """What has been put into or onto an object that stays since the shot began."""
    scene, label, frames = evidence.scene, evidence.scene.object.label, evidence.scene.object.seen
    if len(frames) < 4 * BEFORE or not _rigid(scene):
        return
    first = scene.picture(frames[0])
    masks = {index: _inside(scene, first, index) for index in frames[BEFORE:]}
    for index, mask in masks.items():
        evidence.record("support.contents", index, mask.mean())
    began = _began(scene, masks)
    if began is None:
        return
    nothing = np.zeros(scene.size, bool)
    loss = Loss(masks[began], nothing, None, 0, scene.base_px(frames[0]))
    since = [(t, float((t - began) / evidence.rate)) for t in range(began, scene.length)]
    now = scene.placed(
        (t, grown(masks.get(t, nothing), 2) & scene.seen(t)) for t in range(began, scene.length)
    )
    goes = scene.placed((t, loss.at(at_s) & scene.seen(t)) for t, at_s in since)
    why = f"From frame {began} on the {label}, which stays, looks different inside its outline,"
    why += " after something moved there from above: it bears what was put into it."
    noun = f"what is put into the {label}"
    yield Finding(EffectKind.PHYSICAL, Relation.SUPPORTS, noun, why, now, goes, 0.4)


def _rigid(scene: Scene) -> bool:
    frames = scene.object.seen
    first = scene.object[frames[0]]
    alike = [
        (first & scene.object[index]).sum() / max(1, (first | scene.object[index]).sum())
        for index in frames[:: max(1, len(frames) // 8)]
    ]
    return min(alike) > RIGID


def _inside(scene: Scene, first: Picture, index: int) -> Mask:
    """Where the object differs from how it looked first, its outline left out."""
    object_ = scene.object[index] & scene.object[scene.object.seen[0]]
    inside = object_ & ~grown(~object_, 3)
    found = tidy(outside(scene.picture(index), first, CHANGED, scene)) & inside
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8))
    if count < 2:
        return np.zeros_like(found)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    share = stats[largest][cv2.CC_STAT_AREA] / max(1, object_.sum())
    good = GLITTER_SHARE < share < LIGHT_SHARE
    return (labels == largest) & good


def _began(scene: Scene, masks: dict[int, Mask]) -> int | None:
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
    return began if there[int(there.argmax()) :].mean() > LASTS else None
