"""Mechanics: how solid things go on, fall and knock about, by MuJoCo.

Enters: bodies, some with a course that they keep until they meet something, and those that are kept
and stand in the way. Leaves: place and rotation of each, frame by frame, and when what was kept was
hit: until then it stays to the last bit as it is. What bears a thing from the beginning stays for
good. The solver's settings are the engine's usual ones; friction and bounce are guesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.physics.body import Body, Form

Points = NDArray[np.float64]

STEP_S = 0.001  # at most
STIFF_S = 0.005  # how fast a contact pushes apart: five steps
FRICTION, BOUNCE, ROLLING = 0.6, 0.25, 0.015  # guesses; the last a share of the radius
GROUND_M, DEEP_M = 50.0, 1.0  # half sizes of the box that is the ground
DEEP_IN = 0.15  # of the smaller size: what overlaps so far at the start does not touch
BEARS_M = 0.02  # nearer at the start is contact, of a metre; scaled by the things' sizes
AWAKE, SLEEPS = 3, 2  # whom things touch, in bits: 1 the ground, 2 one another
UNTURNED = (1.0, 0.0, 0.0, 0.0)
FASTEST = 100.0  # m/s: what is faster has burst


@dataclass(frozen=True)
class Laws:
    """What is guessed alike for all."""

    friction: float = FRICTION
    bounce: float = BOUNCE
    gravity: float = 9.81


@dataclass(frozen=True)
class Moving:
    """A thing that goes elsewhere."""

    body: Body
    begins: int  # the frame in which it is let go, if it has no course
    course: Points | None = None  # [T, 3] of its middle: kept from then on until it meets another


@dataclass(frozen=True)
class Scene:
    """Everything but the ground."""

    moving: Sequence[Moving]
    kept: Sequence[Body]
    fixed: frozenset[int] = frozenset()  # kept ones, counted after the moving ones, that never move

    @property
    def bodies(self) -> list[Body]:
        """The moving ones, then the kept ones."""
        return [each.body for each in self.moving] + list(self.kept)


@dataclass(frozen=True)
class Motion:
    """[T, N, 3] and [T, N, 4] (w, x, y, z) of the moving ones, then the kept ones."""

    position: Points
    rotation: Points
    hit: tuple[int, ...]  # the frame in which each first met another; -1: never


def load() -> Any:
    """The module mujoco.

    Raises:
        OpenVoidError: it is not installed.
    """
    try:
        import mujoco
    except ImportError as error:
        raise OpenVoidError(
            "mover 'rigid' needs mujoco, which is not installed",
            mend="pip install 'openvoid[rigid]'; or --mover plain, which works without",
        ) from error
    if mujoco.get_mju_user_warning() is None:  # else it writes a file where the person works
        mujoco.set_mju_user_warning(_heard)
    return mujoco


def _heard(warning: str) -> None:
    """Nothing: what bursts is seen by its speed."""


def rollout(scene: Scene, frames: int, frame_s: float, laws: Laws) -> Motion | None:
    """The course of everything; None where it bursts."""
    mujoco = load()
    bears, apart = _touching(mujoco, scene, laws)
    fixed = bears | scene.fixed
    model = _spec(mujoco, scene.bodies, laws, fixed, apart).compile()
    steps = max(1, int(np.ceil(frame_s / STEP_S)))
    model.opt.timestep = frame_s / steps
    return _Run(mujoco, model, scene, fixed).run(frames, steps, frame_s)


def _touching(mujoco: Any, scene: Scene, laws: Laws) -> tuple[frozenset[int], set[tuple[int, int]]]:
    """Kept ones that bear something from the beginning, and pairs that overlap too far."""
    bodies, moving = scene.bodies, len(scene.moving)
    spec = _spec(mujoco, bodies, laws, frozenset(), set(), margin=True)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    fixed, apart = set(), set()
    for pair, distance in zip(data.contact.geom, data.contact.dist, strict=True):
        one, other = sorted(int(model.geom_bodyid[each]) - 1 for each in pair)
        if one < 0 or one >= moving:
            continue
        least = min(min(bodies[one].half), min(bodies[other].half))
        if distance < -2 * DEEP_IN * least:
            apart.add((one, other))
        elif other >= moving:
            fixed.add(other)
    return frozenset(fixed), apart


def _spec(
    mujoco: Any,
    bodies: Sequence[Body],
    laws: Laws,
    fixed: frozenset[int],
    apart: set[tuple[int, int]],
    margin: bool = False,
) -> Any:
    spec = mujoco.MjSpec()
    spec.option.gravity = [0.0, 0.0, -laws.gravity]
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.impratio = 10
    ground = spec.worldbody.add_geom(
        name="ground",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[GROUND_M, GROUND_M, DEEP_M],
        pos=[0.0, 0.0, -DEEP_M],
    )
    _touch(ground, laws, False, 0.0)
    for number, each in enumerate(bodies):
        made = spec.worldbody.add_body(name=str(number), pos=each.middle)
        if number not in fixed:
            made.add_freejoint()
        geom = made.add_geom(name=str(number), mass=each.mass_kg)
        _shape(mujoco, spec, geom, each, str(number))
        _touch(geom, laws, each.form is Form.BALL, min(each.half))
        geom.margin = BEARS_M * 2 * min(each.half) if margin else 0.0
    for one, other in sorted(apart):
        spec.add_exclude(bodyname1=str(one), bodyname2=str(other))
    return spec


def _shape(mujoco: Any, spec: Any, geom: Any, body: Body, name: str) -> None:
    kinds = mujoco.mjtGeom
    if body.form is Form.BALL:
        geom.type, geom.size = kinds.mjGEOM_SPHERE, [body.half[0], 0, 0]
    elif body.form is Form.ROUND:
        geom.type, geom.size = kinds.mjGEOM_CYLINDER, [body.half[0], body.half[2], 0]
    else:
        mesh = spec.add_mesh(name=name)
        sides = [np.insert(body.outline, 1, y, axis=1) for y in (-body.half[1], body.half[1])]
        mesh.uservert = np.concatenate(sides).astype(np.float32).ravel()
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
        geom.type, geom.meshname = kinds.mjGEOM_MESH, name


def _touch(geom: Any, laws: Laws, bounces: bool, radius: float) -> None:
    ratio = damping_ratio(laws.bounce) if bounces else 1.0
    geom.friction = [laws.friction, 0.005, ROLLING * radius]
    geom.condim = 6
    geom.solref = [STIFF_S / ratio, ratio]
    geom.solimp = [0.95, 0.99, 0.001, 0.5, 2.0]
    geom.solmix = 1.0 if radius > 0 else 1e-4  # the thing says how it bounces, not the ground


def damping_ratio(bounce: float) -> float:
    """Of a damped spring that only pushes and gives back a share of the speed (Schwager and
    Poeschel 2007, "Coefficient of restitution and linear-dashpot model revisited", eq. 14)."""
    ratios = np.linspace(1e-3, 0.999, 2000)
    other = np.sqrt(1 - ratios**2)
    away = np.pi - np.arctan2(2 * ratios * other, other**2 - ratios**2)
    given_back = np.exp(-ratios / other * away)  # falls as the ratio grows
    return float(ratios[int(np.abs(given_back - bounce).argmin())])


class _Run:
    """A simulation under way. What is asleep stays where it is or on its course, and does not
    touch the ground: until it meets another, nobody needs to know what the ground does to it."""

    def __init__(self, mujoco: Any, model: Any, scene: Scene, fixed: frozenset[int]) -> None:
        self._mujoco, self._model, self._data = mujoco, model, mujoco.MjData(model)
        self._scene, self._bodies = scene, scene.bodies
        free = [number for number in range(len(self._bodies)) if number not in fixed]
        self._at = {number: at for at, number in enumerate(free)}  # which of the free joints
        self._asleep = dict.fromkeys(free, True)
        self._driven = [at for at, each in enumerate(scene.moving) if each.course is not None]
        self.hit = [-1] * len(self._bodies)
        for number in free:
            self._touch(number, SLEEPS)

    def run(self, frames: int, steps: int, frame_s: float) -> Motion | None:
        """Frame by frame."""
        count, data, model = len(self._bodies), self._data, self._model
        position, rotation = np.zeros((frames, count, 3)), np.zeros((frames, count, 4))
        for frame in range(frames):
            self._let_go(frame)
            self._hold(float(frame), frame_s)
            self._mujoco.mj_kinematics(model, data)
            position[frame], rotation[frame] = data.xpos[1:], data.xquat[1:]
            for step in range(steps):
                self._hold(frame + step / steps, frame_s)
                self._mujoco.mj_step(model, data)
                self._wake(frame + 1)
            if not np.isfinite(data.qvel).all() or np.abs(data.qvel).max(initial=0) > FASTEST:
                return None
        return Motion(position, rotation, tuple(self.hit))

    def _touch(self, number: int, what: int) -> None:
        geom = int(self._model.body_geomadr[number + 1])
        self._model.geom_contype[geom] = self._model.geom_conaffinity[geom] = what

    def _let_go(self, frame: int) -> None:
        for number, each in enumerate(self._scene.moving):
            if each.course is None and frame >= each.begins and number in self._asleep:
                self._awake(number)

    def _awake(self, number: int) -> None:
        del self._asleep[number]
        self._touch(number, AWAKE)

    def _hold(self, time: float, frame_s: float) -> None:
        """What is asleep."""
        for number in self._asleep:
            at, place, velocity = self._at[number], self._bodies[number].middle, None
            if number in self._driven:
                place, velocity = _on_course(self._scene.moving[number], time, frame_s)
            pose, speed = self._data.qpos[7 * at : 7 * at + 7], self._data.qvel[6 * at : 6 * at + 6]
            pose[:3], pose[3:], speed[:] = place, UNTURNED, 0
            if velocity is None:
                continue
            speed[:3] = velocity
            if self._bodies[number].form is Form.BALL:  # it rolls
                speed[3:5] = np.array([-velocity[1], velocity[0]]) / self._bodies[number].half[0]

    def _wake(self, frame: int) -> None:
        """What moves and meets another wakes it, and is woken."""
        if not self._data.ncon or not self._asleep:
            return
        for pair in self._model.geom_bodyid[self._data.contact.geom] - 1:
            one, other = int(pair[0]), int(pair[1])
            if min(one, other) < 0 or (self._still(one) and self._still(other)):
                continue
            for each in (one, other):
                if each in self._asleep:
                    self._awake(each)
                if self.hit[each] < 0:
                    self.hit[each] = frame

    def _still(self, number: int) -> bool:
        """Whether it stands where it was."""
        return number not in self._at or (number in self._asleep and number not in self._driven)


def _on_course(moving: Moving, time: float, frame_s: float) -> tuple[Points, Points]:
    """Place and velocity at a time in frames; before it begins it is where it begins."""
    course = moving.course
    if course is None:
        return moving.body.middle, np.zeros(3)
    first = int(min(time, len(course) - 2)) if len(course) > 1 else 0
    step = course[min(first + 1, len(course) - 1)] - course[first]
    if time < moving.begins:
        return course[moving.begins], np.zeros(3)
    return course[first] + step * (time - first), step / frame_s
