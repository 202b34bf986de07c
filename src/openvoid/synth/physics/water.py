"""A pool of water: what floats, sinks or splashes in it, and the waves that it makes.

Enters: a world whose `detail.water` says where the pool is, and MuJoCo's model and state of it.
Leaves: forces on the bodies (before each step), and the vertices of the water, of its drops and of
the wet patches they leave. The same world gives the same water. Knows no family and no renderer.

Surface: a height field h(x, y) after the damped wave equation h_tt = c^2 lap(h) - k h_t + nu
lap(h_t), c^2 = g * depth (shallow water), with still walls that throw waves back (the slope across
them is 0). Bodies drive it by the change of the volume they displace in each column (Mueller,
"Fast water simulation for games using height fields", GDC 2008). Buoyancy is Archimedes', summed
over points inside a body; drag grows with the square of the speed. Drops fly as stones do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np

from openvoid.synth.physics.buoyancy import floating
from openvoid.synth.physics.deform import ball_vertices, disc_vertices
from openvoid.synth.world import Body, World

DENSITY = 1000.0  # kg / m^3
GRAVITY = 9.81
STEP_S = 0.006  # of the waves, at most
CALMING = 0.45  # k, 1 / s
SMOOTHING = 0.0015  # nu, m^2 / s
PUSH = 1.0  # share of the displaced volume that moves the surface
HIGHEST_M = 0.1  # of a wave; higher ones would break
DRAG = (1.5, 0.22)  # 1 / s, and of the speed over the half size
BLOW = 0.9  # of the speed of an entry, passed on to the surface
SPLASH_SPEED = 0.7  # m / s, from which an entry throws drops
HUSH = 10.0
CALM_M = 2e-5  # waves lower than this are none
NOWHERE = (0.0, 0.0, -60.0)  # of a drop that does not fly


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
        assert world.detail.water is not None
        self.told = world.detail.water
        count = world.body(self.told.surface).detail.count
        self.count = (count[0], count[1])
        self.half = np.array(self.told.half)
        self.centre = np.array(self.told.centre)
        self.level_m = self.told.level_m
        self.cell = 2 * self.half / (np.array(self.count) - 1)
        self.step_s = float(model.opt.timestep)
        self.waves = max(1, round(STEP_S / self.step_s))  # steps of the bodies to one of the waves
        self.height = np.zeros(self.count)
        self.rising = np.zeros(self.count)
        self.filled: np.ndarray | None = None  # height of what stands in each column, smoothed
        self.made_of = np.zeros(self.count)  # the volumes it was made of
        self.bodies = floating(world, model)
        self.wet = np.zeros(len(self.bodies.index))  # share under water in the step before
        self.rng = np.random.default_rng([world.seed, 0x3A7E4])
        self.steps = 0
        self.settles = round((world.detail.settle_s or 0.0) / self.step_s)
        drops = world.body(self.told.drops).detail.drops
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
        self.filled, self.steps = None, other.steps

    def step(self, data: Any) -> None:
        """Before a step of MuJoCo: forces on what is in the water; then the water moves on."""
        filled = self._push(data)
        self._fly()
        if self.steps % self.waves == 0:
            self._wave(filled)
        self.steps += 1

    def vertices(self, body: Body) -> np.ndarray:
        """float32 [V,3] of the surface, the drops or the patches, as they are now."""
        if body.name == self.told.surface:
            return self._surface()
        if body.name == self.told.drops:
            size = np.where(self.drops.flies, self.drops.radius, 0.0)
            balls = ball_vertices()[None] * size[:, None, None] + self.drops.at[:, None]
            return balls.reshape(-1, 3).astype(np.float32)
        return self._patches(body.detail.patch)

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

    def _push(self, data: Any) -> np.ndarray:
        """Buoyancy and drag on all bodies; gives the volume they take in each column of water."""
        all_of, count = self.bodies, len(self.bodies.index)
        owner = all_of.owner
        turns = data.xmat[all_of.index].reshape(-1, 3, 3)
        points = (turns[owner] @ all_of.points[:, :, None])[:, :, 0] + data.xpos[all_of.index][
            owner
        ]
        place = (points[:, :2] - self.centre + self.half) / self.cell
        inside = ((place > -0.5) & (place < np.array(self.count) - 0.5)).all(axis=1)
        inside &= points[:, 2] < self.level_m + 2 * HIGHEST_M
        data.xfrc_applied[all_of.index] = 0
        filled = np.zeros(self.count)
        if inside.any():
            i, j = np.clip(np.rint(place).astype(int), 0, np.array(self.count) - 1).T
            below = self.level_m - points[:, 2]
            still = np.clip(below / all_of.spacing + 0.5, 0, 1) * inside  # else waves feed waves
            np.add.at(filled, (i, j), all_of.volume * still)
            wet = np.clip((below + self.height[i, j]) / all_of.spacing + 0.5, 0, 1) * inside
            moving = self._forces(data, points, wet, self._slope(i, j))
        else:
            wet, moving = np.zeros(len(points)), np.zeros_like(points)
        share = np.bincount(owner, wet, count) / np.bincount(owner, minlength=count)
        for body in np.flatnonzero((share > 0) & (self.wet == 0)):
            mine = (owner == body) & (wet > 0)
            self._splash(points[mine].mean(0), -float(moving[mine, 2].mean()), all_of.half[body])
        self.wet = share
        return filled

    def _slope(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """[P,2]: of the surface in those columns."""
        last = np.array(self.count) - 1
        x = self.height[np.minimum(i + 1, last[0]), j] - self.height[np.maximum(i - 1, 0), j]
        y = self.height[i, np.minimum(j + 1, last[1])] - self.height[i, np.maximum(j - 1, 0)]
        return np.stack([x, y], axis=1) / (2 * self.cell)

    def _forces(
        self, data: Any, points: np.ndarray, wet: np.ndarray, slope: np.ndarray
    ) -> np.ndarray:
        """Puts forces and torques on the bodies; gives the speed of each point."""
        all_of, owner, count = self.bodies, self.bodies.owner, len(self.bodies.index)
        spin, speed = data.cvel[all_of.index, :3], data.cvel[all_of.index, 3:]
        moving = speed[owner] + _cross(spin[owner], points - data.subtree_com[all_of.root][owner])
        fast = np.sqrt((moving**2).sum(axis=1, keepdims=True))
        force = -(DRAG[0] * self._hush() + DRAG[1] * fast / all_of.half[owner][:, None]) * moving
        force[:, :2] -= GRAVITY * slope
        force[:, 2] += GRAVITY
        force *= (DENSITY * all_of.volume * wet)[:, None]
        torque = _cross(points - data.xipos[all_of.index][owner], force)
        for axis in range(3):
            pushed = np.bincount(owner, force[:, axis], count)
            data.xfrc_applied[all_of.index, axis] = pushed
            data.xfrc_applied[all_of.index, 3 + axis] = np.bincount(owner, torque[:, axis], count)
        return moving

    def _wave(self, filled: np.ndarray) -> None:
        """One step of the surface: half-implicit Euler, stable for c dt < cell / sqrt(2)."""
        if self.filled is not None and self._calm(filled):
            return
        self.made_of = filled
        columns = filled / (self.cell[0] * self.cell[1])  # m^3 => m
        wide = [4 * round(0.04 / side) + 1 for side in self.cell]
        columns = cv2.GaussianBlur(columns, (wide[1], wide[0]), 0, borderType=cv2.BORDER_REFLECT)
        if self.filled is not None:
            self.height += PUSH * (columns - self.filled)
        self.filled = columns
        step_s = self.step_s * self.waves
        speed2 = GRAVITY * self.told.depth_m
        pull = speed2 * self._curvature(self.height) + SMOOTHING * self._curvature(self.rising)
        self.rising = (self.rising + step_s * pull) / (1 + step_s * CALMING * self._hush())
        self.height += step_s * self.rising
        self.height = HIGHEST_M * np.tanh(self.height / HIGHEST_M)

    def _hush(self) -> float:
        """How many times sooner all comes to rest while the world settles."""
        return HUSH if self.steps < self.settles else 1.0

    def _calm(self, filled: np.ndarray) -> bool:
        """Nothing moves in it, and no wave is as high as a hair: it is still from now on."""
        shifted = float(np.abs(filled - self.made_of).max()) / (self.cell[0] * self.cell[1])
        if shifted > CALM_M or np.abs(self.height).max() > CALM_M:
            return False
        self.height[:], self.rising[:] = 0, 0
        return True

    def _curvature(self, values: np.ndarray) -> np.ndarray:
        across = (np.diff(values, axis=axis) / self.cell[axis] ** 2 for axis in (0, 1))
        along_x, along_y = across
        found = np.zeros_like(values)
        found[:-1] += along_x
        found[1:] -= along_x
        found[:, :-1] += along_y
        found[:, 1:] -= along_y
        return found

    def _splash(self, at: np.ndarray, speed: float, half: float) -> None:
        """A crown of drops round the place of entry, and a few up the middle a little later."""
        if speed < SPLASH_SPEED or not self._over_water(at[:2]):
            return
        self._dent(at, speed, half)
        first = self.used
        count = min(int(12 + 14 * speed * half / 0.1), len(self.drops.born_s) - first)
        for drop in range(first, first + count):
            angle, out, up, size, wait = self.rng.uniform(0, 1, 5)
            direction = np.array([np.cos(2 * np.pi * angle), np.sin(2 * np.pi * angle), 0.0])
            jet = drop % 5 == 0
            start = direction * half * (0.15 if jet else 0.95)
            self.drops.at[drop] = np.array([at[0], at[1], self.level_m + 0.01]) + start
            sideways = speed * (0.04 if jet else 0.15 + 0.5 * out)
            self.drops.speed[drop] = direction * sideways
            self.drops.speed[drop, 2] = speed * (0.5 + 0.5 * up) * (1.0 if jet else 0.85)
            self.drops.radius[drop] = half * (0.05 + 0.09 * size**2)
            delay = (0.10 + 0.08 * wait) if jet else 0.05 * wait
            self.drops.born_s[drop] = self.steps * self.step_s + delay
        self.used = first + count

    def _dent(self, at: np.ndarray, speed: float, half: float) -> None:
        """The blow of an entry drives the surface down there, and up in a ring around."""
        x, y = (
            np.linspace(-self.half[axis], self.half[axis], self.count[axis])
            + self.centre[axis]
            - at[axis]
            for axis in (0, 1)
        )
        far = (x[:, None] ** 2 + y[None, :] ** 2) / half**2
        self.rising -= BLOW * min(speed, 4.0) * (1 - far / 2) * np.exp(-far / 2)

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
        elif ground < self.told.rim_m:  # the rim is too narrow to show it
            size = drops.radius[drop] * (2.5 + 2.5 * self.rng.random())
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
        wall = self.half + self.told.wall_m
        over_rim = bool((np.abs(at[:2] - self.centre) <= wall).all())
        return self.told.rim_m if over_rim else self.told.ground_m


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """np.cross of [P,3], much faster for few points."""
    (ax, ay, az), (bx, by, bz) = a.T, b.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=1)
