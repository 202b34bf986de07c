"""Camera: how the picture moves as a whole, told by the kept region only.

Enters: reduced frames (gray uint8 [h, w]) in order, and where each is kept. Leaves: for every frame
a homography from the world (frame 0's picture plane) to that frame, in pixels of those frames, the
simplest camera model that explains the shot, what it leaves over, and which frames were lost. Knows
no objects, no causes and no filling: engine and reasoner see one camera.

Features of a keyframe are followed straight into every later frame, so errors do not add up while
the keyframe stays in view. The model is fitted by MAGSAC++ (Barath et al. 2020) and, beside it,
RANSAC (Fischler and Bolles 1981), and made better by least squares over all that agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.features import Gray, Mask, Points, corners, distances, found_again

Image = NDArray[Any]  # [h, w] or [h, w, 3], float32 unless said
Matrix = NDArray[Any]  # [3, 3] float64
Size = tuple[int, int]  # height, width

AT_PX = 640  # long side of the frames for which `STILL_PX` and `PARALLAX_PX` are told
STILL_PX = 0.12  # a camera that moves the picture less than this is locked
MOST_FRAMES = 90  # percent of the frames in which it must be
PARALLAX_PX = 0.7  # median error of all followed features above this: one plane does not explain it
SIMPLER = 1.15  # a freer model must lower the error by this factor to be worth its freedom
# How exactly a feature is found again does not hang on the picture's size: pixels of any frame.
AGREE_PX = 0.3  # features this near to a model agree with it: moving water cannot bend it
LOCKED_AGREE_PX = 1.0  # the same where the model is not fitted
FEW = 40  # with fewer matches than this a frame gets a similarity, whatever the shot's model
FEATURES, QUALITY, APART_PX, MARGIN_PX = 500, 0.003, 8, 4  # of a keyframe's corners
MIN_FEATURES = 12
POLISH = 4  # rounds of least squares after the robust fit
# A new keyframe once fewer than this share of its features is still followed, or of those followed
# agrees with one plane: under a travelling camera a tight fit would hold an ever smaller patch.
KEYFRAME_SHARE = 0.4


class Camera(StrEnum):
    """How a shot's camera moves, simplest first."""

    LOCKED = "locked"
    AFFINE = "affine"
    HOMOGRAPHY = "homography"
    PARALLAX = "parallax"  # homography, and local alignment around the hole


@dataclass(frozen=True)
class Registration:
    """World -> frame, per frame, in pixels of the reduced frames (centres at whole numbers)."""

    camera: Camera
    matrices: tuple[Matrix, ...]
    residual_px: float  # median over frames of the inliers' RMS error
    spread_px: float  # median error of all followed features, moving things and parallax included
    lost: tuple[int, ...] = ()  # frames in which nothing could be followed; they keep the last pose

    @property
    def locked(self) -> bool:
        return self.camera is Camera.LOCKED

    @property
    def warning(self) -> str | None:
        """What the person should know: in which frames the camera was lost."""
        if not self.lost:
            return None
        return (
            f"the camera could not be followed in {len(self.lost)} frames "
            f"({_runs(self.lost)}); they keep the pose of the frame before"
        )

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
    """What of a keyframe was found in a frame; each model is fitted to it once."""

    key_pose: Matrix
    key_points: Points
    points: Points
    _fits: dict[Camera, tuple[Matrix | None, Mask]] = field(default_factory=dict)

    def fitted(self, camera: Camera) -> tuple[Matrix | None, Mask]:
        """Keyframe -> frame, and which features agree with it."""
        if camera is Camera.PARALLAX:  # the same plane, aligned once more where it is filled
            camera = Camera.HOMOGRAPHY
        if camera not in self._fits:
            self._fits[camera] = fit(self.key_points, self.points, camera)
        return self._fits[camera]

    @property
    def agreeing(self) -> int:
        """How many features the freest model holds."""
        return int(self.fitted(Camera.HOMOGRAPHY)[1].sum())

    @property
    def step(self) -> Matrix | None:
        """Keyframe -> frame by the freest model; None where the frame is lost."""
        return self.fitted(Camera.HOMOGRAPHY)[0]


