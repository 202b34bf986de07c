"""A shot in which a thing moves behind the object, before a still wall."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import Run
from openvoid.plate.survey import Survey, survey
from openvoid.vision.fitting import Camera
from tests.plate.worlds import crossing, texture

LENGTH, SIZE = 10, (100, 180)
STEP_PX = 2.3


def passer(index: int) -> NDArray[np.uint8]:
    """A wall, and before it a wide pillar that moves on its own."""
    wall, thing = texture(*SIZE, seed=3) // 2 + 80, texture(*SIZE, seed=8) // 2
    shift = np.array([[1, 0, STEP_PX * index], [0, 1, 0.0]])
    cover = np.zeros(SIZE, np.float32)
    cover[25:, 45:105] = 1
    cover = cv2.warpAffine(cover, shift, SIZE[::-1], borderMode=cv2.BORDER_REPLICATE)[..., None]
    near = cv2.warpAffine(thing, shift, SIZE[::-1], flags=cv2.INTER_CUBIC,
                          borderMode=cv2.BORDER_REFLECT)  # fmt: skip
    return np.asarray(wall * (1 - cover) + near * cover, np.uint8)


def shot(
    folder: Path, truth: list[NDArray[np.uint8]]
) -> tuple[Survey, Quadmask, list[NDArray[np.uint8]]]:
    """A ball comes the other way, before it."""
    shown, mask = crossing(truth, lambda index: (130 - 6 * index, 60), radius=11)
    look = survey(clip_of(shown), mask, 2, Run(folder), Camera.LOCKED)
    return look, mask, shown
