"""Several sources joined: told twice is one, a person's word wins, and nothing else is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.effects import Belonging, Effect, EffectKind, Effects, Place, Relation
from openvoid.reason.combine import agreement, combine, same_words


def box(left: float, top: float, right: float, bottom: float) -> tuple[tuple[float, float], ...]:
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def places(
    left: float, top: float, right: float, bottom: float, frames: int = 4
) -> tuple[Place, ...]:
    return tuple(Place(frame, box(left, top, right, bottom)) for frame in range(frames))


COARSE, FINE = places(0.2, 0.5, 0.6, 0.8), places(0.25, 0.55, 0.55, 0.78)
ELSEWHERE = places(0.7, 0.1, 0.9, 0.3)


def effect(noun: str = "shadow of the man", **changed: object) -> Effect:
    made = Effect(noun, EffectKind.ARTEFACT, Relation.CASTS, "light", COARSE, (), 0.8, "vlm")
    return replace(made, **changed)  # type: ignore[arg-type]


def told(*effects: Effect, background: str = "") -> Effects:
    return Effects(effects, background)


def test_one_source_alone_stays_as_it_is() -> None:
    alone = Effects((effect(), effect("ball", now=ELSEWHERE)), "a floor", {"vlm": 1})
    assert combine([alone]) == alone
    assert combine([]) == Effects()


def test_the_same_thing_told_twice_becomes_one() -> None:
    motion = effect("cast shadow", why="it moves along", now=FINE, confidence=0.5, source="motion")
    (one,) = combine([told(motion), told(effect())]).affected
    assert one.noun == "shadow of the man"  # the surer one's
    assert one.source == "motion+vlm"
    assert one.confidence == pytest.approx(0.9)
    assert one.why == "it moves along; light"
    assert one.now == FINE


def test_other_words_for_much_the_same_place_are_the_same_thing() -> None:
    motion = effect("dark patch", now=places(0.2, 0.5, 0.6, 0.78), source="motion")
    assert len(combine([told(motion), told(effect())]).affected) == 1
    little = effect("dark patch", now=places(0.2, 0.5, 0.3, 0.6), source="motion")
    assert len(combine([told(little), told(effect())]).affected) == 2


@pytest.mark.parametrize(
    "other",
    [
        effect(now=ELSEWHERE, source="motion"),
        effect(kind=EffectKind.PHYSICAL, source="motion"),
        effect(now=FINE),  # one source tells two things
    ],
)
def test_what_differs_in_place_or_kind_or_comes_from_one_source_stays_two(other: Effect) -> None:
    assert len(combine([told(effect()), told(other)]).affected) == 2


def test_of_several_that_match_the_one_with_the_same_words_counts() -> None:
    patch, cup = effect("patch", why="a"), effect("cup", now=FINE, why="b")
    seen = effect("cup", source="motion")
    first, second = combine([told(patch, cup), told(seen)]).affected
    assert first == patch
    assert second.source == "vlm+motion"


def test_what_one_source_says_again_is_said_once() -> None:
    said = effect(confidence=0.3)
    assert combine([told(said), told(effect())]).affected == (effect(),)


def test_a_mere_spot_does_not_stand_for_the_whole() -> None:
    spot = effect(now=places(0.3, 0.6, 0.36, 0.66), source="motion")
    (one,) = combine([told(effect()), told(spot)]).affected
    assert set(one.now) == {*COARSE, *spot.now}


def test_frames_that_only_one_tells_are_kept() -> None:
    short = effect(now=FINE[:2], source="motion")
    (one,) = combine([told(short), told(effect())]).affected
    assert one.now == (*FINE[:2], *COARSE[2:])


def test_where_a_thing_goes_is_joined_too() -> None:
    ball = effect("ball", kind=EffectKind.PHYSICAL, goes=ELSEWHERE)
    seen = effect("moving ball", kind=EffectKind.PHYSICAL, now=COARSE, source="motion")
    (one,) = combine([told(seen), told(ball)]).affected
    assert one.goes == ELSEWHERE


def test_a_persons_word_stands_and_takes_the_place_of_others() -> None:
    own = effect("shadow", now=FINE, why="as painted", confidence=0.6, source="person")
    edits = told(own, background="a beach")
    whole = combine([told(effect(), background="a desert"), edits])
    assert whole.affected == (own,)
    assert whole.background == "a beach"


def test_a_person_can_say_that_something_is_not_affected() -> None:
    never = effect("shadow", now=(), confidence=0.0, source="person")
    other = effect("reflection", now=ELSEWHERE)
    assert combine([told(effect(), other), told(never)]).affected == (other,)
    there = effect("anything", now=COARSE, confidence=0.0, source="person")
    assert combine([told(effect(), other), told(there)]).affected == (other,)


def test_belongings_are_joined_and_are_no_effects_as_well() -> None:
    hat, same = Belonging("hat", COARSE, "vlm"), Belonging("straw hat", FINE, "motion")
    own = Belonging("bag", ELSEWHERE, "person")
    moved = effect("hat", kind=EffectKind.PHYSICAL, source="motion")
    whole = combine([Effects((moved,), belongings=(hat,)), Effects(belongings=(same, own))])
    assert whole.affected == ()
    assert whole.belongings == (own, Belonging("hat", FINE, "vlm+motion"))


def test_a_shadow_over_a_belonging_stays_an_effect() -> None:
    hat = Belonging("hat", COARSE, "vlm")
    assert len(combine([Effects((effect("hat shadow"),), belongings=(hat,))]).affected) == 1


def test_all_extras_are_kept_and_the_first_background_counts() -> None:
    one = Effects(background="", extra={"a": 1, "b": 1})
    other, third = Effects(background="x", extra={"b": 2}), Effects(background="y")
    whole = combine([one, other, third])
    assert whole.extra == {"a": 1, "b": 1}
    assert whole.background == "x"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("shadow", "cast shadow of the man", True),
        ("the balls", "red ball", True),
        ("shadow of the cup", "cup", True),
        ("man", "woman", False),
        ("the", "the", False),
        ("", "x", False),
    ],
)
def test_nouns_are_alike_by_a_word_that_says_something(one: str, other: str, same: bool) -> None:
    assert same_words(one, other) is same


def test_places_agree_as_their_areas_do() -> None:
    half = places(0.2, 0.5, 0.4, 0.8)
    found = agreement(COARSE, half)
    assert found.whole == pytest.approx(0.5, abs=0.05)
    assert found.lesser == pytest.approx(1.0, abs=0.05)
    assert agreement(COARSE, ELSEWHERE).whole == 0
    assert agreement((), ()).whole == 0


boxes = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 3), st.integers(1, 3)).map(
    lambda b: places(b[0] / 9, b[1] / 9, (b[0] + b[2]) / 9, (b[1] + b[3]) / 9, 2)
)
effects = st.builds(
    effect,
    noun=st.sampled_from(["shadow", "cup", "ball"]),
    kind=st.sampled_from(list(EffectKind)),
    now=boxes,
    goes=st.just(()) | boxes,
    confidence=st.floats(0.1, 1),
    source=st.just("vlm"),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(effects, max_size=3), st.lists(effects, max_size=3))
def test_joining_never_loses_a_thing_and_never_doubts_it(
    one: list[Effect], other: list[Effect]
) -> None:
    theirs = [replace(each, source="motion") for each in other]
    whole = combine([told(*one), told(*theirs)]).affected
    assert len(whole) <= len(one) + len(other)
    for each in (*one, *theirs):
        assert any(
            each.source in found.source
            and found.kind == each.kind
            and found.confidence >= each.confidence - 1e-9
            for found in whole
        )
