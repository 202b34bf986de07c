"""How any number of frames is laid out in windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.void.sampling.windows import (
    frames_of,
    latents_of,
    layout,
    padded_frames,
    reflected,
    window_latents,
    windows_over,
)


def test_the_released_window_is_22_latents_of_85_frames() -> None:
    assert latents_of(85) == 22
    assert frames_of(22) == 85
    assert window_latents(85) == 22
    assert [(each.start, each.stop) for each in layout(22, 22)] == [(0, 22)]


def test_a_clip_of_46_frames_is_padded_back_and_forth_to_85() -> None:
    order = list(reflected(46, padded_frames(46)))
    assert len(order) == 85
    assert order[44:49] == [44, 45, 45, 44, 43]  # the last frame comes twice


@given(frames=st.integers(1, 3000), window=st.integers(0, 20).map(lambda j: 8 * j + 5))
def test_padding_gives_an_even_number_of_latents_and_loses_no_frame(
    frames: int, window: int
) -> None:
    padded = padded_frames(frames, window)
    assert max(frames, window) <= padded < max(frames, window) + 8
    assert frames_of(latents_of(padded)) == padded
    assert latents_of(padded) % 2 == 0
    order = list(reflected(frames, padded))
    assert order[:frames] == list(range(frames))
    assert set(order) == set(range(frames))


@given(
    latents=st.integers(1, 400).map(lambda half: 2 * half),
    window=st.integers(2, 20).map(lambda half: 2 * half),
    short_last=st.booleans(),
)
def test_windows_cover_every_latent_and_their_weights_are_positive(
    latents: int, window: int, short_last: bool
) -> None:
    overlap = min(4, window - 2)
    total = np.zeros(latents)
    windows = layout(latents, window, overlap, short_last=short_last)
    for each in windows:
        weights = np.array(each.weights)
        assert (weights > 0).all()
        assert (weights <= 1).all()
        total[each.slice] += weights
        if not short_last:
            assert each.stop - each.start == min(window, latents)
    assert (total > 0).all()
    assert windows[-1].stop == latents


def test_two_windows_fade_into_each_other_and_add_up_to_one() -> None:
    first, second = layout(40, 22, 4)
    assert (second.start, second.stop) == (18, 40)
    assert first.weights[-4:] == pytest.approx([4 / 5, 3 / 5, 2 / 5, 1 / 5])
    assert second.weights[:4] == pytest.approx([1 / 5, 2 / 5, 3 / 5, 4 / 5])


def test_the_last_window_is_slid_back_or_cut_off() -> None:
    assert [(each.start, each.stop) for each in layout(50, 22, 4)] == [(0, 22), (18, 40), (28, 50)]
    short = layout(50, 22, 4, short_last=True)
    assert [(each.start, each.stop) for each in short] == [(0, 22), (18, 40), (36, 50)]


def test_a_small_window_overlaps_less() -> None:
    assert [each.start for each in windows_over(29, 13)] == [0, 2, 4]
    assert [each.start for each in windows_over(13, 5)] == [0, 2]


@pytest.mark.parametrize("frames", [4, 84, 86, 81])
def test_a_window_that_cannot_be_says_which_can(frames: int) -> None:
    with pytest.raises(OpenVoidError, match="such as"):
        window_latents(frames)


def test_odd_overlaps_are_refused() -> None:
    with pytest.raises(OpenVoidError, match="even"):
        layout(20, 6, 3)
