"""What is sharper than its target is made as soft as that, and nothing else is touched."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from openvoid.plate.blur import Blur, blur_of

CLEAR = np.ones((90, 120), np.float32)
BOTH = CLEAR > 0


def picture(seed: int = 3) -> np.ndarray:
    noise = np.random.default_rng(seed).uniform(0, 1, (90, 120)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 1.2), np.float32)


@pytest.mark.parametrize(
    "true", [Blur(8, 0), Blur(0, 8), Blur(5.5, 5.5), Blur(-5.5, 5.5), Blur(sigma=2.1)]
)
def test_the_blur_is_found(true: Blur) -> None:
    target = true.of(picture(), CLEAR)
    found = blur_of(picture(), target, BOTH)
    assert found is not None
    off = np.abs(found.of(picture(), CLEAR) - target)[12:-12, 12:-12].mean()
    assert off < 0.25 * np.abs(picture() - target)[12:-12, 12:-12].mean()
    if not true.sigma:
        assert abs(true.x * found.y - true.y * found.x) < 0.1 * 8 * np.hypot(found.x, found.y)


@pytest.mark.parametrize(
    "target",
    [
        picture(),
        Blur(sigma=0.4).of(picture(), CLEAR),
        Blur(sigma=2).of(picture(8), CLEAR),
        np.full((90, 120), 0.5, np.float32),
    ],
    ids=["the same", "hardly softer", "something else that is soft", "nothing"],
)
def test_nothing_is_told_where_no_blur_explains_it(target: np.ndarray) -> None:
    assert blur_of(picture(), target, BOTH) is None


def test_a_softer_donor_is_left_as_it_is() -> None:
    assert blur_of(Blur(8, 0).of(picture(), CLEAR), picture(), BOTH) is None


@pytest.mark.parametrize("blur", [Blur(9, 0), Blur(sigma=3)])
def test_what_is_hidden_is_not_mixed_in(blur: Blur) -> None:
    shown, clear = np.full((40, 60, 3), 0.25, np.float32), np.ones((40, 60), np.float32)
    shown[:, 30:], clear[:, 30:] = 1.0, 0.0
    assert np.abs(blur.of(shown, clear) - 0.25)[:, :30].max() < 1e-5
    assert blur.of(shown, clear)[20, 58].tolist() == [1.0, 1.0, 1.0]


def test_at_a_larger_size_it_reaches_farther() -> None:
    line = np.zeros((9, 101), np.float32)
    line[:, 50] = 1
    clear = np.ones_like(line)
    for scale in (1.0, 3.0):
        wide = Blur(6, 0).of(line, clear, scale)[4]
        assert np.count_nonzero(wide > 0.01) == pytest.approx(6 * scale, abs=2)
        assert wide.sum() == pytest.approx(1, rel=0.01)
