"""World -> motion: where every body is in every frame, with or without some of them.

Enters: a `World`, and who is left out. Leaves: a `Motion`. The same world gives the same motion to
the last bit. Knows MuJoCo, but no picture.

Before frame 0 the whole world settles, so that nothing drops at the start: what has a velocity (or
`detail.held`) stays where it is, drives stand at their first target, everybody is there. The
counterfactual starts from that same state, with some bodies left out, as in VOID's training pairs;
only with the world's `detail.settle` "apart" it has settled by itself, as if they had never been
there. Its `detail.settle_s`: for how long.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.synth.physics.scene import (
    DEFORMING,
    build,
    closure,
    drive_name,
    hold_name,
    load,
    steps_per_frame,
    timestep_s,
)
from openvoid.synth.world import Body, World

SETTLE_S = 1.0
STILL = 1e-5  # m or rad: if all move less for two frames on end, nothing will stir any more


@dataclass(frozen=True)
class Motion:
    """What moved how. Bodies are in the world's order, those left out are missing.

    `sunk_m`: how deep anything sank into what is fixed, at most, since the frame before.
    """

    names: tuple[str, ...]
    poses: np.ndarray  # float32 [T,N,7]: x y z, w x y z
    shapes: Mapping[str, np.ndarray] = field(default_factory=dict)  # float32 [T,V,3] in the world
    contacts: tuple[tuple[tuple[str, str], ...], ...] = ()  # since the frame before; sorted pairs
    sunk_m: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [T], see below

    def path(self, name: str) -> np.ndarray:
        """float32 [T,3]: where a body's centre is."""
        return self.poses[:, self.names.index(name), :3]


def simulate(world: World, without: frozenset[str] = frozenset()) -> Motion:
    """The motion of a world, without some of its bodies (and what hangs on them).

    Raises:
        OpenVoidError: mujoco is not installed; the world cannot be built, or flies apart.
    """
    start = _Run(world, without if world.detail.settle == "apart" else frozenset())
    start.settle()
    run = start if start.gone == closure(world, without) else _Run(world, without)
    if run is not start:
        run.take_state(start)
    frames = [run.frame()]
    for _ in range(world.frames - 1):
        run.advance()
        frames.append(run.frame())
    poses, contacts, sunk = zip(*frames, strict=True)
    return Motion(run.names, np.stack(poses), run.shapes(), contacts, np.array(sunk, np.float32))


