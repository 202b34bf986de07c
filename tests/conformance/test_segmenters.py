"""What every segmenter promises, for every one that is installed: the built-in, a third party's.

Run for one segmenter alone with `-k`: `pytest tests/conformance -k classical`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core import plugins
from openvoid.core.clip import Clip, clip_of
from openvoid.core.removal import Run
from openvoid.core.selection import BoxMark, Matte, Point, Selection, Stroke
from openvoid.core.track import Track

HEAVY = {"sam2", "sam3", "isnet"}  # want weights: tiny ones do for what is promised here
SEGMENTERS = sorted({*plugins.names("segmenter"), "still"})
pytestmark = pytest.mark.usefixtures("third_party")
Find = Callable[[Clip, Selection], Track]


@pytest.fixture(params=SEGMENTERS)
def named(request: pytest.FixtureRequest, third_party: None) -> str:
    return str(request.param)


@pytest.fixture
def find(named: str, tmp_path: Path, request: pytest.FixtureRequest) -> Find:
    """One run of the segmenter, made anew for each call."""
    given = {}
    if named in HEAVY:
        tiny = request.getfixturevalue("tiny_isnet" if named == "isnet" else "tiny_sam")
        given = {"weights": str(tiny[named])}
    return lambda clip, marks: plugins.construct("segmenter", named, given).track(
        clip, marks, Run(tmp_path)
    )


def shot(
    dtype: Any = np.uint8, length: int = 4, size: tuple[int, int] = (64, 88), step_px: float = 3.0
) -> Clip:
    """A red disc that goes right over blotchy gray-green ground."""
    height, width = size
    rng = np.random.default_rng(5)
    small = rng.random((height // 6 + 2, width // 6 + 2, 3)).astype(np.float32)
    ground = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * 0.25 + 0.3
    rows, columns = np.mgrid[:height, :width]
    frames = []
    for index in range(length):
        disc = np.hypot(columns - 26 - step_px * index, rows - 32) < 11
        seen = np.where(disc[..., None], np.float32([0.85, 0.2, 0.15]), ground)
        seen = seen + rng.normal(0, 0.004, seen.shape)
        if np.issubdtype(dtype, np.floating):
            frames.append((3 * seen).astype(dtype))
        else:
            white = np.iinfo(dtype).max
            frames.append(np.clip(np.rint(seen * white), 0, white).astype(dtype))
    return clip_of(frames)


ON_FIRST = Selection(points=(Point(0, 26, 32),))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("size", [(64, 88), (63, 87)])
def test_a_track_has_the_clips_length_and_size(
    find: Find, dtype: Any, size: tuple[int, int]
) -> None:
    track = find(shot(dtype, size=size), ON_FIRST)
    assert (len(track), track.height, track.width) == (4, *size)
    assert all(0 <= each <= 1 for each in track.confidence)
    assert track.seen


def test_marks_are_obeyed_where_they_are(find: Find) -> None:
    marks = Selection(points=(Point(0, 26, 32), Point(0, 30.6, 36.2), Point(0, 60, 12, False)))
    track = find(shot(), marks)
    assert track[0][32, 26]
    assert track[0][36, 30]
    assert not track[0][12, 60]


def test_a_mark_off_the_object_beside_one_on_it_is_obeyed(find: Find) -> None:
    marks = Selection(points=(Point(1, 29, 32), Point(1, 29, 26, False)))
    track = find(shot(), marks)
    assert track[1][32, 29]
    assert not track[1][26, 29]


def test_the_same_call_gives_the_same_track(find: Find) -> None:
    assert find(shot(), ON_FIRST) == find(shot(), ON_FIRST)


def test_one_frame_is_enough(find: Find) -> None:
    track = find(shot(length=1), ON_FIRST)
    assert track.seen == (0,)


def test_marks_on_the_last_frame_reach_the_first(find: Find) -> None:
    track = find(shot(), Selection(points=(Point(3, 35, 32),)))
    assert track[0].any()
    assert track[3][32, 35]


def test_frames_without_the_object_are_allowed(find: Find) -> None:
    track = find(shot(length=5, step_px=-13.0), ON_FIRST)  # it has left to the left by frame 3
    assert len(track) == 5
    assert 0 in track.seen


def test_the_marks_of_several_frames_work_together(find: Find) -> None:
    track = find(shot(), Selection(points=(Point(0, 26, 32), Point(3, 35, 32))))
    assert track[0][32, 26]
    assert track[3][32, 35]


@pytest.mark.parametrize("kind", ["box", "stroke", "matte"])
def test_every_kind_of_mark_is_taken_by_the_built_in(tmp_path: Path, kind: str) -> None:
    rows, columns = np.mgrid[:64, :88]
    disc = np.hypot(columns - 26, rows - 32) < 11
    cv2.imwrite(str(tmp_path / "matte.png"), disc.astype(np.uint8) * 255)
    marks = {
        "box": Selection(boxes=(BoxMark(0, 13, 19, 39, 45),)),
        "stroke": Selection(strokes=(Stroke(0, ((22.0, 32.0), (30.0, 32.0)), 3.0),)),
        "matte": Selection(mattes=(Matte(0, str(tmp_path / "matte.png")),)),
    }[kind]
    track = plugins.construct("segmenter", "classical").track(shot(), marks, Run(tmp_path))
    for index in range(4):
        truth = np.hypot(columns - 26 - 3 * index, rows - 32) < 11
        both = np.count_nonzero(track[index] & truth) / np.count_nonzero(track[index] | truth)
        assert both > 0.8, (kind, index)
    if kind == "matte":
        assert np.array_equal(track[0], disc)
