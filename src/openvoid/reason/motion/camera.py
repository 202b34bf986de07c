"""Camera: how the picture moves as a whole, so that what moves by itself can be told apart.

Enters: small gray frames in order, and where the object is. Leaves: a homography from every frame
to the first, the simplest that explains the shot (none, affine, full), and how far what it does not
explain is off. Features are followed straight from a key frame (pyramidal Lucas and Kanade, checked
there and back), so errors do not add up while the key stays in view. Knows no objects.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Matrix = NDArray[np.float64]  # [3, 3]
Points = NDArray[np.float32]  # [N, 2] (x, y)

FEATURES = 400
FEWEST = 12  # features by which a pose is believed
RENEW_SHARE = 0.5  # of a key's features still followed: fewer, and a new key is taken
STILL_PX = 0.25  # a camera that moves the picture less than this never moves
AGREE_PX = 0.8
SIMPLER = 1.2  # a full homography must be better than an affine one by this factor


@dataclass(frozen=True)
class Poses:
    """Frame -> first frame, per frame; `spread_px` is how far features are off on the median."""

    matrices: tuple[Matrix, ...]
    locked: bool
    spread_px: float
    lost: tuple[int, ...] = ()


@dataclass
class _Key:
    gray: Gray
    points: Points
    pose: Matrix  # key -> first frame
    step: Matrix  # key -> newest frame
    trusted: NDArray[np.bool_]  # features on the plane that the camera is told by


def follow(frames: Iterable[tuple[Gray, NDArray[np.bool_]]]) -> Poses:
    """Poses of a shot, from its frames and where each shows the object (left out)."""
    pairs: list[tuple[Points, Points, Matrix]] = []  # key's features, the same now, key's pose
    key: _Key | None = None
    last: tuple[Gray, NDArray[np.bool_]] | None = None
    for gray, covered in frames:
        if key is None or last is None:
            key = _key_of(gray, covered, np.eye(3))
            pairs.append((key.points, key.points, np.eye(3)))
        else:
            start, end, which = _followed(key, gray, covered)
            if len(end) < max(FEWEST, RENEW_SHARE * len(key.points)):
                fresh = _key_of(*last, key.pose @ np.linalg.inv(key.step))
                found = _followed(fresh, gray, covered)
                if len(found[1]) > len(end):
                    _trust(fresh, key, (start, end), found)
                    key, (start, end, which) = fresh, found
            keep = key.trusted[which]
            if keep.sum() >= FEWEST:
                start, end, which = start[keep], end[keep], which[keep]
            matrix = _fitted(start, end, full=True)
            if matrix is not None:
                agree = _distance(moved(matrix, start), end) < 3 * AGREE_PX
                key.trusted[which[~agree]] = False
                key.step = matrix
            pairs.append((start, end, key.pose))
        last = gray, covered
    return _explained(pairs)


def _trust(
    fresh: _Key,
    old: _Key,
    pair: tuple[Points, Points],
    found: tuple[Points, Points, NDArray[np.int64]],
) -> None:
    """Of a new key's features, believe those that go on with the plane followed so far."""
    matrix = _fitted(*pair, full=True)
    if matrix is None:
        return
    on = matrix @ np.linalg.inv(old.step)
    agree = _distance(moved(on, found[0]), found[1]) < 2 * AGREE_PX
    if agree.sum() >= 2 * FEWEST:
        fresh.trusted[found[2][~agree]] = False


def _explained(pairs: list[tuple[Points, Points, Matrix]]) -> Poses:
    moves = [float(np.median(_distance(end, start))) for start, end, _ in pairs[1:] if len(end)]
    keyed = any(not np.array_equal(pose, np.eye(3)) for _, _, pose in pairs)
    if not moves or (np.percentile(moves, 95) < STILL_PX and not keyed):
        return Poses((np.eye(3),) * len(pairs), True, 0.0)
    fits = {full: [_fitted(a, b, full=full) for a, b, _ in pairs] for full in (False, True)}
    errors = {full: _error(pairs, found) for full, found in fits.items()}
    full = errors[False] > SIMPLER * errors[True]
    matrices, lost, origin = [np.eye(3)], [], pairs[0][2]
    for index, (found, (_, _, pose)) in enumerate(zip(fits[full], pairs, strict=True)):
        if index == 0:
            continue
        if found is None:
            lost.append(index)
            matrices.append(matrices[-1])
        else:
            matrices.append(normal(origin @ pose @ np.linalg.inv(found)))
    return Poses(tuple(matrices), False, errors[full], tuple(lost))


