"""The header of a safetensors file: what tensors it holds, and whether they are all there.

Enters: the path of a file. Leaves: names with shapes and dtypes, and what the file says beside
them; a damaged file is refused. Reads no tensor and knows no model. Importing it needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from openvoid.core import facts, limits
from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts

BYTES = {"BF16": 2, "F16": 2, "F32": 4, "F64": 8, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1}
BYTES |= {"BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1}


@dataclass(frozen=True)
class Entry:
    """One tensor, as a file's header declares it."""

    shape: tuple[int, ...]
    dtype: str  # as safetensors writes it: BF16, F32, ...


def read_header(path: Path) -> dict[str, Entry]:
    """Names, shapes and dtypes of a safetensors file; a damaged one is refused."""
    mend = "fetch it again"
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if start.startswith(b"version "):
                raise OpenVoidError(
                    "is a Git LFS pointer, not the weights", where=str(path), mend="git lfs pull"
                )
            if len(start) < 8 or not 2 <= length <= min(size - 8, limits.WEIGHTS_HEADER_BYTES):
                raise OpenVoidError("is no safetensors file", where=str(path), mend=mend)
            told = _header(file.read(length), path)
    except OSError as error:
        raise OpenVoidError(f"cannot be read: {error.strerror}", where=str(path)) from error
    try:
        entries = {name: _entry(row) for name, row in told.items() if name != "__metadata__"}
    except OpenVoidError as error:
        what = f"its header is damaged: {error.what}"
        raise OpenVoidError(what, where=str(path), mend=mend) from error
    _check_extent(path, entries, size - 8 - length)
    return {name: entry for name, (entry, _) in entries.items()}


def read_metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says beside its tensors; `read_header` has accepted it.

    Raises:
        OpenVoidError: it is not texts by name.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        told = _header(file.read(length), path).get("__metadata__")
    if told is None or told.value is None:
        return {}
    return {name: each.text(limits.FACTS_BYTES) for name, each in told.fields().items()}


def _header(data: bytes, path: Path) -> dict[str, Facts]:
    try:
        return facts.loads(data, str(path), most_bytes=limits.WEIGHTS_HEADER_BYTES).fields()
    except OpenVoidError as error:
        what = f"its header is damaged: {error.what}"
        raise OpenVoidError(what, where=str(path), mend="fetch it again") from error


def _entry(row: Facts) -> tuple[Entry, tuple[int, int]]:
    """A tensor and where its bytes begin and end."""
    shape = tuple(side.whole(0, 1 << 40) for side in row.at("shape").rows(most=8))
    first, last = (each.whole(0, 1 << 50) for each in row.at("data_offsets").rows(2, 2))
    return Entry(shape, row.at("dtype").text(16)), (first, last)


def _check_extent(
    path: Path, entries: Mapping[str, tuple[Entry, tuple[int, int]]], there: int
) -> None:
    """Every tensor lies inside the file and is as long as its shape says."""
    end = 0
    for name, (entry, (first, last)) in entries.items():
        if last - first != math.prod(entry.shape) * BYTES.get(entry.dtype, 0):
            raise OpenVoidError(f"the length of {name} is wrong", where=str(path))
        end = max(end, last)
    if end > there:
        raise OpenVoidError(
            f"is cut short: {end - there} of {end} bytes are missing",
            where=str(path),
            mend="fetch it again",
        )
