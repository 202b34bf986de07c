"""The demo's measure of courses: what is left where the clip shows it is as far off as that is."""

from __future__ import annotations

import pytest

from openvoid.cli import demo
from openvoid.cli.demo_courses import courses_off
from openvoid.core.effects import Place
from openvoid.core.fates import Fate, FateKind, Fates, Pose
from openvoid.media.open import open_clip


def test_a_can_that_stays_is_as_far_off_as_left_where_it_is() -> None:
    pytest.importorskip("mujoco")
    example = demo.EXAMPLES / demo.MOVING_EXAMPLE
    clip = open_clip(example / "input_video.mp4")
    can = Place(0, ((0.318, 0.47), (0.396, 0.47), (0.396, 0.68), (0.318, 0.68)))  # the right one
    stays = tuple(Pose(frame, 0.356, 0.577) for frame in range(10, 60))
    fate = Fate("can", FateKind.KNOCKED, 0, 10, (can,), Pose(0, 0.356, 0.577), stays)
    (off,) = courses_off(example / demo.WORLD, Fates((fate,)), clip)
    assert off.noun == "white metal can"
    assert off.untouched_sizes > 1
    assert off.sizes == pytest.approx(off.untouched_sizes, abs=0.2)


def test_what_is_no_thing_of_the_world_is_not_judged() -> None:
    pytest.importorskip("mujoco")
    example = demo.EXAMPLES / demo.MOVING_EXAMPLE
    clip = open_clip(example / "input_video.mp4")
    corner = Place(0, ((0.0, 0.9), (0.02, 0.9), (0.02, 0.95)))
    fate = Fate("spot", FateKind.FALL, 0, 1, (corner,), Pose(0, 0.01, 0.92), (Pose(1, 0.5, 0.5),))
    assert list(courses_off(example / demo.WORLD, Fates((fate,)), clip)) == []
