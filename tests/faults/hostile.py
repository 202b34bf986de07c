"""JSON that somebody made to hurt: a sound text with one or two things in it that cannot be."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

RAW = (  # told as JSON text, because Python's own writer would not write most of it
    "null",
    "true",
    "-1",
    "0.5",
    "1e9",
    "-0.0",
    "NaN",
    "-Infinity",
    "1e400",
    "9" * 400,
    "9" * 5000,
    '"NaN"',
    '""',
    '"\\ud800"',
    '"../../x"',
    '"' + "x" * 70_000 + '"',
    "[]",
    "[[]]",
    "{}",
    '{"a": 1, "a": 2}',
    "[" * 100_000,
    "[" * 5000 + "]" * 5000,
    '{"a":' * 500 + "1" + "}" * 500,
)
WHOLE = ("", "null", "3", '"text"', "[]", "{}", "[" * 100_000, "\ufeff{}", "{", "9" * 5000)
PLACE = "@@here@@"


@st.composite
def spoiled(draw: st.DrawFn, sound: Any) -> bytes:
    """The sound JSON with values replaced, fields dropped, bytes changed, or something else."""
    kind = draw(st.sampled_from(("values", "values", "values", "dropped", "bytes", "whole")))
    if kind == "whole":
        return draw(st.sampled_from(WHOLE)).encode()
    if kind == "bytes":
        data = bytearray(json.dumps(sound).encode())
        for _ in range(draw(st.integers(1, 4))):
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
        return bytes(data[: draw(st.integers(1, len(data)))] if draw(st.booleans()) else data)
    text = json.dumps(sound)
    for _ in range(draw(st.integers(1, 2))):
        places = list(_places(json.loads(text))) if text.count(PLACE) == 0 else []
        if not places:
            break
        tree = json.loads(text)
        holder, name = draw(st.sampled_from(places))
        inside = tree
        for step in holder:
            inside = inside[step]
        if kind == "dropped":
            del inside[name]
        else:
            inside[name] = PLACE
        text = json.dumps(tree)
    return text.replace(f'"{PLACE}"', draw(st.sampled_from(RAW))).encode("utf-8", "surrogatepass")


def _places(value: Any, trail: tuple[Any, ...] = ()) -> Any:
    """(how to the holder, name or number in it) of everything within."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for name, each in inner:
        yield trail, name
        if isinstance(each, dict | list):
            yield from _places(each, (*trail, name))
