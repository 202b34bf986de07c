"""Things fall, roll and knock about; what is kept stays to the last bit until it is hit."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.physics import mechanics
from openvoid.physics.body import Body, Form
from openvoid.physics.mechanics import Laws, Moving, Scene, rollout

FRAME_S = 1 / 24
RADIUS = 0.1


def ball(x: float, z: float = RADIUS) -> Body:
    middle = np.array([x, 2.0, z])
    return Body(Form.BALL, middle, (RADIUS,) * 3, np.zeros((0, 2)), middle)


def can(x: float) -> Body:
    middle = np.array([x, 2.0, 0.15])
    return Body(Form.ROUND, middle, (0.08, 0.08, 0.15), np.zeros((4, 2)), middle)


def rolling(frames: int) -> Moving:
    x = -1.0 + 0.08 * np.arange(frames)
    course = np.c_[x, np.full(frames, 2.0), np.full(frames, RADIUS)]
    return Moving(ball(-1.0), 0, course)


def test_what_is_let_go_falls_as_things_do_and_lies_on_the_ground() -> None:
    motion = rollout(Scene([Moving(ball(0, 1.1), 2)], []), 48, FRAME_S, Laws())
    assert motion is not None
    height = motion.position[:, 0, 2]
    assert height[:3] == pytest.approx([1.1] * 3, abs=1e-4)  # it is let go in frame 2
    assert height[8] == pytest.approx(1.1 - 0.5 * 9.81 * (6 * FRAME_S) ** 2, abs=0.01)
    assert height.min() > RADIUS - 0.02
    assert height[-1] == pytest.approx(RADIUS, abs=0.02)


@pytest.mark.parametrize("bounce", [0.2, 0.5])
def test_a_ball_gives_back_the_share_of_its_speed_that_is_said(bounce: float) -> None:
    motion = rollout(Scene([Moving(ball(0, 1.1), 0)], []), 400, 0.004, Laws(bounce=bounce))
    assert motion is not None
    height = motion.position[:, 0, 2] - RADIUS
    landed = int((height < 0.01).argmax())
    back = height[landed + 10 :].max()
    assert np.sqrt(back / 1.0) == pytest.approx(bounce, abs=0.04)


def test_a_ball_keeps_its_course_until_it_meets_a_can_and_knocks_it_on() -> None:
    moving = rolling(40)
    motion = rollout(Scene([moving], [can(0.0), can(1.5)]), 40, FRAME_S, Laws())
    assert motion is not None
    hit = motion.hit[1]
    assert hit == pytest.approx((1.0 - 0.18) / 0.08, abs=1.5)
    assert moving.course is not None
    assert motion.position[: hit - 1, 0] == pytest.approx(moving.course[: hit - 1])
    still = motion.position[: hit - 1, 1]
    assert (still == still[0]).all()
    assert motion.position[-1, 1, 0] > 0.02
    assert motion.position[-1, 0, 0] < moving.course[-1, 0]
    assert motion.hit[2] == -1
    assert (motion.position[:, 2] == motion.position[0, 2]).all()


def test_the_same_scene_goes_the_same_way() -> None:
    one, other = (rollout(Scene([rolling(30)], [can(0.0)]), 30, FRAME_S, Laws()) for _ in range(2))
    assert one is not None
    assert other is not None
    assert np.array_equal(one.position, other.position)


def test_what_bears_from_the_beginning_stays_and_bears() -> None:
    post = can(0.0)
    above = ball(0.0, 0.3 + RADIUS)
    motion = rollout(Scene([Moving(above, 0)], [post]), 12, FRAME_S, Laws())
    assert motion is not None
    assert (motion.position[:, 1] == motion.position[0, 1]).all()
    assert motion.position[2, 0, 2] == pytest.approx(0.3 + RADIUS, abs=0.02)


def test_without_mujoco_one_line_names_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(OpenVoidError, match="mujoco, which is not installed") as told:
        mechanics.load()
    assert "--mover plain" in told.value.line()
