"""The camera's geometry against hand-computed places, and there and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openvoid.synth.camera import axes, focal_px, project, unproject
from openvoid.synth.world import Camera

AHEAD = Camera("locked", ((0.0, -2.0, 1.0),), ((0.0, 0.0, 1.0),), 90.0)


def test_places_in_the_picture_by_hand() -> None:
    size = (100, 200)  # a focal length of 50 pixels
    points = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, -3.0, 1.0]])
    seen = project(points, AHEAD, 0, size)
    assert np.isclose(focal_px(AHEAD, size), 50)
    assert np.allclose(seen[0], [99.5, 49.5, 2])
    assert np.allclose(seen[1], [124.5, 49.5, 2])
    assert np.allclose(seen[2], [99.5, 24.5, 2])
    assert np.isnan(seen[3, :2]).all()


place = st.tuples(*[st.floats(-3, 3)] * 3)


@given(place, st.tuples(st.floats(4, 8), st.floats(4, 8), st.floats(-2, 2)), st.integers(0, 99))
def test_a_depth_picture_leads_back_to_the_same_pixels(
    position: tuple[float, float, float], target: tuple[float, float, float], seed: int
) -> None:
    camera = Camera("locked", (position,), (target,), 50.0)
    turned = axes(camera, 0)
    assert np.allclose(turned @ turned.T, np.eye(3))
    depth = np.random.default_rng(seed).uniform(0.5, 9, (6, 8))
    seen = project(unproject(depth, camera, 0), camera, 0, depth.shape)
    rows, columns = np.mgrid[0:6, 0:8]
    assert np.allclose(seen, np.stack([columns, rows, depth], axis=-1))
