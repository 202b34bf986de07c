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

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.vision.features import Gray, Mask, Points, corners, distances, found_again
from openvoid.vision.fitting import MIN_FEATURES, Camera, Matrix, fit, normal, transform

Size = tuple[int, int]  # height, width
Matrices = NDArray[Any]  # [T, 3, 3] float64: one array, since clips may be long

AT_PX = 640  # long side of the frames for which `STILL_PX` and `PARALLAX_PX` are told
STILL_PX = 0.12  # a camera that moves the picture less than this is locked
MOST_FRAMES = 90  # percent of the frames in which it must be
PARALLAX_PX = 0.7  # median error of all followed features above this: one plane does not explain it
SIMPLER = 1.15  # a freer model must lower the error by this factor to be worth its freedom
FEATURES, QUALITY, APART_PX, MARGIN_PX = 500, 0.003, 8, 4  # of a keyframe's corners
# A new keyframe once fewer than this share of its features is still followed, or of those followed
# agrees with one plane: under a travelling camera a tight fit would hold an ever smaller patch.
KEYFRAME_SHARE = 0.4


@dataclass(frozen=True)
class Registration:
    """World -> frame, per frame, in pixels of the reduced frames (centres at whole numbers)."""

    camera: Camera
    matrices: Matrices
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
    _numbers: array[float] = field(default_factory=lambda: array("d"))  # of later frames: `_told`

    def add(self, gray: Gray, kept: Mask) -> None:
        """One more frame: gray uint8 [h, w], and where it is kept bool [h, w]."""
        if self._key is None:
            self._key = self._new_key(gray, kept, np.eye(3))
        else:
            match = self._follow(self._key, gray, kept)
            fewer = len(match.points) < KEYFRAME_SHARE * len(self._key.points)
            if fewer or match.agreeing < max(MIN_FEATURES, KEYFRAME_SHARE * len(match.points)):
                match = self._renew(match, gray, kept)
            self._numbers.frombytes(_told(match, (gray.shape[0], gray.shape[1])).tobytes())
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
        matches = _Matches(np.frombuffer(self._numbers).reshape(-1, NUMBERS))
        errors = {camera: matches.errors(camera) for camera in Camera}
        size = (1, 1) if self._previous is None else self._previous[0].shape
        camera = wanted or _choose(errors, matches.moves_px, (size[0], size[1]))
        matrices, lost = np.empty((len(matches.numbers) + 1, 3, 3)), []
        matrices[0], still = np.eye(3), normal(np.eye(3))
        steps, poses, moves_px = matches.steps(camera), matches.key_poses, matches.moves_px
        for index, (step, pose, move_px) in enumerate(zip(steps, poses, moves_px, strict=True), 1):
            if camera is Camera.LOCKED:
                matrices[index] = still
            elif np.isnan(step).any() or np.isnan(move_px):
                lost.append(index)
                matrices[index] = matrices[index - 1]
            else:
                matrices[index] = normal(step @ pose)
        left = errors[camera]
        return Registration(camera, matrices, left.rms_px, left.spread_px, tuple(lost))


def register(frames: Iterable[tuple[Gray, Mask]], wanted: Camera | None = None) -> Registration:
    """The camera of a shot, from its reduced frames and where each is kept."""
    registrar = Registrar()
    for gray, kept in frames:
        registrar.add(gray, kept)
    return registrar.result(wanted)


def _choose(errors: dict[Camera, _Errors], moves_px: NDArray[np.float64], size: Size) -> Camera:
    at = max(size) / AT_PX
    moves = moves_px[~np.isnan(moves_px)]
    still = not len(moves) or np.percentile(moves, MOST_FRAMES) < STILL_PX * at
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
    """What a model leaves over, on the median over frames."""

    rms_px: float  # RMS error of the inliers
    spread_px: float  # median error of all features


FITS = (Camera.LOCKED, Camera.AFFINE, Camera.HOMOGRAPHY)
NUMBERS = 9 + 9 + 9 + 2 * len(FITS) + 1  # that are kept of a frame


def _told(match: _Match, size: Size) -> NDArray[np.float64]:
    """What is kept of a frame's match, since clips may be long: `NUMBERS`; NaN is none."""
    none = np.full((3, 3), np.nan)
    fits = [match.fitted(camera)[0] for camera in FITS[1:]]
    matrices = [match.key_pose, *(none if each is None else each for each in fits)]
    left = [_left(match, camera) for camera in FITS]
    move = np.nan if match.step is None else _move(match, size)
    return np.concatenate([np.ravel(matrices), np.ravel(left), [move]])


@dataclass(frozen=True)
class _Matches:
    """The matches of all frames after the first, as [T, NUMBERS]."""

    numbers: NDArray[np.float64]

    @property
    def key_poses(self) -> Matrices:
        """World -> keyframe."""
        return self.numbers[:, :9].reshape(-1, 3, 3)

    def steps(self, camera: Camera) -> Matrices:
        """Keyframe -> frame; NaN where no model fits, or the frame is lost."""
        start = 9 * FITS.index(_same_fit(camera))
        return self.numbers[:, start : start + 9].reshape(-1, 3, 3)

    def errors(self, camera: Camera) -> _Errors:
        start = 27 + 2 * FITS.index(_same_fit(camera))
        left = self.numbers[:, start : start + 2]
        left = left[~np.isnan(left[:, 0])]
        if not len(left):
            return _Errors(0.0, 0.0)
        return _Errors(float(np.median(left[:, 0])), float(np.median(left[:, 1])))

    @property
    def moves_px(self) -> NDArray[np.float64]:
        """Since the keyframe; NaN where the frame is lost."""
        return self.numbers[:, -1]


def _same_fit(camera: Camera) -> Camera:
    return Camera.HOMOGRAPHY if camera is Camera.PARALLAX else camera


def _left(match: _Match, camera: Camera) -> tuple[float, float]:
    """(RMS error of the inliers, median error of all features)."""
    matrix, inliers = match.fitted(camera)
    if matrix is None or not len(match.points):
        return np.nan, np.nan
    error = distances(transform(matrix, match.key_points), match.points)
    rms = float(np.sqrt(np.mean(error[inliers] ** 2))) if inliers.any() else 0.0
    return rms, float(np.median(error))


def _runs(frames: tuple[int, ...]) -> str:
    """Frames in rising order, as ranges: "1, 4 to 6"."""
    starts = [each for each in frames if each - 1 not in frames]
    ends = [each for each in frames if each + 1 not in frames]
    pairs = zip(starts, ends, strict=True)
    return ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in pairs)
