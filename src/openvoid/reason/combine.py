"""Effects from several sources -> one: what is told twice becomes one thing, a person's word wins.

Enters: `Effects` of several reasoners, and perhaps a person's edits. Leaves: `Effects`. Two tell
the same if they mean the same kind of change and their places agree: well, where they use other
words, somewhat, where they use the same. Knows no reasoner and no clip.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import PERSON, Belonging, Effect, Effects, Place

# Chosen, not measured; tests/reason/test_combine.py holds what they do.
RASTER = 96  # samples over the picture, both ways: twelve a cell of a model's grid of eight
COMPARED_FRAMES = 16  # at most, for time
SAME_WORDS, OTHER_WORDS = 0.3, 0.5  # how far places must agree: half, less where words agree too
AGAIN = 0.9  # and for one source to have said the same again
FINER = 0.25  # a finer region stands for a coarse one if it fills so much: half as wide and high
_PASSING = "a an the of in on at by to its his her their with and from cast thing"
PASSING = frozenset(_PASSING.split())


def combine(parts: Iterable[Effects]) -> Effects:
    """All that is told, in the order of the parts, each thing once.

    - Told by two reasoners, a thing has the words of the surer one, both reasons, and the
      confidence that either is right: 1 - (1 - a)(1 - b). Its places are the finer ones where both
      tell some and the finer fill enough of the coarser, else both.
    - What a person said, accepted or rejected (the source "person", or one that ends in "+person")
      stands as it is, and takes the place of all that tells the same. With confidence 0 it says
      that the thing is *not* affected: it goes, and so does what tells the same (by its words
      alone, if it has no places).
    - A belonging is no effect as well. The first background counts, a person's before others'.
    """
    given = tuple(parts)
    effects = [effect for part in given for effect in part.affected]
    said = [effect for effect in effects if effect.by_person]
    joined: list[Effect] = []
    for effect in effects:
        if effect.by_person:
            joined += [effect] if effect.confidence > 0 else []
        elif not any(_settles(word, effect) for word in said):
            _join(joined, effect)
    belongings = _belongings(given)
    affected = [
        effect
        for effect in joined
        if effect.by_person or not any(_covers(each, effect) for each in belongings)
    ]
    extra: dict[str, Any] = {}
    for part in given:
        extra = {**part.extra, **extra}
    return Effects(tuple(affected), _background(given), extra, tuple(belongings))


def same_words(one: str, other: str) -> bool:
    """Whether two nouns share a word that says something."""
    return bool(_telling(one) & _telling(other))


def _telling(noun: str) -> set[str]:
    words = re.findall(r"\w+", noun.lower())
    return {word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words} - PASSING


@dataclass(frozen=True)
class Agreement:
    """How far two sets of places agree: 0 to 1 of their union, and of the smaller."""

    whole: float
    lesser: float


def agreement(one: Sequence[Place], other: Sequence[Place]) -> Agreement:
    """Over the frames in which either has places (a sample of them)."""
    frames = sorted({place.frame for place in (*one, *other)})
    picks = np.rint(np.linspace(0, len(frames) - 1, min(len(frames), COMPARED_FRAMES))).astype(int)
    both = either = mine = theirs = 0
    for frame in (frames[pick] for pick in picks):
        a, b = drawn(one, frame), drawn(other, frame)
        both += int(np.count_nonzero(a & b))
        either += int(np.count_nonzero(a | b))
        mine += int(np.count_nonzero(a))
        theirs += int(np.count_nonzero(b))
    return Agreement(both / max(1, either), both / max(1, min(mine, theirs)))


def drawn(places: Iterable[Place], frame: int) -> NDArray[np.bool_]:
    """The places of one frame on a coarse raster [RASTER, RASTER]."""
    raster = np.zeros((RASTER, RASTER), np.uint8)
    for place in places:
        if place.frame == frame and len(place.corners) > 2:
            corners = np.clip(np.array(place.corners), -8, 8) * RASTER - 0.5
            cv2.fillPoly(raster, [np.rint(corners).astype(np.int32)], 1)
    return raster > 0


def _likeness(one: Effect, other: Effect) -> float:
    """0: not the same thing; else the more, the surer it is. Same words come before other words."""
    if one.kind != other.kind:
        return 0.0
    measured = agreement((*one.now, *one.goes), (*other.now, *other.goes))
    if same_words(one.noun, other.noun):
        return 1 + measured.whole if measured.lesser >= SAME_WORDS else 0.0
    return measured.whole if measured.whole >= OTHER_WORDS else 0.0


def _settles(word: Effect, effect: Effect) -> bool:
    """Whether a person's word is about this effect."""
    if not word.now and not word.goes:
        return word.kind == effect.kind and same_words(word.noun, effect.noun)
    return _likeness(word, effect) > 0


