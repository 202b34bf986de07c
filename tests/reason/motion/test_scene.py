"""The shot made small and held still, whatever it was stored like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion.scene import watch
from tests.select.moving_shapes import world


@pytest.mark.parametrize("pan_px", [0.0, 4.0])
def test_how_bright_a_linear_shot_was_stored_makes_no_difference(
    tmp_path: Path, pan_px: float
) -> None:
    made = world(lambda index: (60 + 3 * index, 60), length=6, pan_px=pan_px)
    track = Track.of("object", made.truth)

    def at(times: float) -> tuple[np.ndarray, np.ndarray, bool]:
        frames = [((frame / 255.0) ** 2.2 * times).astype(np.float32) for frame in made.frames]
        folder = tmp_path / f"{times}"
        folder.mkdir()
        scene = watch(clip_of(frames), track, Run(folder))
        return np.array(scene.pictures), np.stack(scene.to_canvas), scene.locked

    pictures, matrices, locked = at(1.0)
    assert locked == (pan_px == 0)
    for power in (-9, 3):
        again = at(2.0**power)
        assert np.array_equal(again[0], pictures)
        assert np.array_equal(again[1], matrices)
    dark = at(0.002)
    assert dark[2] == locked
    assert np.abs(dark[1] - matrices).max() < 0.1
