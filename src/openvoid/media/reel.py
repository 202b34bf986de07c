"""A reel: frames that were made once, in one file of the cache, read back at random.

Enters: frames in order, each the same few arrays. Leaves: the same arrays by number. A reel appears
whole or not at all; one that was cut off since is taken for none, and every frame has a checksum.
Two processes may make the same reel at once: the last to end stays. The folder is bounded: where it
grows beyond `MOST_BYTES`, the reels that nobody used for longest go. Knows no clip.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import struct
import time
import weakref
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from openvoid.media.cache import cache_folder

MOST_BYTES = 4 << 30  # of all reels together: 300 frames of 8-bit 4K, with their small copies
UNFINISHED_DAYS = 1  # a reel that is still being written was touched since
KEPT_DAYS = 14  # as unfinished removals: see `workspace.scratch`
TAIL = struct.Struct("<QI8s")  # bytes of the index before it, its CRC-32, `MAGIC`
MAGIC = b"ovreel/1"
DAY_S = 86400
_turns = itertools.count()  # of this process: two may record the same at once

Arrays = tuple[NDArray[Any], ...]
Forms = list[tuple[str, list[int]]]  # type and shape of each array of a frame


class Torn(Exception):
    """A frame is not what was written: the disk or somebody changed it."""


class Reel:
    """A finished reel, open. Its file stays readable even where it is deleted meanwhile."""

    def __init__(self, file: BinaryIO, forms: Forms, sums: array[int]) -> None:
        self._file, self._sums = file, sums
        self._forms = [(np.dtype(kind), tuple(shape)) for kind, shape in forms]
        self._sizes = [int(np.prod(s, dtype=np.int64)) * d.itemsize for d, s in self._forms]
        self._bytes = sum(self._sizes)
        weakref.finalize(self, file.close)

    def __len__(self) -> int:
        return len(self._sums)

    def __getitem__(self, number: int) -> Arrays:
        """The arrays of one frame, not writable.

        Raises:
            Torn: they are not those that were written.
        """
        try:
            data = os.pread(self._file.fileno(), self._bytes, number * self._bytes)
        except OSError as error:
            raise Torn from error
        if len(data) != self._bytes or zlib.crc32(data) != self._sums[number]:
            raise Torn
        arrays, at = [], 0
        for (kind, shape), size in zip(self._forms, self._sizes, strict=True):
            arrays.append(np.frombuffer(data, kind, size // kind.itemsize, at).reshape(shape))
            at += size
        return tuple(arrays)

    def whole(self) -> bool:
        """Whether every frame is as it was written; reads them all."""
        try:
            for number in range(len(self)):
                self[number]
        except Torn:
            return False
        return True

    def mapped(self) -> NDArray[Any]:
        """Frames of one array each as [T, ...], on disk."""
        ((kind, shape),) = self._forms
        return np.memmap(self._file, kind, "r", shape=(len(self), *shape))

    def discard(self) -> None:
        """Let nobody find it again: it is damaged."""
        _unlinked(Path(self._file.name))

    def close(self) -> None:
        self._file.close()


class Recorder:
    """Writes frames one behind the other. A fault of the disk is kept in `error`, not raised."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.error: OSError | None = None
        self._file = file
        self._forms: Forms = []
        self._sums = array("I")

    def append(self, arrays: Arrays) -> None:
        """Add a frame; all have the same types and shapes. After a fault, nothing is written."""
        if self._file is None or self.error is not None:
            return
        whole = [np.ascontiguousarray(each) for each in arrays]
        forms = [(each.dtype.str, list(each.shape)) for each in whole]
        self._forms = self._forms or forms
        assert forms == self._forms, "frames of a reel are alike"
        checksum = 0
        try:
            for each in whole:
                checksum = zlib.crc32(each.data, checksum)
                self._file.write(each.data)
        except OSError as error:
            self.error = error
        self._sums.append(checksum)

    def reel(self) -> Reel:
        """What was written, for as long as the file is open: for files without a name."""
        assert self._file is not None
        self._file.flush()
        return Reel(self._file, self._forms, self._sums)

    def seal(self) -> None:
        """Write the index, by which a later process finds the frames."""
        assert self._file is not None
        index = json.dumps([self._forms, self._sums.tolist()]).encode()
        self._file.write(index)
        self._file.write(TAIL.pack(len(index), zlib.crc32(index), MAGIC))
        self._file.flush()


