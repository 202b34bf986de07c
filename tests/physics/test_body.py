"""A silhouette as a solid thing: its sizes come back, and what looks round is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.physics.body import Form, body
from openvoid.physics.view import View

VIEW = View(500.0, np.deg2rad(20.0), 1.3, (320.0, 180.0))
Points = np.ndarray


def hull(points: Points) -> Points:
    seen = VIEW.project(points)[:, :2]
    return cv2.convexHull(seen.astype(np.float32))[:, 0].astype(np.float64)


def can(x: float, y: float, radius: float, height: float, low: float = 0.0) -> Points:
    at = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.c_[x + radius * np.cos(at), y + radius * np.sin(at)]
    return hull(np.concatenate([np.c_[ring, np.full(48, z)] for z in (low, low + height)]))


def test_a_can_has_its_own_sizes_and_stands_upright() -> None:
    outline = can(-0.6, 2.5, 0.1, 0.4)
    found = body(outline, tuple(outline.mean(axis=0)), VIEW)
    assert found is not None
    assert found.form is Form.ROUND
    assert found.middle == pytest.approx((-0.6, 2.5, 0.2), abs=0.03)
    assert found.half == pytest.approx((0.1, 0.1, 0.2), abs=0.02)
    assert found.low_m == pytest.approx(0, abs=1e-6)


def test_what_is_held_is_as_far_away_as_what_holds_it() -> None:
    outline = can(0.3, 2.5, 0.1, 0.3, low=0.8)
    found = body(outline, tuple(outline.mean(axis=0)), VIEW, ahead_m=2.4)
    assert found is not None
    assert found.low_m == pytest.approx(0.8, abs=0.05)
    assert found.half[2] == pytest.approx(0.15, abs=0.03)


def test_a_circle_is_a_ball_and_a_plank_has_a_depth() -> None:
    at = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    ball = body(np.c_[320 + 25 * np.cos(at), 260 + 25 * np.sin(at)], (320, 260), VIEW)
    assert ball is not None
    assert ball.form is Form.BALL
    assert ball.low_m == pytest.approx(0, abs=0.02)
    plank = np.array([[250.0, 200], [400, 200], [400, 210], [250, 210]])
    found = body(plank, (325, 205), VIEW, ahead_m=2.5)
    assert found is not None
    assert found.form is Form.PRISM
    assert found.half[1] > 1.5 * found.half[2]


def test_nothing_stands_above_the_horizon() -> None:
    square = np.array([[100.0, -60], [140, -60], [140, -30], [100, -30]])
    assert body(square, (120, -45), VIEW) is None
