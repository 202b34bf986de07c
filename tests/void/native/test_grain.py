"""Synthesised grain has the level, colour and spectrum of the source's."""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.core.box import Box
from openvoid.void.native.grain import NONE, Grain, Look, measure

SIZE = (256, 256)


def plane() -> np.ndarray:
    ramp = np.linspace(0.1, 0.9, SIZE[1], dtype=np.float32)
    return np.repeat(np.repeat(ramp[None, :, None], SIZE[0], 0), 3, 2)


def noisy(clean: np.ndarray, level: np.ndarray, soft_px: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((*SIZE, 3), np.float32)
    if soft_px:
        noise = cv2.GaussianBlur(noise, (0, 0), soft_px)
        noise /= noise.std()
    return clean + level * noise


def look(shot: np.ndarray, made: np.ndarray) -> Look:
    return Look(shot, lambda box: made[box.slices], np.ones(SIZE, bool))


def lag(noise: np.ndarray) -> float:
    return float((noise[:, 1:] * noise[:, :-1]).mean() / (noise**2).mean())


def measured(soft_px: float, level: np.ndarray, same: bool = False) -> Grain:
    clean = plane()
    first = noisy(clean, level, soft_px, 1)
    second = first if same else noisy(clean, level, soft_px, 2)
    return measure([(look(first, clean), look(second, clean))], 16)


def test_level_follows_brightness() -> None:
    clean = plane()
    grain = measured(0.0, 0.01 + 0.01 * clean)
    box = Box(0, 0, *SIZE)
    for bright in (0.2, 0.5, 0.8):
        made = np.full((*SIZE, 3), bright, np.float32)
        level = float(grain.over(made, box, 0, 0).std())
        assert 0.8 < level / (0.01 + 0.01 * bright) < 1.1, bright


def test_spectrum_is_the_sources() -> None:
    made, box = np.full((*SIZE, 3), 0.5, np.float32), Box(0, 0, *SIZE)
    for soft_px in (0.0, 0.8, 1.2):
        shot = noisy(np.zeros_like(made), np.float32(0.01), soft_px, 9)
        noise = measured(soft_px, np.float32(0.01)).over(made, box, 3, 1)
        assert abs(lag(noise) - lag(shot)) < 0.08, soft_px


def test_grain_that_stays_in_the_source_stays() -> None:
    made, box = np.full((*SIZE, 3), 0.5, np.float32), Box(0, 0, *SIZE)
    fresh, still = measured(0.8, np.float32(0.01)), measured(0.8, np.float32(0.01), same=True)
    assert fresh.frozen < 0.1
    assert still.frozen > 0.9
    for grain in (fresh, still):
        noises = [grain.over(made, box, index, 1).ravel() for index in (4, 5)]
        assert abs(float(np.corrcoef(*noises)[0, 1]) - grain.frozen) < 0.05


def test_frozen_grain_stays_where_it_is_when_the_box_moves() -> None:
    grain = Grain(NONE.spectrum, np.full((8, 3), 0.01, np.float32), 1.0)
    made = np.full((40, 50, 3), 0.5, np.float32)
    one = grain.over(made, Box(10, 500, 50, 550), 0, 1)
    two = grain.over(made, Box(13, 495, 53, 545), 7, 1)
    assert np.allclose(one[3:, :45], two[:-3, 5:], atol=1e-6)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    grain = Grain(NONE.spectrum, np.full((8, 3), 0.01, np.float32), 0.3)
    made, box = np.full((40, 50, 3), 0.5, np.float32), Box(0, 0, 40, 50)
    again = grain.over(made, box, 2, 1)
    assert grain.over(made, box, 2, 1).tobytes() == again.tobytes()
    assert not np.allclose(grain.over(made, box, 2, 2), again)
    assert not np.allclose(grain.over(made, box, 3, 1), again)


def test_what_made_pictures_have_already_is_not_added_again() -> None:
    clean = plane()
    shot = noisy(clean, np.float32(0.01), 0.0, 1)
    lively = noisy(clean, np.float32(0.01), 0.0, 5)
    grain = measure([(look(shot, lively), None)], 16)
    assert grain.levels.max() < 0.004


def test_loud_texture_does_not_count_as_grain() -> None:
    shot = noisy(plane(), np.float32(0.004), 0.0, 1)
    rng = np.random.default_rng(5)
    shot[:, 128:] += 0.1 * rng.standard_normal((256, 128, 3), np.float32)
    grain = measure([(look(shot, plane()), None)], 16)
    assert grain.levels.max() < 0.012


def test_texture_that_came_out_softer_and_flatter_does_not_count_as_grain() -> None:
    clean = plane()
    rng = np.random.default_rng(6)
    texture = cv2.GaussianBlur(rng.standard_normal((*SIZE, 3), np.float32), (0, 0), 1.5)
    textured = clean + 0.04 * texture / texture.std()
    made = clean + 0.8 * (cv2.GaussianBlur(textured, (0, 0), 0.8) - clean)
    assert measure([(look(textured, made), None)], 16).levels.max() < 0.008
    shot = noisy(textured, np.float32(0.01), 0.0, 2)
    assert 0.007 < measure([(look(shot, made), None)], 16).levels.mean() < 0.013


def test_nothing_to_measure_means_no_grain() -> None:
    white = np.ones((*SIZE, 3), np.float32)
    assert not measure([(look(white, white), None)], 16).levels.any(), "clipped"
    hidden = Look(plane(), lambda box: plane()[box.slices], np.zeros(SIZE, bool))
    assert not measure([(hidden, None)], 16).levels.any()
    assert not NONE.over(white, Box(0, 0, *SIZE), 0, 0).any()
