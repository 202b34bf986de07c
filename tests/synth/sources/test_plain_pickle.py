"""Pickles that nobody trusts: plain arrays are read, everything else is refused without a crash."""

from __future__ import annotations

import pickle
import random
import subprocess
import sys
from collections import OrderedDict
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.synth.sources.plain_pickle import load_plain

ARRAYS = [
    np.arange(6).astype(kind).reshape(2, 3) for kind in ("<f8", ">f8", "f4", "i2", ">u4", "?", "f2")
]
ARRAYS += [np.zeros((0, 7)), np.asfortranarray(ARRAYS[0]), np.float32(2.5), np.array(3.0)]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype.str}{array.shape}")
def test_arrays_of_numbers_come_back_as_they_were(protocol: int, array: Any) -> None:
    data = pickle.dumps(OrderedDict(a=[array, (1, "two")]), protocol=protocol)
    found = load_plain(data)["a"][0]
    assert np.array_equal(np.asarray(found), array)
    assert np.asarray(found).dtype == array.dtype


def global_(module: str, name: str) -> bytes:
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def inner(value: Any) -> bytes:
    return pickle.dumps(value, 2)[2:-1]


def kind(text: str) -> bytes:
    return global_("numpy", "dtype") + inner((text, False, True)) + b"R"


def array_of(kind_bytes: bytes, data: bytes = b"A" * 8, shape: bytes = b"K\x01\x85") -> bytes:
    """A pickle of an array of one element, whose type is told by `kind_bytes`."""
    made = global_("numpy._core.multiarray", "_reconstruct") + b"(" + global_("numpy", "ndarray")
    made += inner((0,)) + inner("b") + b"tR(" + inner(1) + shape + kind_bytes
    return b"\x80\x02" + made + b"\x89U" + bytes([len(data)]) + data + b"tb."


FIELDS = (
    kind("V8") + b"(" + inner(3) + inner("|") + b"N" + inner(("a",)) + b"(" + inner("a") + b"("
    + kind("O8") + b"(" + inner(3) + inner("|") + b"NNN" + inner(-1) + inner(-1) + inner(63) + b"tb"
    + inner(0) + b"td" + inner(8) + inner(1) + inner(0) + b"tb"
)  # fmt: skip
STATE = kind("f8") + b"(" + inner(3) + inner("<") + b"NNN" + inner(-1) + inner(-1)
HOSTILE = {
    "a structure of objects behind flags 0": array_of(FIELDS),
    "objects": array_of(kind("O8")),
    "a structure": array_of(kind("V8")),
    "texts": array_of(kind("U2")),
    "dates": array_of(kind("M8[s]")),
    "too few bytes": array_of(STATE + inner(0) + b"tb", b"AAAA"),
    "another call": pickle.dumps(print),
    "a type's state that is no tuple": b"\x80\x02" + kind("f8") + inner(7) + b"b.",
    "a table as large as a number says": b"\x80\x02]r\xff\xff\xff\x7f.",
    "an array as large as a number says": array_of(
        STATE + inner(0) + b"tb", shape=b"J\xff\xff\xff\x7f\x85"
    ),
    "numpy's own loader": b"\x80\x02" + global_("numpy", "load") + inner(("x",)) + b"R.",
    "attributes of what is given": b"\x80\x04" + b"\x8c\x05numpy\x8c\x0cndarray.dump\x93.",
    "ten thousand lists in each other": b"(" * 10_000 + b"l" * 10_000 + b".",
}


@pytest.mark.parametrize("how", HOSTILE)
def test_whatever_else_a_pickle_holds_is_refused_or_harmless(how: str) -> None:
    code = (
        "import sys, pickle, resource\n"
        "from openvoid.synth.sources.plain_pickle import load_plain\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))\n"
        "try:\n    load_plain(sys.stdin.buffer.read()); print('read')\n"
        "except pickle.UnpicklingError: print('refused')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], input=HOSTILE[how], capture_output=True)
    assert ran.returncode == 0, ran.stderr
    harmless = ("a table as large as a number says", "ten thousand lists in each other")
    assert ran.stdout.strip() == b"refused" or how in harmless


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(range(6)), st.integers(1, 8))
def test_damaged_pickles_are_read_or_refused(seed: int, protocol: int, faults: int) -> None:
    rng = random.Random(seed)
    value = {"armature": [{"Hips": np.arange(7.0)}], "objects": {"a": [np.ones(7, ">f4")]}}
    data = bytearray(pickle.dumps(value, protocol=protocol))
    for _ in range(faults):
        at = rng.randrange(len(data))
        if rng.random() < 0.7:
            data[at] = rng.randrange(256)
        else:
            del data[at : at + rng.randrange(1, 9)]
    with suppress(pickle.UnpicklingError):
        load_plain(bytes(data))
