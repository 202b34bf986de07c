"""Where an unfinished removal is kept between tries, and that only one process works on it.

Enters: the key of a request (`workspace.fingerprint`). Leaves: a folder of its own in the user's
cache, the same for the same request, owned by one process while in use, deleted once the removal is
done and swept up where it was forgotten. Knows not what lies in the folder.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from openvoid.core.errors import OpenVoidError
from openvoid.media.cache import cache_folder
from openvoid.media.lease import leased

KEPT_DAYS = 14  # an unfinished removal that nobody took up for so long is forgotten


@contextmanager
def scratch(key: str, *, resume: bool = True) -> Iterator[Path]:
    """The folder of that request, owned. Deleted on a clean exit, else kept if it holds anything.

    Raises:
        OpenVoidError: another process has it; the cache cannot be written.
    """
    root = _made(cache_folder() / "removals")
    sweep(root)
    folder = root / key
    with leased([folder], what="this removal"):
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
    for path in root.iterdir():
        with suppress(OSError, OpenVoidError):  # deleted or held by another process meanwhile
            if _last_written(path) >= oldest:
                continue
            if path.is_dir():
                with leased([path]):
                    shutil.rmtree(path, ignore_errors=True)
            elif path.stat().st_mtime < time.time() - 86400:  # of a dead owner: others are touched
                path.unlink()


def _last_written(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))
