"""How sure a sign makes one: as often as it was right, and never surer where it is less plain."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.reason.applied import APPLIED_FROM
from openvoid.reason.motion.confidence import ConfidenceLimits, Cue, Sign, share, times

LIMITS = ConfidenceLimits()
FEW = ConfidenceLimits(rows=((Cue.PUSHED, ((0.0, 2, 0), (3.0, 2, 2))),))
SOME = ConfidenceLimits(rows=((Cue.PUSHED, ((0.0, 8, 1), (3.0, 8, 7))),))


def test_a_sign_is_as_sure_as_it_was_right() -> None:
    assert Sign(Cue.PUSHED, 1.0).confidence(SOME) == pytest.approx(0.2)
    assert Sign(Cue.PUSHED, 3.0).confidence(SOME) == pytest.approx(0.8)
    assert Sign(Cue.PUSHED, 99.0).confidence(SOME) == pytest.approx(0.8)


def test_what_was_told_too_rarely_is_only_asked() -> None:
    assert Sign(Cue.PUSHED, 9.0).confidence(FEW) < APPLIED_FROM
    assert Sign(Cue.LANDED).confidence(SOME) < APPLIED_FROM


@pytest.mark.parametrize("cue", LIMITS.asked)
def test_what_is_always_asked_is_only_asked_however_plainly(cue: Cue) -> None:
    assert Sign(cue, LIMITS.most).confidence(LIMITS) < APPLIED_FROM


@pytest.mark.parametrize("cue", [Cue.PUSHED_VAGUELY, Cue.PUSHED_RESTLESS, Cue.PUSHED_VAST])
def test_what_is_pushed_but_not_as_one_thing_is_only_asked(cue: Cue) -> None:
    assert Sign(cue, LIMITS.most).confidence(LIMITS) < APPLIED_FROM


@pytest.mark.parametrize("cue", Cue)
def test_a_plainer_sign_is_never_less_sure(cue: Cue) -> None:
    rows = dict(LIMITS.rows).get(cue, ())
    assert all(real <= told for _, told, real in rows)
    assert all(low[0] < high[0] for low, high in itertools.pairwise(rows))
    sure = [Sign(cue, at).confidence(LIMITS) for at in (0, 0.5, 1, 2, 3, 5, 10, 50, 100)]
    assert sure == sorted(sure)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_the_contrast_is_a_ratio_with_an_end(own: float, chance: float) -> None:
    found = times(own, chance)
    assert 0 <= found <= LIMITS.most
    assert found == (min(LIMITS.most, own / chance) if chance else LIMITS.most * (own > 0))


@given(st.integers(0, 500), st.data())
def test_a_share_of_few_cases_is_never_certain(told: int, data: st.DataObject) -> None:
    real = data.draw(st.integers(0, told))
    assert 0 < share(told, real) < 1
