"""How a turned thing looks: only what lies in the picture's plane is told."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.physics.body import Body, Form
from openvoid.physics.posing import posed
from openvoid.physics.view import View

VIEW = View(500.0, 0.0, 1.0, (320.0, 180.0))
MIDDLE = np.array([0.0, 3.0, 1.0])
SQUARE = np.array([[-0.3, -0.1], [0.3, -0.1], [0.3, 0.1], [-0.3, 0.1]])


def about(axis: tuple[float, float, float], degrees: float) -> np.ndarray:
    half = np.deg2rad(degrees) / 2
    return np.array([np.cos(half), *(np.sin(half) * np.array(axis))])


@pytest.mark.parametrize("form", [Form.PRISM, Form.ROUND])
def test_a_turn_in_the_plane_is_seen_clockwise(form: Form) -> None:
    thing = Body(form, MIDDLE, (0.3, 0.1, 0.1), SQUARE, MIDDLE)
    turns = np.array([about((0, 1, 0), angle) for angle in (0, 30, 60, 80)])
    poses = posed(thing, np.tile(MIDDLE, (4, 1)), turns, VIEW)
    assert poses[:, 2] == pytest.approx([0, 30, 60, 80], abs=2)
    assert poses[:, :2] == pytest.approx(np.tile([320, 180], (4, 1)))


def test_a_can_that_spins_about_its_axis_looks_as_before() -> None:
    thing = Body(Form.ROUND, MIDDLE, (0.1, 0.1, 0.3), SQUARE, MIDDLE)
    turns = np.array([about((0, 0, 1), angle) for angle in (0, 60, 120, 180)])
    poses = posed(thing, np.tile(MIDDLE, (4, 1)), turns, VIEW)
    assert np.abs(poses[:, 2]).max() < 1
    assert poses[:, 3] == pytest.approx(1)


def test_what_is_twice_as_far_is_half_as_large() -> None:
    thing = Body(Form.BALL, MIDDLE, (0.1,) * 3, np.zeros((0, 2)), MIDDLE)
    where = np.array([MIDDLE, MIDDLE * (1, 2, 1)])
    poses = posed(thing, where, np.tile(about((1, 0, 0), 0), (2, 1)), VIEW)
    assert poses[:, 3] == pytest.approx([1, 0.5])
