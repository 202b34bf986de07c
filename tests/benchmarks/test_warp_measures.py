"""The warp benchmark's own parts: its measures tell white from not, followed from not."""

from __future__ import annotations

import numpy as np
import pytest
import warp as bench
from warp_published import FINER, PublishedWarp


def white(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((4, *bench.LATENT), np.float32)


def test_the_kolmogorov_smirnov_test_passes_the_normal_and_nothing_else() -> None:
    assert bench.normal_p(white(0)) > 0.01
    assert bench.normal_p(white(0) * 1.1) < 1e-6
    assert bench.normal_p(white(0) + 0.1) < 1e-6


def test_neighbours_see_what_was_blurred() -> None:
    assert abs(bench.neighbours(white(0))) < 0.03
    noise = white(0)
    assert bench.neighbours((noise + np.roll(noise, 1, axis=1)) / 2**0.5) > 0.4


def test_noise_that_follows_is_told_from_noise_that_stays() -> None:
    steps = [bench.plane(1.0, 0.0, (1.0, 0.0))] * 4  # one cell in four frames
    first = white(0)
    followed = np.roll(first, 1, axis=2)
    assert bench.along_flow([first, followed], steps, 1) > 0.99
    assert abs(bench.along_flow([first, first], steps, 1)) < 0.05


def test_what_leaves_and_what_is_uncovered_is_not_led_back() -> None:
    _, _, valid = bench.led_back([bench.passing(0)] * 1)
    assert valid[20:30, 12:28].all()  # the square
    assert not valid[18:30, 10].any()  # uncovered at its back
    assert valid[:10, :80].all()


def test_the_published_way_follows_too_and_stays_white(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "SIZE", (24, 32))
    monkeypatch.setattr(bench, "LATENT", (6, 8))
    steps = [bench.plane(1.0, 0.0, (1.0, 0.0))] * 4
    rng = np.random.default_rng(0)
    warp = PublishedWarp.begin((24, 32), 64, rng)
    assert warp.noise.shape == (64, 24 * FINER, 32 * FINER)
    first = warp.latent((6, 8))
    for step in steps:
        warp.follow(step.forward, step.backward, rng)
    second = warp.latent((6, 8))
    assert bench.along_flow([first, second], steps, 1) > 0.99
    assert second.std() == pytest.approx(1, abs=0.05)
    grow = bench.plane(1.05, 0.01, (0.3, 0.2))
    for _ in range(3):
        warp.follow(grow.forward, grow.backward, rng)
    assert warp.noise.std() == pytest.approx(1, abs=0.01)
    assert abs(bench.neighbours(warp.noise)) < 0.01


def test_missed_targets_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    good = bench.Measured("pan", "ours", 0.01, 1.0, 0.0, 0.0, 0.5, (0.5, 0.5, 0.5), 0.0)
    theirs = bench.Measured("pan", "published", 2.0, 1.0, 0.0, 0.0, 0.5, (0.5, 0.5, 0.4), 0.0)
    assert bench.verdict(theirs, good)
    bad = bench.Measured("pan", "ours", 0.1, 1.1, 0.0, 0.0, 0.5, (0.4, 0.5, 0.5), 0.0)
    assert not bench.verdict(theirs, bad)
    assert "FAIL: white, follows, faster" in capsys.readouterr().out
