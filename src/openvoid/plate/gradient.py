"""Gradient domain: smooth membranes through holes, and seams healed by Poisson's equation.

Enters: pictures [H, W, C] float32 and where they are known. Leaves: the same, with the unknown part
solved for. Knows nothing of shots, frames or exemplars.

Both solve the Laplace or Poisson equation with full multigrid (Brandt 1977) on cell-centred grids.
The operator is B - 1 with B the binomial blur [1 2 1]/4 both ways: a nine-point Laplacian divided
by four, for which one blur is a Jacobi step that halves every high frequency. The picture's border
lets nothing through (Neumann).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box

Plane = NDArray[np.float32]
_STEPS = 2  # smoothing steps before, and after, the coarse correction
_DIRECT = 40  # so few unknown cells are solved for by a matrix
_BLEND_CYCLES = 5
_EDGE = cv2.BORDER_REPLICATE


class _Level(NamedTuple):
    unknown: NDArray[np.uint8]  # [h, w] 0 or 255
    values: Plane  # [h, w, C] mean of the known pixels of each cell
    inverse: NDArray[np.float32] | None  # of 1 - B over the unknown cells, on the coarsest level


def membrane(values: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """`values` [H, W, C] where `known`, their harmonic interpolation elsewhere.

    Never leaves the range of the known values around the hole. Where nothing is known, zeros.
    """
    if not known.any():
        return np.zeros_like(values)
    result = np.array(values, np.float32)
    if known.all():
        return result
    box = bounding_box(~known).grown(1, *known.shape).slices
    levels = _pyramid(result[box], known[box])
    solved = levels[-1].values
    for depth in range(len(levels) - 1, -1, -1):
        level = levels[depth]
        guess = _enlarged(solved, level.unknown.shape) if depth < len(levels) - 1 else solved
        solved = level.values.copy()
        cv2.copyTo(guess, level.unknown, solved)
        _cycle(solved, None, levels, depth, visits=1)
    for channel, (low, high) in enumerate(_ranges(result[box], levels[0].unknown)):
        np.clip(solved[..., channel], low, high, out=solved[..., channel])
    part = result[box]
    cv2.copyTo(solved, levels[0].unknown, part)
    return result


def blend(
    composite: NDArray[np.float32],
    guidance_x: NDArray[np.float32],
    guidance_y: NDArray[np.float32],
    hole: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """The picture that equals `composite` outside the hole and follows the guidance inside.

    All [H, W, C]. `guidance_x[y, x]` is the wanted difference between (y, x + 1) and (y, x),
    `guidance_y[y, x]` between (y + 1, x) and (y, x); the last column, respectively row, is not
    read. `composite` inside the hole is the first guess. A hole that covers everything keeps the
    mean of `composite`. (Perez, Gangnet, Blake 2003.)
    """
    result = np.array(composite, np.float32)
    if not hole.any():
        return result
    box = bounding_box(hole).grown(1, *hole.shape).slices
    part = np.ascontiguousarray(result[box])
    rhs = _divergence(guidance_x[box], guidance_y[box])
    levels = _pyramid(part, ~hole[box])
    for _ in range(_BLEND_CYCLES):
        _cycle(part, rhs, levels, 0, visits=2)
    if hole.all():
        part += (composite.mean((0, 1)) - part.mean((0, 1))).astype(np.float32)
    result[box] = part
    return result


def _divergence(guidance_x: Plane, guidance_y: Plane) -> Plane:
    """What (B - 1) u must be for u to have these differences.

    With S = 1 + D/4 the blur along one axis, B - 1 = [Dxx (1 + Dyy/8) + Dyy (1 + Dxx/8)] / 4.
    """
    across, down = np.array(guidance_x, np.float32), np.array(guidance_y, np.float32)
    across[:, -1] = 0
    down[-1] = 0
    ones, smooth = np.ones(1, np.float32), np.array([0.125, 0.75, 0.125], np.float32)
    across = _channels(cv2.sepFilter2D(across, -1, ones, smooth, borderType=_EDGE))
    down = _channels(cv2.sepFilter2D(down, -1, smooth, ones, borderType=_EDGE))
    result = across + down
    result[:, 1:] -= across[:, :-1]
    result[1:] -= down[:-1]
    result *= 0.25
    return result


# --- multigrid --------------------------------------------------------------------------------


def _pyramid(values: Plane, known: NDArray[np.bool_]) -> list[_Level]:
    """Halved until few cells are unknown. A coarse cell is known if any pixel in it is."""
    levels: list[_Level] = []
    weight: Plane = known.astype(np.float32)[..., None]
    means: Plane = _channels(cv2.copyTo(values, known.view(np.uint8), np.zeros_like(values)))
    while True:
        unknown = np.where(weight[..., 0] > 0, np.uint8(0), np.uint8(255))
        if np.count_nonzero(unknown) <= _DIRECT or max(unknown.shape) == 1:
            return [*levels, _Level(unknown, means, _inverse(unknown > 0))]
        levels.append(_Level(unknown, means, None))
        means, weight = _halved(means), _halved(weight)
        means /= np.maximum(weight, np.float32(1e-12))
        weight = (weight > 0).astype(np.float32)


def _cycle(solved: Plane, rhs: Plane | None, levels: list[_Level], depth: int, visits: int) -> None:
    """One cycle for (B - 1) solved = rhs on the unknown cells of a level, in place.

    It visits the coarser level once (V-cycle) or twice (W-cycle).
    """
    unknown, _, inverse = levels[depth]
    if inverse is not None:
        where = unknown > 0
        solved[where] += inverse @ _missing(solved, rhs)[where]
        return
    _smooth(solved, rhs, unknown)
    missing = _missing(solved, rhs)
    coarse_rhs = _halved(_channels(cv2.copyTo(missing, unknown, np.zeros_like(missing))))
    coarse_rhs *= -4  # the step is twice as long
    correction = np.zeros_like(coarse_rhs)
    for _ in range(visits):
        _cycle(correction, coarse_rhs, levels, depth + 1, visits)
    fine = _enlarged(correction, unknown.shape)
    fine += solved
    cv2.copyTo(fine, unknown, solved)
    _smooth(solved, rhs, unknown)


def _missing(solved: Plane, rhs: Plane | None) -> Plane:
    """(B - 1) solved - rhs."""
    missing = _blurred(solved)
    missing -= solved
    if rhs is not None:
        missing -= rhs
    return missing


def _smooth(solved: Plane, rhs: Plane | None, unknown: NDArray[np.uint8]) -> None:
    for _ in range(_STEPS):
        blurred = _blurred(solved)
        if rhs is not None:
            blurred -= rhs
        cv2.copyTo(blurred, unknown, solved)


def _inverse(unknown: NDArray[np.bool_]) -> NDArray[np.float32]:
    """The inverse of 1 - B over the unknown cells (a pseudo-inverse where all are unknown)."""
    rows, columns = (_blur_matrix(size) for size in unknown.shape)
    y, x = np.nonzero(unknown)
    matrix = np.eye(y.size) - rows[np.ix_(y, y)] * columns[np.ix_(x, x)]
    inverse = np.linalg.pinv(matrix) if unknown.all() else np.linalg.inv(matrix)
    return inverse.astype(np.float32)


def _blur_matrix(size: int) -> NDArray[np.float64]:
    """[1 2 1]/4 along a line of cells, its ends repeated."""
    matrix = np.eye(size) / 2 + np.eye(size, k=1) / 4 + np.eye(size, k=-1) / 4
    matrix[0, 0] += 0.25
    matrix[-1, -1] += 0.25
    return matrix


def _blurred(plane: Plane) -> Plane:
    return _channels(cv2.GaussianBlur(plane, (3, 3), 0, borderType=_EDGE))


def _halved(plane: Plane) -> Plane:
    """Mean of 2 x 2 cells; an odd last row or column stands for two."""
    height, width = plane.shape[:2]
    if height % 2 or width % 2:
        plane = _channels(cv2.copyMakeBorder(plane, 0, height % 2, 0, width % 2, _EDGE))
    size = (plane.shape[1] // 2, plane.shape[0] // 2)
    return _channels(cv2.resize(plane, size, interpolation=cv2.INTER_AREA))


def _enlarged(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """Bilinear between cell centres."""
    height, width = plane.shape[:2]
    large = cv2.resize(plane, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(_channels(large)[: shape[0], : shape[1]])


def _channels(plane: Any) -> Plane:
    """OpenCV drops a single channel's axis; here it always is [H, W, C] float32."""
    result: Plane = plane if plane.ndim == 3 else plane[..., None]
    return result


def _ranges(values: Plane, unknown: NDArray[np.uint8]) -> list[tuple[float, float]]:
    """Least and largest known value that touches an unknown pixel, for each channel."""
    rim = cv2.subtract(cv2.dilate(unknown, np.ones((3, 3), np.uint8)), unknown)
    return [cv2.minMaxLoc(channel, rim)[:2] for channel in cv2.split(values)]
