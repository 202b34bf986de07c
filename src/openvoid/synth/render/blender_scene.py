"""A world -> the files that `blender_script.py` draws from; a frame of a take -> its order.

Enters: a `World`, and a `Take` of it frame by frame. Leaves: scene.json (schema
"openvoid.blender/1"), meshes as .npz, surfaces as .png, and the arrays of an order. Triangles and
patterns are those of the renderer `mujoco`, so both draw one world. Knows no program.

A light that stands for light thrown back by a body (it belongs to the body and casts no shadow) is
left out: in a ray tracer it comes by itself.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.synth.camera import axes
from openvoid.synth.physics.deform import mesh
from openvoid.synth.physics.scene import load
from openvoid.synth.render.look import ENDLESS_M, deforms, hidden_with
from openvoid.synth.render.patterns import tile_of
from openvoid.synth.render.photographs import Photographs
from openvoid.synth.render.tessellate import Surface, box_uv_m, surface
from openvoid.synth.render.textures import paint
from openvoid.synth.rotation import along, join, place, turn, undo, within
from openvoid.synth.take import Take
from openvoid.synth.world import Body, Light, Quaternion, Vector, World

SCHEMA = "openvoid.blender/1"
RELIEF = {"tiles": 0.02, "fabric": 0.03, "wood": 0.004, "noise": 0.01}  # of the pattern's scale
COAT = 2.5  # of varnish for the reflectance of what is round: it shines by the angle
BEVEL_SHARE, BEVEL_M = 0.08, 0.01  # of a box's least half side, at most

Array = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Settings:
    """How Cycles is to draw; the renderer's options say what each means."""

    samples: int
    denoise: bool
    view: str
    device: str
    threads: int
    seed: int


def write_scene(world: World, folder: Path, settings: Settings, photographs: Photographs) -> None:
    """Everything about a world that does not change from frame to frame.

    Raises:
        OpenVoidError: a mesh or a photograph cannot be read.
    """
    tiles: dict[tuple[Any, ...], str] = {}
    bodies = []
    for index, body in enumerate(world.bodies):
        drawn, tile_m, tile = _surface(body), *_tile(body, folder, tiles, photographs)
        file = f"mesh {index}.npz"
        arrays = {"vertices": drawn.vertices, "uv": drawn.uv_m / tile_m, "faces": drawn.faces}
        if not deforms(body):
            arrays["normals"] = drawn.normals
        np.savez(folder / file, **arrays)  # type: ignore[arg-type]
        bodies.append({"index": index + 1, "mesh": file, "tile": tile, **_finish(body)})
    scene = {
        "schema": SCHEMA,
        "size": world.size,
        "fov_deg": world.camera.fov_deg,
        "settings": dataclasses.asdict(settings),
        "bodies": bodies,
        "lights": [_light(light) for light in lamps(world)],
        "sky": _sky(world, photographs),
    }
    (folder / "scene.json").write_text(json.dumps(scene, indent=1), encoding="utf-8")


def lamps(world: World) -> list[Light]:
    """The lights that a ray tracer needs, the sky apart."""
    return [
        light
        for light in world.lights
        if light.kind != "sky" and (light.casts_shadow or not light.body)
    ]


def order(take: Take, frame: int) -> dict[str, NDArray[Any]]:
    """Who is where in one frame of a take.

    Raises:
        OpenVoidError: the motion is of another world.
    """
    world, motion = take.world, take.motion
    if unknown := set(motion.names) - set(world.names):
        raise OpenVoidError(f"the motion has {min(unknown)!r}, the world has not")
    shown = frozenset(motion.names) - hidden_with(world, take.hidden)
    poses = np.tile(np.array([0, 0, 0, 1, 0, 0, 0], np.float32), (len(world.bodies), 1))
    arrays: dict[str, NDArray[Any]] = {
        "shown": np.array([name in shown for name in world.names]),
        "poses": poses,
        "camera": _camera_pose(world, frame),
    }
    for index, body in enumerate(world.bodies):
        if body.name in shown and deforms(body):
            arrays[f"shape {index + 1}"] = motion.shapes[body.name][frame].astype(np.float32)
        elif body.name in shown:
            poses[index] = motion.poses[frame, motion.names.index(body.name)]
    lit, light_poses = [], []
    for light in lamps(world):
        there = not light.body or light.body in shown
        pose = poses[world.names.index(light.body)] if light.body and there else None
        lit.append(there)
        light_poses.append(_light_pose(world, light, pose))
    arrays["lit"] = np.array(lit, bool)
    arrays["light_poses"] = np.array(light_poses, np.float32).reshape(-1, 7)
    return arrays


