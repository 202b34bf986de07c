from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.synth.detail import BodyDetail
from openvoid.synth.physics.scene import closure
from openvoid.synth.physics.simulation import Course, Motion, simulate
from openvoid.synth.rotation import about
from openvoid.synth.world import Body, Joint, Weld, World
from tests.synth.physics.worlds import BALL, world


def run(described: World, without: tuple[str, ...] = ()) -> Motion:
    pytest.importorskip("mujoco", reason="worlds are simulated with mujoco")
    return simulate(described, frozenset(without))


def test_what_is_thrown_flies_a_parabola() -> None:
    thrown = replace(BALL, position=(0, 0, 3.0), velocity=(1.0, 0.0, 2.0))
    motion = run(world(thrown))
    times = np.arange(13) / 24
    assert motion.path("ball")[:, 0] == pytest.approx(times, abs=2e-3)
    assert motion.path("ball")[:, 2] == pytest.approx(3 + 2 * times - 9.81 / 2 * times**2, abs=8e-3)


def test_what_stands_stays_where_it_is_and_touches_the_floor() -> None:
    motion = run(world(BALL))
    assert np.abs(motion.path("ball") - [0, 0, 0.1]).max() < 1e-3
    assert all(("ball", "floor") in touches for touches in motion.contacts)
    assert motion.sunk_m.max() < 1e-3


@pytest.mark.parametrize("angle", [0.0, 1.2663519, 2.0, 3.0])
def test_a_cylinder_stands_upright_whatever_way_it_is_turned(angle: float) -> None:
    drum = Body("drum", "cylinder", (0.15, 0.12), (0.03, 1.3, 0.12), about((0, 0, 1), angle),
                mass_kg=6.0)  # fmt: skip
    ring = replace(drum, name="ring", size=(0.16, 0.01), mass_kg=0.1, parent="drum")
    motion = run(world(drum, ring))
    assert np.abs(motion.path("drum") - np.float32(drum.position)).max() < 2e-3


def test_a_ball_that_bounces_gives_back_its_share_of_the_speed() -> None:
    dropped = replace(BALL, position=(0, 0, 1.1), bounce=0.6, detail=BodyDetail(held=True))
    motion = run(world(dropped, frames=40))
    height = motion.path("ball")[:, 2] - 0.1
    landed = int(height.argmin())
    assert height[landed:].max() == pytest.approx(0.6**2, abs=0.1)


def test_what_is_held_falls_when_it_is_let_go_and_when_the_holder_is_gone() -> None:
    holder = Body("holder", "box", (0.1, 0.1, 0.1), (0, 0, 2.0))
    held = replace(BALL, position=(0.3, 0, 2.0))
    described = world(held, holder, welds=(Weld("holder", "ball", 0.25),))
    kept, free = run(described).path("ball")[:, 2], run(described, ("holder",)).path("ball")[:, 2]
    assert kept[:6] == pytest.approx(2.0, abs=3e-3)
    assert kept[-1] < 1.9
    assert free[6] == pytest.approx(2 - 9.81 / 2 * 0.25**2, abs=8e-3)


def test_a_driven_joint_follows_its_course() -> None:
    slide = Joint("slide", (1.0, 0.0, 0.0), drive=((0.0, 0.0), (0.1, 0.0), (0.4, 0.5)))
    box = Body("box", "box", (0.1, 0.1, 0.1), (0, 0, 1), mass_kg=2.0, joint=slide,
               detail=BodyDetail(weightless=True))  # fmt: skip
    path = run(world(box)).path("box")[:, 0]
    assert path[0] == pytest.approx(0.0, abs=2e-3)
    assert path[-1] == pytest.approx(0.5, abs=5e-3)
    assert np.diff(path).min() > -2e-3


@given(
    st.lists(st.floats(0.05, 1.0), min_size=1, max_size=5),
    st.lists(st.floats(-2, 2), min_size=6, max_size=6),
)
def test_a_course_meets_its_points_and_never_overshoots(
    gaps: list[float], targets: list[float]
) -> None:
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    points = list(zip(times.tolist(), targets, strict=False))
    course = Course.through(points)
    for time_s, target in points:
        assert course.at(time_s) == pytest.approx(target, abs=1e-9)
    for (start, one), (stop, other) in pairwise(points):
        between = [course.at(t) for t in np.linspace(start, stop, 11)[1:-1]]
        assert min(one, other) - 1e-9 <= min(between)
        assert max(between) <= max(one, other) + 1e-9


def test_what_hangs_on_a_body_goes_with_it() -> None:
    part = replace(BALL, name="part", parent="ball", position=(0, 0, 0.3))
    described = world(BALL, part)
    assert closure(described, frozenset({"ball"})) == {"ball", "part"}
    assert run(described, ("ball",)).names == ("floor",)


def test_what_has_come_to_rest_is_the_same_in_every_frame_to_come() -> None:
    poses = run(world(BALL)).poses
    assert (poses[-1] == poses[-5]).all()


def test_a_world_that_cannot_be_built_is_refused_by_name() -> None:
    with pytest.raises(OpenVoidError, match="cannot be built") as caught:
        run(world(replace(BALL, size=(-1.0,))))
    assert "collide 0" in str(caught.value)


def test_a_world_that_flies_apart_is_refused() -> None:
    with pytest.raises(OpenVoidError, match=r"flies apart|simulation fails"):
        run(world(replace(BALL, position=(0, 0, 5), velocity=(1e7, 0, 0))))
