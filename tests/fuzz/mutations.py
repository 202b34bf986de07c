"""Sound files and words -> damaged ones: the one place for what fuzz tests change.

Enters: bytes, a tree of JSON values, a word of the command line; a random generator. Leaves: the
same, damaged by chance. Knows no format but JSON and the frame of safetensors files.
"""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from tests.faults.hostile import RAW

# --- bytes ----------------------------------------------------------------------------------------

EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def mutated(data: bytes, rng: Generator) -> bytes:
    """Some bytes changed; a stretch dropped, doubled, blank or strange; the end or all missing."""
    if not data:
        return rng.bytes(8)
    changed = bytearray(data)
    start = int(rng.integers(len(data)))
    length = int(
        rng.integers(1, max(2, min(len(data) // 4, 400 if rng.random() < 0.5 else 1 << 30)))
    )
    match int(rng.integers(8)):
        case 0 | 1:
            for at in rng.integers(0, len(data), 1 + int(rng.integers(40))):
                changed[at] = int(rng.integers(256))
        case 2:
            del changed[start : start + length]
        case 3:
            changed[start:start] = changed[start : start + length]
        case 4:
            changed[start : start + length] = bytes(len(changed[start : start + length]))
        case 5:  # what says sizes and counts stands at the beginning
            at = int(rng.integers(min(len(data), 256)))
            number = struct.pack(rng.choice(["<I", ">I"]), picked(EXTREMES, rng))
            changed[at : at + 4] = number
        case 6:
            changed[start : start + length] = rng.bytes(length)
        case _:
            del changed[start if rng.random() < 0.9 else 0 :]
    return bytes(changed)


# --- JSON -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Raw:
    """A value as it stands in the text, where no value of Python's gives it."""

    text: str


VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63), 10**40, 1e-320, 1e38, 1e308, -0.0, 0.5,
    float("nan"), float("inf"), "", "NaN", "0", "1e400", "\ud800", "\0", "a\nb", "\x1b[31m",
    "é" * 99, "x" * 70_000, "../../etc/passwd", "/dev/zero", "%s{}$(id)", [], {}, [[]], [None],
    [0] * 300, {"": 0}, [["a"]], {"a": {"a": {}}},
)  # fmt: skip
RAWS = tuple(map(Raw, (*RAW, "-1e400", "tru", "01", "'a'", "1,")))


def mutated_json(data: bytes, rng: Generator) -> bytes:
    """JSON with one to three strange, missing, moved or doubled values; or its text damaged."""
    if rng.random() < 0.2:
        return mutated(data, rng)
    text = written(mutated_tree(json.loads(data), rng, (*VALUES, *RAWS)))
    encoding = "utf-8" if rng.random() < 0.97 else picked(("utf-16", "latin-1", "utf-8-sig"), rng)
    return text.encode(encoding, "replace")


def mutated_tree(tree: Any, rng: Generator, values: tuple[Any, ...] = VALUES) -> Any:
    """The same tree of lists and dictionaries, with one to three of its places changed."""
    for _ in range(1 + int(rng.integers(3))):
        places = list(_places(tree))
        if not places or rng.random() < 0.03:
            return picked(values, rng)
        tree = _changed(tree, places[int(rng.integers(len(places)))], rng, values)
    return tree


def written(tree: Any) -> str:
    """As JSON; half letters and numbers that are none included."""
    if isinstance(tree, Raw):
        return tree.text
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {written(v)}" for k, v in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(written, tree)) + "]"
    return json.dumps(tree)


def _places(tree: Any, trail: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """How to come to every value inside."""
    inner: Any = ()
    if isinstance(tree, dict):
        inner = tree.items()
    elif isinstance(tree, list):
        inner = enumerate(tree)
    for name, value in inner:
        yield (*trail, name)
        yield from _places(value, (*trail, name))


def _changed(tree: Any, trail: tuple[Any, ...], rng: Generator, values: tuple[Any, ...]) -> Any:
    name, rest = trail[0], trail[1:]
    made: Any = dict(tree) if isinstance(tree, dict) else list(tree)
    if rest:
        made[name] = _changed(made[name], rest, rng, values)
        return made
    match int(rng.integers(6)):
        case 0:
            del made[name]
        case 1 if isinstance(made, dict):
            made[picked(("x", "", name + name, "é", "9" * 50), rng)] = made.pop(name)
        case 1:
            made.insert(name, made[name])
        case 2 if isinstance(made[name], int | float):
            made[name] = made[name] * picked((-1, 0.5, 2, 1000, 1e9, 1e300), rng)
        case 3:
            made[name] = [made[name]] if rng.random() < 0.5 else {"a": made[name]}
        case _:
            made[name] = picked(values, rng)
    return made


# --- weights, pickles, words ----------------------------------------------------------------------


def mutated_tensors(data: bytes, rng: Generator) -> bytes:
    """A safetensors file: its header's JSON, its length, its numbers, or any bytes."""
    size = int.from_bytes(data[:8], "little")
    header, numbers = data[8 : 8 + size], data[8 + size :]
    match int(rng.integers(6)):
        case 0 | 1 | 2:
            header = mutated_json(header, rng)
            return len(header).to_bytes(8, "little") + header + numbers
        case 3:
            size = picked((0, 1, size - 1, size + 1, len(data), 2**31, 2**63, 2**64 - 1), rng)
            return size.to_bytes(8, "little") + header + numbers
        case 4:
            start = int(rng.integers(len(numbers)))
            strange = b"\xff" * min(len(numbers) - start, 1 + int(rng.integers(4000)))
            return data[: 8 + size + start] + strange + numbers[start + len(strange) :]
        case _:
            return mutated(data, rng)


def mutated_pickle(data: bytes, rng: Generator) -> bytes:
    """A pickle of trees: other values in another protocol, or its bytes damaged."""
    if rng.random() < 0.5:
        return mutated(data, rng)
    return pickle.dumps(mutated_tree(pickle.loads(data), rng), protocol=int(rng.integers(6)))


WORDS = (
    "", " ", "0", "-0", "-1", "1e3", "1e400", "nan", "inf", "-inf", "9" * 12, "9" * 400, "1" * 5000,
    "0x10", "1/0", "0/1", "24000/1001", "1_000", "١٢", "½", "é", "\udcff", "a\nb", "\t", "\x1b[0m",
    "%s", "{}", "$(id)", "'", '"', "--", "-", "a" * 5000, "0.1", "1,2", "1,2,3,4", "1,2@0",
    "1,2@9999999", "99999x99999", "1x1", "0x0", "0-0", "5-1", "1-99999999", "none", "true",
    "/dev/null", "../x", "plate,void", ",", ",,,", "1e-320", ".", "..", "1.", ".5", "32767",
    "1000000", "-1000000",
)  # fmt: skip


def mutated_word(word: str, rng: Generator) -> str:
    """Another value for a flag: strange, or the good one damaged."""
    if rng.random() < 0.4:
        return str(picked(WORDS, rng))
    letters = list(word)
    for _ in range(1 + int(rng.integers(3))):
        at = int(rng.integers(len(letters) + 1))
        letters[at : at + int(rng.integers(2))] = picked([*"0199.,-+@x/eE% é\udcff", "", word], rng)
    return "".join(letters)


def picked(choices: Any, rng: Generator) -> Any:
    """One of them, as it is."""
    return choices[int(rng.integers(len(choices)))]