def _join(joined: list[Effect], effect: Effect) -> None:
    """Into the list: with its like, or as a new thing. One source's things differ from each other,
    unless it says the very same again (an earlier answer, and the same read once more)."""
    own, likest, best = set(effect.source.split("+")), -1, 0.0
    for at, known in enumerate(joined):
        if known.by_person:
            continue
        if own.isdisjoint(known.source.split("+")):
            if (likeness := _likeness(known, effect)) > best:
                likest, best = at, likeness
        elif _again(known, effect):
            joined[at] = replace(known, confidence=max(known.confidence, effect.confidence))
            return
    if likest < 0:
        joined.append(effect)
    else:
        joined[likest] = _merged(joined[likest], effect)


def _again(known: Effect, effect: Effect) -> bool:
    if (known.noun, known.kind) != (effect.noun, effect.kind):
        return False
    return (known.now, known.goes) == (effect.now, effect.goes) or (
        agreement((*known.now, *known.goes), (*effect.now, *effect.goes)).whole >= AGAIN
    )


def _merged(one: Effect, other: Effect) -> Effect:
    surer = one if one.confidence >= other.confidence else other
    reasons = [effect.why for effect in (one, other) if effect.why]
    return replace(
        surer,
        why="; ".join(dict.fromkeys(reasons)),
        now=_finer(one.now, other.now),
        goes=_finer(one.goes, other.goes),
        before=_finer(one.before, other.before),
        confidence=1 - (1 - one.confidence) * (1 - other.confidence),
        source="+".join(effect.source for effect in (one, other) if effect.source),
        applied=one.applied or other.applied,
    )


def _finer(one: tuple[Place, ...], other: tuple[Place, ...]) -> tuple[Place, ...]:
    """Frame by frame, the smaller region if it lies in the larger and is no mere spot in it."""
    found: list[Place] = []
    ours, others = _by_frame(one), _by_frame(other)
    for frame in sorted(ours.keys() | others.keys()):
        mine, theirs = ours.get(frame, []), others.get(frame, [])
        a, b = drawn(mine, frame), drawn(theirs, frame)
        less, more = (a, b) if a.sum() <= b.sum() else (b, a)
        fits = (less & more).sum() >= 0.6 * less.sum() and less.sum() >= FINER * more.sum()
        if not (mine and theirs) or not fits:
            found += [*mine, *theirs]
        else:
            found += mine if less is a else theirs
    return tuple(found)


def _by_frame(places: Iterable[Place]) -> dict[int, list[Place]]:
    found: dict[int, list[Place]] = {}
    for place in places:
        found.setdefault(place.frame, []).append(place)
    return found


def _belongings(parts: Sequence[Effects]) -> list[Belonging]:
    """Each once; a person's before others', and places of both where reasoners agree."""
    told = [each for part in parts for each in part.belongings]
    told.sort(key=lambda each: each.source != PERSON)
    found: list[Belonging] = []
    for each in told:
        for at, known in enumerate(found):
            alike = same_words(known.noun, each.noun)
            if alike and agreement(known.places, each.places).lesser >= SAME_WORDS:
                if known.source != PERSON:
                    places = _finer(known.places, each.places)
                    source = "+".join(dict.fromkeys((known.source, each.source)))
                    found[at] = Belonging(known.noun, places, source)
                break
        else:
            found.append(each)
    return found


def _covers(belonging: Belonging, effect: Effect) -> bool:
    measured = agreement(belonging.places, effect.now)
    least = SAME_WORDS if same_words(belonging.noun, effect.noun) else OTHER_WORDS
    return effect.kind == "physical" and measured.whole >= least


def _background(parts: Sequence[Effects]) -> str:
    def by_person(part: Effects) -> bool:
        sources = {effect.source for effect in part.affected}
        sources |= {belonging.source for belonging in part.belongings}
        return sources == {PERSON}

    ordered = sorted((part for part in parts if part.background), key=lambda p: not by_person(p))
    return ordered[0].background if ordered else ""
