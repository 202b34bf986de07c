"""The segmenter without weights finds known objects in made worlds."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.selection import BoxMark, Matte, Point, Selection, Stroke
from openvoid.core.track import Track
from openvoid.select.classical.segmenter import ClassicalSegmenter, Options
from tests.select.moving_shapes import World, overlap, world


def tracked(made: World, marks: Selection, folder: Path) -> tuple[Track, list[float]]:
    """The track, and its overlap with the truth a frame."""
    track = ClassicalSegmenter(Options()).track(made.clip, marks, Run(folder))
    return track, [overlap(*pair) for pair in zip(track, made.truth, strict=True)]


@pytest.mark.parametrize("frame", [0, 4, 7])
def test_one_click_on_any_frame_finds_a_moving_thing_in_all(frame: int, tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=8)
    _, found = tracked(made, Selection(points=(Point(frame, 40 + 6 * frame, 60),)), tmp_path)
    assert min(found) > 0.9


def test_a_box_does_as_well(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=6)
    _, found = tracked(made, Selection(boxes=(BoxMark(0, 22, 30, 62, 78),)), tmp_path)
    assert np.mean(found) > 0.9


def test_a_camera_that_pans_does_not_matter(tmp_path: Path) -> None:
    made = world(lambda index: (60 + 3 * index, 60), length=8, pan_px=4)
    _, found = tracked(made, Selection(points=(Point(0, 60, 60),)), tmp_path)
    assert min(found) > 0.9


def test_it_comes_out_behind_a_post(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 5 * index, 60), length=16, post=(80, 100))
    _, found = tracked(made, Selection(points=(Point(0, 40, 60),)), tmp_path)
    assert np.mean(found) > 0.9
    assert min(found[-3:]) > 0.9


def test_what_leaves_the_frame_is_not_seen_and_found_when_it_returns(tmp_path: Path) -> None:
    made = world(lambda i: (140 + 9 * i if i < 8 else 203 - 9 * (i - 8), 60), length=16)
    track, found = tracked(made, Selection(points=(Point(0, 140, 60),)), tmp_path)
    assert not track[8].any()
    assert min(found[-3:]) > 0.9
    assert np.mean(found) > 0.85


def test_a_hole_in_the_thing_stays_open(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=5, ring=True)
    path = ((52.0, 60.0), (40.0, 72.0), (28.0, 60.0), (40.0, 48.0))
    track, found = tracked(made, Selection(strokes=(Stroke(0, path, 4.0),)), tmp_path)
    assert min(found) > 0.85
    assert not track[3][60, 58]


def test_a_later_mark_repairs_the_frames_before_it(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=8, hat=True)
    rows, columns = np.mgrid[:120, :176]
    bare = made.truth[0] & (np.hypot(columns - 49, rows - 46) >= 10)  # the hat is left out
    cv2.imwrite(str(tmp_path / "bare.png"), bare.astype(np.uint8) * 255)
    wrong = Selection(mattes=(Matte(0, str(tmp_path / "bare.png")),))
    mended = Selection(points=(Point(7, 91, 44),), mattes=wrong.mattes)
    before, after = tracked(made, wrong, tmp_path)[1], tracked(made, mended, tmp_path)[1]
    assert after[7] > before[7] + 0.1
    assert after[6] > before[6] + 0.1


def test_a_mark_that_is_not_the_object_takes_a_part_away(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=4)
    marks = Selection(points=(Point(0, 40, 60), Point(3, 58, 60), Point(3, 67, 44, False)))
    track, _ = tracked(made, marks, tmp_path)
    assert not track[3][44, 67]
    assert track[3][60, 58]


def test_confidence_falls_with_the_distance_to_the_marks(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=8)
    track, _ = tracked(made, Selection(points=(Point(0, 40, 60),)), tmp_path)
    assert track.confidence[7] < track.confidence[0] <= 1


def test_the_working_size_is_obeyed(tmp_path: Path) -> None:
    made, marks = world(lambda index: (40, 60), length=2), Selection(points=(Point(0, 40, 60),))
    coarse = ClassicalSegmenter(Options(working_size=64)).track(made.clip, marks, Run(tmp_path))
    fine = ClassicalSegmenter(Options(working_size=176)).track(made.clip, marks, Run(tmp_path))
    assert coarse != fine
    assert overlap(coarse[1], made.truth[1]) > 0.8


@pytest.mark.parametrize(
    ("marks", "wanted"),
    [
        (Selection(), "nothing says where"),
        (Selection(points=(Point(0, 500, 5),)), "outside the picture"),
        (Selection(points=(Point(9, 5, 5),)), "frame 9 is not in the clip"),
        (Selection(words="a shape"), "words"),
        (Selection(mattes=(Matte(0, "none.png"),)), "cannot be read as a picture"),
    ],
)
def test_marks_that_cannot_be_meant_are_refused(
    marks: Selection, wanted: str, tmp_path: Path
) -> None:
    with pytest.raises(OpenVoidError, match=wanted):
        tracked(world(lambda index: (40, 60), length=2), marks, tmp_path)


def test_a_matte_of_another_size_or_empty_is_refused(tmp_path: Path) -> None:
    made = world(lambda index: (40, 60), length=1)
    for name, size, wanted in (("small", (10, 10), "10x10"), ("empty", (120, 176), "empty")):
        file = str(tmp_path / f"{name}.png")
        cv2.imwrite(file, np.zeros(size, np.uint8))
        with pytest.raises(OpenVoidError, match=wanted):
            tracked(made, Selection(mattes=(Matte(0, file),)), tmp_path)


def test_how_bright_a_linear_shot_was_stored_makes_no_difference(tmp_path: Path) -> None:
    made = world(lambda index: (40 + 6 * index, 60), length=6)
    light = [(frame / 255.0) ** 2.2 for frame in made.frames]
    marks = Selection(points=(Point(0, 40, 60),))

    def at(times: float) -> list[np.ndarray]:
        clip = clip_of([(frame * times).astype(np.float32) for frame in light])
        return list(ClassicalSegmenter(Options()).track(clip, marks, Run(tmp_path)))

    usual = at(1.0)
    assert min(overlap(*pair) for pair in zip(usual, made.truth, strict=True)) > 0.9
    for power in (-9, 3):
        assert np.array_equal(at(2.0**power), usual)
    for times in (0.002, 7.3):
        assert min(overlap(*pair) for pair in zip(at(times), usual, strict=True)) > 0.98


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 2), (5, 7), (8, 8), (16, 16), (2, 320)])
@pytest.mark.parametrize("kind", ["moving", "plain", "noise"])
def test_the_smallest_clips_are_followed(size: tuple[int, int], kind: str, tmp_path: Path) -> None:
    height, width = size
    rng = np.random.default_rng(5)
    frames = [np.full((height, width, 3), (60, 120, 60), np.uint8) for _ in range(4)]
    for index, frame in enumerate(frames):
        if kind == "moving":
            frame[height // 4 : 1 + height // 2, index : index + 1 + width // 3] = 220, 40, 40
        elif kind == "noise":
            frame[:] = rng.integers(0, 256, frame.shape)
    marks = Selection(points=(Point(0, width // 8, height // 3),))
    track = ClassicalSegmenter(Options()).track(clip_of(frames), marks, Run(tmp_path))
    assert (len(track), track.height, track.width) == (4, *size)
    assert track[0][height // 3, width // 8]
