"""Who finds the object: the segmenter that a name stands for, and how a better one comes here.

Enters: a segmenter's name, or `auto`. Leaves: the name of one that is installed, before anything is
keyed by it. Knows of segmenters what `core.plugins` tells: whether they lack something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import HasNeeds

SEGMENTER = "auto"
MEASURED = {  # mean J from one click on cat and parkour: docs/select.md
    "sam2": "not measured: its weights could not be had",
    "isnet": "J .87 from one click",
    "classical": "J .54 from one click",
}
PREFERRED = tuple(MEASURED)  # what `auto` takes: the first that could work here


@dataclass(frozen=True)
class Choice:
    """The segmenter that `auto` is here, and what would bring the next better one."""

    name: str
    better: str = ""  # its name
    brought_by: str = ""  # the command, with the size of what it fetches

    def line(self) -> str:
        """For a person: who finds the object, and how a better one comes here."""
        more = f"; {self.better} finds more: {self.brought_by}" if self.better else ""
        return self.name + more


def choose(segmenter: str = SEGMENTER) -> Choice:
    """The segmenter that a name stands for: `auto` is the first of `PREFERRED` that lacks nothing.

    Raises:
        OpenVoidError: none of them is installed.
    """
    if segmenter != "auto":
        return Choice(segmenter)
    better = brought_by = ""
    installed = plugins.names("segmenter")
    for name in (each for each in PREFERRED if each in installed):
        plugin: Any = plugins.find("segmenter", name)
        lacks = plugin.needs(plugin.Options()) if issubclass(plugin, HasNeeds) else ""
        if not lacks:
            return Choice(name, better, brought_by)
        better, brought_by = name, lacks
    known = ", ".join(installed) or "none"
    raise OpenVoidError("no segmenter can be chosen", where="--segmenter", mend=f"known: {known}")
