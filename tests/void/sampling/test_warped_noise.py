"""Warped noise: white whatever the flow, carried along it, fresh where content is new."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.vision.flow import Motion, pixel_grid
from openvoid.void.sampling.warped_noise import PLACES, Noise, Tokens, degraded, warp_noise

SIZE, LATENT = (96, 160), (12, 20)


def steady(dx: float, dy: float, size: tuple[int, int] = SIZE) -> Motion:
    forward = np.broadcast_to(np.array([dx, dy], np.float32), (*size, 2)).copy()
    return Motion(forward, -forward)


def zoom(factor: float) -> Motion:
    x, y = pixel_grid(*SIZE)
    away = np.stack([x - SIZE[1] / 2 + 0.5, y - SIZE[0] / 2 + 0.5], axis=-1)
    return Motion(
        ((factor - 1) * away).astype(np.float32), ((1 / factor - 1) * away).astype(np.float32)
    )


def wild(seed: int) -> Motion:
    """Flow without any sense: large jumps, and a backward flow that has nothing to do with it."""
    rng = np.random.default_rng(seed)
    forward, backward = rng.normal(0, 15, (2, *SIZE, 2)).astype(np.float32)
    return Motion(forward, backward)


def carry(
    motions: list[Motion], channels: int = 16, seed: int = 1, **options: float
) -> list[Noise]:
    rng = np.random.default_rng(seed)
    return list(warp_noise(motions, SIZE, LATENT, channels, rng, **options))  # type: ignore[arg-type]


def likeness(a: Noise, b: Noise) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def normal_distance(values: np.ndarray) -> float:
    """Kolmogorov and Smirnov's: the largest gap between the distribution and N(0, 1)."""
    from math import erf

    ordered = np.sort(values.ravel())
    wanted = np.array([(1 + erf(value / 2**0.5)) / 2 for value in ordered])
    steps = np.arange(len(ordered) + 1) / len(ordered)
    return float(max((steps[1:] - wanted).max(), (wanted - steps[:-1]).max()))


MOTIONS: dict[str, Callable[[], Motion]] = {
    "still": lambda: steady(0, 0),
    "slow": lambda: steady(0.13, -0.06),
    "pan": lambda: steady(5.3, 1.7),
    "zoom in": lambda: zoom(1.05),
    "zoom out": lambda: zoom(1 / 1.05),
    "cut": lambda: steady(500, 0),
    "wild": lambda: wild(3),
}


@pytest.mark.parametrize("name", MOTIONS)
def test_every_latent_frame_is_white_and_of_unit_variance(name: str) -> None:
    # 64 channels of 12 x 20: 15,360 numbers a frame; limits are over 4 standard errors
    for noise in carry([MOTIONS[name]()] * 12, channels=64):
        assert noise.shape == (64, *LATENT)
        assert noise.dtype == np.float32
        assert abs(float(noise.mean())) < 0.035
        assert abs(float(noise.std()) - 1) < 0.025
        for one, next_to_it in (
            (noise[:, :, 1:], noise[:, :, :-1]),
            (noise[:, 1:], noise[:, :-1]),
            (noise[1:], noise[:-1]),
        ):
            assert abs(likeness(one, next_to_it)) < 0.035
        assert normal_distance(noise) < 1.95 / noise.size**0.5  # passed at 0.1 %


@pytest.mark.parametrize("name", ["slow", "zoom out", "wild"])
def test_a_cell_has_unit_variance_on_its_own_over_many_channels(name: str) -> None:
    # whiteness cell by cell, not on average: 2,048 draws of the same field
    noise = carry([MOTIONS[name]()] * 4, channels=2048)[-1].reshape(2048, -1)
    covariance = noise.T @ noise / len(noise)
    assert np.abs(np.diag(covariance) - 1).max() < 5 * (2 / 2048) ** 0.5
    away = covariance - np.diag(np.diag(covariance))
    assert np.abs(away).max() < 5.5 / 2048**0.5


def test_noise_follows_whole_cells_and_new_columns_are_fresh() -> None:
    first, second = carry([steady(2, 0)] * 4)
    np.testing.assert_allclose(second[:, :, 1:], first[:, :, :-1], atol=0.1)
    assert abs(likeness(second[:, :, 0], first[:, :, 0])) < 0.3
    assert abs(likeness(second[:, :, 0], first[:, :, 1])) < 0.3


def test_slow_motion_adds_up() -> None:
    frames = carry([steady(0.05, 0)] * 160)  # one cell in 160 frames, never half a place at once
    assert likeness(frames[-1][:, :, 1:], frames[0][:, :, :-1]) > 0.99


def test_noise_that_stands_still_does_not_change() -> None:
    frames = carry([steady(0, 0)] * 8)
    np.testing.assert_array_equal(frames[0], frames[2])


def test_half_a_cell_of_motion_keeps_half_of_the_noise() -> None:
    first, second = carry([steady(1, 0)] * 4, channels=64)  # 4 of 8 pixels
    ahead, stays = likeness(second[:, :, 1:], first[:, :, :-1]), likeness(second, first)
    assert ahead == pytest.approx(0.5, abs=0.05)
    assert stays == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("way", ["in", "out"])
