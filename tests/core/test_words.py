"""Effects, Selection, errors and Run: they survive JSON, and say what they are asked to say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.box import EMPTY
from openvoid.core.effects import Belonging, Effect, EffectKind, Effects, Place, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import End, Fate, FateKind, Fates, Pose
from openvoid.core.removal import Fill, Run
from openvoid.core.selection import BoxMark, Matte, Point, Selection, Stroke

# One frozen example of each saved schema. Never edit these: readers must go on reading them.
EFFECTS_1 = """{"schema": "openvoid.effects/1", "background": "an empty table", "extra": {"k": 1},
"affected": [{"noun": "ball", "kind": "physical", "cause": "blocks", "why": "it stops it",
"now": [{"frame": 3, "corners": [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]}], "goes": [],
"confidence": 0.75}]}"""
SELECTION_1 = """{"schema": "openvoid.selection/1", "words": "the cup",
"points": [{"frame": 2, "x": 10.5, "y": 3.0, "positive": false}],
"boxes": [{"frame": 0, "left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0}],
"strokes": [{"frame": 5, "path": [[1.0, 2.0], [3.0, 4.0]], "width_px": 6.0, "positive": true}]}"""

EFFECTS_2 = """{"schema": "openvoid.effects/2", "background": "an empty table", "extra": {"k": 1},
"affected": [{"noun": "ball", "kind": "physical", "cause": "blocks", "why": "it stops it",
"now": [{"frame": 3, "corners": [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]}], "goes": [],
"confidence": 0.75, "source": "motion"}],
"belongings": [{"noun": "hat", "places": [{"frame": 1, "corners": [[0, 0], [1, 0], [1, 1]]}],
"source": "vlm"}]}"""
EFFECTS_3 = """{"schema": "openvoid.effects/3", "background": "an empty table", "extra": {"k": 1},
"affected": [{"noun": "ball", "kind": "physical", "cause": "stops", "why": "it stops it",
"now": [{"frame": 3, "corners": [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]}], "goes": [],
"confidence": 0.75, "source": "motion"}],
"belongings": [{"noun": "hat", "places": [{"frame": 1, "corners": [[0, 0], [1, 0], [1, 1]]}],
"source": "vlm"}]}"""
EFFECTS_4 = """{"schema": "openvoid.effects/4", "background": "an empty table", "extra": {"k": 1},
"affected": [{"noun": "ball", "kind": "physical", "cause": "stops", "why": "it stops it",
"now": [{"frame": 3, "corners": [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]}], "goes": [],
"confidence": 0.75, "source": "motion", "applied": false}],
"belongings": [{"noun": "hat", "places": [{"frame": 1, "corners": [[0, 0], [1, 0], [1, 1]]}],
"source": "vlm"}]}"""
EFFECTS_5 = """{"schema": "openvoid.effects/5", "background": "an empty table", "extra": {"k": 1},
"affected": [{"noun": "ball", "kind": "physical", "cause": "stops", "why": "it stops it",
"now": [{"frame": 3, "corners": [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]}], "goes": [],
"before": [{"frame": 2, "corners": [[0.1, 0.2], [0.2, 0.2], [0.2, 0.4]]}],
"confidence": 0.75, "source": "motion", "applied": false}],
"belongings": [{"noun": "hat", "places": [{"frame": 1, "corners": [[0, 0], [1, 0], [1, 1]]}],
"source": "vlm"}]}"""
FATES_1 = """{"schema": "openvoid.fates/1", "extra": {}, "things": [{"noun": "ball",
"kind": "go on", "effect": 0, "from_frame": 3,
"shape": [{"frame": 2, "corners": [[0.1, 0.2], [0.2, 0.2],
[0.2, 0.4]]}], "start": {"frame": 2, "x": 0.15, "y": 0.3, "angle_deg": 0.0, "scale": 1.0},
"poses": [{"frame": 3, "x": 0.25, "y": 0.3, "angle_deg": 10.0, "scale": 1.5}], "end": "leaves",
"confidence": 0.5, "why": "it was on its way", "source": "plain"}]}"""
FATES_2 = """{"schema": "openvoid.fates/2", "extra": {}, "things": [{"noun": "ball",
"kind": "go on", "effect": 0, "from_frame": 3,
"shape": [{"frame": 2, "corners": [[0.1, 0.2], [0.2, 0.2],
[0.2, 0.4]]}], "start": {"frame": 2, "x": 0.15, "y": 0.3, "angle_deg": 0.0, "scale": 1.0},
"poses": [{"frame": 3, "x": 0.25, "y": 0.3, "angle_deg": 10.0, "scale": 1.5}], "end": "leaves",
"confidence": 0.5, "why": "it was on its way", "source": "plain",
"seen": [{"frame": 2, "corners": [[0.1, 0.2], [0.3, 0.2], [0.2, 0.4]]}],
"shadow": [{"frame": 2, "corners": [[0.1, 0.4], [0.3, 0.4], [0.2, 0.5]]}]}]}"""
FATES_3 = (
    FATES_2.replace("fates/2", "fates/3")
    .replace('"scale": 1.0', '"scale": 1.0, "spread": 0.0')
    .replace('"scale": 1.5', '"scale": 1.5, "spread": 0.1')
)
SELECTION_2 = """{"schema": "openvoid.selection/2", "words": "the cup",
"points": [{"frame": 2, "x": 10.5, "y": 3.0, "positive": false}],
"boxes": [{"frame": 0, "left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0}],
"strokes": [{"frame": 5, "path": [[1.0, 2.0], [3.0, 4.0]], "width_px": 6.0, "positive": true}],
"mattes": [{"frame": 9, "file": "cup.png"}]}"""
SELECTION_3 = """{"schema": "openvoid.selection/3", "words": "the cup",
"points": [{"frame": 2, "x": 10.5, "y": 3.0, "positive": false}],
"boxes": [{"frame": 0, "left": 1.0, "top": 2.0, "right": 3.0, "bottom": 4.0}],
"strokes": [{"frame": 5, "path": [[1.0, 2.0], [3.0, 4.0]], "width_px": 6.0, "positive": true}],
"mattes": [{"frame": 9, "file": "cup.png"}], "candidate": 2, "grow_to": "part"}"""

EFFECTS = Effects(
    (
        Effect(
            "ball",
            EffectKind.PHYSICAL,
            Relation.STOPS,
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


NEWER_EFFECTS = replace(
    EFFECTS,
    affected=(replace(EFFECTS.affected[0], source="motion"),),
    belongings=(Belonging("hat", (Place(1, ((0, 0), (1, 0), (1, 1))),), "vlm"),),
)
ASKED_EFFECTS = replace(
    NEWER_EFFECTS, affected=(replace(NEWER_EFFECTS.affected[0], applied=False),)
)
CAME_EFFECTS = replace(
    ASKED_EFFECTS,
    affected=(
        replace(
            ASKED_EFFECTS.affected[0], before=(Place(2, ((0.1, 0.2), (0.2, 0.2), (0.2, 0.4))),)
        ),
    ),
)
FATES = Fates(
    (
        Fate(
            "ball",
            FateKind.GO_ON,
            0,
            3,
            (Place(2, ((0.1, 0.2), (0.2, 0.2), (0.2, 0.4))),),
            Pose(2, 0.15, 0.3),
            (Pose(3, 0.25, 0.3, 10.0, 1.5),),
            End.LEAVES,
            0.5,
            "it was on its way",
            "plain",
        ),
    )
)
NEWER_FATES = replace(
    FATES,
    things=(
        replace(
            FATES.things[0],
            seen=(Place(2, ((0.1, 0.2), (0.3, 0.2), (0.2, 0.4))),),
            shadow=(Place(2, ((0.1, 0.4), (0.3, 0.4), (0.2, 0.5))),),
        ),
    ),
)
SPREAD_FATES = replace(
    NEWER_FATES,
    things=(replace(NEWER_FATES.things[0], poses=(Pose(3, 0.25, 0.3, 10.0, 1.5, 0.1),)),),
)
NEWER_SELECTION = replace(SELECTION, mattes=(Matte(9, "cup.png"),))
NEWEST_SELECTION = replace(NEWER_SELECTION, candidate=2, grow_to="part")


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        (EFFECTS, EFFECTS_1),
        (SELECTION, SELECTION_1),
        (NEWER_EFFECTS, EFFECTS_2),
        (NEWER_EFFECTS, EFFECTS_3),
        (ASKED_EFFECTS, EFFECTS_4),
        (CAME_EFFECTS, EFFECTS_5),
        (FATES, FATES_1),
        (NEWER_FATES, FATES_2),
        (SPREAD_FATES, FATES_3),
        (NEWER_SELECTION, SELECTION_2),
        (NEWEST_SELECTION, SELECTION_3),
    ],
)
def test_frozen_examples_are_still_read(value: Any, frozen: str) -> None:
    assert type(value).from_json(json.loads(frozen)) == value


@pytest.mark.parametrize(
    ("value", "frozen"),
    [(CAME_EFFECTS, EFFECTS_5), (SPREAD_FATES, FATES_3), (NEWEST_SELECTION, SELECTION_3)],
)
def test_what_is_written_is_the_newest_schema(value: Any, frozen: str) -> None:
    assert json.loads(json.dumps(value.to_json())) == json.loads(frozen)


@pytest.mark.parametrize(
    ("word", "relation", "why"),
    [
        ("casts", Relation.CASTS, ""),
        ("is mirrored", Relation.REFLECTS, ""),
        ("sets off", Relation.PUSHES, ""),
        ("frightens", Relation.OTHER, "frightens"),
    ],
)
def test_older_words_for_a_cause_are_understood_or_kept_as_the_reason(
    word: str, relation: Relation, why: str
) -> None:
    row = {"noun": "cat", "kind": "physical", "cause": word}
    for schema in ("openvoid.effects/1", "openvoid.effects/2"):
        (effect,) = Effects.from_json({"schema": schema, "affected": [row]}).affected
        assert (effect.cause, effect.why) == (relation, why)
    (told,) = Effects.from_json(
        {"schema": "openvoid.effects/2", "affected": [{**row, "why": "it runs"}]}
    ).affected
    assert told.why == "it runs"


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
        {"schema": "openvoid.effects/9"},
        {"schema": "openvoid.effects/1", "affected": [{"noun": "ball"}]},
        {"schema": "openvoid.effects/1", "affected": 7},
        {
            "schema": "openvoid.effects/3",
            "affected": [{"noun": "cat", "kind": "physical", "cause": "frightens"}],
        },
        {"schema": "openvoid.selection/1", "points": [{"frame": 1}]},
        {"points_by_frame": {"zero": [[1, 2]]}},
        {"points_by_frame": [1]},
    ],
)
def test_what_is_not_the_schema_is_refused(kind: Any, data: dict[str, Any]) -> None:
    with pytest.raises(OpenVoidError):
        kind.from_json(data)


GOOD = Selection((Point(2, 10.5, 3.0), Point(2, 90, 3, positive=False)))


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (Selection((Point(2, 100, 3),)), "outside the picture (it is 100x50)"),
        (Selection((Point(2, 4, -1),)), "outside the picture"),
        (Selection((Point(10, 4, 3),)), "frame 10 is not in the clip (frames 0 to 9)"),
        (Selection((Point(2, 4, 3), Point(2, 4, 3, positive=False))), "both on and off"),
        (Selection((Point(2, 4, 3),), (BoxMark(2, 8, 8, 20, 20),)), "outside the box there"),
        (Selection(boxes=(BoxMark(2, 8, 8, 8, 20),)), "is empty"),
        (Selection(boxes=(BoxMark(2, 100, 8, 120, 20),)), "outside the picture"),
        (Selection((Point(2, 4, 3, positive=False),)), "nothing says where the object is"),
        (Selection(), "nothing says where the object is"),
        (Selection(words="the cup"), "words ('the cup') are not understood here"),
        (Selection(strokes=(Stroke(2, ((1, 1), (1, 60)), 4),)), "outside the picture"),
    ],
)
def test_marks_that_cannot_be_meant_are_refused(selection: Selection, said: str) -> None:
    with pytest.raises(OpenVoidError) as caught:
        selection.check(10, 50, 100)
    assert said in caught.value.line()


def test_sound_marks_are_taken() -> None:
    GOOD.check(10, 50, 100)
    Selection(words="the cup").check(10, 50, 100, words=True)
    everything = Selection(
        (Point(3, 9, 9),), (BoxMark(3, -5, 2, 30, 40),), mattes=(Matte(7, "m.png"),)
    )
    everything.check(10, 50, 100)
    assert everything.frames == (3, 7)


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
