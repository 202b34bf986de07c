"""Rays against a sphere and a box; oak planks and wallpaper as functions of the place.

Enters: rays or places. Leaves: distances or colours. Knows no room and no light.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
"""[N, 3]."""


class Rays(NamedTuple):
    origin: Points
    direction: Points


def sphere(rays: Rays, centre: NDArray[np.float32], radius: float) -> NDArray[np.float32]:
    """Distance along the ray; inf: missed."""
    away = rays.origin - centre
    half = (away * rays.direction).sum(axis=1)
    inside = half * half - (away * away).sum(axis=1) + radius * radius
    distance = -half - np.sqrt(np.clip(inside, 0, None))
    return np.where((inside > 0) & (distance > 1e-3), distance, np.inf).astype(np.float32)


def box(rays: Rays, low: tuple[float, ...], high: tuple[float, ...]) -> NDArray[np.float32]:
    way = np.where(np.abs(rays.direction) < 1e-9, 1e-9, rays.direction)
    one, other = (np.array(low) - rays.origin) / way, (np.array(high) - rays.origin) / way
    enter = np.minimum(one, other).max(axis=1)
    leave = np.maximum(one, other).min(axis=1)
    return np.where((enter < leave) & (enter > 1e-3), enter, np.inf).astype(np.float32)


def planks(x: NDArray[np.float32], y: NDArray[np.float32], noise: NDArray[np.float32]) -> Points:
    """Oak planks along x, each of its own shade and grain, with dark joints."""
    row = np.floor(y / 0.17)
    shift = (np.sin(row * 91.7) * 47.3) % 1.0
    column = np.floor(x / 1.35 + shift)
    own = (np.sin(row * 12.9 + column * 78.2) * 437.5) % 1.0
    inside_y, inside_x = (y / 0.17) % 1.0, (x / 1.35 + shift) % 1.0
    u, v = 9 * x + 71 * own, 150 * y + 31 * own
    grain = sample(noise, u, v) + 0.6 * sample(noise, 3.1 * u, 2.3 * v)
    rings = np.sin(
        44 * (inside_y - 0.5) * (0.6 + own) + 2.2 * sample(noise, 2.4 * x + 9 * own, 5 * y)
    )
    tone = 0.80 + 0.34 * (own - 0.5) + 0.055 * grain + 0.06 * rings
    edge = np.minimum(
        np.minimum(inside_y, 1 - inside_y) * 0.17, np.minimum(inside_x, 1 - inside_x) * 1.35
    )
    tone = tone * (0.35 + 0.65 * np.clip(edge / 0.006, 0, 1))
    return np.asarray(tone[:, None] * np.array([0.34, 0.175, 0.075], np.float32), np.float32)


def paper(x: NDArray[np.float32], z: NDArray[np.float32], noise: NDArray[np.float32]) -> Points:
    """Wallpaper of rosettes between stripes above a panel; a white skirting board."""
    lattice_x, lattice_z = (x / 0.24) % 1 - 0.5, (z / 0.30 + 0.5 * np.floor(x / 0.24)) % 1 - 0.5
    angle = np.arctan2(lattice_z, lattice_x)
    petal = np.hypot(lattice_x, 0.9 * lattice_z) - 0.24 * (0.72 + 0.28 * np.cos(6 * angle))
    flower = np.clip(0.5 - petal / 0.03, 0, 1)
    stripe = np.clip(0.5 + (0.455 - np.abs(lattice_x)) / 0.02, 0, 1)
    ground = (
        np.array([0.085, 0.20, 0.20], np.float32)
        * (1 + 0.05 * sample(noise, 40 * x, 40 * z))[:, None]
    )
    color = ground + flower[:, None] * np.array([0.36, 0.25, 0.07], np.float32)
    color = color * (0.80 + 0.20 * stripe)[:, None]
    board = z < 0.14
    rail = 0.75 + 0.25 * np.clip((0.14 - z) / 0.015, 0, 1) - 0.2 * (np.abs(z - 0.10) < 0.004)
    return np.asarray(np.where(board[:, None], 0.62 * rail[:, None], color), np.float32)


def sample(
    table: NDArray[np.float32], u: NDArray[np.float32], v: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A map [rows, columns, ...] at (column u, row v), bilinear; it repeats."""
    left, top = np.floor(u), np.floor(v)
    right_share, low_share = u - left, v - top
    if table.ndim == 3:
        right_share, low_share = right_share[:, None], low_share[:, None]
    columns, rows = table.shape[1], table.shape[0]
    x, y = left.astype(int) % columns, top.astype(int) % rows
    x2, y2 = (x + 1) % columns, (y + 1) % rows
    upper = table[y, x] * (1 - right_share) + table[y, x2] * right_share
    lower = table[y2, x] * (1 - right_share) + table[y2, x2] * right_share
    return np.asarray(upper * (1 - low_share) + lower * low_share, np.float32)
