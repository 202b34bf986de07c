"""What deforms, as a mesh: cloth, soft things, water, drops and wet patches.

Enters: a body's description, and (for cloth and soft things) where the vertices of its simulated
grid are. Leaves: the vertices a renderer draws, their triangles and their texture coordinates; all
three in one order, that of `Motion.shapes`. Knows no physics and no renderer.

A simulated grid is coarse. What is drawn is a finer mesh that hangs in it: each drawn vertex has
fixed weights on the grid's, Catmull-Rom's along x and y (Catmull & Rom 1974; they interpolate, and
add up to 1), Lagrange's of second order or linear across the thickness. Kinds, by `body.detail`:

    (shape soft)   a box with rounded edges, or a pillow       `count` (nx, ny, nz)
    (shape cloth)  a closed shell of `thickness_m`             `count` (nx, ny)
    `water`        one sheet that faces up, on its own grid    `count` (nx, ny)
    `drops`        that many little balls
    `patch`        that many flat discs

A pillow (`puff`, 0 .. 1: how much thinner at its rim) is that box, swollen in the middle and
drawn in at its sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.synth.rotation import place
from openvoid.synth.world import Body

PULLED = 0.09  # of a pillow's sides, drawn in half way between its corners, for a puff of 1
LIFTED = 0.3  # of its seam, above the ground
FINER = 3  # drawn cells for one simulated cell
SMALL_M = 0.01  # of drops and patches at rest
DISC_SIDES = 12


@dataclass(frozen=True)
class Mesh:
    """In the body's own frame, at rest."""

    vertices: np.ndarray  # float64 [V,3], metres
    triangles: np.ndarray  # int32 [F,3], counter-clockwise from outside
    uv: np.ndarray  # float64 [V,2], metres


def mesh(body: Body) -> Mesh:
    """What is drawn of a deforming body, at rest.

    Raises:
        OpenVoidError: its detail lacks what its kind needs.
    """
    detail = body.detail
    if detail.drops:
        return _many(_ball(), detail.drops)
    if detail.patch:
        return _many(_disc(), detail.patch)
    try:
        if detail.water:
            return _sheet(body, (detail.count[0], detail.count[1]))
        if body.shape == "cloth":
            fine = _finer(detail.count)
            return _shell(_sheet(body, (fine[0], fine[1])), fine[0], fine[1], detail.thickness_m)
        return _soft(body, detail.count)
    except (ValueError, IndexError) as error:
        raise OpenVoidError(
            f"{body.name}: a {body.shape} without a right `count`", where="detail"
        ) from error


def rest(body: Body) -> np.ndarray:
    """float64 [V,3]: the drawn vertices in the world, before anything moved."""
    turned = [place(body.position, body.rotation, tuple(row)) for row in mesh(body).vertices]
    return np.array(turned)


def embed(body: Body) -> np.ndarray:
    """float64 [V,G]: weights of the simulated grid's vertices (x slowest, z fastest).

    For cloth the V are those of its middle surface, in rows; `thicken` makes the shell of them.
    """
    count = body.detail.count
    if body.shape == "cloth":
        fine = _finer(count)
        along = [
            _catmull_rom(np.linspace(0, n - 1, m), n) for n, m in zip(count, fine, strict=True)
        ]
        return np.kron(along[0], along[1])
    return _weights(_solid(body, _finer(count))[0] / np.array(body.size), count)


def grid(body: Body) -> np.ndarray:
    """float64 [G,3]: a soft thing's simulated vertices at rest, in its own frame, z fastest."""
    lines = (np.linspace(-1, 1, n) for n in body.detail.count)
    unit = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1)
    return _puffed(body, unit.reshape(-1, 3))


def top_m(body: Body, x: float, y: float) -> float:
    """How high a soft thing is at rest over a place in its own frame, upright in the world."""
    line = np.linspace(-1, 1, 201)
    near = _narrowed(line, body.detail.puff)
    u, v = (np.interp(at, near * half, line) for at, half in zip((x, y), body.size, strict=False))
    return float(body.position[2] + _puffed(body, np.array([[u, v, 1.0]]))[0, 2])


def _puffed(body: Body, unit: np.ndarray) -> np.ndarray:
    """Places in a box of -1 .. 1 each way -> metres, in the shape it has at rest."""
    puff = body.detail.puff
    u, v = (_narrowed(unit[:, axis], puff) for axis in (0, 1))
    dome = np.clip((1 - u**2) * (1 - v**2), 0, 1) ** 0.4
    swell = 1 - puff * (1 - dome)
    pulled = puff * PULLED
    placed = [u * (1 - pulled * (1 - v**2)), v * (1 - pulled * (1 - u**2))]
    placed.append(-1 + LIFTED * (1 - swell) + (unit[:, 2] + 1) * swell)
    whole: np.ndarray = np.stack(placed, axis=1) * np.array(body.size)
    return whole


