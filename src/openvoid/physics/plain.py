"""The mover `plain`: straight courses and straight falls, without a simulator.

Enters: clip, track and effects. Leaves: fates. What the object stops or turns aside goes on as it
came (`course`); what it bears or holds falls straight down to the row on which the object stands,
unturned, and lies there; what it pushes, presses or stirs stays as it was. Nothing bounces, tips,
turns or runs into anything else, and how fast things fall follows from a guess of the scene's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.effects import PERSON, Effects, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import End, Fate, FateKind, Fates, Pose
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.physics import word
from openvoid.physics.approach import approach, sighted, stilled
from openvoid.physics.course import Course, fit
from openvoid.physics.stage import Stage, build
from openvoid.physics.watch import BORNE, UNDER_WAY, Look, Seen, look, things
from openvoid.vision.working import FOLLOW, Working, prepare

NEAR = 0.5  # of its size: what has no farther to fall stands already
SURE_LOOKS = 4  # looks from which on a course is as sure as the effect itself
FEW = 0.7  # of that, where they are fewer. Both chosen, not measured
GONE = 0.5  # of its size: so far outside the picture nothing of it is seen


class PlainMover:
    """Things go on as they came, fall straight down, or stay."""

    name: ClassVar[str] = "plain"

    @dataclass(frozen=True)
    class Options(word.Options):
        """What a person may set."""

        height_m: float = option(
            3.0,
            "how much of the world the picture's height shows where the object is, in metres",
            low=0.01,
            high=1000.0,
        )

    def __init__(self, options: Options) -> None:
        self.options = options

    def foretell(self, clip: Clip, track: Track, effects: Effects, run: Run) -> Fates:
        """See `core.plugins.Mover`."""
        said = Said.of(self.options.fate, self.options.path, effects, clip.length)
        found = said.things(effects, track)
        if not found:
            return Fates()
        with prepare(clip, FOLLOW, run) as working:
            asked = self.options.height_m, self.options.slow_motion
            shot = Shot(build(clip, working, track, *asked, run), working, track, clip.length)
            fates = [fate for _, fate in told(found, said, shot, run)]
        if any(fate.kind is FateKind.FALL for fate in fates):
            run.note("mover.height_m", self.options.height_m)
            run.warn(
                f"how fast things fall follows from a guess: the picture is "
                f"{self.options.height_m:g} m high at the object (--height-m)"
            )
        return Fates(tuple(fates))


@dataclass(frozen=True)
class Shot:
    """What every thing of a shot has in common."""

    stage: Stage
    working: Working
    track: Track
    length: int


@dataclass(frozen=True)
class Said:
    """What a person said, by the number of the effect."""

    kinds: Mapping[int, FateKind]
    paths: Mapping[int, tuple[word.Key, ...]]

    @classmethod
    def of(cls, fate: str, path: str, effects: Effects, length: int) -> Said:
        """Raises `OpenVoidError` for words that say nothing of these effects."""
        return cls(word.kinds(fate, effects), word.paths(path, effects, length))

    def things(self, effects: Effects, track: Track) -> list[Seen]:
        """Every thing that may move; who says something of another is told."""
        falls = [number for number, kind in self.kinds.items() if kind is FateKind.FALL]
        found = list(things(effects, track, falls))
        _check_known(found, {**self.kinds, **self.paths})
        return found


def told(found: Sequence[Seen], said: Said, shot: Shot, run: Run) -> Iterator[tuple[Seen, Fate]]:
    """What becomes of each thing, of which that can be said."""
    for each in run.track("courses", found, len(found)):
        keys, kind = said.paths.get(each.effect), said.kinds.get(each.effect)
        fate = _drawn(each, keys, shot) if keys else _told(each, kind, shot)
        if fate is not None:
            yield each, fate


def _check_known(found: Sequence[Seen], said: Mapping[int, object]) -> None:
    """Whoever says something of an effect that moves nothing is told."""
    for number in said:
        if not any(each.effect == number for each in found):
            what = f"effect {number + 1} is no thing that the object moves, stops or bears"
            raise OpenVoidError(what, where="--fate", mend="name another; see: openvoid explain")


def _told(seen: Seen, kind: FateKind | None, shot: Shot) -> Fate | None:
    """As a person says, or, where nobody does, as the effect's cause and the course have it."""
    if kind is FateKind.HOLD:
        return replace(held(seen), source=PERSON, confidence=1.0)
    if kind is FateKind.FALL:
        fate = _falling(seen, shot.stage, shot.track, shot.length)
        return None if fate is None else replace(fate, source=PERSON)
    if seen.cause in BORNE and kind is None:
        return _falling(seen, shot.stage, shot.track, shot.length)
    asked = seen if kind is None else replace(seen, cause=Relation.STOPS)
    came = approach(asked, shot.stage, shot.working, shot.track)
    if came is None and seen.cause not in UNDER_WAY and kind is None:
        return held(seen)
    fate = _going_on(came or seen, shot.stage, shot.length)
    if kind is None or fate is None:
        if kind is not None:
            what = f"nobody sees on which course effect {seen.effect + 1} came"
            raise OpenVoidError(what, where="--fate", mend="draw its way with --path")
        return fate
    return replace(fate, source=PERSON)


