"""From cells at key frames to regions in every frame: what holds for all answers, and for ours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvoid.core.effects import Effect, Effects, Place
from openvoid.core.track import Track
from openvoid.reason.vlm.effects import effects_of
from openvoid.reason.vlm.grid_regions import places_along, places_between
from openvoid.reason.vlm.schema import Affected, Answer, Cell, Grid, Sighting, Step, read_answer
from tests.reason.vlm.spoken import ANSWER, LENGTH, answer, disc

GRID = Grid(8, 14)
FINE = 20  # samples a cell
KEYS = (0, 12, 23)

cells = st.sets(st.tuples(st.integers(0, 7), st.integers(0, 13)), min_size=1, max_size=9)


def drawn(places: tuple[Place, ...], frame: int) -> NDArray[np.bool_]:
    raster = np.zeros((GRID.rows * FINE, GRID.columns * FINE), np.uint8)
    for place in places:
        if place.frame == frame:
            corners = np.array(place.corners) * [raster.shape[1], raster.shape[0]] - 0.5
            cv2.fillPoly(raster, [np.rint(corners).astype(np.int32)], 1)
    return raster > 0


def middle(mask: NDArray[np.bool_]) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(rows.mean() + 0.5) / FINE, float(columns.mean() + 0.5) / FINE


def sighted(*told: tuple[int, set[Cell]]) -> tuple[Sighting, ...]:
    return tuple(Sighting(frame, tuple(sorted(where))) for frame, where in told)


def effects(track: Track | None = None, **changed: object) -> Effects:
    track = track or disc()
    told = read_answer(answer(**changed), GRID, len(track), KEYS)
    return effects_of(told, track, "vlm")


def frames_of(places: tuple[Place, ...]) -> list[int]:
    return sorted({place.frame for place in places})


def thing(name: str) -> Effect:
    (found,) = [each for each in effects().affected if name in each.noun]
    return found


@settings(max_examples=40, deadline=None)
@given(cells, cells)
def test_in_its_own_frame_a_region_covers_its_cells_and_little_else(
    one: set[Cell], other: set[Cell]
) -> None:
    places = places_between(sighted((2, one), (9, other)), GRID, range(12))
    for frame, named in ((0, one), (2, one), (9, other), (11, other)):
        mask = drawn(places, frame)
        for row, column in named:
            assert mask[int((row + 0.5) * FINE), int((column + 0.5) * FINE)]
        exact = np.zeros_like(mask)
        for row, column in named:
            exact[row * FINE : (row + 1) * FINE, column * FINE : (column + 1) * FINE] = True
        near = cv2.dilate(exact.astype(np.uint8), np.ones((3, 3), np.uint8))
        around, _ = cv2.findContours(near, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(near, around, -1, 1, cv2.FILLED)  # rings are filled
        assert not (mask & (near == 0)).any()
        assert np.count_nonzero(mask & exact) >= 0.8 * np.count_nonzero(exact)


@settings(max_examples=40, deadline=None)
@given(cells, cells)
def test_between_two_sightings_a_region_never_vanishes(one: set[Cell], other: set[Cell]) -> None:
    places = places_between(sighted((0, one), (10, other)), GRID, range(11))
    assert frames_of(places) == list(range(11))


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 10)),
    st.tuples(st.integers(1, 5), st.integers(1, 10)),
)
def test_a_block_that_moves_is_on_the_straight_line_between(a: Cell, b: Cell) -> None:
    def block(at: Cell) -> set[Cell]:
        return {(at[0] + down, at[1] + right) for down in (0, 1) for right in (0, 1)}

    places = places_between(sighted((0, block(a)), (8, block(b))), GRID, range(9))
    for frame in range(9):
        wanted = np.array(a) + (np.array(b) - a) * frame / 8 + 1
        assert np.allclose(middle(drawn(places, frame)), wanted, atol=0.15)


@settings(max_examples=25, deadline=None)
@given(cells, st.integers(0, 20))
def test_the_same_cells_twice_stand_still(named: set[Cell], frame: int) -> None:
    once = places_between(sighted((5, named)), GRID, (frame,))
    twice = places_between(sighted((5, named), (9, named)), GRID, (frame,))
    assert once == twice


def test_cells_at_the_edge_reach_it() -> None:
    whole = {(row, column) for row in (6, 7) for column in range(14)}
    mask = drawn(places_between(sighted((0, whole)), GRID, (0,)), 0)
    assert mask[-1].all()
    assert mask[:, 0][6 * FINE + 2 :].all()
    everything = {(row, column) for row in range(8) for column in range(14)}
    assert drawn(places_between(sighted((0, everything)), GRID, (0,)), 0).all()


def test_what_belongs_to_something_follows_it_and_is_where_it_was_seen() -> None:
    def drift(frame: int) -> tuple[float, float]:
        return (0.1 if frame == 5 else 0.0), 0.0

    told = sighted((0, {(3, 4)}), (10, {(3, 4)}))
    places = places_between(told, GRID, (0, 5, 10), drift)
    at = {frame: middle(drawn(places, frame))[1] for frame in (0, 5, 10)}
    assert at[0] == at[10] == pytest.approx(4.5, abs=0.1)
    assert at[5] == pytest.approx(4.5 + 0.1 * GRID.columns, abs=0.1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.floats(-3, 11), st.floats(-3, 17)),
        min_size=2,
        max_size=5,
        unique_by=lambda step: step[0],
    ),
    st.floats(0.5, 3),
    st.floats(0.5, 3),
)
def test_a_path_passes_its_steps_and_nothing_is_drawn_outside(
    steps: list[tuple[int, float, float]], high: float, wide: float
) -> None:
    path = tuple(Step(*step) for step in sorted(steps))
    places = {place.frame: place for place in places_along(path, (high, wide), GRID, range(31))}
    for step in path:
        beside = not (
            -high / 2 < step.row < 8 + high / 2 and -wide / 2 < step.column < 14 + wide / 2
        )
        assert (step.frame not in places) == beside
        if not beside:
            corners = np.array(places[step.frame].corners) * [14, 8]
            assert np.allclose(corners.mean(axis=0), (step.column, step.row), atol=0.01)
            assert np.allclose(np.ptp(corners, axis=0), (wide, high), atol=0.01)
    last = path[-1]
    assert all(places.get(f) is None or f in places for f in range(last.frame, 31))


def test_a_shadow_is_wherever_the_object_is_and_goes_nowhere() -> None:
    shadow = thing("shadow")
    assert shadow.kind == "artefact"
    assert frames_of(shadow.now) == list(range(LENGTH))
    assert shadow.goes == ()
    assert shadow.cause == "casts"
    assert shadow.source == "vlm"
    assert shadow.confidence == 0.9


def test_what_was_held_falls_along_its_path_and_stays_where_it_comes_to_rest() -> None:
    box = thing("box")
    assert frames_of(box.now) == list(range(4, LENGTH))  # as far as it is affected
    assert frames_of(box.goes) == list(range(4, LENGTH))
    assert middle(drawn(box.goes, 7)) == pytest.approx((4.5, 3.5), abs=0.1)
    assert middle(drawn(box.goes, 20)) == pytest.approx((6.5, 3.5), abs=0.1)


def test_what_was_pushed_would_have_stayed() -> None:
    cup = thing("cup")
    assert frames_of(cup.goes) == list(range(12, LENGTH))
    assert middle(drawn(cup.goes, 20)) == pytest.approx((5.5, 6.5), abs=0.1)
    assert middle(drawn(cup.now, 23)) == pytest.approx((5.5, 13.5), abs=0.2)


def test_a_belonging_goes_with_the_object_while_that_is_seen() -> None:
    track = disc(last=15)
    (hat,) = effects(track).belongings
    assert frames_of(hat.places) == list(range(16))
    start, later = middle(drawn(hat.places, 0)), middle(drawn(hat.places, 15))
    assert later[0] == pytest.approx(start[0], abs=0.1)
    assert later[1] - start[1] == pytest.approx(45 / 8, abs=0.2)  # 3 px a frame, cells of 8 px


def test_the_scene_becomes_the_background_and_the_rest_is_kept() -> None:
    found = effects()
    assert found.background == ANSWER["scene_description"]
    assert found.extra["vlm"]["key_frames"] == list(KEYS)
    assert found.extra["vlm"]["object"] == "disc"
    assert Effects.from_json(found.to_json()) == found


def affected(artefact: bool, start: int, *frames: int) -> Affected:
    seen = sighted(*((frame, {(4, 4)}) for frame in frames))
    return Affected("x", artefact, "casts", "", start, seen)


@pytest.mark.parametrize(
    ("artefact", "start", "seen", "last", "expected"),
    [
        (True, 0, (0, 10, 20), 23, (0, 23)),  # always
        (True, 0, (10, 20), 23, (1, 23)),  # frame 0 was shown and does not have it
        (True, 7, (10, 20), 23, (7, 23)),  # the answer is more exact
        (True, 0, (0, 10), 23, (0, 15)),  # half of the way to frame 20, which does not have it
        (False, 12, (0, 10, 20), 23, (12, 23)),  # seen, but not affected yet
        (True, 0, (0, 10, 20), 21, (0, 21)),  # light ends with the object
        (False, 0, (0, 10, 20), 21, (0, 23)),  # matter does not
    ],
)
def test_a_thing_is_present_from_its_cause_to_its_end(
    artefact: bool, start: int, seen: tuple[int, ...], last: int, expected: tuple[int, int]
) -> None:
    track = disc(last=last)
    told = Answer(GRID, (0, 10, 20), "disc", (), (affected(artefact, start, *seen),), "")
    (effect,) = effects_of(told, track, "vlm").affected
    assert (frames_of(effect.now)[0], frames_of(effect.now)[-1]) == expected


def test_a_thing_affected_only_after_it_was_last_seen_has_no_place() -> None:
    told = Answer(GRID, (0, 10, 20), "disc", (), (affected(True, 18, 0, 10),), "")
    (effect,) = effects_of(told, disc(), "vlm").affected
    assert effect.now == ()
