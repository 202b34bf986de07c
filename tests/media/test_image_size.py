"""Sizes are read off headers as a decoder would find them; anything else gives None."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.media.image_size import claimed_size


def encoded(suffix: str, height: int = 20, width: int = 31) -> bytes:
    done, data = cv2.imencode(suffix, np.zeros((height, width, 3), np.uint8))
    assert done
    return data.tobytes()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_the_size_is_the_pictures(suffix: str) -> None:
    assert claimed_size(encoded(suffix)) == (20, 31)
    assert claimed_size(encoded(suffix, 1, 700)) == (1, 700)


def test_a_tiff_of_the_other_byte_order() -> None:
    entries = b"\0\2" + b"\1\0\0\3\0\0\0\1\0\7\0\0" + b"\1\1\0\4\0\0\0\1\0\0\0\5"
    assert claimed_size(b"MM\0*\0\0\0\x08" + entries) == (5, 7)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@given(kept=st.integers(0, 700), at=st.integers(0, 700), value=st.integers(0, 255))
def test_damage_gives_a_size_or_none(suffix: str, kept: int, at: int, value: int) -> None:
    data = bytearray(encoded(suffix))
    data[at % len(data)] = value
    found = claimed_size(bytes(data[:kept]))
    assert found is None or len(found) == 2
