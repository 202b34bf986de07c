"""Doubt: how sure a silhouette is, from what was measured when it was found.

Enters: a hypothesis of the first silhouette, or the measures of a step (`propagation.Step`).
Leaves: a confidence, 0..1: below 0.5 is worth a look. Knows no pictures.

Each measure counts as a logistic factor around the value at which silhouettes of real shots began
to be wrong (overlap with the truth below 0.7; ducky-float, boys-beach and camel, 2026). What tells
most of a first silhouette is whether another reach gives the same; of a step, whether something
beside the object looks like it.
"""

from __future__ import annotations

import math

from openvoid.select.classical.initial_silhouette import Guess
from openvoid.select.classical.propagation import Step

STABLE = (0.80, 0.07)  # where it is even, and how soon it is not
MOVES = (0.40, 0.05)
RIVAL = (0.10, -0.02)
KEPT = (0.72, 0.05)
USUAL = (0.50, 0.06)
DRIFT_FRAMES = 400.0  # in which confidence falls to a third by itself


def sureness_of(guess: Guess) -> float:
    """Confidence of a first silhouette; of a matte it is 1."""
    if not guess.cues:
        return guess.score
    return _factor(guess.cues["stable"], STABLE) * _factor(guess.cues["moves"], MOVES)


def sureness(step: Step, begun: float, away_frames: int) -> float:
    """Confidence of one frame.

    Args:
        begun: of the silhouette from which it was carried; `away_frames`: how far.
    """
    sure = begun * step.seen * math.exp(-away_frames / DRIFT_FRAMES)
    for value, limit in ((step.rival, RIVAL), (step.kept, KEPT), (step.usual, USUAL)):
        sure *= _factor(value, limit)
    return sure


def _factor(value: float, limit: tuple[float, float]) -> float:
    even, soon = limit
    return 1 / (1 + math.exp(min(60.0, (even - value) / soon)))
