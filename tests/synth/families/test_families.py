"""Properties of every family, over a few seeds; over fifty each with OPENVOID_SLOW=1."""

from __future__ import annotations

import os
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.synth.camera import project
from openvoid.synth.families import FAMILIES, describe
from openvoid.synth.physics.scene import closure
from openvoid.synth.physics.simulation import Motion, simulate
from openvoid.synth.world import Body, World

SEEDS = range(50) if os.environ.get("OPENVOID_SLOW") else range(3)
SEVERAL = [(family, seed) for family in FAMILIES for seed in SEEDS]
SIZE, FRAMES, RATE = (96, 168), 30, Fraction(12)

SUNK_IN_IMPACT_M = 0.03  # for a moment: a contact gives way like a stiff spring
SUNK_AT_REST_M = 0.004
DRIFT_M = 0.005  # from the first frame to the next, of what nothing has touched meanwhile
DEFORMING = ("cloth", "soft")


def made(family: str, seed: int) -> World:
    return describe(family, seed, size=SIZE, frames=FRAMES, rate=RATE)


@cache
def acted(family: str, seed: int) -> tuple[World, Motion, Motion]:
    """A world, how it moves, and how without what is removed."""
    world = made(family, seed)
    return world, simulate(world), simulate(world, frozenset(world.removed))


@pytest.fixture(params=SEVERAL, ids=lambda each: f"{each[0]}-{each[1]}")
def pair(request: pytest.FixtureRequest) -> tuple[World, Motion, Motion]:
    pytest.importorskip("mujoco", reason="worlds are simulated with mujoco")
    return acted(*request.param)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_world_and_json_gives_it_back(family: str) -> None:
    for seed in SEEDS:
        world = made(family, seed)
        text = world.to_json()
        assert made(family, seed).to_json() == text
        assert World.from_json(text).to_json() == text
        assert made(family, seed + 1000).to_json() != text


@pytest.mark.parametrize("family", FAMILIES)
def test_captions_have_about_forty_words_and_short_ones_under_twelve(family: str) -> None:
    for seed in range(20):
        world = made(family, seed)
        assert 33 <= len(world.caption.split()) <= 52, world.caption
        assert 3 <= len(world.short.split()) < 12, world.short
        assert world.caption[0].isupper()
        assert world.caption.endswith(".")
        assert "  " not in world.caption
        assert world.why
        for wrong in (" a orange", " a ochre", "boxs", "the the"):
            assert wrong not in f" {world.caption} {world.short} {world.why}"


@pytest.mark.parametrize("family", FAMILIES)
def test_worlds_of_a_family_vary(family: str) -> None:
    worlds = [made(family, seed) for seed in range(16)]
    assert len({world.camera.path for world in worlds}) >= 3
    assert len({world.short for world in worlds}) >= 3
    assert len({world.bodies[0].material for world in worlds}) == len(worlds)


def test_an_unknown_family_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OpenVoidError, match="unknown family 'magic'") as caught:
        describe("magic", 0)
    assert "collide" in (caught.value.mend or "")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_world_moves_the_same_way_twice_and_warns_of_nothing(
    family: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mujoco", reason="worlds are simulated with mujoco")
    monkeypatch.chdir(tmp_path)
    world, full, removed = acted(family, 0)
    for motion, without in ((full, ()), (removed, world.removed)):
        again = simulate(world, frozenset(without))
        assert again.names == motion.names
        assert again.poses.tobytes() == motion.poses.tobytes()
        assert again.contacts == motion.contacts
        assert {name: shape.tobytes() for name, shape in again.shapes.items()} == {
            name: shape.tobytes() for name, shape in motion.shapes.items()
        }
    assert not list(tmp_path.iterdir())  # MuJoCo writes its warnings into a file here


def test_what_is_removed_is_missing_with_its_parts(pair: tuple[World, Motion, Motion]) -> None:
    world, full, removed = pair
    gone = closure(world, frozenset(world.removed))
    assert full.names == world.names
    assert removed.names == tuple(name for name in world.names if name not in gone)
    assert np.isfinite(full.poses).all()
    assert np.isfinite(removed.poses).all()


def test_nothing_sinks_into_what_is_fixed(pair: tuple[World, Motion, Motion]) -> None:
    _, full, removed = pair
    for motion in (full, removed):
        assert motion.sunk_m[0] <= SUNK_AT_REST_M
        assert motion.sunk_m.max() <= SUNK_IN_IMPACT_M
    quiet = np.abs(np.diff(removed.poses[-3:, :, :3], axis=0)).max() < 1e-3
    assert not quiet or removed.sunk_m[-1] <= SUNK_AT_REST_M


def test_nothing_falls_through_the_ground(pair: tuple[World, Motion, Motion]) -> None:
    world, full, removed = pair
    lowest = min(body.position[2] for body in world.bodies if body.shape == "plane")
    for motion in (full, removed):
        assert motion.poses[:, :, 2].min() > lowest - SUNK_IN_IMPACT_M


def test_what_stands_free_is_at_rest_and_touches_something(
    pair: tuple[World, Motion, Motion],
) -> None:
    world, full, _ = pair
    top = _tops(world)
    early = {frozenset(top[name] for name in touch) for touch in full.contacts[0]}
    later = {frozenset(top[name] for name in touch) for touch in full.contacts[1]}
    floats = world.detail.water or any(body.shape in DEFORMING for body in world.bodies)
    for body in _free(world):
        row = full.names.index(body.name)
        drift = np.abs(full.poses[1, row, :3] - full.poses[0, row, :3]).max()
        met = any(body.name in touch for touch in later - early)
        assert met or drift < DRIFT_M, f"{body.name} drifts {drift:.4f} m"
        borne = any(body.name in touch for touch in early | later)
        assert floats or borne, f"{body.name} hangs in the air"


def _tops(world: World) -> dict[str, str]:
    """Body -> the whole that it is a part or a limb of."""
    top: dict[str, str] = {}
    for body in world.bodies:
        top[body.name] = top.get(body.parent, body.name)
    return top


def _free(world: World) -> list[Body]:
    """What neither stands fixed nor hangs, is held, or has just been launched."""
    top = _tops(world)
    held = {top[name] for weld in world.welds for name in (weld.a, weld.b)}
    return [
        body
        for body in world.bodies
        if body.mass_kg > 0
        and not body.parent
        and body.joint is None
        and body.shape not in DEFORMING
        and body.name not in held
        and not (any(body.velocity) or any(body.spin) or body.detail.held)
    ]


def test_what_is_removed_is_in_view(pair: tuple[World, Motion, Motion]) -> None:
    world, full, _ = pair
    height, width = world.size
    gone = sorted(closure(world, frozenset(world.removed)))
    seen = 0
    for frame in range(0, world.frames, 5):
        points = np.array([full.path(name)[frame] for name in gone], float)
        x, y = project(points, world.camera, frame, world.size)[..., :2].T
        seen += bool(((x > 0) & (x < width) & (y > 0) & (y < height)).any())
    assert seen >= 1


def test_without_it_things_go_another_way_unless_it_was_only_light(
    pair: tuple[World, Motion, Motion],
) -> None:
    world, full, removed = pair
    moved = 0.0
    for name in removed.names:
        if name in full.shapes:
            apart = np.abs(full.shapes[name] - removed.shapes[name]).max()
        else:
            apart = np.abs(full.path(name) - removed.path(name)).max()
        moved = max(moved, float(apart))
    if world.family == "light":
        assert moved < 0.02
    else:
        assert moved > 0.01
