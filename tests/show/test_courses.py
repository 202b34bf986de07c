"""What is drawn of a course: the thing where it would be, its ghosts, the spread, the horizon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from openvoid.core.effects import Place
from openvoid.core.fates import Fate, FateKind, Fates, Pose
from openvoid.show.courses import with_courses

PANEL = np.full((100, 200, 3), 60, np.uint8)
SQUARE = Place(0, ((0.1, 0.2), (0.2, 0.2), (0.2, 0.4), (0.1, 0.4)))
POSES = tuple(Pose(frame, 0.15 + 0.08 * frame, 0.3) for frame in range(9))
FATE = Fate("box", FateKind.GO_ON, 0, 0, (SQUARE,), POSES[0], POSES)


def changed(fates: Fates, frame: int) -> np.ndarray:
    return (with_courses(PANEL, fates, frame) != PANEL).any(axis=-1)


def test_a_thing_is_drawn_where_it_would_be_with_its_ghosts() -> None:
    drawn = with_courses(PANEL, Fates((FATE,)), 4)
    here, away = drawn[20:41, 84:106], drawn[20:41, 20:40]
    assert here.max() > 200
    assert 60 < away.max() < 200
    assert not changed(Fates((FATE,)), 4)[60:].any()


def test_the_wider_the_guesses_the_wider_the_circle() -> None:
    wide = replace(FATE, poses=tuple(replace(each, spread=0.4) for each in POSES))
    assert changed(Fates((wide,)), 4)[65:75, 80:110].any()
    assert (PANEL == 60).all()


def test_the_horizon_is_drawn_where_the_mover_took_it() -> None:
    assert changed(Fates((), {"horizon": 0.8}), 0)[80].sum() > 80
    assert not changed(Fates((), {"horizon": -0.3}), 0).any()
    assert not changed(Fates((), {"horizon": "high"}), 0).any()
