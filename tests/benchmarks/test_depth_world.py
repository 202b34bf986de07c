"""A made world is filmed exactly: what one frame shows is found in another, rolling shutter too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from depth_world import Sheet, film, walking
from impostor import Impostor
from motions import line
from truth_metrics import psnr
from truth_scene import Case, build

WORLD = (
    Sheet("bricks", (-2, -1.2, 3), (4, 0, 0), (0, 2.4, 0)),
    Sheet("plaster", (-0.2, -0.3, 1.8), (0.7, 0, 0), (0, 0.9, 0), seed=2),
)
DOLLY = walking((0.4, 0, 0.1), 0.004, 0.3)
SIZE = 80, 140


@pytest.mark.parametrize("readout", [0.0, 0.9])
def test_the_same_place_looks_the_same_in_another_frame(readout: float) -> None:
    made = film(WORLD, DOLLY, 7, SIZE, readout)
    hole = np.zeros(made.owner.shape, bool)
    hole[3, 20:60, 20:120] = True
    visible = ~hole
    visible[2] = visible[4] = False  # not from next door
    seen = made.seen(visible, hole) & made.whole & hole
    assert seen.sum() > 0.8 * hole.sum()
    found = psnr(made.donors(visible, hole), made.frames, seen)
    assert found is not None
    assert found > 38
    static = made.frames.copy()
    static[3] = made.frames[1]
    assert (psnr(static, made.frames, seen) or 99) < 26  # the camera did move


def test_the_near_sheet_moves_farther_and_hides_the_far_one() -> None:
    made = film(WORLD, DOLLY, 5, SIZE, 0.0)
    assert set(np.unique(made.owner)) == {0, 1}
    steps = []
    for number in (0, 1):
        rows, columns = np.nonzero(made.whole[0] & (made.owner[0] == number))
        owner = np.full(len(rows), number, np.int8)
        everywhere = np.ones_like(made.whole)
        where, shown = made.found_in(4, owner, made.place[0][rows, columns], everywhere)
        assert shown.mean() > 0.5
        steps.append(np.abs(where[shown, 0] - columns[shown]).mean())
    assert steps[1] > 1.4 * steps[0]


def test_a_case_before_a_made_world() -> None:
    ball = Impostor(radius_px=9, penumbra_px=4)
    case = Case("x", "", ball, line((20, 40), (120, 40)), length=12, window=SIZE, world=WORLD)
    made = build(replace(case, travel=DOLLY, least_db=38.0))
    assert made.moving
    assert made.least_db == 38
    assert not made.still[made.hole].all()  # edges show two depths
    assert made.seen[made.hole & made.still].mean() > 0.9
