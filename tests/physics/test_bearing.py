"""What touches in the picture stands on one foot, the lowest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from openvoid.core.effects import Relation
from openvoid.physics.actor import Actor
from openvoid.physics.bearing import grouped
from openvoid.physics.watch import Look, Seen

SIZE = 200, 300
LOOK = Look(0, 0, 0, 1, 0, True, True)
SEEN = Seen(0, "thing", Relation.SUPPORTS, 0, (LOOK,), ((),), 1.0)


def actor(left: int, top: int, right: int, bottom: int) -> Actor:
    outline = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float)
    middle = (left + right) / 2, (top + bottom) / 2
    return Actor(0, SEEN, None, LOOK, outline, middle, 20.0)


PLANK = replace(actor(60, 60, 220, 70), foot=(200.0, 180.0))
POST = actor(70, 71, 95, 165)
BESIDE = actor(120, 140, 140, 160)


def test_a_post_is_as_far_away_as_the_plank_it_bears() -> None:
    plank, post, beside = grouped([PLANK, POST, BESIDE], 1, SIZE)
    assert plank.foot == (200.0, 180.0)
    assert post.foot == (200.0, 180.0)
    assert beside.foot is None


def test_what_stands_under_the_middle_of_what_falls_does_not_bear_it() -> None:
    ball = replace(actor(60, 40, 90, 70), foot=(200.0, 160.0))
    _, post = grouped([ball, POST], 1, SIZE)
    assert post.foot is None


def test_what_stands_on_what_falls_stands_on_the_same_foot() -> None:
    upper = replace(actor(100, 40, 120, 59), foot=(200.0, 150.0))
    plank, above = grouped([PLANK, upper], 2, SIZE)
    assert plank.foot == above.foot == (200.0, 180.0)
