"""The curve that the model's pictures go through comes back exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.clip import ColorTags, clip_of
from openvoid.void.native.tone_curve import Look, look_at


@given(
    value=st.floats(-1e4, 1e4, width=32),
    gain=st.floats(0.01, 100),
    peak=st.floats(1, 1e4),
)
def test_every_linear_value_comes_back(value: float, gain: float, peak: float) -> None:
    look = Look(1.0, True, gain, peak)
    frame = np.full((1, 1, 3), value, np.float32)
    back = look.stored(look.shown(frame), np.dtype(np.float32))
    shown = float(look.shown(frame)[0, 0, 0])
    # how much one step of the shown value's float32 is worth, in stored values
    step = np.array([[[np.nextafter(np.float32(shown), np.float32(np.inf))] * 3]], np.float32)
    worth = abs(float(look.stored(step, np.dtype(np.float32))[0, 0, 0]) - float(back[0, 0, 0]))
    assert abs(float(back[0, 0, 0]) - value) <= 2 * worth + 1e-6 * abs(value)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_integer_comes_back(dtype: type) -> None:
    white = np.iinfo(dtype).max
    frame = np.repeat(np.arange(white + 1, dtype=dtype)[:, None, None], 3, axis=2)
    look = Look(float(white))
    assert np.array_equal(look.stored(look.shown(frame), np.dtype(dtype)), frame)
    beyond = np.array([[[-0.5, 0.5, 1.5]]], np.float32)
    assert look.stored(beyond, np.dtype(dtype)).tolist() == [[[0, (white + 1) // 2, white]]]


def test_the_curve_rises_and_shows_the_peak_as_white() -> None:
    for peak in (1.0, 1.01, 4.0, 900.0):
        look = Look(1.0, True, 1.0, peak)
        ramp = np.linspace(-1, 2 * peak, 4001, dtype=np.float32)[:, None, None]
        shown = look.shown(ramp)[:, 0, 0]
        assert (np.diff(shown) > 0).all()
        white = look.shown(np.full((1, 1, 1), peak, np.float32))
        assert float(white[0, 0, 0]) == pytest.approx(1, abs=1e-5)
    plain = Look(1.0, True).shown(np.full((1, 1, 1), 0.18, np.float32))
    assert float(plain[0, 0, 0]) == pytest.approx(0.4614, abs=1e-3)  # sRGB's middle grey


def test_a_dark_linear_shot_is_brought_to_a_usual_exposure() -> None:
    rng = np.random.default_rng(0)
    frames = [rng.random((8, 8, 3)).astype(np.float32) for _ in range(3)]
    usual, dark = look_at(clip_of(frames)), look_at(clip_of([0.001 * frame for frame in frames]))
    assert usual.gain == 1
    assert dark.gain > 100
    assert np.median(dark.shown(0.001 * frames[0])) > 0.2


def test_only_linear_floats_get_a_curve() -> None:
    clip = clip_of([np.full((4, 4, 3), 0.5, np.float32)] * 2)
    assert look_at(clip).linear
    assert not look_at(replace(clip, color=ColorTags(transfer=1))).linear
    assert look_at(clip_of([np.zeros((4, 4, 3), np.uint8)])) == Look(255.0)


def test_a_shot_of_bad_values_still_has_a_look() -> None:
    frame = np.full((4, 4, 3), np.nan, np.float32)
    look = look_at(clip_of([frame]))
    assert (look.gain, look.peak) == (1.0, 1.0)
