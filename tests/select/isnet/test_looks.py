"""Looks: where a crop lies, and what it cuts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.box import Box
from openvoid.core.clip import clip_of
from openvoid.select.isnet.looks import Eye, Look, parts
from tests.select.isnet.red_eye import RedEye, at_work

SIZE = (90, 160)


@given(x=st.floats(-50, 250), y=st.floats(-50, 150), side=st.floats(1, 500))
def test_a_crop_lies_in_the_frame_and_holds_its_middle(x: float, y: float, side: float) -> None:
    sized = type("Sized", (), {"size": SIZE})()
    crop = Eye(RedEye(), sized).square((x, y), side)
    assert 0 <= crop.top < crop.bottom <= SIZE[0]
    assert 0 <= crop.left < crop.right <= SIZE[1]
    assert crop.height == min(SIZE[0], max(8, round(side)))
    inside_x, inside_y = np.clip(x, 0, SIZE[1] - 1), np.clip(y, 0, SIZE[0] - 1)
    assert crop.left - 1 <= inside_x <= crop.right
    assert crop.top - 1 <= inside_y <= crop.bottom


def test_a_look_is_zero_outside_its_crop(tmp_path: Path) -> None:
    frame = np.full((*SIZE, 3), 100, np.uint8)
    frame[30:60, 40:70] = (224, 64, 48)
    with at_work(clip_of([frame]), tmp_path) as working:
        eye = Eye(RedEye(), working)
        look = eye.look(0, Box(20, 20, 50, 60))
    assert eye.looks == 1
    assert look.foreground.shape == SIZE
    assert look.seen[40, 50]
    assert not look.seen[55, 50]
    assert not look.seen[40, 65]


def test_the_frames_own_edge_cuts_nothing() -> None:
    mask = np.zeros(SIZE, bool)
    mask[0:30, 0:30] = True
    assert Look(0, Box(0, 0, *SIZE), mask.astype(np.float32)).cut_share(mask) == 0
    inside = Look(0, Box(0, 0, 30, 100), mask.astype(np.float32))
    assert inside.cut_share(mask) > 0.2


def test_parts_are_counted_with_their_areas() -> None:
    mask = np.zeros(SIZE, bool)
    mask[2:5, 2:5] = mask[20:30, 20:30] = True
    labels, area = parts(mask)
    assert sorted(area[1:]) == [9, 100]
    assert labels[25, 25] != labels[3, 3]
