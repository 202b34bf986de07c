"""Where a thing went that moved farther than its own size; it is not left for one like it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.core.box import Box
from openvoid.core.removal import Run
from openvoid.core.selection import Point, Selection
from openvoid.select.classical.appearance import Colours, Palette
from openvoid.select.classical.search import gone
from openvoid.select.classical.segmenter import ClassicalSegmenter, Options
from openvoid.select.classical.window import Window
from tests.select.moving_shapes import overlap, texture, world


def _pictures(*places: tuple[int, int]) -> tuple[list[np.ndarray], np.ndarray]:
    """A red square of 20 px with a stripe at (x, y) a picture, over blotches; where it is first."""
    ground = texture((120, 200), (90, 110, 120), 8, 5)
    made = []
    for x, y in places:
        picture = ground.copy()
        picture[y : y + 20, x : x + 20] = (210, 50, 40)
        picture[y + 8 : y + 12, x : x + 20] = (240, 240, 90)
        made.append(np.clip(picture, 0, 255).astype(np.uint8))
    inside = np.zeros((120, 200), bool)
    x, y = places[0]
    inside[y : y + 20, x : x + 20] = True
    return made, inside


def _went(before: np.ndarray, now: np.ndarray, inside: np.ndarray) -> tuple[int, int]:
    one = inside.astype(np.float32)
    own = Colours.of(Palette.of(before), before, one, 1 - one).odds
    return gone(before, now, inside, ((0, 0), (3, 0)), own)


def test_what_jumps_is_found_where_it_is() -> None:
    (before, now), inside = _pictures((60, 50), (92, 28))
    across, down = _went(before, now, inside)
    assert abs(across - 32) <= 2
    assert abs(down + 22) <= 2


def test_a_guess_that_fits_is_kept_though_another_thing_looks_alike() -> None:
    (before, now), inside = _pictures((60, 50), (63, 50))
    now[50:70, 90:110] = now[50:70, 63:83]
    assert _went(before, now, inside) == (3, 0)


def test_a_thing_that_leaps_by_its_own_size_each_frame_is_followed(tmp_path: Path) -> None:
    leaps = [(60.0, 60.0), (94.0, 82.0), (128.0, 60.0), (94.0, 40.0)] * 2
    made = world(lambda at: leaps[at], length=8, size=(140, 200))
    rows, columns = np.nonzero(made.truth[0])
    marks = Selection(points=(Point(0, float(columns.mean()), float(rows.mean())),))
    track = ClassicalSegmenter(Options()).track(made.clip, marks, Run(tmp_path))
    assert min(overlap(*pair) for pair in zip(track, made.truth, strict=True)) > 0.75


def test_a_window_reaches_beyond_the_edge_that_cuts_a_thing_off() -> None:
    mask = np.zeros((100, 160), bool)
    mask[:30, 60:100] = True
    window = Window.around(Box(0, 60, 30, 100), 14, (100, 160))
    wider = window.reaching(mask, 12, 5)
    assert wider.box.top == window.box.top - 12
    assert wider.box[1:] == window.box[1:]
    assert wider.moved(12, 0).box.top == window.box.top
    assert window.reaching(mask, -12, 5) == window
