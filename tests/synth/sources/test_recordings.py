"""HUMOTO's files: a safe pickle, scales and roles."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.synth.sources.recordings import read_pickle, read_sequence
from tests.synth.sources.asset_files import sequence


class _Sly:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.marker),))


def test_a_pickle_that_would_run_something_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sly.pkl"
    path.write_bytes(pickle.dumps({"armature": [], "objects": _Sly(tmp_path / "ran")}))
    with pytest.raises(OpenVoidError, match=r"not a safe pickle: it asks for posix\.mkdir"):
        read_pickle(path)
    assert not (tmp_path / "ran").exists()
    path.write_bytes(pickle.dumps(np.array([print, 1], object)))
    with pytest.raises(OpenVoidError, match="not a safe pickle"):
        read_pickle(path)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_arrays_and_containers_are_loaded(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "fine.pkl"
    read = {"a": [np.arange(3.0), np.float64(2)], "b": ("x", 1, None)}
    path.write_bytes(pickle.dumps(read, protocol=protocol))
    assert str(read_pickle(path)) == str(read)


def test_scales_and_roles_of_the_yaml(tmp_path: Path) -> None:
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    folder = sequence(tmp_path, objects={"box": {"scale": 0.5}}, static=["box"], title="a try")
    read = read_sequence(folder)
    assert read.scales == {"box": 0.5, "table.001": 1.0}
    assert read.static == {"box"}
    assert read.title == "a try"
    (folder / f"{folder.name}.yaml").write_text("a: [")
    with pytest.raises(OpenVoidError, match="not readable as yaml"):
        read_sequence(folder)


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
    for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "scale: " + "9" * 5000,
        "[" * 3000,
        "scale: 2026-99-99",
        "a: [",
        "\x00",
        "title: " + "x" * 2**20,
    ],
    ids=["digits", "nested", "no date", "cut", "null", "long"],
)
def test_a_yaml_that_cannot_be_read_is_one_line(tmp_path: Path, text: str) -> None:
    folder = sequence(tmp_path)
    (folder / f"{folder.name}.yaml").write_text(text)
    with pytest.raises(OpenVoidError, match=r"not readable as yaml|more than 1 MiB") as caught:
        read_sequence(folder)
    assert "\n" not in caught.value.line()


def test_a_yaml_that_grows_when_told_is_not_told(tmp_path: Path) -> None:
    folder = sequence(tmp_path)
    (folder / f"{folder.name}.yaml").write_text(
        f"{LAUGHS}title: *j\nstatic: *j\nfalling: [table]\n"
    )
    found = read_sequence(folder)
    assert found.title == folder.name.replace("_", " ")
    assert (found.static, found.falling) == (frozenset(), {"table"})
