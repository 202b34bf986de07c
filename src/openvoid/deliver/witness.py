"""Witness: the files of a request, hashed while they are worked on, and watched to stay the same.

Enters: the files of clip and mask. Leaves: the SHA-256 that `sha256sum` tells of a file, from a
thread that reads along; and an error where one of them changed meanwhile: its kept pixels would be
of one clip and the fills of another. Knows no pixels.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path

from openvoid.core.errors import OpenVoidError

BLOCK_BYTES = 1 << 18


class Witness:
    """Watches from when it is made. Use as a context manager: leaving it ends the thread."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)
        self._marks = [_mark(file) for file in files]
        self._sums: list[tuple[str, str]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="witness", daemon=True)

    def __enter__(self) -> Witness:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def check(self) -> None:
        """All files are what they were.

        Raises:
            OpenVoidError: one was changed, or is gone.
        """
        for file, mark in zip(self._files, self._marks, strict=True):
            if _mark(file) != mark:
                raise OpenVoidError(
                    "was changed while it was worked on",
                    where=str(file),
                    mend="run the same command again",
                )

    def sha256(self) -> str | None:
        """Of the one file; of several, that of the list which `sha256sum *` prints.

        Waits for what is not yet read. None where there are no files, or one could not be read.
        """
        self._thread.join()
        if len(self._sums) != len(self._files) or not self._sums:
            return None
        if len(self._sums) == 1:
            return self._sums[0][0]
        lines = (f"{sha256}  {name}\n" for sha256, name in self._sums)
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def _read(self) -> None:
        try:
            for file in self._files:
                digest = hashlib.sha256()
                with file.open("rb") as stream:
                    while block := stream.read(BLOCK_BYTES):
                        if self._stop.is_set():
                            return
                        digest.update(block)
                self._sums.append((digest.hexdigest(), file.name))
        except OSError:
            return  # whoever works on it tells what is wrong


def _mark(file: Path) -> tuple[int, ...] | None:
    """What changes with a file's content; None where it is gone."""
    try:
        told = file.stat()
    except OSError:
        return None
    return told.st_size, told.st_mtime_ns, told.st_ino, told.st_dev
