"""The plate is used where it shows what the model shows, and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.void.native.plate_loan import loan, usual_difference

SIZE = (96, 144)


def scene(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    picture = np.full((*SIZE, 3), 0.45, np.float32)
    for sigma, weight in ((1.0, 0.03), (6, 0.05)):
        noise = cv2.GaussianBlur(rng.standard_normal((*SIZE, 3), np.float32), (0, 0), sigma)
        picture += weight * noise / noise.std()
    return picture


def soft(picture: np.ndarray, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    blurred = cv2.GaussianBlur(picture, (0, 0), 0.7)
    return np.asarray(blurred + 0.003 * rng.standard_normal(picture.shape), np.float32)


def test_the_same_thing_made_softer_is_lent_whole() -> None:
    plate = scene()
    lent = loan(soft(plate), plate, np.ones(SIZE, np.float32), 0.003)
    assert lent.share.mean() > 0.97
    assert not lent.light[lent.share > 0.5].any(), "the plate's own light is used"


def test_another_thing_is_not_lent_nor_its_edge() -> None:
    plate = scene()
    made = soft(plate)
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    thing = np.hypot(rows - 48, columns - 72) < 18
    made[thing] = (0.8, 0.3, 0.2)
    made[44:52, 60:84] = plate[44:52, 60:84]  # where it happens to look like the plate
    lent = loan(made, plate, np.ones(SIZE, np.float32), 0.003)
    assert lent.share[cv2.dilate(thing.astype(np.uint8), np.ones((3, 3))) > 0].max() < 0.05
    assert lent.share[:, :30].min() > 0.9


def test_what_was_not_seen_is_not_lent() -> None:
    plate, seen = scene(), np.ones(SIZE, np.float32)
    seen[:, 70:] = 0.5
    lent = loan(soft(plate), plate, seen, 0.003)
    assert lent.share[:, 70:].max() == 0
    assert lent.share[:, :60].min() > 0.9


def test_light_that_changed_slowly_is_carried_over_to_the_plate() -> None:
    plate = scene()
    ramp = np.linspace(0, 0.06, SIZE[1], dtype=np.float32)[None, :, None]
    made = soft(plate) - ramp
    lent = loan(made, plate, np.ones(SIZE, np.float32), 0.003)
    right = np.s_[10:-10, 100:130]
    assert lent.share[right].min() > 0.9
    assert np.abs(plate + lent.light - (plate - ramp))[right].mean() < 0.006


def test_the_usual_difference_is_that_of_the_kept_part() -> None:
    plate, kept = scene(), np.ones(SIZE, bool)
    made = plate + 0.02
    made[:, :40] += 0.3
    kept[:, :50] = False
    assert abs(usual_difference(made, plate, kept) - 0.02) < 1e-3
    assert usual_difference(made, plate, np.zeros(SIZE, bool)) == 0
