"""Fates: where what the object affects would be without it, thing by thing and frame by frame.

A mover writes them from clip, track and effects; a person may correct them (they are JSON). The
quadmask is composed with them, because only what is marked may change, and the things are then
drawn at their new places. What is not said here is not moved. Knows no mover and no files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np

from openvoid.core.effects import Effects, Place
from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts, shown
from openvoid.core.limits import FRAME, PLACE_SHARE

SCHEMA = "openvoid.fates/3"
# without how far a course may be off; and without where a thing is seen, and its shadow
OLDER = ("openvoid.fates/2", "openvoid.fates/1")
TURNS_DEG = 360_000.0  # a thing that turns a thousand times in a shot
LARGER = 100.0  # times as large as where it was cut out
SEAM = 0.06  # of a thing's side: its outline, fitted, is known no better, and it is blurred
REACH = 0.5  # of a thing's side: so far around it is what it does to the ground, as its shadow


class FateKind(StrEnum):
    """What becomes of a thing once the object is gone."""

    GO_ON = "go on"  # as it was under way
    FALL = "fall"  # what bore it is gone
    KNOCKED = "knocked about"  # it stands in the way of what goes elsewhere
    HOLD = "hold"  # it stays as it was before the object came to it; nothing is drawn


class End(StrEnum):
    """How a course ends."""

    RESTS = "rests"
    LEAVES = "leaves"  # the picture
    OPEN = "open"  # it is still under way in the last frame


@dataclass(frozen=True)
class Pose:
    """Where a thing is in a frame: its middle (x, y) as shares of width and height; turned by so
    many degrees, clockwise as seen, and so many times as large as where it was cut out."""

    frame: int
    x: float
    y: float
    angle_deg: float = 0.0
    scale: float = 1.0
    spread: float = 0.0


@dataclass(frozen=True)
class Fate:
    """What becomes of one thing."""

    noun: str
    kind: FateKind
    effect: int  # number of the effect, from 0, of which it is a part
    from_frame: int  # the first frame in which it is elsewhere than in the clip
    shape: tuple[Place, ...] = ()  # its silhouette in the one frame from which its look is taken
    start: Pose = Pose(0, 0.5, 0.5)  # its middle there
    poses: tuple[Pose, ...] = ()  # one a frame from `from_frame`, while it is in the picture
    end: End = End.OPEN
    confidence: float = 1.0  # 0..1
    why: str = ""
    source: str = ""  # a mover's name, or "person"
    seen: tuple[Place, ...] = ()  # where the clip shows it and its shadow, frame by frame
    shadow: tuple[Place, ...] = ()  # beside its shape, in the same frame; it goes along

    def places(self, height: int, width: int) -> Iterator[Place]:
        """Its silhouettes, frame by frame, in a picture of that size in pixels."""
        return self._carried(self.shape, height, width)

    def shadows(self, height: int, width: int) -> Iterator[Place]:
        """Those of its shadow."""
        return self._carried(self.shadow, height, width)

    def _carried(self, what: Iterable[Place], height: int, width: int) -> Iterator[Place]:
        size = np.array([width, height], np.float64)
        middle = np.array([self.start.x, self.start.y]) * size
        outlines = [np.array(place.corners) * size - middle for place in what]
        for pose in self.poses:
            matrix = turned(pose.angle_deg) * pose.scale
            at = np.array([pose.x, pose.y]) * size
            for outline in outlines:
                corners = (outline @ matrix.T + at) / size
                yield Place(pose.frame, tuple((float(x), float(y)) for x, y in corners))

    def moved(self, frames: int) -> Fate:
        """The same, so many frames later."""
        later = tuple(replace(pose, frame=pose.frame + frames) for pose in self.poses)
        return replace(
            self,
            from_frame=self.from_frame + frames,
            shape=_later(self.shape, frames),
            start=replace(self.start, frame=self.start.frame + frames),
            poses=later,
            seen=_later(self.seen, frames),
            shadow=_later(self.shadow, frames),
        )


@dataclass(frozen=True)
class Fates:
    """What becomes of every thing that moves, or stays, without the object."""

    things: tuple[Fate, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def moving(self) -> tuple[Fate, ...]:
        """Those that are drawn elsewhere."""
        return tuple(each for each in self.things if each.shape and each.poses)

    def moved(self, frames: int) -> Fates:
        """The same, so many frames later."""
        return replace(self, things=tuple(each.moved(frames) for each in self.things))

    def trimmed(self, start: int, stop: int) -> Fates:
        """Of the frames `start` <= frame < `stop` alone, counted from `start`. A thing whose look
        is taken from a frame outside is not drawn."""
        kept = []
        for each in self.things:
            poses = tuple(pose for pose in each.poses if start <= pose.frame < stop)
            inside = start <= each.start.frame < stop
            if each.poses and not (poses and inside):
                continue
            seen = tuple(place for place in each.seen if start <= place.frame < stop)
            kept.append(replace(each, poses=poses, seen=seen).moved(-start))
        return replace(self, things=tuple(kept))

    def check(self, length: int, effects: Effects | None, where: str = "fates") -> None:
        """That these are fates of that clip, and that they can be followed.

        Args:
            length: of the clip, in frames.
            effects: whose things they are; None: nobody knows.
            where: the file in which they stand.

        Raises:
            OpenVoidError: of an effect that is not there, or only asked about; in a frame that is
                not; contradicting themselves or one another.
        """
        begun: dict[tuple[int, int, float, float], int] = {}
        for number, fate in enumerate(self.things, start=1):
            wrong = _wrong(fate, length, effects)
            if wrong is not None:
                what = f"thing {number} ({fate.noun}): {wrong[0]}"
                raise OpenVoidError(what, where=where, mend=wrong[1])
            if not fate.poses:
                continue
            start = fate.effect, fate.start.frame, fate.start.x, fate.start.y
            if (other := begun.setdefault(start, number)) != number:
                what = f"things {other} and {number} are one ({fate.noun}), with two courses"
                raise OpenVoidError(what, where=where, mend="keep one")

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `json.dump` takes and `from_json` reads."""
        rows = tuple(asdict(each) for each in self.things)
        return {"schema": SCHEMA, "things": rows, "extra": dict(self.extra)}

    @classmethod
    def from_json(cls, data: Any) -> Fates:
        """The inverse of `to_json`.

        Args:
            data: decoded JSON, or `Facts`, which know their file.

        Raises:
            OpenVoidError: another schema; a field that is missing or of the wrong kind; two poses
                of one frame, or poses out of order.
        """
        facts = Facts.of(data)
        schema = facts.at("schema", None)
        if schema.value not in (SCHEMA, *OLDER):
            what = f"fates of schema {shown(schema.value)}, expected {SCHEMA!r}"
            raise OpenVoidError(what, where=facts.where)
        extra = facts.at("extra", {})
        extra.fields()
        things = tuple(_fate(row) for row in facts.at("things", ()).rows())
        return cls(things, dict(extra.kept()))


