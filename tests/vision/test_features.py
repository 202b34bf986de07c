"""Corners are found where they may lie, and again where they went."""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.vision.features import corners, distances, found_again
from tests.plate.worlds import texture


def picture(size: tuple[int, int] = (120, 160)) -> np.ndarray:
    return np.asarray(cv2.cvtColor(texture(*size), cv2.COLOR_RGB2GRAY), np.uint8)


def test_corners_lie_where_they_may_and_apart() -> None:
    free = np.zeros((120, 160), bool)
    free[30:90, 40:120] = True
    found = corners(picture(), free, count=50, quality=0.003, apart_px=8, margin_px=4)
    assert 5 < len(found) <= 50
    assert (found >= (44, 34)).all()
    assert (found <= (115, 85)).all()
    apart = np.linalg.norm(found[:, None] - found, axis=-1) + 1e3 * np.eye(len(found))
    assert apart.min() >= 8


def test_a_plain_picture_has_no_corners() -> None:
    plain = np.full((60, 80), 128, np.uint8)
    found = corners(plain, np.ones((60, 80), bool), count=9, quality=0.01, apart_px=3)
    assert found.shape == (0, 2)


def test_points_are_found_again_but_not_where_something_covers_them() -> None:
    world = picture((140, 180))
    before = np.ascontiguousarray(world[10:130, 10:170])
    now = np.ascontiguousarray(world[7:127, 15:175])  # all is 5 to the left and 3 lower
    free = np.ones((120, 160), bool)
    free[:, :60] = False
    points = corners(before, np.ones_like(free), count=60, quality=0.003, apart_px=8)
    there, sure = found_again(before, now, points, points, free)
    assert sure.sum() > 10
    off = distances(there[sure], points[sure] + (-5, 3))
    assert np.median(off) < 0.01
    assert off.max() < 0.5  # beside the edge, where a part of the window is not seen
    assert not sure[points[:, 0] < 60].any()  # covered now
    assert not sure[points[:, 0] < 4].any()  # beyond the edge now


def test_a_point_that_does_not_come_back_is_not_believed() -> None:
    before = picture()
    now = before.copy()
    now[40:80, 60:100] = picture((300, 300))[200:240, 200:240]  # something else is there now
    free = np.ones((120, 160), bool)
    points = corners(before, free, count=120, quality=0.003, apart_px=5)
    x, y = points.T
    gone = (x > 66) & (x < 94) & (y > 46) & (y < 74)
    stays = (x < 45) | (x > 115)
    there, sure = found_again(before, now, points, points, free)
    moved = distances(there, points) > 0.5
    assert gone.sum() >= 4
    assert (sure & ~moved)[gone].mean() < 0.2
    assert sure[stays].mean() > 0.9
