from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from openvoid.synth.rotation import about, along, join, place, turn, undo, within

NUMBERS = st.floats(-3, 3, allow_nan=False)
POINTS = st.tuples(NUMBERS, NUMBERS, NUMBERS)


def test_a_quarter_turn_about_z_takes_x_to_y() -> None:
    assert turn(about((0, 0, 2), math.pi / 2), (1, 0, 0)) == pytest.approx((0, 1, 0))


def test_joined_turns_are_done_one_after_the_other() -> None:
    first, then = about((0, 0, 1), 0.7), about((1, 2, 0), -1.1)
    point = (0.3, -1.0, 2.0)
    assert turn(join(then, first), point) == pytest.approx(turn(then, turn(first, point)))


@given(POINTS, NUMBERS, POINTS, POINTS)
def test_within_undoes_place(
    axis: tuple[float, float, float],
    angle: float,
    position: tuple[float, float, float],
    point: tuple[float, float, float],
) -> None:
    assume(math.hypot(*axis) > 1e-3)
    rotation = about(axis, angle)
    there = place(position, rotation, point)
    assert within(position, rotation, there) == pytest.approx(point, abs=1e-9)
    assert join(rotation, undo(rotation)) == pytest.approx((1, 0, 0, 0), abs=1e-12)


@given(POINTS)
def test_along_brings_the_z_axis_into_a_direction(direction: tuple[float, float, float]) -> None:
    length = math.hypot(*direction)
    assume(length > 1e-3)
    wanted = tuple(part / length for part in direction)
    assert turn(along(direction), (0, 0, 1)) == pytest.approx(wanted, abs=1e-6)
