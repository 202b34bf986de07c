"""A thing is whole where it was half hidden: the rest is as on its other side."""

from __future__ import annotations

import numpy as np

from openvoid.core.box import Box
from openvoid.layers.cutout import completed, cut

SIZE = 40, 60
THING = np.zeros(SIZE, bool)
THING[10:30, 20:40] = True
ARM = np.zeros(SIZE, bool)
ARM[15:22, 31:60] = True


def frame() -> np.ndarray:
    picture = np.full((*SIZE, 3), 100, np.float32)
    picture[THING] = (200, 40, 40)
    picture[10:30, 20:23] = picture[10:30, 37:40] = (40, 40, 200)
    picture[ARM] = (20, 220, 20)
    return picture


def test_what_is_hidden_is_made_up_from_the_other_side() -> None:
    made = completed(frame(), THING, ARM)
    assert np.abs(made[17:20, 32:36] - (200, 40, 40)).max() == 0
    assert np.abs(made[17:20, 37:40] - (40, 40, 200)).max() == 0
    assert np.array_equal(made[~THING], frame()[~THING])


def test_what_nothing_hides_is_cut_out_as_ever() -> None:
    clean = np.full((*SIZE, 3), 100, np.float32)
    box = Box(0, 0, SIZE[1], SIZE[0])
    bare = frame()
    bare[ARM & ~THING] = 100
    bare[ARM & THING] = (200, 40, 40)
    away = np.zeros(SIZE, bool)
    one, other = cut(bare, clean, THING, box, 255), cut(bare, clean, THING, box, 255, hidden=away)
    assert np.array_equal(one.rgb, other.rgb)
    assert np.array_equal(one.alpha, other.alpha)
