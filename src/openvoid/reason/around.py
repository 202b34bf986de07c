"""Around: what hangs together with the object where it stands, as effects.

Enters: a scene. Leaves: for an object that stays what it bears, holds or leans on, with where that
may fall, and its contact shadow; for any object what it held when the shot
began, and its image right below. All of it is told from single pictures (`standing`, `still`): less
sure than what motion tells, so a part counts that most of a few frames show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from openvoid.core.effects import Effect, EffectKind, Place
from openvoid.core.track import Track
from openvoid.reason import cast, standing, still
from openvoid.reason import course as courses
from openvoid.reason.landing import landing, shaken
from openvoid.reason.light import grown, inner
from openvoid.reason.naming import frames_name
from openvoid.reason.scene import Mask, Scene

KEY_LOOKS = 4  # frames in which an object that stays is looked around
FALLS_FRAMES = 6  # what loses its hold is anywhere in its region after that many
SHARE_OF_THINGS, SHARE_LEAST, SHARE_MOST = 2.2, 0.06, 0.17  # of the picture: room to topple
SPARE_SHARE = 0.04
LIGHTEST = 0.05  # of the object: less is a stain of its outline
HAND = 0.6  # of the object: a thing in its hand is smaller
HEAVIEST = 1.5  # of an object that moves: it carries nothing that is larger
SCRAP = 0.04  # of the object: less below its foot is nothing
LARGEST = 0.6  # of the object: more below its foot is the floor
OFTEN = 0.4  # of the frames must show it
MOST_SHARE = 0.3  # of the picture: what is larger is the background


def held(
    scene: Scene, stays: bool, shed: Mask | None = None, *, paths: bool = True
) -> Iterator[Effect]:
    """What the object bears or holds. Of one that moves: what it held when the shot began. Where
    its light or image is (`shed`) is no thing."""
    whole = _agreed(scene, _standing, KEY_LOOKS if stays else 1)
    if stays:
        whole |= _agreed(scene, _novel_beside, KEY_LOOKS)
    first = scene.object.seen[0]
    object_, picture = scene.object[first], scene.picture(first)
    known = shed is not None and bool(shed.any())
    if shed is not None and known:
        whole = cast.unlit(whole, shed, object_)
    if not whole.any() or whole.mean() > MOST_SHARE:
        return
    dark = standing.shaded(picture, whole, object_)
    things = standing.hanging(whole & ~dark, object_)
    if stays and dark.any() and not known:
        yield _artefact(scene, dark, f"shadow of the {scene.object.label}")
    loose = things if stays else still.held(things, object_)
    heaviest = np.inf if stays else HEAVIEST
    if LIGHTEST < loose.sum() / object_.sum() < heaviest:
        yield _bearing(scene, things if stays else None, loose, paths)


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


def _agreed(scene: Scene, look: Callable[[Scene, int], Mask], looks: int) -> Mask:
    """What most of some frames show."""
    frames = scene.object.seen
    picked = np.unique(np.linspace(0, len(frames) - 1, looks).round().astype(int))
    votes = np.sum([look(scene, frames[number]) for number in picked], axis=0)
    return np.asarray(votes >= 0.5 * len(picked))


def _standing(scene: Scene, index: int) -> Mask:
    object_, picture = scene.object[index], scene.picture(index)
    found = standing.hanging(standing.novel(picture, object_, scene.seen(index)), object_)
    return standing.hanging(standing.sharp(found, picture, object_), object_)


def _novel_beside(scene: Scene, index: int) -> Mask:
    parts = [part.mask for part in still.beside(scene, index)]
    return np.any(parts, axis=0) if parts else np.zeros(scene.size, bool)


def _beneath(scene: Scene, index: int) -> Mask:
    object_, seen = scene.object[index], scene.seen(index)
    nowhere = np.zeros(scene.size, bool)
    rows = np.flatnonzero(object_.any(axis=1))
    if rows.size == 0 or (object_[rows[0]] & ~inner(seen)[rows[0]]).any():
        return nowhere  # it comes in from above: it does not stand
    found = standing.beneath(scene.picture(index), object_, seen)
    return found if found.sum() < LARGEST * object_.sum() else nowhere


def _artefact(scene: Scene, mask: Mask, noun: str) -> Effect:
    frames = scene.object.seen
    now = [place for t in frames for place in scene.places(grown(mask, 2) & scene.seen(t), t)]
    why = f"The ground beside the {scene.object.label} is of the same hue as farther out, darker."
    return Effect(noun, EffectKind.ARTEFACT, "casts", why, tuple(now), (), 0.5, "motion")


def _bearing(scene: Scene, things: Mask | None, loose: Mask, paths: bool) -> Effect:
    """Things that hang together with the object (`things`, if they stay), and where they fall."""
    label, frames = scene.object.label, scene.object.seen
    object_ = scene.object[frames[0]]
    share = float(np.clip(SHARE_OF_THINGS * loose.mean() + SPARE_SHARE, SHARE_LEAST, SHARE_MOST))
    hung = still.held(loose, object_)
    if hung.sum() > HAND * object_.sum():
        hung = np.zeros_like(hung)  # too large to be held: it topples, and does not drop
    rooms: dict[int, Mask] = {}
    now: list[Place] = []
    goes: list[Place] = []
    for frame in range(frames[0], scene.length):
        seen = scene.seen(frame)
        if things is not None:
            now += scene.places(grown(things, 2) & seen, frame)
        if not paths:
            continue
        if things is None:
            fall = courses.falling(loose, frames[0], frame, scene)
        else:
            since = min(frame - frames[0], FALLS_FRAMES)
            if since not in rooms:
                so_far = share * since / FALLS_FRAMES
                rooms[since] = standing.toppling(loose, object_, so_far)
                rooms[since] |= courses.falling(hung, frames[0], frames[0] + 3 * since, scene)
            fall = rooms[since]
        goes += scene.places(fall & seen, frame)
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
