"""Soft edges are bounded and found; seams between layers add up."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.core.box import Box
from openvoid.plate.propagate import Rebuilt
from openvoid.plate.render import _alpha, _weights, enlarge
from openvoid.plate.survey import Proxy

BOX = Box(0, 0, 60, 80)


def rebuilt(shade: float, reach: int) -> tuple[Rebuilt, np.ndarray]:
    """A square hole, and around it `reach` pixels darker than the rebuilt picture by `shade`."""
    hole = np.zeros((60, 80), bool)
    hole[20:40, 30:50] = True
    want = np.zeros_like(hole)
    want[12:48, 22:58] = True
    picture = np.full((60, 80, 3), 0.5, np.float32)
    target = picture.copy()
    target[20 - reach : 40 + reach, 30 - reach : 50 + reach] -= shade
    return Rebuilt(BOX, target, picture, ~want, hole, want, []), hole


@pytest.mark.parametrize("soft_px", [0, 2, 5, 8])
@pytest.mark.parametrize("shade", [0.0, 0.3])
def test_soft_edges_are_bounded(soft_px: int, shade: float) -> None:
    made, hole = rebuilt(shade, 6)
    alpha = _alpha(made, hole, Proxy(60, 80, 1.0, 1.0), BOX, soft_px)
    rows, columns = np.indices(hole.shape)
    away = np.maximum(np.maximum(20 - rows, rows - 39), np.maximum(30 - columns, columns - 49))
    assert (alpha[hole] == 1).all()
    assert (alpha[away > soft_px] == 0).all()
    assert ((alpha >= 0) & (alpha <= 1)).all()


def test_a_penumbra_is_taken_along_and_a_clean_edge_is_not() -> None:
    proxy = Proxy(60, 80, 1.0, 1.0)
    dark, hole = rebuilt(0.3, 4)
    clean, _ = rebuilt(0.0, 4)
    assert _alpha(dark, hole, proxy, BOX, 8)[17, 40] > 0.9
    assert _alpha(clean, hole, proxy, BOX, 8)[16, 40] == 0


def test_something_else_beside_the_hole_is_not_taken() -> None:
    made, hole = rebuilt(0.0, 0)
    made.target[14:16, 24:56] -= 0.3  # changed, but apart from the hole
    alpha = _alpha(made, hole, Proxy(60, 80, 1.0, 1.0), BOX, 8)
    assert alpha[14, 40] == 0


def test_weights_add_up_and_stay_where_a_layer_can_give() -> None:
    left, right = np.zeros((20, 30), bool), np.zeros((20, 30), bool)
    left[:, :15], right[:, 15:] = True, True
    able = np.ones((20, 30), bool)
    weights = _weights([left, right], [left, able])
    assert np.allclose(weights[0] + weights[1], 1, atol=1e-5)
    assert not weights[0][:, 15:].any()
    assert 0.3 < weights[1][5, 14] < 0.7
    assert _weights([], []) == []


def test_enlarging_keeps_pixel_centres() -> None:
    proxy = Proxy(20, 30, 3.0, 3.0)
    ramp = np.tile(np.arange(30, dtype=np.float32), (20, 1))
    large = enlarge(ramp[5:15, 10:20], Box(5, 10, 15, 20), Box(15, 30, 45, 60), proxy)
    assert np.allclose(large[10, 1::3], np.arange(10, 20), atol=1e-5)
