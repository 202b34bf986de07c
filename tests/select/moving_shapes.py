"""Worlds with a known object: a textured shape that moves over textured ground."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from openvoid.core.clip import Clip, clip_of

Path = Callable[[int], tuple[float, float]]


@dataclass(frozen=True)
class World:
    """Frames [T, H, W, 3] uint8, and where the object is in them [T, H, W]."""

    frames: list[np.ndarray]
    truth: list[np.ndarray]

    @property
    def clip(self) -> Clip:
        return clip_of(self.frames)


def texture(size: tuple[int, int], colour: tuple[int, int, int], grain: int, seed: int) -> Any:
    """Blotches around a colour: `grain` px large."""
    rng = np.random.default_rng(seed)
    small = rng.normal(0, 1, (size[0] // grain + 3, size[1] // grain + 3, 3))
    large = cv2.resize(small, None, fx=grain, fy=grain, interpolation=cv2.INTER_CUBIC)
    return np.array(colour) + 22 * large[: size[0], : size[1]]


def world(
    path: Path,
    length: int = 12,
    size: tuple[int, int] = (120, 176),
    *,
    pan_px: float = 0.0,
    post: tuple[int, int] | None = None,
    ring: bool = False,
    hat: bool = False,
    object_colour: tuple[int, int, int] = (190, 90, 60),
) -> World:
    """A blob of two discs along `path` (x, y); the camera pans; a post (x0, x1) stands in front."""
    height, width = size
    ground = texture((height, width + 200), (90, 120, 130), 9, 1)
    skin = texture((80, 80), object_colour, 5, 2)
    rng = np.random.default_rng(3)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    frames, truth = [], []
    for index in range(length):
        x, y = path(index)
        shift = np.float32([[1, 0, -pan_px * index], [0, 1, 0]])
        frame = cv2.warpAffine(ground.astype(np.float32), shift, (width, height))
        seen = np.hypot(columns - x, rows - y) < 16
        seen |= np.hypot(columns - x - 9, rows - y + 14) < 10
        if ring:
            seen &= np.hypot(columns - x, rows - y) >= 8
        moved = np.float32([[1, 0, x - 40], [0, 1, y - 40]])
        coat = cv2.warpAffine(
            skin.astype(np.float32), moved, (width, height), borderMode=cv2.BORDER_REFLECT
        )
        frame = np.where(seen[..., None], coat, frame)
        if hat:  # the upper disc has a colour of its own
            top = np.hypot(columns - x - 9, rows - y + 14) < 10
            frame = np.where(top[..., None], coat[..., ::-1] + (0, 40, 60), frame)
        if post:
            frame[:, post[0] : post[1]] = texture((height, post[1] - post[0]), (40, 60, 45), 6, 4)
            seen[:, post[0] : post[1]] = False
        frame = cv2.GaussianBlur(frame.astype(np.float32), (0, 0), 0.6)
        frame += rng.normal(0, 1.5, frame.shape)
        frames.append(np.clip(np.rint(frame), 0, 255).astype(np.uint8))
        truth.append(seen)
    return World(frames, truth)


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union; two empty masks agree."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0
