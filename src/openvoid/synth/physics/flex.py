"""Cloth and soft things as MuJoCo's flexes: built into a specification, read from a state.

Enters: a body of shape cloth or soft. Leaves: its flex in an `MjSpec`, and from a running
simulation the vertices that are drawn. The elastic model is MuJoCo's ("Deformable objects" in its
"Computation" chapter): linear tetrahedra (Saint Venant-Kirchhoff) for what is soft, triangles that
stretch and bend for cloth. Knows no family.

Of `body.detail`: `count`, `young_pa`, `damping_s`, `thickness_m`, `puff` (see `deform`), and
`pinned`, what of it never moves: "" nothing, "edge" its rim, "sides" the two rims across x, "below"
the lowest layer.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.synth.detail import BodyDetail
from openvoid.synth.physics.deform import embed, grid, thicken
from openvoid.synth.rotation import place
from openvoid.synth.world import Body

ITERATIONS = 40  # with fewer, the solver of stiff flexes is cut short
PINS = ("", "edge", "sides", "below")


def add_flex(spec: Any, body: Body) -> None:
    """Puts a cloth or a soft thing into the specification, and the solver that it needs.

    Raises:
        OpenVoidError: its detail lacks `count`, or names an unknown way to pin it.
    """
    import mujoco

    spec.option.integrator = mujoco.mjtIntegrator.mjINT_DISCRETE
    spec.option.solver = mujoco.mjtSolver.mjSOL_CG
    spec.option.iterations = ITERATIONS
    spec.option.cone = mujoco.mjtCone.mjCONE_PYRAMIDAL  # half the time of elliptic ones here
    spec.option.impratio = 1
    spec.option.tolerance = 1e-6
    cloth = body.shape == "cloth"
    count, spacing, radius = _grid(body)
    flex = spec.worldbody.make_flex(
        body.name,
        type="grid",
        dim=2 if cloth else 3,
        dof="full",
        count=count,
        spacing=spacing,
        radius=radius,
        mass=body.mass_kg,
        elastic2d=3 if cloth else 0,  # stretches and bends
        pos=body.position,
        quat=body.rotation,
    )
    flex.young = body.detail.young_pa
    flex.poisson = 0.2
    flex.damping = body.detail.damping_s
    flex.friction = [body.friction, 0.005, 0.0001]
    flex.selfcollide = mujoco.mjtFlexSelf.mjFLEXSELF_NONE
    if cloth:
        flex.thickness = body.detail.thickness_m / 2
    elif body.detail.puff:
        for name, at in zip(list(flex.vertbody), grid(body), strict=True):
            spec.body(name).pos = place(body.position, body.rotation, tuple(at))
    _pin(spec, flex, body, count)


def vertices(model: Any, data: Any, body: Body) -> np.ndarray:
    """float32 [V,3]: the drawn vertices, in the order of `deform.mesh`."""
    import mujoco

    flex = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_FLEX, body.name)
    first, count = int(model.flex_vertadr[flex]), int(model.flex_vertnum[flex])
    simulated = data.flexvert_xpos[first : first + count]
    drawn = _weights(body.shape, body.size, body.detail.count, body.detail.round_m) @ simulated
    whole = thicken(body, drawn) if body.shape == "cloth" else drawn
    return whole.astype(np.float32)


def _grid(body: Body) -> tuple[list[int], list[float], float]:
    """Vertices a side, metres between them, and the radius of each."""
    count = body.detail.count
    wanted = 2 if body.shape == "cloth" else 3
    if len(count) != wanted or min(count) < 2:
        raise OpenVoidError(
            f"{body.name}: a {body.shape} with count {list(count)}",
            mend=f"{wanted} numbers of vertices, 2 or more each",
        )
    radius = body.detail.thickness_m / 2 if body.shape == "cloth" else 0.004
    spacing = [2 * half / (n - 1) for half, n in zip(body.size, count, strict=False)]
    if wanted == 2:
        return [*count, 1], [*spacing, 3 * radius], radius
    return list(count), spacing, radius


def _pin(spec: Any, flex: Any, body: Body, count: list[int]) -> None:
    pinned = body.detail.pinned
    if pinned not in PINS:
        raise OpenVoidError(f"{body.name}: pinned {pinned!r}", mend=f"one of {', '.join(PINS)}")
    for number, name in enumerate(list(flex.vertbody)):
        i, j = divmod(number // count[2], count[1])
        held = {
            "": False,
            "sides": i in (0, count[0] - 1),
            "edge": i in (0, count[0] - 1) or j in (0, count[1] - 1),
            "below": number % count[2] == 0,
        }
        if held[pinned]:
            for joint in list(spec.body(name).joints):
                spec.delete(joint)


@lru_cache(maxsize=32)
def _weights(
    shape: str, size: tuple[float, ...], count: tuple[int, ...], round_m: float
) -> np.ndarray:
    detail = BodyDetail(count=count, round_m=round_m)
    return embed(Body("", shape, size, (0.0, 0.0, 0.0), detail=detail))
