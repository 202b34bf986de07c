"""The reasoner `motion`: what else the object affects, by looking at the shot alone. No weights.

Enters: a clip and the object's track. Leaves: effects, each with its kind, places, cause, a reason
in words and a confidence. The order of thought:

    scene        the shot made small and held still
    undisturbed  how each spot looks while the object is away from it
    light        what is darker or brighter along with the object: shadow, glow    -> artefact
    mirror       what shows the object once more                                   -> artefact
    course       what moves by itself, meets the object and bends or stops         -> physical
    disturb      what differs from how it was since the object touched it: pushed,
                 bent, splashed, and what that touches in turn                     -> physical
    still        beside an object that never moves: contact shadow; what it holds  -> either

Where a thing would be without the object is a region, generous for physical things, whose true
course cannot be known, and tight for artefacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.effects import Effect, EffectKind, Effects, Place
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason import course as courses
from openvoid.reason import mirror, still
from openvoid.reason.blobs import Course, Follower, blobs_of
from openvoid.reason.course import Meeting
from openvoid.reason.disturb import Thing, disturbed
from openvoid.reason.light import Change, change, filled, grown, inner
from openvoid.reason.naming import colour_name, frames_name, where_name
from openvoid.reason.scene import Mask, Scene, watch
from openvoid.reason.undisturbed import Undisturbed, undisturbed

LEAST_SHARE = 0.0004  # of the canvas: smaller blobs are not followed
GAP = 0.03  # of the short side: gaps in a disturbed region narrower than this are part of it
MARGIN = 0.012  # of the short side: around what is physical
STAYS = 0.5  # of its size: an object that moves less than this stays where it is
FEWEST_SHADES = 4  # frames by which a spot is known to move with the object
KEY_LOOKS = 4  # frames in which an object that stays is looked around


@dataclass(frozen=True)
class MotionOptions:
    """What may be set."""

    shadows: bool = option(True, "look for shadow and glow")
    reflections: bool = option(True, "look for the object's mirror image")
    things: bool = option(True, "look for things that the object moves, holds or stops")
    paths: bool = option(True, "mark where things would have gone without the object")


@dataclass
class _Findings:
    """What was seen on the way through the clip."""

    follower: Follower = field(default_factory=Follower)
    shades: Follower = field(default_factory=Follower)  # darker spots away from the object
    darker: list[bool] = field(default_factory=list)
    light: Track | None = None


class MotionReasoner:
    """Finds shadow, reflection and things moved or held by the object, from motion alone."""

    name: ClassVar[str] = "motion"
    Options: ClassVar[type[MotionOptions]] = MotionOptions

    def __init__(self, options: MotionOptions | None = None) -> None:
        self._options = options or MotionOptions()

    def explain(self, clip: Clip, track: Track, run: Run) -> Effects:
        scene = watch(clip, track, run)
        with run.timed("undisturbed"):
            usual = undisturbed(scene)
        path = _path(scene)
        stays = _stays(scene, path)
        seen = _look(scene, usual, stays, run)
        images = _images(scene, seen, path)
        _join_shades(scene, seen, path)
        effects: list[Effect] = []
        if self._options.shadows:
            effects += _shadows(scene, seen)
        if self._options.reflections:
            effects += _reflections(scene, images, None if stays else usual)
        if self._options.things:
            effects += self._things(scene, usual, seen, images, stays, run)
        if stays:
            effects += self._beside(scene)
        run.note("reason.camera", "locked" if scene.locked else "moving")
        return Effects(tuple(effects))

    def _things(
        self,
        scene: Scene,
        usual: Undisturbed,
        seen: _Findings,
        images: list[Course],
        stays: bool,
        run: Run,
    ) -> Iterator[Effect]:
        free, meetings = _apart(scene, seen, images)
        assert seen.light is not None
        only = _Spots(scene, [each.course for each in meetings if each.bends]) if stays else None
        things = disturbed(scene, usual, seen.light, _Spots(scene, free), run, only)
        for thing in things:
            yield _thing(scene, thing, self._options.paths)
        for found in meetings:
            if found.bends and self._options.paths:
                yield _goes(scene, found)

    def _beside(self, scene: Scene) -> Iterator[Effect]:
        """Around an object that stays: what most of a few frames show beside it."""
        frames = scene.object.seen
        picked = np.unique(np.linspace(0, len(frames) - 1, KEY_LOOKS).round().astype(int))
        looks = [still.beside(scene, frames[number]) for number in picked]
        for shadow in (True, False):
            votes = sum(
                np.any([part.mask for part in look if part.shadow == shadow] or [nowhere], axis=0)
                for look in looks
                for nowhere in [np.zeros(scene.size, bool)]
            )
            mask = np.asarray(votes >= 0.5 * len(looks))
            wanted = self._options.shadows if shadow else self._options.things
            if wanted and mask.any():
                yield _around(scene, mask, shadow, self._options.paths)


def _look(scene: Scene, usual: Undisturbed, stays: bool, run: Run) -> _Findings:
    """Compare every frame with the undisturbed look; follow what is there."""
    found = _Findings()
    least = max(12, round(LEAST_SHARE * scene.size[0] * scene.size[1]))

    def lights() -> Iterator[Mask]:
        for index in run.track("compare", range(scene.length), scene.length):
            here: Change = change(scene, usual, index)
            found.darker.append(here.darker)
            seen = scene.seen(index)
            edge = seen & ~inner(seen)
            blobs = blobs_of(here.differs, index, scene.picture(index), least, edge)
            found.follower.add(index, blobs)
            shades = blobs_of(here.apart, index, scene.picture(index), least, edge)
            found.shades.add(index, shades)
            yield here.light & (not stays)  # beside what stays nothing else is known

    found.light = Track.of("light", lights())
    return found


def _images(scene: Scene, seen: _Findings, path: dict[int, tuple[float, float]]) -> list[Course]:
    """What moves with the object, in its colours, and never touches it."""
    return [
        each
        for each in seen.follower.courses
        if mirror.together(each, scene, path)
        and mirror.alike(each, scene)
        and mirror.apart(each, scene)
    ]


def _join_shades(scene: Scene, seen: _Findings, path: dict[int, tuple[float, float]]) -> None:
    """Darker spots that move with the object are its shadow, though they lie apart from it."""
    own = [
        each
        for each in seen.shades.courses
        if mirror.together(each, scene, path, fewest=FEWEST_SHADES)
    ]
    assert seen.light is not None
    spots = _Spots(scene, own)
    seen.light = seen.light.mapped(lambda index, mask: mask | (spots(index) & scene.seen(index)))


def _path(scene: Scene) -> dict[int, tuple[float, float]]:
    """The object's middle in every frame that shows it."""
    path = {}
    for index in scene.object.seen:
        y, x = np.nonzero(scene.object[index])
        path[index] = (float(x.mean()), float(y.mean()))
    return path


