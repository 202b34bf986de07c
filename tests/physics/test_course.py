"""A course goes on as the world's geometry says: checked against a pinhole camera."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.physics.course import fit
from openvoid.physics.watch import Look

MIDDLE = 160.0, 90.0
FOCAL = 200.0


def seen(
    start: tuple[float, float, float],
    velocity: tuple[float, float, float],
    frames: range,
    slows: float = 0.0,
    noise: float = 0.0,
) -> list[Look]:
    """A ball of side 1 in steady motion, through a pinhole; `slows` of its speed a frame."""
    rng = np.random.default_rng(4)
    looks = []
    for frame in frames:
        way = frame - 0.5 * slows * frame**2
        x, y, z = (at + step * way for at, step in zip(start, velocity, strict=True))
        side = FOCAL / z
        where = np.array([FOCAL * x / z, FOCAL * y / z]) + MIDDLE + noise * rng.normal(size=2)
        looks.append(Look(frame, where[0], where[1], side**2, where[1] + side / 2, True, True))
    return looks


@pytest.mark.parametrize("velocity", [(0.4, 0, 0), (0.3, 0, 0.6), (0.2, 0.0, -0.5), (0.1, 0.2, 0)])
def test_steady_motion_in_the_world_goes_on_in_the_picture(
    velocity: tuple[float, float, float],
) -> None:
    start = (-4.0, 1.0, 12.0)
    course = fit(seen(start, velocity, range(8)), MIDDLE)
    assert course is not None
    for truth in seen(start, velocity, range(8, 16)):
        x, y, size = course.at(truth.frame)
        assert (x, y) == pytest.approx((truth.x, truth.y), abs=0.01)
        last = seen(start, velocity, range(7, 8))[0].side_px
        assert size == pytest.approx(truth.side_px / last, rel=1e-3)


def test_what_slows_down_stands_in_the_end() -> None:
    start, velocity = (-4.0, 1.0, 12.0), (0.8, 0.0, 0.0)
    course = fit(seen(start, velocity, range(10), slows=0.05), MIDDLE)
    assert course is not None
    assert course.stands == pytest.approx(20, abs=0.5)
    rest = seen(start, velocity, range(20, 21), slows=0.05)[0]
    assert course.at(40)[0] == pytest.approx(rest.x, abs=1.5)


def test_noise_of_the_outline_is_no_change_of_size() -> None:
    course = fit(seen((-4.0, 1.0, 12.0), (0.4, 0, 0), range(8), noise=0.3), MIDDLE)
    assert course is not None
    assert course.at(14)[2] == 1
    assert course.slows == 0
    truth = seen((-4.0, 1.0, 12.0), (0.4, 0, 0), range(14, 15))[0]
    assert course.at(14)[0] == pytest.approx(truth.x, abs=2)


def test_two_looks_give_a_line_and_one_gives_none() -> None:
    looks = seen((-4.0, 1.0, 12.0), (0.4, 0, 0), range(2))
    assert fit(looks[:1], MIDDLE) is None
    course = fit(looks, MIDDLE)
    assert course is not None
    assert course.at(3)[0] - course.at(1)[0] == pytest.approx(2 * (looks[1].x - looks[0].x))