def _wrong(fate: Fate, length: int, effects: Effects | None) -> tuple[str, str] | None:
    """What is wrong with a fate, and what mends it."""
    count = len(effects.affected) if effects is not None else fate.effect + 1
    if fate.effect >= count:
        return f"effect {fate.effect + 1} is not there", f"there are {count}: see openvoid explain"
    if effects is not None and not effects.affected[fate.effect].applied:
        number = fate.effect + 1
        return f"effect {number} is only asked about", f"also give --accept {number}"
    frames = [place.frame for place in (*fate.shape, *fate.seen, *fate.shadow)]
    frames += [pose.frame for pose in fate.poses]
    last = max([fate.from_frame, fate.start.frame, *frames])
    if last >= length:
        return f"frame {last} is not in the clip", f"it has frames 0 to {length - 1}"
    if fate.poses and fate.kind is FateKind.HOLD:
        return "it is held, and has a course", "say another kind, or no poses"
    if fate.poses and fate.poses[0].frame < fate.from_frame:
        frame = fate.poses[0].frame
        return f"it has a place in frame {frame}, before {fate.from_frame}", "mend from_frame"
    if fate.poses and any(place.frame != fate.start.frame for place in (*fate.shape, *fate.shadow)):
        return "its shape is of another frame than its start", "give both of one frame"
    if fate.poses and not fate.shape:
        return "it has a course and no shape", "give the silhouette in the frame of its start"
    return None


def _later(places: Iterable[Place], frames: int) -> tuple[Place, ...]:
    return tuple(replace(place, frame=place.frame + frames) for place in places)


def turned(angle_deg: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The 2x2 matrix that turns (x, y), y down, clockwise as seen."""
    cos, sin = np.cos(np.deg2rad(angle_deg)), np.sin(np.deg2rad(angle_deg))
    return np.array([[cos, -sin], [sin, cos]])


def _fate(row: Facts) -> Fate:
    poses = tuple(_pose(each) for each in row.at("poses", ()).rows())
    frames = [pose.frame for pose in poses]
    if frames != sorted(set(frames)):
        row.at("poses").refuse("poses in the order of frames, one a frame")
    return Fate(
        noun=row.at("noun").text(),
        kind=FateKind(row.at("kind").text(among=list(FateKind))),
        effect=row.at("effect").whole(0, FRAME),
        from_frame=row.at("from_frame").whole(0, FRAME),
        shape=tuple(_places(row.at("shape", ()).rows())),
        start=_pose(row.at("start")),
        poses=poses,
        end=End(row.at("end", End.OPEN.value).text(among=list(End))),
        confidence=row.at("confidence", 1.0).number(0, 1),
        why=row.at("why", "").text(),
        source=row.at("source", "").text(),
        seen=tuple(_places(row.at("seen", ()).rows())),
        shadow=tuple(_places(row.at("shadow", ()).rows())),
    )


def _pose(row: Facts) -> Pose:
    return Pose(
        row.at("frame").whole(0, FRAME),
        row.at("x").number(-PLACE_SHARE, PLACE_SHARE),
        row.at("y").number(-PLACE_SHARE, PLACE_SHARE),
        row.at("angle_deg", 0.0).number(-TURNS_DEG, TURNS_DEG),
        row.at("scale", 1.0).number(1 / LARGER, LARGER),
        row.at("spread", 0.0).number(0, PLACE_SHARE),
    )


def _places(rows: Iterable[Facts]) -> Iterator[Place]:
    for row in rows:
        corners = row.at("corners").pairs(-PLACE_SHARE, PLACE_SHARE)
        yield Place(row.at("frame").whole(0, FRAME), corners)
