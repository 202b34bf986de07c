"""The renderer `blender`: what it asks of the program, and what happens when that fails."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.synth.camera import project
from openvoid.synth.physics.simulation import Motion
from openvoid.synth.render import blender_program
from openvoid.synth.render.blender_renderer import BlenderRenderer
from openvoid.synth.take import Take
from openvoid.synth.world import World
from tests.synth.render.small_world import (
    FRAMES,
    SIZE,
    motion_of,
    small_world,
    write_fake,
)

Fake = Callable[[str], BlenderRenderer]


@pytest.fixture
def fake(rooms: Path) -> Any:
    """A renderer whose program behaves in a certain manner."""
    if os.name == "nt":
        pytest.skip("the stand-in for Blender is a shell script")
    made: list[BlenderRenderer] = []

    def renderer(manner: str) -> BlenderRenderer:
        made.append(
            BlenderRenderer(BlenderRenderer.Options(program=str(write_fake(rooms, manner))))
        )
        return made[-1]

    yield renderer
    for each in made:
        each.close()
    assert not list(rooms.glob("openvoid-blender-*")), "a shared folder stayed"


def pid_of(rooms: Path) -> int:
    (told,) = rooms.glob("openvoid-blender-*/pid.txt")
    return int(told.read_text())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# --- with a stand-in --------------------------------------------------------------------------


def test_frames_come_in_order_with_picture_depth_and_numbers(fake: Fake, run: Run) -> None:
    world = small_world()
    frames = list(fake("well").render(Take(world, motion_of(world)), run))
    assert len(frames) == FRAMES
    for drawn in frames:
        assert (drawn.rgb.dtype, drawn.rgb.shape) == (np.uint8, (*SIZE, 3))
        assert (drawn.ids.dtype, drawn.depth.dtype) == (np.uint16, np.float32)
        assert drawn.ids[0, :5].tolist() == [1, 2, 3, 4, 0]
        assert drawn.depth[0, :5].tolist() == [1, 2, 3, 4, np.inf]


def test_one_program_draws_all_takes_of_a_world_and_ends_with_the_next(
    fake: Fake, run: Run, rooms: Path
) -> None:
    world, renderer = small_world(), fake("well")
    full = renderer.render(Take(world, motion_of(world)), run)
    acting = renderer.render(Take(world, motion_of(world), frozenset({"box"})), run)
    assert [next(full).ids.max(), 2 in next(acting).ids, 2 in next(full).ids] == [4, False, True]
    first = pid_of(rooms)
    other = World.from_json(world.to_json().replace('"seed": 5', '"seed": 6'))
    next(renderer.render(Take(other, motion_of(other)), run))
    assert pid_of(rooms) != first
    assert not is_running(first)


def test_a_frame_that_looks_like_one_before_is_not_drawn_again(fake: Fake, run: Run) -> None:
    world, renderer = small_world(), fake("well")
    standing = tuple(name for name in world.names if name != "ball")
    frames = list(renderer.render(Take(world, motion_of(world, standing)), run))
    assert frames[0] is frames[1] is frames[2]
    with pytest.raises(ValueError, match="read-only"):
        frames[0].rgb[0] = 0


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("dies at the start", "exit status 7: cannot open the display"),
        ("dies", "was ended by signal 9: out of memory"),
        ("draws another size", "a frame of 5x3, not 64x48"),
        ("draws no picture", "wrote no frame 1"),
        ("talks nonsense", "an answer that is not ours"),
        ("meets a mistake", "RuntimeError: no node called Foo"),
    ],
)
def test_a_program_that_fails_is_told_in_one_line(
    fake: Fake, run: Run, rooms: Path, manner: str, said: str
) -> None:
    world, renderer = small_world(), fake(manner)
    with pytest.raises(OpenVoidError) as caught:
        list(renderer.render(Take(world, motion_of(world)), run))
    assert said in caught.value.line()
    assert "\n" not in caught.value.line()
    assert not list(rooms.glob("openvoid-blender-*"))


def test_after_a_failure_the_next_take_starts_anew(fake: Fake, run: Run, rooms: Path) -> None:
    world, renderer = small_world(), fake("dies")
    with pytest.raises(OpenVoidError):
        list(renderer.render(Take(world, motion_of(world)), run))
    write_fake(rooms, "well")
    assert len(list(renderer.render(Take(world, motion_of(world)), run))) == FRAMES


def test_ctrl_c_ends_the_program_at_once(
    fake: Fake, run: Run, rooms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, renderer, seen = small_world(), fake("hangs"), []
    sleep = time.sleep

    def pressed(seconds: float) -> None:
        sleep(seconds)
        if list(rooms.glob("openvoid-blender-*/pid.txt")):
            seen.append(pid_of(rooms))
            raise KeyboardInterrupt

    monkeypatch.setattr(blender_program.time, "sleep", pressed)
    with pytest.raises(KeyboardInterrupt):
        next(renderer.render(Take(world, motion_of(world)), run))
    assert not is_running(seen[0])
    assert not list(rooms.glob("openvoid-blender-*"))


def test_a_motion_of_another_world_is_refused(fake: Fake, run: Run) -> None:
    world = small_world()
    stranger = Motion(("nobody",), np.zeros((FRAMES, 1, 7), np.float32))
    with pytest.raises(OpenVoidError, match="nobody"):
        next(fake("well").render(Take(world, stranger), run))


def test_check_tells_what_would_draw(rooms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENVOID_BLENDER", str(write_fake(rooms, "well")))
    assert BlenderRenderer.check() == f"Blender 9.9.9, {rooms / 'blender'}"
    write_fake(rooms, "strangely")
    with pytest.raises(OpenVoidError, match="is not Blender"):
        BlenderRenderer.check()
    monkeypatch.setenv("OPENVOID_BLENDER", sys.executable)
    if not blender_program.importlib.util.find_spec("bpy"):
        with pytest.raises(OpenVoidError, match="bpy"):
            BlenderRenderer.check()


# --- with Blender -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> Any:
    try:
        BlenderRenderer.check()
    except OpenVoidError as error:
        pytest.skip(f"no Blender here: {error.line()}")
    renderer = BlenderRenderer(BlenderRenderer.Options(samples=2, threads=1))
    yield renderer
    renderer.close()


def test_blender_draws_bodies_where_geometry_says(real: BlenderRenderer, run: Run) -> None:
    world = small_world()
    motion = motion_of(world)
    full = list(real.render(Take(world, motion), run))
    hidden = list(real.render(Take(world, motion, frozenset({"box"})), run))
    for frame, drawn in enumerate(full):
        ball = motion.path("ball")[frame].astype(float)
        x, y, away_m = project(ball, world.camera, frame, SIZE)
        assert drawn.ids[round(y), round(x)] == 3
        assert away_m - 0.3 <= drawn.depth[round(y), round(x)] < away_m - 0.29
        rows, columns = np.nonzero(drawn.ids == 3)
        if frame == 0:  # seen whole
            assert (rows.mean(), columns.mean()) == pytest.approx((y, x), abs=0.7)
    assert set(np.unique(full[0].ids)) == {0, 1, 2, 3, 4}
    assert 2 not in hidden[0].ids
    assert np.isinf(full[0].depth[full[0].ids == 0]).all()
    box = full[0].ids == 2
    assert (np.abs(full[0].rgb.astype(int) - hidden[0].rgb)[box].max(axis=1) > 4).mean() > 0.8


def test_blender_draws_the_same_bytes_again(real: BlenderRenderer, run: Run) -> None:
    world = small_world()
    first = next(real.render(Take(world, motion_of(world)), run))
    real.close()
    second = next(real.render(Take(world, motion_of(world)), run))
    assert first is not second
    assert np.array_equal(first.rgb, second.rgb)
    assert np.array_equal(first.ids, second.ids)
    assert np.array_equal(first.depth, second.depth)
