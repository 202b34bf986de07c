"""Seals: whether a file of unfinished work is still what was written.

Enters: files in a folder of the cache, once they are whole. Leaves: whether they are as they were:
a disk that lost power may hand back zeros, or half. A seal is a small file beside the sealed one
with its length and checksum; facts are JSON with their own. What is damaged counts as absent, and
is removed, so that the same command makes it again. Knows nothing of what the files hold.

CRC-32 (ISO 3309): what happens to a cache by accident is to be seen, not what somebody does to it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from openvoid.media.atomic import partial_file

BLOCK_BYTES = 1 << 18


def seal(path: Path) -> None:
    """Seal a file that is whole."""
    write_facts(_seal_path(path), {"bytes": path.stat().st_size, "crc32": checksum(path)})


def sealed(path: Path) -> bool:
    """Whether a file is there, and as it was when it was sealed; else it is removed."""
    found = read_facts(_seal_path(path))
    with suppress(OSError, KeyError, TypeError):
        if path.stat().st_size == found["bytes"] and checksum(path) == found["crc32"]:
            return True
    for each in (_seal_path(path), path):
        with suppress(OSError):
            each.unlink()
    return False


def checksum(path: Path) -> int:
    """The CRC-32 of a file's bytes."""
    found = 0
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            found = zlib.crc32(block, found)
    return found


def write_facts(path: Path, facts: Mapping[str, Any]) -> None:
    """JSON that tells whether it is whole."""
    text = json.dumps(facts, allow_nan=True)
    with partial_file(path) as partial:
        partial.write_text(f"{zlib.crc32(text.encode()):08x}\n{text}\n", encoding="utf-8")


def read_facts(path: Path) -> Any:
    """The same again; None where there is nothing, or nothing whole."""
    try:
        head, _, text = path.read_text(encoding="utf-8").rstrip("\n").partition("\n")
        return json.loads(text) if int(head, 16) == zlib.crc32(text.encode()) else None
    except (OSError, ValueError, RecursionError):
        return None


def _seal_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.seal")
