"""Shapes -> triangles with normals and texture coordinates.

Enters: a body's shape and size, as `synth.world` means them. Leaves: a `Surface` around the body's
own origin. Texture coordinates are in metres, so that a pattern has one size on all bodies; around
round bodies they are stretched a little, to close without a seam. Knows no renderer and no files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]

SEGMENTS = 16, 40  # around a round body, at least and at most
LARGE_M = 0.3  # radius from which it has the most
CELL_M, CELLS = 0.25, (2, 16)  # of a box: how long a cell is, how few and how many along a side


@dataclass(frozen=True)
class Surface:
    """Triangles, counter-clockwise seen from outside; one normal and one (u, v) a vertex."""

    vertices: Points  # [V, 3] m
    normals: Points  # [V, 3]
    uv_m: Points  # [V, 2] m
    faces: NDArray[np.int32]  # [F, 3]


def surface(shape: str, size: Sequence[float], repeat_m: float) -> Surface:
    """The surface of a body of one of the plain shapes.

    Args:
        repeat_m: what length the texture repeats after; round bodies hold a whole number of it.
    """
    if shape == "box":
        return _box(np.array(size[:3], float))
    radius = float(size[0])
    if shape in ("sphere", "ellipsoid"):
        axes = np.full(3, radius) if shape == "sphere" else np.array(size[:3], float)
        around = _segments(float(axes.max()))
        turn = np.linspace(-np.pi / 2, np.pi / 2, around // 2 + 1)
        profile = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        unit = _turned(profile, profile, around)
        return _stretched(unit, axes, repeat_m)
    half = float(size[1])
    if shape == "capsule":
        around = _segments(radius)
        turn = np.linspace(0, np.pi / 2, around // 4 + 1)
        cap = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        down = cap[::-1] * [1, -1]
        profile = np.concatenate([radius * down - [0, half], radius * cap + [0, half]])
        made = _turned(profile, np.concatenate([down, cap]), around)
    else:
        made = _cylinder(radius, half)
    return _wrapped(made, radius, repeat_m)


def grid_faces(count_x: int, count_y: int) -> NDArray[np.int32]:
    """Triangles of a grid whose vertex (i, j) is number i * count_y + j; they face z."""
    i, j = np.meshgrid(np.arange(count_x - 1), np.arange(count_y - 1), indexing="ij")
    a = (i * count_y + j).ravel()
    b, c, d = a + count_y, a + count_y + 1, a + 1
    return np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)


def vertex_normals(vertices: Points, faces: NDArray[np.int32]) -> Points:
    """[V, 3] unit normals, each the mean of its triangles' by their area."""
    a, b, c = (vertices[faces[:, corner]].astype(np.float64) for corner in range(3))
    weighted = np.cross(b - a, c - a)
    total = np.zeros((len(vertices), 3))
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(
                faces[:, corner], weighted[:, axis], minlength=len(vertices)
            )
    length = np.linalg.norm(total, axis=1, keepdims=True)
    safe = np.where(length > 1e-12, total / np.maximum(length, 1e-12), [0.0, 0.0, 1.0])
    return safe.astype(np.float32)


def box_uv_m(vertices: Points, normals: Points) -> Points:
    """[V, 2]: a pattern laid on from the side each vertex faces most; for meshes without their own.

    Every face of a box gets its pattern so.
    """
    facing = np.abs(normals).argmax(axis=1)
    picked = np.array([[1, 2], [0, 2], [0, 1]])[facing]
    return np.take_along_axis(vertices, picked, axis=1).astype(np.float32)


def _box(half: NDArray[np.float64]) -> Surface:
    """Six sides, each a grid: a renderer works light out at its corners."""
    sides = [_side(half, axis, facing) for axis in range(3) for facing in (-1.0, 1.0)]
    made = _joined(sides)
    # every side begins elsewhere in the pattern, so that corners do not mirror each other
    side = np.repeat(np.arange(6), [len(each.vertices) for each in sides])
    shift = side[:, None] * np.array([0.37, 0.61]) * float(half.max())
    uv = box_uv_m(made.vertices, made.normals) + shift
    return Surface(made.vertices, made.normals, uv.astype(np.float32), made.faces)


