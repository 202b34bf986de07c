"""A scratch file of arrays: written once in order, read at random, never held in memory.

Enters: numpy arrays of any shape. Leaves: the same arrays by number. It exists so that a removal's
memory does not grow with the clip. A store counts as finished once its index is written; one that
was cut off, or has been damaged since, is not there at the next try. Knows nothing of pictures.
"""

from __future__ import annotations

import os
import weakref
import zlib
from array import array
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.media.seal import checksum, read_facts, write_facts


class ArrayStore:
    """Arrays in a file. Use `writing` as a context manager, then `reading`."""

    def __init__(self, file: BinaryIO, index_path: Path) -> None:
        self._file, self._index_path = file, index_path
        self._offsets, self._forms = array("q"), array("i")  # of each array: where, which form
        self._known: dict[tuple[str, tuple[int, ...]], int] = {}  # form (type, shape) -> number
        self._listed: list[tuple[str, tuple[int, ...]]] = []  # the same, by number, for reading
        self._crc32 = 0
        weakref.finalize(self, file.close)

    @classmethod
    def exists(cls, path: Path) -> bool:
        """True once a store was written wholly, and as long as it is as it was."""
        facts = read_facts(_index_path(path))
        try:
            return facts is not None and checksum(path) == facts["crc32"]
        except OSError:
            return False

    @classmethod
    def writing(cls, path: Path) -> ArrayStore:
        """A new, empty store; what was at `path` is gone."""
        _index_path(path).unlink(missing_ok=True)
        return cls(path.open("wb"), _index_path(path))

    @classmethod
    def reading(cls, path: Path) -> ArrayStore:
        """A finished store."""
        facts = read_facts(_index_path(path))
        if facts is None:
            raise OpenVoidError("scratch data was damaged", where=str(path), mend="try again")
        store = cls(path.open("rb"), _index_path(path))
        store._offsets, store._forms = array("q", facts["offsets"]), array("i", facts["forms"])
        store._known = {(kind, tuple(shape)): at for at, (kind, shape) in enumerate(facts["known"])}
        store._listed = list(store._known)
        return store

    def __len__(self) -> int:
        return len(self._offsets)

    def append(self, array: NDArray[Any]) -> None:
        """Write one array behind the last."""
        data = np.ascontiguousarray(array)
        form = data.dtype.str, data.shape
        self._offsets.append(self._file.tell())
        self._forms.append(self._known.setdefault(form, len(self._known)))
        try:
            self._file.write(data.data)
            self._crc32 = zlib.crc32(data.data, self._crc32)
        except OSError as error:
            raise OpenVoidError(
                f"cannot write scratch data: {error.strerror}",
                where=str(self._file.name),
                mend="free some space, or set OPENVOID_CACHE to a folder on another disk",
            ) from error

    def __getitem__(self, number: int) -> NDArray[Any]:
        kind, shape = self._listed[self._forms[number]]
        offset = self._offsets[number]
        dtype = np.dtype(kind)
        count = int(np.prod(shape, dtype=np.int64))
        data = os.pread(self._file.fileno(), count * dtype.itemsize, offset)
        return np.frombuffer(data, dtype).reshape(shape)

    def __enter__(self) -> ArrayStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        writing = self._file.writable()
        self._file.close()
        if writing and kind is None:
            rows = {"offsets": self._offsets.tolist(), "forms": self._forms.tolist()}
            facts = {**rows, "known": list(self._known), "crc32": self._crc32}
            write_facts(self._index_path, facts)

    def close(self) -> None:
        self._file.close()


def _index_path(path: Path) -> Path:
    return path.with_name(path.name + ".index.json")
