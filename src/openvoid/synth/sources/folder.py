"""A user's folder of foreign data -> what of a kind lies in it.

Enters: the folder, and how one of the kind is known. Leaves: paths, by name. Knows no format.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from openvoid.core.errors import OpenVoidError


def find_in(
    folder: Path, is_one: Callable[[Path], bool], *, what: str, mend: str, itself: bool = False
) -> list[Path]:
    """Everything in a folder that is one, by name; with `itself` the folder too, first.

    Raises:
        OpenVoidError: there is no such folder; it holds no `what` (`mend` says what is looked for).
    """
    if not folder.is_dir():
        raise OpenVoidError("no such folder", where=str(folder))
    places = [*([folder] if itself else []), *sorted(folder.iterdir())]
    found = [each for each in places if is_one(each)]
    if not found:
        raise OpenVoidError(f"holds no {what}", where=str(folder), mend=mend)
    return found
