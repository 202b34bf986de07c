"""A cue says what it told before, and nothing where it told nothing."""

from __future__ import annotations

import numpy as np

from openvoid.select.classical.evidence import LIMIT, Evidence

INSIDE = np.zeros((40, 40), bool)
INSIDE[10:30, 10:30] = True


def test_what_told_the_object_apart_tells_it_again() -> None:
    learnt = Evidence(0, 300.0)
    values = np.where(INSIDE, 120, 10).astype(np.float32)
    learnt.learn(values, INSIDE, ~INSIDE)
    odds = learnt.odds(values)
    assert (odds[INSIDE] > 1).all()
    assert (odds[~INSIDE] < -1).all()
    assert np.abs(odds).max() <= LIMIT


def test_a_cue_that_is_alike_inside_and_outside_says_nothing() -> None:
    rng = np.random.default_rng(2)
    values = rng.uniform(0, 200, INSIDE.shape).astype(np.float32)
    learnt = Evidence(0, 300.0)
    for _ in range(3):
        learnt.learn(values, INSIDE, ~INSIDE)
    assert abs(float(learnt.odds(values).mean())) < 0.2


def test_nothing_is_said_where_nothing_is_known() -> None:
    learnt = Evidence(-120.0, 120.0)
    values = np.full(INSIDE.shape, np.nan, np.float32)
    assert not learnt.odds(values).any()
    learnt.learn(np.where(INSIDE, 50, -50).astype(np.float32), INSIDE, ~INSIDE)
    assert learnt.learnt
    assert not learnt.odds(values).any()
