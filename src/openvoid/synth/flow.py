"""Exact optical flow of a take, from its depth, its instance numbers and its motion.

Enters: drawn frames and what they were drawn of. Leaves: for every pixel of frame t the way, in
pixels, to where its surface is in frame t + 1, seen or not. The way of a point: from the picture
into the world (depth), into its body's frame, with the body to the next pose, into the picture.
NaN on what deforms, whose points are not told apart. The background is infinitely far: it moves by
the camera's turning alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from openvoid.synth.camera import project, unproject
from openvoid.synth.rotation import turn
from openvoid.synth.take import Drawn, Take

FAR_M = 1e6  # as good as infinite


def flow(take: Take, frames: Sequence[Drawn]) -> NDArray[np.float32]:
    """[T - 1, H, W, 2]: x and y in pixels."""
    ways = [_way(take, drawn, frame) for frame, drawn in enumerate(frames[:-1])]
    return np.stack(ways) if ways else np.zeros((0, *take.world.size, 2), np.float32)


def _way(take: Take, drawn: Drawn, frame: int) -> NDArray[np.float32]:
    world, motion = take.world, take.motion
    depth_m = np.where(np.isfinite(drawn.depth), drawn.depth, FAR_M).astype(np.float64)
    points = unproject(depth_m, world.camera, frame)
    rows = {name: row for row, name in enumerate(motion.names)}
    for number in np.unique(drawn.ids):
        name = world.names[number - 1] if number else ""
        if not name:
            continue
        where = drawn.ids == number
        if name in motion.shapes:
            points[where] = np.nan
            continue
        now, after = (motion.poses[each, rows[name]].astype(float) for each in (frame, frame + 1))
        own = (points[where] - now[:3]) @ _matrix(now[3:])
        points[where] = own @ _matrix(after[3:]).T + after[:3]
    there = project(points, world.camera, frame + 1, world.size)[..., :2]
    height, width = world.size
    here = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    return (there - here).astype(np.float32)


def _matrix(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """[3, 3] of a unit quaternion: its columns are where the axes turn to."""
    w, x, y, z = (float(part) for part in rotation)
    axes = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return np.array([turn((w, x, y, z), axis) for axis in axes]).T
