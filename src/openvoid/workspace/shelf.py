"""What was marked, kept in a folder: selection, track, effects, quadmask, and who made them.

Enters: artefacts with the keys of the requests that made them. Leaves: the same, for the same
request. Effects may be corrected in place by a person: they are then taken as corrected, and put
aside under another name before others are written. Every file appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from openvoid.core import facts
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask
from openvoid.core.selection import Selection
from openvoid.core.track import Track
from openvoid.media.atomic import explained, partial_file
from openvoid.media.masks import write_quadmask
from openvoid.media.tracks import open_track, write_track

SELECTION, TRACK, EFFECTS = "selection.json", "track.mkv", "effects.json"
QUADMASK, MADE_BY = "quadmask.mkv", "made_by.json"


class Shelf:
    """The folder of one shot's artefacts; made when the first one is put into it."""

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise OpenVoidError("is a file", where=str(folder), mend="give the name of a folder")
        self.folder = folder
        self._keys: dict[str, str] = self._read_keys()

    def track(self, key: str) -> Track | None:
        """The track that this request made, if it is here."""
        if self._keys.get("track") != key or not (self.folder / TRACK).exists():
            return None
        return open_track(self.folder / TRACK)

    def put_track(
        self, track: Track, key: str, rate: Fraction, extra: Mapping[str, Any] | None = None
    ) -> None:
        self._begin()
        write_track(track, self.folder / TRACK, rate, extra)
        self._write_keys(track=key)

    def effects(self, key: str) -> Effects | None:
        """The effects that this request made, as they are now, if they are here.

        Raises:
            OpenVoidError: they were corrected so that they cannot be read.
        """
        if self._keys.get("effects") != key or not (self.folder / EFFECTS).exists():
            return None
        return read_effects(self.folder / EFFECTS)

    def put_effects(self, effects: Effects, key: str) -> None:
        """Corrected ones that were made by another request are kept as effects.corrected.json."""
        self._begin()
        path = self.folder / EFFECTS
        if self.corrected:
            path.replace(self._free("effects.corrected"))
        write_json(effects.to_json(), path)
        self._write_keys(effects=key, effects_sha256=_sha256(path))

    @property
    def corrected(self) -> bool:
        """Whether a person changed the effects since they were put here."""
        path = self.folder / EFFECTS
        return path.exists() and self._keys.get("effects_sha256") != _sha256(path)

    def put_selection(self, selection: Selection) -> None:
        self._begin()
        write_json(selection.to_json(), self.folder / SELECTION)

    def put_quadmask(self, quadmask: Quadmask, rate: Fraction) -> None:
        self._begin()
        write_quadmask(quadmask, self.folder / QUADMASK, rate)

    def _begin(self) -> None:
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    def _free(self, stem: str) -> Path:
        names = (f"{stem}{f'.{count}' if count else ''}.json" for count in range(10_000))
        return next(path for name in names if not (path := self.folder / name).exists())

    def _read_keys(self) -> dict[str, str]:
        try:
            found = facts.read(self.folder / MADE_BY).fields()
            return {name: each.text() for name, each in found.items()}
        except OpenVoidError:
            return {}  # missing or damaged: then nothing here is known to be of any request

    def _write_keys(self, **keys: str) -> None:
        self._keys |= keys
        write_json(self._keys, self.folder / MADE_BY)


def read_effects(path: Path) -> Effects:
    """Effects as a reasoner wrote or a person corrected them.

    Raises:
        OpenVoidError: not JSON, or not effects.
    """
    return Effects.from_json(facts.read(path))


def write_json(told: Mapping[str, Any], path: Path) -> None:
    """Readable, whole or not at all."""
    with partial_file(path) as partial, explained(path):
        text = json.dumps(told, indent=1, ensure_ascii=False)
        partial.write_text(text + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
