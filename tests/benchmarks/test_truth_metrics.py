"""The benchmark's own numbers: errors of known size give known values."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from truth_metrics import psnr, score, step_levels, worst_psnr
from truth_scene import Scene

from openvoid.core.quadmask import Quadmask

SIZE = (4, 40, 60)  # frames, height, width


def scene(*, never: bool = False) -> Scene:
    rng = np.random.default_rng(0)
    truth = rng.integers(20, 200, (*SIZE, 3)).astype(np.uint8)
    hole = np.zeros(SIZE, bool)
    for index in range(SIZE[0]):
        hole[index, 10:25, 10 + index : 30 + index] = True
    shown = truth.copy()
    shown[hole] = 255
    seen = np.ones(SIZE, bool)
    if never:
        seen[:, :, :20] = False
    still = np.ones(SIZE, bool)
    return Scene(
        "test", False, shown, truth, Quadmask.from_removed(hole), hole, still, seen, lambda: truth
    )


def test_an_error_of_ten_levels_is_28_db() -> None:
    made = scene()
    off = made.truth + np.uint8(10)
    assert psnr(off, made.truth, made.hole) == pytest.approx(20 * np.log10(25.5), abs=1e-4)
    assert psnr(off, made.truth, np.zeros(SIZE, bool)) is None


def test_the_worst_frame_counts_alone() -> None:
    made = scene()
    result = made.truth.copy()
    result[2] += 20
    assert worst_psnr(result, made.truth, made.hole) == pytest.approx(20 * np.log10(12.75))


def test_only_pixels_of_the_region_count() -> None:
    made = scene(never=True)
    result = made.truth.copy()
    result[made.hole & ~made.seen] += 10
    found = score(made, result, 2)
    assert found.never_db == pytest.approx(20 * np.log10(25.5), abs=1e-4)
    assert found.seen_db is not None
    assert found.seen_db > 80
    still = made.still.copy()
    still[:, :, :20] = False  # what moves there is not measured
    moved = score(dataclasses.replace(made, still=still), result, 2)
    assert moved.never_db is None
    assert moved.seen_db == found.seen_db


def test_the_truth_flickers_like_itself_and_a_frozen_fill_does_not() -> None:
    made = scene()
    assert score(made, made.truth, 2).flicker == 1.0
    frozen = np.broadcast_to(made.truth[:1], made.truth.shape)
    assert score(made, frozen, 2).flicker == 0.0
    assert score(made, frozen, 2).edge_flicker == 0.0
    assert score(made, made.truth, 2).edge_flicker == 1.0


def test_a_step_is_counted_where_it_is_asked_for() -> None:
    where = np.zeros((1, 1, 4), bool)
    where[0, 0, :2] = True
    frames = np.zeros((2, 1, 4, 3), np.uint8)
    frames[1, 0, 0] = 30
    frames[1, 0, 3] = 90  # not asked for
    assert step_levels(frames, where) == 15.0


def test_pixels_changed_beyond_the_soft_edge_are_counted() -> None:
    made = scene()
    result = made.shown.copy()
    result[made.hole] = made.truth[made.hole]
    result[0, 9, 15] ^= 1  # next to the hole: allowed
    assert score(made, result, 2).touched_beyond_px == 0
    result[0, 2, 15] ^= 1
    result[3, 39, 59] ^= 1
    assert score(made, result, 2).touched_beyond_px == 2