@dataclass
class Registrar:
    """Feed frames in order with `add`, then ask for the `result`."""

    _key: _Key | None = None
    _previous: tuple[Gray, Mask] | None = None
    _matches: list[_Match] = field(default_factory=list)

    def add(self, gray: Gray, kept: Mask) -> None:
        """One more frame: gray uint8 [h, w], and where it is kept bool [h, w]."""
        if self._key is None:
            self._key = self._new_key(gray, kept, np.eye(3))
            self._matches.append(_Match(np.eye(3), self._key.points, self._key.points))
        else:
            match = self._follow(self._key, gray, kept)
            fewer = len(match.points) < KEYFRAME_SHARE * len(self._key.points)
            if fewer or match.agreeing < max(MIN_FEATURES, KEYFRAME_SHARE * len(match.points)):
                match = self._renew(match, gray, kept)
            self._matches.append(match)
            if match.step is not None:
                self._key.last = match.step
        self._previous = gray, kept

    def _follow(self, key: _Key, gray: Gray, kept: Mask) -> _Match:
        """Follow the keyframe's features into a frame, from where they were in the last one."""
        if len(key.points) < MIN_FEATURES:
            return _Match(key.pose, key.points[:0], key.points[:0])
        guess = transform(key.last, key.points)
        found, good = found_again(key.gray, gray, key.points, guess, kept)
        return _Match(key.pose, key.points[good], found[good])

    def _renew(self, match: _Match, gray: Gray, kept: Mask) -> _Match:
        """Make the last frame the keyframe and follow from there; keep the better of the two."""
        assert self._key is not None
        assert self._previous is not None
        pose = normal(self._key.last @ self._key.pose)
        fresh = self._new_key(*self._previous, pose)
        renewed = self._follow(fresh, gray, kept)
        if renewed.agreeing > match.agreeing:
            self._key = fresh
            return renewed
        return match

    @staticmethod
    def _new_key(gray: Gray, kept: Mask, pose: Matrix) -> _Key:
        points = corners(
            gray, kept, count=FEATURES, quality=QUALITY, apart_px=APART_PX, margin_px=MARGIN_PX
        )
        return _Key(gray, points, pose, np.eye(3))

    def result(self, wanted: Camera | None = None) -> Registration:
        """The camera model for the whole shot (`wanted`, or the simplest that explains it)."""
        errors = {camera: _errors(self._matches, camera) for camera in Camera}
        size = (1, 1) if self._previous is None else self._previous[0].shape
        camera = wanted or _choose(errors, self._matches, (size[0], size[1]))
        matrices, lost = [np.eye(3)], []
        for index, match in enumerate(self._matches[1:], start=1):
            step = None
            if camera is Camera.LOCKED:
                step = np.eye(3)
            elif match.step is not None:
                step = match.fitted(camera)[0]
            if step is None:
                lost.append(index)
                matrices.append(matrices[-1])
            else:
                pose = np.eye(3) if camera is Camera.LOCKED else match.key_pose
                matrices.append(normal(step @ pose))
        left = errors[camera]
        return Registration(camera, tuple(matrices), left.rms_px, left.spread_px, tuple(lost))


def register(frames: Iterable[tuple[Gray, Mask]], wanted: Camera | None = None) -> Registration:
    """The camera of a shot, from its reduced frames and where each is kept."""
    registrar = Registrar()
    for gray, kept in frames:
        registrar.add(gray, kept)
    return registrar.result(wanted)


def _choose(errors: dict[Camera, _Errors], matches: list[_Match], size: Size) -> Camera:
    at = max(size) / AT_PX
    moves = [_move(match, size) for match in matches[1:] if match.step is not None]
    still = not moves or np.percentile(moves, MOST_FRAMES) < STILL_PX * at
    affine = errors[Camera.AFFINE]
    if still or errors[Camera.LOCKED].spread_px < SIMPLER * affine.spread_px:
        return Camera.LOCKED
    if errors[Camera.HOMOGRAPHY].spread_px > PARALLAX_PX * at:
        return Camera.PARALLAX
    if affine.spread_px < SIMPLER * errors[Camera.HOMOGRAPHY].spread_px:
        return Camera.AFFINE
    return Camera.HOMOGRAPHY


def _move(match: _Match, size: Size) -> float:
    """How far an affine camera moved the picture's middle and quarters since the keyframe, px."""
    matrix, _ = match.fitted(Camera.AFFINE)
    if matrix is None:
        return 0.0
    height, width = size
    grid = np.array([[x * width, y * height] for x in (0.25, 0.5, 0.75) for y in (0.25, 0.5, 0.75)])
    return float(np.median(distances(transform(matrix, grid), grid)))


@dataclass(frozen=True)
class _Errors:
    """What a model leaves over, over frames."""

    rms_px: float  # median of the inliers' RMS error
    spread_px: float  # median of all features' median error


def _errors(matches: list[_Match], camera: Camera) -> _Errors:
    rms, spread = [], []
    for match in matches[1:]:
        matrix, inliers = match.fitted(camera)
        if matrix is None or not len(match.points):
            continue
        error = distances(transform(matrix, match.key_points), match.points)
        rms.append(float(np.sqrt(np.mean(error[inliers] ** 2))) if inliers.any() else 0.0)
        spread.append(float(np.median(error)))
    rms, spread = rms or [0.0], spread or [0.0]
    return _Errors(float(np.median(rms)), float(np.median(spread)))


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


def _runs(frames: tuple[int, ...]) -> str:
    """Frames in rising order, as ranges: "1, 4 to 6"."""
    starts = [each for each in frames if each - 1 not in frames]
    ends = [each for each in frames if each + 1 not in frames]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in pairs)
