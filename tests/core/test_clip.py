"""Clip: frames on demand, by window, and what moves along when it is trimmed."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.clip import RGB_LAYOUTS, ArraySource, Clip, clip_of
from openvoid.core.errors import OpenVoidError


def numbered(length: int = 20, dtype: Any = np.uint8) -> Clip:
    """Frame i is filled with i."""
    return clip_of([np.full((4, 6, 3), index, dtype) for index in range(length)], Fraction(25))


@pytest.mark.parametrize(
    ("dtype", "white"), [(np.uint8, 255.0), (np.uint16, 65535.0), (np.float32, 1.0)]
)
def test_a_clip_of_frames_knows_its_type_and_size(dtype: Any, white: float) -> None:
    clip = numbered(3, dtype)
    assert (clip.size, clip.length, clip.dtype, clip.white) == ((4, 6), 3, np.dtype(dtype), white)
    assert clip.window(1, 3).shape == (2, 4, 6, 3)


def test_pictures_hold_the_planes_in_the_layout_s_order() -> None:
    frame = np.zeros((2, 2, 3), np.uint8)
    frame[...] = (10, 20, 30)  # R G B
    (picture,) = clip_of([frame]).pictures()
    assert [int(plane[0, 0]) for plane in picture.planes] == [20, 30, 10]  # G B R


def test_frames_are_read_only_when_asked_for() -> None:
    read: list[int] = []

    def make(index: int) -> np.ndarray:
        read.append(index)
        return np.zeros((4, 6, 3), np.uint8)

    layout = RGB_LAYOUTS[np.dtype(np.uint8)]
    clip = replace(numbered(20), source=ArraySource(make, layout))
    frames = clip.frames(5, 9)
    assert read == []
    next(frames)
    assert read == [5]


@given(st.data())
def test_trimming_twice_is_trimming_once(data: st.DataObject) -> None:
    clip = replace(numbered(20), timecode="01:00:00:00", first_frame=1001)
    start = data.draw(st.integers(0, 18))
    stop = data.draw(st.integers(start + 1, 20))
    inner_start = data.draw(st.integers(0, stop - start - 1))
    inner_stop = data.draw(st.integers(inner_start + 1, stop - start))
    twice = clip.trimmed(start, stop).trimmed(inner_start, inner_stop)
    assert twice == clip.trimmed(start + inner_start, start + inner_stop)
    shown = [int(frame[0, 0, 0]) for frame in twice.frames()]
    assert shown == list(range(start + inner_start, start + inner_stop))
    assert [picture.index for picture in twice.pictures()] == list(range(twice.length))


def test_trimming_moves_sound_timecode_and_frame_numbers_along() -> None:
    clip = replace(numbered(20), timecode="01:00:00:00", first_frame=1001)
    part = clip.trimmed(10, 15)
    assert part.length == 5
    assert part.first_frame == 1011
    assert part.timecode == "01:00:00:10"
    assert part.audio_start_s == Fraction(10, 25)


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (3, 3), (4, 2), (0, 21), (20, 21)])
def test_frames_outside_the_clip_are_refused(start: int, stop: int) -> None:
    with pytest.raises(OpenVoidError, match="frames 0 to 19"):
        numbered(20).trimmed(start, stop)
    with pytest.raises(OpenVoidError, match="not all in the clip"):
        numbered(20).window(start, stop)
