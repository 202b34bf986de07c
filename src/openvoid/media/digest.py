"""SHA-256 of weights, computed once for each file; and what else is found out by reading one.

Enters: paths. Leaves: hashes. A file is read once, whatever its name says, and what was found is
remembered in $OPENVOID_CACHE by place, size and times: of content (`st_mtime_ns`), and of any
change at all (`st_ctime_ns`), which no program can set back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Progress, silent
from openvoid.media.atomic import write_json
from openvoid.media.cache import cache_folder

BLOCK = 4 << 20
HASH = "sha256"


def sha256(path: Path, progress: Progress = silent) -> str:
    """The hash of a file, as 64 hexadecimal digits."""
    return remembered(path, HASH, lambda real: _read(real, progress))


def learn(path: Path, sha256: str) -> None:
    """Remember the hash of a file that has just been verified against it."""
    remembered(path, HASH, lambda _: sha256)


def remembered(path: Path, what: str, find: Callable[[Path], str]) -> str:
    """What `find` told of a file, or told when it last was as it is; what it raises is not kept."""
    real = path.resolve()
    stat = real.stat()
    key = f"{what}|{real}|{stat.st_size}|{stat.st_mtime_ns}|{stat.st_ctime_ns}"
    known = _remembered()
    if key not in known:
        found = find(real)
        known = _remembered() | {key: found}
        _remember(known)
    return known[key]


def memory() -> Path:
    """Where hashes are kept between runs."""
    return cache_folder() / "hashes.json"


def _read(path: Path, progress: Progress) -> str:
    digest, done, total = hashlib.sha256(), 0, -(-path.stat().st_size >> 20)
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            done += len(block)
            progress(f"hash {path.name} (MiB)", min(-(-done >> 20), total), total)
    return digest.hexdigest()


def _remembered() -> dict[str, str]:
    try:
        found = facts.read(memory()).fields()
        return {name: each.text() for name, each in found.items()}
    except OpenVoidError:
        return {}


def _remember(known: dict[str, str]) -> None:
    """What cannot be remembered is computed again: no reason to stop."""
    with suppress(Exception):
        memory().parent.mkdir(parents=True, exist_ok=True)
        write_json(known, memory())
