"""One click means a whole thing; what else it may mean is offered."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.core.removal import Run
from openvoid.core.selection import BoxMark, Point, Selection
from openvoid.select.classical.background import Scene
from openvoid.select.classical.choices import grown_to, what_of
from openvoid.select.classical.initial_silhouette import (
    MOST_OFFERED,
    UNLIKE,
    Guess,
    hypotheses,
    overlap,
)
from openvoid.select.seeds import seeds_of
from openvoid.vision.working import FOLLOW, prepare
from tests.select.moving_shapes import World, world


def offered(made: World, marks: Selection, frame: int, folder: Path) -> list[Guess]:
    with prepare(made.clip, FOLLOW, Run(folder)) as working:
        return hypotheses(Scene(working), frame, seeds_of(marks, frame, working))


def test_a_click_on_one_part_finds_the_parts_that_move_with_it(tmp_path: Path) -> None:
    made = world(lambda index: (30 + 4 * index, 60), length=25, hat=True)
    marks = Selection(points=(Point(12, 78, 62),))  # on the body; the hat has another colour
    found = offered(made, marks, 12, tmp_path)
    assert max(overlap(each.mask, made.truth[12]) for each in found) > 0.85


def test_a_box_is_cut_to_what_is_in_it(tmp_path: Path) -> None:
    made = world(lambda index: (30 + 4 * index, 60), length=25)
    (found,) = offered(made, Selection(boxes=(BoxMark(12, 60, 34, 100, 78),)), 12, tmp_path)
    assert overlap(found.mask, made.truth[12]) > 0.85


def test_of_a_box_is_taken_what_reaches_its_sides(tmp_path: Path) -> None:
    made = world(lambda index: (30 + 4 * index, 60), length=25, hat=True)
    rows, columns = np.nonzero(made.truth[12])
    tight = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    marks = Selection(boxes=(BoxMark(12, *map(float, tight)),))
    found = offered(made, marks, 12, tmp_path)
    assert overlap(found[0].mask, made.truth[12]) > 0.85
    assert found[0].cues["fills"] == max(each.cues["fills"] for each in found)


def test_what_is_offered_differs_and_holds_the_click(tmp_path: Path) -> None:
    made = world(lambda index: (60, 60), length=3, hat=True)
    found = offered(made, Selection(points=(Point(1, 60, 62),)), 1, tmp_path)
    assert 1 <= len(found) <= MOST_OFFERED
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    for number, each in enumerate(found):
        assert each.mask[62, 60]
        assert all(overlap(each.mask, other.mask) < UNLIKE for other in found[:number])


def test_frames_far_away_change_nothing(tmp_path: Path) -> None:
    made = world(lambda index: (30 + 2 * index, 60), length=60)
    short = World(made.frames[:31], made.truth[:31])
    marks = Selection(points=(Point(4, 38, 60),))
    one, two = (offered(each, marks, 4, tmp_path)[0].mask for each in (made, short))
    assert np.array_equal(one, two)


@pytest.mark.parametrize("what", ["part", "object"])
def test_a_part_is_what_another_one_holds(what: str) -> None:
    small, large = np.zeros((20, 20), bool), np.zeros((20, 20), bool)
    small[5:9, 5:9], large[4:16, 4:16] = True, True
    guesses = [Guess(large, 0.9), Guess(small, 0.5)]
    assert [what_of(each, guesses) for each in guesses] == ["object", "part"]
    assert what_of(grown_to(guesses, what)[0], guesses) == what