def _error(pairs: list[tuple[Points, Points, Matrix]], fits: list[Matrix | None]) -> float:
    off = [
        float(np.median(_distance(moved(matrix, start), end)))
        for (start, end, _), matrix in zip(pairs[1:], fits[1:], strict=True)
        if matrix is not None and len(end)
    ]
    return float(np.median(off)) if off else 0.0


def _key_of(gray: Gray, covered: NDArray[np.bool_], pose: Matrix) -> _Key:
    free = cv2.erode((~covered).astype(np.uint8), np.ones((9, 9), np.uint8))
    found: Any = cv2.goodFeaturesToTrack(gray, FEATURES, 0.003, 7, mask=free, blockSize=5)
    points = np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2)
    return _Key(gray, points, pose, np.eye(3), np.ones(len(points), bool))


def _followed(
    key: _Key, gray: Gray, covered: NDArray[np.bool_]
) -> tuple[Points, Points, NDArray[np.int64]]:
    """Features of the key, the same now, and their numbers."""
    if len(key.points) < FEWEST:
        return key.points[:0], key.points[:0], np.zeros(0, np.int64)
    guess = moved(key.step, key.points)
    there, good = round_trip(
        key.gray, gray, key.points, guess, covered, side_px=15, levels=3, off_px=0.5
    )
    return key.points[good], there[good], np.flatnonzero(good)


def round_trip(
    before: Gray,
    now: Gray,
    points: Points,
    guess: Points,
    covered: NDArray[np.bool_],
    *,
    side_px: int,
    levels: int,
    off_px: float,
) -> tuple[Points, NDArray[np.bool_]]:
    """Where features are now (pyramidal Lucas and Kanade), and of which it is certain: they come
    back to where they were, less than `off_px` off, and are in the picture where nothing covers
    them."""
    options: dict[str, Any] = {
        "winSize": (side_px, side_px),
        "maxLevel": levels,
        "flags": cv2.OPTFLOW_USE_INITIAL_FLOW,
    }
    there: Any
    there, ok, _ = cv2.calcOpticalFlowPyrLK(before, now, points, guess.copy(), **options)
    back: Any
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(now, before, there, points.copy(), **options)
    good = (ok.ravel() > 0) & (ok_back.ravel() > 0) & (_distance(back, points) < off_px)
    height, width = now.shape
    x, y = np.rint(np.nan_to_num(there, nan=-1.0)).astype(int).T
    good &= (x >= 0) & (y >= 0) & (x < width) & (y < height)
    good[good] &= ~covered[y[good], x[good]]
    return there, good


def _fitted(start: Points, end: Points, *, full: bool) -> Matrix | None:
    if len(end) < FEWEST:
        return None
    found: Any
    if full and len(end) >= 2 * FEWEST:
        found, _ = cv2.findHomography(start, end, cv2.RANSAC, AGREE_PX, maxIters=500)
    else:
        found, _ = cv2.estimateAffine2D(
            start, end, method=cv2.RANSAC, ransacReprojThreshold=AGREE_PX, refineIters=20
        )
        found = None if found is None else np.vstack([found, [0, 0, 1]])
    if found is None or not np.isfinite(found).all() or abs(np.linalg.det(found)) < 0.05:
        return None
    return np.asarray(found, np.float64)


def normal(matrix: NDArray[Any]) -> Matrix:
    """The same homography with its last element 1."""
    return np.asarray(matrix / matrix[2, 2], np.float64)


def moved(matrix: Matrix, points: NDArray[Any]) -> Points:
    """Points [N, 2] (x, y) through a homography."""
    rows = np.c_[points, np.ones(len(points))] @ matrix.T
    return np.asarray(rows[:, :2] / rows[:, 2:], np.float32)


def _distance(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(np.asarray(a, float) - b, axis=-1))
