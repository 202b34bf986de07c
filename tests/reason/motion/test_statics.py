"""What falls without the object, and where to."""

from __future__ import annotations

from openvoid.reason.motion.falling import FallingLimits
from openvoid.reason.motion.statics import StaticsLimits, losses
from tests.reason.motion.shots import NOTHING, box

GROUND = 130.0
LIMITS, FALLING = StaticsLimits(), FallingLimits()
PILLAR, OTHER = box(80, 60, 130, 76), box(80, 150, 130, 166)
PLANK, CUP = box(72, 50, 80, 176), box(58, 100, 72, 110)


def test_a_plank_tips_about_the_pillar_that_is_left() -> None:
    (loss,) = losses(PLANK | CUP | OTHER, PILLAR, GROUND, NOTHING, LIMITS)
    assert loss.side == -1
    assert loss.pivot is not None
    assert abs(loss.pivot[0] - 150) < 3
    assert loss.part[PLANK].all()
    assert loss.posts[OTHER][20:].any()
    rest = loss.rest(FALLING)
    assert rest[120:130, 60:110].mean() > 0.5  # its low end and the cup are on the ground
    assert not rest[60:100, 20:60].any()
    assert not rest[100:, 180:].any()


def test_what_lies_on_the_object_alone_drops_and_comes_to_rest() -> None:
    crate, hand = box(50, 100, 70, 120), box(70, 100, 130, 120)
    (loss,) = losses(crate, hand, GROUND, NOTHING, LIMITS)
    assert loss.side == 0
    assert loss.at(0.0, FALLING)[crate].all()
    assert loss.at(0.5, FALLING)[75:105, 105:115].all()  # on its way
    late = loss.at(FALLING.rests_s + 1, FALLING)
    assert late[112:128, 102:118].all()
    assert not late[60:90].any()


def test_what_stands_on_its_own_feet_beside_the_object_stays() -> None:
    assert not losses(box(80, 78, 130, 100), PILLAR, GROUND, NOTHING, LIMITS)


def test_a_post_may_have_its_foot_in_the_shade() -> None:
    shade = box(115, 120, 130, 166)
    (loss,) = losses(PLANK | (OTHER & ~shade), PILLAR, GROUND, shade, LIMITS)
    assert loss.side == -1
    assert not losses(PLANK | (OTHER & ~shade), PILLAR, GROUND, NOTHING, LIMITS)[0].side


def test_without_the_weight_on_one_end_the_other_goes_down() -> None:
    slab, base = box(80, 50, 88, 190), box(88, 105, 130, 135)
    weight, load = box(60, 160, 80, 185), box(66, 55, 80, 75)
    (loss,) = losses(slab | base | load, weight, GROUND, NOTHING, LIMITS)
    assert loss.side == -1
    assert loss.rest(FALLING)[100:128, 60:100].any()
    assert not losses(
        slab | base, box(60, 110, 80, 130), GROUND, NOTHING, LIMITS
    )  # right above its base


def test_a_board_that_leans_on_the_object_falls_that_way() -> None:
    board = NOTHING.copy()
    for row in range(60, 130):
        left = 60 + (130 - row) // 5
        board[row, left : left + 14] = True
    (loss,) = losses(board, box(50, 88, 130, 104), GROUND, NOTHING, LIMITS)
    assert loss.side == 1
    assert loss.rest(FALLING)[120:129, 90:130].mean() > 0.5
