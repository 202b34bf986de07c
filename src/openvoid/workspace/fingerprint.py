"""What a request is, in a few hexadecimal digits: equal requests make equal pixels.

Enters: the clip, the quadmask, the engine with its options, and everything else that decides the
result. Leaves: a key under which an unfinished removal is found again, and the content hashes that
the report tells. Names, places and times of files do not count, only what is in them. Knows no
codec.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.packed import bits_of
from openvoid.core.quadmask import Quadmask
from openvoid.core.track import Track

WHOLE_BYTES = 256 << 20  # a clip up to this size is read wholly, of a larger one a spread sample
BLOCK_BYTES = 1 << 20
SAMPLED_FRAMES = 16  # of a clip that is not in files
REMEMBERED = 8  # clips: a run has one, a batch a few at a time
LIBRARIES = {
    "numpy": "numpy",
    "opencv": "opencv-python-headless",
    "av": "av",
}


def versions() -> dict[str, str]:
    """Of everything that has a hand in the pixels."""
    from openvoid import __version__

    found = {"openvoid": __version__, "python": platform.python_version()}
    for name, distribution in LIBRARIES.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def request_key(settings: Mapping[str, Any]) -> str:
    """A name for a request, from all its settings; they must be JSON."""
    told = json.dumps(settings, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


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


def mask_hash(mask: Quadmask) -> str:
    """Content of a quadmask, however it was stored."""
    digest = hashlib.sha256(f"{len(mask)} {mask.height} {mask.width}".encode())
    for index in range(len(mask)):
        box = mask.box(index)
        digest.update(np.array(box, np.int32).tobytes())
        digest.update(mask.labels_in(index, box).tobytes())
    return digest.hexdigest()


def track_hash(track: Track) -> str:
    """Content of a track, however it was stored."""
    digest = hashlib.sha256(f"{len(track)} {track.height} {track.width}".encode())
    for index in range(len(track)):
        box = track.box(index)
        digest.update(np.array(box, np.int32).tobytes())
        digest.update(bits_of(track[index][box.slices]).tobytes())
    return digest.hexdigest()


def code_hash(plugin: type[Any]) -> str:
    """Source of the package a plug-in lives in: another source may make other pixels."""
    module = sys.modules[plugin.__module__.partition(".")[0]]
    file = getattr(module, "__file__", None)
    if file is None:  # typed in, or a namespace package: nothing to tell versions apart by
        return "unknown"
    path = Path(file)
    sources = sorted(path.parent.rglob("*.py")) if hasattr(module, "__path__") else [path]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(f"{source.relative_to(path.parent)}\n".encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


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
