"""Presets: one row a pass, and what the reference's must be."""

from __future__ import annotations

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.void.sampling.presets import NAMES, PRESETS, settings_of


def test_every_preset_has_both_passes() -> None:
    rows = {settings_of(name, number) for name in NAMES for number in (1, 2)}
    assert rows == set(PRESETS.values())
    assert len(rows) == len(PRESETS)


def test_the_reference_is_what_was_released() -> None:
    first, second = (settings_of("reference", number) for number in (1, 2))
    assert (first.steps, first.guidance, first.levels) == (30, 1.0, 3)
    assert (second.steps, second.guidance, second.levels) == (50, 6.0, 3)
    assert first.as_reference
    assert second.as_reference


def test_fast_does_less_and_quality_more() -> None:
    for number in (1, 2):
        fast, plain, best = (settings_of(name, number) for name in ("fast", "standard", "quality"))
        assert fast.steps < plain.steps < best.steps
        assert fast.cache > 0 == plain.cache == best.cache


def test_an_unknown_preset_lists_the_known() -> None:
    with pytest.raises(OpenVoidError, match="standard, fast"):
        settings_of("slow", 1)
