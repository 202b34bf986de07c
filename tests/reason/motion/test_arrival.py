"""A ball that came by itself is stopped, not pushed; one that stood is pushed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.effects import Relation
from openvoid.reason.motion import arrival
from openvoid.reason.motion.arrival import ArrivalLimits
from openvoid.reason.motion.evidence import Evidence
from openvoid.vision.discs import Disc
from openvoid.vision.following import Scene, View
from tests.reason.motion.shots import HEIGHT, LENGTH, WIDTH, ground, locked

MEETS, STEP, RADIUS = 6, 14.0, 14.0
OBJECT_X = 30 + STEP * MEETS + RADIUS + 14


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    return np.clip(0.5 - (np.hypot(columns - x, rows - y) - radius), 0, 1)[..., None]


def shot(ball: Callable[[int], float], block: Callable[[int], float], folder: Path) -> Evidence:
    """A dark ball and a red block, their middles at x, on one row."""
    pictures, masks = [], []
    rng = np.random.default_rng(0)
    for index in range(LENGTH):
        alpha = disc(ball(index), 80, RADIUS)
        picture = ground() * (1 - alpha) + np.array([0.15, 0.15, 0.3]) * alpha
        mask = np.zeros((HEIGHT, WIDTH), bool)
        left = round(block(index)) - 12
        mask[60:94, left : left + 24] = True
        picture[mask] = 0.8, 0.3, 0.2
        pictures.append((picture + 0.004 * rng.normal(size=picture.shape)).astype(np.float32))
        masks.append(mask)
    return locked(pictures, masks, folder)


def rolls(index: int) -> float:
    return 30 + STEP * min(index, MEETS) - 4.0 * max(0, index - MEETS)


def driven(index: int) -> float:
    return OBJECT_X + 5.0 * max(0, index - MEETS)


def test_a_ball_that_came_and_sends_the_object_on_is_stopped(tmp_path: Path) -> None:
    evidence = shot(rolls, driven, tmp_path)
    (found,) = arrival.find(evidence)
    assert found.relation is Relation.STOPS
    assert "ball" in found.noun
    frames = {place.frame for place in found.before}
    assert frames == set(range(MEETS))
    assert {place.frame for place in found.now} >= set(range(MEETS + 2, LENGTH))
    (each,) = arrival.arrivals(evidence)
    for index in range(1, MEETS):
        assert each.chain[index].x == pytest.approx(rolls(index), abs=1.2)
    assert not list(arrival.find_pushed(evidence))
    assert arrival.came(evidence, 3, disc(rolls(3), 80, RADIUS)[..., 0] > 0.5)
    assert not arrival.came(evidence, 3, disc(200, 20, RADIUS)[..., 0] > 0.5)


def test_a_ball_that_stood_is_pushed(tmp_path: Path) -> None:
    """The block comes to it and drives it on."""

    def comes(index: int) -> float:
        return 30 + STEP * index

    def stood(index: int) -> float:
        return max(30 + STEP * MEETS + RADIUS + 12, comes(index) + RADIUS + 12)

    evidence = shot(lambda index: min(stood(index), 226.0), comes, tmp_path)
    assert not list(arrival.find(evidence))


def test_what_was_seen_to_come_is_told_though_the_whole_shot_shows_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = arrival.followed

    def short(view: View, empty: Scene, start: int, frames: range) -> dict[int, Disc]:
        chain = usual(view, empty, start, frames)
        return {t: each for t, each in chain.items() if frames.stop < LENGTH or t >= start}

    monkeypatch.setattr(arrival, "followed", short)
    limits = ArrivalLimits(after=4)  # the first look ends before the shot does
    evidence = replace(shot(rolls, driven, tmp_path), chosen=(limits,))
    (found,) = arrival.find(evidence)
    assert {place.frame for place in found.before} == set(range(MEETS))
