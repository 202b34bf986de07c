"""Where what can be made again is kept between runs: one folder of the user's.

Enters: the environment. Leaves: a path, which may not exist yet.
"""

from __future__ import annotations

import os
from pathlib import Path

from openvoid.core.errors import OpenVoidError


def cache_folder() -> Path:
    """$OPENVOID_CACHE, else $XDG_CACHE_HOME/openvoid, else ~/.cache/openvoid."""
    for name, below in (("OPENVOID_CACHE", ""), ("XDG_CACHE_HOME", "openvoid")):
        if given := os.environ.get(name):
            return at_home(given, name) / below
    return at_home("~/.cache/openvoid", "the cache")


def at_home(path: str, where: str) -> Path:
    """A path in which `~` and `~name` stand for home folders, as the shell has it.

    Args:
        where: what the path was given by, for messages.

    Raises:
        OpenVoidError: there is no such home folder: no HOME and no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        mend = "set HOME, or OPENVOID_CACHE to a folder"
        raise OpenVoidError(f"no home folder for {path!r}", where=where, mend=mend) from error
