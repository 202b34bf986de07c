"""What was carried from before and from after is moved to where both agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openvoid.plate.meet import met
from openvoid.plate.survey import Survey
from openvoid.plate.trails import Candidate
from tests.plate.passing import LENGTH, SIZE, shot
from tests.plate.worlds import texture


def carried(frame: int, off_px: float, age: int) -> Candidate:
    """A box of 60 x 80 at (20, 30) of a frame, that lies so far off."""
    y, x = np.mgrid[20:80, 30:110].astype(np.float32)
    source = np.dstack([np.full_like(x, frame), x + off_px, y])
    whole = np.ones(x.shape, bool)
    flow = np.dstack([np.full_like(x, off_px), np.zeros_like(x)])
    return Candidate(source, whole, whole, flow, np.full_like(x, age))


def still(folder: Path) -> Survey:
    return shot(folder, [texture(*SIZE)] * LENGTH)[0]


def inside(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values[12:-12, 12:-12]


def test_the_older_has_strayed_farther(tmp_path: Path) -> None:
    look = still(tmp_path)
    before, after = met(look, look.frame, carried(0, -3.0, 9), carried(LENGTH - 1, 1.0, 3))
    x = np.mgrid[20:80, 30:110][1]
    assert np.median(np.abs(inside(before.source[..., 1] - after.source[..., 1]))) < 0.5
    assert np.median(np.abs(inside(before.source[..., 1] - x))) < 0.5  # -3 + 4 * 9 / 12
    assert np.median(np.abs(inside(before.flow[..., 0]))) < 0.5


def test_what_shows_something_else_stays(tmp_path: Path) -> None:
    look = shot(tmp_path, [texture(*SIZE, seed=3 + (index > 4)) for index in range(LENGTH)])[0]
    before, _ = met(look, look.frame, carried(0, -3.0, 9), carried(LENGTH - 1, 1.0, 3))
    assert np.median(np.abs(inside(before.flow[..., 0]) + 3)) < 0.5


def test_one_alone_stays_as_it_is(tmp_path: Path) -> None:
    look, only = still(tmp_path), carried(0, -3.0, 9)
    assert met(look, look.frame, only) == [only]


def test_a_piece_keeps_its_frame(tmp_path: Path) -> None:
    look = still(tmp_path)
    before, after = met(look, look.frame, carried(0, -3.0, 9), carried(LENGTH - 1, 1.0, 3))
    assert (before.source[..., 0] == 0).all()
    assert (after.source[..., 0] == LENGTH - 1).all()
