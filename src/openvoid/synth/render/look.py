"""World -> a MuJoCo model that is only looked at: surfaces, materials, lights, a camera.

Enters: a `World`. Leaves: a compiled model in which every body is a mocap body of its own name with
one geom, drawn from our own triangles (planes and mirroring boxes are MuJoCo's, which alone
reflect), and what is needed to move it. Knows no motion and draws nothing.

MuJoCo's renderer adds light up in display values. A lit surface would come out too bright in the
shade and burnt in the sun; so each light is given what it adds on top of those before it, as a
screen would show it: exact for the sky and one sun, near for more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.synth.physics.deform import mesh
from openvoid.synth.physics.scene import DEFORMING, closure, load
from openvoid.synth.render.patterns import Patterns, tile_of
from openvoid.synth.render.tessellate import Surface, surface, vertex_normals
from openvoid.synth.render.textures import display
from openvoid.synth.rotation import turn, undo, within
from openvoid.synth.world import Body, World

NEAR_M, FAR_M = 0.02, 120.0
ENDLESS_M = 45.0  # half the side of a plane without end
CELLS = 50  # of a plane, each way: light is worked out at their corners
SKY_PX = 128
# every surface that mirrors costs one more picture: floors that hardly do, and boxes that are no
# mirrors, are drawn without
DULL_FLOOR, DULL_BOX = 0.04, 0.25


@dataclass(frozen=True)
class Look:
    """A model, and where in it each body's parts are."""

    model: Any
    geoms: Mapping[str, int]
    mocaps: Mapping[str, int]
    deforming: Mapping[str, Deforming]
    lights: Mapping[int, str]  # light -> the body it belongs to


@dataclass(frozen=True)
class Deforming:
    """A mesh whose vertices are told anew in every frame."""

    mesh: int
    faces: NDArray[np.int32]


def build_look(world: World, size: tuple[int, int], samples: int, shadow_px: int) -> Look:
    """The model of a world, to be drawn at `size` (height, width).

    Raises:
        OpenVoidError: mujoco is missing, or a body cannot be built (with its name).
    """
    mujoco = load()
    spec = mujoco.MjSpec()
    _set_visual(spec, world, size, samples, shadow_px)
    _add_sky(mujoco, spec, world)
    surfaces: dict[str, Surface] = {}
    patterns = Patterns(mujoco, spec)
    owners = {"": spec.worldbody}
    for body in world.bodies:
        owner = spec.worldbody.add_body(name=body.name, mocap=True)
        owners[body.name] = owner
        _add_body(mujoco, spec, body, owner, surfaces, patterns)
    lit = _add_lights(mujoco, spec, world, owners)
    spec.worldbody.add_camera(name="camera", fovy=world.camera.fov_deg)
    try:
        model = spec.compile()
    except ValueError as error:
        line = " ".join(str(error).split())
        raise OpenVoidError(f"cannot be drawn: {line}", where=f"{world.family} {world.seed}") from (
            error
        )
    deforming = {
        body.name: Deforming(model.mesh(body.name).id, surfaces[body.name].faces)
        for body in world.bodies
        if body.name in surfaces and deforms(body)
    }
    for name, drawn in surfaces.items():
        _set_mesh(mujoco, model, name, drawn)
    return Look(
        model,
        {body.name: model.geom(body.name).id for body in world.bodies},
        {body.name: int(model.body(body.name).mocapid[0]) for body in world.bodies},
        deforming,
        lit,
    )


def deforms(body: Body) -> bool:
    """Whether its vertices are told by the motion instead of its pose."""
    return body.shape in DEFORMING


def hidden_with(world: World, hidden: frozenset[str]) -> frozenset[str]:
    """Hidden bodies with their parts."""
    return closure(world, hidden)


# --- settings -----------------------------------------------------------------------------------


def _set_visual(
    spec: Any, world: World, size: tuple[int, int], samples: int, shadow_px: int
) -> None:
    spec.stat.extent, spec.stat.center = 1.0, [0, 0, 0]
    visual = spec.visual
    visual.global_.offheight, visual.global_.offwidth = size
    visual.quality.offsamples, visual.quality.shadowsize = samples, shadow_px
    visual.map.znear, visual.map.zfar = NEAR_M, FAR_M
    visual.headlight.ambient = display(_sky(world))
    visual.headlight.diffuse = visual.headlight.specular = [0, 0, 0]


def _sky(world: World) -> NDArray[np.float64]:
    """Light that comes from everywhere, linear."""
    colors = [light.color for light in world.lights if light.kind == "sky"]
    return np.sum(np.array(colors, float).reshape(-1, 3), axis=0)


def _add_sky(mujoco: Any, spec: Any, world: World) -> None:
    zenith, horizon = (display(np.array(color, float)) for color in world.backdrop)
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=zenith,
        rgb2=horizon,
        width=SKY_PX,
        height=6 * SKY_PX,
    )


