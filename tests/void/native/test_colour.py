"""Slow shifts of colour and contrast are taken out, also inside the hole; purpose stays."""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.void.native.colour import matched, sample, steadied

SIZE = (96, 144)


def picture(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    large = rng.random((12, 18, 3)).astype(np.float32)
    return 0.2 + 0.6 * np.clip(cv2.resize(large, SIZE[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def kept_around() -> np.ndarray:
    kept = np.ones(SIZE, bool)
    kept[30:70, 50:100] = False
    return kept


def shifted(clean: np.ndarray) -> np.ndarray:
    y, x = np.mgrid[0 : 1 : SIZE[0] * 1j, 0 : 1 : SIZE[1] * 1j].astype(np.float32)
    drift = np.stack([0.03 * x - 0.02 * y, 0.02 * y, 0.02 * np.sin(2 * x)], axis=-1)
    return (0.5 + 0.96 * (clean - 0.5) + drift).astype(np.float32)


def test_drift_and_contrast_are_taken_out_inside_the_hole() -> None:
    clean, kept = picture(), kept_around()
    made = shifted(clean)
    result = matched(made, [sample(clean, made, kept)], [1.0])
    before = np.abs(made - clean)[~kept].mean()
    assert np.abs(result - clean)[~kept].mean() < 0.2 * before


def test_what_the_source_shows_in_the_hole_does_not_matter() -> None:
    clean, kept = picture(), kept_around()
    made, spoiled = shifted(clean), clean.copy()
    spoiled[~kept] = (1, 0, 0)
    one = matched(made, [sample(clean, made, kept)], [1.0])
    two = matched(made, [sample(spoiled, made, kept)], [1.0])
    assert np.array_equal(one, two)


def test_what_the_model_changed_on_purpose_does_not_bend_the_colours() -> None:
    clean, kept = picture(), kept_around()
    made = clean.copy()
    made[72:84, 50:100] *= 0.6  # a shadow that the model put down beside the hole
    result = matched(made, [sample(clean, made, kept)], [1.0])
    assert np.abs(result - made)[~kept].mean() < 0.006


def test_with_nothing_kept_the_picture_stays() -> None:
    made = picture()
    none = np.zeros(SIZE, bool)
    assert np.array_equal(matched(made, [sample(made, made, none)], [1.0]), made)


def test_neighbours_calm_the_colours() -> None:
    clean, kept = picture(), kept_around()
    rng = np.random.default_rng(0)
    mades = [clean + np.float32(0.02 * rng.standard_normal()) for _ in range(7)]
    samples = [sample(clean, made, kept) for made in mades]
    steady = matched(mades[3], samples, [1 / 7] * 7)
    mean = np.mean([made - clean for made in mades])
    assert np.abs(steady - (mades[3] - mean)).mean() < 0.004


def test_boiling_is_calmed_where_nothing_moves() -> None:
    clean, rng = picture(), np.random.default_rng(1)
    mades = [clean + 0.003 * rng.standard_normal(clean.shape, np.float32) for _ in range(7)]
    calm = steadied(mades[3], [*mades[:3], *mades[4:]], [1.0] * 6)
    assert np.abs(calm - clean).mean() < 0.5 * np.abs(mades[3] - clean).mean()


def test_what_moves_is_not_smeared() -> None:
    clean = picture()
    before, here = clean.copy(), clean.copy()
    before[20:40, 20:40] += 0.05
    here[20:40, 30:50] += 0.05
    assert np.abs(steadied(here, [before], [1.0]) - here).max() < 1e-3
