"""The reasoner `motion`: what else the object affects, by looking at the shot alone. No weights.

Enters: a clip and the object's track. Leaves: effects, each with its kind, places, cause, a reason
in words and a confidence. The order of thought:

    scene        the shot made small and held still
    undisturbed  how each spot looks while the object is away from it
    light        what is darker or brighter along with the object: shadow, glow    -> artefact
    mirror, twin what shows the object once more                                   -> artefact
    course       what moves by itself, meets the object and bends or stops         -> physical
    disturb      what differs from how it was since the object touched it: pushed,
                 bent, splashed, and what that touches in turn                     -> physical
    cast         light and shadow of an object that stays                          -> artefact
    around       what hangs together with the object while nothing moves: what it
                 bears or holds and where that may fall, image below               -> either
    contents     what is put into it while it stays                                -> physical
    water        what an object stirs that goes into water                        -> physical
    landing      the surface that stops its fall, and what is on that      -> physical

Where a thing would be without the object is a region, generous for physical things, whose true
course cannot be known, and tight for artefacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.effects import Effect, Effects
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion import (
    cast,
    contents,
    parallax,
    reflection,
    report,
    support,
    twin,
    water,
)
from openvoid.reason.motion import collision as courses
from openvoid.reason.motion.background import Undisturbed, undisturbed
from openvoid.reason.motion.blobs import Course, Follower, blobs_of
from openvoid.reason.motion.change import Change, change
from openvoid.reason.motion.collision import Meeting
from openvoid.reason.motion.contact import disturbed
from openvoid.reason.motion.moving import moving
from openvoid.reason.motion.scene import Mask, Scene, watch
from openvoid.vision.masks import grown, inner

LEAST_SHARE = 0.0004  # of the canvas: smaller blobs are not followed
STAYS = 0.5  # of its size: an object that moves less than this stays where it is
DRIFTS = 1.5  # of its size: no farther does what stands seem to go where the camera travels
FEWEST_SHADES = 4  # frames by which a spot is known to move with the object


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
        images += [] if stays else twin.twins(scene, path)
        _join_shades(scene, seen, path)
        assert seen.light is not None
        effects: list[Effect] = []
        if self._options.shadows:
            effects += report.shadows(scene, seen.light, seen.darker)
        if self._options.reflections:
            effects += report.reflections(scene, images, None if stays else usual)
        if self._options.things:
            effects += self._things(scene, usual, seen, images, stays, run)
        wanted = self._options
        sheds = cast.casts(scene) if stays else []
        if wanted.things:
            known = cast.whole(scene, [each for each in sheds if each.shines])
            effects += support.held(scene, stays, clip.rate, known, paths=wanted.paths)
        if wanted.things and stays:
            effects += contents.put(scene, clip.rate, paths=wanted.paths)
        if wanted.things and not stays:
            pool = water.pool(scene)
            if pool is not None and water.wet(scene, pool):
                effects += water.told(scene, pool)
            else:
                effects += support.landed(scene, path)
        if wanted.shadows and stays:
            effects += cast.told(scene, sheds)
        if wanted.shadows or wanted.reflections:
            effects += support.beneath(scene, stays, seen.light)
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
        if stays and not any(found.bends for found in meetings):
            meetings += _stopped(scene)
        assert seen.light is not None
        only = _Spots(scene, [each.course for each in meetings if each.bends]) if stays else None
        things = list(disturbed(scene, usual, seen.light, _Spots(scene, free), run, only))
        for thing in things:
            yield report.thing_moved(scene, thing)
        for found in meetings:
            own = not courses.set_off(found, things, scene)
            if found.bends and own and self._options.paths:
                yield report.gone_on(scene, found)


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
        if reflection.together(each, scene, path)
        and reflection.alike(each, scene)
        and reflection.apart(each, scene)
    ]


def _join_shades(scene: Scene, seen: _Findings, path: dict[int, tuple[float, float]]) -> None:
    """Darker spots that move with the object are its shadow, though they lie apart from it."""
    own = [
        each
        for each in seen.shades.courses
        if reflection.together(each, scene, path, fewest=FEWEST_SHADES)
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
    return travel < STAYS * size or (travel < DRIFTS * size and parallax.stands(scene))


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
        elif not found.bends or courses.driven(course, found.frame):
            free.append(course)
        else:
            meetings.append(found)
    return free, meetings


def _stopped(scene: Scene) -> list[Meeting]:
    """What runs into an object that stays, and comes to rest in the shot."""
    all_ = moving(scene)
    found = (courses.meeting(each, scene, fewest=2) for each in all_)
    return [
        each
        for each in found
        if each is not None
        and each.bends
        and not courses.driven(each.course)
        and courses.resumed(each, all_) is None
    ]


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