def _stays(scene: Scene, path: dict[int, tuple[float, float]]) -> bool:
    spots = np.array(list(path.values()))
    travel = float(np.hypot(*np.ptp(spots, axis=0)))
    size = float(np.median([scene.object[index].sum() for index in scene.object.seen])) ** 0.5
    return travel < STAYS * size


def _apart(
    scene: Scene, seen: _Findings, images: list[Course]
) -> tuple[list[Course], list[Meeting]]:
    """What moves by itself though it may meet the object, and the meetings that matter."""
    free: list[Course] = list(images)
    meetings: list[Meeting] = []
    for course in seen.follower.courses:
        if course in free:
            continue
        found = courses.meeting(course, scene)
        if found is None:
            continue
        behind = courses.resumed(found, seen.follower.courses) if found.bends else None
        if behind is not None:
            free += [course, behind]
        elif not found.bends or courses.driven(course, scene):
            free.append(course)
        else:
            meetings.append(found)
    return free, meetings


class _Spots:
    """Where courses are, by frame."""

    def __init__(self, scene: Scene, found: list[Course]) -> None:
        self._scene = scene
        self._blobs: dict[int, list[int]] = {}
        self._courses = found

    def __call__(self, index: int) -> Mask:
        whole = np.zeros(self._scene.size, bool)
        for course in self._courses:
            blob = course.at(index)
            if blob is not None:
                whole |= grown(blob.mask(self._scene.size), 3)
        return whole


# --- findings as effects --------------------------------------------------------------------------


def _shadows(scene: Scene, seen: _Findings) -> Iterator[Effect]:
    assert seen.light is not None
    frames = seen.light.seen
    if not frames:
        return
    now: list[Place] = []
    for index in frames:
        now += scene.places(grown(seen.light[index], 2), index)
    dark = np.mean([seen.darker[index] for index in frames]) >= 0.5
    noun = f"shadow of the {scene.object.label}" if dark else f"light of the {scene.object.label}"
    what = "darker, with the ground's own pattern still in it" if dark else "brighter or tinted"
    why = f"In {frames_name(frames)} the ground beside the {scene.object.label} is {what}, and that"
    why += " moves along with it."
    share = len(frames) / len(scene.object.seen)
    sure = 0.5 + 0.4 * min(1.0, share)
    yield Effect(noun, EffectKind.ARTEFACT, "casts", why, tuple(now), (), sure, "motion")


