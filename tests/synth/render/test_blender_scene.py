"""What Blender is asked to draw: the scene, and who is where in a frame."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.synth.camera import axes
from openvoid.synth.detail import BodyDetail
from openvoid.synth.render.blender_scene import order, write_scene
from openvoid.synth.render.photographs import Photographs
from openvoid.synth.rotation import turn
from openvoid.synth.take import Take
from openvoid.synth.world import Body, Camera
from tests.synth.render.small_world import (
    FRAMES,
    SETTINGS,
    motion_of,
    small_world,
)


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