def _add_lights(mujoco: Any, spec: Any, world: World, owners: Mapping[str, Any]) -> dict[int, str]:
    """All but the sky; gives light -> body for those that a body carries."""
    ranked = sorted(
        (light for light in world.lights if light.kind != "sky"),
        key=lambda light: (light.body != "", light.kind != "sun", not light.casts_shadow),
    )
    so_far, lit = _sky(world), {}
    by_owner = ["", *world.names]  # MuJoCo numbers lights by the order of their bodies
    numbered = sorted(range(len(ranked)), key=lambda at: by_owner.index(ranked[at].body))
    for at, light in enumerate(ranked):
        adds = display(so_far + light.color) - display(so_far)
        so_far = so_far + np.array(light.color) * (0.5 if light.kind == "sun" else 0.25)
        place, direction = light.position, light.direction
        if light.body:
            body = world.body(light.body)
            place = within(body.position, body.rotation, place)
            direction = turn(undo(body.rotation), direction)
            lit[numbered.index(at)] = light.body
        kinds = mujoco.mjtLightType
        made = owners[light.body].add_light(
            pos=place,
            dir=direction,
            type=kinds.mjLIGHT_DIRECTIONAL if light.kind == "sun" else kinds.mjLIGHT_SPOT,
            diffuse=adds,
            castshadow=light.casts_shadow,
            cutoff=light.cutoff_deg,
            exponent=1.0 if light.casts_shadow else 0.0,
        )
        made.ambient = [0, 0, 0]
        made.specular = 0.5 * adds if light.casts_shadow else [0, 0, 0]
        made.attenuation = [1, 0, 1 / light.range_m**2 if light.range_m > 0 else 0]
    return lit


# --- bodies -------------------------------------------------------------------------------------


def _add_body(
    mujoco: Any,
    spec: Any,
    body: Body,
    owner: Any,
    surfaces: dict[str, Surface],
    patterns: Patterns,
) -> None:
    geom = owner.add_geom(name=body.name, contype=0, conaffinity=0, mass=0)
    material, kinds = body.material, mujoco.mjtGeom
    if body.shape == "plane":
        half = [float(side) or ENDLESS_M for side in body.size[:2]]
        geom.type, geom.size = kinds.mjGEOM_PLANE, [*half, 2 * max(half) / CELLS]
        repeat = [2 * side / (tile_of(body).repeats * material.scale) for side in half]
        tile = patterns.tile(material, tile_of(body), boards=True)
        geom.material = _add_material(mujoco, spec, body, tile, repeat)
        return
    if body.shape == "box" and _reflectance(body) > 0:
        geom.type, geom.size = kinds.mjGEOM_BOX, list(body.size)
        geom.material = _add_material(
            mujoco, spec, body, patterns.cube(body, to_scale=True), [1, 1]
        )
        return
    geom.type, geom.meshname = kinds.mjGEOM_MESH, body.name
    if body.shape == "mesh":
        spec.add_mesh(name=body.name, file=body.mesh, scale=body.size)
        geom.material = _add_material(mujoco, spec, body, patterns.of_mesh(body), [1, 1])
        return
    tile = patterns.tile(material, tile_of(body))
    geom.material = _add_material(mujoco, spec, body, tile, [1, 1])
    tile_m = tile_of(body).repeats * material.scale
    drawn = _resting(body) if deforms(body) else surface(body.shape, body.size, tile_m)
    surfaces[body.name] = drawn
    made = spec.add_mesh(
        name=body.name,
        uservert=_apart(drawn.vertices).ravel(),
        usernormal=drawn.normals.ravel(),
        usertexcoord=(drawn.uv_m / tile_m).ravel(),
        userface=drawn.faces.ravel(),
    )
    made.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL


def _reflectance(body: Body) -> float:
    """Of its mirror image; 0 where that is not worth its time."""
    least = DULL_FLOOR if body.shape == "plane" else DULL_BOX
    return body.material.reflectance if body.material.reflectance >= least else 0.0


def _add_material(mujoco: Any, spec: Any, body: Body, texture: str, repeat: list[float]) -> str:
    material = body.material
    gloss = 1 - material.roughness
    made = spec.add_material(
        name=body.name,
        rgba=[1, 1, 1, body.detail.alpha],
        reflectance=_reflectance(body),
        shininess=0.15 + 0.7 * gloss,
        specular=0.5 * gloss**1.5,
        emission=material.emission,
        texrepeat=repeat,
    )
    made.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = texture
    return body.name


def _resting(body: Body) -> Surface:
    """What deforms, at rest; a motion tells its vertices anew in every frame."""
    at_rest = mesh(body)
    vertices = at_rest.vertices.astype(np.float32)
    normals = vertex_normals(vertices, at_rest.triangles)
    return Surface(vertices, normals, at_rest.uv.astype(np.float32), at_rest.triangles)


def _apart(vertices: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vertices for the compiler alone, which wants a body with some volume; `_set_mesh` undoes it.

    A flat cloth is bent a little.
    """
    bent = vertices.astype(np.float64)
    bent[:, 2] += 0.05 * np.sin(9.7 * np.arange(len(bent)))
    return bent.astype(np.float32)


def _set_mesh(mujoco: Any, model: Any, name: str, drawn: Surface) -> None:
    """The triangles as they are, where the compiler moved them into a frame of its own."""
    mesh, geom = model.mesh(name).id, model.geom(name).id
    first, count = int(model.mesh_vertadr[mesh]), int(model.mesh_vertnum[mesh])
    normal, normals = int(model.mesh_normaladr[mesh]), int(model.mesh_normalnum[mesh])
    assert count == normals == len(drawn.vertices), (name, count, normals, len(drawn.vertices))
    model.mesh_vert[first : first + count] = drawn.vertices
    model.mesh_normal[normal : normal + count] = drawn.normals
    model.geom_pos[geom], model.geom_quat[geom] = 0, [1, 0, 0, 0]
    model.geom_sameframe[geom] = int(mujoco.mjtSameFrame.mjSAMEFRAME_NONE)