def _narrowed(unit: np.ndarray, puff: float) -> np.ndarray:
    """A pillow's grid is closer towards its rim, where it bends most."""
    share = min(0.35, puff)
    narrowed: np.ndarray = (1 - share) * unit + share * np.sin(np.pi / 2 * unit)
    return narrowed


def _weights(unit: np.ndarray, count: tuple[int, ...]) -> np.ndarray:
    """[V,3] places in -1 .. 1 -> [V,G] weights of the grid."""
    places = (unit + 1) / 2
    weights = [_catmull_rom(places[:, axis] * (count[axis] - 1), count[axis]) for axis in (0, 1)]
    weights.append(_across(places[:, 2] * (count[2] - 1), count[2]))
    whole: np.ndarray = np.einsum("vi,vj,vk->vijk", *weights).reshape(len(places), -1)
    return whole


def thicken(body: Body, middle: np.ndarray) -> np.ndarray:
    """The middle surface of cloth, [V,3] in rows -> its shell: above, then below, [2V,3]."""
    fine = _finer(body.detail.count)
    grid = middle.reshape(fine[0], fine[1], 3)
    normal = np.cross(np.gradient(grid, axis=0), np.gradient(grid, axis=1))
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-12)
    away = normal.reshape(-1, 3) * body.detail.thickness_m / 2
    return np.concatenate([middle + away, middle - away])


def _finer(count: tuple[int, ...]) -> tuple[int, ...]:
    return tuple((number - 1) * FINER + 1 for number in count)


def _catmull_rom(at: np.ndarray, count: int) -> np.ndarray:
    """[N] places in cells -> [N,count] weights; the ends go on straight."""
    cell = np.clip(np.floor(at).astype(int), 0, count - 2)
    t = at - cell
    four = np.stack(
        [
            (-(t**3) + 2 * t**2 - t) / 2,
            (3 * t**3 - 5 * t**2 + 2) / 2,
            (-3 * t**3 + 4 * t**2 + t) / 2,
            (t**3 - t**2) / 2,
        ],
        axis=1,
    )
    weights = np.zeros((len(at), count + 2))  # a column before the first and after the last
    rows = np.arange(len(at))
    for offset in range(4):
        weights[rows, cell + offset] += four[:, offset]
    inner = weights[:, 1:-1].copy()
    for beyond, edge, next_ in ((weights[:, 0], 0, 1), (weights[:, -1], -1, -2)):
        inner[:, edge] += 2 * beyond
        inner[:, next_] -= beyond
    return inner


def _across(at: np.ndarray, count: int) -> np.ndarray:
    """Weights across the thickness: of second order for three layers, else linear."""
    if count == 3:
        t = at - 1
        return np.stack([t * (t - 1) / 2, 1 - t**2, t * (t + 1) / 2], axis=1)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(count)))


def _sheet(body: Body, count: tuple[int, int]) -> Mesh:
    """A grid in rows along y, facing up."""
    across = [np.linspace(-body.size[axis], body.size[axis], count[axis]) for axis in (0, 1)]
    x, y = np.meshgrid(*across, indexing="ij")
    flat = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    return Mesh(flat, grid_triangles(*count), flat[:, :2] + np.array(body.size[:2]))


def grid_triangles(rows: int, columns: int) -> np.ndarray:
    """int32 [F,3] of a grid whose first index is x: counter-clockwise from above."""
    number = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    both = [np.stack(three, axis=-1).reshape(-1, 3) for three in ((a, b, c), (a, c, d))]
    return np.concatenate(both).astype(np.int32)


def _shell(sheet: Mesh, rows: int, columns: int, thickness: float) -> Mesh:
    """A sheet -> the same above and below, sewn together at the rim."""
    count = len(sheet.vertices)
    away = np.array([0, 0, thickness / 2])
    number = np.arange(count).reshape(rows, columns)
    rim = np.concatenate([number[:-1, 0], number[-1, :-1], number[:0:-1, -1], number[0, :0:-1]])
    after = np.roll(rim, -1)
    sewn = [
        np.stack([rim, rim + count, after], axis=1),
        np.stack([after, rim + count, after + count], axis=1),
    ]
    below = sheet.triangles[:, ::-1] + count
    faces = np.concatenate([sheet.triangles, below, *sewn]).astype(np.int32)
    vertices = np.concatenate([sheet.vertices + away, sheet.vertices - away])
    return Mesh(vertices, faces, np.tile(sheet.uv, (2, 1)))


