"""Following: few looks where nothing is doubtful, and what the network does not see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.core.removal import Run
from openvoid.core.selection import Point, Selection
from openvoid.select.isnet.following import Following, sure_of
from tests.select.isnet.red_eye import RedEye, at_work
from tests.select.moving_shapes import World, overlap, world


def followed(
    made: World, marks: Selection, folder: Path, eye: RedEye | None = None, every: int = 24
) -> tuple[Following, list[float]]:
    """What was followed, and its overlap with the truth a frame."""
    with at_work(made.clip, folder) as working:
        following = Following(working, marks, eye or RedEye(), every, Run(folder))
        following.begin()
    return following, [overlap(following[at], each) for at, each in enumerate(made.truth)]


@pytest.mark.parametrize("frame", [0, 7, 15])
def test_one_click_on_any_frame_is_followed_with_few_looks(frame: int, tmp_path: Path) -> None:
    made = world(lambda index: (40 + 5 * index, 60), length=16)
    marks = Selection(points=(Point(frame, 40 + 5 * frame, 60),))
    following, found = followed(made, marks, tmp_path)
    assert min(found) > 0.9
    assert min(following.confidence) > 0.5
    assert following.looks <= 5


def test_more_looks_are_taken_where_they_are_asked_for(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 3 * index, 60), length=24)
    marks = Selection(points=(Point(0, 40, 60),))
    few, many = (followed(made, marks, tmp_path, every=each)[0].looks for each in (24, 6))
    assert many > few


def test_what_the_network_does_not_see_is_followed_all_the_same(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=8)
    _, found = followed(made, Selection(points=(Point(0, 40, 60),)), tmp_path, RedEye(blind=True))
    assert min(found) > 0.9


def test_marks_on_two_frames_are_both_obeyed(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 5 * index, 60), length=16)
    marks = Selection(points=(Point(0, 40, 60), Point(15, 115, 60), Point(8, 20, 20, False)))
    following, found = followed(made, marks, tmp_path)
    assert following[0][60, 40]
    assert following[15][60, 115]
    assert not following[8][20, 20]
    assert min(found) > 0.9


def test_what_leaves_and_returns_is_followed_again(tmp_path: Path) -> None:
    made = world(lambda at: (140 + 9 * at if at < 8 else 203 - 9 * (at - 8), 60), length=20)
    following, found = followed(made, Selection(points=(Point(0, 140, 60),)), tmp_path)
    assert not following[8].any()
    assert min(found[-4:]) > 0.9


def test_the_same_marks_give_the_same_track(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=10)
    marks = Selection(points=(Point(0, 40, 60),))
    one, other = (followed(made, marks, tmp_path)[0] for _ in range(2))
    assert all(np.array_equal(one[each], other[each]) for each in range(10))
    assert one.confidence == other.confidence


def test_an_agreement_of_seven_tenths_is_where_doubt_begins() -> None:
    assert sure_of(0.7) == pytest.approx(0.5)
    assert sure_of(0.4) < 0.1
    assert sure_of(1.0) > 0.95
