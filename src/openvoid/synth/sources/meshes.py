"""Triangles from an OBJ file, and whether they close around a volume.

Enters: a file in Wavefront's OBJ format (v and f lines; polygons are cut into fans). Leaves: a
`Solid`. A mesh that physics is to use must be closed: along every edge as many triangles go one way
as the other (so pieces may touch). Corners in the same place are one. Knows no renderer: texture
coordinates and materials stay in the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from openvoid.core.errors import OpenVoidError

NEAR = 1e-6  # of the extent: corners this close are one
MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class Solid:
    """What a mesh is like; vertices in the file's own units and axes."""

    vertices: np.ndarray  # float64 [V,3]
    triangles: np.ndarray  # int [F,3]

    @property
    def low(self) -> np.ndarray:
        """The lowest x, y and z."""
        least: np.ndarray = self.vertices.min(axis=0)
        return least

    @property
    def high(self) -> np.ndarray:
        """The highest x, y and z."""
        most: np.ndarray = self.vertices.max(axis=0)
        return most

    @property
    def volume(self) -> float:
        """By the divergence theorem, from the origin; below 0 where it is turned inside out."""
        a, b, c = (self.vertices[self.triangles[:, corner]] for corner in range(3))
        return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)


def read_solid(path: Path, *, closed: bool = True) -> Solid:
    """The mesh of an OBJ file.

    Raises:
        OpenVoidError: no such file; not OBJ; without triangles; not closed, where that is asked.
    """
    solid = _read(path)
    if not closed:
        return solid
    loose = open_edges(solid)
    if loose:
        raise OpenVoidError(
            f"not a closed mesh: {loose} of its edges do not join two triangles",
            where=str(path),
            mend="close its holes in a 3-D program, or name another mesh",
        )
    if solid.volume <= 0:
        mend = "flip its triangles in a 3-D program"
        raise OpenVoidError("a mesh that is turned inside out, or flat", where=str(path), mend=mend)
    return solid


def open_edges(solid: Solid) -> int:
    """Along how many edges other than equally many triangles go one way and the other."""
    extent = max(float(np.ptp(solid.vertices, axis=0).max()), 1e-12)
    places = np.round((solid.vertices - solid.low) / (extent * NEAR)).astype(np.int64)
    _, same = np.unique(places, axis=0, return_inverse=True)
    corners = same.reshape(-1)[solid.triangles]
    whole = (corners != np.roll(corners, 1, axis=1)).all(axis=1)  # else it is a line or a point
    ways = np.concatenate([corners[whole][:, [k, (k + 1) % 3]] for k in range(3)])
    forth, counts = np.unique(ways, axis=0, return_counts=True)
    number = {(int(a), int(b)): int(n) for (a, b), n in zip(forth, counts, strict=True)}
    return sum(1 for (a, b), times in number.items() if times != number.get((b, a), 0))


def _read(path: Path) -> Solid:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise OpenVoidError("a mesh of more than 256 MB", where=str(path))
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise OpenVoidError(
            f"mesh cannot be read: {error.strerror or error}", where=str(path)
        ) from error
    vertices: list[tuple[float, ...]] = []
    triangles: list[tuple[int, int, int]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0] not in ("v", "f"):
            continue
        try:
            if words[0] == "v":
                vertices.append((float(words[1]), float(words[2]), float(words[3])))
            else:
                corners = [_corner(word, len(vertices)) for word in words[1:]]
                triangles += [
                    (corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1)
                ]
        except (ValueError, IndexError) as error:
            raise OpenVoidError(f"line {number} is not OBJ", where=str(path)) from error
    points = np.array(vertices, float).reshape(-1, 3)
    faces = np.array(triangles, int).reshape(-1, 3)
    if not len(faces) or not len(points) or not np.isfinite(points).all():
        raise OpenVoidError("a mesh without triangles", where=str(path))
    if faces.max() >= len(points) or faces.min() < 0:
        raise OpenVoidError("a mesh whose faces name corners it does not have", where=str(path))
    return Solid(points, faces)


def _corner(word: str, so_far: int) -> int:
    """OBJ counts from 1, or backwards from the last by negative numbers."""
    number = int(word.split("/")[0])
    return number - 1 if number > 0 else so_far + number
