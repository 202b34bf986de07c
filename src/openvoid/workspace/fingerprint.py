"""What a request is, in a few hexadecimal digits: equal requests make equal pixels.

Enters: the quadmask, the track, the engine's code and everything else that decides the result, the
clip by `media.content`. Leaves: a key under which an unfinished removal is found again, and the
content hashes that the report tells. Knows no codec.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core.packed import bits_of
from openvoid.core.quadmask import Quadmask
from openvoid.core.track import Track

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
