"""What is hidden is carried on by its own motion, and known for where it was seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.plate.carry import fetched_from, walk
from openvoid.plate.motion import Motion
from tests.plate.passing import LENGTH, STEP_PX, passer, shot


def test_a_thing_behind_the_hole_is_followed_through_it(tmp_path: Path) -> None:
    truth = [passer(index) for index in range(LENGTH)]
    look, _, _ = shot(tmp_path, truth)
    motion = Motion(look, 2)
    off, shift = [], []
    for index, state in walk(motion, list(range(LENGTH))):
        where = look.hole(index) & np.isfinite(state.source[..., 0])
        if index < 5 or not where.any():
            continue
        shown = fetched_from(look.frame, state.source, where)
        off.append(float(np.abs(shown - truth[index] / 255)[where].mean()))
        y, x = np.nonzero(where)
        frame, x_then, _ = state.source[where].T
        moved = (x - x_then) / (index - frame)
        shift += moved[(x > 52 + STEP_PX * index) & (x < 98 + STEP_PX * index) & (y > 35)].tolist()
    assert np.mean(off) < 0.03  # the still wall in its place would be 0.2 off
    assert abs(np.median(shift) - STEP_PX) < 0.15


def test_a_piece_is_not_its_own_source_while_it_is_hidden(tmp_path: Path) -> None:
    look, _, _ = shot(tmp_path, [passer(index) for index in range(LENGTH)])
    motion = Motion(look, 2)
    for index, state in walk(motion, list(range(5))):
        hidden = motion.hidden(index)
        assert (state.source[~hidden][:, 0] == index).all()
        assert not (state.source[hidden][:, 0] == index).any()
        assert (look.hole(index) <= hidden).all()