def _camera_pose(world: World, frame: int) -> Array:
    """Where it is and how it is turned; it looks along its own -z."""
    x, y, z = axes(world.camera, frame)
    # the quaternion of a rotation matrix, by the largest of its four parts (Shepperd 1978)
    matrix = np.stack([x, y, z], axis=1)
    squares = np.array([matrix.trace(), *np.diag(matrix)])
    best = int(squares.argmax())
    if best == 0:
        w = math.sqrt(1 + squares[0]) / 2
        apart = [matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0]]
        turned = [w, *(part / (4 * w) for part in [*apart, matrix[1, 0] - matrix[0, 1]])]
    else:
        i = best - 1
        j, k = (i + 1) % 3, (i + 2) % 3
        root = math.sqrt(1 + matrix[i, i] - matrix[j, j] - matrix[k, k])
        turned = [0.0] * 4
        turned[0] = (matrix[k, j] - matrix[j, k]) / (2 * root)
        turned[1 + i] = root / 2
        turned[1 + j] = (matrix[j, i] + matrix[i, j]) / (2 * root)
        turned[1 + k] = (matrix[k, i] + matrix[i, k]) / (2 * root)
    return np.array([*world.camera.positions[frame], *turned], np.float32)


def _light_pose(world: World, light: Light, pose: Array | None) -> list[float]:
    """Where it is, carried along by its body; it shines along its own -z."""
    at, direction = light.position, light.direction
    if pose is not None:
        body = world.body(light.body)
        x, y, z, *turned = (float(part) for part in pose)
        now: Quaternion = (turned[0], turned[1], turned[2], turned[3])
        at = place((x, y, z), now, within(body.position, body.rotation, at))
        direction = turn(join(now, undo(body.rotation)), direction)
    back: Vector = (-direction[0], -direction[1], -direction[2])
    return [*at, *along(back)]


# --- what does not change -----------------------------------------------------------------------


def _light(light: Light) -> dict[str, Any]:
    told = dataclasses.asdict(light)
    away = math.hypot(*light.position)
    told["angle"] = 2 * math.atan(light.radius / max(away, 1e-6))  # a sun's, seen from the origin
    return told


def _sky(world: World, photographs: Photographs) -> dict[str, Any]:
    colors = [light.color for light in world.lights if light.kind == "sky"]
    zenith, horizon = world.backdrop
    picture = photographs.environment(world.seed)
    return {
        "zenith": zenith,
        "horizon": horizon,
        "shade": np.sum(np.array(colors, float).reshape(-1, 3), axis=0).tolist(),
        "picture": str(picture) if picture else "",
        "turn": 2 * math.pi * (world.seed * 0.618034 % 1),
        "gain": photographs.gain,
    }


def _finish(body: Body) -> dict[str, Any]:
    material = body.material
    small = min(body.size) if body.shape == "box" else 0.0
    flat = body.shape in ("plane", "box") or body.detail.water
    return {
        "name": body.name,
        "roughness": material.roughness,
        "reflectance": min(material.reflectance, 1.0) if flat else 0.0,
        "coat": 0.0 if flat else min(COAT * material.reflectance, 1.0),
        "emission": material.emission,
        "alpha": body.detail.alpha,
        "specular": 0.5 * (1 - material.roughness) + 0.1,
        "relief_m": RELIEF.get(material.kind, 0.0) * material.scale,
        "bevel_m": min(BEVEL_SHARE * small, BEVEL_M) if not body.fixed else 0.0,
    }


