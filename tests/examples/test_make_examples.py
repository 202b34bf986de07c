"""The example renders, and its quadmask covers what the ball changes."""

from __future__ import annotations

import json
from pathlib import Path

import av
import cv2
import make_examples
import numpy as np
import pytest
import room
from numpy.typing import NDArray

from openvoid.media.masks import open_quadmask
from openvoid.media.shotdir import is_shot

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "rolling_ball"


@pytest.fixture(scope="module")
def shot() -> make_examples.Shot:
    coarse = room.Room(cell=0.2, samples=4)
    return make_examples._frame(coarse, 24, 48, 128, 72, 4)


def test_the_ball_is_there_and_its_truth_is_not(shot: make_examples.Shot) -> None:
    difference = np.abs(shot.given.astype(int) - shot.truth).max(axis=-1)
    assert difference[shot.removed].mean() > 30
    assert 0.03 < shot.removed.mean() < 0.2
    assert 0.03 < shot.affected.mean() < 0.3


def test_outside_the_mask_both_are_the_same(shot: make_examples.Shot) -> None:
    difference = np.abs(shot.given.astype(int) - shot.truth).max(axis=-1)
    assert difference[~grown(shot.removed | shot.affected)].max() <= 3


def test_rendering_again_gives_the_same(shot: make_examples.Shot) -> None:
    again = make_examples._frame(room.Room(cell=0.2, samples=4), 24, 48, 128, 72, 4)
    assert np.array_equal(shot.given, again.given)


def test_a_shot_folder_is_written(shot: make_examples.Shot, tmp_path: Path) -> None:
    make_examples.write_example(tmp_path / "ball", [shot] * 6)
    assert is_shot(tmp_path / "ball")
    mask = open_quadmask(tmp_path / "ball" / "quadmask_0.mkv")
    assert (len(mask), mask.height, mask.width) == (6, 72, 128)
    check(tmp_path / "ball", 6)


@pytest.mark.skipif(not EXAMPLE.exists(), reason="the example was not rendered")
def test_the_example_in_the_repository_is_whole_and_small() -> None:
    check(EXAMPLE, 48)
    assert len(open_quadmask(EXAMPLE / "quadmask_0.mkv")) == 48
    assert all(path.stat().st_size < 2_000_000 for path in EXAMPLE.iterdir())


def check(folder: Path, frames: int) -> None:
    assert json.loads((folder / "prompt.json").read_text())["bg"]
    for name in ("input_video.mp4", "truth.mp4"):
        with av.open(str(folder / name)) as container:
            video, sound = container.streams.video[0], container.streams.audio[0]
            assert (video.frames, video.average_rate) == (frames, 24)
            assert sound.channels == 2


def grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
