"""Motion beyond the camera's: there and back, the same from disk as looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.core.removal import Run
from openvoid.plate.motion import Motion, sharpened
from tests.plate.passing import LENGTH, STEP_PX, passer, shot
from tests.plate.worlds import texture


def test_what_moves_on_its_own_is_told_from_what_stands_still(tmp_path: Path) -> None:
    look, _, _ = shot(tmp_path, [passer(index) for index in range(LENGTH)])
    step = Motion(look, 2).step(4, 5)
    x = step.there[..., 0][step.sure]
    columns = np.broadcast_to(np.arange(step.window.width) + step.window.left, step.sure.shape)
    rows = np.broadcast_to(np.arange(step.window.height)[:, None] + step.window.top, columns.shape)
    inside = ((columns > 65) & (columns < 108) & (rows > 40))[step.sure]
    assert abs(np.median(x[inside]) - STEP_PX) < 0.1
    assert abs(np.median(x[(columns < 42)[step.sure]])) < 0.05


def test_a_step_back_is_the_step_there_and_disk_tells_the_same(tmp_path: Path) -> None:
    look, _, _ = shot(tmp_path, [passer(index) for index in range(LENGTH)])
    motion, kept = Motion(look, 2), Motion(look, 2)
    kept.keep(Run(tmp_path))
    there, back = motion.step(4, 5), kept.step(5, 4)
    assert np.array_equal(there.there, back.back)
    assert np.array_equal(there.back, back.there)
    assert there.window == back.window
    assert not (there.sure & motion.hidden(4)[there.window.slices]).any()


def test_an_edge_of_the_flow_is_moved_to_that_of_the_picture() -> None:
    picture = texture(60, 80).mean(axis=-1).astype(np.float32) / 255
    second = picture.copy()
    second[:, 43:] = picture[:, 40:-3]
    blurred = np.zeros((60, 80, 2), np.float32)
    blurred[:, 36:, 0] = 3  # four pixels too early
    found = sharpened(picture, second, blurred)
    assert (np.abs(found[10:-10, 36:39, 0]) < 0.5).mean() > 0.8
    assert (found[10:-10, 46:70, 0] == 3).all()