def _reflections(scene: Scene, images: list[Course], usual: Undisturbed | None) -> Iterator[Effect]:
    label = scene.object.label
    for course in images:
        now = [
            place
            for blob in course.blobs
            for place in scene.places(grown(blob.mask(scene.size), 3), blob.frame)
        ]
        frames = [blob.frame for blob in course.blobs]
        why = f"In {frames_name(frames)} something of the {label}'s colours moves whenever the"
        why += f" {label} moves, without touching it: its mirror image."
        yield Effect(
            f"reflection of the {label}",
            EffectKind.ARTEFACT,
            "is mirrored",
            why,
            tuple(now),
            (),
            0.6,
            "motion",
        )
    found = mirror.below(scene, usual)
    if found is None:
        return
    frames = list(scene.object.seen)
    now = [
        place
        for index in frames
        for place in scene.places(mirror.image_of(scene, index, found) & scene.seen(index), index)
    ]
    why = f"In {frames_name(frames)} the {label} is seen again below, upside down"
    why += f" (likeness {found.likeness:.2f})."
    sure = min(0.95, found.likeness)
    yield Effect(
        f"reflection of the {label}",
        EffectKind.ARTEFACT,
        "is mirrored",
        why,
        tuple(now),
        (),
        sure,
        "motion",
    )


def _thing(scene: Scene, thing: Thing, paths: bool) -> Effect:
    frames = thing.frames
    gap, margin = (max(2, round(share * scene.scale_px)) for share in (GAP, MARGIN))
    now: list[Place] = []
    for index in frames:
        region = filled(thing.mask(index, scene.size), gap)
        now += scene.places(grown(region, margin) & scene.seen(index), index)
    noun, where = _told(scene, thing, frames[min(1, len(frames) - 1)])
    by = f"the {scene.object.label}" if thing.cause == 0 else "what moved before"
    why = f"From frame {thing.began} on the {noun} at the {where} changes, beginning where"
    why += f" {by} touches it; without that it would stay as it was."
    cause = "moves" if thing.cause == 0 else "sets off"
    sure = 0.75 if thing.cause == 0 else 0.65
    return Effect(noun, EffectKind.PHYSICAL, cause, why, tuple(now), (), sure, "motion")


def _told(scene: Scene, thing: Thing, frame: int) -> tuple[str, str]:
    mask = thing.mask(frame, scene.size)
    clear = mask & ~grown(scene.object[frame], 3)
    mask = clear if clear.any() else mask
    y, x = np.nonzero(mask)
    place = where_name(float(x.mean()) / scene.size[1], float(y.mean()) / scene.size[0])
    return f"{colour_name(scene.picture(frame)[mask].mean(axis=0))} thing", place


def _goes(scene: Scene, found: Meeting) -> Effect:
    label = scene.object.label
    now = [
        place
        for blob in found.course.blobs
        if blob.frame >= found.frame
        for place in scene.places(grown(blob.mask(scene.size), 3), blob.frame)
    ]
    goes = [
        place
        for frame, region in courses.going_on(found, scene)
        for place in scene.places(region & scene.seen(frame), frame)
    ]
    noun = f"{colour_name(found.before.colour)} thing"
    why = f"Until frame {found.before.frame} the {noun} moves on its own; where it meets the"
    why += f" {label} in frame {found.frame} it leaves its course. Without the {label} it would"
    why += " have gone on."
    return Effect(
        noun, EffectKind.PHYSICAL, "stops or turns", why, tuple(now), tuple(goes), 0.7, "motion"
    )


def _around(scene: Scene, mask: Mask, shadow: bool, paths: bool) -> Effect:
    label = scene.object.label
    now: list[Place] = []
    goes: list[Place] = []
    frames = scene.object.seen
    loose = still.held(mask, scene.object[frames[0]])
    for frame in frames:
        seen = scene.seen(frame)
        now += scene.places(grown(mask, 2) & seen, frame)
        if not shadow and paths:
            fall = courses.falling(loose, frames[0], frame, scene)
            goes += scene.places(fall & seen, frame)
    if shadow:
        why = f"The ground right beside the {label} is darker than farther out and of the same hue."
        noun, kind, cause, sure = f"contact shadow of the {label}", "artefact", "casts", 0.5
    else:
        why = f"Something right beside the {label} has colours that its surroundings have not; it"
        why += f" may be held or borne by the {label}, and would fall without it."
        noun, kind, cause, sure = f"what the {label} holds", "physical", "supports", 0.4
    return Effect(noun, EffectKind(kind), cause, why, tuple(now), tuple(goes), sure, "motion")
