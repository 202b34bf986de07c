"""Following from key frames, things that cross, corrections, and whether doubt is told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.selection import Point, Selection
from openvoid.select.classical.background import Scene
from openvoid.select.classical.following import Pointed
from openvoid.select.classical.segmenter import ClassicalSegmenter, Options
from openvoid.select.seeds import seeds_of
from openvoid.vision.working import FOLLOW, prepare
from tests.select.moving_shapes import World, overlap, texture, world

SIDE = 18


def squares(kind: str, length: int = 40) -> World:
    """Two red squares, 18 px, over blotchy ground: they cross, pass, or are halves that part."""
    ground = cv2.GaussianBlur(texture((96, 160), (90, 95, 90), 4, 3).astype(np.float32), (0, 0), 1)
    frames, truth = [], []
    for index in range(length):
        frame, mask = ground.copy(), np.zeros((96, 160), bool)
        away = 1.2 * max(0, index - 10)
        at = {
            "cross": ((10 + 3 * index, 40, True), (127 - 3 * index, 40, False)),
            "pass": ((10 + 3 * index, 30, True), (127 - 3 * index, 50, False)),
            "part": ((70 - away, 40, True), (70 + SIDE + away, 40, True)),
        }[kind]
        for x, y, own in at:
            here = np.s_[y : y + SIDE, round(x) : round(x) + SIDE]
            frame[here], mask[here] = (230, 40, 40), own
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
        truth.append(mask)
    return World(frames, truth)


def judged(made: World, marks: Selection, folder: Path) -> tuple[list[float], tuple[float, ...]]:
    """Overlap with the truth and confidence, a frame each."""
    track = ClassicalSegmenter(Options()).track(made.clip, marks, Run(folder))
    found = [overlap(*pair) for pair in zip(track, made.truth, strict=True)]
    return found, track.confidence


CLICK = Selection(points=(Point(0, 19, 49),))
LATE = Selection(points=(Point(0, 19, 49), Point(30, 109, 49), Point(30, 46, 49, False)))


@pytest.mark.parametrize("marks", [CLICK, LATE])
def test_of_two_alike_things_that_cross_the_right_one_is_kept_and_the_rest_is_told(
    marks: Selection, tmp_path: Path
) -> None:
    found, sure = judged(squares("cross"), marks, tmp_path)
    assert min(found[:16]) > 0.9
    assert min(found[26:]) > 0.9
    wrong = [index for index, each in enumerate(found) if each < 0.7]
    assert wrong, "both are one square for a while"
    assert np.mean([sure[index] < 0.5 for index in wrong]) >= 0.8
    assert np.mean([each < 0.5 for each in sure]) < 0.6  # not everything is doubtful


def test_of_two_alike_things_that_pass_each_other_nothing_is_mixed_up(tmp_path: Path) -> None:
    made = squares("pass")
    found, _ = judged(made, Selection(points=(Point(0, 19, 39),)), tmp_path)
    assert min(found) > 0.9


def test_halves_that_part_are_both_kept(tmp_path: Path) -> None:
    marks = Selection(points=(Point(0, 77, 49), Point(0, 97, 49)))
    found, _ = judged(squares("part"), marks, tmp_path)
    assert min(found) > 0.9


def test_a_correction_of_a_swap_leaves_what_was_right(tmp_path: Path) -> None:
    """The marks name one square at the start and the other one at the end."""
    made = squares("cross")
    marks = Selection(points=(Point(0, 19, 49), Point(36, 28, 49), Point(36, 127, 49, False)))
    found, _ = judged(made, marks, tmp_path)
    assert min(found[:16]) > 0.9  # up to where they meet it is the one
    track = ClassicalSegmenter(Options()).track(made.clip, marks, Run(tmp_path))
    other = np.zeros((96, 160), bool)
    other[40 : 40 + SIDE, 127 - 3 * 34 : 127 - 3 * 34 + SIDE] = True
    assert overlap(track[34], other) > 0.9  # and from there the other


def test_silhouettes_on_key_frames_are_followed_and_kept(tmp_path: Path) -> None:
    made = world(lambda index: (30 + 6 * index, 60), length=16)
    keys = {2: made.truth[2], 12: made.truth[12]}
    asked = []
    track = ClassicalSegmenter(Options()).follow(
        made.clip, keys, Run(tmp_path), lambda frame, mask, sure: asked.append(frame)
    )
    assert min(overlap(*pair) for pair in zip(track, made.truth, strict=True)) > 0.9
    assert all(np.array_equal(track[frame], mask) for frame, mask in keys.items())
    assert set(asked) == set(range(16)) - set(keys)


def test_what_a_look_gives_is_gone_on_from(tmp_path: Path) -> None:
    made = world(lambda index: (30 + 6 * index, 60), length=10, hat=True)
    rows, columns = np.mgrid[:120, :176]
    bare = made.truth[0] & (np.hypot(columns - 39, rows - 46) >= 10)  # the hat is left out
    track = ClassicalSegmenter(Options()).follow(
        made.clip,
        {0: bare},
        Run(tmp_path),
        lambda frame, mask, sure: made.truth[frame] if frame == 4 else None,
    )
    assert min(overlap(track[index], made.truth[index]) for index in range(4, 10)) > 0.9


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({}, "no silhouette is given"),
        ({9: np.ones((120, 176), bool)}, "frame 9 is not in the clip"),
        ({0: np.ones((12, 17), bool)}, "the silhouette of frame 0 is none"),
        ({0: np.zeros((120, 176), bool)}, "the silhouette of frame 0 is none"),
    ],
)
def test_silhouettes_that_cannot_be_meant_are_refused(
    keys: dict[int, np.ndarray], wanted: str, tmp_path: Path
) -> None:
    made = world(lambda index: (30, 60), length=2)
    with pytest.raises(OpenVoidError, match=wanted):
        ClassicalSegmenter(Options()).follow(made.clip, keys, Run(tmp_path))


def test_a_still_clip_of_one_colour_is_no_trouble(tmp_path: Path) -> None:
    clip = clip_of([np.full((64, 80, 3), 90, np.uint8)] * 3)
    track = ClassicalSegmenter(Options()).track(
        clip, Selection(points=(Point(0, 40, 30),)), Run(tmp_path)
    )
    assert track[0][30, 40]


@pytest.mark.parametrize("missing", [False, True])
def test_a_mark_on_a_thin_fault_mends_it_and_leaves_the_body(missing: bool, tmp_path: Path) -> None:
    made = world(lambda index: (60.0 + index, 60.0), length=9)
    truth = made.truth[4]
    rows, columns = np.nonzero(truth)
    wrong, bottom = truth.copy(), int(rows.max())
    at = int(columns[rows == bottom].mean())
    strip = np.s_[bottom - 5 : bottom + 1] if missing else np.s_[bottom : bottom + 6]
    wrong[strip, at - 10 : at + 10] = not missing
    y = bottom - 2 if missing else bottom + 3
    marks = Selection(points=(Point(4, at, y, missing),))
    with prepare(made.clip, FOLLOW, Run(tmp_path)) as working:
        right = Pointed(seeds_of(marks, 4, working)).held(Scene(working), 4, wrong)
    assert right is not None
    assert right[y, at] == missing
    assert overlap(right, truth) > 0.85
