"""The second look: the same thing is known again, another thing beside it is not taken for it."""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.core.box import Box
from openvoid.select.isnet.looks import Look
from openvoid.select.isnet.second_look import Known, reappeared, recognised

SIZE = (120, 200)
RED, BLUE, GROUND = (224, 64, 48), (60, 70, 200), (96, 112, 104)


def disc(x: int, y: int, radius: int) -> np.ndarray:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.hypot(columns - x, rows - y) < radius


def lab(*things: tuple[np.ndarray, tuple[int, int, int]]) -> np.ndarray:
    made = np.full((*SIZE, 3), GROUND, np.uint8)
    for mask, colour in things:
        made[mask] = colour
    return cv2.cvtColor(made, cv2.COLOR_RGB2LAB)


def look(seen: np.ndarray, crop: Box = Box(0, 0, *SIZE)) -> Look:
    inside = np.zeros(SIZE, np.float32)
    inside[crop.slices] = seen[crop.slices]
    return Look(3, crop, inside)


ONE, OTHER = disc(70, 60, 20), disc(130, 60, 20)
KNOWN = Known.of(lab((ONE, RED), (OTHER, BLUE)), ONE)


def test_the_same_thing_a_little_farther_is_recognised() -> None:
    moved = disc(78, 60, 20)
    found = recognised(look(moved), ONE, KNOWN, lab((moved, RED)))
    assert found is not None
    assert np.array_equal(found[0], moved)
    assert found[1] > 0.8


def test_what_was_carried_along_but_looks_otherwise_is_left_out() -> None:
    picture = lab((ONE, RED), (OTHER, BLUE))
    found = recognised(look(ONE | OTHER), ONE | OTHER, KNOWN, picture)
    assert found is not None
    assert np.array_equal(found[0], ONE)


def test_another_thing_in_its_place_is_not_taken_for_it() -> None:
    moved = disc(88, 60, 20)
    assert recognised(look(moved), ONE, KNOWN, lab((moved, BLUE))) is None


def test_what_hangs_on_and_looks_otherwise_is_cut_off() -> None:
    beside = disc(100, 60, 20)
    found = recognised(look(ONE | beside), ONE, KNOWN, lab((beside, BLUE), (ONE, RED)))
    assert found is not None
    assert not found[0][60, 112]
    assert np.count_nonzero(found[0] ^ ONE) < 0.2 * np.count_nonzero(ONE)


def test_nothing_there_and_a_thing_that_the_crop_cuts_are_none() -> None:
    assert recognised(look(np.zeros(SIZE, bool)), ONE, KNOWN, lab()) is None
    cut = look(ONE, Box(0, 0, 120, 70))
    assert recognised(cut, ONE, KNOWN, lab((ONE, RED))) is None


def test_what_was_gone_is_known_again_by_colours_and_size() -> None:
    back, small, blue = disc(150, 60, 18), disc(40, 30, 6), disc(60, 90, 20)
    picture = lab((back, RED), (small, RED), (blue, BLUE))
    found = reappeared(look(back | small | blue), KNOWN, picture)
    assert found is not None
    assert np.array_equal(found, back)
    assert reappeared(look(small | blue), KNOWN, lab((small, RED), (blue, BLUE))) is None


def test_what_is_new_belongs_to_it_unless_it_moves_otherwise() -> None:
    whole = ONE | disc(94, 60, 10)
    picture, moves = lab((whole, RED)), np.where(whole & ~ONE, -3.0, 0.5)
    along = recognised(look(whole), ONE, KNOWN, picture, np.zeros(SIZE))
    otherwise = recognised(look(whole), ONE, KNOWN, picture, moves)
    assert along is not None
    assert otherwise is not None
    assert along[0][60, 101]
    assert not otherwise[0][60, 101]
    assert otherwise[0][60, 70]
