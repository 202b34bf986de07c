"""What moves is unlike the background, what stands is not, also under a moving camera."""

from __future__ import annotations

import weakref
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.box import Box
from openvoid.core.removal import Run
from openvoid.select.classical.background import Scene
from openvoid.select.classical.window import Window
from openvoid.vision.masks import grown
from openvoid.vision.working import FOLLOW, prepare
from tests.select.moving_shapes import world


@pytest.mark.parametrize("pan_px", [0.0, 3.0])
def test_what_moves_stands_out_from_what_other_frames_show_there(
    pan_px: float, tmp_path: Path
) -> None:
    made = world(lambda index: (30 + 6 * index, 60), length=20, pan_px=pan_px)
    with prepare(made.clip, FOLLOW, Run(tmp_path)) as working:
        window = Window.around(_whole(working.size), 0, working.size)
        unlike = Scene(working).unlike(10, window)
        truth = made.truth[10]
        rest = np.isfinite(unlike) & ~grown(truth, 4)
        assert np.median(unlike[truth]) > 10 * np.median(unlike[rest])
        nearby = Scene(working).nearby(10, 3)
        assert np.isnan(nearby.unlike(10, window)).all()  # too few frames to tell
        let_go = weakref.ref(nearby)
        del nearby
        assert let_go() is None  # with what it saw, and not when Python next looks for circles


def test_where_the_object_is_known_to_be_nothing_is_learnt(tmp_path: Path) -> None:
    made = world(lambda index: (60, 60), length=20)  # it stands still: only its masks tell
    with prepare(made.clip, FOLLOW, Run(tmp_path)) as working:
        scene = Scene(working)
        window = Window.around(_whole(working.size), 0, working.size)
        assert np.median(scene.unlike(10, window)[made.truth[10]]) < 5
        known = scene.unlike(10, window, lambda index: made.truth[index])
        assert np.isnan(known[made.truth[10]]).all()


def _whole(size: tuple[int, int]) -> Box:
    return Box(0, 0, *size)