def _tile(
    body: Body, folder: Path, tiles: dict[tuple[Any, ...], str], photographs: Photographs
) -> tuple[float, str]:
    """How long its picture is in metres, and the file; bodies of one material share it."""
    material, flat = body.material, body.shape == "plane"
    px, repeats = tile_of(body)
    file = body.detail.texture if body.shape == "mesh" else ""
    key = (file,) if file else (material.kind, material.colors, material.seed, px, flat)
    if key not in tiles:
        if file:
            painted = cv2.imread(file, cv2.IMREAD_COLOR)
            if painted is None:
                raise OpenVoidError("not a readable picture", where=file)
        else:
            painted = paint(material, px, repeats, boards=flat)
            painted = photographs.instead(material, painted)[::-1, :, ::-1]  # v counts upward
        tiles[key] = f"tile {len(tiles)}.png"
        written, coded = cv2.imencode(".png", painted)
        assert written
        (folder / tiles[key]).write_bytes(coded.tobytes())
    return _tile_m(body), tiles[key]


def _tile_m(body: Body) -> float:
    return tile_of(body).repeats * body.material.scale


def _surface(body: Body) -> Surface:
    if body.shape == "plane":
        half = [float(side) or ENDLESS_M for side in body.size[:2]]
        corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
        vertices = (corners * [*half, 1.0]).astype(np.float32)
        upward = np.tile(np.array([[0, 0, 1]], np.float32), (4, 1))
        return Surface(
            vertices, upward, vertices[:, :2], np.array([[0, 1, 2], [0, 2, 3]], np.int32)
        )
    if body.shape == "mesh":
        return _from_file(body)
    if deforms(body):
        rest = mesh(body)
        vertices = rest.vertices.astype(np.float32)
        return Surface(vertices, vertices, rest.uv.astype(np.float32), rest.triangles)
    return surface(body.shape, body.size, _tile_m(body))


def _from_file(body: Body) -> Surface:
    """A mesh as MuJoCo reads it, in the body's own frame; every triangle has corners of its own."""
    mujoco = load()
    spec = mujoco.MjSpec()
    spec.add_mesh(name="mesh", file=body.mesh, scale=body.size)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname="mesh")
    try:
        model = spec.compile()
    except ValueError as error:
        line = " ".join(str(error).split())
        raise OpenVoidError(f"cannot be drawn: {line}", where=body.mesh) from error
    nine = np.zeros(9)
    mujoco.mju_quat2Mat(nine, model.geom_quat[0])
    turned = nine.reshape(3, 3).T
    vertices = model.mesh_vert[model.mesh_face.ravel()] @ turned + model.geom_pos[0]
    normals = _creased(vertices, model.mesh_normal[model.mesh_facenormal.ravel()] @ turned)
    if len(model.mesh_texcoord):
        uv = model.mesh_texcoord[model.mesh_facetexcoord.ravel()] * [1, -1] + [0, 1]  # v upward
        uv *= _tile_m(body)
    else:
        uv = box_uv_m(vertices.astype(np.float32), normals.astype(np.float32))
    faces = np.arange(len(vertices), dtype=np.int32).reshape(-1, 3)
    return Surface(
        vertices.astype(np.float32), normals.astype(np.float32), uv.astype(np.float32), faces
    )


def _creased(vertices: NDArray[Any], normals: NDArray[Any]) -> NDArray[Any]:
    """Normals of corners, three a triangle; one that leans over 60 degrees is the triangle's own.

    MuJoCo rounds every edge of a mesh that brings no normals.
    """
    a, b, c = vertices.reshape(-1, 3, 3).swapaxes(0, 1)
    facing = np.cross(b - a, c - a)
    facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-12)
    own = np.repeat(facing, 3, axis=0)
    return np.where((own * normals).sum(axis=1, keepdims=True) > 0.5, normals, own)
