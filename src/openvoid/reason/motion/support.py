"""Around: what hangs together with the object where it stands, as effects.

Enters: a scene. Leaves: for an object that stays what it bears, holds or leans on, with where that
may fall, and its contact shadow; for any object what it held when the shot
began, and its image right below. All of it is told from single pictures (`standing`, `still`): less
sure than what motion tells, so a part counts that most of a few frames show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from math import ceil

import cv2
import numpy as np

from openvoid.core.effects import Effect, EffectKind, Place
from openvoid.core.track import Track
from openvoid.reason.motion import cast, figure_ground, parallax, still
from openvoid.reason.motion import collision as courses
from openvoid.reason.motion.impact import landing, shaken
from openvoid.reason.motion.naming import frames_name
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.reason.motion.statics import RESTS_S, Loss, losses
from openvoid.vision.masks import grown, hanging, inner

KEY_LOOKS = 4  # frames in which an object that stays is looked around
LIGHTEST = 0.015  # of the object: less is a stain of its outline
HEAVIEST = 1.5  # of an object that moves: it carries nothing that is larger
LEFT_LOOKS, SAME = 5, 0.05  # frames after the first; of white: no more has changed
SCRAP = 0.04  # of the object: less below its foot is nothing
LARGEST = 0.6  # of the object: more below its foot is the floor
TURNS = 0.04  # of the short side: so far outlines go as the camera travels around a thing
OFTEN = 0.4  # of the frames must show it
SWAYS = 3  # frames: so often what a hand holds is looked for
ALIKE, MOSTLY = 1.8, 0.75  # times as large; of the frames: as many show it
MOST_SHARE = 0.3  # of the picture: what is larger is the background


def held(
    scene: Scene, stays: bool, rate: Fraction, shed: Mask | None = None, *, paths: bool = True
) -> Iterator[Effect]:
    """What the object bears or holds. Of one that moves: what it held when the shot began. Where
    its light or image is (`shed`) is no thing."""
    first, known = scene.object.seen[0], shed is not None and bool(shed.any())
    object_, base = scene.object[first], courses.base_px(scene, first)
    things, dark = _beside(scene, stays, shed if known else None)
    if stays and dark.any() and not known:
        yield _artefact(scene, dark, f"shadow of the {scene.object.label}")
    loose = things if stays else still.held(things & ~_left_behind(scene, first), object_)
    lost = losses(loose, object_, base, dark)
    swaying: dict[int, Mask] = {}
    if stays and not lost and not known:  # light would look like things
        swaying = _in_hand(scene)
        lost = losses(swaying[first], object_, base, dark) if swaying else []
        if not lost:
            swaying, lost = {}, losses(_like_the_ground(scene), object_, base, dark)
    if not lost:
        return
    moves = np.any([each.changes() for each in lost], axis=0)
    heaviest = np.inf if stays else HEAVIEST
    if LIGHTEST < moves.sum() / object_.sum() < heaviest:
        at = _nearest(swaying) if swaying else _fixed(scene, moves)
        yield _bearing(scene, at if stays else None, lost, rate, paths)


def _beside(scene: Scene, stays: bool, shed: Mask | None) -> tuple[Mask, Mask]:
    """Things that hang together with the object, and shadows that do; in the first frame."""
    first, looks = scene.object.seen[0], KEY_LOOKS if stays else 1
    object_, picture = scene.object[first], scene.picture(first)
    reach = _agreed(scene, _own, looks, least=0.0) | object_  # hands sway: one touch is enough
    novel = _shown(scene, _novel, looks)
    sharp = [(_sharp(scene, mask, index), index) for mask, index in novel]
    whole = hanging(_shaped(scene, sharp), reach)
    if stays:
        whole |= _shaped(scene, _shown(scene, _novel_beside, looks)) & ~object_
    if shed is not None:
        whole = cast.unlit(whole, shed, object_)
    if whole.mean() > MOST_SHARE:
        return np.zeros_like(whole), np.zeros_like(whole)
    dark = figure_ground.shaded(picture, whole, object_)
    if stays and shed is None:  # a shadow's rim may be soft, a thing's is not
        soft = hanging(_voted(scene, novel), object_)
        dark |= figure_ground.shaded(picture, soft & ~whole, object_)
    return hanging(whole & ~dark, reach), dark


def _like_the_ground(scene: Scene) -> Mask:
    """What differs little from the ground and lies at the object, with what stands out more."""
    first = scene.object.seen[0]
    object_ = scene.object[first]
    side = 2 * still.BLUR_PX + 1  # edges blur as wide
    alike = _agreed(scene, still.bounded, KEY_LOOKS)
    rim = grown(alike, side) & grown(object_, side) & ~object_
    if not rim.any():
        return rim
    other = _agreed(scene, _novel, KEY_LOOKS)
    other &= ~figure_ground.shaded(scene.picture(first), other, object_)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    joined = cv2.morphologyEx((alike | other | rim).astype(np.uint8), cv2.MORPH_CLOSE, disc) > 0
    return hanging(joined, object_)


def _in_hand(scene: Scene) -> dict[int, Mask]:
    """What the object holds up in some frames, if nearly all of them show something like it: a hand
    goes to and fro, and what it holds goes along."""
    frames = scene.object.seen
    shown = {t: still.held(_novel_beside(scene, t), scene.object[t]) for t in frames[::SWAYS]}
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


def beneath(scene: Scene, stays: bool, light: Track) -> Iterator[Effect]:
    """Image or contact shadow right below the object's foot, where `light` is not known already."""
    frames = scene.object.seen
    now: list[Place] = []
    found = []
    fixed = _agreed(scene, _beneath, KEY_LOOKS) if stays else None
    for index in frames:
        mask = _beneath(scene, index) if fixed is None else fixed
        mask = mask & ~grown(light[index], 2)
        if mask.sum() > SCRAP * scene.object[index].sum():
            now += scene.places(grown(mask, 2) & scene.seen(index), index)
            found.append(index)
    if len(found) < OFTEN * len(frames):
        return
    label = scene.object.label
    why = f"In {frames_name(found)} the ground right below the {label} is not as it is to both"
    why += " sides: a contact shadow, or its image in the floor."
    noun, sure = f"contact shadow of the {label}", 0.45
    yield Effect(noun, EffectKind.ARTEFACT, "casts", why, tuple(now), (), sure, "motion")


