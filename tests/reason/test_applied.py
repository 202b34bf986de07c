"""What is applied and what is asked: by confidence, and by a person's word, which stands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.reason.applied import APPLIED_FROM, Decisions, by_confidence
from openvoid.reason.combine import combine

SURE, UNSURE = APPLIED_FROM + 0.01, APPLIED_FROM - 0.01


def effect(noun: str, confidence: float, left: float = 0.1, **changed: object) -> Effect:
    right = left + 0.1
    now = (Place(0, ((left, 0.1), (right, 0.1), (right, 0.3), (left, 0.3))),)
    made = Effect(noun, EffectKind.PHYSICAL, Relation.PUSHES, "", now, (), confidence, "motion")
    return replace(made, **changed)  # type: ignore[arg-type]


FOUND = by_confidence(Effects((effect("ball", SURE), effect("cup", UNSURE, 0.4))))


def test_only_what_is_sure_enough_is_applied() -> None:
    assert [each.applied for each in FOUND.affected] == [True, False]
    assert [each.noun for each in FOUND.applied().affected] == ["ball"]


@pytest.mark.parametrize(
    ("decisions", "applied"),
    [
        (Decisions(), [True, False]),
        (Decisions(accept=frozenset({2})), [True, True]),
        (Decisions(accept="all"), [True, True]),
        (Decisions(reject=frozenset({1})), [False, False]),
        (Decisions(accept="all", reject=frozenset({1})), [False, True]),
        (Decisions(accept=frozenset({2}), reject="all"), [False, True]),
    ],
)
def test_a_person_decides_by_number(decisions: Decisions, applied: list[bool]) -> None:
    decided = decisions.applied_to(FOUND)
    assert [each.applied for each in decided.affected] == applied
    assert by_confidence(decided) == decided


@pytest.mark.parametrize(
    ("decisions", "said"),
    [
        (Decisions(accept=frozenset({3})), "there is no effect 3"),
        (Decisions(reject=frozenset({0})), "there is no effect 0"),
        (Decisions(frozenset({1}), frozenset({1})), "both"),
        (Decisions("all", "all"), "both"),
    ],
)
def test_what_cannot_be_meant_is_refused(decisions: Decisions, said: str) -> None:
    with pytest.raises(OpenVoidError, match=said):
        decisions.applied_to(FOUND)


def test_a_decision_stands_whatever_a_reasoner_says_later() -> None:
    decided = Decisions(frozenset({2}), frozenset({1})).applied_to(FOUND)
    later = by_confidence(
        Effects((effect("cup", 0.0, 0.4), effect("hat", SURE, 0.7), effect("ball", 1.0)))
    )
    again = combine([decided, later])
    assert [(each.noun, each.applied) for each in again.affected] == [
        ("ball", False),
        ("cup", True),
        ("hat", True),
    ]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.data())
def test_decisions_keep_order_and_change_nothing_else(
    confidences: list[float], data: st.DataObject
) -> None:
    found = by_confidence(Effects(tuple(effect(f"{n}", c) for n, c in enumerate(confidences))))
    numbers = st.frozensets(st.integers(1, len(confidences)))
    accept = data.draw(numbers)
    reject = data.draw(numbers) - accept
    decided = Decisions(accept, reject).applied_to(found)
    assert Decisions(accept, reject).applied_to(decided) == decided
    for number, (old, new) in enumerate(zip(found.affected, decided.affected, strict=True), 1):
        assert new == replace(old, applied=new.applied, source=new.source)
        assert new.by_person == (number in accept | reject)
        assert new.applied == (number in accept or (old.applied and number not in reject))
