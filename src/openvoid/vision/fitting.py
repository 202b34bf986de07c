"""Fitting: what one picture plane does from one frame to another, by a camera's model.

Enters: points in both frames, matched one by one. Leaves: the model's homography, fitted robustly
(MAGSAC, Barath et al. 2019, and least squares over what agrees), and which points agree with it.
Knows no frames.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.features import Mask, Points, distances

Image = NDArray[Any]  # [h, w] or [h, w, 3], float32 unless said
Matrix = NDArray[Any]  # [3, 3] float64

# How exactly a feature is found again does not hang on the picture's size: pixels of any frame.
AGREE_PX = 0.3  # features this near to a model agree with it: moving water cannot bend it
LOCKED_AGREE_PX = 1.0  # the same where the model is not fitted
FEW = 40  # with fewer matches than this a frame gets a similarity, whatever the shot's model
MIN_FEATURES = 12
POLISH = 4  # rounds of least squares after the robust fit


class Camera(StrEnum):
    """How a shot's camera moves, simplest first."""

    LOCKED = "locked"
    AFFINE = "affine"
    HOMOGRAPHY = "homography"
    PARALLAX = "parallax"  # homography, and local alignment around the hole


def fit(start: Points, end: Points, camera: Camera) -> tuple[Matrix | None, Mask]:
    """The camera's model from matched points, robustly, and which of them agree with it.

    None where there are too few points, or the fit is degenerate.
    """
    none = np.zeros(len(start), bool)
    if camera is Camera.LOCKED:
        return np.eye(3), distances(start, end) < LOCKED_AGREE_PX
    if len(start) < MIN_FEATURES:
        return None, none
    few = len(start) < FEW
    affine: Any
    affine, inliers = (cv2.estimateAffinePartial2D if few else cv2.estimateAffine2D)(
        start, end, method=cv2.RANSAC, ransacReprojThreshold=AGREE_PX, refineIters=20
    )
    tries = [] if affine is None else [(np.vstack([affine, [0, 0, 1]]), inliers)]
    free = camera is not Camera.AFFINE and not few
    if free:  # a homography bends to what drifts together: the affine fit may be the better start
        tries.append(cv2.findHomography(start, end, cv2.USAC_MAGSAC, AGREE_PX, maxIters=500))
    best: tuple[Matrix | None, Mask] = None, none
    most = 0.0
    for matrix, inliers in tries:
        if matrix is None or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 0.05:
            continue
        found = _polished(matrix, inliers.ravel().astype(bool), start, end, free)
        error = distances(transform(found[0], start), end)
        agreement = float(np.clip(1 - (error / AGREE_PX) ** 2, 0, None).sum())
        if agreement > most:
            best, most = found, agreement
    return best


def _polished(
    matrix: Matrix, agree: Mask, start: Points, end: Points, free: bool
) -> tuple[Matrix, Mask]:
    """Least squares over all that agree within the features' own noise, found again each round."""
    for _ in range(POLISH):
        if agree.sum() < FEW:
            break
        if free:
            better: Any
            better, _ = cv2.findHomography(start[agree], end[agree], 0)
            if better is None:
                break
            matrix = np.asarray(better, np.float64)
        else:
            rows = np.c_[start[agree], np.ones(agree.sum())].astype(np.float64)
            matrix = np.vstack([np.linalg.lstsq(rows, end[agree], rcond=None)[0].T, [0, 0, 1]])
        error = distances(transform(matrix, start), end)
        agree = error < max(AGREE_PX / 2, 3.0 * float(np.median(error[agree])))
    return normal(matrix), agree


def normal(matrix: Matrix) -> Matrix:
    """The same homography with its last element 1."""
    return np.asarray(matrix / matrix[2, 2], np.float64)


def transform(matrix: Matrix, points: NDArray[Any]) -> Points:
    """Points [N, 2] (x, y) through a homography."""
    rows = np.c_[points, np.ones(len(points))] @ matrix.T
    return np.asarray(rows[:, :2] / rows[:, 2:], np.float32)


def scaled(matrix: Matrix, scale: float) -> Matrix:
    """The same homography between pictures `scale` times as large (pixel centres at integers)."""
    shift = (scale - 1) / 2
    up = np.array([[scale, 0, shift], [0, scale, shift], [0, 0, 1.0]])
    return normal(up @ matrix @ np.linalg.inv(up))
