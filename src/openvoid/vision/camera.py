"""Register: how the camera moved, from the kept region only.

Enters: reduced frames ("proxies", gray uint8 [h, w]) in order, and where each is kept. Leaves: for
every frame a homography from the world (frame 0's picture plane) to that frame, in proxy pixels,
the simplest camera model that explains the shot, and its residual. Knows nothing of filling.

Features of a keyframe are followed straight into every later frame (pyramidal Lucas-Kanade, checked
forward and back), so errors do not add up while the keyframe stays in view; MAGSAC fits the model.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Image = NDArray[Any]  # [h, w] or [h, w, 3], float32 unless said
Matrix = NDArray[Any]  # [3, 3] float64
Size = tuple[int, int]  # height, width
Points = NDArray[Any]  # [N, 2] (x, y) float32

SIMPLER = 1.15  # a freer model must lower the error by this factor to be worth its freedom
STILL_PX = 0.12  # a camera that moves the picture less than this (proxy px) is locked
FEW = 40  # with fewer matches than this a frame gets a similarity, whatever the shot's model
PARALLAX_PX = 0.7  # median error of all followed features above this: one plane does not explain it
AGREE_PX = (
    0.3  # features this near to a model agree with it: tight, so that moving water cannot bend it
)
FEATURES = 500
MIN_FEATURES = 12
POLISH = 4  # rounds of least squares after the robust fit
KEYFRAME_SHARE = 0.4  # a new keyframe once fewer than this share of its features is still followed


class Camera(StrEnum):
    """How a shot's camera moves, simplest first."""

    LOCKED = "locked"
    AFFINE = "affine"
    HOMOGRAPHY = "homography"
    PARALLAX = "parallax"  # homography, and local alignment around the hole


@dataclass(frozen=True)
class Registration:
    """World -> frame, per frame, in proxy pixels (pixel centres at whole numbers)."""

    camera: Camera
    matrices: tuple[Matrix, ...]
    residual_px: float  # median over frames of the inliers' RMS error, proxy px
    spread_px: float  # median error of all followed features, moving things and parallax included
    lost: tuple[int, ...] = ()  # frames in which nothing could be followed; they keep the last pose

    def between(self, source: int, target: int) -> Matrix:
        """The homography from frame `source` to frame `target`."""
        return normal(self.matrices[target] @ np.linalg.inv(self.matrices[source]))


@dataclass
class _Key:
    gray: Gray
    points: Points
    pose: Matrix  # world -> this keyframe
    last: Matrix  # this keyframe -> the newest frame


@dataclass
class _Match:
    key_pose: Matrix
    key_points: Points
    points: Points
    homography: Matrix | None


@dataclass
class Registrar:
    """Feed frames in order with `add`, then ask for the `result`."""

    _key: _Key | None = None
    _previous: Gray | None = None
    _matches: list[_Match] = field(default_factory=list)

    def add(self, gray: Gray, kept: NDArray[np.bool_]) -> None:
        """One more frame: gray uint8 [h, w], and where it is kept bool [h, w]."""
        if self._key is None:
            self._key = self._new_key(gray, kept, np.eye(3))
            points = self._key.points
            self._matches.append(_Match(np.eye(3), points, points, np.eye(3)))
        else:
            match = self._follow(self._key, gray, kept)
            if len(match.points) < max(MIN_FEATURES, KEYFRAME_SHARE * len(self._key.points)):
                match = self._renew(match, gray, kept)
            self._matches.append(match)
            if match.homography is not None:
                self._key.last = match.homography
        self._previous = gray

    def _follow(self, key: _Key, gray: Gray, kept: NDArray[np.bool_]) -> _Match:
        """Follow the keyframe's features into a frame, from where they were in the last one."""
        if len(key.points) < MIN_FEATURES:
            return _Match(key.pose, key.points[:0], key.points[:0], None)
        guess = transform(key.last, key.points)
        found, good = _lucas_kanade(key.gray, gray, key.points, guess)
        good &= _inside(kept, found)
        start, end = key.points[good], found[good]
        return _Match(key.pose, start, end, fit(start, end, Camera.HOMOGRAPHY)[0])

    def _renew(self, match: _Match, gray: Gray, kept: NDArray[np.bool_]) -> _Match:
        """Make the last frame the keyframe and follow from there; keep the better of the two."""
        assert self._key is not None
        assert self._previous is not None
        pose = normal(self._key.last @ self._key.pose)
        fresh = self._new_key(self._previous, kept, pose)
        renewed = self._follow(fresh, gray, kept)
        if len(renewed.points) > len(match.points):
            self._key = fresh
            return renewed
        return match

    @staticmethod
    def _new_key(gray: Gray, kept: NDArray[np.bool_], pose: Matrix) -> _Key:
        allowed = cv2.erode(kept.astype(np.uint8), np.ones((9, 9), np.uint8))
        found: Any = cv2.goodFeaturesToTrack(gray, FEATURES, 0.003, 8, mask=allowed, blockSize=5)
        points = np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2)
        return _Key(gray, points, pose, np.eye(3))

    def result(self, wanted: Camera | None = None) -> Registration:
        """The camera model for the whole shot (`wanted`, or the simplest that explains it)."""
        errors = {camera: _errors(self._matches, camera) for camera in Camera}
        size = (1, 1) if self._previous is None else self._previous.shape
        camera = wanted or _choose(errors, self._matches, (size[0], size[1]))
        matrices, lost = [np.eye(3)], []
        for index, match in enumerate(self._matches[1:], start=1):
            step = None
            if camera is Camera.LOCKED:
                step = np.eye(3)
            elif match.homography is not None:
                step = fit(match.key_points, match.points, camera)[0]
            if step is None:
                lost.append(index)
                matrices.append(matrices[-1])
            else:
                pose = np.eye(3) if camera is Camera.LOCKED else match.key_pose
                matrices.append(normal(step @ pose))
        rms, spread = errors[camera]
        return Registration(camera, tuple(matrices), rms, spread, tuple(lost))


