"""Align: bring a donor frame exactly onto the target around the hole.

Enters: target and donor at proxy size, the homography that registration gives, and the ring of
kept pixels that both show. Leaves: a better homography. Knows nothing of exposure beyond taking a
gain and an offset out, and nothing of depth (`depth`).

The homography is refined by Gauss-Newton on the ring (inverse of Lucas & Kanade 1981, affine, with
gain and bias, Tukey weights), so it fits where it matters: beside the hole.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.vision.fitting import Image, Matrix, normal

STEPS = 4
FINER = 2  # parts of a pixel, each way, that land for themselves
MIN_RING = 60  # ring pixels below which there is nothing to align to
MOST_ASKED = 12_000  # pixels that are asked of a mask: few numbers that all fit need no more
MAX_SHIFT_PX = 2.5  # a refinement that moves the ring farther than this is not believed
BETTER = 0.995  # the residual must fall at least to this share of what it was


def warp(picture: Image, matrix: Matrix, box: Box, *, exact: bool = False) -> Image:
    """A donor [H, W, ...] as seen from the target, inside the target's `box`.

    `matrix` leads from target to donor pixels. Cubic; nearest where `exact`.
    """
    shift = np.array([[1, 0, box.left], [0, 1, box.top], [0, 0, 1.0]])
    flags = (cv2.INTER_NEAREST if exact else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(
        picture,
        matrix @ shift,
        (box.width, box.height),
        flags=flags,
        borderMode=cv2.BORDER_REPLICATE,
    )


def landed(clear: Image, matrix: Matrix, box: Box) -> NDArray[np.bool_]:
    """Where a donor's clear pixels [H, W] land in the target's box."""
    shift = np.array([[1, 0, box.left], [0, 1, box.top], [0, 0, 1.0]])
    landed = cv2.warpPerspective(
        clear,
        matrix @ shift,
        (box.width, box.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return np.asarray(landed > 0.5, bool)


def look_up(picture: Image, points: Image) -> Image:
    """A picture's values at points [h, w, 2] (x, y), cubic; beyond its edge the edge goes on."""
    x, y = (np.ascontiguousarray(points[..., axis], np.float32) for axis in (0, 1))
    return cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def spread_over(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where a mask is set, as indices into it raveled: all, or at most `MOST_ASKED` of them."""
    asked = np.flatnonzero(mask)
    return asked[:: max(1, -(-len(asked) // MOST_ASKED))]


def refine(
    target: Image,
    donor: Image,
    ring: NDArray[np.bool_],
    matrix: Matrix,
    box: Box,
) -> Matrix:
    """A better target-to-donor homography.

    Args:
        target: gray [h, w] of the target inside `box`.
        donor: gray [H, W], whole.
        ring: [h, w] where both show the same world.
        matrix: from target to donor pixels, full-frame coordinates.
    """
    if ring.sum() < MIN_RING:
        return matrix
    asked = spread_over(ring)
    rows, columns = np.divmod(asked, box.width)
    scale = max(box.width, box.height) / 2
    x = (columns - columns.mean()) / scale
    y = (rows - rows.mean()) / scale
    goal = target.ravel()[asked].astype(np.float64)
    to_middle = np.array([[1, 0, -(columns.mean() + box.left)], [0, 1, -(rows.mean() + box.top)]])
    to_middle = np.vstack([to_middle, [0, 0, 1]])
    from_middle = np.linalg.inv(to_middle)
    best, best_error, current = matrix, np.inf, matrix
    for _ in range(STEPS + 1):
        seen = warp(donor, current, box)
        step, error = _step(seen, asked, goal, x, y)
        if not np.isfinite(error) or error > best_error * BETTER:
            break
        best, best_error = current, error
        a, b, tx, c, d, ty = step
        change = np.array(
            [[1 + a / scale, b / scale, tx], [c / scale, 1 + d / scale, ty], [0, 0, 1.0]]
        )
        current = normal(current @ from_middle @ change @ to_middle)
        if _moved(current, matrix, box) > MAX_SHIFT_PX:
            break
    return best


def _step(
    seen: Image,
    asked: NDArray[np.int64],
    goal: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """One Gauss-Newton step: the affine change of the target's coordinates, and the error before.

    The unknowns are six of the affine change, a gain and a bias.
    """
    gx, gy = (
        cv2.Sobel(seen, cv2.CV_32F, *way, ksize=3, scale=0.125).ravel()[asked].astype(np.float64)
        for way in ((1, 0), (0, 1))
    )
    value = seen.ravel()[asked].astype(np.float64)
    system = np.stack([gx * x, gx * y, gx, gy * x, gy * y, gy, value, np.ones_like(value)])
    damping = np.diag([1e-4] * 6 + [1e-9] * 2) * len(goal) * 1e-3
    off = goal - value
    residual = off - np.median(off)
    for _ in range(2):
        spread = 1.4826 * np.median(np.abs(residual)) + 1e-4
        weight = np.clip(1 - (residual / (4.685 * spread)) ** 2, 0, None) ** 2  # Tukey
        weighted = system * weight
        answer = np.linalg.solve(weighted @ system.T + damping, weighted @ off)
        residual = off - answer[6:] @ system[6:]
    error = float(np.sqrt((weight * residual**2).sum() / max(weight.sum(), 1e-9)))
    return answer[:6], error


def _moved(a: Matrix, b: Matrix, box: Box) -> float:
    corners = np.array(
        [[x, y, 1.0] for x in (box.left, box.right) for y in (box.top, box.bottom)]
    ).T
    p, q = a @ corners, b @ corners
    return float(np.abs(p[:2] / p[2] - q[:2] / q[2]).max())


def scattered(place: Image) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Columns and rows of the pixels on which points [n, 2] (x, y) land, each in `FINER` parts each
    way so that what grows has no cracks, and the number of the point that lands there."""
    parts = ((np.arange(FINER) + 0.5) / FINER - 0.5).astype(np.float32)
    size = len(place), FINER, FINER
    column = np.rint(place[:, 0, None, None] + parts[None, :, None]).astype(np.int32)
    row = np.rint(place[:, 1, None, None] + parts[None, None, :]).astype(np.int32)
    number = np.repeat(np.arange(len(place)), FINER * FINER)
    return np.broadcast_to(column, size).ravel(), np.broadcast_to(row, size).ravel(), number