def landed(scene: Scene, path: dict[int, tuple[float, float]]) -> Iterator[Effect]:
    """The surface that stops the object's fall, with what floats or stands on it."""
    found = landing(scene, path)
    if found is None:
        return
    label = scene.object.label
    now = [place for t, mask in shaken(scene, found) for place in scene.places(mask, t)]
    why = f"In frame {found.frame} the {label} comes down on a surface and is stopped. It may give"
    why += " way around the contact, and what floats or stands on it may be shaken."
    noun, sure = f"surface under the {label}", 0.5
    yield Effect(noun, EffectKind.PHYSICAL, "presses", why, tuple(now), (), sure, "motion")


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


def _agreed(
    scene: Scene, look: Callable[[Scene, int], Mask], looks: int, least: float = 0.5
) -> Mask:
    """What most of some frames show, or more than `least` of them."""
    return _voted(scene, _shown(scene, look, looks), least)


def _shown(scene: Scene, look: Callable[[Scene, int], Mask], looks: int) -> list[tuple[Mask, int]]:
    """What each of some frames shows, the first one among them."""
    frames = scene.object.seen
    picked = np.unique(np.linspace(0, len(frames) - 1, looks).round().astype(int))
    return [(look(scene, frames[number]), frames[number]) for number in picked]


def _voted(scene: Scene, shown: Sequence[tuple[Mask, int]], least: float = 0.5) -> Mask:
    votes = np.sum([parallax.upright(mask, scene, index) for mask, index in shown], axis=0)
    return np.asarray((votes >= least * len(shown)) & (votes > 0))


def _shaped(scene: Scene, shown: Sequence[tuple[Mask, int]]) -> Mask:
    """What most of some frames show, in the shape that it has in the first one: the camera may
    travel around it."""
    agreed = _voted(scene, shown)
    near = grown(agreed, max(2, round(TURNS * scene.scale_px)))
    return np.asarray(agreed | (near & shown[0][0]))


def _novel(scene: Scene, index: int) -> Mask:
    return figure_ground.novel(scene.picture(index), scene.object[index], scene.seen(index))


def _sharp(scene: Scene, mask: Mask, index: int) -> Mask:
    return figure_ground.sharp(mask, scene.picture(index), scene.object[index])


def _own(scene: Scene, index: int) -> Mask:
    return scene.object[index]


def _novel_beside(scene: Scene, index: int) -> Mask:
    parts = [part.mask for part in still.beside(scene, index)]
    found = np.any(parts, axis=0) if parts else np.zeros(scene.size, bool)
    return _sharp(scene, found, index)


def _beneath(scene: Scene, index: int) -> Mask:
    object_, seen = scene.object[index], scene.seen(index)
    nowhere = np.zeros(scene.size, bool)
    rows = np.flatnonzero(object_.any(axis=1))
    if rows.size == 0 or (object_[rows[0]] & ~inner(seen)[rows[0]]).any():
        return nowhere  # it comes in from above: it does not stand
    found = figure_ground.beneath(scene.picture(index), object_, seen)
    return found if found.sum() < LARGEST * object_.sum() else nowhere


def _artefact(scene: Scene, mask: Mask, noun: str) -> Effect:
    frames = scene.object.seen
    now = [place for t in frames for place in scene.places(grown(mask, 2) & scene.seen(t), t)]
    why = f"The ground beside the {scene.object.label} is of the same hue as farther out, darker."
    return Effect(noun, EffectKind.ARTEFACT, "casts", why, tuple(now), (), 0.5, "motion")


def _bearing(
    scene: Scene,
    things: Callable[[int], Mask] | None,
    lost: Sequence[Loss],
    rate: Fraction,
    paths: bool,
) -> Effect:
    """What hangs together with the object (`things`, by frame, if it stays), and where it falls."""
    label, frames = scene.object.label, scene.object.seen
    rooms: dict[int, Mask] = {}
    now: list[Place] = []
    goes: list[Place] = []
    rests = ceil(RESTS_S * rate)
    for frame in range(frames[0], scene.length):
        seen = scene.seen(frame)
        if things is not None:
            now += scene.places(things(frame) & seen, frame)
        if not paths:
            continue
        since = min(frame - frames[0], rests)
        if since not in rooms:
            rooms[since] = np.any([each.at(float(since / rate)) for each in lost], axis=0)
        room = rooms[since] if things is None else parallax.sheared(rooms[since], scene, frame)
        goes += scene.places(room & seen, frame)
    why = f"Right beside the {label}, and hanging together with it, is something that its"
    why += f" surroundings are not; the {label} may bear or hold it, and it would fall without."
    return Effect(
        f"what the {label} holds",
        EffectKind.PHYSICAL,
        "supports",
        why,
        tuple(now),
        tuple(goes),
        0.4,
        "motion",
    )