def _choose(errors: dict[Camera, tuple[float, float]], matches: list[_Match], size: Size) -> Camera:
    moves = [_move(match, size) for match in matches[1:] if match.homography is not None]
    still = not moves or np.percentile(moves, 90) < STILL_PX
    if still or errors[Camera.LOCKED][1] < SIMPLER * errors[Camera.AFFINE][1]:
        return Camera.LOCKED
    if errors[Camera.HOMOGRAPHY][1] > PARALLAX_PX:
        return Camera.PARALLAX
    if errors[Camera.AFFINE][1] < SIMPLER * errors[Camera.HOMOGRAPHY][1]:
        return Camera.AFFINE
    return Camera.HOMOGRAPHY


def _move(match: _Match, size: Size) -> float:
    """How far an affine camera moved the picture's middle and quarters since the keyframe, px."""
    matrix, _ = fit(match.key_points, match.points, Camera.AFFINE)
    if matrix is None:
        return 0.0
    height, width = size
    grid = np.array([[x * width, y * height] for x in (0.25, 0.5, 0.75) for y in (0.25, 0.5, 0.75)])
    return float(np.median(_distance(transform(matrix, grid), grid)))


def _errors(matches: list[_Match], camera: Camera) -> tuple[float, float]:
    """Median over frames of (the inliers' RMS error, all features' median error), proxy px."""
    rms, spread = [0.0], [0.0]
    for match in matches[1:]:
        matrix, inliers = fit(match.key_points, match.points, camera)
        if matrix is None or not len(match.points):
            continue
        error = _distance(transform(matrix, match.key_points), match.points)
        rms.append(float(np.sqrt(np.mean(error[inliers] ** 2))) if inliers.any() else 0.0)
        spread.append(float(np.median(error)))
    return float(np.median(rms[1:] or rms)), float(np.median(spread[1:] or spread))


def fit(start: Points, end: Points, camera: Camera) -> tuple[Matrix | None, NDArray[np.bool_]]:
    """The camera's model from matched points, robustly, and which of them agree with it.

    None where there are too few points, or the fit is degenerate.
    """
    none = np.zeros(len(start), bool)
    if camera is Camera.LOCKED:
        return np.eye(3), _distance(start, end) < 1.0
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
    best: tuple[Matrix | None, NDArray[np.bool_]] = None, none
    most = 0.0
    for matrix, inliers in tries:
        if matrix is None or not np.isfinite(matrix).all() or abs(np.linalg.det(matrix)) < 0.05:
            continue
        found = _polished(matrix, inliers.ravel().astype(bool), start, end, free)
        error = _distance(transform(found[0], start), end)
        agreement = float(np.clip(1 - (error / AGREE_PX) ** 2, 0, None).sum())
        if agreement > most:
            best, most = found, agreement
    return best


def _polished(
    matrix: Matrix, agree: NDArray[np.bool_], start: Points, end: Points, free: bool
) -> tuple[Matrix, NDArray[np.bool_]]:
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
        error = _distance(transform(matrix, start), end)
        agree = error < max(0.15, 3.0 * float(np.median(error[agree])))
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


def _lucas_kanade(
    first: Gray, second: Gray, points: Points, guess: Points
) -> tuple[Points, NDArray[np.bool_]]:
    """Where `points` went, and which of them came back to where they began."""
    options: dict[str, Any] = {
        "winSize": (15, 15),
        "maxLevel": 3,
        "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01),
        "flags": cv2.OPTFLOW_USE_INITIAL_FLOW,
    }
    there: Any
    there, ok, _ = cv2.calcOpticalFlowPyrLK(first, second, points, guess.copy(), **options)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, points.copy(), **options)
    good = (ok.ravel() > 0) & (ok_back.ravel() > 0) & (_distance(back, points) < 0.5)
    return there, good


def _inside(kept: NDArray[np.bool_], points: Points) -> NDArray[np.bool_]:
    height, width = kept.shape
    x, y = np.round(np.nan_to_num(points, nan=-1.0)).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    inside[inside] &= kept[y[inside], x[inside]]
    return np.asarray(inside, bool)


def _distance(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(np.asarray(a, float) - b, axis=-1))
