"""Headers of safetensors files: read whole, or refused in one line."""

from __future__ import annotations

import contextlib
import json
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save, save_file

from openvoid.core.errors import OpenVoidError
from openvoid.void.model import header


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "a.safetensors"
    save_file({"x": torch.zeros(3, 4), "y": torch.ones(2, dtype=torch.bfloat16)}, path)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(OpenVoidError) as caught:
        header.read_header(path)
    assert str(path) in caught.value.line()
    return caught.value.line()


def test_a_header_tells_shapes_and_types(stored: Path) -> None:
    assert header.read_header(stored) == {
        "x": header.Entry((3, 4), "F32"),
        "y": header.Entry((2,), "BF16"),
    }


def test_a_file_that_was_cut_short_says_by_how_much(stored: Path) -> None:
    stored.write_bytes(stored.read_bytes()[:-10])
    assert "cut short: 10 of 52 bytes are missing" in refusal(stored)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no safetensors file"),
        (b"\x00" * 7, "no safetensors file"),
        (b"<!doctype html><html>not found</html>", "no safetensors file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "Git LFS pointer"),
        (struct.pack("<Q", 10) + b"{not json}", "header is damaged"),
        (struct.pack("<Q", 2) + b"[]", "header is damaged"),
        (struct.pack("<Q", 10) + b'{"a": 3}  ', "header is damaged"),
    ],
)
def test_what_is_not_safetensors_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "b.safetensors"
    path.write_bytes(content)
    assert told in refusal(path)


@given(st.integers(0, 200), st.integers(0, 255), st.integers(0, 200))
def test_a_damaged_byte_causes_nothing_but_an_answer(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int, kept: int
) -> None:
    whole = bytearray(save({"x": torch.zeros(3, 4), "y": torch.ones(2)}))
    whole[place % len(whole)] = value
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    path.write_bytes(whole[: kept + 8])
    with contextlib.suppress(OpenVoidError):
        for entry in header.read_header(path).values():
            assert entry.shape is not None


def test_a_tensor_of_the_wrong_length_is_named(tmp_path: Path) -> None:
    told = json.dumps({"w": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}).encode()
    path = tmp_path / "c.safetensors"
    path.write_bytes(struct.pack("<Q", len(told)) + told + b"\0" * 8)
    assert "the length of w is wrong" in refusal(path)
