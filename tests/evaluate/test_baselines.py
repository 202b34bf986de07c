"""The baselines against values by hand, and as a program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask, Region
from openvoid.evaluate.baselines import BASELINES, eight_bit, main
from openvoid.media.open import open_clip
from tests.evaluate.tiny_truths import Scene

Array = np.ndarray[Any, Any]


def filled(name: str, frames: Array, labels: Array) -> Array:
    return np.stack(list(BASELINES[name](clip_of(frames), Quadmask.from_labels(labels))))


def one_pixel(levels: list[int], hidden: list[bool]) -> tuple[Array, Array]:
    """Gray frames of 8x8 in which one pixel has these levels and is hidden in some frames."""
    frames = np.full((len(levels), 8, 8, 3), 100, np.uint8)
    frames[:, 4, 4] = np.array(levels)[:, None]
    labels = np.full((len(levels), 8, 8), Region.KEEP, np.uint8)
    labels[np.array(hidden), 4, 4] = Region.PRIMARY
    return frames, labels


def test_the_median_is_of_what_was_kept() -> None:
    frames, labels = one_pixel([10, 250, 20, 30, 250], [False, True, False, False, True])
    assert filled("median", frames, labels)[:, 4, 4, 0].tolist() == [10, 20, 20, 30, 20]


def test_the_nearest_is_the_earlier_of_two() -> None:
    frames, labels = one_pixel([10, 0, 0, 0, 50, 0], [False, True, True, True, False, True])
    assert filled("nearest", frames, labels)[:, 4, 4, 0].tolist() == [10, 10, 10, 50, 50, 50]


@pytest.mark.parametrize("name", ["telea", "median", "nearest"])
def test_what_no_frame_saw_comes_from_around_it(name: str) -> None:
    frames, labels = one_pixel([0, 0], [True, True])
    np.testing.assert_allclose(filled(name, frames, labels), 100, atol=2)


@pytest.mark.parametrize("name", BASELINES)
def test_what_is_kept_stays_as_it_is(name: str, made: Scene) -> None:
    labels = np.stack(list(made.quadmask))
    found, kept = filled(name, made.source, labels), labels == Region.KEEP
    np.testing.assert_array_equal(found[kept], made.source[kept])
    assert name == "copy" or (found != made.source).any()


@pytest.mark.parametrize("name", ["median", "nearest"])
def test_a_camera_that_stands_still_is_all_they_need(name: str, made: Scene) -> None:
    """Nothing but the background was hidden by the post, and other frames saw none of it."""
    labels = np.full(made.source.shape[:3], Region.KEEP, np.uint8)
    labels[3:6, 30:40, 100:110] = Region.PRIMARY
    frames = np.repeat(made.source[:1], len(labels), axis=0)
    spoilt = frames.copy()
    spoilt[labels == Region.PRIMARY] = 0
    np.testing.assert_array_equal(filled(name, spoilt, labels), frames)


def test_deeper_clips_become_eight_bit() -> None:
    assert eight_bit(np.array([0, 1023, 2046, 65535], np.uint16), 1023.0).tolist() == [
        0,
        255,
        255,
        255,
    ]


def test_as_a_program_it_writes_without_loss(shots: Path, made: Scene, tmp_path: Path) -> None:
    shot, out = shots / "one", tmp_path / "out.mkv"
    words = [str(shot / "input_video.mkv"), str(shot / "quadmask_0.mkv"), str(out)]
    assert main(["copy", *words]) == 0
    np.testing.assert_array_equal(np.stack(list(open_clip(out).frames())), made.source)


def test_as_a_program_it_tells_a_mistake_in_one_line(
    shots: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = str(shots / "one" / "input_video.mkv"), tmp_path / "out.mkv"
    assert main(["copy", clip, str(tmp_path / "none.mkv"), str(out)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not out.exists()
