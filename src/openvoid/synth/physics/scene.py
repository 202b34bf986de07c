"""World -> MuJoCo's specification of it, to be simulated: bodies, masses, joints, contacts, holds.

Enters: a `World`, and the names of bodies to leave out. Leaves: an `MjSpec` in which every body has
one body and one geom of its name; what hangs on a body left out (its parts, limbs and holds) is
left out too. Knows no picture: how a world looks is `synth.render.look`'s; and no time
(`synth.physics.simulation`). What MuJoCo's numbers mean is in its "Computation" and "XML reference"
chapters.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from openvoid.core.errors import OpenVoidError
from openvoid.synth.rotation import join, undo, within
from openvoid.synth.world import UPRIGHT, Body, Vector, World

if TYPE_CHECKING:
    import mujoco

STEP_S = 0.001  # at most
# How fast a contact pushes apart: a 4 m/s impact sinks in 8 mm for a moment. With less than four or
# five steps to it, things that stand on several points are shaken off the ground.
STIFF_S, STIFF_ROUND_S = 0.005, 0.004
ROUND = ("sphere", "ellipsoid", "capsule")  # touch at a point, and only these bounce
DRIVE_S = 0.012  # how fast a driven joint and a hold follow
UNDER_M = 20.0  # half the side of what bears cylinders on a floor without end
DEFORMING = ("cloth", "soft")


def load() -> Any:
    """The module mujoco.

    Raises:
        OpenVoidError: it is not installed.
    """
    try:
        import mujoco
    except ImportError as error:
        raise OpenVoidError(
            "invented worlds need mujoco, which is not installed",
            mend="pip install 'openvoid[synth]'",
        ) from error
    if mujoco.get_mju_user_warning() is None:  # else it writes a file where the person works
        mujoco.set_mju_user_warning(_heard)
    return mujoco


def _heard(warning: str) -> None:
    """Nothing: warnings are counted in the data, where `simulation` looks for them."""


def closure(world: World, names: frozenset[str]) -> frozenset[str]:
    """Those bodies and whatever hangs on them."""
    gone = set(names)
    for body in world.bodies:  # parents come first
        if body.parent in gone:
            gone.add(body.name)
    return frozenset(gone)


def build(world: World, without: frozenset[str] = frozenset()) -> mujoco.MjSpec:
    """The specification of a world.

    Raises:
        OpenVoidError: mujoco is not installed; a mesh's file cannot be found.
    """
    mujoco = load()
    spec = mujoco.MjSpec()
    gone = closure(world, without)
    _set_options(mujoco, spec, world)
    made: dict[str, Any] = {"": spec.worldbody}
    for body in world.bodies:
        if body.name not in gone and not (body.shape in DEFORMING or body.detail.water):
            made[body.name] = _add_body(mujoco, spec, world, body, made)
        elif body.name not in gone and not body.detail.drawn_only:
            from openvoid.synth.physics.flex import add_flex

            add_flex(spec, body)
    _add_holds(mujoco, spec, world, gone)
    return spec


def _set_options(mujoco: Any, spec: Any, world: World) -> None:
    option = spec.option
    option.timestep = timestep_s(world)
    option.gravity = world.gravity
    option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    option.impratio = 10  # what lies on a slope does not creep
    option.iterations = 50


def steps_per_frame(world: World) -> int:
    """How many equal steps the simulation takes from a frame to the next."""
    told_s = world.detail.step_s
    longest_s = STEP_S if told_s is None else told_s
    return max(1, math.ceil(float(1 / world.rate) / longest_s - 1e-9))


def timestep_s(world: World) -> float:
    """The simulation's step."""
    return float(1 / world.rate / steps_per_frame(world))


def _add_body(mujoco: Any, spec: Any, world: World, body: Body, made: dict[str, Any]) -> Any:
    """The body, its joint and its geom, under its parent."""
    position, rotation = body.position, body.rotation
    if body.parent:
        above = world.body(body.parent)
        position = within(above.position, above.rotation, position)
        rotation = join(undo(above.rotation), rotation)
    made_body = made[body.parent].add_body(name=body.name, pos=position, quat=rotation)
    if follows(body, frozenset(made)):
        made_body.mocap = True
    elif body.joint is not None:
        _add_joint(mujoco, made_body, body)
    elif not body.parent and body.mass_kg > 0:
        made_body.add_freejoint(name=body.name)
    if body.detail.weightless:
        made_body.gravcomp = 1.0
    _add_geom(mujoco, spec, made_body, body)
    return made_body


def follows(body: Body, there: frozenset[str]) -> bool:
    """Whether it goes along the path of its detail, as long as who carries it is there."""
    return bool(body.detail.path) and (body.detail.carried_by or body.name) in there | {body.name}


def _add_joint(mujoco: Any, made_body: Any, body: Body) -> None:
    joint = body.joint
    assert joint is not None
    if joint.kind == "weld":
        return
    if joint.kind == "free":
        made_body.add_freejoint(name=body.name)
        return
    kind = {
        "hinge": mujoco.mjtJoint.mjJNT_HINGE,
        "ball": mujoco.mjtJoint.mjJNT_BALL,
        "slide": mujoco.mjtJoint.mjJNT_SLIDE,
    }[joint.kind]
    made = made_body.add_joint(name=body.name, type=kind, axis=joint.axis, pos=joint.anchor)
    made.stiffness[0] = joint.stiffness
    made.damping[0] = joint.damping
    if joint.range is not None:
        made.range = joint.range
        made.limited = mujoco.mjtLimited.mjLIMITED_TRUE


