"""What stands in the picture, told from the ground and walls it stands before."""

from __future__ import annotations

import cv2

from openvoid.reason.motion import figure_ground
from openvoid.reason.motion.figure_ground import FigureLimits
from openvoid.vision.masks import hanging
from tests.reason.motion.rooms import EVERYWHERE, FLOOR, PILLAR, PLANK, table
from tests.reason.motion.shots import box


def test_a_plank_hangs_together_with_the_pillar_that_bears_it() -> None:
    picture = table()
    picture[box(110, 200, FLOOR, 214)] = 0.1, 0.1, 0.7  # stands apart
    novel = figure_ground.novel(picture, PILLAR, EVERYWHERE, FigureLimits())
    attached = hanging(novel, PILLAR)
    assert novel[box(112, 202, 128, 212)].mean() > 0.9
    assert attached[PLANK].mean() > 0.9
    assert not attached[:, 190:].any()


def test_what_is_out_of_focus_does_not_stand_beside_the_object() -> None:
    blurred = cv2.GaussianBlur(table(), (0, 0), 8)
    assert figure_ground.sharp(PLANK, table(), PILLAR, FigureLimits())[PLANK].mean() > 0.9
    assert not figure_ground.sharp(PLANK, blurred, PILLAR, FigureLimits()).any()
