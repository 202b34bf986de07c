"""What every renderer promises, for every renderer that is installed and finds its program.

Run for one alone with `-k`: `pytest tests/conformance -k mujoco`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.synth.physics.simulation import Motion
from openvoid.synth.take import Drawn, Take
from openvoid.synth.world import Body, Camera, Light, Material, World

SIZE = (64, 96)
FRAMES = 2
HASTE: dict[str, dict[str, Any]] = {"blender": {"samples": 4}}  # options that save time


def world() -> World:
    bodies = (
        Body("floor", "plane", (3.0, 3.0), (0, 0, 0), material=Material("checker", scale=0.4)),
        Body(
            "ball",
            "sphere",
            (0.25,),
            (-0.4, 0, 0.25),
            mass_kg=1,
            material=Material(colors=((0.8, 0.05, 0.05),)),
        ),
        Body(
            "crate",
            "box",
            (0.2, 0.2, 0.2),
            (0.5, 0, 0.2),
            mass_kg=1,
            material=Material(colors=((0.05, 0.05, 0.8),)),
        ),
    )
    lights = (
        Light("sun", (1, -2, 4), (-0.3, 0.4, -1.0), (0.7, 0.7, 0.7)),
        Light("sky", color=(0.3, 0.3, 0.35)),
    )
    camera = Camera("locked", ((0.0, -2.6, 0.9),) * FRAMES, ((0.0, 0.0, 0.25),) * FRAMES, 40.0)
    return World(
        *("test", 0, SIZE, FRAMES, Fraction(12), bodies, (), lights, camera, ("ball",)),
        *("because", "A crate.", "a crate"),
    )


def motion(names: tuple[str, ...] = ("floor", "ball", "crate")) -> Motion:
    """The ball goes up by a little; the others rest."""
    poses = np.zeros((FRAMES, len(names), 7), np.float32)
    for row, name in enumerate(names):
        body = world().body(name)
        poses[:, row] = (*body.position, *body.rotation)
    if "ball" in names:
        poses[1, names.index("ball"), 2] += 0.2
    return Motion(names, poses)


@pytest.fixture(scope="module", params=plugins.names("renderer"))
def renderer(request: pytest.FixtureRequest) -> Iterator[Any]:
    try:
        made = plugins.construct("renderer", request.param, HASTE.get(request.param))
    except OpenVoidError as error:
        pytest.skip(error.line())
    yield made
    if hasattr(made, "close"):
        made.close()


@pytest.fixture(scope="module")
def takes(renderer: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Drawn]]:
    run = Run(tmp_path_factory.mktemp("scratch"))
    filmed = {
        "full": Take(world(), motion()),
        "hidden": Take(world(), motion(), frozenset({"ball"})),
        "absent": Take(world(), motion(("floor", "crate")), frozenset({"ball"})),
    }
    return {name: list(renderer.render(take, run)) for name, take in filmed.items()}


def test_every_frame_is_drawn_in_the_promised_form(takes: dict[str, list[Drawn]]) -> None:
    for frames in takes.values():
        assert len(frames) == FRAMES
        for drawn in frames:
            assert (drawn.rgb.shape, drawn.rgb.dtype) == ((*SIZE, 3), np.uint8)
            assert (drawn.depth.shape, drawn.depth.dtype) == (SIZE, np.float32)
            assert (drawn.ids.shape, drawn.ids.dtype) == (SIZE, np.uint16)


def test_numbers_and_depths_are_those_of_the_bodies(takes: dict[str, list[Drawn]]) -> None:
    drawn = takes["full"][0]
    assert set(np.unique(drawn.ids)) <= {0, 1, 2, 3}
    for number, x_m in ((2, -0.4), (3, 0.5)):
        rows, columns = np.nonzero(drawn.ids == number)
        assert rows.size > 50
        assert (columns.mean() < SIZE[1] / 2) == (x_m < 0)
        nearest_m = drawn.depth[rows, columns].min()
        assert 2.0 < nearest_m < 2.75
    assert np.all(np.isfinite(drawn.depth) == (drawn.ids > 0))


def test_colours_and_motion_are_seen(takes: dict[str, list[Drawn]]) -> None:
    first, second = takes["full"]
    red = first.rgb[first.ids == 2].mean(axis=0)
    blue = first.rgb[first.ids == 3].mean(axis=0)
    assert red[0] > 2 * red[2]
    assert blue[2] > 2 * blue[0]
    rise_px = np.nonzero(first.ids == 2)[0].mean() - np.nonzero(second.ids == 2)[0].mean()
    assert 3 < rise_px < 12
    shadowed = first.rgb.astype(int)[..., 1] - takes["hidden"][0].rgb.astype(int)[..., 1]
    assert (shadowed[first.ids == 1] < -15).sum() > 20  # the ball's shadow on the floor


def test_a_hidden_body_leaves_no_trace(renderer: Any, takes: dict[str, list[Drawn]]) -> None:
    noise = getattr(renderer, "threshold_levels", 0)
    for hidden, absent in zip(takes["hidden"], takes["absent"], strict=True):
        apart = np.abs(hidden.rgb.astype(int) - absent.rgb.astype(int))
        assert apart.max() <= noise
        assert np.array_equal(hidden.ids, absent.ids)
        assert not (hidden.ids == 2).any()


def test_the_same_take_gives_the_same_bytes(
    renderer: Any, takes: dict[str, list[Drawn]], tmp_path: Path
) -> None:
    list(renderer.render(Take(replace(world(), seed=1), motion()), Run(tmp_path)))
    again = list(renderer.render(Take(world(), motion()), Run(tmp_path)))
    for one, other in zip(takes["full"], again, strict=True):
        assert np.array_equal(one.rgb, other.rgb)
        assert np.array_equal(one.depth, other.depth)
        assert np.array_equal(one.ids, other.ids)
