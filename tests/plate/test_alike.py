"""The hidden move as those do that moved alike before, and not as those that lie nearer."""

from __future__ import annotations

import numpy as np

from openvoid.plate.alike import regressed


def test_each_goes_on_with_what_moved_like_it() -> None:
    size = (60, 90)
    former, value = np.zeros((*size, 2), np.float32), np.zeros((*size, 2), np.float32)
    thing = np.zeros(size, bool)
    thing[:, 40:] = True
    former[thing], value[thing] = (3, 0), (4, 1)
    wanted = np.zeros(size, bool)
    wanted[20:40, 30:60] = True
    told = regressed(former, value, ~wanted, wanted)
    assert np.abs(told[wanted & thing] - (4, 1)).max() < 0.15
    assert np.abs(told[wanted & ~thing]).max() < 0.1
    assert not told[~wanted].any()


def test_a_motion_that_grows_over_the_picture_grows_in_the_hole() -> None:
    x = np.broadcast_to(np.arange(100, dtype=np.float32), (60, 100))
    former = np.dstack([0.005 * x, np.zeros_like(x)])
    wanted = np.zeros((60, 100), bool)
    wanted[25:35, 45:55] = True
    told = regressed(former, 2 * former, ~wanted, wanted)
    assert np.abs(told - 2 * former)[wanted].max() < 0.05


def test_where_none_moved_like_it_it_goes_on_as_before() -> None:
    former = np.zeros((40, 40, 2), np.float32)
    wanted = np.zeros((40, 40), bool)
    wanted[15:25, 15:25] = True
    former[wanted] = (8, 0)
    told = regressed(former, former, ~wanted, wanted, or_as_before=True)
    assert np.abs(told[wanted] - (8, 0)).max() < 1
    assert np.abs(regressed(former, former, ~wanted, wanted)).max() < 1


def test_where_nothing_is_seen_nothing_is_told() -> None:
    wanted = np.ones((20, 20), bool)
    flat = np.ones((20, 20, 2), np.float32)
    assert not regressed(flat, flat, ~wanted, wanted).any()