def _side(half: NDArray[np.float64], axis: int, facing: float) -> Surface:
    first, second = (axis + 1) % 3, (axis + 2) % 3
    if facing < 0:
        first, second = second, first
    count = [int(np.clip(2 * half[each] / CELL_M, *CELLS)) + 1 for each in (first, second)]
    along, across = (
        np.linspace(-half[each], half[each], many)
        for each, many in zip((first, second), count, strict=True)
    )
    points = np.zeros((count[0] * count[1], 3), np.float32)
    points[:, first], points[:, second] = np.repeat(along, count[1]), np.tile(across, count[0])
    points[:, axis] = facing * half[axis]
    normals = np.zeros_like(points)
    normals[:, axis] = facing
    return Surface(points, normals, points[:, :2], grid_faces(*count))


def _segments(radius_m: float) -> int:
    """Around a round body of that radius, a multiple of 4: its error is r pi^2 / 2 n^2."""
    least, most = SEGMENTS
    return int(np.clip(4 * np.ceil(most / 4 * np.sqrt(radius_m / LARGE_M)), least, most))


def _turned(profile: NDArray[np.float64], outward: NDArray[np.float64], segments: int) -> Surface:
    """A profile of (radius, z), from below upward, turned about z. u is the share of a turn."""
    turn = np.linspace(0, 2 * np.pi, segments + 1)
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)

    def around(line: NDArray[np.float64]) -> NDArray[np.float64]:
        rings = circle[:, None, :] * line[None, :, :1]
        heights = np.broadcast_to(line[None, :, 1:], (segments + 1, len(line), 1))
        return np.concatenate([rings, heights], axis=2).reshape(-1, 3)

    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
    u = np.repeat(turn / (2 * np.pi), len(profile))
    uv = np.stack([u, np.tile(length, segments + 1)], axis=1)
    faces = grid_faces(segments + 1, len(profile))
    points = around(profile).astype(np.float32)
    a, b, c = (points[faces[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    normals = around(outward).astype(np.float32)
    return Surface(points, normals, uv.astype(np.float32), faces[area > 1e-12])


def _cylinder(radius: float, half: float) -> Surface:
    around, outward = _segments(radius), np.array([[1.0, 0.0], [1.0, 0.0]])
    side = _turned(np.array([[radius, -half], [radius, half]]), outward, around)
    parts = [side]
    for end in (-1.0, 1.0):
        profile = np.array([[0.0, half * end], [radius, half * end]])
        flat = _turned(profile if end < 0 else profile[::-1], np.array([[0.0, end]] * 2), around)
        # a whole turn of u stands for a circumference: undone by `_wrapped`, not wanted on lids
        lid_uv = flat.vertices[:, :2]
        parts.append(Surface(flat.vertices, flat.normals, lid_uv, flat.faces))
    return _joined(parts)


def _joined(parts: Sequence[Surface]) -> Surface:
    starts = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    return Surface(
        np.concatenate([part.vertices for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.uv_m for part in parts]),
        np.concatenate(
            [part.faces + start for part, start in zip(parts, starts, strict=True)]
        ).astype(np.int32),
    )


def _wrapped(made: Surface, radius: float, repeat_m: float) -> Surface:
    """Turns of u -> metres, a whole number of repeats a turn; lids have metres already."""
    uv = made.uv_m.copy()
    lids = np.abs(made.normals[:, 2]) > 0.999
    lids &= np.isclose(uv[:, 0], made.vertices[:, 0]) & np.isclose(uv[:, 1], made.vertices[:, 1])
    uv[~lids, 0] *= _whole(2 * np.pi * radius, repeat_m)
    return Surface(made.vertices, made.normals, uv, made.faces)


def _stretched(unit: Surface, axes: NDArray[np.float64], repeat_m: float) -> Surface:
    """A unit sphere as an ellipsoid; normals go with the inverse of the axes."""
    normals = unit.normals / axes
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    girth = 2 * np.pi * float(np.sqrt((axes[0] ** 2 + axes[1] ** 2) / 2))
    uv = unit.uv_m * [_whole(girth, repeat_m), float(axes.mean())]
    vertices = (unit.vertices * axes).astype(np.float32)
    return Surface(vertices, normals.astype(np.float32), uv.astype(np.float32), unit.faces)


def _whole(length_m: float, repeat_m: float) -> float:
    return max(1, round(length_m / repeat_m)) * repeat_m
