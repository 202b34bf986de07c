"""Facts: whatever enters, a checked value or one line that names file and field comes out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core import facts, limits
from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts
from tests.faults.hostile import RAW, WHOLE, spoiled

SOUND = {"points": [{"x": 1.5, "name": "cup", "seen": True, "frame": 3}], "more": {"a": [1, 2]}}


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(OpenVoidError) as caught:
        work()
    return caught.value.line()


def test_a_value_is_asked_for_by_its_type_and_range() -> None:
    point = facts.loads('{"points": [{"x": 2, "y": 0.5, "frame": 3.0, "on": false, "n": "cup"}]}')
    (point,) = point.at("points").rows()
    assert point.at("x").number(0, 9) == 2.0
    assert point.at("y").number(0, 9) == 0.5
    assert point.at("frame").whole(0, 9) == 3
    assert point.at("on").yes() is False
    assert point.at("n").text() == "cup"
    assert point.at("none", "such").text() == "such"
    assert "x" in point
    assert "z" not in point


@pytest.mark.parametrize(
    ("value", "ask", "said"),
    [
        ('"NaN"', lambda x: x.number(0, 1e6), "is 'NaN' (a number from 0 to 1e+06 is expected)"),
        ("true", lambda x: x.number(0, 9), "is true (a number from 0 to 9"),
        ("10", lambda x: x.number(0, 9), "is 10 (a number from 0 to 9"),
        ("1.5", lambda x: x.whole(0, 9), "is 1.5 (a whole number from 0 to 9"),
        ("-1", lambda x: x.whole(0, 9), "is -1 (a whole"),
        ("[1]", lambda x: x.text(), "is a list of 1 (a text"),
        ('"abcd"', lambda x: x.text(3), "is 'abcd' (up to 3 letters"),
        ('"\\ud800"', lambda x: x.text(), "letters"),
        ('"cat"', lambda x: x.text(among=["dog", "cow"]), "is 'cat' (one of dog, cow"),
        ("1", lambda x: x.yes(), "is 1 (true or false"),
        ("{}", lambda x: x.rows(), "is an object (a list"),
        ("[1, 2, 3]", lambda x: x.rows(2, 2), "is a list of 3 (a list of 2"),
        ("[]", lambda x: x.fields(), "is a list of 0 (an object"),
        ("3", lambda x: x.at("deep"), "is 3 (an object"),
        ("{}", lambda x: x.at("deep"), "points[1].x lacks 'deep'"),
        ('{"y": 1}', lambda x: x.only("z"), "points[1].x has no field 'y'"),
        ('{"a": ["\\udcff"]}', lambda x: x.kept(), "points[1].x.a[0] is"),
    ],
)
def test_what_does_not_fit_is_told_with_file_and_field(
    value: str, ask: Callable[[Facts], object], said: str
) -> None:
    read = facts.loads(f'{{"points": [0, {{"x": {value}}}]}}', "marks.json")
    line = refusal(lambda: ask(read.at("points").rows()[1].at("x")))
    assert line.startswith("marks.json: points[1].x")
    assert said in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": [1, NaN]}', "a[1] is NaN (a finite number"),
        ('{"a": {"b c": -Infinity}}', "a['b c'] is -Infinity"),
        ('{"a": 1e400}', "a is Infinity"),
        ('{"a": ' + "9" * 5000 + "}", "it is not JSON"),
        ('{"a": ' + "9" * 400 + "}", "a is more than 10^12 (a finite number"),
        ('{"a": 1, "b": 2, "a": 3}', "says 'a' twice"),
        ("[" * 100_000, "nested deeper than"),
        ("[" * 65 + "]" * 65, "nested deeper than"),
        ('{"a":' * 500 + "1" + "}" * 500, "nested deeper than"),
        ("{", "not JSON"),
        ("", "not JSON"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (" " * 20 + "{}", "more than"),
    ],
)
def test_what_no_field_could_hold_is_refused_at_once(text: str | bytes, said: str) -> None:
    line = refusal(
        lambda: facts.loads(text, "a.json", most_bytes=len(text) - (said == "more than"))
    )
    assert line.startswith("a.json: ")
    assert said in line


@pytest.mark.parametrize(
    ("one", "most"), [("[],", limits.FACTS_VALUES // 2), ('{"a":1},', limits.FACTS_OBJECTS)]
)
def test_too_many_values_are_refused_before_they_are_made(one: str, most: int) -> None:
    text = f"[{one * most}{one.rstrip(',')}]"
    assert "million values" in refusal(lambda: facts.loads(text))


def test_what_is_deep_enough_for_anybody_is_read() -> None:
    assert facts.loads("[" * 64 + "]" * 64).rows()
    assert facts.loads("\ufeff{}".encode()).fields() == {}


def test_decoded_data_is_held_to_the_same() -> None:
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    for data in (deep, {"a": float("nan")}, {"a": (1, 10**400)}, {"a": float("-inf")}):
        assert refusal(lambda data=data: Facts.of(data, "x.json")).startswith("x.json: ")


def test_only_a_file_is_read_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    assert "No such file" in refusal(lambda: facts.read(tmp_path / "none.json"))
    assert "is not a file" in refusal(lambda: facts.read(tmp_path))
    os.mkfifo(tmp_path / "pipe.json")
    assert "is not a file" in refusal(lambda: facts.read(tmp_path / "pipe.json"))
    assert "name" in refusal(lambda: facts.read(tmp_path / "a\0b"))
    (tmp_path / "long.json").write_text("[" + " " * (1 << 21) + "]")
    assert "2 MiB" in refusal(lambda: facts.read(tmp_path / "long.json", most_bytes=2 << 20))


@pytest.mark.parametrize("text", [*RAW, *WHOLE])
def test_everything_that_hurts_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(OpenVoidError):
        facts.loads(text)


@given(st.binary(max_size=200) | spoiled(SOUND))
def test_nothing_but_one_line_is_raised(data: bytes) -> None:
    try:
        read = facts.loads(data, "a.json")
        for point in read.at("points").rows():
            point.only("x", "name", "seen", "frame").at("x").number(0, 9)
            point.at("name").text(9)
        read.kept()
    except OpenVoidError as error:
        line = error.line()
    else:
        line = "a.json: "
    assert line.startswith("a.json: ")
    assert len(line) < 300
