"""Outputs that appear whole or not at all: written beside under a hidden name, then renamed.

Enters: where an output shall be. Leaves: a path to write to, moved into place on success and
removed on anything else, Ctrl-C included. Faults of the disk become one clear line.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def explained(out: Path) -> Iterator[None]:
    """Turns faults of writing `out` into `OpenVoidError`. Wrap only the writing in it."""
    try:
        yield
    except (OSError, av.FFmpegError) as error:
        what, mend = _REASONS.get(error.errno or 0, (f"cannot be written: {error.strerror}", ""))
        raise OpenVoidError(what, where=str(out), mend=mend) from error


@contextmanager
def partial_file(out: Path) -> Iterator[Path]:
    """A path beside `out` to write to; becomes `out` when the block ends well."""
    partial = _beside(out)
    if out.is_dir():
        raise OpenVoidError("is a folder", where=str(out), mend="give the name of a file")
    try:
        with explained(out):
            partial.touch()
        yield partial
        with explained(out):
            partial.replace(out)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def scratch_folder(out: Path) -> Iterator[Path]:
    """A new hidden folder beside `out`, gone after the block with all that is still in it."""
    partial = _beside(out)
    try:
        with explained(out):
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def partial_folder(out: Path) -> Iterator[Path]:
    """A new folder beside `out` to fill; becomes `out` when the block ends well.

    A folder that stood there is replaced with all that it holds: look into it before.
    """
    with scratch_folder(out) as partial:
        yield partial
        with explained(out):
            if out.is_dir():
                shutil.rmtree(out)
            partial.replace(out)


def _beside(out: Path) -> Path:
    if not out.parent.is_dir():
        raise OpenVoidError(
            f"there is no folder {out.parent}", where=str(out), mend=f"mkdir -p {out.parent}"
        )
    return out.with_name(f".{out.name}.partial")
