"""Soft edges reach as far as the object changed the picture, and no farther."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.void.native.soft_edge import changed, soft_alpha

SIZE = (80, 100)
ROWS, COLUMNS = np.mgrid[: SIZE[0], : SIZE[1]]
DISTANCE = np.hypot(ROWS - 40, COLUMNS - 50)
HOLE = DISTANCE < 15
KEPT = DISTANCE > 30


def wall() -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.standard_normal((*SIZE, 3), np.float32), (0, 0), 1)
    return np.asarray(0.5 + 0.05 * noise / noise.std(), np.float32)


def test_what_hangs_together_with_the_hole_is_found() -> None:
    made = wall()
    shot = made * np.where(DISTANCE < 22, 0.8, 1)[..., None].astype(np.float32)
    found = changed(shot, made, HOLE, KEPT, 12)
    assert found[(DISTANCE > 15) & (DISTANCE < 21)].min() > 0.9
    assert found[DISTANCE > 28].max() < 0.01


def test_the_object_itself_and_softness_are_no_change_outside() -> None:
    made = wall()
    shot = made.copy()
    shot[HOLE] = (1, 0, 0)
    soft = cv2.GaussianBlur(made, (0, 0), 0.7)
    assert changed(shot, soft, HOLE, KEPT, 12)[~HOLE].mean() < 0.02


def test_something_else_nearby_is_left_alone() -> None:
    made = wall()
    shot = made.copy()
    shot[36:44, 72:76] = 0.1
    assert changed(shot, made, HOLE, KEPT, 12)[36:44, 72:76].max() == 0


@pytest.mark.parametrize("soft_px", [1, 4, 9])
@pytest.mark.parametrize("band", [0.0, 1.0])
def test_alpha_is_whole_in_the_hole_and_ends_at_the_soft_edge(soft_px: int, band: float) -> None:
    alpha = soft_alpha(HOLE, np.full(SIZE, band, np.float32), soft_px, 1.0)
    away = cv2.distanceTransform((~HOLE).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    assert (alpha[HOLE] == 1).all()
    assert alpha[away > soft_px + 0.5].max() == 0
    assert alpha[(away > 0) & (away <= 1)].min() > 0
    inner = (away > 3) & (away <= 2 * soft_px / 3)
    assert not inner.any() or (alpha[inner].min() > 0.9) == bool(band)
