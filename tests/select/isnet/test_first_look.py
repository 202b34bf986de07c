"""The first look: a click, a box, marks that contradict what stands out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.selection import BoxMark, Point, Selection, Stroke
from openvoid.select.isnet.first_look import hypotheses
from openvoid.select.isnet.looks import Eye
from openvoid.select.seeds import seeds_of
from tests.select.isnet.red_eye import RedEye, at_work
from tests.select.moving_shapes import overlap


def scene(*discs: tuple[int, int, int], size: tuple[int, int] = (180, 260)) -> np.ndarray:
    """Red discs (x, y, radius) on gray-green."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    made = np.full((*size, 3), (96, 112, 104), np.uint8)
    for x, y, radius in discs:
        made[np.hypot(columns - x, rows - y) < radius] = (224, 64, 48)
    return made


def found(picture: np.ndarray, marks: Selection, folder: Path) -> np.ndarray | None:
    with at_work(clip_of([picture]), folder) as working:
        seeds, lab = seeds_of(marks, 0, working), working.lab(0)
        ordered = hypotheses(Eye(RedEye(), working), 0, seeds, lab)
    return ordered[0].mask if ordered else None


def disc(x: int, y: int, radius: int, size: tuple[int, int] = (180, 260)) -> np.ndarray:
    rows, columns = np.mgrid[: size[0], : size[1]]
    return np.hypot(columns - x, rows - y) < radius


@pytest.mark.parametrize("radius", [6, 20, 60, 85])
def test_a_click_gives_the_whole_thing_however_large(radius: int, tmp_path: Path) -> None:
    mask = found(scene((130, 90, radius)), Selection(points=(Point(0, 130, 90),)), tmp_path)
    assert mask is not None
    assert overlap(mask, disc(130, 90, radius)) > 0.9


def test_only_the_part_under_the_click_is_meant(tmp_path: Path) -> None:
    picture = scene((80, 90, 20), (150, 90, 20))
    mask = found(picture, Selection(points=(Point(0, 80, 90),)), tmp_path)
    assert mask is not None
    assert overlap(mask, disc(80, 90, 20)) > 0.9


def test_clicks_on_two_parts_mean_both(tmp_path: Path) -> None:
    picture = scene((80, 90, 20), (150, 90, 20))
    mask = found(picture, Selection(points=(Point(0, 80, 90), Point(0, 150, 90))), tmp_path)
    assert mask is not None
    assert overlap(mask, disc(80, 90, 20) | disc(150, 90, 20)) > 0.9


def test_a_box_takes_what_lies_in_it(tmp_path: Path) -> None:
    picture = scene((80, 90, 20), (150, 90, 20))
    mask = found(picture, Selection(boxes=(BoxMark(0, 58, 68, 102, 112),)), tmp_path)
    assert mask is not None
    assert overlap(mask, disc(80, 90, 20)) > 0.9


def test_a_mark_that_is_not_the_object_parts_what_hangs_together(tmp_path: Path) -> None:
    picture = scene((90, 90, 24), (130, 90, 24))
    marks = Selection(points=(Point(0, 80, 90), Point(0, 142, 90, False)))
    mask = found(picture, marks, tmp_path)
    assert mask is not None
    assert mask[90, 80]
    assert not mask[90, 142]
    assert overlap(mask, disc(90, 90, 24) & ~disc(130, 90, 24)) > 0.7


def test_a_stroke_over_what_the_network_misses_belongs_to_it(tmp_path: Path) -> None:
    picture = scene((90, 90, 24))
    marks = Selection(strokes=(Stroke(0, ((90.0, 90.0), (150.0, 90.0)), 5.0),))
    mask = found(picture, marks, tmp_path)
    assert mask is not None
    assert mask[90, 145]


def test_where_nothing_stands_out_there_is_no_first_look(tmp_path: Path) -> None:
    assert found(scene((90, 90, 24)), Selection(points=(Point(0, 220, 30),)), tmp_path) is None


def test_a_thing_that_moves_otherwise_counts_less(tmp_path: Path) -> None:
    picture = scene((130, 90, 20))
    with at_work(clip_of([picture]), tmp_path) as working:
        seeds = seeds_of(Selection(points=(Point(0, 130, 90),)), 0, working)
        eye = Eye(RedEye(), working)
        same = np.zeros(working.size, np.float32)
        lab = working.lab(0)
        plain, against = (hypotheses(eye, 0, seeds, lab, each)[0] for each in (same, same - 3))
    assert against.score < 0.6 * plain.score
