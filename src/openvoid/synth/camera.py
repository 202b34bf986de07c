"""The camera's geometry: where points of the world are in the picture, and back.

Enters: a `Camera`, a frame's number, points in metres. Leaves: pixels and depths. Pixel (0, 0) is
the middle of the upper left one; depth is along the view axis. A pinhole without distortion, as
OpenGL's perspective (its "fov" is of the height). Knows no renderer.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from openvoid.synth.world import Camera

Array = NDArray[np.float64]


def axes(camera: Camera, frame: int) -> Array:
    """[3, 3]: right, up and backward of the camera, as rows; z is up in the picture."""
    backward = np.subtract(camera.positions[frame], camera.targets[frame])
    backward = backward / np.linalg.norm(backward)
    right = np.cross([0.0, 0.0, 1.0], backward)
    right /= max(float(np.linalg.norm(right)), 1e-12)
    return np.stack([right, np.cross(backward, right), backward])


def focal_px(camera: Camera, size: tuple[int, int]) -> float:
    """Of a picture of that (height, width)."""
    return size[0] / 2 / math.tan(math.radians(camera.fov_deg) / 2)


def project(points_m: Array, camera: Camera, frame: int, size: tuple[int, int]) -> Array:
    """[..., 3] points of the world -> [..., 3]: x and y in pixels, depth in metres.

    What is behind the camera has no pixel: NaN.
    """
    seen = (points_m - np.array(camera.positions[frame])) @ axes(camera, frame).T
    depth_m = -seen[..., 2]
    scale = focal_px(camera, size) / np.where(depth_m > 1e-6, depth_m, np.nan)
    x_px = (size[1] - 1) / 2 + seen[..., 0] * scale
    y_px = (size[0] - 1) / 2 - seen[..., 1] * scale
    return np.stack([x_px, y_px, depth_m], axis=-1)


def unproject(depth_m: NDArray[np.floating], camera: Camera, frame: int) -> Array:
    """A depth picture [H, W] -> [H, W, 3] points of the world."""
    height, width = depth_m.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    focal = focal_px(camera, (height, width))
    right, up = columns - (width - 1) / 2, (height - 1) / 2 - rows
    rays = np.stack([right / focal, up / focal, -np.ones_like(rows)], axis=-1)
    seen = rays * depth_m[..., None]
    return np.array(camera.positions[frame]) + seen @ axes(camera, frame)
