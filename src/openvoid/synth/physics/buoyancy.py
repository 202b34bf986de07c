"""What floats: the bodies of a world as points that each stand for some of their volume.

Enters: a world and MuJoCo's model of it. Leaves: for every body that can move, points inside it,
the volume of each and the space between them, so that buoyancy and drag are sums over points
(`water`). Knows no water.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from openvoid.synth.world import Body, World

POINTS = 4  # inside a body, each way


@dataclass(frozen=True)
class Floating:
    """N bodies, and P points inside them, each standing for some of its body's volume."""

    index: np.ndarray  # [N] MuJoCo's numbers of the bodies
    root: np.ndarray  # [N] and of the trees they belong to
    half: np.ndarray  # [N] half sizes, m
    owner: np.ndarray  # [P] which body, 0 .. N-1
    points: np.ndarray  # [P,3] in the body's frame
    volume: np.ndarray  # [P] m^3
    spacing: np.ndarray  # [P] m between points


def floating(world: World, model: Any) -> Floating:
    """All bodies that can move, and are there."""
    import mujoco

    index, half, points, volume, spacing = [], [], [], [], []
    for body in world.bodies:
        number = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, body.name)
        if number > 0 and body.mass_kg > 0 and body.shape not in ("cloth", "soft", "mesh", "plane"):
            own, share, apart, size = inside(body)
            index.append(number)
            half.append(size)
            points.append(own)
            volume.append(np.full(len(own), share))
            spacing.append(np.full(len(own), apart))
    owner = np.repeat(np.arange(len(points)), [len(own) for own in points])
    return Floating(
        np.array(index, int),
        np.array(model.body_rootid)[np.array(index, int)],
        np.array(half),
        owner.astype(int),
        np.concatenate([np.zeros((0, 3)), *points]),
        np.concatenate([np.zeros(0), *volume]),
        np.concatenate([np.zeros(0), *spacing]),
    )


def inside(body: Body) -> tuple[np.ndarray, float, float, float]:
    """Points inside a body, the volume of each, the space between them, and its half size."""
    size = np.array(body.size, float)
    half = size
    if body.shape == "sphere":
        half = np.full(3, size[0])
    elif body.shape in ("cylinder", "capsule"):
        cap = size[0] if body.shape == "capsule" else 0.0
        half = np.array([size[0], size[0], size[1] + cap])
    line = (np.arange(POINTS) + 0.5) / POINTS * 2 - 1
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
    return points, float(volume) / len(points), float(2 * half.min() / POINTS), float(half.mean())
