"""Align: bring a donor frame exactly onto the target around the hole.

Enters: target and donor at proxy size, the homography that registration gives, and the ring of
kept pixels that both show. Leaves: a better homography, and where one plane is not enough a smooth
displacement field. Knows nothing of exposure beyond taking a gain and an offset out.

The homography is refined by Gauss-Newton on the ring (inverse of Lucas & Kanade 1981, affine, with
gain and bias, Tukey weights), so it fits where it matters: beside the hole. With parallax, dense
flow around the hole (DIS, Kroeger 2016) is carried into it by a membrane.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.plate.gradient import membrane
from openvoid.vision.fitting import Image, Matrix, normal
from openvoid.vision.flow import Dis

STEPS = 4
MAX_PARALLAX_PX = 24.0
MIN_RING = 60  # ring pixels below which there is nothing to align to
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


def look_up(picture: Image, points: Image) -> Image:
    """A picture's values at points [h, w, 2] (x, y), cubic; beyond its edge the edge goes on."""
    x, y = (np.ascontiguousarray(points[..., axis], np.float32) for axis in (0, 1))
    return cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


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
    rows, columns = np.nonzero(ring)
    scale = max(box.width, box.height) / 2
    x = (columns - columns.mean()) / scale
    y = (rows - rows.mean()) / scale
    goal = target[ring]
    to_middle = np.array([[1, 0, -(columns.mean() + box.left)], [0, 1, -(rows.mean() + box.top)]])
    to_middle = np.vstack([to_middle, [0, 0, 1]])
    from_middle = np.linalg.inv(to_middle)
    best, best_error, current = matrix, np.inf, matrix
    for _ in range(STEPS + 1):
        seen = warp(donor, current, box)
        step, error = _step(seen, ring, goal, x, y)
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
    ring: NDArray[np.bool_],
    goal: Image,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """One Gauss-Newton step: the affine change of the target's coordinates, and the error before.

    The unknowns are six of the affine change, a gain and a bias.
    """
    gx = cv2.Sobel(seen, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)[ring]
    gy = cv2.Sobel(seen, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)[ring]
    value = seen[ring]
    one = np.ones_like(value)
    system = np.stack([gx * x, gx * y, gx, gy * x, gy * y, gy, value, one], axis=1)
    system = system.astype(np.float64)
    weight = np.ones(len(goal))
    residual = (goal - value).astype(np.float64)
    residual -= np.median(residual)
    for _ in range(2):
        spread = 1.4826 * np.median(np.abs(residual)) + 1e-4
        weight = np.clip(1 - (residual / (4.685 * spread)) ** 2, 0, None) ** 2  # Tukey
        weighted = system * weight[:, None]
        normal_matrix = weighted.T @ system + np.diag([1e-4] * 6 + [1e-9] * 2) * len(goal) * 1e-3
        answer = np.linalg.solve(normal_matrix, weighted.T @ (goal - value).astype(np.float64))
        residual = (goal - value) - system[:, 6:] @ answer[6:]
    error = float(np.sqrt((weight * residual**2).sum() / max(weight.sum(), 1e-9)))
    return answer[:6], error


def _moved(a: Matrix, b: Matrix, box: Box) -> float:
    corners = np.array(
        [[x, y, 1.0] for x in (box.left, box.right) for y in (box.top, box.bottom)]
    ).T
    p, q = a @ corners, b @ corners
    return float(np.abs(p[:2] / p[2] - q[:2] / q[2]).max())


def parallax(target: Image, seen: Image, ring: NDArray[np.bool_]) -> Image:
    """Displacement [h, w, 2] (x, y) that brings an already warped donor onto the target.

    Dense flow where both show the world (`ring`), carried on smoothly where they do not.
    """
    if ring.sum() < MIN_RING:
        return np.zeros((*ring.shape, 2), np.float32)
    gain = 255.0
    first, second = (
        np.clip(np.where(ring, picture, 0.5) * gain, 0, 255).astype(np.uint8)
        for picture in (target, seen)
    )
    flow = Dis().between_gray(first, second)
    inner = cv2.erode(ring.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    smooth = cv2.GaussianBlur(flow * inner[..., None], (0, 0), 3)
    weight = cv2.GaussianBlur(inner.astype(np.float32), (0, 0), 3)
    smooth = smooth / np.maximum(weight, 1e-3)[..., None]
    return np.clip(membrane(smooth, inner & (weight > 0.1)), -MAX_PARALLAX_PX, MAX_PARALLAX_PX)
