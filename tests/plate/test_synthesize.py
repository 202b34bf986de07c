"""Synthesis copies from usable places only, continues what it can, and survives any hole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from openvoid.plate.synthesize import Synthesis, heal, synthesize

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
HEIGHT, WIDTH = 150, 220


def _fill(plate: Plane, hole: Mask, usable: Mask | None = None, seed: int = 0) -> Synthesis:
    blank = np.where(hole[..., None], np.float32(0), plate)
    return synthesize(blank, hole, ~hole if usable is None else usable, np.random.default_rng(seed))


def _hole(top: int = 45, left: int = 70, height: int = 60, width: int = 80) -> Mask:
    hole = np.zeros((HEIGHT, WIDTH), bool)
    hole[top : top + height, left : left + width] = True
    return hole


def _noise(seed: int, sigma: tuple[float, float]) -> Plane:
    noise = np.random.default_rng(seed).standard_normal((HEIGHT, WIDTH, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), sigmaX=sigma[0], sigmaY=sigma[1])
    return smooth / smooth.std()


def _wood() -> Plane:
    """Boards of slightly different colour with grain along them."""
    boards = np.random.default_rng(5).normal(0, 0.06, (HEIGHT // 25 + 1, 1, 3))
    base = np.array([0.55, 0.42, 0.3]) + boards.repeat(25, 0)[:HEIGHT]
    return np.clip(base + 0.02 * _noise(6, (25, 0.8)), 0, 1).astype(np.float32)


def _bricks() -> Plane:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    joint = (rows % 12 < 2) | ((columns + 12 * (rows // 12 % 2)) % 24 < 2)
    colours = np.where(joint[..., None], [0.7, 0.7, 0.65], [0.55, 0.25, 0.2])
    return colours.astype(np.float32)


def _psnr(found: Plane, truth: Plane, hole: Mask) -> float:
    return float(-10 * np.log10(((found - truth)[hole] ** 2).mean() + 1e-12))


def _telea(plate: Plane, hole: Mask) -> Plane:
    seen = np.where(hole[..., None], 0, np.round(plate * 255)).astype(np.uint8)
    return cv2.inpaint(seen, hole.astype(np.uint8), 5, cv2.INPAINT_TELEA).astype(np.float32) / 255


def _assert_lawful(result: Synthesis, plate: Plane, hole: Mask, usable: Mask) -> None:
    own = np.stack(np.indices(hole.shape), axis=-1)
    assert result.image.dtype == np.float32
    assert result.source.dtype == np.int32
    assert np.array_equal(result.image[~hole], plate[~hole])
    assert np.array_equal(result.source[~hole], own[~hole])
    places = result.source[hole]
    assert usable[places[:, 0], places[:, 1]].all()
    assert np.isfinite(result.image).all()


def test_an_empty_hole_changes_nothing() -> None:
    plate = _wood()
    hole = np.zeros((HEIGHT, WIDTH), bool)
    result = synthesize(plate, hole, ~hole, np.random.default_rng(0))
    assert np.array_equal(result.image, plate)
    assert np.array_equal(result.source, np.stack(np.indices(hole.shape), axis=-1))


def test_a_periodic_texture_is_continued() -> None:
    plate, hole = _bricks(), _hole()
    result = _fill(plate, hole)
    _assert_lawful(result, plate, hole, ~hole)
    assert _psnr(result.image, plate, hole) > 30


def test_wood_is_continued_better_than_by_telea() -> None:
    plate, hole = _wood(), _hole()
    result = _fill(plate, hole)
    _assert_lawful(result, plate, hole, ~hole)
    assert _psnr(result.image, plate, hole) > _psnr(_telea(plate, hole), plate, hole) + 3


def test_a_slanted_edge_is_continued() -> None:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    edge = np.clip(rows - 75 + 0.25 * (columns - 110), 0, 1)[..., None]
    plate = (0.3 + 0.4 * edge + 0.01 * _noise(1, (1, 1))).astype(np.float32)
    hole = _hole()
    found = _fill(plate, hole).image
    assert _psnr(found, plate, hole) > _psnr(_telea(plate, hole), plate, hole) + 6


def test_the_copy_keeps_the_grain() -> None:
    plate, hole = (0.5 + 0.03 * _noise(2, (1, 1))).astype(np.float32), _hole()
    found = _fill(plate, hole).image
    inner = cv2.erode(hole.astype(np.uint8), np.ones((9, 9))) > 0
    assert found[inner].std() == pytest.approx(plate[~hole].std(), rel=0.15)


def test_sources_are_large_pieces_of_constant_offset() -> None:
    hole = _hole()
    source = _fill(_wood(), hole).source
    offset = source - np.stack(np.indices(hole.shape), axis=-1)
    inside = hole[:, 1:] & hole[:, :-1]
    assert (offset[:, 1:] != offset[:, :-1]).any(-1)[inside].mean() < 0.1
    assert len(np.unique(offset[hole], axis=0)) < 40


def test_the_same_seed_gives_the_same_result_and_the_input_is_left_alone() -> None:
    plate, hole = _wood(), _hole()
    before = plate.copy()
    one, other = _fill(plate, hole, seed=4), _fill(plate, hole, seed=4)
    assert np.array_equal(one.image, other.image)
    assert np.array_equal(one.source, other.source)
    assert np.array_equal(plate, before)


def test_what_is_not_usable_is_never_copied() -> None:
    plate, hole = _wood(), _hole()
    plate[:, 150:] = (1, 0, 1)
    usable = ~hole
    usable[:, 150:] = False
    result = _fill(plate, hole, usable)
    _assert_lawful(result, plate, hole, usable)
    centre = result.image[60:90, 90:120]
    assert np.abs(centre - plate[60:90, 10:40].mean((0, 1))).mean() < 0.1


@pytest.mark.parametrize(
    "box", [(0, 0, 60, 60), (90, 140, 60, 80), (0, 60, HEIGHT, 70), (2, 2, 140, 200)]
)
def test_holes_at_the_border_and_huge_ones_are_filled(box: tuple[int, int, int, int]) -> None:
    plate, hole = _wood(), _hole(*box)
    _assert_lawful(_fill(plate, hole), plate, hole, ~hole)


def test_usable_smaller_than_a_patch() -> None:
    plate, hole = _wood(), _hole()
    usable = np.zeros_like(hole)
    usable[3:5, 7:10] = True
    _assert_lawful(_fill(plate, hole, usable), plate, hole, usable)


def test_nothing_usable_gives_a_membrane_and_nothing_known_grey() -> None:
    plate, hole = np.full((HEIGHT, WIDTH, 3), 0.25, np.float32), _hole()
    none = np.zeros_like(hole)
    result = _fill(plate, hole, none)
    assert np.allclose(result.image, 0.25, atol=1e-5)
    assert np.array_equal(result.source, np.stack(np.indices(hole.shape), axis=-1))
    assert np.array_equal(_fill(plate, ~none, none).image, np.full_like(plate, 0.5))


def test_scattered_specks_are_filled_from_beside_them() -> None:
    plate = _wood()
    hole = np.random.default_rng(8).random((HEIGHT, WIDTH)) < 0.01
    result = _fill(plate, hole)
    _assert_lawful(result, plate, hole, ~hole)
    away = result.source - np.stack(np.indices(hole.shape), axis=-1)
    assert np.abs(away[hole]).max() < 12


def test_values_that_are_not_finite_are_neither_copied_nor_spread() -> None:
    plate, hole = _wood(), _hole()
    plate[20:30, 20:200] = np.nan
    result = synthesize(plate, hole, ~hole, np.random.default_rng(0))
    assert np.isfinite(result.image[hole]).all()
    places = result.source[hole]
    assert np.isfinite(plate[places[:, 0], places[:, 1]]).all()


def test_progress_rises_to_its_total() -> None:
    told: list[tuple[int, int]] = []
    hole = _hole() | _hole(2, 2, 20, 20)
    synthesize(
        _wood(),
        hole,
        ~hole,
        np.random.default_rng(0),
        lambda done, total: told.append((done, total)),
    )
    done = [step for step, _ in told]
    assert done == sorted(done)
    assert told[-1][0] == told[-1][1]
    assert len({total for _, total in told}) == 1


@given(st.integers(0, 10_000))
@example(230)  # one pixel wide
@example(2958)  # a row of cells without hole
@settings(max_examples=12, deadline=None)
def test_any_hole_in_any_small_plate_is_lawful(seed: int) -> None:
    rng = np.random.default_rng(seed)
    height, width = (int(side) for side in rng.integers(1, 50, 2))
    plate = rng.random((height, width, 3)).astype(np.float32)
    hole = cv2.GaussianBlur(rng.random((height, width)), (0, 0), rng.uniform(0.3, 5)) > 0.5
    usable = (rng.random((height, width)) < rng.uniform(0.2, 1.2)) & ~hole
    if usable.any() and hole.any():
        result = _fill(plate, hole, usable, seed)
        _assert_lawful(result, plate, hole, usable)


def test_heal_takes_a_change_of_light_out_of_a_copy() -> None:
    columns = np.linspace(0, 0.2, WIDTH, dtype=np.float32)[None, :, None]
    texture = np.float32(0.02) * _noise(3, (1, 1))
    texture[:, WIDTH // 2 :] = texture[:, : WIDTH // 2]
    plate = np.float32(0.4) + columns + texture
    hole = _hole(40, 130, 50, 60)
    source = np.stack(np.indices(hole.shape, dtype=np.int32), axis=-1)
    source[hole] -= (0, WIDTH // 2)
    assert np.abs(heal(plate, source, hole) - plate).max() < 0.01


def test_heal_of_own_sources_changes_nothing() -> None:
    plate, hole = _wood(), _hole()
    own = np.stack(np.indices(hole.shape, dtype=np.int32), axis=-1)
    assert np.allclose(heal(plate, own, hole), plate, atol=1e-6)
