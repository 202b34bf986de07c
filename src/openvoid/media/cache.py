"""Where what can be made again is kept between runs: one folder of the user's.

Enters: the environment. Leaves: a path, which may not exist yet.
"""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """$OPENVOID_CACHE, else $XDG_CACHE_HOME/openvoid, else ~/.cache/openvoid."""
    if given := os.environ.get("OPENVOID_CACHE"):
        return Path(given).expanduser()
    if shared := os.environ.get("XDG_CACHE_HOME"):
        return Path(shared).expanduser() / "openvoid"
    return Path.home() / ".cache" / "openvoid"
