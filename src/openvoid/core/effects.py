"""Effects: what else the object causes, and what becomes of it once the object is gone.

A reasoner writes them, a person may correct them (they are JSON), `reason.compose` turns them into
the affected regions of a quadmask, and engines read from them what a mask cannot say: which kind
of change it is and where a moved thing goes. Knows no model and no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from openvoid.core.errors import OpenVoidError

SCHEMA = "openvoid.effects/3"
OLDER = ("openvoid.effects/1", "openvoid.effects/2")  # a cause was any word


class EffectKind(StrEnum):
    """ARTEFACT vanishes with the object (shadow, reflection); PHYSICAL moves or changes shape."""

    ARTEFACT = "artefact"
    PHYSICAL = "physical"


class Relation(StrEnum):
    """What the object does to a thing: the one vocabulary of all reasoners."""

    CASTS = "casts"  # a shadow
    REFLECTS = "reflects"  # the thing is the object's image
    SUPPORTS = "supports"  # bears, props, carries
    HOLDS = "holds"  # in a hand, by a string
    PUSHES = "pushes"  # sets going, by itself or through what it set going
    STOPS = "stops"  # or turns aside
    DEFORMS = "deforms"  # presses, bends, breaks
    DISTURBS = "disturbs"  # stirs, shakes, blows about
    HIDES = "hides"
    LIGHTS = "lights"
    OTHER = "other"


_OLDER_WORDS = {
    "is mirrored": Relation.REFLECTS,
    "moves": Relation.PUSHES,
    "sets off": Relation.PUSHES,
    "hits": Relation.PUSHES,
    "stops or turns": Relation.STOPS,
    "blocks": Relation.STOPS,
    "presses": Relation.DEFORMS,
    "stirs": Relation.DISTURBS,
}


@dataclass(frozen=True)
class Place:
    """A polygon in a frame: `corners` are (x, y) as shares of width and height, 0..1.

    Several places in one frame are a union. A place may lie partly outside the picture.
    """

    frame: int
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Effect:
    """One affected thing."""

    noun: str  # "ball", "shadow of the cup"
    kind: EffectKind
    cause: Relation  # what the object does to it
    why: str = ""
    now: tuple[Place, ...] = ()  # where it is in the clip
    goes: tuple[Place, ...] = ()  # where it would be without the object; empty: nowhere new
    confidence: float = 1.0  # 0..1
    source: str = ""  # who says so: a reasoner's name, or "person"


@dataclass(frozen=True)
class Belonging:
    """What goes with the object and is removed as part of it: worn, ridden, held for good."""

    noun: str
    places: tuple[Place, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Effects:
    """Everything the object affects, and the scene after the removal in a sentence."""

    affected: tuple[Effect, ...] = ()
    background: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    belongings: tuple[Belonging, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `json.dump` takes and `from_json` reads."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Effects:
        """The inverse of `to_json`; older schemas are read as well.

        A cause in other words than those of `Relation`, as older schemas allowed, is the relation
        that it meant, or `other`; where no reason was given, it stays as the reason.

        Raises:
            OpenVoidError: another schema, or a field that is missing or of the wrong kind.
        """
        schema = data.get("schema")
        if schema not in (SCHEMA, *OLDER):
            raise OpenVoidError(f"effects of schema {data.get('schema')!r}, expected {SCHEMA!r}")
        try:
            affected = tuple(
                _effect(row if schema == SCHEMA else _renewed(row))
                for row in data.get("affected", ())
            )
            belongings = tuple(
                Belonging(str(row["noun"]), _places(row["places"]), str(row.get("source", "")))
                for row in data.get("belongings", ())
            )
        except (KeyError, TypeError, ValueError) as error:
            raise OpenVoidError(f"effects cannot be read: {error!r}") from error
        extra = dict(data.get("extra", {}))
        return cls(affected, str(data.get("background", "")), extra, belongings)


def _effect(row: Mapping[str, Any]) -> Effect:
    return Effect(
        noun=str(row["noun"]),
        kind=EffectKind(row["kind"]),
        cause=Relation(row["cause"]),
        why=str(row.get("why", "")),
        now=_places(row.get("now", ())),
        goes=_places(row.get("goes", ())),
        confidence=float(row.get("confidence", 1.0)),
        source=str(row.get("source", "")),
    )


def _renewed(row: Mapping[str, Any]) -> dict[str, Any]:
    """An effect of an older schema, in today's words."""
    word = str(row["cause"])
    if word in list(Relation):
        return dict(row)
    known = _OLDER_WORDS.get(word)
    why = str(row.get("why", "")) or ("" if known else word)
    return {**row, "cause": known or Relation.OTHER, "why": why}


def _places(rows: Any) -> tuple[Place, ...]:
    return tuple(
        Place(int(row["frame"]), tuple((float(x), float(y)) for x, y in row["corners"]))
        for row in rows
    )
