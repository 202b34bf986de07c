"""How strictly an answer is read, and that every fault is told in words."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.reason.vlm.prompt import words
from openvoid.reason.vlm.reasoner import json_in
from openvoid.reason.vlm.schema import SHAPE, Grid, WrongAnswer, plain, read_answer
from tests.reason.vlm.spoken import ANSWER, answer

GRID, LENGTH, KEYS = Grid(8, 14), 24, (0, 12, 23)


def faults(data: Any) -> str:
    with pytest.raises(WrongAnswer) as caught:
        read_answer(data, GRID, LENGTH, KEYS)
    return "\n".join(caught.value.faults)


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    data = copy.deepcopy(ANSWER)
    change(data)
    return data


def test_a_good_answer_is_read_whole() -> None:
    told = read_answer(answer(), GRID, LENGTH, KEYS)
    shadow, box, cup = told.affected
    assert (told.noun, told.camera, told.confidence) == ("disc", "static", 0.85)
    assert shadow.artefact
    assert not box.artefact
    assert box.will_move
    assert [step.frame for step in box.path] == [4, 10]
    assert cup.original == ((5, 6),)
    assert told.belongings[0].sightings[0].cells == ((1, 1), (1, 2))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda a: a.pop("camera"), "answer.camera is missing"),
        (lambda a: a.update(more=1), "answer has no field 'more'"),
        (lambda a: a.update(affected={}), "answer.affected must be a list"),
        (lambda a: a.update(grid=[8, 14]), "answer.grid must be an object"),
        (
            lambda a: a["affected"][0].update(moving="no"),
            r"affected[0].moving must be of type bool",
        ),
        (lambda a: a["affected"][1].update(category="magic"), "one of artefact, physical"),
        (lambda a: a["affected"][0].update(affected_from=3.5), "must be of type integer"),
        (lambda a: a["affected"][0].update(affected_from=True), "must be of type integer"),
        (lambda a: a["affected"][0].update(affected_from=24), "frames 0 to 23"),
        (lambda a: a["affected"][0].update(confidence=1.5), "between 0 and 1"),
        (lambda a: a["affected"][0].update(confidence=float("nan")), "must be of type number"),
        (lambda a: a["affected"][0].update(noun=" \n"), "noun is empty"),
        (lambda a: a["affected"][0].update(sightings=[]), "must say where it is"),
        (lambda a: a["affected"][0]["sightings"][0].update(cells=[[8, 0]]), "last cell is [7, 13]"),
        (lambda a: a["affected"][0]["sightings"][0].update(cells=[[1]]), "[row, column] pair"),
        (lambda a: a["affected"][0]["sightings"][0].update(frame=-1), "frames 0 to 23"),
        (lambda a: a["affected"][1].update(path=[]), "path must have two frames"),
        (lambda a: a["affected"][1].update(should_have_stayed=True), "contradict"),
        (lambda a: a["affected"][1].update(size={"rows": 0, "columns": 1}), "size must be above 0"),
        (lambda a: a["affected"][1]["path"][0].update(row=99), "too far outside"),
        (lambda a: a.update(affected=a["affected"] * 5), "more than 12"),
        (lambda a: a.update(confidence=-1), "answer.confidence"),
        (lambda a: a.update(grid={"rows": 10, "columns": 10}), "10 rows x 10 columns, but"),
    ],
)
def test_every_fault_is_told_where_it_is(change: Callable[[Any], None], says: str) -> None:
    assert says in faults(changed(change))


def test_several_faults_are_told_at_once() -> None:
    both = changed(lambda a: (a.pop("camera"), a.pop("object")))
    assert len(faults(both).splitlines()) == 2


def test_whole_numbers_with_a_point_are_whole_numbers() -> None:
    told = read_answer(
        changed(lambda a: a["affected"][0].update(affected_from=3.0)), GRID, 24, KEYS
    )
    assert told.affected[0].affected_from == 3


def test_sightings_of_one_frame_are_joined_and_empty_ones_dropped() -> None:
    told = [
        {"frame": 9, "cells": []},
        {"frame": 5, "cells": [[1, 1]]},
        {"frame": 5, "cells": [[1, 2], [1, 1]]},
    ]
    data = changed(lambda a: a["affected"][0].update(sightings=told))
    (sighting,) = read_answer(data, GRID, LENGTH, KEYS).affected[0].sightings
    assert (sighting.frame, sighting.cells) == (5, ((1, 1), (1, 2)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def _spots(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    here = [path] if path else []
    if isinstance(data, dict):
        return here + [spot for key in data for spot in _spots(data[key], (*path, key))]
    if isinstance(data, list):
        return here + [spot for at, row in enumerate(data) for spot in _spots(row, (*path, at))]
    return here


SPOTS = _spots(ANSWER)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(SPOTS), json_values)
def test_any_change_of_a_good_answer_is_read_or_refused_never_worse(
    spot: tuple[Any, ...], value: Any
) -> None:
    data = copy.deepcopy(ANSWER)
    inner = data
    for key in spot[:-1]:
        inner = inner[key]
    inner[spot[-1]] = value
    with suppress(WrongAnswer):
        assert read_answer(data, GRID, LENGTH, KEYS).grid == GRID


def test_the_shape_is_one_that_strict_servers_take() -> None:
    def check(shape: dict[str, Any]) -> None:
        assert set(shape) <= {
            "type", "properties", "required", "additionalProperties", "items", "enum"
        }  # fmt: skip
        if shape["type"] == "object":
            assert shape["required"] == list(shape["properties"])
            assert shape["additionalProperties"] is False
            for part in shape["properties"].values():
                check(part)
        if shape["type"] == "array":
            check(shape["items"])

    check(SHAPE)


def test_the_example_in_the_question_is_itself_a_good_answer() -> None:
    text = words(GRID, LENGTH, 24.0, KEYS, "disc", False)
    assert read_answer(json_in(text, SHAPE["required"]), GRID, LENGTH, KEYS).noun == "hand"


NAMES = ("a", "grid")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": {"b": 1}}',
        'Sure! Here it is:\n```json\n{"a": {"b": 1}}\n```\nAsk me {anything}.',
        '<think>perhaps {"a": {"b": 2, "c": 3}}</think>{"a": {"b": 1}}',
        '{"x": 1, "long": 123456} then {"a": {"b": 1}}',
        'of {braces} and {"a": {"b": 1}}',
    ],
)
def test_the_json_in_an_answer_is_found(text: str) -> None:
    assert json_in(text, NAMES) == {"a": {"b": 1}}


@pytest.mark.parametrize("text", ["", "I cannot.", '{"a": {"b": 1}', "{" * 3000, "[1, 2]", "{}"])
def test_an_answer_without_json_says_how_it_begins(text: str) -> None:
    with pytest.raises(WrongAnswer, match="no valid JSON object"):
        json_in(text, NAMES)


@pytest.mark.parametrize(
    "text", ["{" * (2 << 20), '{"a":' * 200_000, '{"' * (1 << 20), '{"a": [' * 9999]
)
def test_hostile_answers_are_read_in_linear_time(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(WrongAnswer, match="no valid JSON object"):
        json_in(text, NAMES)
    assert time.process_time() - begun < 5


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_what_a_model_writes_becomes_one_printable_line(text: str) -> None:
    line = plain(text, 40)
    assert len(line) <= 40
    assert line.isprintable()
    assert plain(line, 40) == line


@pytest.mark.parametrize(
    ("height", "width", "grid"),
    [(1080, 1920, (8, 14)), (1920, 1080, (14, 8)), (480, 480, (8, 8)), (1000, 2400, (8, 19))],
)
def test_the_grid_has_eight_cells_on_the_short_side(
    height: int, width: int, grid: tuple[int, int]
) -> None:
    assert Grid.over(height, width) == Grid(*grid)
    assert json.dumps([Grid.over(height, width).rows])


@pytest.mark.parametrize("value", [10**400, -(10**400), float("nan"), float("inf"), True])
def test_a_number_that_is_none_is_a_fault_that_the_model_can_be_told(value: Any) -> None:
    with pytest.raises(WrongAnswer, match=r"answer\.confidence must be of type number"):
        read_answer(answer(confidence=value), GRID, LENGTH, KEYS)
