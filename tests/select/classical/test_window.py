"""A window shows a part of a frame, and what is found in it is put back where it was."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.core.box import Box
from openvoid.select.classical.window import Window
from tests.select.moving_shapes import overlap

FRAME = (120, 200)


def disc(x: float, y: float, radius: float, size: tuple[int, int] = FRAME) -> np.ndarray:
    rows, columns = np.mgrid[: size[0], : size[1]]
    return np.asarray(np.hypot(columns - x, rows - y) < radius)


@pytest.mark.parametrize("most_px", [40000, 1500])
@pytest.mark.parametrize("moved", [(0, 0), (-40, 30), (60, 90)])
def test_what_goes_in_comes_out_where_it_was(most_px: int, moved: tuple[int, int]) -> None:
    mask = disc(100, 60, 20)
    window = Window.around(Box(40, 80, 80, 120), 10, FRAME, most_px).moved(*moved)
    seen = np.zeros(FRAME, bool)
    inner = window.box.intersect(Box(0, 0, *FRAME))
    seen[inner.slices] = mask[inner.slices]
    assert overlap(window.whole(window.mask_of(mask).astype(np.float32)), seen) > 0.9
    assert window.size[0] * window.size[1] <= most_px * 1.1


def test_beyond_the_frame_its_edge_goes_on_and_is_not_real() -> None:
    picture = np.arange(200, dtype=np.uint8)[None].repeat(120, 0)
    window = Window.around(Box(40, 80, 80, 120), 10, FRAME).moved(0, -100)
    part = window.of(picture)
    assert window.box.left < 0
    assert (part[:, 0] == 0).all()
    assert not window.real[:, 0].any()
    assert window.real[:, -1].all()


def test_a_map_of_one_window_is_seen_in_another() -> None:
    values = np.add.outer(np.arange(120.0), np.arange(200.0)).astype(np.float32)
    one = Window.around(Box(40, 80, 80, 120), 10, FRAME)
    other = Window.around(Box(45, 85, 75, 118), 6, FRAME, 900)
    inner = np.s_[2:-2, 2:-2]
    assert np.abs(other.again(one.of(values), one) - other.of(values))[inner].max() < 0.6
