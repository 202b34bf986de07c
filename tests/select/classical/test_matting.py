"""The edge at native size lies where the picture's edge is; marks are obeyed to the pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.selection import Point, Selection, Stroke
from openvoid.select.classical.matting import refined
from openvoid.select.seeds import obeyed, widest_gap
from openvoid.vision.display import Display
from openvoid.vision.working import working_size


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_coarse_silhouette_finds_the_native_edge(dtype: type) -> None:
    rows, columns = np.mgrid[:600, :800]
    truth = np.hypot(columns - 400, rows - 300) < 151.0
    values = np.where(truth[..., None], [0.8, 0.3, 0.2], [0.2, 0.35, 0.4])
    white = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    frame = (values * white).astype(dtype)
    display = Display.of(clip_of([frame]))
    small = cv2.resize(display.seen(frame), (133, 100), interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(truth.astype(np.float32), (133, 100), interpolation=cv2.INTER_AREA) > 0.5
    plain = cv2.resize(coarse.astype(np.uint8), (800, 600), interpolation=cv2.INTER_NEAREST) > 0
    found = refined(coarse, frame, small, display)
    wrong = np.count_nonzero(found ^ truth)
    assert wrong < 0.35 * np.count_nonzero(plain ^ truth)
    assert wrong / (2 * np.pi * 151) < 1.0  # px along the boundary


def test_nothing_stays_nothing_and_everything_everything() -> None:
    frame = np.zeros((40, 60, 3), np.uint8)
    small = frame[::2, ::2]
    assert not refined(np.zeros((20, 30), bool), frame, small, Display(255.0)).any()
    assert refined(np.ones((20, 30), bool), frame, small, Display(255.0)).all()


def test_marks_are_obeyed_to_the_pixel() -> None:
    marks = Selection(
        points=(Point(0, 10, 10), Point(0, 11.9, 10, False)),
        strokes=(Stroke(0, ((30.0, 20.0), (50.0, 20.0)), 3.0, False),),
    )
    mask = np.zeros((40, 60), bool)
    mask[15:25, 25:55] = True
    found = obeyed(mask, marks, 0)
    assert found[10, 10]
    assert not found[10, 11]
    assert not found[20, 30:50].any()
    assert found[24, 40]
    assert np.array_equal(obeyed(mask, marks, 1), mask)


def test_the_widest_gap_is_the_one_that_joins_two_groups_of_marks() -> None:
    assert widest_gap(((0.0, 0.0),)) == 0
    assert widest_gap(((0.0, 0.0), (3.0, 0.0), (3.0, 4.0), (20.0, 4.0))) == 17


def test_the_working_size_keeps_the_shape_and_is_enough_for_flow() -> None:
    assert working_size(2160, 3840, 720) == (405, 720)
    assert working_size(360, 544, 720) == (360, 544)
    assert working_size(5, 7, 720) == (20, 28)
    assert working_size(2000, 10, 720) == (4000, 20)
