"""SHA-256 of weights, computed once for each file.

Enters: paths. Leaves: hashes. A file in the hub's cache is named by its hash (it was verified when
it was fetched); any other is read once, and remembered in $OPENVOID_CACHE by path, size and time.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from pathlib import Path

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Progress, silent
from openvoid.media.atomic import partial_file
from openvoid.media.cache import cache_folder

BLOCK = 4 << 20


def sha256(path: Path, progress: Progress = silent) -> str:
    """The hash of a file, as 64 hexadecimal digits."""
    blob = path.readlink() if path.is_symlink() else path
    if blob.parent.name == "blobs" and re.fullmatch("[0-9a-f]{64}", blob.name):
        return blob.name
    real = path.resolve()
    facts = real.stat()
    key = f"{real}|{facts.st_size}|{facts.st_mtime_ns}"
    known = _remembered()
    if key not in known:
        known = _remembered() | {key: _read(real, facts.st_size, progress)}
        _remember(known)
    return known[key]


def memory() -> Path:
    """Where hashes are kept between runs."""
    return cache_folder() / "hashes.json"


def _read(path: Path, size: int, progress: Progress) -> str:
    digest, done, total = hashlib.sha256(), 0, -(-size >> 20)
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
        with partial_file(memory()) as partial:
            partial.write_text(json.dumps(known, indent=1), encoding="utf-8")
