"""Selection: what a person points at, on any frames. JSON in and out; knows no segmenter.

Frames are counted from 0 at the clip's start; places are native pixels, (0, 0) the top left.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts, shown
from openvoid.core.limits import FRAME, PLACE_PX

SCHEMA = "openvoid.selection/3"
OLDER = ("openvoid.selection/1", "openvoid.selection/2")
GROWN = ("", "part", "object")  # how far marks may be meant; "" leaves it to the segmenter
MOST_CANDIDATES = 9


@dataclass(frozen=True)
class Point:
    """A click at (x, y) in native pixels; `positive` is False for "not this"."""

    frame: int
    x: float
    y: float
    positive: bool = True


@dataclass(frozen=True)
class BoxMark:
    """A rectangle around the object: left, top, right, bottom in native pixels."""

    frame: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Stroke:
    """A line painted over the object (or, not positive, over what it is not)."""

    frame: int
    path: tuple[tuple[float, float], ...]
    width_px: float
    positive: bool = True


@dataclass(frozen=True)
class Matte:
    """The whole silhouette in one frame: `file` is a gray image, white where the object is."""

    frame: int
    file: str


MarkT = TypeVar("MarkT", Point, BoxMark, Stroke, Matte)


@dataclass(frozen=True)
class Selection:
    """All marks of one object, and words for segmenters that take words.

    Few marks may mean several things. `candidate` is the number, from 1, of the one that the person
    chose among those a segmenter offers (`core.candidate`, best first); `grow_to` says beforehand
    that a "part" or the whole "object" is meant.
    """

    points: tuple[Point, ...] = ()
    boxes: tuple[BoxMark, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    words: str = ""
    mattes: tuple[Matte, ...] = ()
    candidate: int = 1
    grow_to: str = ""

    @property
    def chooses(self) -> bool:
        """Whether it asks for another silhouette than the one a segmenter thinks best."""
        return self.candidate != 1 or self.grow_to != ""

    @property
    def frames(self) -> tuple[int, ...]:
        """Frames that bear marks, in order, each once."""
        marks: tuple[Point | BoxMark | Stroke | Matte, ...]
        marks = (*self.points, *self.boxes, *self.strokes, *self.mattes)
        return tuple(sorted({mark.frame for mark in marks}))

    def check(self, frames: int, height: int, width: int, *, words: bool = False) -> None:
        """That it says something, and only about frames and pixels that exist.

        Args:
            words: whether the segmenter takes words.

        Raises:
            OpenVoidError: nothing is marked; a mark beside the picture, or on a frame that is not
                there; marks that contradict each other; words for a segmenter that takes none.
        """
        if self.words and not words:
            mend = "mark it by --point or --box, or use a segmenter that takes words"
            raise OpenVoidError(f"words ({self.words!r}) are not understood here", mend=mend)
        self._check_choice()
        for frame in self.frames:
            if not 0 <= frame < frames:
                mend = f"frames 0 to {frames - 1}"
                raise OpenVoidError(f"frame {frame} is not in the clip", mend=mend)
        for frame, x, y in self._spots():
            if not (0 <= x < width and 0 <= y < height):
                raise OpenVoidError(
                    f"({x:g}, {y:g}) on frame {frame} is outside the picture",
                    mend=f"it is {width}x{height}",
                )
        for box in self.boxes:
            if not (box.left < box.right and box.top < box.bottom):
                raise OpenVoidError(f"the box on frame {box.frame} is empty")
            if box.right <= 0 or box.bottom <= 0 or box.left >= width or box.top >= height:
                raise OpenVoidError(
                    f"the box on frame {box.frame} is outside the picture",
                    mend=f"it is {width}x{height}",
                )
        self._check_contradictions()
        if not self.says_where:
            raise OpenVoidError("nothing says where the object is", mend="--point X,Y@FRAME")

    def _check_choice(self) -> None:
        if not 1 <= self.candidate <= MOST_CANDIDATES:
            mend = f"from 1 to {MOST_CANDIDATES}"
            raise OpenVoidError(f"there is no candidate {self.candidate}", mend=mend)
        if self.grow_to not in GROWN:
            raise OpenVoidError(f"cannot grow to {self.grow_to!r}", mend="part or object")

    @property
    def says_where(self) -> bool:
        """Whether anything tells where the object is, not only where it is not."""
        spots: tuple[Point | Stroke, ...] = (*self.points, *self.strokes)
        positive = any(spot.positive for spot in spots)
        return bool(positive or self.boxes or self.mattes or self.words)

    def within(self, frames: Callable[[int], bool], start: int) -> Selection:
        """The marks on some frames, those counted from `start`; words stay."""

        def kept(marks: Iterable[MarkT]) -> tuple[MarkT, ...]:
            found = (mark for mark in marks if frames(mark.frame))
            return tuple(replace(mark, frame=mark.frame - start) for mark in found)

        return replace(
            self,
            points=kept(self.points),
            boxes=kept(self.boxes),
            strokes=kept(self.strokes),
            mattes=kept(self.mattes),
        )

    def _spots(self) -> Iterator[tuple[int, float, float]]:
        yield from ((point.frame, point.x, point.y) for point in self.points)
        yield from ((stroke.frame, x, y) for stroke in self.strokes for x, y in stroke.path)

    def _check_contradictions(self) -> None:
        """A place both on and off the object, a click "on it" outside every box of its frame."""
        said: dict[tuple[int, int, int], bool] = {}
        for point in self.points:
            key = (point.frame, int(point.x), int(point.y))
            if said.setdefault(key, point.positive) != point.positive:
                raise OpenVoidError(
                    f"({point.x:g}, {point.y:g}) on frame {point.frame} is marked both on and off"
                )
        for point in self.points:
            boxes = [box for box in self.boxes if box.frame == point.frame]
            inside = any(
                box.left <= point.x <= box.right and box.top <= point.y <= box.bottom
                for box in boxes
            )
            if point.positive and boxes and not inside:
                raise OpenVoidError(
                    f"({point.x:g}, {point.y:g}) on frame {point.frame} is outside the box there"
                )

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `json.dump` takes and `from_json` reads."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, data: Any) -> Selection:
        """The inverse of `to_json`; also reads the reference's `segmentation_info.json`.

        Args:
            data: decoded JSON, or `Facts`, which know their file.

        Raises:
            OpenVoidError: neither of the two, or a field that is missing, unknown or wrong.
        """
        facts = Facts.of(data)
        if "points_by_frame" in facts:
            return cls(tuple(_clicks(facts)))
        schema = facts.at("schema", None)
        if schema.value not in (SCHEMA, *OLDER):
            what = f"selection of schema {shown(schema.value)}, not {SCHEMA!r}"
            raise OpenVoidError(what, where=facts.where)
        return cls(
            tuple(_point(row) for row in facts.at("points", ()).rows()),
            tuple(_box(row) for row in facts.at("boxes", ()).rows()),
            tuple(_stroke(row) for row in facts.at("strokes", ()).rows()),
            facts.at("words", "").text(),
            tuple(
                Matte(row.at("frame").whole(0, FRAME), row.at("file").text())
                for row in facts.at("mattes", ()).rows()
            ),
            facts.at("candidate", 1).whole(1, MOST_CANDIDATES),
            facts.at("grow_to", "").text(among=GROWN),
        )


def _clicks(facts: Facts) -> Iterator[Point]:
    """Of the reference: frame -> [x, y] pairs."""
    name = "primary_points_by_frame"
    if name not in facts or not facts.at(name).fields():
        name = "points_by_frame"
    for frame, points in facts.at(name).fields().items():
        if not (frame.isdecimal() and len(frame) <= len(str(FRAME))):
            points.refuse("the number of a frame as the name")
        yield from (Point(int(frame), x, y) for x, y in points.pairs(0, PLACE_PX))


def _point(row: Facts) -> Point:
    row.only("frame", "x", "y", "positive")
    x, y = (row.at(name).number(0, PLACE_PX) for name in "xy")
    return Point(row.at("frame").whole(0, FRAME), x, y, row.at("positive", True).yes())


def _box(row: Facts) -> BoxMark:
    """It may reach beyond the picture."""
    sides = ("left", "top", "right", "bottom")
    row.only("frame", *sides)
    places = (row.at(side).number(-PLACE_PX, PLACE_PX) for side in sides)
    return BoxMark(row.at("frame").whole(0, FRAME), *places)


def _stroke(row: Facts) -> Stroke:
    row.only("frame", "path", "width_px", "positive")
    return Stroke(
        row.at("frame").whole(0, FRAME),
        row.at("path").pairs(0, PLACE_PX),
        row.at("width_px").number(0, PLACE_PX),
        row.at("positive", True).yes(),
    )
