"""What is lit otherwise is brought to the target's light, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.plate.tone import tone_of

EVERYWHERE = np.ones((60, 80), bool)


def picture(most: float = 0.5) -> np.ndarray:
    ramp = np.linspace(0.05, most, 80, dtype=np.float32)
    return np.dstack([np.tile(ramp, (60, 1)), np.tile(ramp[::-1], (60, 1)), np.full((60, 80), 0.2)])


def grain(seed: int, level: float = 0.01) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, level, (60, 80, 3)).astype(np.float32)


@pytest.mark.parametrize("gain", [0.4, 1.6])
def test_a_gain_is_found_through_grain_and_a_thing_in_the_way(gain: float) -> None:
    seen = picture() + grain(1)
    target = picture() * gain + 0.1 + gain * grain(2)
    target[10:30, 10:30] = 0.9
    tone = tone_of(seen, target, EVERYWHERE, 1.0)
    assert tone is not None
    assert tone.gain[:2] == pytest.approx(gain, rel=0.05)
    off = np.abs(tone.of(picture()) - (picture() * gain + 0.1))
    assert off.max() < 0.02


def test_what_is_clipped_tells_nothing_and_is_clipped_again() -> None:
    target = np.minimum(picture(0.9) * 2, 1).astype(np.float32)
    tone = tone_of(picture(0.9), target, EVERYWHERE, 1.0)
    assert tone is not None
    assert np.abs(tone.of(picture(0.9)) - target).max() < 0.01
    light = tone_of(picture(0.9), picture(0.9) * 2, EVERYWHERE, np.inf)
    assert light is not None
    assert light.of(picture(0.9) * 100, unit=100).max() == pytest.approx(180, rel=0.01)


@pytest.mark.parametrize(
    "target",
    [picture() + grain(2), picture() + 0.2 + grain(2), picture()[:, ::-1], np.ones((60, 80, 3))],
    ids=["the same", "an offset", "another picture", "white"],
)
def test_nothing_is_told_where_an_offset_does_or_nothing_fits(target: np.ndarray) -> None:
    assert tone_of(picture() + grain(1), target.astype(np.float32), EVERYWHERE, 1.0) is None


def test_too_few_pixels_tell_nothing() -> None:
    few = np.zeros((60, 80), bool)
    few[:5, :5] = True
    assert tone_of(picture(), picture() * 2, few, 1.0) is None
