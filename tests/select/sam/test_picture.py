"""Pictures in and logits out, against plain arithmetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")

from openvoid.core.clip import clip_of
from openvoid.select.sam.picture import CHUNK, Pictures, normalised, shrunk, silhouette, tidied
from openvoid.vision.display import Display
from tests.select.moving_shapes import overlap, world

MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def by_hand(line: np.ndarray, size: int) -> np.ndarray:
    """Bilinear with the triangle as wide as the step, along the first axis; pixels are areas."""
    length = len(line)
    step = length / size
    reach = max(step, 1.0)
    rows = []
    for index in range(size):
        centre = (index + 0.5) * step
        weights = np.maximum(0, 1 - np.abs(np.arange(length) + 0.5 - centre) / reach)
        rows.append(np.tensordot(weights / weights.sum(), line, 1))
    return np.array(rows)


@pytest.mark.parametrize("native", [(90, 160), (33, 20), (64, 64)])
def test_a_picture_is_shrunk_as_plain_arithmetic_does_it(native: tuple[int, int]) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (*native, 3)).astype(np.uint8)
    wanted = by_hand(by_hand(frame.astype(float), 48).swapaxes(0, 1), 48).swapaxes(0, 1)
    assert np.abs(shrunk(frame, 48, Display(255.0)).astype(float) - wanted).max() <= 1.01


@pytest.mark.parametrize(("dtype", "factor"), [(np.uint16, 257), (np.float32, 1)])
def test_every_depth_of_picture_is_taken(dtype: Any, factor: int) -> None:
    frame = (np.random.default_rng(1).random((40, 60, 3)) * 255).astype(np.uint8)
    deep = (frame.astype(np.float64) * factor).astype(dtype)
    small = shrunk(deep, 32, Display.of(clip_of([deep])))
    assert small.shape == (32, 32, 3)
    assert small.dtype == np.uint8


def test_pixels_are_normalised_as_plain_arithmetic_does_it() -> None:
    small = np.random.default_rng(2).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    found = normalised(small, MEAN, SPREAD).numpy()
    wanted = (small / 255 - np.array(MEAN)) / np.array(SPREAD)
    assert found.shape == (1, 3, 8, 8)
    np.testing.assert_allclose(found[0], wanted.transpose(2, 0, 1), atol=1e-6)


def test_small_holes_are_filled_and_specks_dropped_and_large_ones_stay() -> None:
    logits = np.full((40, 40), -4, np.float32)
    logits[5:30, 5:30] = 4
    logits[8:11, 8:11] = -4  # a small hole
    logits[14:22, 14:22] = -4  # a large one
    logits[35:37, 35:37] = 4  # a speck
    found = tidied(logits) > 0
    assert found[8:11, 8:11].all()
    assert not found[14:22, 14:22].any()
    assert not found[35:37, 35:37].any()
    assert np.array_equal(tidied(tidied(logits)), tidied(logits))


def test_a_tiny_object_is_no_speck() -> None:
    logits = np.full((40, 40), -4, np.float32)
    logits[10:13, 10:13] = 4
    assert np.count_nonzero(tidied(logits) > 0) == 9


def test_edges_lie_where_the_pictures_edges_are() -> None:
    scene = world(lambda index: (90, 60), 1, (120, 176))
    frame, truth = scene.frames[0], scene.truth[0]
    coarse = cv2.resize(truth.astype(np.float32), (44, 30), interpolation=cv2.INTER_AREA)
    logits = np.float32(8) * (coarse - np.float32(0.5))
    large = cv2.resize(logits, (176, 120), interpolation=cv2.INTER_LINEAR) > 0
    found = silhouette(logits, frame, Display(255.0))
    assert found.shape == truth.shape
    assert overlap(found, truth) > max(0.95, overlap(large, truth))


def test_nothing_seen_is_nothing_drawn() -> None:
    frame = np.zeros((33, 47, 3), np.uint8)
    assert silhouette(np.full((16, 16), -1024, np.float32), frame, Display(255.0)).shape == (33, 47)
    assert not silhouette(np.full((16, 16), -1024, np.float32), frame, Display(255.0)).any()


def test_time_runs_backward_in_pieces(tmp_path: Path) -> None:
    count = CHUNK + 5
    clip = clip_of([np.full((24, 30, 3), index, np.uint8) for index in range(count)])
    with Pictures(clip, 16, tmp_path / "scratch") as pictures:
        back = [(index, int(small[0, 0, 0])) for index, small in pictures.backward(count - 1)]
        ahead = [index for index, _ in pictures.forward(3)]
        assert np.array_equal(pictures[7], pictures[7])
        assert pictures[7][0, 0, 0] == 7
    assert back == [(index, index) for index in range(count - 2, -1, -1)]
    assert ahead == list(range(3, count))
