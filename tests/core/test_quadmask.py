"""Quadmask: every operation keeps to the four levels and to its law, for any mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from openvoid.core.box import Box
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import LEVELS, Quadmask, Region, dilate, label, snap, split

LABELS = st.sampled_from([int(level) for level in LEVELS])


@st.composite
def masks(draw: st.DrawFn, frames: int = 2, height: int = 0, width: int = 0) -> Quadmask:
    """Random rectangles of random labels, so that empty and full frames occur too."""
    height = height or draw(st.integers(1, 24))
    width = width or draw(st.integers(1, 24))
    made = []
    for _ in range(frames):
        labels = np.full((height, width), Region.KEEP, np.uint8)
        for _ in range(draw(st.integers(0, 4))):
            top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
            bottom, right = draw(st.integers(top, height)), draw(st.integers(left, width))
            labels[top:bottom, left:right] = draw(LABELS)
        made.append(labels)
    return Quadmask.from_labels(made)


def changed(mask: Quadmask, index: int) -> np.ndarray:
    return mask[index] != Region.KEEP


@given(hnp.arrays(np.uint8, (2, 5, 7), elements=LABELS))
def test_labels_come_back_as_they_went_in(labels: np.ndarray) -> None:
    mask = Quadmask.from_labels(labels)
    assert np.array_equal(np.stack(list(mask)), labels)
    assert mask == Quadmask.from_labels(list(mask))
    for index in range(2):
        assert np.array_equal(label(*split(labels[index])), labels[index])


@given(hnp.arrays(np.uint8, (1, 6, 6), elements=LABELS), st.integers(0, 2**32 - 1))
def test_noise_within_reach_is_snapped_away(labels: np.ndarray, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(-24, 25, labels.shape)
    noisy = np.clip(labels.astype(int) + noise, 0, 255).astype(np.uint8)
    assert np.array_equal(Quadmask.from_values(noisy)[0], labels[0])


def test_a_picture_is_not_a_quadmask() -> None:
    gradient = np.tile(np.arange(256, dtype=np.uint8), (8, 1))
    assert snap(gradient)[1] > 0.2
    with pytest.raises(OpenVoidError, match=r"frame 1 .* far from 0, 63, 127, 255"):
        Quadmask.from_values([np.zeros((8, 256), np.uint8), gradient], where="mask.mp4")
    with pytest.raises(OpenVoidError, match="other than 0, 63, 127, 255"):
        Quadmask.from_labels([gradient])


def test_frames_of_two_sizes_and_no_frames_are_refused() -> None:
    keep = np.full((4, 4), 255, np.uint8)
    with pytest.raises(OpenVoidError, match="mask frame 1 is"):
        Quadmask.from_labels([keep, keep[:3]])
    with pytest.raises(OpenVoidError, match="no frames"):
        Quadmask.from_labels([])


@given(masks(), st.data())
def test_reading_a_part_is_reading_the_whole_and_cutting(
    mask: Quadmask, data: st.DataObject
) -> None:
    top, left = data.draw(st.integers(0, mask.height)), data.draw(st.integers(0, mask.width))
    bottom = data.draw(st.integers(top, mask.height))
    right = data.draw(st.integers(left, mask.width))
    box = Box(top, left, bottom, right)
    assert np.array_equal(mask.labels_in(1, box), mask[1][box.slices])
    assert not np.delete(changed(mask, 1), mask.box(1).slices[0], axis=0).any()
    assert not np.delete(changed(mask, 1), mask.box(1).slices[1], axis=1).any()


@given(masks(frames=3))
def test_shares_add_up_and_count_every_label(mask: Quadmask) -> None:
    shares, whole = mask.shares(), np.stack(list(mask))
    assert sum(shares.values()) == pytest.approx(1.0)
    for region in Region:
        assert shares[region] == pytest.approx(np.mean(whole == region))


@given(masks(frames=4), st.integers(0, 3))
def test_trimming_keeps_those_frames(mask: Quadmask, start: int) -> None:
    part = mask.trimmed(start, 4)
    assert len(part) == 4 - start
    assert all(np.array_equal(part[index], mask[start + index]) for index in range(len(part)))


# --- resizing ---------------------------------------------------------------------------------


@settings(deadline=None)
@given(masks(), st.integers(1, 40), st.integers(1, 40))
def test_resizing_invents_no_label(mask: Quadmask, height: int, width: int) -> None:
    resized = mask.resized(height, width)
    assert (resized.height, resized.width, len(resized)) == (height, width, len(mask))
    for index in range(len(mask)):
        assert set(np.unique(resized[index])) <= set(np.unique(mask[index]))


@given(masks(), st.integers(1, 4))
def test_resizing_to_a_multiple_and_back_changes_nothing(mask: Quadmask, times: int) -> None:
    larger = mask.resized(mask.height * times, mask.width * times)
    assert np.array_equal(larger[0], np.kron(mask[0], np.ones((times, times), np.uint8)))
    assert larger.resized(mask.height, mask.width) == mask


def test_where_two_labels_cover_half_each_the_object_wins() -> None:
    labels = np.array([[0, 255], [255, 0]], np.uint8)
    assert Quadmask.from_labels([labels]).resized(1, 1)[0] == [[Region.PRIMARY]]


# --- growing ----------------------------------------------------------------------------------


def disc(mask: np.ndarray, by_px: int) -> np.ndarray:
    """Growing by brute force: within `by_px` (rounded as drawn) of a True pixel."""
    grown = np.zeros_like(mask)
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]]
    for y, x in zip(*np.nonzero(mask), strict=True):
        dy = np.abs(rows - y)
        reach = np.floor(np.sqrt(np.maximum(by_px**2 - dy**2, 0)) + 0.5)
        grown |= (dy <= by_px) & (np.abs(columns - x) <= reach)
    return grown


@settings(deadline=None)
@given(
    hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)), st.integers(0, 5)
)
def test_dilate_draws_a_disc_around_every_pixel(mask: np.ndarray, by_px: int) -> None:
    assert np.array_equal(dilate(mask, by_px), disc(mask, by_px))
    assert np.array_equal(dilate(mask, -by_px), ~disc(~mask, by_px))


@settings(deadline=None)
@given(masks(), st.integers(-6, 6), st.integers(0, 6))
def test_growing_is_monotone(mask: Quadmask, by_px: int, more_px: int) -> None:
    less, more = mask.grown(by_px), mask.grown(by_px + more_px)
    for index in range(len(mask)):
        for small, large in zip(split(less[index]), split(more[index]), strict=True):
            assert not (small & ~large).any()


@given(masks())
def test_growing_by_nothing_changes_nothing(mask: Quadmask) -> None:
    assert mask.grown(0) == mask


@settings(deadline=None)
@given(masks(), st.integers(-4, 4))
def test_growing_a_crop_is_growing_the_frame(mask: Quadmask, by_px: int) -> None:
    """`grown` works near the mask only; the result must not depend on that."""
    for index, labels in enumerate(mask):
        removed, affected = split(labels)
        whole = label(dilate(removed, by_px), dilate(affected, by_px))
        assert np.array_equal(mask.grown(by_px)[index], whole)


# --- grid, union --------------------------------------------------------------------------------


@given(masks(), st.integers(1, 9))
def test_grid_snapping_adds_whole_cells_of_affected_only(mask: Quadmask, cells: int) -> None:
    snapped = mask.grid_snapped(cells)
    assert snapped.grid_snapped(cells) == snapped
    for index in range(len(mask)):
        (removed, affected), (removed2, affected2) = split(mask[index]), split(snapped[index])
        assert np.array_equal(removed, removed2)
        assert not (affected & ~affected2).any()


def test_a_hit_fills_its_cell_and_no_other() -> None:
    labels = np.full((16, 32), Region.KEEP, np.uint8)
    labels[3, 21] = Region.AFFECTED
    wanted = np.full_like(labels, Region.KEEP)
    wanted[2:4, 20:22] = Region.AFFECTED  # 8 cells on 16 rows: cells of 2x2
    assert np.array_equal(Quadmask.from_labels([labels]).grid_snapped(8)[0], wanted)


@pytest.mark.parametrize(
    ("size", "hit", "cell"),
    [  # edges as found in the released masks
        ((2160, 3840), (300, 2468), (slice(270, 540), slice(2468, 2742))),
        ((720, 1296), (200, 739), (slice(180, 270), slice(648, 740))),
        ((360, 544), (314, 452), (slice(270, 315), slice(408, 453))),
    ],
)
def test_cells_lie_as_in_the_released_masks(
    size: tuple[int, int], hit: tuple[int, int], cell: tuple[slice, slice]
) -> None:
    labels = np.full(size, Region.KEEP, np.uint8)
    labels[hit] = Region.AFFECTED
    wanted = np.full_like(labels, Region.KEEP)
    wanted[cell] = Region.AFFECTED
    assert np.array_equal(Quadmask.from_labels([labels]).grid_snapped(8)[0], wanted)


@given(masks(height=9, width=11), masks(height=9, width=11))
def test_union_joins_both_and_does_not_mind_the_order(one: Quadmask, two: Quadmask) -> None:
    both = one.union(two)
    assert both == two.union(one)
    assert one.union(one) == one
    assert both.union(one) == both
    for index in range(len(one)):
        assert np.array_equal(changed(both, index), changed(one, index) | changed(two, index))


def test_union_of_two_sizes_is_refused() -> None:
    one = Quadmask.from_labels([np.full((4, 4), 255, np.uint8)])
    two = Quadmask.from_labels([np.full((4, 5), 255, np.uint8)])
    with pytest.raises(OpenVoidError, match="masks differ"):
        one.union(two)


def test_silhouettes_make_the_four_regions() -> None:
    removed = np.array([[True, True, False, False]])
    affected = np.array([[False, True, True, False]])
    mask = Quadmask.from_removed([removed], [affected])
    assert mask[0].tolist() == [[0, 63, 127, 255]]
    assert Quadmask.from_removed([removed])[0].tolist() == [[0, 0, 255, 255]]


@given(st.integers(0, 2**32 - 1), st.integers(1, 25), st.integers(1, 25), st.integers(-9, 40))
def test_a_mask_grows_by_a_disc(seed: int, height: int, width: int, by_px: int) -> None:
    """Every pixel within reach in its row of each shifted mask, as the plain definition has it."""
    mask = np.random.default_rng(seed).random((height, width)) < 0.1
    grown = mask if by_px >= 0 else ~mask
    wanted = np.zeros_like(mask)
    for y, x in np.argwhere(grown):
        for row in range(max(0, y - abs(by_px)), min(height, y + abs(by_px) + 1)):
            reach = int((by_px * by_px - (row - y) ** 2) ** 0.5 + 0.5)
            wanted[row, max(0, x - reach) : x + reach + 1] = True
    assert np.array_equal(dilate(mask, by_px), wanted if by_px >= 0 else ~wanted)


@pytest.mark.parametrize("by_px", [1025, -1025, 10**20])
def test_growing_farther_than_a_margin_is_refused_at_once(by_px: int) -> None:
    mask = Quadmask.from_labels(np.zeros((1, 4320, 7680), np.uint8))
    with pytest.raises(OpenVoidError, match=r"grow is .* \(from -1024 to 1024\)"):
        mask.grown(by_px)


def test_grids_and_sizes_without_measure_are_refused() -> None:
    mask = Quadmask.from_labels(np.zeros((1, 8, 8), np.uint8))
    with pytest.raises(OpenVoidError, match="from 1 to 256"):
        mask.grid_snapped(10**9)
    with pytest.raises(OpenVoidError, match="too large"):
        mask.resized(100_000, 100_000)
