"""Strips of frames: which are shown, how errors look, what lies in the files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import clip_of
from openvoid.core.judged import Judged
from openvoid.core.quadmask import Quadmask
from openvoid.show import filmstrip

FRAMES = np.random.default_rng(2).integers(60, 190, (10, 30, 40, 3)).astype(np.uint8)


def test_frames_are_spread_and_end_with_the_last() -> None:
    assert filmstrip.chosen(10) == [1, 3, 5, 7, 9]
    assert filmstrip.chosen(3) == [0, 1, 2]


def test_errors_go_from_black_to_bright() -> None:
    black = np.zeros((4, 4, 3), np.uint8)
    levels = [int(filmstrip.heat(black + error, black).sum()) for error in (0, 20, 60, 100)]
    assert levels == sorted(set(levels))
    assert filmstrip.heat(black, black).max() < 12
    worst = np.uint8(255 * filmstrip.WORST)
    assert np.array_equal(filmstrip.heat(black + worst, black), filmstrip.heat(black + 255, black))


def test_the_strips_are_as_wide_as_they_say(tmp_path: Path) -> None:
    clip = clip_of(FRAMES)
    removed = np.zeros((10, 30, 40), bool)
    removed[:, 8:20, 10:30] = True
    filmstrip.save_strips(Judged(clip, clip, clip, Quadmask.from_removed(removed)), tmp_path)
    names = ("source.jpg", "truth.jpg", "result.jpg", "error.jpg")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    strips = {name: cv2.imread(str(tmp_path / name))[..., ::-1].astype(int) for name in names}
    wide = 5 * filmstrip.WIDTH_PX + 4 * filmstrip.GAP_PX
    assert all(strip.shape == (150, wide, 3) for strip in strips.values())
    assert np.array_equal(strips["truth.jpg"], strips["result.jpg"])
    assert strips["error.jpg"][:, : filmstrip.WIDTH_PX].max() < 12
    apart = np.abs(strips["source.jpg"] - strips["truth.jpg"])[:, : filmstrip.WIDTH_PX].sum(axis=2)
    assert apart[40, 60:140].min() > 0, "the outline"
    assert apart[55:85, 75:125].max() < 60, "nothing inside"
