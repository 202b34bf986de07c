"""Tensors: none that is not finite comes out of a file, whatever its type and place."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")

import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from openvoid.core.errors import OpenVoidError
from openvoid.void.model import tensors

FLOATS = (torch.float64, torch.float32, torch.bfloat16, torch.float16)
ENDLESS = (float("nan"), float("inf"), -float("inf"))
LONG = tensors.BLOCK_BYTES  # numbers: at least two blocks of every type


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("value", ENDLESS)
@pytest.mark.parametrize("place", [0, LONG // 2, LONG - 1])
def test_one_number_in_a_million_is_found(dtype: torch.dtype, value: float, place: int) -> None:
    tensor = torch.zeros(LONG, dtype=dtype)
    largest = torch.finfo(dtype).max
    tensor[1], tensor[2], tensor[3] = largest, -largest, -0.0
    assert tensors.finite(tensor)
    tensor[place] = value
    assert not tensors.finite(tensor)
    assert not tensors.finite(-tensor)


@pytest.mark.parametrize(
    ("dtype", "bits"),
    [
        *((dtype, 8) for dtype in (torch.float8_e4m3fn, torch.float8_e5m2)),
        *((dtype, 16) for dtype in (torch.bfloat16, torch.float16)),
    ],
    ids=str,
)
def test_every_pattern_of_bits_is_judged_as_torch_does(dtype: torch.dtype, bits: int) -> None:
    integers = {8: torch.uint8, 16: torch.int16}[bits]
    patterns = torch.arange(2**bits).to(integers).view(dtype)
    right = patterns.float().isfinite()
    assert not right.all()
    assert tensors.finite(patterns[right])
    wrong = patterns[~right]
    assert not any(tensors.finite(each) for each in wrong[:300])


@given(st.lists(st.floats(width=32), max_size=5), st.booleans())
def test_it_says_what_torch_says(values: list[float], turned: bool) -> None:
    tensor = torch.tensor([values, values])
    tensor = tensor.T if turned else tensor
    assert tensors.finite(tensor) == bool(tensor.isfinite().all())


def test_integers_and_nothing_are_finite() -> None:
    assert tensors.finite(torch.full((3,), -1, dtype=torch.int64))
    assert tensors.finite(torch.zeros(0, 4))
    assert not tensors.finite(torch.tensor(float("nan")))


def line_of(path: Path, wanted: torch.dtype | None = None) -> str:
    with pytest.raises(OpenVoidError) as caught:
        list(tensors.read(path, wanted))
    return caught.value.line()


def test_the_line_names_file_and_tensor(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    good, bad = torch.zeros(2, 3), torch.tensor([0.0, float("nan")])
    save_file({"right": good}, path)
    assert [name for name, _ in tensors.read(path)] == ["right"]
    save_file({"right": good, "wrong": bad}, path)
    assert line_of(path) == (f"{path}: wrong holds numbers that are not finite (fetch it again)")


def test_a_number_too_large_for_the_type_wanted_is_no_infinity(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_file({"large": torch.tensor([7e4])}, path)
    assert torch.tensor([7e4]).half().isinf()
    list(tensors.read(path, torch.bfloat16))
    assert "large holds numbers that are too large for float16" in line_of(path, torch.float16)


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"nothing of the kind")
    assert "cannot be read" in line_of(path)


@pytest.mark.usefixtures("cache")
def test_a_file_is_looked_through_once_until_it_changes(tmp_path: Path) -> None:
    path, told = tmp_path / "a.safetensors", list[str]()
    save_file({"a": torch.zeros(2), "b": torch.ones(2)}, path)
    for _ in range(2):
        tensors.check(path, lambda stage, done, total: told.append(f"{stage} {done}/{total}"))
    assert told == [f"look through a.safetensors (tensors) {n}/2" for n in (1, 2)]
    save_file({"a": torch.zeros(2), "b": torch.full((2,), float("inf"))}, path)
    for _ in range(2):
        with pytest.raises(OpenVoidError, match="b holds"):
            tensors.check(path)
