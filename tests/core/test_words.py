"""Effects, Selection, errors and Run: they survive JSON, and say what they are asked to say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.box import EMPTY
from openvoid.core.effects import Effect, EffectKind, Effects, Place
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Fill, Run
from openvoid.core.selection import BoxMark, Point, Selection, Stroke

# One frozen example of each saved schema. Never edit these: readers must go on reading them.
EFFECTS_1 = """{"schema": "openvoid.effects/1", "background": "an empty table", "extra": {"k": 1},
"affected": [{"noun": "ball", "kind": "physical", "cause": "blocks", "why": "it stops it",
"now": [{"frame": 3, "corners": [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]}], "goes": [],
"confidence": 0.75}]}"""
SELECTION_1 = """{"schema": "openvoid.selection/1", "words": "the cup",
"points": [{"frame": 2, "x": 10.5, "y": 3.0, "positive": false}],
"boxes": [{"frame": 0, "left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0}],
"strokes": [{"frame": 5, "path": [[1.0, 2.0], [3.0, 4.0]], "width_px": 6.0, "positive": true}]}"""

EFFECTS = Effects(
    (
        Effect(
            "ball",
            EffectKind.PHYSICAL,
            "blocks",
            "it stops it",
            now=(Place(3, ((0.1, 0.2), (0.3, 0.2), (0.3, 0.4))),),
            confidence=0.75,
        ),
    ),
    "an empty table",
    {"k": 1},
)
SELECTION = Selection(
    (Point(2, 10.5, 3.0, positive=False),),
    (BoxMark(0, 1.0, 2.0, 3.0, 4.0),),
    (Stroke(5, ((1.0, 2.0), (3.0, 4.0)), 6.0),),
    "the cup",
)


@pytest.mark.parametrize(
    ("kind", "value", "frozen"),
    [(Effects, EFFECTS, EFFECTS_1), (Selection, SELECTION, SELECTION_1)],
)
def test_frozen_examples_are_still_read_and_written(kind: Any, value: Any, frozen: str) -> None:
    assert kind.from_json(json.loads(frozen)) == value
    assert json.loads(json.dumps(value.to_json())) == json.loads(frozen)


def test_the_reference_s_clicks_are_read() -> None:
    info = {"points_by_frame": {"0": [[1, 2]]}, "primary_points_by_frame": {"4": [[5, 6], [7, 8]]}}
    assert Selection.from_json(info).points == (Point(4, 5.0, 6.0), Point(4, 7.0, 8.0))
    del info["primary_points_by_frame"]
    assert Selection.from_json(info).points == (Point(0, 1.0, 2.0),)


@pytest.mark.parametrize("kind", [Effects, Selection])
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"schema": "openvoid.effects/2"},
        {"schema": "openvoid.effects/1", "affected": [{"noun": "ball"}]},
        {"schema": "openvoid.effects/1", "affected": 7},
        {"schema": "openvoid.selection/1", "points": [{"frame": 1}]},
        {"points_by_frame": {"zero": [[1, 2]]}},
        {"points_by_frame": [1]},
    ],
)
def test_what_is_not_the_schema_is_refused(kind: Any, data: dict[str, Any]) -> None:
    with pytest.raises(OpenVoidError):
        kind.from_json(data)


def test_an_error_is_one_line() -> None:
    error = OpenVoidError("it is broken", where="clip.mp4", mend="mend it")
    assert str(error) == error.line() == "clip.mp4: it is broken (mend it)"
    assert OpenVoidError("it is broken").line() == "it is broken"


def test_a_run_tells_progress_adds_up_time_and_warns_once(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    run = Run(tmp_path, lambda stage, done, total: told.append((stage, done, total)))
    assert list(run.track("register", "abc", total=4, done=1)) == ["a", "b", "c"]
    assert told == [("register", done, 4) for done in (1, 2, 3, 4)]
    assert run.timings_s["register"] >= 0
    run.warn("dark")
    run.warn("dark")
    assert run.warnings == ["dark"]


def test_nothing_to_fill_is_an_empty_box() -> None:
    fill = Fill.nothing(7, np.dtype(np.uint16))
    assert (fill.frame, fill.box, fill.rgb.dtype) == (7, EMPTY, np.dtype(np.uint16))
    assert fill.alpha.shape == fill.origin.shape == (0, 0)
