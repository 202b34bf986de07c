"""The cut is as cheap as it can be, and prefers edges."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.select.classical.continuous_cut import CERTAIN, boundary_price, cut


def cost(u: np.ndarray, odds: np.ndarray, price: np.ndarray) -> float:
    """What the cut minimises, for a labelling."""
    u = u.astype(float)
    right, down = np.zeros_like(u), np.zeros_like(u)
    right[:, :-1], down[:-1] = np.diff(u, axis=1), np.diff(u, axis=0)
    return float((price * np.hypot(right, down)).sum() - (u * odds).sum())


def test_seeds_spread_to_the_edge_and_no_farther() -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    picture[:, 50:] = 200
    odds = np.zeros((60, 80), np.float32)
    odds[30, 5], odds[30, 75] = CERTAIN, -CERTAIN
    odds[28:33, 3:8], odds[28:33, 72:77] = CERTAIN, -CERTAIN
    u = cut(odds, boundary_price(picture, 5.0), rounds=400)
    assert (u[:, :48] > 0.5).all()
    assert (u[:, 52:] < 0.5).all()


def test_a_speck_of_weak_evidence_is_not_worth_its_boundary() -> None:
    odds = np.full((40, 40), -1.0, np.float32)
    odds[20, 20] = 3.0
    assert not (cut(odds, np.full((40, 40), 3.0, np.float32)) > 0.5).any()
    assert cut(odds, np.full((40, 40), 0.05, np.float32))[20, 20] > 0.5


def test_what_is_certain_stays() -> None:
    odds = np.full((120, 120), -3.0, np.float32)
    odds[50:54, 50:54] = CERTAIN
    u = cut(odds, np.full((120, 120), 5.0, np.float32))
    assert (u[50:54, 50:54] > 0.5).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_the_cut_costs_no_more_than_simple_labellings(seed: int) -> None:
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 2, (24, 30)).astype(np.float32)
    price = rng.uniform(0.2, 4, (24, 30)).astype(np.float32)
    u = cut(odds, price, rounds=300)
    assert u.min() >= 0
    assert u.max() <= 1
    found = cost(u, odds, price)
    for other in (odds > 0, np.zeros_like(odds), np.ones_like(odds), rng.random(odds.shape)):
        assert found <= cost(other, odds, price) + 0.01 * np.abs(odds).sum()
