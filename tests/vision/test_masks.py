"""The laws of mask morphology, whatever the mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from openvoid.vision.masks import (
    WIDE_PX,
    disc,
    filled,
    grown,
    hanging,
    inner,
    nanmedian,
    opened,
    thick,
    tidy,
    touching,
    without_holes,
)

SHAPE = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24)
MASKS = hnp.arrays(bool, SHAPE)
PAIRS = SHAPE.flatmap(lambda shape: st.tuples(hnp.arrays(bool, shape), hnp.arrays(bool, shape)))


@pytest.mark.parametrize("radius_px", range(12))
def test_a_disc_is_round(radius_px: int) -> None:
    found = disc(radius_px)
    assert found.shape == (2 * radius_px + 1,) * 2
    assert found.dtype == np.uint8
    assert np.array_equal(found, found[::-1])
    assert np.array_equal(found, found[:, ::-1])
    away = np.hypot(*np.mgrid[-radius_px : radius_px + 1, -radius_px : radius_px + 1])
    assert found[away <= radius_px - 0.5].all()
    assert not found[away >= radius_px + 1].any()


@given(pair=PAIRS, by_px=st.integers(0, WIDE_PX + 4))
def test_growing_only_adds_and_keeps_what_holds_another(
    pair: tuple[np.ndarray, np.ndarray], by_px: int
) -> None:
    small, large = pair[0] & pair[1], pair[0]
    assert not (small & ~grown(small, by_px)).any()
    assert not (grown(small, by_px) & ~grown(large, by_px)).any()
    assert not (grown(large, by_px) & ~grown(large, by_px + 1)).any()
    assert np.array_equal(grown(large, 0), large)
    assert not grown(np.zeros_like(large), by_px).any()


@given(pair=PAIRS, change=st.sampled_from([opened, thick, inner, lambda mask: grown(mask, 3)]))
def test_what_lies_within_another_stays_within_it(pair: tuple, change) -> None:  # type: ignore[no-untyped-def, type-arg]
    small, large = pair[0] & pair[1], pair[0]
    assert not (change(small) & ~change(large)).any()


@given(mask=MASKS, change=st.sampled_from([opened, thick, inner]))
def test_opening_only_takes_away(mask: np.ndarray, change) -> None:  # type: ignore[no-untyped-def]
    assert not (change(mask) & ~mask).any()
    if change is not inner:
        assert np.array_equal(change(change(mask)), change(mask))


@given(pair=PAIRS)
def test_parts_that_touch_are_whole_and_the_others_are_left(
    pair: tuple[np.ndarray, np.ndarray],
) -> None:
    mask, seed = pair
    found = touching(mask, seed)
    assert found.dtype == np.bool_
    assert not (found & ~mask).any()
    assert (found & seed).sum() == (mask & seed).sum()
    spread = mask & seed  # flooded pixel by pixel
    while (more := mask & _around(spread)).sum() > spread.sum():
        spread = more
    assert np.array_equal(found, spread)


def _around(mask: np.ndarray) -> np.ndarray:
    """A mask and its eight neighbours, by shifting it."""
    wide = np.pad(mask, 1)
    height, width = mask.shape
    moves = [(down, right) for down in range(3) for right in range(3)]
    return np.any([wide[y : y + height, x : x + width] for y, x in moves], axis=0)


@given(mask=MASKS, gap_px=st.integers(1, 6))
def test_filling_only_adds(mask: np.ndarray, gap_px: int) -> None:
    assert not (mask & ~filled(mask, gap_px)).any()


@given(mask=MASKS, share=st.floats(0, 2))
def test_holes_are_filled_up_to_a_share(mask: np.ndarray, share: float) -> None:
    found = without_holes(mask, share)
    assert not (mask & ~found).any()
    assert not (without_holes(mask, share / 2) & ~found).any()
    assert np.array_equal(without_holes(mask, 0), mask)
    if mask.any():
        assert without_holes(mask, mask.size).all()


def test_a_hole_is_filled_and_a_larger_one_stays() -> None:
    mask = np.zeros((40, 60), bool)
    mask[5:35, 5:55] = True
    mask[10:12, 10:12] = mask[15:30, 30:50] = False  # 4 and 300 of 1500 pixels
    found = without_holes(mask, 0.1)
    assert found[10:12, 10:12].all()
    assert not found[15:30, 30:50].any()
    assert not found[:5].any()


def test_what_hangs_together_with_the_object_is_told_from_what_does_not() -> None:
    object_, mask = np.zeros((100, 160), bool), np.zeros((100, 160), bool)
    object_[40:60, 40:60] = True
    mask[45:55, 50:80] = mask[10:20, 100:120] = True
    found = hanging(mask, object_)
    assert found[45:55, 60:80].all()
    assert not (found & object_).any()
    assert not found[:30].any()


def test_tidying_drops_specks_and_closes_cracks() -> None:
    mask = np.zeros((40, 60), bool)
    mask[10:30, 10:50] = True
    mask[20, 10:50] = False
    mask[3, 3] = True
    found = tidy(mask)
    assert found[12:28, 12:48].all()
    assert not found[:6].any()


def test_nanmedian_is_numpys_for_odd_counts() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((5, 30)).astype(np.float32)
    assert np.array_equal(nanmedian(values), np.median(values, axis=0))
    values[2:, 0] = np.nan
    values[:, 1] = np.nan
    found = nanmedian(values)
    assert found[0] in values[:2, 0]
    assert np.isnan(found[1])


def test_gaps_and_holes_are_filled_but_not_what_the_edge_bounds() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:40, 10:40] = True
    mask[15:35, 15:35] = False
    mask[20, 10:15] = False
    whole = filled(mask, 4)
    assert whole[10:40, 10:40].all()
    assert not filled(np.zeros((9, 9), bool), 3).any()
    assert not whole[45:].any()


def test_growing_far_and_near_agree() -> None:
    mask = np.zeros((61, 61), bool)
    mask[30, 30] = True
    for reach in (3, 8, 9, 20):
        rows, columns = np.nonzero(grown(mask, reach))
        assert rows.max() - 30 == reach
        assert columns.max() - 30 == reach