class _Run:
    """One simulation: model, state, and what is switched or driven in it over time."""

    def __init__(self, world: World, without: frozenset[str]) -> None:
        mujoco = load()
        self.mujoco, self.world, self.gone = mujoco, world, closure(world, without)
        try:
            self.model = build(world, without).compile()
        except ValueError as error:
            line = " ".join(str(error).split())
            raise OpenVoidError(f"cannot be built: {line}", where=_name(world)) from error
        self.data = mujoco.MjData(self.model)
        self.bodies = [body for body in world.bodies if body.name not in self.gone]
        self.names = tuple(body.name for body in self.bodies)
        self.time_s, self.step_s = 0.0, timestep_s(world)
        self.touched: set[tuple[int, int]] = set()
        self.sunk_m = 0.0
        self.still_frames = 0
        self.vertices: dict[str, list[np.ndarray]] = {}
        self.drives = [
            (self.model.equality(drive_name(body.name)).id, Course.through(body.joint.drive))
            for body in self.bodies
            if body.joint is not None and body.joint.drive
        ]
        self.holds = [
            (self.model.equality(hold_name(weld.a, weld.b)).id, weld.until_s)
            for weld in world.welds
            if not {weld.a, weld.b} & self.gone
        ]
        self.paths = [
            (int(self.model.body(body.name).mocapid[0]), np.array(body.detail.path, float))
            for body in self.bodies
            if body.detail.path and self.model.body(body.name).mocapid[0] >= 0
        ]
        ends = [course.times_s[-1] for _, course in self.drives]
        ends += [world.duration_s] if self.paths else []
        ends += [until_s for _, until_s in self.holds if until_s != float("inf")]
        self.busy_s = max(ends, default=0.0)  # until when something is done to it
        self.body_ids = [
            mujoco.mj_name2id(self.model, mujoco.mjtObj.mjOBJ_BODY, name) for name in self.names
        ]
        self.pool = self._pool()
        mujoco.mj_forward(self.model, self.data)

    def _pool(self) -> Any:
        if self.world.detail.water is None:
            return None
        from openvoid.synth.physics.water import Pool

        return Pool(self.world, self.model, self.data)

    def settle(self) -> None:
        """Lets everything come to rest, then gives what is launched its velocity."""
        held = [(body, *self._slots(body)) for body in self.bodies if _is_held(body)]
        start = self.data.qpos.copy()
        told_s = self.world.detail.settle_s
        for _ in range(round((SETTLE_S if told_s is None else told_s) / self.step_s)):
            self._step()
            for _, positions, speeds in held:
                self.data.qpos[positions] = start[positions]
                self.data.qvel[speeds] = 0
        for body, _, speeds in held:
            if speeds.stop - speeds.start == 6:
                turned = np.zeros(3)  # the angular part is in the body's own frame
                rotation = np.zeros(4)
                self.mujoco.mju_negQuat(rotation, np.array(body.rotation))
                self.mujoco.mju_rotVecQuat(turned, np.array(body.spin), rotation)
                self.data.qvel[speeds] = [*body.velocity, *turned]
        self._begin()

    def _begin(self) -> None:
        self.time_s, self.data.time = 0.0, 0.0
        self.touched.clear()
        self.sunk_m = 0.0
        self.mujoco.mj_forward(self.model, self.data)

    def take_state(self, other: _Run) -> None:
        """Starts where another run is, body by body."""
        mujoco = self.mujoco
        for index in range(1, self.model.nbody):
            name = mujoco.mj_id2name(self.model, mujoco.mjtObj.mjOBJ_BODY, index)
            theirs = mujoco.mj_name2id(other.model, mujoco.mjtObj.mjOBJ_BODY, name)
            mine, yours = _slots(self.model, index), _slots(other.model, theirs)
            if mine[0].stop - mine[0].start != yours[0].stop - yours[0].start:
                continue  # it was carried along a path, and is free now
            self.data.qpos[mine[0]] = other.data.qpos[yours[0]]
            self.data.qvel[mine[1]] = other.data.qvel[yours[1]]
        if self.pool is not None:
            self.pool.take(other.pool)
        self._begin()

    def _slots(self, body: Body) -> tuple[slice, slice]:
        return _slots(self.model, self.model.body(body.name).id)

    def advance(self) -> None:
        """To the next frame."""
        self.sunk_m = 0.0
        if self.still_frames >= 2:
            return
        self.touched.clear()
        before = self.data.qpos.copy()
        for _ in range(steps_per_frame(self.world)):
            self._step()
            self.time_s += self.step_s
        self._check()
        moved = float(np.abs(self.data.qpos - before).max(initial=0))
        calm = moved < STILL and self.pool is None and self.time_s > self.busy_s
        self.still_frames = self.still_frames + 1 if calm else 0

    def _check(self) -> None:
        """Refuses a world in which MuJoCo saw something wrong, or things are thrown about."""
        told = [kind for kind, noted in enumerate(self.data.warning) if noted.number]
        if told:
            line = self.mujoco.mju_warningText(told[0], self.data.warning[told[0]].lastinfo)
            raise OpenVoidError(f"its simulation fails: {line}", where=_name(self.world))
        if not np.isfinite(self.data.qpos).all() or np.abs(self.data.qvel).max(initial=0) > 1e3:
            raise OpenVoidError("its simulation flies apart", where=_name(self.world))

    def _step(self) -> None:
        for index, course in self.drives:
            self.model.eq_data[index, 0] = course.at(self.time_s)
        for index, until_s in self.holds:
            self.data.eq_active[index] = self.time_s < until_s
        for mocap, path in self.paths:
            pose = _on(path, self.time_s * float(self.world.rate))
            self.data.mocap_pos[mocap], self.data.mocap_quat[mocap] = pose[:3], pose[3:]
        if self.pool is not None:
            self.pool.step(self.data)
        self.mujoco.mj_step(self.model, self.data)
        self._note_contacts()

    def _note_contacts(self) -> None:
        contact = self.data.contact
        if not self.data.ncon:
            return
        pairs = contact.geom
        near = (contact.dist < 0.0005) & (pairs.min(axis=1) >= 0)
        self.touched.update(map(tuple, pairs[near].tolist()))
        fixed = near & (self.model.body_weldid[self.model.geom_bodyid[pairs]] == 0).any(axis=1)
        self.sunk_m = max(self.sunk_m, -float(contact.dist[fixed].min(initial=0.0)))

    def frame(self) -> tuple[np.ndarray, tuple[tuple[str, str], ...], float]:
        """Poses float32 [N,7], who touched whom since the frame before, and how deep they sank."""
        self.mujoco.mj_fwdPosition(self.model, self.data)  # where it is now, not a step ago
        self._note_contacts()
        ids = [max(0, index) for index in self.body_ids]  # what MuJoCo does not have: at 0
        poses = np.concatenate([self.data.xpos[ids], self.data.xquat[ids]], axis=1)
        for row, body in enumerate(self.bodies):
            if self.body_ids[row] < 0:
                poses[row] = (*body.position, *body.rotation)
            if body.shape in DEFORMING:
                self._note_vertices(body)
        touched = sorted({self._pair(*pair) for pair in self.touched})
        return poses.astype(np.float32), tuple(touched), self.sunk_m

    def _pair(self, one: int, other: int) -> tuple[str, str]:
        """The bodies of two geoms, in order."""
        names = [str(self.model.body(self.model.geom_bodyid[geom]).name) for geom in (one, other)]
        return min(names), max(names)

    def _note_vertices(self, body: Body) -> None:
        from openvoid.synth.physics.flex import vertices

        if body.detail.drawn_only:
            found = self.pool.vertices(body)
        else:
            found = vertices(self.model, self.data, body)
        self.vertices.setdefault(body.name, []).append(np.asarray(found, np.float32))

    def shapes(self) -> dict[str, np.ndarray]:
        """Vertices float32 [T,V,3] of all that deforms."""
        return {name: np.stack(found) for name, found in self.vertices.items()}


