"""The renderer `blender`: what it asks of the program, and what happens when that fails."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.synth.camera import axes, project
from openvoid.synth.detail import BodyDetail
from openvoid.synth.physics.simulation import Motion
from openvoid.synth.render import blender_program
from openvoid.synth.render.blender_program import SCRIPT, find_program
from openvoid.synth.render.blender_renderer import BlenderRenderer
from openvoid.synth.render.blender_scene import Settings, order, write_scene
from openvoid.synth.render.photographs import Photographs
from openvoid.synth.render.textures import paint
from openvoid.synth.rotation import turn
from openvoid.synth.take import Take
from openvoid.synth.world import Body, Camera, Light, Material, World

NODES = SCRIPT.with_name("blender_nodes.py")
SETTINGS = Settings(1, denoise=True, view="Standard", device="CPU", threads=0, seed=1)
FRAMES = 3
SIZE = (48, 64)


def small_world() -> World:
    """A floor, a box, a ball that comes near, a lamp on the box, a piece of cloth."""
    wood = Material("wood", ((0.5, 0.2, 0.1), (0.2, 0.1, 0.05)), 0.3, seed=4)
    bodies = (
        Body("floor", "plane", (0, 0), (0.0, 0.0, 0.0), material=Material("tiles")),
        Body("box", "box", (0.2, 0.2, 0.2), (-0.5, 0.0, 0.2), mass_kg=1.0, material=wood),
        Body("ball", "sphere", (0.3,), (0.6, 0.0, 0.3), mass_kg=1.0, material=wood),
        Body(
            "cloth",
            "cloth",
            (0.2, 0.2),
            (0.0, 0.6, 0.4),
            mass_kg=0.1,
            detail=BodyDetail(count=(2, 2)),
        ),
    )
    lights = (
        Light("sun", direction=(0.3, 0.4, -1.0), color=(0.7, 0.7, 0.7)),
        Light("sky", color=(0.3, 0.3, 0.3)),
        Light("lamp", (-0.5, 0.0, 1.2), (0.0, 0.0, -1.0), body="box", color=(0.5, 0.4, 0.2)),
        Light("lamp", (0.6, 0.0, 0.1), body="ball", casts_shadow=False),  # thrown back by it
    )
    camera = Camera("locked", ((0.0, -3.0, 1.2),) * FRAMES, ((0.0, 0.0, 0.2),) * FRAMES)
    return World(
        *("test", 5, SIZE, FRAMES, Fraction(12), bodies, (), lights, camera, ("box",)),
        *("for a test", "", ""),
    )


def motion_of(world: World, names: tuple[str, ...] = ()) -> Motion:
    """Everything stands but the ball, which rolls along x."""
    from openvoid.synth.physics.deform import rest

    there = [body for body in world.bodies if not names or body.name in names]
    poses = np.array([[[*body.position, *body.rotation] for body in there]] * world.frames)
    for row, body in enumerate(there):
        if body.name == "ball":
            poses[:, row, 0] -= np.arange(world.frames) * 0.5
    cloth = np.repeat(rest(world.body("cloth"))[None], world.frames, axis=0)
    shapes = {"cloth": cloth.astype(np.float32)}
    return Motion(tuple(body.name for body in there), poses.astype(np.float32), shapes)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where shared folders are made in this test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


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


def write_fake(folder: Path, manner: str) -> Path:
    program = folder / "blender"
    words = [sys.executable, str(Path(__file__).with_name("fake_blender.py")), manner]
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)
    return program


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


# --- finding the program ----------------------------------------------------------------------


def test_a_missing_blender_comes_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENVOID_BLENDER", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(blender_program.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OpenVoidError, match="no Blender") as caught:
        plugins.construct("renderer", "blender")
    assert "OPENVOID_BLENDER" in caught.value.mend
    with pytest.raises(OpenVoidError, match="no program nowhere"):
        find_program("nowhere")


def test_the_option_goes_before_the_variable_before_the_path(
    rooms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = rooms / "one", rooms / "other"
    for folder in (one, other):
        folder.mkdir()
        write_fake(folder, "well")
    monkeypatch.setenv("PATH", str(one), prepend=os.pathsep)
    monkeypatch.delenv("OPENVOID_BLENDER", raising=False)
    assert find_program()[0] == str(one / "blender")
    monkeypatch.setenv("OPENVOID_BLENDER", str(other / "blender"))
    assert find_program()[0] == str(other / "blender")
    assert find_program(str(one / "blender"))[0] == str(one / "blender")
    assert find_program(sys.executable) == [sys.executable, str(SCRIPT), "--"]


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


# --- what is asked ----------------------------------------------------------------------------


def test_the_script_stands_alone() -> None:
    """It runs inside a program under the GPL: nothing of ours is imported into it.

    But what stands beside it, and alone as well.
    """
    found = set()
    for file in (SCRIPT, NODES):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add((node.module or "").partition(".")[0])
    assert found - {"bpy", "numpy", NODES.stem} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("by", ["python", "blender"])
def test_the_script_finds_what_stands_beside_it(by: str, tmp_path: Path) -> None:
    """Blender runs it by its file's name, from another folder, and does not look beside it."""
    (tmp_path / "bpy.py").write_text("")
    (tmp_path / "scene.json").write_text('{"schema": "openvoid.blender/9"}')
    as_blender = ["-c", "import runpy, sys; runpy.run_path(sys.argv[1], run_name='__main__')"]
    words = [*(as_blender if by == "blender" else []), str(SCRIPT), "--", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, *words],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    told = json.loads((tmp_path / "start.json").read_text())
    assert told == {
        "error": "ValueError: schema 'openvoid.blender/9', 'openvoid.blender/1' is expected"
    }


