"""One region found again in each frame, and what in it is no longer the same."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from openvoid.reason.motion.region_change import Before, Compared, RegionLimits, before
from tests.reason.motion.shots import HEIGHT, WIDTH, box, scene_of

REGION, OBJECT = box(40, 60, 120, 180), box(100, 90, 115, 105)


def world(shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    rng = np.random.default_rng(8)
    coarse = rng.random((HEIGHT // 8, WIDTH // 8, 3)).astype(np.float32)
    picture = 0.3 + 0.4 * cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    return np.asarray(
        cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
    )


@pytest.fixture
def look(tmp_path: Path) -> Before:
    scene = scene_of([world()] * 4, [OBJECT] * 4, tmp_path)
    return before(scene, [0, 1, 2], REGION, RegionLimits())


@pytest.mark.parametrize("shift", [(0.0, 0.0), (2.5, -1.25)])
def test_a_region_that_has_moved_as_a_whole_is_the_same(
    look: Before, shift: tuple[float, float]
) -> None:
    assert look.known[REGION & ~box(90, 80, 125, 115)].all()
    assert not look.known[OBJECT].any()  # never seen behind it
    assert Compared(look, 0.6).changed(world(shift), OBJECT).sum() < 20


def test_what_has_changed_in_it_is_found_where_the_frame_shows_it(look: Before) -> None:
    picture, spot = world((2.0, 0.0)), box(60, 120, 72, 140)
    picture[spot] += 0.25
    changed = Compared(look, 0.6).changed(picture, OBJECT)
    assert changed[spot].mean() > 0.9
    assert (changed & ~spot).sum() < 0.5 * spot.sum()


def test_with_calm_fine_patterns_do_not_count(look: Before) -> None:
    picture, spot = world(), box(60, 120, 80, 150)
    y, x = np.nonzero(spot)
    picture[spot] += np.where((x + y) % 2, 0.08, -0.08)[:, None].astype(np.float32)
    assert Compared(look, 0.3).changed(picture, OBJECT)[spot].mean() > 0.5
    assert not Compared(look, 0.3, calm=True).changed(picture, OBJECT)[spot].any()
