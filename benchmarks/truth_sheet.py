"""A picture to look at: what the engine was given, what it made, the truth, and their difference.

Enters: a scene and result frames. Leaves: a PNG, cropped around the hole. Knows no numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from footage import Frames
from numpy.typing import NDArray
from truth_scene import Scene

from openvoid.core.box import Box


def write_sheet(path: Path, scene: Scene, result: Frames, columns: int = 5) -> None:
    """A contact sheet around the hole: given, result, truth, eight times their difference."""
    path.parent.mkdir(parents=True, exist_ok=True)
    holes = [index for index in range(len(result)) if not scene.quadmask.box(index).empty]
    chosen = [holes[round(share * (len(holes) - 1))] for share in np.linspace(0.1, 0.9, columns)]
    stacks = []
    for index in chosen:
        view = _around(scene.quadmask.box(index), scene.truth.shape[1], scene.truth.shape[2])
        error = np.abs(result[index].astype(np.int16) - scene.truth[index]) * 8
        error = np.where(scene.still[index][..., None], error, error // 4)  # moving: dimmed
        parts = (scene.shown[index], result[index], scene.truth[index], error)
        stacks.append(np.vstack([_tile(part[view.slices]) for part in parts]))
    cv2.imwrite(str(path), np.hstack(stacks)[..., ::-1])


def _around(box: Box, height: int, width: int) -> Box:
    """A 4:3 view around a box."""
    half = max(90, round(0.7 * max(box.height, 0.75 * box.width)))
    half = min(half, height // 2, round(width * 0.375))
    middle_y = min(max((box.top + box.bottom) // 2, half), height - half)
    across = half * 4 // 3
    middle_x = min(max((box.left + box.right) // 2, across), width - across)
    return Box(middle_y - half, middle_x - across, middle_y + half, middle_x + across)


def _tile(part: NDArray[Any]) -> NDArray[np.uint8]:
    shrunk = cv2.resize(np.clip(part, 0, 255).astype(np.uint8), (384, 288))
    return np.asarray(cv2.copyMakeBorder(shrunk, 2, 2, 2, 2, cv2.BORDER_CONSTANT), np.uint8)
