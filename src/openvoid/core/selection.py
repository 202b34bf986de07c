"""Selection: what a person points at, on any frames. JSON in and out; knows no segmenter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from openvoid.core.errors import OpenVoidError

SCHEMA = "openvoid.selection/1"


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
class Selection:
    """All marks of one object, and words for segmenters that take words."""

    points: tuple[Point, ...] = ()
    boxes: tuple[BoxMark, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    words: str = ""

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `json.dump` takes and `from_json` reads."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Selection:
        """The inverse of `to_json`; also reads the reference's `segmentation_info.json`.

        Raises:
            OpenVoidError: neither of the two, or a field of the wrong kind.
        """
        try:
            if "points_by_frame" in data:
                clicks = data.get("primary_points_by_frame") or data["points_by_frame"]
                return cls(
                    tuple(
                        Point(int(frame), float(x), float(y))
                        for frame, points in clicks.items()
                        for x, y in points
                    )
                )
            if data.get("schema") != SCHEMA:
                raise OpenVoidError(f"selection of schema {data.get('schema')!r}, not {SCHEMA!r}")
            return cls(
                tuple(Point(**row) for row in data.get("points", ())),
                tuple(BoxMark(**row) for row in data.get("boxes", ())),
                tuple(
                    Stroke(**{**row, "path": tuple((float(x), float(y)) for x, y in row["path"])})
                    for row in data.get("strokes", ())
                ),
                str(data.get("words", "")),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise OpenVoidError(f"selection cannot be read: {error!r}") from error
