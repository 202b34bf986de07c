"""What the object truly does to a thing, told from its two courses; and what counts as held."""

from __future__ import annotations

import moving
import numpy as np
import pytest
from moving_truth import relation

from openvoid.core.effects import Relation

SIDE = 10.0
FRAMES = np.arange(12.0)
STILL = np.c_[np.full(12, 50.0), np.full(12, 20.0)]
ROLLS = np.c_[5 * FRAMES, np.full(12, 20.0)]
STOPPED = np.c_[np.minimum(5 * FRAMES, 25), np.full(12, 20.0)]
FALLS = np.c_[np.full(12, 50.0), 20 + 2 * FRAMES**2]
PUSHED = np.c_[50 + 4 * np.maximum(0, FRAMES - 5), np.full(12, 20.0)]


@pytest.mark.parametrize(
    ("with_", "without", "told"),
    [
        (STOPPED, ROLLS, (Relation.STOPS, 6)),
        (STILL, FALLS, (Relation.SUPPORTS, 1)),
        (PUSHED, STILL, (Relation.PUSHES, 6)),
        (STILL, PUSHED, None),  # only without the object something else pushes it
        (STILL, STILL, None),
    ],
)
def test_the_courses_tell_what_the_object_does(
    with_: np.ndarray, without: np.ndarray, told: tuple[Relation, int] | None
) -> None:
    assert relation(with_, without, SIDE) == told


@pytest.mark.parametrize(("without", "stays"), [(STILL, True), (FALLS, False)])
def test_what_truly_goes_elsewhere_is_not_held(without: np.ndarray, stays: bool) -> None:
    ids = np.zeros((12, 100, 100), np.uint8)
    ids[:, 15:25, 45:55] = 1
    body = {"with_object": {"center_px": PUSHED.tolist()}}
    body["without_object"] = {"center_px": without.tolist()}
    assert moving.stands(body, list(ids), 0) is stays
