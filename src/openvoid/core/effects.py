"""Effects: what else the object causes, and what becomes of it once the object is gone.

A reasoner writes them, a person may correct them (they are JSON), `reason.compose` turns those that
are applied into the affected regions of a quadmask, and engines read from them what a mask cannot
say: which kind of change it is and where a moved thing goes. One that is not applied is a question
to the person. Knows no model and no files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts, shown
from openvoid.core.limits import FRAME, PLACE_SHARE

SCHEMA = "openvoid.effects/5"
ANY_WORD = ("openvoid.effects/1", "openvoid.effects/2")  # a cause was any word
OLDER = (*ANY_WORD, "openvoid.effects/3")  # all was applied
BEFORE_FATES = "openvoid.effects/4"  # nobody told where a thing came from
PERSON = "person"
PLACES = ("now", "goes", "before", "places")  # the fields that hold places


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
    source: str = ""  # who says so: a reasoner's name, "person", or several joined by "+"
    applied: bool = True  # False: it is asked about, and nothing is done
    before: tuple[Place, ...] = ()  # where what moved by itself was until the object touched it

    @property
    def by_person(self) -> bool:
        """Whether a person said so, or accepted or rejected it."""
        return PERSON in self.source.split("+")

    def placed_by(self, change: Callable[[tuple[Place, ...]], tuple[Place, ...]]) -> Effect:
        """The same, all its places changed."""
        now, goes, before = (change(places) for places in (self.now, self.goes, self.before))
        return replace(self, now=now, goes=goes, before=before)


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

    def applied(self) -> Effects:
        """Without what is only asked about."""
        return replace(self, affected=tuple(each for each in self.affected if each.applied))

    def to_json(self) -> dict[str, Any]:
        """A dictionary that `json.dump` takes and `from_json` reads."""
        return {
            "schema": SCHEMA,
            "affected": tuple(_row(effect) for effect in self.affected),
            "background": self.background,
            "extra": dict(self.extra),
            "belongings": tuple(_row(belonging) for belonging in self.belongings),
        }

    def moved(self, frames: int) -> Effects:
        """The same, all places so many frames later."""

        def later(places: tuple[Place, ...]) -> tuple[Place, ...]:
            return tuple(replace(place, frame=place.frame + frames) for place in places)

        return replace(
            self,
            affected=tuple(e.placed_by(later) for e in self.affected),
            belongings=tuple(replace(b, places=later(b.places)) for b in self.belongings),
        )

    def trimmed(self, start: int, stop: int) -> Effects:
        """Places in the frames `start` <= frame < `stop` alone, counted from `start`; what had
        places and has none left is gone."""

        def kept(places: tuple[Place, ...]) -> tuple[Place, ...]:
            return tuple(place for place in places if start <= place.frame < stop)

        affected = (
            e.placed_by(kept)
            for e in self.affected
            if kept(e.now + e.goes) or not (e.now or e.goes)
        )
        belongings = (
            replace(b, places=kept(b.places))
            for b in self.belongings
            if kept(b.places) or not b.places
        )
        part = replace(self, affected=tuple(affected), belongings=tuple(belongings))
        return part.moved(-start)

    @classmethod
    def from_json(cls, data: Any) -> Effects:
        """The inverse of `to_json`; older schemas, in which all is applied, are read as well.

        A cause in other words than those of `Relation`, as older schemas allowed, is the relation
        that it meant, or `other`; where no reason was given, it stays as the reason.

        Args:
            data: decoded JSON, or `Facts`, which know their file.

        Raises:
            OpenVoidError: another schema, or a field that is missing or of the wrong kind.
        """
        facts = Facts.of(data)
        schema = facts.at("schema", None)
        if schema.value not in (SCHEMA, BEFORE_FATES, *OLDER):
            what = f"effects of schema {shown(schema.value)}, expected {SCHEMA!r}"
            raise OpenVoidError(what, where=facts.where)
        older = schema.value in ANY_WORD
        affected = tuple(_effect(row, older) for row in facts.at("affected", ()).rows())
        belongings = tuple(
            Belonging(row.at("noun").text(), _places(row.at("places")), row.at("source", "").text())
            for row in facts.at("belongings", ()).rows()
        )
        extra = facts.at("extra", {})
        extra.fields()
        background = facts.at("background", "").text()
        return cls(affected, background, dict(extra.kept()), belongings)


def _effect(row: Facts, older: bool) -> Effect:
    word, why = row.at("cause"), row.at("why", "").text()
    cause, why = _meant(word.text(), why) if older else (word.text(among=list(Relation)), why)
    return Effect(
        noun=row.at("noun").text(),
        kind=EffectKind(row.at("kind").text(among=list(EffectKind))),
        cause=Relation(cause),
        why=why,
        now=_places(row.at("now", ())),
        goes=_places(row.at("goes", ())),
        before=_places(row.at("before", ())),
        confidence=row.at("confidence", 1.0).number(0, 1),
        source=row.at("source", "").text(),
        applied=row.at("applied", True).yes(),
    )


def _meant(word: str, why: str) -> tuple[str, str]:
    """A cause of an older schema in today's words, and the reason."""
    if word in list(Relation):
        return word, why
    known = _OLDER_WORDS.get(word)
    return known or Relation.OTHER, why or ("" if known else word)


def _row(told: Effect | Belonging) -> dict[str, Any]:
    """Fields by name. A shot has a hundred thousand corners: `asdict` would copy each."""
    return {
        name: tuple(dict(vars(place)) for place in value) if name in PLACES else value
        for name, value in vars(told).items()
    }


def _places(places: Facts) -> tuple[Place, ...]:
    return tuple(
        Place(
            row.at("frame").whole(0, FRAME),
            row.at("corners").pairs(-PLACE_SHARE, PLACE_SHARE),
        )
        for row in places.rows()
    )
