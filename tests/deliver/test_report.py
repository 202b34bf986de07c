"""The report: one schema, held by a frozen example; whatever an engine notes becomes JSON."""

from __future__ import annotations

import json
from enum import IntEnum, StrEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.removal import Provenance, RemovalResult
from openvoid.deliver.destination import report_path
from openvoid.deliver.report import plain, text_of

FROZEN = Path(__file__).with_name("report_1.json")  # never edit it: readers rely on this form


def test_the_frozen_example_is_still_written() -> None:
    result = RemovalResult(
        master=Path("out/clean.mkv"),
        report=Path("out/clean.mkv.report.json"),
        provenance=Provenance(
            engine="plate",
            settings={"engine": "plate", "options": {"reach": 3}, "grow_px": 0, "effects": None},
            seed=7,
            versions={"openvoid": "0.1.0"},
            weights={"model.safetensors": "00ff"},
            source={"clip": {"rate": "24000/1001"}},
            timings_s={"register": 1.5},
        ),
        shares={"kept": 0.75, "seen": 0.25, "synthesised": 0.0},
        notes={"camera": {"kind": "locked", "residual_px": float("nan")}},
        warnings=("dark",),
        patch=Path("out/patch.mkv"),
    )
    frozen = json.loads(FROZEN.read_text())
    assert json.loads(text_of(result)) == frozen
    assert list(json.loads(text_of(result))) == list(frozen), "in the same order"


class Kind(StrEnum):
    LOCKED = "locked"


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (np.float32(0.5), 0.5),
        (np.array([[1, 2]]), [[1, 2]]),
        (np.bool_(True), True),
        ({1: (float("inf"), np.nan, -1)}, {"1": [None, None, -1]}),
        (Fraction(24000, 1001), "24000/1001"),
        (Path("a/b"), "a/b"),
        ({3, 1}, [1, 3]),
        ([Kind.LOCKED, Level.HIGH, None, True], ["locked", 3, None, True]),
        (b"ab", "b'ab'"),
    ],
)
def test_anything_can_be_told(value: object, told: object) -> None:
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == told


@pytest.mark.parametrize(
    ("out", "report"),
    [
        ("a/clean.mov", "a/clean.mov.report.json"),
        ("a/clean", "a/clean.report.json"),
        ("a/clean.%04d.exr", "a/clean.report.json"),
        ("a/clean_####.png", "a/clean.report.json"),
        ("a/%04d.png", "a/png.report.json"),
    ],
)
def test_it_lies_beside_the_result(out: str, report: str) -> None:
    assert report_path(Path(out)) == Path(report)