def reels() -> Path:
    """The folder of all reels."""
    return cache_folder() / "frames"


def place(name: str, what: str, first: int, stop: int) -> Path:
    """Where the reel of a clip's frames `first` <= index < `stop` lies."""
    return reels() / f"{name}.{first}-{stop}.{what}.reel"


def covering(name: str, what: str, first: int, stop: int) -> tuple[Reel, int] | None:
    """An open reel that holds these frames of a clip, and the number of its own first one."""
    for path in sorted(reels().glob(f"{name}.*.{what}.reel")):
        begin, _, end = path.name.removeprefix(f"{name}.").split(".")[0].partition("-")
        if int(begin) <= first and stop <= int(end) and (reel := opened(path)) is not None:
            return reel, int(begin)
    return None


def opened(path: Path) -> Reel | None:
    """The reel at a path, marked as used; None where there is none, or none that is whole."""
    try:
        file = path.open("rb")
    except OSError:
        return None
    found = _index(file)
    if found is None:
        file.close()
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return Reel(file, *found)


@contextmanager
def recording(path: Path) -> Iterator[Recorder]:
    """A reel to write; it appears at `path` when the block ends well, and old ones make room.

    Where the disk does not take it, the recorder's `error` says why, and no reel appears.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}-{next(_turns)}.partial")
    with contextlib.ExitStack() as stack:
        recorder = Recorder(None)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = partial.open("wb")
            stack.callback(_unlinked, partial)
            stack.callback(_closed, file)
            recorder = Recorder(file)
        except OSError as error:
            recorder.error = error
        yield recorder
        if recorder.error is None:
            try:
                recorder.seal()
                partial.replace(path)
                tidy(path.parent)
            except OSError as error:
                recorder.error = error


def _closed(file: BinaryIO) -> None:
    with contextlib.suppress(OSError):  # what a full disk did not take is told by then
        file.close()


def _unlinked(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def tidy(folder: Path) -> None:
    """Delete what nobody used for long, then the longest unused until the rest fits."""
    now, held = time.time(), 0
    for used, size, path in sorted(_found(folder), reverse=True):
        held += size
        age_days = (now - used) / DAY_S
        if path.suffix == ".partial":
            gone = age_days > UNFINISHED_DAYS
        else:
            gone = age_days > KEPT_DAYS or (held > MOST_BYTES and held > size)
        if gone:
            with contextlib.suppress(OSError):  # deleted by another, or held open where that counts
                path.unlink()
            held -= size


def _found(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """(last used, bytes, path) of every file of ours."""
    for path in (*folder.glob("*.reel"), *folder.glob(".*.partial")):
        with contextlib.suppress(OSError):
            facts = path.stat()
            yield facts.st_mtime, facts.st_size, path


def _index(file: BinaryIO) -> tuple[Forms, array[int]] | None:
    """What `Recorder.seal` wrote at the end of a file, if all before it is there."""
    size = file.seek(0, os.SEEK_END)
    if size < TAIL.size:
        return None
    file.seek(size - TAIL.size)
    length, checksum, magic = TAIL.unpack(file.read(TAIL.size))
    if magic != MAGIC or length > size - TAIL.size:
        return None
    file.seek(size - TAIL.size - length)
    index = file.read(length)
    if zlib.crc32(index) != checksum:
        return None
    forms, sums = json.loads(index)
    frame = sum(int(np.prod(shape)) * np.dtype(kind).itemsize for kind, shape in forms)
    return (forms, array("I", sums)) if frame * len(sums) == size - TAIL.size - length else None
