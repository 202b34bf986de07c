"""A person's word on where things go counts, and what cannot be meant is told in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.effects import PERSON, Effects, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import FateKind
from openvoid.physics import word
from openvoid.physics.plain import PlainMover
from tests.physics.rolling import HEIGHT, LENGTH, MEETS, WIDTH, ball_x, shot_of, stopped


def effects(applied: bool = True) -> Effects:
    ball = stopped().effects.affected[0]
    return Effects((replace(ball, applied=applied), replace(ball, now=())))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("1=fly", "says no fate"),
        ("3=hold", "no effect"),
        ("x=hold", "no effect"),
        ("1=hold,1=fall", "twice"),
    ],
)
def test_a_fate_that_cannot_be_meant_is_one_line(said: str, told: str) -> None:
    with pytest.raises(OpenVoidError, match=told):
        word.kinds(said, effects())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("1:", "no place"),
        ("1: 5,6", "is no place"),
        ("1: 5,6@99", "not in the clip"),
        ("1: nan,6@2", "not in the clip"),
        ("1: 5,6@2 7,8@2", "two places in one frame"),
    ],
)
def test_a_path_that_cannot_be_meant_is_one_line(said: str, told: str) -> None:
    with pytest.raises(OpenVoidError, match=told):
        word.paths(said, effects(), LENGTH)


def test_what_is_only_asked_about_must_be_accepted_first() -> None:
    with pytest.raises(OpenVoidError, match="only asked about"):
        word.kinds("1=hold", effects(applied=False))


def test_what_is_in_another_scene_is_left_to_that() -> None:
    assert word.kinds("2=hold,1=go on", effects()) == {0: FateKind.GO_ON}


def test_the_way_goes_through_all_keys_smoothly() -> None:
    (keys,) = word.paths("1: 30,40@2 10,20@0 70,40@6", effects(), LENGTH).values()
    way = list(word.along(keys, range(9)))
    for key in keys:
        assert (way[key.frame].x, way[key.frame].y) == pytest.approx((key.x, key.y))
    assert np.abs(np.diff([each.x for each in way[:7]], n=2)).max() < 6
    assert (way[8].x, way[8].y) == (70, 40)


def test_a_drawn_path_is_kept_to_the_pixel(tmp_path: Path) -> None:
    shot = stopped()
    mover = PlainMover(PlainMover.Options(path=f"1: 90,72@{MEETS} 20,30@{LENGTH - 1}"))
    (fate,) = mover.foretell(shot.clip, shot.track, shot.effects, shot.run(tmp_path)).things
    assert (fate.source, fate.confidence) == (PERSON, 1)
    last = fate.poses[-1]
    assert (last.x * WIDTH, last.y * HEIGHT) == pytest.approx((20, 30))
    assert len(fate.poses) == LENGTH - MEETS


def test_hold_is_hold_though_it_came_by_itself(tmp_path: Path) -> None:
    shot = stopped()
    mover = PlainMover(PlainMover.Options(fate="1=hold"))
    fates = mover.foretell(shot.clip, shot.track, shot.effects, shot.run(tmp_path))
    assert [fate.kind for fate in fates.things] == [FateKind.HOLD]


def test_go_on_without_a_course_asks_for_a_path(tmp_path: Path) -> None:
    shot = shot_of(lambda frame: ball_x(MEETS) - 2.0 * max(0, frame - MEETS))
    pushed = replace(shot.effects.affected[0], cause=Relation.PUSHES, before=())
    mover = PlainMover(PlainMover.Options(fate="1=go_on"))
    with pytest.raises(OpenVoidError, match="course") as caught:
        mover.foretell(shot.clip, shot.track, Effects((pushed,)), shot.run(tmp_path))
    assert "--path" in str(caught.value)
