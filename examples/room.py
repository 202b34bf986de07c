"""A room to film: floor, wall, a crate, a vase, two books, window light. And a ball.

Enters: rays and, perhaps, the ball. Leaves: light. World axes in metres: x to the right, y away
from the camera, z up; the floor is z = 0. The light of everything that never moves is baked once
into maps; the ball's shadow and its reflection in the floor are exact and free of noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from surfaces import Points, Rays, box, paper, planks, sample, sphere

WALL_Y = 1.9
SUN = np.array([-3.4, -2.2, 3.9], np.float32)  # the middle of the window, a square of light
SUN_SIZE = 0.85  # its radius
SUN_LIGHT = np.array([2.75, 2.30, 1.70], np.float32)
SKY_LIGHT = np.array([0.20, 0.25, 0.33], np.float32)  # what comes from everywhere
BOXES = (  # low corner, high corner, colour: a crate and two books
    ((0.95, 0.85, 0.0), (1.65, 1.45, 0.62), (0.42, 0.27, 0.14)),
    ((-1.75, 0.75, 0.0), (-1.05, 1.25, 0.11), (0.45, 0.09, 0.08)),
    ((-1.66, 0.80, 0.11), (-1.12, 1.20, 0.20), (0.10, 0.22, 0.30)),
)
VASE = ((-0.25, 1.25, 0.24), 0.24)  # a round vase: centre, radius
NECK = ((-0.25, 1.25), 0.085, 0.60)  # its neck: axis, radius, top


class Camera(NamedTuple):
    """A handheld camera: it breathes, drifts to the right, and hardly rolls."""

    place: NDArray[np.float32]
    turn: NDArray[np.float32]  # [3, 3]: right, down, forward

    @classmethod
    def at(cls, time: float) -> Camera:
        turns = 6.2832 * time
        sway = 0.020 * np.sin(0.8 * turns + 0.3) + 0.005 * np.sin(2.7 * turns)
        bob = 0.014 * np.sin(1.1 * turns + 1.1) + 0.004 * np.sin(3.1 * turns + 0.5)
        place = np.array([-0.05 + 0.05 * time + 0.4 * sway, -3.7, 1.32 + 0.4 * bob])
        aim = np.array([0.0 + 0.24 * time + 1.8 * sway, 0.6, 0.33 + 1.6 * bob])
        forward = (aim - place) / np.linalg.norm(aim - place)
        roll = np.radians(0.5) * np.sin(0.9 * turns + 0.7)
        right = np.cross(forward, [np.sin(roll), 0.0, np.cos(roll)])
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        return cls(place.astype(np.float32), np.stack([right, down, forward]).astype(np.float32))

    def rays(self, width: int, height: int, offset: NDArray[np.float64]) -> Rays:
        """One ray through every pixel, at `offset` (x, y in 0..1) inside it."""
        focal = 1.22 * width
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        x, y = (x + offset[0] - width / 2) / focal, (y + offset[1] - height / 2) / focal
        ways = np.stack([x.ravel(), y.ravel(), np.ones(x.size)], axis=1).astype(np.float32)
        ways = ways @ self.turn
        ways /= np.linalg.norm(ways, axis=1, keepdims=True)
        return Rays(np.broadcast_to(self.place, ways.shape), ways)


class Ball(NamedTuple):
    """A painted ball that rolls from left to right without sliding."""

    centre: NDArray[np.float32]
    radius: float
    rolled: float  # radians

    @classmethod
    def at(cls, time: float) -> Ball:
        x = -2.25 + 4.6 * time
        radius = 0.30
        centre = np.array([x, -0.35 + 0.16 * time, radius], np.float32)
        return cls(centre, radius, x / radius)

    def paint(self, normal: Points) -> Points:
        """Six bright segments with cream caps, as beach balls have, a little worn."""
        cos, sin = np.cos(-self.rolled), np.sin(-self.rolled)
        x = cos * normal[:, 0] - sin * normal[:, 2]
        z = sin * normal[:, 0] + cos * normal[:, 2]
        tilted = 0.94 * normal[:, 1] + 0.34 * z
        z = 0.94 * z - 0.34 * normal[:, 1]
        segment = np.floor((np.arctan2(z, x) / 6.2832 + 0.5) * 6).astype(int) % 6
        colors = np.array(
            [
                [0.70, 0.06, 0.05], [0.85, 0.80, 0.66], [0.04, 0.20, 0.50],
                [0.85, 0.80, 0.66], [0.85, 0.45, 0.05], [0.85, 0.80, 0.66],
            ],
            np.float32,
        )  # fmt: skip
        color = colors[segment]
        color[np.abs(tilted) > 0.93] = [0.80, 0.74, 0.60]
        worn = 0.94 + 0.06 * np.sin(31 * x + 3 * np.sin(17 * z)) * np.sin(29 * tilted)
        return np.asarray(color * worn[:, None], np.float32)


class Room:
    """Everything that stays, with its light baked at construction."""

    def __init__(self, cell: float = 0.02, samples: int = 100) -> None:
        rng = np.random.default_rng(3)
        self._noise = rng.normal(size=(256, 256)).astype(np.float32)
        self._cell = cell
        self._floor_light = self._bake(samples, wall=False)
        self._wall_light = self._bake(samples, wall=True)

    # --- light ----------------------------------------------------------------------------

    def colors(self, rays: Rays, ball: Ball | None) -> Points:
        """The light that comes along rays; the ball casts its shadow but is not looked at."""
        color, kind, point = self._first(rays, ball)
        floor = kind == 1
        if floor.any():
            way = rays.direction[floor] * np.array([1, 1, -1], np.float32)
            mirrored, _, _ = self._first(Rays(point[floor], way), ball)
            color[floor] += _gloss(rays.direction[floor]) * mirrored
        return color

    def colors_with(
        self, rays: Rays, ball: Ball, empty: Points, *, visible: bool
    ) -> tuple[Points, NDArray[np.bool_]]:
        """The same with the ball; `empty`, the light without it, is kept where it changes nothing.

        Also tells which rays hit the ball. Not visible: it still casts shadow and reflection.
        """
        color = empty.copy()
        kind, point, _ = self._hit(rays)
        touched = (kind > 0) & (_shade(point, ball) < 0.9999)
        mirror = rays.direction * np.array([1, 1, -1], np.float32)
        at_floor = np.flatnonzero(kind == 1)
        seen_in_floor = np.zeros(len(color), bool)
        reflected = sphere(Rays(point[at_floor], mirror[at_floor]), ball.centre, ball.radius)
        seen_in_floor[at_floor] = np.isfinite(reflected)
        # What the floor mirrors may lie in the ball's shadow too: shade every floor pixel anew.
        again = np.flatnonzero(touched | (kind == 1))
        color[again] = self.colors(Rays(rays.origin[again], rays.direction[again]), ball)
        back = np.flatnonzero(seen_in_floor)
        base, _, _ = self._first(Rays(rays.origin[back], rays.direction[back]), ball)
        image = self._ball_light(Rays(point[back], mirror[back]), ball)
        color[back] = base + _gloss(rays.direction[back]) * image
        distance = sphere(rays, ball.centre, ball.radius)
        hit = np.isfinite(distance) & (distance < self._hit(rays)[2])
        if visible:
            front = np.flatnonzero(hit)
            color[front] = self._ball_light(Rays(rays.origin[front], rays.direction[front]), ball)
        return color, hit

    def _first(self, rays: Rays, ball: Ball | None) -> tuple[Points, NDArray[np.int8], Points]:
        """Light from the first thing that never moves along the ray, without its gloss."""
        kind, point, _ = self._hit(rays)
        color = np.zeros_like(point)
        for number, light in enumerate((self._floor, self._wall, self._objects), start=1):
            here = np.flatnonzero(kind == number)
            if here.size:
                color[here] = light(point[here], ball)
        return color, kind, point

    def _hit(self, rays: Rays) -> tuple[NDArray[np.int8], Points, NDArray[np.float32]]:
        """What is hit: 1 floor, 2 wall, 3 an object; where; and how far away."""
        with np.errstate(divide="ignore", invalid="ignore"):
            to_floor = -rays.origin[:, 2] / rays.direction[:, 2]
            to_wall = (WALL_Y - rays.origin[:, 1]) / rays.direction[:, 1]
        to_floor = np.where(to_floor > 1e-4, to_floor, np.inf)
        to_wall = np.where(to_wall > 1e-4, to_wall, np.inf)
        to_object = _objects_distance(rays)
        ways = np.stack([to_floor, to_wall, to_object])
        kind = (ways.argmin(axis=0) + 1).astype(np.int8)
        distance = ways.min(axis=0).astype(np.float32)
        far = ~np.isfinite(distance)
        kind[far], distance[far] = 0, 50.0
        return kind, rays.origin + rays.direction * distance[:, None], distance

    def _floor(self, point: Points, ball: Ball | None) -> Points:
        paint = planks(point[:, 0], point[:, 1], self._noise)
        u, v = (point[:, 0] + 4.0) / self._cell, (point[:, 1] + 4.0) / self._cell
        return paint * self._lit(sample(self._floor_light, u, v), point, ball)

    def _wall(self, point: Points, ball: Ball | None) -> Points:
        paint = paper(point[:, 0], point[:, 2], self._noise)
        u, v = (point[:, 0] + 4.0) / self._cell, point[:, 2] / self._cell
        return paint * self._lit(sample(self._wall_light, u, v), point, ball)

    def _lit(self, baked: NDArray[np.float32], point: Points, ball: Ball | None) -> Points:
        """Baked light (sun, sky) where the ball takes some of it away."""
        sun, sky = baked[:, :1], baked[:, 1:]
        if ball is not None:
            sun = sun * _shade(point, ball)[:, None]
            sky = sky * _closeness(point, ball)[:, None]
        return sun * SUN_LIGHT + sky * SKY_LIGHT

    def _objects(self, point: Points, ball: Ball | None) -> Points:
        paint, normal = _object_surface(point, self._noise)
        way = SUN - point
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        facing = np.clip((normal * way).sum(axis=1), 0.0, 1.0)
        sun = facing * (0.35 + 0.65 * (~_blocked(point + 2e-3 * normal, way)))
        sky = 0.45 + 0.55 * np.clip(0.6 + 0.5 * normal[:, 2] - 0.3 * normal[:, 1], 0, 1)
        return paint * self._lit(np.stack([sun, sky], axis=1).astype(np.float32), point, ball)

    def _ball_light(self, rays: Rays, ball: Ball) -> Points:
        distance = sphere(rays, ball.centre, ball.radius)
        point = rays.origin + rays.direction * distance[:, None]
        normal = (point - ball.centre) / ball.radius
        way = SUN - point
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        cosine = (normal * way).sum(axis=1)
        sun = np.clip((cosine + 0.12) / 1.12, 0, 1)[:, None] * ~_blocked(point, way)[:, None]
        up = normal[:, 2:]
        sky = SKY_LIGHT * (0.55 + 0.45 * up)
        bounce = np.array([0.30, 0.20, 0.11], np.float32) * np.clip(0.55 - 0.6 * up, 0, 1)
        color = ball.paint(normal) * (sun * SUN_LIGHT + sky + bounce)
        half = way - rays.direction
        half /= np.linalg.norm(half, axis=1, keepdims=True)
        gleam = np.clip((normal * half).sum(axis=1), 0, 1)[:, None] ** 90
        rim = 0.04 + 0.25 * (1 - np.abs((normal * rays.direction).sum(axis=1)[:, None])) ** 4
        return np.asarray(color + gleam * 0.9 * sun + rim * SKY_LIGHT, np.float32)

    # --- baking ---------------------------------------------------------------------------

    def _bake(self, samples: int, *, wall: bool) -> NDArray[np.float32]:
        """[rows, columns, 2]: sunlight and sky that reach a plane past the things that stay."""
        across = np.arange(-4.0, 4.0, self._cell).astype(np.float32)
        along = np.arange(0, 3.0, self._cell).astype(np.float32) if wall else across[across < 1.95]
        u, v = (plane.ravel() for plane in np.meshgrid(across, along))
        flat = np.zeros_like(u)
        point = np.stack([u, flat + WALL_Y - 2e-3, v] if wall else [u, v, flat + 2e-3], axis=1)
        normal = np.array([0, -1, 0] if wall else [0, 0, 1], np.float32)
        sun = np.zeros(len(u), np.float32)
        side = round(samples**0.5)
        rng = np.random.default_rng(5)
        for number in range(side * side):
            place = (np.array([number % side, number // side]) + rng.uniform(0, 1, 2)) / side
            lamp = SUN + SUN_SIZE * np.array([0.0, 2 * place[0] - 1, 2 * place[1] - 1], np.float32)
            way = (lamp - point).astype(np.float32)
            far = np.linalg.norm(way, axis=1)
            way /= far[:, None]
            facing = np.clip(way @ normal, 0, 1)
            sun += facing * ~_blocked(point, way) * (26.0 / far**2) / (side * side)
        sky = np.zeros(len(u), np.float32)
        for _ in range(samples // 2):
            way = rng.normal(size=3).astype(np.float32)
            way /= np.linalg.norm(way)
            way = (way + normal * 1.02) / np.linalg.norm(way + normal * 1.02)  # cosine-weighted
            ways = np.broadcast_to(way.astype(np.float32), point.shape)
            sky += ~_blocked(point, ways, within=1.2) / (samples // 2)
        corner = WALL_Y - v if not wall else v  # the other plane takes light away in the corner
        sky *= 1.0 - 0.45 * np.exp(-np.clip(corner, 0, None) / 0.22)
        return np.stack([sun, sky], axis=1).reshape(len(along), len(across), 2)


# --- the things that stay -----------------------------------------------------------------------


def _object_surface(point: Points, noise: NDArray[np.float32]) -> tuple[Points, Points]:
    """Colour and normal of the thing that a point lies on."""
    paint, normal = np.zeros_like(point), np.zeros_like(point)
    normal[:, 2] = 1.0
    nearest = np.full(len(point), np.inf, np.float32)
    for low, high, color in BOXES:
        middle, half = (np.add(low, high) / 2), (np.subtract(high, low) / 2)
        away = (np.abs(point - middle) - half).astype(np.float32)
        gap = np.abs(away.max(axis=1))
        here = gap < nearest
        axis = away.argmax(axis=1)
        side = np.zeros_like(point)
        side[np.arange(len(point)), axis] = np.sign(point - middle)[np.arange(len(point)), axis]
        slat = (point[:, 2] / 0.155) % 1.0
        boards = 0.55 + 0.45 * np.clip(np.minimum(slat, 1 - slat) / 0.05, 0, 1)
        grain = 1 + 0.10 * sample(noise, 14 * (point[:, 0] + point[:, 1]), 170 * point[:, 2])
        tone = boards * grain if high[2] > 0.5 else 1 + 0.04 * grain
        nearest[here], normal[here] = gap[here], side[here]
        paint[here] = (np.array(color, np.float32) * tone[:, None])[here]
    for gap, side, shade in _vase_parts(point):
        here = gap < nearest
        bands = np.abs(np.sin(30 * point[:, 2])) < 0.28
        glaze = np.where(bands[:, None], [0.55, 0.58, 0.60], [0.05, 0.12, 0.30]) * shade
        nearest[here], normal[here], paint[here] = gap[here], side[here], glaze[here]
    return paint, normal


def _vase_parts(point: Points) -> list[tuple[NDArray[np.float32], Points, float]]:
    """How far points are from belly and neck, the normals there, and a shade."""
    centre, radius = np.array(VASE[0], np.float32), VASE[1]
    out = point - centre
    length = np.linalg.norm(out, axis=1)
    belly = (np.abs(length - radius), out / np.maximum(length, 1e-6)[:, None], 1.0)
    around = point[:, :2] - np.array(NECK[0], np.float32)
    width = np.linalg.norm(around, axis=1)
    side = np.c_[around / np.maximum(width, 1e-6)[:, None], np.zeros(len(point))]
    gap = np.where(point[:, 2] > VASE[0][2] + 0.15, np.abs(width - NECK[1]), np.inf)
    return [belly, (gap.astype(np.float32), side.astype(np.float32), 1.0)]


def _gloss(direction: Points) -> Points:
    """How much of the mirrored light the lacquer sends on: more where it is looked at flatly."""
    share = 0.05 + 0.75 * (1.0 - np.abs(direction[:, 2:])) ** 4
    return np.asarray(share, np.float32)


# --- geometry -----------------------------------------------------------------------------------


def _neck(rays: Rays) -> NDArray[np.float32]:
    """An upright open tube."""
    axis, radius, top = NECK
    ox, oy = rays.origin[:, 0] - axis[0], rays.origin[:, 1] - axis[1]
    dx, dy = rays.direction[:, 0], rays.direction[:, 1]
    a = np.maximum(dx * dx + dy * dy, 1e-9)
    half = ox * dx + oy * dy
    inside = half * half - a * (ox * ox + oy * oy - radius * radius)
    distance = (-half - np.sqrt(np.clip(inside, 0, None))) / a
    z = rays.origin[:, 2] + distance * rays.direction[:, 2]
    good = (inside > 0) & (distance > 1e-3) & (z < top) & (z > VASE[0][2])
    return np.where(good, distance, np.inf).astype(np.float32)


def _objects_distance(rays: Rays) -> NDArray[np.float32]:
    ways = [box(rays, low, high) for low, high, _ in BOXES]
    ways += [sphere(rays, np.array(VASE[0], np.float32), VASE[1]), _neck(rays)]
    return np.asarray(np.min(ways, axis=0), np.float32)


def _blocked(point: Points, way: Points, within: float = 9.0) -> NDArray[np.bool_]:
    return _objects_distance(Rays(point, way)) < within


def _shade(point: Points, ball: Ball) -> NDArray[np.float32]:
    """Share of the window that a point sees past the ball: two discs on the point's sky."""
    to_sun, to_ball = SUN - point, ball.centre - point
    sun_far, ball_far = np.linalg.norm(to_sun, axis=1), np.linalg.norm(to_ball, axis=1)
    cosine = (to_sun * to_ball).sum(axis=1) / (sun_far * ball_far)
    apart = np.arccos(np.clip(cosine, -1, 1))
    sun_wide = SUN_SIZE / sun_far
    ball_wide = np.arcsin(np.clip(ball.radius / ball_far, 0, 1))
    low, high = np.abs(ball_wide - sun_wide), ball_wide + sun_wide
    share = np.clip((high - apart) / np.maximum(high - low, 1e-6), 0, 1)
    share = share * share * (3 - 2 * share)
    return np.asarray(1.0 - share * np.clip((ball_wide / sun_wide) ** 2, 0, 1), np.float32)


def _closeness(point: Points, ball: Ball) -> NDArray[np.float32]:
    """Share of the sky left near the ball: its contact shadow."""
    far = np.linalg.norm(point - ball.centre, axis=1) / ball.radius
    return np.asarray(1.0 - 0.75 / np.maximum(far, 1.0) ** 4, np.float32)
