"""Cloth and soft things in the engine: what is refused, cushions that sink and rise again."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.synth.detail import BodyDetail
from openvoid.synth.families import describe
from openvoid.synth.world import Body


def test_a_count_or_a_pin_that_the_engine_has_not_is_told() -> None:
    pytest.importorskip("mujoco", reason="mujoco is not installed")
    import mujoco

    from openvoid.synth.physics.flex import add_flex

    short = Body("s", "soft", (1, 1, 1), (0, 0, 0), detail=BodyDetail(count=(1,)))
    with pytest.raises(OpenVoidError, match="count"):
        add_flex(mujoco.MjSpec(), short)
    odd = Body("s", "cloth", (1, 1), (0, 0, 0), mass_kg=1.0,
               detail=BodyDetail(count=(3, 3), pinned="ears"))  # fmt: skip
    with pytest.raises(OpenVoidError, match="pinned 'ears'"):
        add_flex(mujoco.MjSpec(), odd)


@pytest.mark.parametrize("seed", [2, 8])
def test_a_weight_presses_a_hollow_and_without_it_nothing_sinks(seed: int) -> None:
    pytest.importorskip("mujoco", reason="mujoco is not installed")
    from openvoid.synth.physics.simulation import simulate

    world = describe("press", seed, size=(48, 84), frames=14, rate=Fraction(12))
    name = next(body.name for body in world.bodies if body.shape in ("soft", "cloth"))
    full = simulate(world).shapes[name]
    alone = simulate(world, frozenset(world.removed)).shapes[name]
    assert (alone[..., 2] - full[..., 2]).max() > 0.02
    assert np.abs(alone - alone[0]).max() < 0.02
    assert full[..., 2].min() > -0.02
    assert full.dtype == np.float32
