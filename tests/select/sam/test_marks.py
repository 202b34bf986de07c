"""Marks in the model's pixels."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.core.selection import BoxMark, Matte, Point, Selection, Stroke
from openvoid.select.sam.marks import along, anchors_of, marks_of, squared
from openvoid.select.sam.words import meant

NATIVE, SIZE = (1080, 1920), 1024


def test_a_pixels_centre_lies_where_it_lies_in_the_shrunk_picture() -> None:
    marks = marks_of(
        Selection(points=(Point(2, 959.5, 539.5), Point(2, 0, 0, False))), 2, NATIVE, SIZE
    )
    assert marks.spots[0] == pytest.approx((511.5, 511.5))
    assert marks.spots[1] == pytest.approx((0.5 * 1024 / 1920 - 0.5, 0.5 * 1024 / 1080 - 0.5))
    assert marks.labels == (1, 0)


def test_a_box_comes_first_as_its_corners_and_stays_in_the_picture() -> None:
    marks = marks_of(
        Selection(points=(Point(0, 90, 90),), boxes=(BoxMark(0, -20, 0, 1920, 4000),)),
        0,
        NATIVE,
        SIZE,
    )
    assert marks.labels == (2, 3, 1)
    assert marks.spots[0] == pytest.approx((-0.5, -0.5))
    assert marks.spots[1] == pytest.approx((1023.5, 1023.5))


def test_several_boxes_are_one_around_all() -> None:
    boxes = (BoxMark(0, 100, 100, 200, 200), BoxMark(0, 300, 50, 400, 120))
    one = Selection(boxes=(BoxMark(0, 100, 50, 400, 200),))
    assert marks_of(Selection(boxes=boxes), 0, NATIVE, SIZE) == marks_of(one, 0, NATIVE, SIZE)


def test_only_the_frames_own_marks_count() -> None:
    marks = Selection(points=(Point(1, 5, 5), Point(2, 9, 9)), boxes=(BoxMark(3, 0, 0, 5, 5),))
    assert len(marks_of(marks, 1, NATIVE, SIZE).spots) == 1
    assert marks_of(marks, 7, NATIVE, SIZE).spots == ()


def test_a_matte_is_all_that_counts_in_its_frame(tmp_path: Path) -> None:
    mask = np.zeros((90, 160), np.uint8)
    mask[20:50, 40:90] = 255
    cv2.imwrite(str(tmp_path / "matte.png"), mask)
    marks = Selection(points=(Point(0, 50, 30),), mattes=(Matte(0, str(tmp_path / "matte.png")),))
    found = marks_of(marks, 0, (90, 160), 64)
    assert found.spots == ()
    assert found.silhouette is not None
    assert found.silhouette.mean() == pytest.approx((mask > 0).mean(), rel=0.1)
    with pytest.raises(OpenVoidError, match="the matte is"):
        marks_of(marks, 0, NATIVE, SIZE)


@given(
    path=st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=1, max_size=6),
)
def test_a_strokes_points_lie_on_it(path: list[tuple[float, float]]) -> None:
    ends = np.array([*path, path[-1]] if len(path) == 1 else path)
    for x, y in along(Stroke(0, tuple(path), 3)):
        gaps = []
        for a, b in pairwise(ends):
            way = b - a
            share = np.clip(np.dot(np.array([x, y]) - a, way) / max(np.dot(way, way), 1e-12), 0, 1)
            gaps.append(np.hypot(*(a + share * way - [x, y])))
        assert min(gaps) < 1e-3


def test_a_thin_silhouette_does_not_vanish() -> None:
    mask = np.zeros((1080, 1920), bool)
    mask[:, 700] = True
    assert squared(mask, 256).any()
    assert not squared(np.zeros((1080, 1920), bool), 256).any()


def test_a_frame_that_only_says_where_it_is_not_is_no_anchor() -> None:
    marks = Selection(
        points=(Point(0, 5, 5), Point(1, 5, 5, False)),
        boxes=(BoxMark(4, 0, 0, 9, 9),),
        strokes=(Stroke(2, ((1, 1), (3, 3)), 2, False), Stroke(3, ((1, 1), (3, 3)), 2)),
    )
    assert anchors_of(marks) == {0, 3, 4}


def test_marks_choose_among_the_things_that_words_name() -> None:
    thing = np.zeros((64, 64), bool)
    thing[20:40, 20:40] = True
    native = (64, 64)

    def said(marks: Selection) -> bool:
        return meant(thing, marks_of(marks, 0, native, 64))

    assert said(Selection(points=(Point(0, 30, 30),)))
    assert not said(Selection(points=(Point(0, 5, 5),)))
    assert not said(Selection(points=(Point(0, 30, 30), Point(0, 22, 22, False))))
    assert said(Selection(boxes=(BoxMark(0, 15, 15, 45, 45),)))
    assert not said(Selection(boxes=(BoxMark(0, 0, 0, 25, 25),)))
    assert not meant(np.zeros((64, 64), bool), marks_of(Selection(), 0, native, 64))