def test_after_a_zoom_by_two_a_cell_is_the_sum_of_four(way: str) -> None:
    factor = 2 ** (1 / 16 if way == "in" else -1 / 16)
    frames = carry([zoom(factor)] * 16, channels=64)
    small, large = (frames[0], frames[-1]) if way == "in" else (frames[-1], frames[0])
    fours = large.reshape(64, 6, 2, 10, 2).sum(axis=(2, 4)) / 2
    assert likeness(fours, small[:, 3:9, 5:15]) > 0.9


def test_what_a_moving_thing_uncovers_is_fresh_and_it_keeps_its_own() -> None:
    def step(left: int) -> Motion:  # a square of 32 pixels moves right by 2 over a still ground
        motion = steady(0, 0)
        motion.forward[32:64, left : left + 32, 0] = 2
        motion.backward[32:64, left + 2 : left + 34, 0] = -2
        return motion

    frames = carry([step(32 + 2 * index) for index in range(16)], channels=64)
    first, last = frames[0], frames[-1]  # it moved by 32 pixels: 4 cells
    assert likeness(last[:, 4:8, 8:12], first[:, 4:8, 4:8]) > 0.95  # the thing
    assert abs(likeness(last[:, 4:8, 4:8], first[:, 4:8, 4:8])) < 0.1  # uncovered: not the thing's
    assert abs(likeness(last[:, 4:8, 4:8], first[:, 4:8, 8:12])) < 0.1
    ground = np.ones((12, 20), bool)
    ground[3:9, 3:13] = False
    np.testing.assert_allclose(last[:, ground], first[:, ground], atol=1e-4)


def test_what_shakes_out_of_the_picture_comes_back() -> None:
    frames = carry([steady(-2, 0)] * 4 + [steady(2, 0)] * 4)
    np.testing.assert_allclose(frames[2], frames[0], atol=0.05)


def test_the_seed_decides() -> None:
    motions = [steady(1.3, 0.4)] * 8
    one, same, other = (carry(motions, seed=seed) for seed in (1, 1, 2))
    for a, b, c in zip(one, same, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert abs(likeness(a, c)) < 0.1


def test_every_fourth_frame_is_kept_and_none_is_held_back() -> None:
    asked = 0

    def motions() -> object:
        nonlocal asked
        for _ in range(9):
            asked += 1
            yield steady(1, 0)

    noises = warp_noise(motions(), SIZE, LATENT, 2, np.random.default_rng(0))  # type: ignore[arg-type]
    next(noises)
    assert asked == 0
    next(noises)
    assert asked == 4
    assert len(list(noises)) == 1
    assert len(carry([steady(1, 0)] * 9, keep_every=3)) == 4


@given(seed=st.integers(0, 2**32 - 1), still=st.booleans())
@settings(max_examples=15, deadline=None)
def test_the_number_of_tokens_stays_bounded_and_no_place_is_empty(seed: int, still: bool) -> None:
    tokens = Tokens(SIZE, LATENT, 1, np.random.default_rng(seed))
    begun = len(tokens.x)
    for index in range(10):
        tokens.follow(zoom(0.9) if still else wild(seed % 1000 + index))
        assert len(tokens.x) < 4 * begun
        assert len(tokens.x) == len(tokens.y) == len(tokens.area) == len(tokens.z)
        assert (np.bincount(tokens._places()[tokens._places() >= 0]) > 0).all()
        assert tokens.area.min() > 0
    assert np.isfinite(tokens.noise()).all()


def test_latent_sizes_that_do_not_divide_the_frame_are_fine() -> None:
    rng = np.random.default_rng(0)
    motion = steady(1.5, 0.5, (50, 70))
    frames = list(warp_noise([motion] * 4, (50, 70), (7, 9), 512, rng))
    assert frames[-1].shape == (512, 7, 9)
    assert frames[-1].std() == pytest.approx(1, abs=0.03)


@given(gamma=st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_degrading_keeps_the_variance_and_the_share_of_the_old(gamma: float) -> None:
    rng = np.random.default_rng(5)
    noise = rng.standard_normal((16, 40, 40), np.float32)
    mixed = degraded(noise, gamma, rng)
    assert mixed.dtype == np.float32
    assert mixed.std() == pytest.approx(1, abs=0.03)
    assert likeness(mixed, noise) == pytest.approx(
        (1 - gamma) / np.hypot(1 - gamma, gamma), abs=0.03
    )


def test_degrading_is_per_kept_frame_and_leaves_what_is_carried_alone() -> None:
    plain, mixed = carry([steady(0, 0)] * 8), carry([steady(0, 0)] * 8, degrade=0.3)
    assert likeness(plain[0], plain[2]) == pytest.approx(1)
    assert likeness(mixed[0], mixed[2]) == pytest.approx(0.7**2 / (0.7**2 + 0.3**2), abs=0.05)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(OpenVoidError, match="from 0 to 1"):
        carry([], degrade=1.5)
    with pytest.raises(OpenVoidError, match="frames are"):
        carry([steady(0, 0, (8, 8))])
    with pytest.raises(OpenVoidError, match="noise of 0"):
        carry([], channels=0)
    assert PLACES >= 1
