"""Stage: the picture held still, and how its pixels stand to metres and seconds.

Enters: a clip and the track of what is removed. Leaves: the way from each frame to the first one
and back, where the object stands, and gravity in pixels. How large the scene is, is a guess until a
person says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.vision.camera import register
from openvoid.vision.fitting import Matrix, scaled, transform
from openvoid.vision.working import Working

Mask = NDArray[np.bool_]

GRAVITY = 9.81  # m / s^2


@dataclass(frozen=True)
class Stage:
    """`to_first[t]` takes pixels of frame t of the clip to those of frame 0."""

    height: int
    width: int
    frame_s: float  # seconds from frame to frame, as the world counts them
    height_m: float  # of the picture, where the object stands
    to_first: tuple[Matrix, ...] | None  # None: the camera stands still

    @property
    def fall_px(self) -> float:
        """Gravity, px a frame a frame."""
        return GRAVITY * self.height / self.height_m * self.frame_s**2

    def stilled(self, frame: int, x: float, y: float) -> tuple[float, float, float]:
        """A place in a frame as the first frame has it, and how much larger things are there."""
        return self._through(self.to_first[frame] if self.to_first else None, x, y)

    def shown(self, frame: int, x: float, y: float) -> tuple[float, float, float]:
        """The way back."""
        return self._through(np.linalg.inv(self.to_first[frame]) if self.to_first else None, x, y)

    @staticmethod
    def _through(matrix: Matrix | None, x: float, y: float) -> tuple[float, float, float]:
        if matrix is None:
            return x, y, 1.0
        around = np.array([[x, y], [x + 1, y], [x, y + 1]])
        there, right, under = transform(matrix, around)
        area = abs(float(np.linalg.det(np.array([right - there, under - there]))))
        return float(there[0]), float(there[1]), float(np.sqrt(max(area, 1e-9)))


def build(
    clip: Clip, working: Working, track: Track, height_m: float, slow_motion: float, run: Run
) -> Stage:
    """Look at the clip once, made small, for its camera.

    Args:
        height_m: of the picture at the object's distance, metres.
        slow_motion: how many times slower the clip plays than the world went.
    """
    with run.timed("camera"):
        camera = register(_frames(working.mapped(), track))
    ways = None
    if not camera.locked:
        scale = 1 / working.scale
        ways = tuple(scaled(np.linalg.inv(matrix), scale) for matrix in camera.matrices)
    frame_s = 1 / float(clip.rate) / slow_motion
    return Stage(clip.height, clip.width, frame_s, height_m, ways)


def held_still(working: Working, stage: Stage, index: int) -> NDArray[np.uint8]:
    """A small frame as the first frame's camera would have seen it, uint8 [h, w, 3]."""
    picture = np.ascontiguousarray(working[index], np.uint8)
    if stage.to_first is None:
        return picture
    matrix = scaled(stage.to_first[index], working.scale)
    return np.asarray(cv2.warpPerspective(picture, matrix, working.size[::-1]), np.uint8)


def mask_held_still(mask: Mask, size: tuple[int, int], stage: Stage, index: int) -> Mask:
    """A mask of the clip's size, likewise; what the frame does not show is in none."""
    small = cv2.resize(mask.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST)
    if stage.to_first is not None:
        matrix = scaled(stage.to_first[index], size[1] / stage.width)
        small = cv2.warpPerspective(small, matrix, size[::-1], flags=cv2.INTER_NEAREST)
    return small > 0


def _frames(pictures: NDArray[np.uint8], track: Track) -> Iterator[tuple[NDArray[np.uint8], Mask]]:
    for picture, mask in zip(pictures, track, strict=True):
        size = picture.shape[1::-1]
        small = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        yield cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY), ~small  # type: ignore[misc]
