"""The view: places on the ground, and how far the camera looks down."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.physics.view import View, find, radius_px
from openvoid.physics.watch import Look

SIZE = 240, 400
VIEW = View(320.0, np.deg2rad(24.0), 1.3, (200.0, 120.0))


def test_a_place_on_the_ground_is_seen_where_it_is() -> None:
    there = VIEW.on_level(260.0, 190.0)
    assert there is not None
    assert there[2] == pytest.approx(0, abs=1e-9)
    assert VIEW.project(there[None])[0, :2] == pytest.approx((260, 190))
    assert VIEW.on_level(260.0, VIEW.horizon_px - 1) is None


def test_points_at_the_horizon_are_as_high_as_the_camera() -> None:
    far = VIEW.project(np.array([[0.0, 1e6, 1.3]]))[0]
    assert far[1] == pytest.approx(VIEW.horizon_px, abs=0.1)


def test_a_ball_on_the_ground_has_its_own_size_wherever_it_rolls() -> None:
    radii = []
    for middle in ((-0.5, 2.0), (0.4, 3.0)):
        at = np.array([*middle, 0.15])
        x, y, _ = VIEW.project(at[None])[0]
        away = float(np.linalg.norm(at - (0, 0, 1.3)))
        off = np.hypot(x - 200, y - 120) / 320
        seen = 320 * np.tan(np.arcsin(0.15 / away)) * np.sqrt(1 + off**2)
        found = VIEW.ball(float(x), float(y), float(seen))
        assert found is not None
        radii.append(found[1])
    assert radii == pytest.approx([0.15, 0.15], rel=0.02)


def room(view: View) -> np.ndarray:
    """Upright posts, seen by it."""
    picture = np.full((*SIZE, 3), 150, np.uint8)
    for x in (-1.2, -0.7, 0.6, 1.1):
        ends = view.project(np.array([[x, 2.6, 0.0], [x, 2.6, 0.8], [x + 0.15, 2.6, 0.8]]))
        corners = [ends[0, :2], ends[1, :2], ends[2, :2]]
        corners.append(view.project(np.array([[x + 0.15, 2.6, 0.0]]))[0, :2])
        cv2.fillPoly(picture, [np.round(corners).astype(np.int32)], (40, 60, 120))
    return picture


@pytest.mark.parametrize("degrees", [8.0, 24.0, 35.0])
def test_upright_lines_tell_how_far_it_looks_down(degrees: float) -> None:
    view = View(320.0, float(np.deg2rad(degrees)), 1.3, (200.0, 120.0))
    found = find([], room(view), 1.0, SIZE, 1.3)
    assert np.rad2deg(found.pitch) == pytest.approx(degrees, abs=4)
    blind = find([], np.zeros((*SIZE, 3), np.uint8), 1.0, SIZE, 1.3)
    assert blind.pitch_error > 1.5 * found.pitch_error


def test_a_ball_that_grows_as_it_comes_tells_it_too() -> None:
    looks = []
    for number, ahead in enumerate(np.linspace(1.6, 3.4, 8)):
        at = np.array([0.1, ahead, 0.15])
        x, y, _ = VIEW.project(at[None])[0]
        angle = np.arcsin(0.15 / np.linalg.norm(at - (0, 0, 1.3)))
        off = np.hypot(x - 200, y - 120) / 320
        short = 320 * np.tan(angle) * np.sqrt(1 + off**2)
        area = np.pi * short**2 * np.sqrt(1 + off**2)
        looks.append(Look(number, float(x), float(y), float(area), 0.0, True, True, True))
    assert radius_px(looks[0], VIEW) > radius_px(looks[-1], VIEW)
    found = find([looks], np.zeros((*SIZE, 3), np.uint8), 1.0, SIZE, 1.3)
    assert np.rad2deg(found.pitch) == pytest.approx(24, abs=5)
