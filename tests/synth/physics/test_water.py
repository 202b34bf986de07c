"""Water: what floats and what sinks, waves that keep their volume, a surface that stays still."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openvoid.synth.families import describe
from openvoid.synth.physics.scene import build
from openvoid.synth.physics.simulation import simulate
from openvoid.synth.physics.water import Pool
from openvoid.synth.world import Body, World

pytest.importorskip("mujoco", reason="mujoco is not installed")


@pytest.fixture(scope="module")
def dropped() -> World:
    """Of the first seeds, one in which something drops."""
    worlds = (describe("water", seed, size=(48, 84), frames=30) for seed in range(9))
    return next(world for world in worlds if world.detail.kind == "drop")


def test_the_surface_stays_still_until_something_falls_in(dropped: World) -> None:
    level = dropped.detail.water.level_m
    full = simulate(dropped).shapes["water"][..., 2] - level
    alone = simulate(dropped, frozenset(dropped.removed)).shapes["water"][..., 2] - level
    assert np.abs(alone).max() < 0.001
    assert np.abs(full).max() > 0.005
    assert np.abs(full[0] - alone[0]).max() < 1e-6


def test_the_same_world_gives_the_same_water(dropped: World) -> None:
    first, second = simulate(dropped), simulate(dropped)
    for name in ("water", "drops", "patches"):
        assert first.shapes[name].tobytes() == second.shapes[name].tobytes()


@pytest.mark.parametrize(("density", "floats"), [(300, True), (2500, False)])
def test_what_is_light_floats_at_its_draught_and_what_is_heavy_sinks(
    dropped: World, density: float, floats: bool
) -> None:
    half = 0.06
    level = dropped.detail.water.level_m
    box = Body("raft", "box", (2 * half, 2 * half, half), (0, 0, level), bounce=0.0,
               mass_kg=density * 32 * half**3)  # fmt: skip
    still = tuple(body for body in dropped.bodies if body.fixed or body.shape == "cloth")
    world = replace(dropped, bodies=(*still, box), removed=("raft",))
    end = simulate(world).path("raft")[-1, 2]
    if floats:
        assert end == pytest.approx(level + half - 2 * half * density / 1000, abs=0.01)
    else:
        assert end < level - half


def test_waves_keep_the_volume_of_the_water_and_die_down(dropped: World) -> None:
    model: Any = build(dropped).compile()
    pool = Pool(dropped, model, None)
    pool.settles = 0
    pool.height[20:24, 20:24] = 0.01
    pool.filled = pool.made_of = np.zeros(pool.count)
    before = pool.height.sum()
    for _ in range(10):
        pool._wave(np.zeros(pool.count))
    assert pool.height.sum() == pytest.approx(before, rel=0.02)
    for _ in range(2000):
        pool._wave(np.zeros(pool.count))
    assert np.abs(pool.height - pool.height.mean()).max() < 0.001
