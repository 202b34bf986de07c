"""Small shots with known cameras, for the plate engine's tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.quadmask import Quadmask

Matrix = NDArray[Any]


def texture(height: int, width: int, seed: int = 3) -> NDArray[np.uint8]:
    """[H, W, 3] smooth noise at several scales: plenty of corners, no repetition."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for sigma, weight in ((1.5, 1.0), (4, 2.0), (12, 4.0)):
        noise = rng.normal(size=(height, width, 3)).astype(np.float32)
        noise = cv2.GaussianBlur(noise, (0, 0), sigma)
        picture += weight * noise / noise.std()
    return np.clip(128 + 22 * picture, 0, 255).astype(np.uint8)


def filmed(
    world: NDArray[np.uint8], cameras: list[Matrix], size: tuple[int, int]
) -> list[NDArray[np.uint8]]:
    """The world through cameras that lead from world to frame pixels."""
    return [
        np.asarray(cv2.warpPerspective(world, camera, size[::-1], flags=cv2.INTER_CUBIC), np.uint8)
        for camera in cameras
    ]


def crossing(
    frames: list[NDArray[np.uint8]], place: Callable[[int], tuple[int, int]], radius: int = 14
) -> tuple[list[NDArray[np.uint8]], Quadmask]:
    """A red ball over the frames, its middle (x, y) at `place(index)`, and its quadmask."""
    shown, removed = [], []
    for index, frame in enumerate(frames):
        mask = np.zeros(frame.shape[:2], np.uint8)
        cv2.circle(mask, place(index), radius, 1, -1)
        with_ball = frame.copy()
        with_ball[mask > 0] = (230, 30, 40)
        shown.append(with_ball)
        removed.append(mask.astype(bool))
    return shown, Quadmask.from_removed(removed)


def handheld(index: int) -> Matrix:
    """World -> frame: a wandering, slightly rotating, slightly zooming camera."""
    angle, scale = 0.01 * np.sin(index / 5), 1 + 0.01 * np.sin(index / 7)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    x, y = 12 * np.sin(index / 6) - 40, 8 * np.sin(index / 4 + 1) - 30
    return np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1.0]])
