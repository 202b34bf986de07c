"""Box: rectangle arithmetic holds for every rectangle."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.box import EMPTY, Box, bounding_box

HEIGHT, WIDTH = 23, 31


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    top, bottom = sorted(draw(st.tuples(st.integers(0, HEIGHT), st.integers(0, HEIGHT))))
    left, right = sorted(draw(st.tuples(st.integers(0, WIDTH), st.integers(0, WIDTH))))
    return Box(top, left, bottom, right)


def pixels(box: Box) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[box.slices] = True
    return mask


@given(boxes())
def test_the_bounding_box_of_a_rectangle_is_that_rectangle(box: Box) -> None:
    assert bounding_box(pixels(box)) == (EMPTY if box.empty else box)
    assert pixels(box).sum() == box.height * box.width


@given(boxes(), boxes())
def test_intersection_is_what_both_hold(one: Box, two: Box) -> None:
    assert np.array_equal(pixels(one.intersect(two)), pixels(one) & pixels(two))


@given(boxes(), boxes())
def test_union_is_the_smallest_box_around_both(one: Box, two: Box) -> None:
    assert bounding_box(pixels(one.union(two))) == bounding_box(pixels(one) | pixels(two))


@given(boxes(), st.integers(0, 40))
def test_growing_reaches_that_far_and_stays_in_the_picture(box: Box, by_px: int) -> None:
    grown = box.grown(by_px, HEIGHT, WIDTH)
    if box.empty:
        assert grown.empty
        return
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    near_rows = (rows >= box.top - by_px) & (rows < box.bottom + by_px)
    near_columns = (columns >= box.left - by_px) & (columns < box.right + by_px)
    assert np.array_equal(pixels(grown), near_rows & near_columns)


@given(boxes(), st.integers(1, 9))
def test_aligned_is_a_superset_on_the_grid(box: Box, step: int) -> None:
    aligned = box.aligned(step, HEIGHT, WIDTH)
    assert not (pixels(box) & ~pixels(aligned)).any()
    assert aligned.top % step == aligned.left % step == 0 or box.empty
    assert aligned.bottom % step == 0 or aligned.bottom == HEIGHT or box.empty
    assert aligned.right % step == 0 or aligned.right == WIDTH or box.empty


@given(boxes(), boxes())
def test_within_names_the_same_pixels_in_the_other_box(one: Box, two: Box) -> None:
    inner, picture = one.intersect(two), np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    if not inner.empty:
        assert np.array_equal(picture[two.slices][inner.within(two).slices], picture[inner.slices])
