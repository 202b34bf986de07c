"""What the engine is told of a world."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.synth.physics.scene import damping_ratio, steps_per_frame, timestep_s
from tests.synth.physics.worlds import BALL, world


@given(st.floats(0.02, 0.94))
def test_the_damping_of_a_contact_is_that_of_its_bounce(bounce: float) -> None:
    ratio = damping_ratio(bounce)
    assert math.exp(-math.pi * ratio / math.sqrt(1 - ratio**2)) == pytest.approx(bounce)


def test_a_frame_is_a_whole_number_of_steps_of_a_millisecond_at_most() -> None:
    described = world(BALL, rate=Fraction(24000, 1001))
    assert steps_per_frame(described) * timestep_s(described) == pytest.approx(1001 / 24000)
    assert timestep_s(described) <= 0.001
