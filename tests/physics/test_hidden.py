"""What the object hides of a thing is added, and nothing else."""

from __future__ import annotations

import numpy as np

from openvoid.physics.hidden import joined, whole

SIZE = 100, 140
ROWS, COLUMNS = np.mgrid[0 : SIZE[0], 0 : SIZE[1]] + 0.5
BALL = np.hypot(COLUMNS - 60, ROWS - 50) < 22
ARM = np.zeros(SIZE, bool)
ARM[44:58, 55:140] = True


def picture() -> np.ndarray:
    shown = np.full((*SIZE, 3), 0.6, np.float32)
    shown[BALL] = (0.8, 0.7, 0.1)
    shown[ARM] = (0.4, 0.2, 0.2)
    return shown


def test_a_ball_behind_an_arm_is_whole() -> None:
    found = whole(BALL & ~ARM, ARM, picture(), 110.0)
    assert (found & BALL).sum() / (found | BALL).sum() > 0.95


def test_what_nothing_hides_stays_as_it_is() -> None:
    away = np.zeros(SIZE, bool)
    away[:, 120:] = True
    bent = BALL & ~ARM
    assert np.array_equal(whole(bent, away, picture(), 110.0), bent)


def test_two_ends_of_a_stick_are_one_thing_behind_an_arm_and_two_beside_it() -> None:
    left, right, post = (np.zeros(SIZE, bool) for _ in range(3))
    left[70:76, 20:50], right[70:76, 70:100], post[:, 48:72] = True, True, True
    assert joined([left, right], post) == [[0, 1]]
    post[:, 48:72] = False
    assert joined([left, right], post) == [[0], [1]]