def test_the_scene_says_what_the_world_is(tmp_path: Path) -> None:
    world = small_world()
    write_scene(world, tmp_path, SETTINGS, Photographs())
    scene = json.loads((tmp_path / "scene.json").read_text())
    assert [body["name"] for body in scene["bodies"]] == list(world.names)
    assert [light["kind"] for light in scene["lights"]] == ["sun", "lamp"]  # thrown back: by itself
    assert scene["sky"]["shade"] == [0.3, 0.3, 0.3]
    for body in scene["bodies"]:
        with np.load(tmp_path / body["mesh"]) as mesh:
            assert mesh["faces"].max() < len(mesh["vertices"]) == len(mesh["uv"])
        assert cv2.imread(str(tmp_path / body["tile"])) is not None
    assert scene["bodies"][1]["tile"] == scene["bodies"][2]["tile"]  # of one wood


def test_a_mesh_stays_where_its_file_has_it(tmp_path: Path) -> None:
    """MuJoCo moves meshes into a frame of their own; that is undone."""
    pytest.importorskip("mujoco")
    corners = np.array([[1, 1, 1], [3, 1, 1], [1, 2, 1], [1, 1, 5]], float)
    lines = [f"v {x} {y} {z}" for x, y, z in corners]
    lines += ["vt 0.1 0.1", "vt 0.9 0.1", "vt 0.1 0.7", "vt 0.5 0.3"]
    faces = ["f 1/1 3/3 2/2", "f 1/1 2/2 4/4", "f 2/2 3/3 4/4", "f 3/3 1/1 4/4"]
    (tmp_path / "solid.obj").write_text("\n".join([*lines, *faces]) + "\n")
    picture = np.random.default_rng(1).integers(0, 256, (8, 16, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "own.png"), picture)
    detail = BodyDetail(texture=str(tmp_path / "own.png"))
    scale = (0.1, 0.2, 0.1)
    solid = Body("solid", "mesh", scale, (0, 0, 0), mesh=str(tmp_path / "solid.obj"), detail=detail)
    world = dataclasses.replace(small_world(), bodies=(*small_world().bodies, solid))
    write_scene(world, tmp_path, SETTINGS, Photographs())
    with np.load(tmp_path / "mesh 4.npz") as mesh:
        placed = np.unique(mesh["vertices"].round(5), axis=0)
        top = mesh["vertices"][:, 2] > 0.4
        assert mesh["uv"][top] == pytest.approx(np.array([[0.5, 0.3]] * 3), abs=1e-5)
        assert placed == pytest.approx(np.unique(corners * scale, axis=0), abs=1e-4)
        a, b, c = (mesh["vertices"][mesh["faces"][:, corner]] for corner in range(3))
        outward = np.einsum("fi,fi->f", np.cross(b - a, c - a), mesh["normals"][::3])
        assert (outward > 0).all()
    told = json.loads((tmp_path / "scene.json").read_text())["bodies"][4]["tile"]
    assert np.array_equal(cv2.imread(str(tmp_path / told)), picture)


