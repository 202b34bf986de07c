"""The object's image: cut by the picture's lower edge, or in an upright looking glass."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion.blobs import BlobLimits, Course, blobs_of, together
from openvoid.reason.motion.reflection import ReflectionLimits, twins
from openvoid.reason.motion.scene import watch

HEIGHT, WIDTH, LENGTH = 140, 240, 14


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize(
    ("left", "pace", "image"),
    [
        (40, 8, True),  # right below it
        (40, 9, True),  # nearer to the camera, so a little faster
        (150, 0, False),  # stands still
        (120, 8, False),  # goes with it, but aside
    ],
)
def test_what_the_lower_edge_cuts_and_stays_below_the_object_goes_with_it(
    tmp_path: Path, left: int, pace: int, image: bool
) -> None:
    pictures = [np.full((HEIGHT, WIDTH, 3), 0.6, np.float32) for _ in range(LENGTH)]
    masks = [box(20, 40 + 8 * index, 50, 70 + 8 * index) for index in range(LENGTH)]
    for picture, mask in zip(pictures, masks, strict=True):
        picture[mask] = 0.7, 0.2, 0.2
    scene = watch(clip_of(pictures), Track.of("ball", masks), Run(tmp_path))
    course, edge = Course(), box(HEIGHT - 3, 0, HEIGHT, WIDTH)
    for index, picture in enumerate(pictures):
        cut = box(125, left + pace * index, HEIGHT, left + 30 + pace * index)
        course.blobs += blobs_of(cut, index, picture, 20, edge)
    path = {index: (54.5 + 8 * index, 34.5) for index in range(LENGTH)}
    assert together(course, scene, path, BlobLimits()) is image


@pytest.mark.parametrize(
    ("colour", "pace", "number"),
    [
        ((0.6, 0.3, 0.3), 6, 1),  # paler and darker, behind it half of the time
        ((0.6, 0.3, 0.3), 0, 0),  # stands still
        ((0.3, 0.6, 0.3), 6, 0),  # is of another hue
    ],
)
def test_what_has_its_hue_and_moves_with_it_is_its_image(
    tmp_path: Path, colour: tuple[float, float, float], pace: int, number: int
) -> None:
    pictures, masks = [], []
    for index in range(LENGTH):
        picture = np.full((HEIGHT, WIDTH, 3), 0.6, np.float32)
        left = 70 + pace * index
        picture[box(30, left, 58, left + 22)] = colour
        masks.append(box(50, 40 + 9 * index, 100, 75 + 9 * index))
        picture[masks[-1]] = 0.8, 0.2, 0.2
        pictures.append(np.asarray(255 * picture, np.uint8))
    scene = watch(clip_of(pictures), Track.of("box", masks), Run(tmp_path))
    path = {t: (57.0 + 9 * t, 75.0) for t in range(LENGTH)}
    assert len(twins(scene, path, ReflectionLimits(), BlobLimits())) == number
