"""Where an unfinished removal is kept between tries, and that only one process works on it.

Enters: the key of a request (`workspace.fingerprint`). Leaves: a folder of its own in the user's
cache, the same for the same request, locked while in use, deleted once the removal is done and
swept up where it was forgotten. Knows not what lies in the folder.

The lock is the operating system's: it dies with its process, however that ends.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from openvoid.core.errors import OpenVoidError
from openvoid.media.cache import cache_folder

KEPT_DAYS = 14  # an unfinished removal that nobody took up for so long is forgotten


@contextmanager
def scratch(key: str, *, resume: bool = True) -> Iterator[Path]:
    """The folder of that request, locked. Deleted on a clean exit, else kept if it holds anything.

    Raises:
        OpenVoidError: another process has it; the cache cannot be written.
    """
    root = _made(cache_folder() / "removals")
    sweep(root)
    folder = root / key
    with locked(root / f"{key}.lock"):
        if not resume:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        try:
            yield folder
        except BaseException:
            if not any(path.is_file() for path in folder.rglob("*")):
                shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


def _made(root: Path) -> Path:
    try:
        root.mkdir(parents=True, exist_ok=True)
        if os.access(root, os.W_OK | os.X_OK):
            return root
        why = "permission denied"
    except OSError as error:
        why = error.strerror or str(error)
    raise OpenVoidError(
        f"the cache cannot be written: {why}",
        where=str(root),
        mend="set OPENVOID_CACHE to a folder you can write to",
    )


def sweep(root: Path, kept_days: float = KEPT_DAYS) -> None:
    """Delete folders in which nothing was written for so long and that no process holds."""
    oldest = time.time() - kept_days * 86400
    for folder in root.iterdir():
        with suppress(OSError, OpenVoidError):  # deleted or held by another process meanwhile
            if folder.is_dir() and _last_written(folder) < oldest:
                with locked(root / f"{folder.name}.lock"):
                    shutil.rmtree(folder, ignore_errors=True)


def _last_written(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file while the block runs; nobody else may hold it.

    Raises:
        OpenVoidError: another process holds it; tells its number.
    """
    file = _locked_file(path)
    try:
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        with suppress(OSError):  # some systems do not delete what is open
            path.unlink()
        os.close(file)


def _locked_file(path: Path) -> int:
    """Opened and locked. Its last holder may delete it between the two: then once more."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _try_lock(file):
            holder = os.read(file, 32).decode(errors="replace") or "?"
            os.close(file)
            raise OpenVoidError(
                f"this removal is being made by another process ({holder})",
                mend="wait for it, or stop it",
            )
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file), path.stat()):
                return file
        os.close(file)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> bool:
        os.lseek(file, 1 << 20, os.SEEK_SET)  # locked bytes cannot be read: leave the number alone
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
