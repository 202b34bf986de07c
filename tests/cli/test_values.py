"""Words of the command line become values, or one clear mistake."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from openvoid.cli import values
from openvoid.core.effects import Effect, EffectKind, Effects, Relation
from openvoid.core.errors import OpenVoidError


@pytest.mark.parametrize(
    ("text", "wanted"), [("10-80", (10, 80)), (" 1001 - 1003 ", (1001, 1003)), ("42", (42, 42))]
)
def test_a_range_includes_both_ends(text: str, wanted: tuple[int, int]) -> None:
    assert values.frame_range(text) == wanted


@pytest.mark.parametrize("text", ["80-10", "-5", "5-", "a-b", "", "1-2-3", "1.5-3"])
def test_what_is_no_range_is_refused_by_name(text: str) -> None:
    with pytest.raises(OpenVoidError, match=r"--range: .* is not a range of frames"):
        values.frame_range(text)


def test_a_size_is_written_width_first_and_kept_height_first() -> None:
    assert values.size("1920x1080") == (1080, 1920)
    assert values.size("64 X 48") == (48, 64)


@pytest.mark.parametrize("text", ["1920", "0x10", "10x0", "axb", "-1x4", "1920x1080x3"])
def test_what_is_no_size_is_refused_by_name(text: str) -> None:
    with pytest.raises(OpenVoidError, match=r"--size: .* is not a size"):
        values.size(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("24000/1001", Fraction(24000, 1001)),
        ("25", Fraction(25)),
        ("23.976", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("12.5", Fraction(25, 2)),
        ("24.0", Fraction(24)),
        ("30/1", Fraction(30)),
    ],
)
def test_rates_are_exact_and_ntsc_decimals_are_understood(text: str, wanted: Fraction) -> None:
    assert values.rate(text) == wanted


@pytest.mark.parametrize("text", ["0", "-25", "fast", "24/0", "1e9", "nan"])
def test_what_is_no_rate_is_refused_by_name(text: str) -> None:
    with pytest.raises(OpenVoidError, match=r"--rate: .* is not a frame rate"):
        values.rate(text)


def test_what_was_not_asked_for_is_none() -> None:
    asked = (values.frame_range(None), values.size(None), values.rate(None), values.effects(None))
    assert asked == (None, None, None, None)


def test_an_effects_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    effects = Effects((Effect("ball", EffectKind.PHYSICAL, Relation.SUPPORTS),), "a table")
    path = tmp_path / "effects.json"
    path.write_text(json.dumps(effects.to_json()))
    assert values.effects(path) == effects


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "another"}', "\x00"])
def test_another_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "effects.json"
    path.write_text(text)
    with pytest.raises(OpenVoidError, match=r"effects\.json: "):
        values.effects(path)


def test_a_missing_effects_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match=r"none\.json: cannot be read: No such file"):
        values.effects(tmp_path / "none.json")