def _drawn(seen: Seen, keys: Sequence[word.Key], shot: Shot) -> Fate:
    """Along the way that a person drew; it is as large as where its look is taken."""
    whole = sighted(seen, shot.stage, shot.working, shot.track)
    if whole is None:
        first = min(place.frame for place in seen.region)
        shape = tuple(place for place in seen.region if place.frame == first)
        own = look(first, shape, shot.track)
        if own is None:
            what = f"effect {seen.effect + 1} is outside the picture"
            raise OpenVoidError(what, where="--path", mend="name another")
        whole = replace(seen, looks=(own,), shapes=(shape,))
    number = _best(whole)
    height, width = shot.stage.height, shot.stage.width
    frames = range(seen.from_frame, shot.length)
    poses = tuple(
        Pose(each.frame, each.x / width, each.y / height) for each in word.along(keys, frames)
    )
    return Fate(
        seen.noun,
        FateKind.GO_ON,
        seen.effect,
        seen.from_frame,
        whole.shapes[number],
        start_of(whole.looks[number], shot.stage),
        poses,
        confidence=1.0,
        why="it goes where it was drawn",
        source=PERSON,
        seen=whole.seen,
        shadow=whole.shadows[number] if whole.shadows else (),
    )


def held(seen: Seen) -> Fate:
    return Fate(
        seen.noun,
        FateKind.HOLD,
        seen.effect,
        seen.from_frame,
        confidence=seen.confidence,
        why="it stays as it was before",
        source=PlainMover.name,
    )


def _going_on(seen: Seen, stage: Stage, length: int) -> Fate | None:
    """As it was under way; None where it was not seen for long enough to say."""
    known = [each for each in seen.looks if each.frame < seen.from_frame or each.fitted]
    still = [stilled(look, stage) for look in known]
    course = fit(still, (stage.width / 2, stage.height / 2))
    if course is None:
        return None
    number = _best(seen)
    there = course.at(seen.looks[number].frame)[2]
    poses, end = [], End.OPEN
    for frame in range(seen.from_frame, length):
        x, y, size = course.at(frame)
        pose, inside = pose_in(frame, x, y, size / there, seen.looks[number], stage)
        if not inside:
            end = End.LEAVES
            break
        poses.append(pose)
    if end is not End.LEAVES and course.stands < length:
        end = End.RESTS
    few = FEW if len(still) < SURE_LOOKS else 1.0
    return Fate(
        seen.noun,
        FateKind.GO_ON,
        seen.effect,
        seen.from_frame,
        seen.shapes[number],
        start_of(seen.looks[number], stage),
        tuple(poses),
        end,
        few * seen.confidence,
        _words(course, len(still)),
        PlainMover.name,
        seen.seen,
        seen.shadows[number] if seen.shadows else (),
    )


def _words(course: Course, looks: int) -> str:
    how = f"it goes on as in the {looks} frames before"
    how += ", growing smaller" if course.size[1] > 0 else ""
    how += ", growing larger" if course.size[1] < 0 else ""
    how += ", slowing down as it did" if course.slows > 0 else ""
    return f"{how} (these are off its course by {course.off_px:.1f} px)"


def _falling(seen: Seen, stage: Stage, track: Track, length: int) -> Fate | None:
    """Straight down from where it is first seen, to where the object stands."""
    if not seen.looks:
        return None
    first = seen.looks[0]
    standing = [index for index in track.seen if index >= first.frame] or list(track.seen)
    base = stilled_row(track, standing[0], stage)
    still = stilled(first, stage)
    drop = base - still.low
    if drop < NEAR * still.side_px:
        return held(seen)
    poses, end = [], End.OPEN
    for frame in range(first.frame, length):
        fallen = min(drop, 0.5 * stage.fall_px * (frame - first.frame) ** 2)
        pose, inside = pose_in(frame, still.x, still.y + fallen, 1.0, first, stage)
        if not inside:
            end = End.LEAVES
            break
        poses.append(pose)
        end = End.RESTS if fallen == drop else end
    why = f"nothing bears it: it falls {drop:.0f} px, to where the object stands, and lies there"
    return Fate(
        seen.noun,
        FateKind.FALL,
        seen.effect,
        first.frame,
        seen.shapes[0],
        start_of(first, stage),
        tuple(poses),
        end,
        seen.confidence,
        why,
        PlainMover.name,
    )


def _best(seen: Seen) -> int:
    """The look from which its picture is taken: of those that show all of it the plainest (it may
    be blurred, or shine through), or the last, where that is not known."""
    usable = [at for at, each in enumerate(seen.looks) if each.whole and each.clear]
    usable = usable or list(range(len(seen.looks)))
    return max(usable, key=lambda at: (seen.looks[at].plain, at))


def stilled_row(track: Track, frame: int, stage: Stage) -> float:
    """The row on which the object stands."""
    box = track.box(frame)
    return stage.stilled(frame, (box.left + box.right) / 2, float(box.bottom))[1]


def start_of(look: Look, stage: Stage) -> Pose:
    return Pose(look.frame, look.x / stage.width, look.y / stage.height)


def pose_in(
    frame: int, x: float, y: float, size: float, look: Look, stage: Stage
) -> tuple[Pose, bool]:
    """A place in the first frame as a pose in another, and whether that is in the picture.

    Args:
        size: in sizes of the look, both as the first frame has them.
    """
    across, down, larger = stage.shown(frame, x, y)
    scale = float(size) * larger * stage.stilled(look.frame, look.x, look.y)[2]
    reach = (GONE + 0.5) * look.side_px * scale
    inside = -reach < across < stage.width + reach and -reach < down < stage.height + reach
    scale = float(np.clip(scale, 1 / 99, 99))
    return Pose(frame, across / stage.width, down / stage.height, 0.0, scale), inside
