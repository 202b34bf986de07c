"""Where the plate engine is wrong: the rows of the benchmark, by hand."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("openvoid.synth.dataset")

from evaluate import on_course, worst, wrongs

from openvoid.evaluate.bench import Metrics
from openvoid.evaluate.contestants import baseline, engine
from openvoid.evaluate.scores import Score
from openvoid.evaluate.summary import summarised


def score(who: str, shot: str, affected: float, error: float = math.nan) -> Score:
    values = {
        "psnr.affected": affected,
        "psnr.primary": affected + 10,
        "psnr.boundary": 25.0,
        "trajectory.error": error,
    }
    return Score(who, shot, "support", values=values)


def test_a_family_is_told_with_what_the_engine_gains_and_where_it_is_worst() -> None:
    scores = [
        score("copy", "a", 10),
        score("telea", "a", 18),
        score("median", "a", 12),
        score("plate", "a", 14, 0.2),
        score("plate", "b", 16, 0.01),
    ]
    names = [baseline(name) for name in ("copy", "telea", "median")]
    evaluation = summarised("x", [*names, engine("plate")], Metrics({}, {}, {}), scores)
    _, row = wrongs(evaluation)
    assert row == ["support", "15.0", "-3.0", "25.0", "-3.0", "1/2", "25.0", "a (14.0)"]


def test_where_nothing_moves_or_nothing_went_well_there_is_a_dash() -> None:
    assert on_course([score("plate", "a", 14)]) == "-"
    assert worst([]) == "-"