def test_a_hidden_body_is_gone_and_its_light_with_it() -> None:
    world = small_world()
    whole = order(Take(world, motion_of(world)), 0)
    hidden = order(Take(world, motion_of(world), frozenset({"box"})), 0)
    assert whole["shown"].tolist() == [True, True, True, True]
    assert hidden["shown"].tolist() == [True, False, True, True]
    assert (whole["lit"].tolist(), hidden["lit"].tolist()) == ([True, True], [True, False])
    assert "shape 4" in whole


def test_what_is_left_out_of_the_motion_is_asked_for_as_what_is_hidden() -> None:
    """So the takes `removed` and `acting` are one picture as long as nothing happened."""
    world = small_world()
    gone = motion_of(world, ("floor", "ball", "cloth"))
    removed = order(Take(world, gone, frozenset({"box"})), 1)
    acting = order(Take(world, motion_of(world), frozenset({"box"})), 1)
    for name in removed.keys() | acting.keys():
        assert np.array_equal(removed[name], acting[name]), name


def test_a_light_goes_with_its_body() -> None:
    world, moved = small_world(), motion_of(small_world())
    moved.poses[1, 1] = [2.0, 1.0, 0.2, np.sqrt(0.5), np.sqrt(0.5), 0, 0]  # turned about x
    lamp = order(Take(world, moved), 1)["light_poses"][1]
    assert lamp[:3] == pytest.approx([2.0, 0.0, 0.2], abs=1e-6)  # 1 m above it, as it lies now
    shines = turn(tuple(float(part) for part in lamp[3:]), (0.0, 0.0, -1.0))
    assert shines == pytest.approx((0.0, 1.0, 0.0), abs=1e-6)


@given(st.tuples(*[st.floats(-5, 5)] * 3), st.tuples(*[st.floats(-5, 5)] * 3))
def test_the_cameras_quaternion_is_its_axes(position: Any, target: Any) -> None:
    away = np.subtract(position, target)
    if np.hypot(*away[:2]) < 1e-3:
        return  # straight up or down has no right
    world = small_world()
    camera = Camera("locked", (position,) * FRAMES, (target,) * FRAMES)
    world = dataclasses.replace(world, camera=camera)
    pose = order(Take(world, motion_of(world)), 0)["camera"].astype(float)
    turned = [turn(tuple(pose[3:]), axis) for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    assert np.allclose(turned, axes(camera, 0), atol=1e-5)


# --- a user's photographs ---------------------------------------------------------------------


def test_a_photograph_gives_the_pattern_and_keeps_the_colour(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    cv2.imwrite(str(tmp_path / "Wood_oak.png"), rng.integers(60, 200, (40, 50, 3), np.uint8))
    found = Photographs.found(str(tmp_path), "")
    wood = Material("wood", ((0.5, 0.2, 0.1), (0.3, 0.1, 0.05)), seed=3)
    painted = paint(wood, 64, 2)
    taken = found.instead(wood, painted)
    assert taken.shape == painted.shape
    assert not np.array_equal(taken, painted)
    assert taken.mean(axis=(0, 1)) == pytest.approx(painted.mean(axis=(0, 1)), abs=12)
    tiles = Material("tiles")
    assert found.instead(tiles, painted) is painted


def test_folders_without_anything_of_use_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match="no such file"):
        Photographs.found(str(tmp_path / "nowhere"), "")
    (tmp_path / "IMG_1.png").write_bytes(b"no picture")
    with pytest.raises(OpenVoidError, match="named after a kind"):
        Photographs.found(str(tmp_path), "")
    with pytest.raises(OpenVoidError, match="panorama"):
        Photographs.found("", str(tmp_path))
    (tmp_path / "wood.png").write_bytes(b"no picture")
    with pytest.raises(OpenVoidError, match="cannot be read"):
        Photographs.found(str(tmp_path), "").instead(
            Material("wood"), np.zeros((8, 8, 3), np.uint8)
        )


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
