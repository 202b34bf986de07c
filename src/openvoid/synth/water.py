"""A pool of water: what floats, sinks or splashes in it, and the waves that it makes.

Enters: a world whose detail "water" says where the pool is, and MuJoCo's model and state of it.
Leaves: forces on the bodies (before each step), and the vertices of the water, of its drops and of
the wet patches they leave. The same world gives the same water. Knows no family and no renderer.

Surface: a height field h(x, y) after the damped wave equation h_tt = c^2 lap(h) - k h_t + nu
lap(h_t), c^2 = g * depth (shallow water), with still walls that throw waves back (the slope across
them is 0). Bodies drive it by the change of the volume they displace in each column (Mueller,
"Fast water simulation for games using height fields", GDC 2008). Buoyancy is Archimedes', summed
over points inside a body; drag grows with the square of the speed. Drops fly as stones do.

World detail "water": "surface", "drops", "patches" (names of bodies), "centre" and "half" (x, y),
"level_m", "depth_m", "rim_m" (top of the walls), "wall_m" (how thick), "ground_m".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from openvoid.synth.deform import ball_vertices, disc_vertices
from openvoid.synth.world import Body, World

DENSITY = 1000.0  # kg / m^3
GRAVITY = 9.81
STEP_S = 0.004  # of the waves, at most
CALMING = 0.5  # k, 1 / s
SMOOTHING = 0.004  # nu, m^2 / s
PUSH = 0.8  # share of the displaced volume that moves the surface
HIGHEST_M = 0.07  # of a wave; higher ones would break
DRAG = (0.9, 0.5)  # 1 / s, and of the speed over the half size
SPLASH_SPEED = 0.7  # m / s, from which an entry throws drops
NOWHERE = (0.0, 0.0, -60.0)  # of a drop that does not fly


@dataclass
class _Floating:
    """Points inside a body, with the volume that each stands for."""

    index: int  # MuJoCo's
    points: np.ndarray  # [P,3] in the body's frame
    volume: float  # m^3 of one point
    spacing: float  # m between points
    half: float  # m, the body's half size
    wet: float = 0.0  # share under water in the step before


@dataclass
class _Drops:
    """[K]: everything about each drop. `born_s` infinite: unused."""

    born_s: np.ndarray
    at: np.ndarray
    speed: np.ndarray
    radius: np.ndarray
    flies: np.ndarray
    patches: list[tuple[np.ndarray, float, float]] = field(default_factory=list)  # at, radius, when


class Pool:
    """The water of one simulation."""

    def __init__(self, world: World, model: Any, data: Any) -> None:
        self.world, self.model = world, model
        self.detail = world.detail["water"]
        count = world.body(self.detail["surface"]).detail["count"]
        self.count = (int(count[0]), int(count[1]))
        self.half = np.array(self.detail["half"], float)
        self.centre = np.array(self.detail["centre"], float)
        self.level_m = float(self.detail["level_m"])
        self.cell = 2 * self.half / (np.array(self.count) - 1)
        self.step_s = float(model.opt.timestep)
        self.waves = max(1, round(STEP_S / self.step_s))  # steps of the bodies to one of the waves
        self.height = np.zeros(self.count)
        self.rising = np.zeros(self.count)
        self.filled: np.ndarray | None = None
        self.bodies = _floating(world, model)
        self.rng = np.random.default_rng([world.seed, 0x3A7E4])
        self.steps = 0
        drops = int(world.body(self.detail["drops"]).detail["drops"])
        self.drops = _Drops(
            np.full(drops, np.inf),
            np.tile(np.array(NOWHERE), (drops, 1)),
            np.zeros((drops, 3)),
            np.zeros(drops),
            np.zeros(drops, bool),
        )
        self.used = 0

    def take(self, other: Pool) -> None:
        """The same water as that of another simulation of the same world."""
        self.height, self.rising = other.height.copy(), other.rising.copy()
        self.filled = None

    def step(self, data: Any) -> None:
        """Before a step of MuJoCo: forces on what is in the water; then the water moves on."""
        filled = np.zeros(self.count)
        for body in self.bodies:
            self._push(data, body, filled)
        self._fly()
        if self.steps % self.waves == 0:
            self._wave(filled)
        self.steps += 1

    def vertices(self, body: Body) -> np.ndarray:
        """float32 [V,3] of the surface, the drops or the patches, as they are now."""
        if body.name == self.detail["surface"]:
            return self._surface()
        if body.name == self.detail["drops"]:
            size = np.where(self.drops.flies, self.drops.radius, 0.0)
            balls = ball_vertices()[None] * size[:, None, None] + self.drops.at[:, None]
            return balls.reshape(-1, 3).astype(np.float32)
        return self._patches(int(body.detail["patch"]))

    def _surface(self) -> np.ndarray:
        across = [
            np.linspace(-self.half[axis], self.half[axis], self.count[axis]) + self.centre[axis]
            for axis in (0, 1)
        ]
        x, y = np.meshgrid(*across, indexing="ij")
        points = np.stack([x, y, self.level_m + self.height], axis=-1)
        return points.reshape(-1, 3).astype(np.float32)

    def _patches(self, count: int) -> np.ndarray:
        disc = disc_vertices()
        found = np.tile(np.array(NOWHERE), (count, len(disc), 1))
        now_s = self.steps * self.step_s
        for row, (at, radius, when_s) in enumerate(self.drops.patches[:count]):
            grown = radius * (1 - np.exp(-(now_s - when_s) / 0.08))
            found[row] = disc * grown + at + (0, 0, 0.0012 + 0.00002 * row)
        return found.reshape(-1, 3).astype(np.float32)

    def _push(self, data: Any, body: _Floating, filled: np.ndarray) -> None:
        """Buoyancy and drag on a body, and the volume it takes in each column of water."""
        turn = data.xmat[body.index].reshape(3, 3)
        points = body.points @ turn.T + data.xpos[body.index]
        place = (points[:, :2] - self.centre + self.half) / self.cell
        cells = np.rint(place).astype(int)
        inside = ((cells >= 0) & (cells < np.array(self.count))).all(axis=1)
        i, j = np.clip(cells, 0, np.array(self.count) - 1).T
        depth = self.level_m + self.height[i, j] - points[:, 2]
        wet = np.clip(depth / body.spacing + 0.5, 0, 1) * inside
        share = float(wet.mean())
        data.xfrc_applied[body.index] = 0
        if share > 0:
            centre = data.xipos[body.index]
            spin, speed = data.cvel[body.index, :3], data.cvel[body.index, 3:]
            origin = data.subtree_com[self.model.body_rootid[body.index]]
            moving = speed + np.cross(spin, points - origin)
            fast = np.linalg.norm(moving, axis=1, keepdims=True)
            force = -(DRAG[0] + DRAG[1] * fast / body.half) * moving
            force[:, 2] += GRAVITY
            force *= (DENSITY * body.volume * wet)[:, None]
            data.xfrc_applied[body.index, :3] = force.sum(axis=0)
            data.xfrc_applied[body.index, 3:] = np.cross(points - centre, force).sum(axis=0)
            np.add.at(filled, (i, j), body.volume * wet)
            if body.wet == 0:
                self._splash(points[wet > 0].mean(axis=0), -float(moving[:, 2].mean()), body.half)
        body.wet = share

    def _wave(self, filled: np.ndarray) -> None:
        """One step of the surface: half-implicit Euler, stable for c dt < cell / sqrt(2)."""
        columns = filled / (self.cell[0] * self.cell[1])  # m^3 => m
        wide = [4 * round(0.03 / side) + 1 for side in self.cell]
        columns = cv2.GaussianBlur(columns, (wide[1], wide[0]), 0, borderType=cv2.BORDER_REFLECT)
        if self.filled is not None:
            self.height += PUSH * (columns - self.filled)
        self.filled = columns
        step_s = self.step_s * self.waves
        speed2 = GRAVITY * float(self.detail["depth_m"])
        pull = speed2 * self._curvature(self.height) + SMOOTHING * self._curvature(self.rising)
        self.rising = (self.rising + step_s * pull) / (1 + step_s * CALMING)
        self.height += step_s * self.rising
        self.height = HIGHEST_M * np.tanh(self.height / HIGHEST_M)

    def _curvature(self, values: np.ndarray) -> np.ndarray:
        padded = np.pad(values, 1, mode="edge")
        along_x = (padded[2:, 1:-1] - 2 * values + padded[:-2, 1:-1]) / self.cell[0] ** 2
        along_y = (padded[1:-1, 2:] - 2 * values + padded[1:-1, :-2]) / self.cell[1] ** 2
        return along_x + along_y

    def _splash(self, at: np.ndarray, speed: float, half: float) -> None:
        """A crown of drops round the place of entry, and a few up the middle a little later."""
        if speed < SPLASH_SPEED or not self._over_water(at[:2]):
            return
        first = self.used
        count = min(int(12 + 14 * speed * half / 0.1), len(self.drops.born_s) - first)
        for drop in range(first, first + count):
            angle, out, up, size, wait = self.rng.uniform(0, 1, 5)
            direction = np.array([np.cos(2 * np.pi * angle), np.sin(2 * np.pi * angle), 0.0])
            jet = drop % 5 == 0
            start = direction * half * (0.15 if jet else 0.95)
            self.drops.at[drop] = np.array([at[0], at[1], self.level_m + 0.01]) + start
            sideways = speed * (0.04 if jet else 0.12 + 0.33 * out)
            self.drops.speed[drop] = direction * sideways
            self.drops.speed[drop, 2] = speed * (0.5 + 0.5 * up) * (1.0 if jet else 0.85)
            self.drops.radius[drop] = half * (0.05 + 0.09 * size**2)
            delay = (0.10 + 0.08 * wait) if jet else 0.05 * wait
            self.drops.born_s[drop] = self.steps * self.step_s + delay
        self.used = first + count

    def _fly(self) -> None:
        """Drops that are under way fall on; those that land are gone, and leave what they leave."""
        drops, now_s = self.drops, self.steps * self.step_s
        if not self.used:
            return
        new = np.abs(drops.born_s - now_s) <= self.step_s / 2 + 1e-12
        drops.flies |= new
        moving = drops.flies
        drops.speed[moving, 2] -= GRAVITY * self.step_s
        drops.at[moving] += drops.speed[moving] * self.step_s
        for drop in np.flatnonzero(moving & (drops.speed[:, 2] < 0)):
            ground = self._below(drops.at[drop])
            if drops.at[drop, 2] <= ground:
                self._land(int(drop), ground)

    def _land(self, drop: int, ground: float) -> None:
        drops, at = self.drops, self.drops.at[drop]
        if self._over_water(at[:2]):
            i, j = np.rint((at[:2] - self.centre + self.half) / self.cell).astype(int)
            near = np.s_[max(0, i - 1) : i + 2, max(0, j - 1) : j + 2]
            self.rising[near] -= min(0.25, 12 * drops.radius[drop])
        else:
            size = drops.radius[drop] * (1.6 + 1.4 * self.rng.random())
            wet = np.array([at[0], at[1], ground])
            drops.patches.append((wet, size, self.steps * self.step_s))
        drops.flies[drop] = False
        drops.at[drop] = NOWHERE

    def _over_water(self, at: np.ndarray) -> bool:
        return bool((np.abs(at - self.centre) <= self.half).all())

    def _below(self, at: np.ndarray) -> float:
        """What is under a drop: water, the rim, or the ground."""
        if self._over_water(at[:2]):
            return self.level_m
        wall = self.half + float(self.detail["wall_m"])
        over_rim = bool((np.abs(at[:2] - self.centre) <= wall).all())
        return float(self.detail["rim_m"] if over_rim else self.detail["ground_m"])


def _floating(world: World, model: Any) -> list[_Floating]:
    """All bodies that can move, and are there."""
    import mujoco

    found = []
    for body in world.bodies:
        index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, body.name)
        if index > 0 and body.mass_kg > 0 and body.shape not in ("cloth", "soft", "mesh", "plane"):
            points, volume, spacing, half = inside(body)
            found.append(_Floating(index, points, volume, spacing, half))
    return found


def inside(body: Body) -> tuple[np.ndarray, float, float, float]:
    """Points inside a body, the volume of each, the space between them, and its half size."""
    size = np.array(body.size, float)
    half = {
        "sphere": lambda: np.full(3, size[0]),
        "cylinder": lambda: np.array([size[0], size[0], size[1]]),
        "capsule": lambda: np.array([size[0], size[0], size[0] + size[1]]),
    }.get(body.shape, lambda: size)()
    line = (np.arange(5) + 0.5) / 5 * 2 - 1
    unit = np.stack(np.meshgrid(line, line, line, indexing="ij"), axis=-1).reshape(-1, 3)
    at = unit * half
    if body.shape in ("sphere", "ellipsoid"):
        keep = (unit**2).sum(axis=1) <= 1
        volume = 4 / 3 * np.pi * half.prod()
    elif body.shape == "cylinder":
        keep = (unit[:, :2] ** 2).sum(axis=1) <= 1
        volume = 2 * np.pi * half.prod()
    elif body.shape == "capsule":
        beyond = np.maximum(np.abs(at[:, 2]) - size[1], 0)
        keep = at[:, 0] ** 2 + at[:, 1] ** 2 + beyond**2 <= size[0] ** 2
        volume = np.pi * size[0] ** 2 * (2 * size[1] + 4 / 3 * size[0])
    else:
        keep = np.ones(len(at), bool)
        volume = 8 * half.prod()
    points = at[keep]
    return points, float(volume) / len(points), float(2 * half.min() / 5), float(half.mean())
