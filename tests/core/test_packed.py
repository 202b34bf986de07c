"""A mask comes back as it was packed, and takes little room."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from openvoid.core.box import EMPTY, bounding_box
from openvoid.core.packed import PackedMask, bits_of, mask_of

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=30))


@given(mask=MASKS)
def test_a_mask_comes_back_as_it_was(mask: np.ndarray) -> None:
    packed = PackedMask.of(mask)
    found = packed.mask()
    assert found.dtype == np.bool_
    assert np.array_equal(found, mask)
    assert packed.box == bounding_box(mask)
    assert np.array_equal(packed.crop(), mask[packed.box.slices])
    assert packed == PackedMask.of(mask.copy())


@given(mask=MASKS, data=st.data())
def test_one_pixel_more_is_another_mask(mask: np.ndarray, data: st.DataObject) -> None:
    other = mask.copy()
    spot = tuple(data.draw(st.integers(0, side - 1)) for side in mask.shape)
    other[spot] = not other[spot]
    assert PackedMask.of(other) != PackedMask.of(mask)


@given(mask=MASKS)
def test_bits_come_back_and_eight_pixels_are_a_byte(mask: np.ndarray) -> None:
    bits = bits_of(mask)
    assert bits.size == -(-mask.size // 8)
    assert np.array_equal(mask_of(bits, *mask.shape), mask)


def test_the_first_pixel_is_the_highest_bit() -> None:
    """Stored holes and fingerprints hold this order."""
    assert bits_of(np.array([[True, False, False], [False, True, True]])).tolist() == [0b10001100]


def test_what_comes_back_may_be_written_to_and_changes_nothing() -> None:
    mask = np.zeros((6, 7), bool)
    mask[2:4, 3] = True
    packed = PackedMask.of(mask)
    packed.mask()[:] = False
    packed.crop()[:] = False
    assert np.array_equal(packed.mask(), mask)


@pytest.mark.parametrize("mask", [np.zeros((4, 5), bool), np.zeros((0, 3), bool)])
def test_nothing_has_an_empty_box(mask: np.ndarray) -> None:
    packed = PackedMask.of(mask)
    assert packed.box == EMPTY
    assert packed.mask().shape == mask.shape
    assert not packed.mask().any()


def test_a_small_thing_in_a_large_picture_takes_little_room() -> None:
    y, x = np.mgrid[:2160, :3840]
    mask = (x - 1900) ** 2 + (y - 700) ** 2 < 400**2
    assert len(PackedMask.of(mask)._data) < 10_000
