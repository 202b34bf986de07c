"""How a part gives way that has lost its hold."""

from __future__ import annotations

import pytest

from openvoid.reason.motion.falling import FallingLimits, Loss, ends_of
from tests.reason.motion.shots import NOTHING, box

LIMITS = FallingLimits()
CRATE, GROUND = box(40, 100, 60, 120), 130.0


def test_what_drops_is_everywhere_between_and_then_on_the_ground() -> None:
    loss = Loss(CRATE, NOTHING, None, 0, GROUND)
    early, late = loss.at(0.1, LIMITS), loss.at(LIMITS.rests_s, LIMITS)
    assert early[CRATE].all()
    assert not early[100:].any()
    assert late[112:128, 102:118].all()
    assert not late[:80].any()
    assert (late.any(axis=0).sum()) > 20  # it may bounce aside


@pytest.mark.parametrize("side", [-1, 1])
def test_what_tips_lies_on_its_side_of_the_pivot(side: int) -> None:
    board = box(60, 100, 130, 108)
    loss = Loss(board, NOTHING, (100.0 if side < 0 else 107.0, 129.0), side, GROUND)
    rest = loss.rest(LIMITS)
    beyond = {-1: box(110, 70, 130, 90), 1: box(110, 118, 130, 138)}
    assert rest[beyond[side]].mean() > 0.5
    assert not rest[beyond[-side]].any()
    assert not rest[:80].any()


def test_a_slender_post_is_pulled_over_and_a_broad_one_is_not() -> None:
    slender, broad = box(70, 100, 130, 110), box(100, 90, 130, 130)
    for post, pulled in ((slender, True), (broad, False)):
        changes = Loss(CRATE, post, (105.0, 60.0), 1, GROUND).changes(LIMITS)
        assert changes[CRATE].all()
        assert bool((changes & post & ~CRATE).any()) is pulled


def test_a_slower_world_lets_it_fall_later() -> None:
    loss = Loss(CRATE, NOTHING, None, 0, GROUND)
    moon = FallingLimits(gives_s=0.3 * 6**0.5, rests_s=1.2 * 6**0.5)
    assert ends_of(loss.at(0.25, moon))[1] < ends_of(loss.at(0.25, LIMITS))[1]
