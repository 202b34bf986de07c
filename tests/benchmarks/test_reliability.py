"""The table of confidences: plainer signs are never less sure, and every case is counted."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import reliability
from hypothesis import given
from hypothesis import strategies as st
from reliability import Case, diagram, fitted

from openvoid.reason.motion.confidence import Cue, Sign, share


def cases(*told: tuple[float, bool]) -> list[Case]:
    return [Case("shot", Sign(Cue.PUSHED, contrast), real) for contrast, real in told]


def test_what_is_plain_is_told_apart_from_what_is_not() -> None:
    low, high = [(1 + n / 10, n == 0) for n in range(10)], [(9.0 + n, True) for n in range(10)]
    rows = fitted(cases(*low, *high))
    assert rows[0] == (1.0, 10, 1)
    assert sum(row[1] for row in rows[1:]) == sum(row[2] for row in rows[1:]) == 10
    assert rows[1][0] == 9.0


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=1, max_size=40))
def test_rows_count_every_case_and_rise(told: list[tuple[float, bool]]) -> None:
    rows = fitted(cases(*told))
    assert sum(row[1] for row in rows) == len(told)
    assert sum(row[2] for row in rows) == sum(real for _, real in told)
    assert all(low[0] < high[0] for low, high in itertools.pairwise(rows))
    assert all(share(*low[1:]) < share(*high[1:]) for low, high in itertools.pairwise(rows))


def test_the_diagram_shows_what_was_told_across_and_what_was_real_up() -> None:
    image = diagram([(10, 0.5, 0.5)])
    assert image.shape == (360, 360, 3)
    assert (image[180, 180] == 255).all()  # the dot's middle
    assert np.any(diagram([(10, 0.5, 0.9)]) != image)


def test_gathered_shots_are_fitted_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.jsonl"
    shots = [{"shot": f"{n}", "told": [["ALONG", 10.0 + n, n > 0]]} for n in range(6)]
    path.write_text("\n".join(json.dumps(each) for each in shots) + "\n")
    assert reliability.main(["fit", str(path)]) == 0
    assert "(Cue.ALONG, (" in capsys.readouterr().out
    reliability.main(["tell", str(path), "--picture", str(tmp_path / "told.png")])
    assert "applied ones are real" in capsys.readouterr().out
    assert (tmp_path / "told.png").stat().st_size > 0
