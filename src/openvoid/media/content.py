"""What is in a clip's files, as hashes: names, places and times do not count.

Enters: a clip. Leaves: the hash that a report tells and a request is known by, and the stricter
name under which frames that were decoded once are found again. Knows nothing of what is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np

from openvoid import __version__
from openvoid.core.clip import Clip

WHOLE_BYTES = 256 << 20  # a clip up to this size is read wholly, of a larger one a spread sample
BLOCK_BYTES = 1 << 20
SAMPLED_FRAMES = 16  # of a clip that is not in files
REMEMBERED = 8  # clips: a run has one, a batch a few at a time
SEEN_BY = ("media", "vision")  # the packages whose code decides what a decoded frame is


def clip_hash(clip: Clip) -> str:
    """Content of the whole file or files a clip comes from, whatever part of them it is.

    Files are read once a process, as long as size and times stay what they were.
    """
    stamps = tuple(_stamp(file) for file in files_of(clip))
    return _files_hash(stamps) if stamps else _frames_hash(clip)


def files_of(clip: Clip) -> Sequence[Path]:
    """The files a clip is read from; none for one in memory."""
    files: Sequence[Path] = getattr(clip.source, "files", ())
    return files or ([clip.path] if clip.path.is_file() else [])


def frames_name(clip: Clip) -> str | None:
    """A name for a clip's decoded frames; None for one in memory, whose frames are at hand.

    Besides the content it holds sizes and times of the files, since of a large file only a sample
    is hashed, and the code that decodes.
    """
    files = files_of(clip)
    if not files:
        return None
    stamps = [(file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    facts = clip_hash(clip), stamps, clip.size, clip.layout, clip.color, _code()
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:32]


@lru_cache(maxsize=1)
def _code() -> str:
    root = Path(__file__).parents[1]
    libraries = __version__, np.__version__, cv2.__version__, av.__version__
    digest = hashlib.sha256(" ".join(libraries).encode())
    for source in sorted(file for name in SEEN_BY for file in (root / name).rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


class _Stamp(NamedTuple):
    """A file, and what changes with its content."""

    file: Path
    size: int
    times_ns: tuple[int, int]
    inode: int


def _stamp(file: Path) -> _Stamp:
    facts = file.stat()
    times_ns = facts.st_mtime_ns, facts.st_ctime_ns
    return _Stamp(file.absolute(), facts.st_size, times_ns, facts.st_ino)


@lru_cache(maxsize=REMEMBERED)
def _files_hash(stamps: tuple[_Stamp, ...]) -> str:
    digest = hashlib.sha256()
    share = WHOLE_BYTES // len(stamps)
    for file, size, *_ in stamps:
        digest.update(f"{size}\n".encode())
        with file.open("rb") as stream:
            for start, length in spread(size, share):
                stream.seek(start)
                digest.update(stream.read(length))
    return digest.hexdigest()


def spread(size: int, budget: int) -> Iterable[tuple[int, int]]:
    """(start, length) of the blocks to read of a file: all of it, or so many bytes, evenly."""
    block = min(BLOCK_BYTES, max(4096, budget // 4))
    if size <= budget:
        return ((start, block) for start in range(0, size, block))
    count = max(2, budget // block)
    return ((index * (size - block) // (count - 1), block) for index in range(count))


def _frames_hash(clip: Clip) -> str:
    digest = hashlib.sha256(f"{clip.length} {clip.size} {clip.layout}".encode())
    step = max(1, -(-clip.length // SAMPLED_FRAMES))
    for index in range(0, clip.length, step):
        for picture in clip.pictures(index, index + 1):
            for plane in picture.planes:
                digest.update(np.ascontiguousarray(plane).tobytes())
    return digest.hexdigest()
