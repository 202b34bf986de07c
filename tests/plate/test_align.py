"""A donor is brought onto its target to a fraction of a pixel, whatever its exposure."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.core.box import Box
from openvoid.plate.align import look_up, refine, warp
from openvoid.vision.fitting import transform
from tests.plate.worlds import texture

BOX = Box(30, 40, 130, 200)


def gray(seed: int = 3) -> np.ndarray:
    return np.asarray(cv2.cvtColor(texture(160, 240, seed), cv2.COLOR_RGB2GRAY), np.float32) / 255


@pytest.mark.parametrize("gain", [1.0, 1.15])
def test_a_small_error_is_taken_out(gain: float) -> None:
    donor = gray()
    truth = np.array([[1.004, -0.003, 0.9], [0.003, 0.998, -0.7], [0, 0, 1.0]])
    target = warp(donor, truth, BOX) * gain
    ring = np.ones((BOX.height, BOX.width), bool)
    ring[30:70, 40:100] = False
    found = refine(target, donor, ring, np.eye(3), BOX)
    corners = np.array([[40, 30], [200, 30], [40, 130], [200, 130.0]])
    assert np.abs(transform(found, corners) - transform(truth, corners)).max() < 0.08


def test_what_cannot_be_aligned_stays() -> None:
    ring = np.zeros((BOX.height, BOX.width), bool)
    ring[:4, :4] = True
    assert np.array_equal(refine(gray()[BOX.slices], gray(), ring, np.eye(3), BOX), np.eye(3))
    other = gray(seed=9)[BOX.slices]
    everywhere = np.ones_like(ring)
    moved = transform(refine(other, gray(), everywhere, np.eye(3), BOX), np.array([[120, 80.0]]))
    assert np.abs(moved - [120, 80]).max() < 4


def test_looking_up_whole_pixels_changes_nothing() -> None:
    picture = texture(40, 50).astype(np.float32)
    x, y = np.meshgrid(np.arange(50.0), np.arange(40.0))
    assert np.abs(look_up(picture, np.stack([x, y], axis=-1)) - picture).max() < 1e-3
    assert np.abs(warp(picture, np.eye(3), Box(5, 6, 30, 40)) - picture[5:30, 6:40]).max() < 1e-3
