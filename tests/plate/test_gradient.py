"""Membranes and blending hold the laws of the Laplace and Poisson equations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvoid.plate.gradient import blend, membrane

Mask = NDArray[np.bool_]
HEIGHT, WIDTH = 61, 94


def _grid(height: int = HEIGHT, width: int = WIDTH) -> tuple[NDArray[np.float32], ...]:
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return rows / height, columns / width


def _hole(shape: str) -> Mask:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (
        {
            "rectangle": (rows > 10) & (rows < 45) & (columns > 20) & (columns < 71),
            "ellipse": ((rows - 30) / 25) ** 2 + ((columns - 50) / 40) ** 2 < 1,
            "thin": abs(rows - columns // 2 - 5) < 2,
            "dust": np.random.default_rng(3).random((HEIGHT, WIDTH)) < 0.3,
        }[shape]
        & (rows > 0)
        & (rows < HEIGHT - 1)
        & (columns > 0)
        & (columns < WIDTH - 1)
    )


HOLES = ("rectangle", "ellipse", "thin", "dust")


@pytest.mark.parametrize("shape", HOLES)
def test_membrane_reproduces_linear_and_harmonic_functions(shape: str) -> None:
    rows, columns = _grid()
    saddle = (rows - 0.5) ** 2 * (HEIGHT / WIDTH) ** 2 - (columns - 0.5) ** 2
    truth = np.stack([rows, 1 - columns / 2, rows + columns, saddle], axis=-1)
    known = ~_hole(shape)
    found = membrane(np.where(known[..., None], truth, np.float32(np.nan)), known)
    assert np.array_equal(found[known], truth[known])
    assert np.abs(found - truth).max() < 0.01


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_membrane_obeys_the_maximum_principle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 40, 2))
    values = rng.random((*shape, 2)).astype(np.float32)
    known = rng.random(shape) < rng.random()
    known.flat[rng.integers(known.size)] = True
    found = membrane(values, known)
    assert np.isfinite(found).all()
    for channel in range(2):
        assert found[..., channel].min() >= values[known][:, channel].min()
        assert found[..., channel].max() <= values[known][:, channel].max()


def test_membrane_of_one_known_pixel_is_constant_and_of_none_is_zero() -> None:
    values = np.full((30, 50, 1), 0.7, np.float32)
    known = np.zeros((30, 50), bool)
    assert not membrane(values, known).any()
    known[4, 9] = True
    assert np.allclose(membrane(values, known), 0.7, atol=1e-6)


def test_membrane_leaves_its_input_alone() -> None:
    values = np.random.default_rng(0).random((20, 20, 3)).astype(np.float32)
    before = values.copy()
    membrane(values, values[..., 0] < 0.5)
    assert np.array_equal(values, before)


@pytest.mark.parametrize("shape", HOLES)
def test_blend_of_the_own_gradient_gives_the_picture_back(shape: str) -> None:
    truth = np.random.default_rng(1).random((HEIGHT, WIDTH, 3)).astype(np.float32)
    hole = _hole(shape)
    composite = np.where(hole[..., None], np.float32(0.5), truth)
    across = np.diff(truth, axis=1, append=np.float32(0))
    down = np.diff(truth, axis=0, append=np.float32(0))
    found = blend(composite, across, down, hole)
    assert np.array_equal(found[~hole], truth[~hole])
    assert np.abs(found - truth).max() < 0.01


def test_blend_takes_the_step_out_of_a_pasted_patch() -> None:
    truth = np.random.default_rng(2).random((HEIGHT, WIDTH, 1)).astype(np.float32)
    hole = _hole("rectangle")
    pasted = truth + np.float32(0.3) * hole[..., None]
    across = np.diff(truth, axis=1, append=np.float32(0))
    down = np.diff(truth, axis=0, append=np.float32(0))
    assert np.abs(blend(pasted, across, down, hole) - truth).max() < 0.01


def test_blend_without_anything_known_keeps_the_mean() -> None:
    truth = np.random.default_rng(4).random((HEIGHT, WIDTH, 1)).astype(np.float32)
    across = np.diff(truth, axis=1, append=np.float32(0))
    down = np.diff(truth, axis=0, append=np.float32(0))
    hole = np.ones((HEIGHT, WIDTH), bool)
    found = blend(np.full_like(truth, 0.2), across, down, hole)
    assert found.mean() == pytest.approx(0.2, abs=1e-4)
    assert np.abs((found - found.mean()) - (truth - truth.mean())).max() < 0.02
