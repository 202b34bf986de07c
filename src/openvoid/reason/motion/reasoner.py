"""The reasoner `motion`: what else the object affects, by looking at the shot alone. No weights.

Enters: a clip and the object's track. Leaves: effects, each with its kind, places, cause, a reason
in words and a confidence. The order of thought:

    scene           the shot made small and held still
    background      how each spot looks while the object is away from it
    change          what of each frame is not as usual, and how much of that is mere light
    shadow, lamp    what is darker or brighter because of the object               -> artefact
    reflection      what shows the object once more                                -> artefact
    meeting         what moves by itself and comes to the object
    arrival         a ball that came by itself and is stopped              -> physical
    contact         what is pushed, bent, splashed, and what that touches in turn  -> physical
    collision       where that would have gone on to which the object stops        -> physical
    figure_ground   what hangs together with the object while nothing moves
    support         what it bears or holds, and where that may fall                -> physical
    water, impact   what it goes into, or comes down on                            -> physical

Each phenomenon has one or more finders, `find(evidence)`. Which are asked depends on whether the
object moves or stays, and on the options; their order is that of the report and nothing else. Where
a thing would be without the object is a region, generous for physical things, whose true course
cannot be known, and tight for artefacts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion import (
    arrival,
    collision,
    impact,
    lamp,
    parallax,
    reflection,
    report,
    shadow,
    support,
    water,
)
from openvoid.reason.motion.confidence import ConfidenceLimits
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.limits import Limits
from openvoid.reason.motion.report import Finding
from openvoid.reason.motion.scene import watch


@dataclass(frozen=True)
class MotionOptions:
    """What may be set."""

    shadows: bool = option(True, "look for shadow and glow")
    reflections: bool = option(True, "look for the object's mirror image")
    things: bool = option(True, "look for things that the object moves, holds or stops")
    paths: bool = option(True, "mark where things would have gone without the object")


@dataclass(frozen=True)
class Finder:
    """A phenomenon's finder, and the options by which it is wanted."""

    find: Callable[[Evidence], Iterator[Finding]]
    wanted: Callable[[MotionOptions], bool]


def _shadows(options: MotionOptions) -> bool:
    return options.shadows


def _reflections(options: MotionOptions) -> bool:
    return options.reflections


def _things(options: MotionOptions) -> bool:
    return options.things


def _paths(options: MotionOptions) -> bool:
    return options.things and options.paths


def _images_or_shadows(options: MotionOptions) -> bool:
    return options.shadows or options.reflections


FOR_MOVING = (
    Finder(shadow.find_along, _shadows),
    Finder(reflection.find_moving, _reflections),
    Finder(arrival.find_pushed, _things),
    Finder(arrival.find, _things),
    Finder(collision.find, _paths),
    Finder(support.find_carried, _things),
    Finder(water.find, _things),
    Finder(impact.find, _things),
)
FOR_STAYING = (
    Finder(shadow.find_along, _shadows),
    Finder(reflection.find_staying, _reflections),
    Finder(arrival.find_pushed, _things),
    Finder(arrival.find, _things),
    Finder(collision.find, _paths),
    Finder(shadow.find_beside, _shadows),
    Finder(support.find_borne, _things),
    Finder(support.find_contents, _things),
    Finder(lamp.find, _shadows),
    Finder(shadow.find_cast, _shadows),
    Finder(shadow.find_contact, _images_or_shadows),
)


class MotionReasoner:
    """Finds shadow, reflection and things moved or held by the object, from motion alone."""

    name: ClassVar[str] = "motion"
    Options: ClassVar[type[MotionOptions]] = MotionOptions

    def __init__(self, options: MotionOptions | None = None, limits: Sequence[Limits] = ()) -> None:
        """With `limits` of some phenomena these count instead of the usual ones.

        Raises:
            OpenVoidError: two limits of one phenomenon.
        """
        self._options, self._limits = options or MotionOptions(), tuple(limits)
        if len({type(each) for each in limits}) < len(self._limits):
            raise OpenVoidError("two limits of one phenomenon", mend="give one of each kind")

    def explain(self, clip: Clip, track: Track, run: Run) -> Effects:
        """What the object affects.

        Raises:
            OpenVoidError: clip and track do not fit, or the object is in no frame.
        """
        evidence = Evidence(watch(clip, track, run), clip.rate, run, self._limits)
        findings = tuple(self._findings(evidence))
        sure = evidence.limits(ConfidenceLimits)
        effects = Effects(tuple(report.effects(findings, sure, paths=self._options.paths)))
        run.note("reason.signs", [[each.sign.cue.name, each.sign.contrast] for each in findings])
        run.note("reason.camera", "locked" if evidence.scene.locked else "moving")
        run.note("reason.statistics", evidence.statistics())
        return effects

    def _findings(self, evidence: Evidence) -> Iterator[Finding]:
        for each in FOR_STAYING if parallax.stays(evidence) else FOR_MOVING:
            if each.wanted(self._options):
                yield from each.find(evidence)
