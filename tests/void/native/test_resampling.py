"""Enlarging is exact in place, and gives a picture its means back."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.box import Box
from openvoid.void.native.resampling import crisp, enlarge


@settings(max_examples=25, deadline=None)
@given(
    place=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    scale=st.floats(1.0, 6.0),
    smooth=st.booleans(),
)
def test_a_ramp_stays_a_ramp(place: tuple[int, int], scale: float, smooth: bool) -> None:
    size, window = (16, 24), (round(16 * scale), round(24 * scale))
    y, x = (np.arange(n) + 0.5 for n in size)
    small = (2 * y[:, None] + 3 * x[None, :]).astype(np.float32)
    where = Box(*place, place[0] + window[0], place[1] + window[1])
    large = enlarge(small, where, where, smooth=smooth)
    rows = (np.arange(window[0]) + 0.5) * 16 / window[0]
    columns = (np.arange(window[1]) + 0.5) * 24 / window[1]
    inner = slice(round(2 * scale), -round(2 * scale) or None)
    wanted = 2 * rows[:, None] + 3 * columns[None, :]
    assert np.allclose(large[inner, inner], wanted[inner, inner], atol=1e-3)


def test_a_part_is_the_same_as_in_the_whole() -> None:
    small = np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)
    window, part = Box(5, 7, 75, 112), Box(31, 40, 60, 90)
    whole = enlarge(small, window, window)
    assert np.allclose(enlarge(small, window, part), whole[part.within(window).slices], atol=1e-5)


def test_beyond_the_window_its_border_goes_on() -> None:
    small = np.random.default_rng(0).random((8, 8)).astype(np.float32)
    window = Box(10, 10, 34, 34)
    large = enlarge(small, window, Box(0, 10, 34, 34), smooth=True)
    assert np.allclose(large[:10], large[10], atol=1e-6)


def test_a_crisp_picture_comes_through_a_round_trip_sharper() -> None:
    rng = np.random.default_rng(3)
    picture = cv2.GaussianBlur(rng.random((96, 144, 3), np.float32), (0, 0), 3)
    small = cv2.resize(picture, (36, 24), interpolation=cv2.INTER_AREA)
    box = Box(0, 0, 96, 144)
    errors = []
    for made in (small, crisp(small, box)):
        large = enlarge(made, box, box)
        errors.append(np.abs(cv2.resize(large, (36, 24), interpolation=cv2.INTER_AREA) - small))
    assert errors[1].mean() < 0.4 * errors[0].mean()


def test_at_its_own_size_nothing_changes() -> None:
    small = np.random.default_rng(0).random((12, 10, 3)).astype(np.float32)
    box = Box(0, 0, 12, 10)
    assert np.allclose(enlarge(crisp(small, box), box, box), small, atol=1e-6)
