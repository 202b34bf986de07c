"""Applied: which of the told effects count, and which are asked about instead.

Enters: effects, with how sure their reasoner is, and what a person decided. Leaves: the same
effects in the same order, each applied or not. This is the one place where it is decided: a removal
changes what is applied, and leaves alone what is not until a person accepts it. Knows no reasoner
and no clip.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from openvoid.core.effects import PERSON, Effect, Effects
from openvoid.core.errors import OpenVoidError

APPLIED_FROM = 0.65
"""The least confidence with which an effect is applied: two in three are real (docs/reason.md)."""

Numbers = frozenset[int] | Literal["all"]
"""Effects as they are counted for a person: the first one is 1."""


@dataclass(frozen=True)
class Decisions:
    """What a person accepts and rejects; a number counts before "all"."""

    accept: Numbers = frozenset()
    reject: Numbers = frozenset()

    def __bool__(self) -> bool:
        return bool(self.accept or self.reject)

    def applied_to(self, effects: Effects) -> Effects:
        """The same effects with a person's decisions, which stay that person's word.

        Raises:
            OpenVoidError: a number that no effect has, or one that is both accepted and rejected.
        """
        count = len(effects.affected)
        for name, numbers in (("--accept", self.accept), ("--reject", self.reject)):
            _check(numbers, count, name)
        both = self.accept == self.reject == "all"
        if both or _listed(self.accept) & _listed(self.reject):
            what = "is both accepted and rejected"
            raise OpenVoidError(what, where="--reject", mend="decide for one of them")
        numbered = enumerate(effects.affected, start=1)
        return replace(effects, affected=tuple(_decided(k, each, self) for k, each in numbered))


def by_confidence(effects: Effects) -> Effects:
    """What is sure enough is applied; what a person said stands."""
    return replace(effects, affected=tuple(_sure(each) for each in effects.affected))


def _sure(effect: Effect) -> Effect:
    if effect.by_person:
        return effect
    return replace(effect, applied=effect.confidence >= APPLIED_FROM)


def _decided(number: int, effect: Effect, decisions: Decisions) -> Effect:
    accepted, rejected = (
        number in _listed(numbers) for numbers in (decisions.accept, decisions.reject)
    )
    if not (accepted or rejected):
        accepted, rejected = decisions.accept == "all", decisions.reject == "all"
    if not (accepted or rejected):
        return effect
    sources = [each for each in effect.source.split("+") if each]
    source = "+".join(dict.fromkeys([*sources, PERSON]))
    return replace(effect, applied=accepted, source=source)


def _listed(numbers: Numbers) -> frozenset[int]:
    return frozenset() if isinstance(numbers, str) else numbers


def _check(numbers: Numbers, count: int, flag: str) -> None:
    wrong: Iterable[int] = sorted(n for n in _listed(numbers) if not 1 <= n <= count)
    for number in wrong:
        known = f"there are effects 1 to {count}" if count else "nothing else is affected"
        raise OpenVoidError(f"there is no effect {number}", where=flag, mend=known)
