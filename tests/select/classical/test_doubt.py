"""Confidence falls where a measure says that something is wrong, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from openvoid.select.classical.doubt import sureness, sureness_of
from openvoid.select.classical.initial_silhouette import Guess
from openvoid.select.classical.propagation import Step

CALM = Step(np.ones((4, 4), bool), 0.95, 0.9, 0.8, 1.0, 0.95, 0.02)


def test_a_calm_shot_is_sure_for_long() -> None:
    assert sureness(CALM, 0.95, 1) > 0.85
    assert sureness(CALM, 0.95, 100) > 0.6


def test_each_measure_alone_makes_a_frame_doubtful() -> None:
    for worse in ({"rival": 0.2}, {"kept": 0.5}, {"usual": 0.3}, {"seen": 0.4}):
        assert sureness(replace(CALM, **worse), 0.95, 1) < 0.5


def test_a_first_silhouette_that_only_one_reach_gives_is_doubtful() -> None:
    cues = {"edges": 0.8, "stable": 0.95, "colour": 0.7, "moves": 0.9}
    mask = np.ones((4, 4), bool)
    assert sureness_of(Guess(mask, 0.9, cues)) > 0.8
    assert sureness_of(Guess(mask, 0.9, cues | {"stable": 0.65})) < 0.5
    assert sureness_of(Guess(mask, 1.0)) == 1.0
