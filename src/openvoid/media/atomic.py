"""Outputs that appear whole or not at all: written beside under a hidden name, then renamed.

Enters: where an output shall be. Leaves: a path to write to, moved into place on success and
removed on anything else, Ctrl-C included. Faults of the disk become one clear line.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import av

from openvoid.core.errors import OpenVoidError

_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space or write elsewhere"),
    errno.EDQUOT: ("the disk quota is used up", "free some space or write elsewhere"),
    errno.EFBIG: ("the file grows beyond what is allowed here", "write elsewhere"),
    errno.EACCES: ("may not be written: permission denied", "choose a folder you may write to"),
    errno.EPERM: ("may not be written: not permitted", "choose a folder you may write to"),
    errno.EROFS: ("may not be written: the disk is read-only", "choose another folder"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
}


class Joins(Protocol):
    """What outputs may appear together in: `media.transaction.Transaction`."""

    def add(self, partial: Path, out: Path) -> None:
        """`partial`, whole and beside `out`, shall become `out`."""
        ...

    def adopt(self, folder: Path) -> None:
        """A hidden folder with such parts in it."""
        ...


@contextmanager
def explained(out: Path) -> Iterator[None]:
    """Turns faults of writing `out` into `OpenVoidError`. Wrap only the writing in it."""
    try:
        yield
    except (OSError, av.FFmpegError) as error:
        what, mend = _REASONS.get(error.errno or 0, (f"cannot be written: {error.strerror}", ""))
        raise OpenVoidError(what, where=str(out), mend=mend) from error


@contextmanager
def partial_file(out: Path, within: Joins | None = None) -> Iterator[Path]:
    """A path beside `out` to write to; becomes `out`, synced, when the block ends well.

    Args:
        within: a transaction in which it appears together with others, when that commits.
    """
    if out.is_dir():
        raise OpenVoidError("is a folder", where=str(out), mend="give the name of a file")
    partial = _beside(out)
    try:
        with explained(out):
            partial.touch()
        yield partial
        if within is None:
            with explained(out):
                synced(partial)
                partial.replace(out)
                synced_folder(out.parent)
        else:
            within.add(partial, out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_json(told: Any, path: Path, within: Joins | None = None) -> None:
    """Readable, whole or not at all; the rest as in `partial_file`."""
    with partial_file(path, within) as partial, explained(path):
        partial.write_bytes(json_bytes(told))


def json_bytes(told: Any) -> bytes:
    """JSON as we write it; letters that UTF-8 has no code for are escaped."""
    text = json.dumps(told, indent=1, ensure_ascii=False)
    return f"{text}\n".encode("utf-8", "backslashreplace")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A new hidden folder beside `out`; gone if the block fails."""
    partial = _beside(out)
    try:
        with explained(out):
            partial.mkdir()
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """The same, gone after the block with all that is still in it."""
    with new_folder(out) as partial:
        yield partial
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def partial_folder(out: Path, within: Joins | None = None) -> Iterator[Path]:
    """A new folder beside `out` to fill; becomes `out`, synced, when the block ends well.

    A folder that stood there is replaced with all that it holds: look into it before.
    """
    with new_folder(out) as partial:
        yield partial
        if within is None:
            with explained(out):
                synced(partial)
                _exchanged(partial, out)
        else:
            within.add(partial, out)


def synced(path: Path) -> None:
    """All of a file or a folder is on the disk, not only with the operating system."""
    if path.is_dir():
        for inner in path.iterdir():
            synced(inner)
        synced_folder(path)
        return
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def synced_folder(folder: Path) -> None:
    """The names in a folder are on the disk; where the system cannot say so, nothing is done."""
    if os.name != "posix":
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # FUSE and SMB may not sync folders
            raise
    finally:
        os.close(file)


def hidden(out: Path, suffix: str) -> Path:
    """A name beside an output that nobody else has: .NAME.TOKEN.SUFFIX."""
    return out.with_name(f".{short(out.name)}.{uuid.uuid4().hex[:8]}.{suffix}")


def short(name: str) -> str:
    """A name with room for what is put around it: file systems take 255 bytes."""
    return os.fsencode(name)[:200].decode("utf-8", "ignore")


def _exchanged(partial: Path, out: Path) -> None:
    old = hidden(out, "old")
    had = out.exists()
    if had:
        out.rename(old)
    try:
        partial.replace(out)
    except BaseException:
        if had:
            old.rename(out)
        raise
    synced_folder(out.parent)
    shutil.rmtree(old, ignore_errors=True)


def _beside(out: Path) -> Path:
    if not out.parent.is_dir():
        raise OpenVoidError(
            f"there is no folder {out.parent}", where=str(out), mend=f"mkdir -p {out.parent}"
        )
    return hidden(out, "partial")