@dataclass(frozen=True)
class Course:
    """A drive, smoothly through its points: cubic, at rest at both ends, never overshooting.

    Slopes between are the harmonic mean of the chords' where these agree in sign, else 0 (Fritsch
    and Butland, 1984). Two points alone are eased as 3 x^2 - 2 x^3.
    """

    times_s: tuple[float, ...]
    targets: tuple[float, ...]
    slopes: tuple[float, ...]

    @staticmethod
    def through(drive: Sequence[tuple[float, float]]) -> Course:
        """The course of such pairs of (time, target)."""
        times, targets = zip(*drive, strict=True)
        chords = [
            (after[1] - before[1]) / (after[0] - before[0]) for before, after in pairwise(drive)
        ]
        between = [2 * a * b / (a + b) if a * b > 0 else 0.0 for a, b in pairwise(chords)]
        return Course(times, targets, (0.0, *between, 0.0) if chords else (0.0,))

    def at(self, time_s: float) -> float:
        """The target at a time."""
        after = bisect_right(self.times_s, time_s)
        if after == 0 or after == len(self.times_s):
            return self.targets[min(after, len(self.targets) - 1)]
        width = self.times_s[after] - self.times_s[after - 1]
        share = (time_s - self.times_s[after - 1]) / width
        (start, stop), (leave, come) = (
            self.targets[after - 1 : after + 1],
            self.slopes[after - 1 : after + 1],
        )
        eased = share * share * (3 - 2 * share)
        bow = leave * (1 - share) - come * share
        return start + (stop - start) * eased + width * share * (1 - share) * bow


def _slots(model: Any, body: int) -> tuple[slice, slice]:
    """Where a body's own joints are in qpos and in qvel."""
    first, count = int(model.body_jntadr[body]), int(model.body_jntnum[body])
    if not count:
        return slice(0, 0), slice(0, 0)
    wide = {0: (7, 6), 1: (4, 3)}
    sizes = [wide.get(int(kind), (1, 1)) for kind in model.jnt_type[first : first + count]]
    position, speed = int(model.jnt_qposadr[first]), int(model.jnt_dofadr[first])
    return (
        slice(position, position + sum(size for size, _ in sizes)),
        slice(speed, speed + sum(size for _, size in sizes)),
    )


def _on(path: np.ndarray, frame: float) -> np.ndarray:
    """The pose [7] between two frames; short turns only."""
    first = min(int(frame), len(path) - 1)
    one, other = path[first], path[min(first + 1, len(path) - 1)]
    share = min(frame - first, 1.0)
    near = other if one[3:] @ other[3:] >= 0 else np.concatenate([other[:3], -other[3:]])
    pose: np.ndarray = (1 - share) * one + share * near
    pose[3:] /= np.linalg.norm(pose[3:])
    return pose


def _is_held(body: Body) -> bool:
    return any(body.velocity) or any(body.spin) or body.detail.held


def _name(world: World) -> str:
    return f"{world.family} {world.seed}"
