"""Scenes: spans that cover a clip, and what each scene reaches."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.effects import Belonging, Effect, EffectKind, Effects, Place, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.scenes import Kind, Scenes, Span, scenes_in_words
from openvoid.core.selection import BoxMark, Point, Selection

SIDES = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))


def test_words_tell_cuts_and_dissolves() -> None:
    scenes = scenes_in_words("16, 40-55", 80)
    assert [(span.start, span.stop, span.kind) for span in scenes.spans] == [
        (0, 16, Kind.SCENE),
        (16, 40, Kind.SCENE),
        (40, 56, Kind.DISSOLVE),
        (56, 80, Kind.SCENE),
    ]
    assert list(scenes.told()) == ["cut at frame 16", "dissolve in frames 40 to 55"]
    assert scenes_in_words("none", 80).one


@pytest.mark.parametrize("words", ["", "x", "0", "80", "90", "9-4", "16-20,18", "16,,20", "-3"])
def test_words_that_fit_no_scenes_are_refused(words: str) -> None:
    with pytest.raises(OpenVoidError):
        scenes_in_words(words, 80)


def test_a_scene_reaches_through_what_shows_it() -> None:
    between = [Span(8, 12, Kind.DISSOLVE), Span(20, 24, Kind.FADE_OUT), Span(24, 30, Kind.FADE_IN)]
    scenes = Scenes.of(40, [], between)
    assert [(reach.start, reach.stop) for reach in scenes.reaches()] == [(0, 12), (8, 24), (24, 40)]
    assert scenes.reach_of(9).start == 0
    assert scenes.reach_of(11).start == 8
    assert scenes.reach_of(23).stop == 24


@given(st.sets(st.integers(1, 39)), st.integers(0, 39), st.integers(1, 40))
def test_spans_cover_every_frame_once(cuts: set[int], start: int, length: int) -> None:
    scenes, stop = Scenes.of(40, cuts), min(40, start + length)
    assert [i for span in scenes.spans for i in range(span.start, span.stop)] == list(range(40))
    part = scenes.trimmed(start, stop)
    assert part.length == stop - start
    assert part == Scenes.of(stop - start, [cut - start for cut in cuts if start < cut < stop])
    assert all(scenes.reach_of(frame).start <= frame for frame in range(40))


def test_marks_of_some_frames_are_counted_from_the_first() -> None:
    marks = Selection((Point(2, 1, 1), Point(9, 3, 3)), (BoxMark(12, 0, 0, 4, 4),), words="cup")
    part = marks.within(lambda frame: frame >= 8, 8)
    assert part == Selection((Point(1, 3, 3),), (BoxMark(4, 0, 0, 4, 4),), words="cup")


def test_effects_of_a_part_are_those_with_places_in_it() -> None:
    def effect(noun: str, *frames: int) -> Effect:
        now = tuple(Place(frame, SIDES) for frame in frames)
        return Effect(noun, EffectKind.ARTEFACT, Relation.CASTS, now=now)

    belongs = Belonging("hat", (Place(3, SIDES), Place(9, SIDES)))
    whole = Effects((effect("a", 1, 9), effect("b", 2), effect("c")), "x", {}, (belongs,))
    part = whole.trimmed(8, 12)
    assert part.affected == (effect("a", 1), effect("c"))
    assert part.belongings == (Belonging("hat", (Place(1, SIDES),)),)
    assert part.moved(8).affected[0] == effect("a", 9)
