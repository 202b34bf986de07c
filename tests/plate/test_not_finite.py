"""Values that are not finite count as unseen, wherever they are; kept ones stay as they were."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio
import pytest

import openvoid
from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask

PLACES = {  # (frame, row, column)
    "in the hole": [(3, 28, 34)],
    "in the soft edge": [(3, 28, 27)],
    "where the hole comes later": [(6, 28, 20), (6, 28, 21)],
    "always, in the later way of the hole": [(frame, 28, 60) for frame in range(8)],
    "far away": [(2, 5, 5)],
}


def scene() -> tuple[np.ndarray, np.ndarray]:
    """Scene-linear frames with a red thing that moves to the right, and where it is."""
    rng = np.random.default_rng(0)
    still = cv2.GaussianBlur(rng.random((64, 96, 3)).astype(np.float32), (9, 9), 3) * 2
    frames = np.stack([still + rng.normal(0, 0.002, still.shape) for _ in range(8)])
    removed = np.zeros((8, 64, 96), bool)
    for index in range(8):
        removed[index, 20:36, 10 + 6 * index : 26 + 6 * index] = True
    frames[removed] = 0.9, 0.1, 0.1
    return frames.astype(np.float32), removed


def removal(frames: np.ndarray, removed: np.ndarray, folder: Path) -> np.ndarray:
    mask = Quadmask.from_removed(removed, removed & False)
    openvoid.remove(clip_of(frames, Fraction(24)), mask, folder / "out.%04d.exr")
    files = sorted(folder.glob("out.*.exr"))
    return np.stack([oiio.ImageBuf(str(file)).get_pixels(oiio.FLOAT) for file in files])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", PLACES)
def test_they_are_filled_in_the_hole_and_kept_outside(
    tmp_path: Path, where: str, value: float
) -> None:
    frames, removed = scene()
    (tmp_path / "whole").mkdir()
    whole = removal(frames, removed, tmp_path / "whole")
    spoilt = frames.copy()
    for place in PLACES[where]:
        spoilt[place] = value
    (tmp_path / "spoilt").mkdir()
    found = removal(spoilt, removed, tmp_path / "spoilt")
    assert np.isfinite(found[removed]).all()
    beside = removed.copy()  # what is never finite is made up
    for frame, row, column in PLACES[where]:
        beside[frame, row - 4 : row + 5, column - 4 : column + 5] = False
    assert np.abs(found[beside] - whole[beside]).max() < 0.05
    far = ~cv2.dilate(removed.max(axis=0).astype(np.uint8), np.ones((21, 21))).astype(bool)
    assert np.array_equal(found[:, far], spoilt[:, far], equal_nan=True)