def _soft(body: Body, count: tuple[int, ...]) -> Mesh:
    """The skin of a soft thing, where its grid at rest carries it."""
    rounded, faces, uv = _solid(body, _finer(count))
    carried = _weights(rounded / np.array(body.size), count) @ grid(body)
    return Mesh(carried, faces, uv)


def _solid(body: Body, fine: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A box with edges rounded by `detail.round_m`, its faces sewn together: points, faces, uv."""
    half = np.array(body.size)
    points, faces, first = [], [], 0
    for axis in range(3):
        one, two = (axis + 1) % 3, (axis + 2) % 3
        for side in (-1.0, 1.0):
            u, v = np.meshgrid(
                np.linspace(-1, 1, fine[one]), np.linspace(-1, 1, fine[two]), indexing="ij"
            )
            face = np.empty((u.size, 3))
            face[:, axis], face[:, one], face[:, two] = side, u.ravel(), v.ravel()
            points.append(face)
            corners = grid_triangles(fine[one], fine[two])
            faces.append(first + (corners if side > 0 else corners[:, ::-1]))
            first += len(face)
    every, back = np.unique(
        np.concatenate(points).round(9), axis=0, return_inverse=True
    )  # equal corners are one vertex
    solid = every * half
    radius = min(body.detail.round_m, 0.98 * float(half.min()))
    inner = np.clip(solid, radius - half, half - radius)
    out = solid - inner
    length = np.linalg.norm(out, axis=1, keepdims=True)
    rounded = np.where(length > 0, inner + out * (radius / np.maximum(length, 1e-12)), solid)
    whole = back.reshape(-1)[np.concatenate(faces)].astype(np.int32)
    return rounded, whole, solid[:, :2] + solid[:, 2:] + half[:2]


def _ball() -> Mesh:
    """An icosahedron of radius 1, once divided: 42 vertices."""
    golden = (1 + 5**0.5) / 2
    corners = [(0.0, a, b * golden) for a in (-1, 1) for b in (-1, 1)]
    points = np.array([np.roll(corner, turn) for turn in range(3) for corner in corners])
    points /= np.linalg.norm(points[0])
    near = np.linalg.norm(points[:, None] - points[None], axis=-1) < 1.1
    vertices, faces = [tuple(point) for point in points], []
    middle: dict[tuple[int, int], int] = {}

    def between(a: int, b: int) -> int:
        key = (min(a, b), max(a, b))
        if key not in middle:
            point = points[a] + points[b]
            middle[key] = len(vertices)
            vertices.append(tuple(point / np.linalg.norm(point)))
        return middle[key]

    for i in range(12):
        for j in range(i + 1, 12):
            for k in range(j + 1, 12):
                if near[i, j] and near[j, k] and near[i, k]:
                    out = np.dot(np.cross(points[j] - points[i], points[k] - points[i]), points[i])
                    a, b, c = (i, j, k) if out > 0 else (i, k, j)
                    ab, bc, ca = between(a, b), between(b, c), between(c, a)
                    faces += [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    solid = np.array(vertices)
    return Mesh(solid, np.array(faces, np.int32), solid[:, :2])


def _disc() -> Mesh:
    angle = np.arange(DISC_SIDES) * 2 * np.pi / DISC_SIDES
    rim = np.stack([np.cos(angle), np.sin(angle), np.zeros(DISC_SIDES)], axis=1)
    number = np.arange(DISC_SIDES)
    fan = np.stack([np.zeros(DISC_SIDES), 1 + number, 1 + (number + 1) % DISC_SIDES], axis=1)
    vertices = np.concatenate([np.zeros((1, 3)), rim])
    return Mesh(vertices, fan.astype(np.int32), vertices[:, :2])


def _many(one: Mesh, count: int) -> Mesh:
    """That many small copies in one place: `Motion.shapes` puts them where they are."""
    first = np.arange(count)[:, None, None] * len(one.vertices)
    faces = (one.triangles[None] + first).reshape(-1, 3).astype(np.int32)
    return Mesh(np.tile(one.vertices * SMALL_M, (count, 1)), faces, np.tile(one.uv, (count, 1)))


def ball_vertices() -> np.ndarray:
    """float64 [V,3] of one drop of radius 1."""
    return _ball().vertices


def disc_vertices() -> np.ndarray:
    """float64 [V,3] of one wet patch of radius 1, flat."""
    return _disc().vertices