def _add_geom(mujoco: Any, spec: Any, made_body: Any, body: Body) -> None:
    kind = getattr(mujoco.mjtGeom, f"mjGEOM_{body.shape.upper()}")
    geom = made_body.add_geom(name=body.name, type=kind)
    if body.shape == "mesh":
        made = spec.add_mesh(name=body.name, file=body.mesh, scale=body.size)
        made.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX  # scans may have holes
        geom.meshname = body.name
    elif body.shape == "plane":
        geom.size = [body.size[0], body.size[1], 1.0]
    else:
        geom.size = [*body.size, *[0.0] * (3 - len(body.size))]
    geom.mass = max(body.mass_kg, 0.0)
    geom.contype = geom.conaffinity = _layers(body.shape) if body.detail.collides else 0
    geom.friction = [body.friction, 0.005, body.detail.rolling]
    geom.condim = 6 if body.shape in ("sphere", "ellipsoid", "capsule", "cylinder") else 4
    # the moving body of a pair says how they bounce; of two moving ones, their mean
    ratio = damping_ratio(body.bounce) if body.shape in ROUND else 1.0
    geom.solref = [(STIFF_ROUND_S if body.shape in ROUND else STIFF_S) / ratio, ratio]
    geom.solimp = [0.95, 0.99, 0.001, 0.5, 2.0]
    geom.solmix = 1e-4 if body.fixed else 1.0
    if body.shape == "plane" and body.detail.collides:
        _bear_cylinders(mujoco, made_body, geom, body)


def _layers(shape: str) -> int:
    """Who meets whom, in bits: 1 all but planes; 2 planes and all but cylinders; 4 see below."""
    return {"plane": 2, "cylinder": 1 | 4}.get(shape, 1 | 2)


def _bear_cylinders(mujoco: Any, made_body: Any, plane: Any, body: Body) -> None:
    """A box just under a plane, which cylinders stand on instead.

    MuJoCo's own contact of a plane and a cylinder that stands upright to the last bit lies a radius
    too low or too high: the direction of its lowest point is then a rounding error.
    """
    wide = [half or UNDER_M for half in body.size[:2]]
    below = made_body.add_geom(
        name=f"{body.name}, for cylinders",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[*wide, UNDER_M / 10],
        pos=[0.0, 0.0, -UNDER_M / 10],
    )
    below.contype = below.conaffinity = 4
    below.condim, below.friction = plane.condim, plane.friction
    below.solref, below.solimp, below.solmix = plane.solref, plane.solimp, plane.solmix


def damping_ratio(bounce: float) -> float:
    """Of a contact that gives back a share e of the speed: e = exp(-pi z / sqrt(1 - z^2))."""
    if bounce <= 0.01:
        return 1.0
    loss = -math.log(min(bounce, 0.95))
    return loss / math.hypot(math.pi, loss)


def _add_holds(mujoco: Any, spec: Any, world: World, gone: frozenset[str]) -> None:
    """Welds, driven joints, and who does not touch whom."""
    for weld in world.welds:
        if not {weld.a, weld.b} & gone:
            held = spec.add_equality(
                type=mujoco.mjtEq.mjEQ_WELD,
                objtype=mujoco.mjtObj.mjOBJ_BODY,
                name=hold_name(weld.a, weld.b),
                name1=weld.a,
                name2=weld.b,
                solref=[DRIVE_S, 1.0],
                solimp=[0.95, 0.99, 0.001, 0.5, 2.0],
            )
            held.data[:11] = [0.0, 0.0, 0.0, *_seen_from(world, weld.a, weld.b), 1.0]
    for body in world.bodies:
        if body.joint is not None and body.joint.drive and body.name not in gone:
            spec.add_equality(
                type=mujoco.mjtEq.mjEQ_JOINT,
                name=drive_name(body.name),
                name1=body.name,
                solref=[DRIVE_S, 1.0],
                solimp=[0.99, 0.999, 0.001, 0.5, 2.0],
            ).data[:5] = [body.joint.drive[0][1], 0, 0, 0, 0]
    for one, other in sorted(_strangers(world, gone)):
        spec.add_exclude(bodyname1=one, bodyname2=other)


def hold_name(a: str, b: str) -> str:
    """Of the constraint by which one body holds another."""
    return f"{a} holds {b}"


def drive_name(body: str) -> str:
    """Of the constraint that moves a body's joint."""
    return f"{body} is driven"


def _seen_from(world: World, a: str, b: str) -> tuple[float, ...]:
    """Position and rotation of `b` in the frame of `a`."""
    one, other = world.body(a), world.body(b)
    position: Vector = within(one.position, one.rotation, other.position)
    rotation = join(undo(one.rotation), other.rotation) if other else UPRIGHT
    return (*position, *rotation)


def _strangers(world: World, gone: frozenset[str]) -> set[tuple[str, str]]:
    """Pairs that do not touch: limbs of one figure, and a figure and what it holds."""
    top: dict[str, str] = {}
    for body in world.bodies:
        top[body.name] = top.get(body.parent, body.name)
    jointed = {top[body.name] for body in world.bodies if body.parent and body.joint is not None}
    there = [
        body.name
        for body in world.bodies
        if body.name not in gone and body.shape not in DEFORMING and not body.detail.water
    ]
    held = {frozenset((top[weld.a], top[weld.b])) for weld in world.welds}
    pairs = set()
    for index, one in enumerate(there):
        for other in there[index + 1 :]:
            same = top[one] == top[other] and top[one] in jointed
            if same or frozenset((top[one], top[other])) in held:
                pairs.add((one, other))
    return pairs
