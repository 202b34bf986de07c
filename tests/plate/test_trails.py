"""What was carried is kept on disk, and asked for where it comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.core.box import Box
from openvoid.core.removal import Run
from openvoid.plate.propagate import around
from openvoid.plate.trails import MOVED_PX, trails_of
from tests.plate.passing import LENGTH, SIZE, STEP_PX, passer, shot
from tests.plate.worlds import texture


def test_candidates_come_from_before_and_after_and_their_pixels_are_asked_for(
    tmp_path: Path,
) -> None:
    look, _, _ = shot(tmp_path, [passer(index) for index in range(LENGTH)])
    run = Run(tmp_path)
    trails = trails_of(look, 2, run)
    assert trails is not None
    rebuilt = around(look, 5, 2)
    assert rebuilt is not None
    before, after = trails.candidates(5, rebuilt.box)
    assert (before.source[..., 0][before.there] <= 5).all()
    assert (after.source[..., 0][after.there] >= 5).all()
    assert before.moves[rebuilt.hole].mean() > 0.5
    moved = np.hypot(before.flow[..., 0], before.flow[..., 1])[before.moves]
    assert (moved > MOVED_PX).all()
    speed = (moved / before.age[before.moves])[before.age[before.moves] > 1]
    assert abs(np.median(speed) - STEP_PX) < 0.3
    asked = trails.asked()
    for each in (before, after):
        for frame, x, y in each.source[each.there & rebuilt.hole][::50].tolist():
            box = Box(*asked[int(frame)].tolist())
            assert box.left <= x <= box.right
            assert box.top <= y <= box.bottom
    again = Run(tmp_path)
    assert trails_of(look, 2, again) is not None
    assert not {"motion", "follow from before"} & set(again.timings_s)


def test_a_shot_in_which_nothing_moves_has_none(tmp_path: Path) -> None:
    look, _, _ = shot(tmp_path, [texture(*SIZE)] * LENGTH)
    run = Run(tmp_path)
    assert trails_of(look, 2, run) is None
    assert run.notes["moving_beside"] < 0.01
