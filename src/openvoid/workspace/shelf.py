"""What was marked, kept in a folder: selection, track, effects, quadmask, and who made them.

Enters: artefacts with the keys of the requests that made them. Leaves: the same, for the same
request. Effects may be corrected in place by a person: they are then taken as corrected, and put
aside under another name before others are written. Every file appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from openvoid.core import facts
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fates
from openvoid.core.quadmask import Quadmask
from openvoid.core.selection import Selection
from openvoid.core.track import Track
from openvoid.media.atomic import explained, partial_file, write_json
from openvoid.media.lease import leased
from openvoid.media.masks import write_quadmask
from openvoid.media.tracks import facts_path, open_track, write_track
from openvoid.media.transaction import Transaction, recover

SELECTION, TRACK, EFFECTS, FATES = "selection.json", "track.mkv", "effects.json", "fates.json"
QUADMASK, MADE_BY = "quadmask.mkv", "made_by.json"
SAME = 0.5  # intersection over union: two tracks are of one object


class Shelf:
    """The folder of one shot's artefacts; made when the first one is put into it.

    An artefact changes together with the note of which request made it, and of its SHA-256: what
    does not fit its note was not made by that request, whatever happened between.
    """

    def __init__(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise OpenVoidError("is a file", where=str(folder), mend="give the name of a folder")
        self.folder = folder
        self._keys: dict[str, str] = self._read_keys()

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Be the only one who changes the folder, while the block runs.

        Raises:
            OpenVoidError: another process does; a file of somebody else's has the name of one of
                ours; the folder cannot be made.
        """
        if not self.folder.parent.is_dir():
            mend = "make it first"
            raise OpenVoidError("there is no such folder", where=str(self.folder.parent), mend=mend)
        with leased([self.folder], what="this folder of marks"):
            if self.folder.is_dir():
                facts_name = facts_path(Path(TRACK)).name
                names = (MADE_BY, SELECTION, TRACK, facts_name, EFFECTS, FATES, QUADMASK)
                recover(self.folder / name for name in names)
            self._keys = self._read_keys()
            self._refuse_others()
            yield

    def track(self, key: str) -> Track | None:
        """The track that this request made, if it is here and as it was."""
        whole = self._noted(TRACK) and self._noted(facts_path(Path(TRACK)).name)
        if self._keys.get("track") != key or not whole:
            return None
        return open_track(self.folder / TRACK)

    def put_track(
        self, track: Track, key: str, rate: Fraction, extra: Mapping[str, Any] | None = None
    ) -> None:
        with self._changing(track=key) as together:
            write_track(track, self.folder / TRACK, rate, extra, together)

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
        path = self.folder / EFFECTS
        with self._changing(effects=key) as together:
            if self.corrected:
                kept = self._free("effects.corrected")
                with partial_file(kept, together) as partial, explained(kept):
                    shutil.copyfile(path, partial)
            write_json(effects.to_json(), path, together)

    def said(self) -> tuple[Track, Effects] | None:
        """What a person said of effects here, by whatever request they were made, and the track
        whose effects they are; nothing of effects that cannot be read any more."""
        if not (self.folder / EFFECTS).exists() or not self._noted(TRACK):
            return None
        try:
            found = read_effects(self.folder / EFFECTS)
        except OpenVoidError:
            return None
        words = tuple(each for each in found.affected if each.by_person)
        if not words:
            return None
        track = open_track(self.folder / TRACK)
        return Track.of(track.label, list(track)), Effects(words)

    @property
    def corrected(self) -> bool:
        """Whether a person changed the effects since they were put here."""
        return (self.folder / EFFECTS).exists() and not self._noted(EFFECTS)

    def put_selection(self, selection: Selection) -> None:
        with self._changing() as together:
            write_json(selection.to_json(), self.folder / SELECTION, together)

    def fates(self, key: str) -> Fates | None:
        """The fates of this request, a person's corrections included, if they are here.

        Raises:
            OpenVoidError: they were corrected so that they cannot be read.
        """
        if self._keys.get("fates") != key or not (self.folder / FATES).exists():
            return None
        return read_fates(self.folder / FATES)

    def put_fates(self, fates: Fates, key: str) -> None:
        """Corrected ones that were made by another request are kept as fates.corrected.json."""
        path = self.folder / FATES
        with self._changing(fates=key) as together:
            if path.exists() and not self._noted(FATES):
                kept = self._free("fates.corrected")
                with partial_file(kept, together) as partial, explained(kept):
                    shutil.copyfile(path, partial)
            write_json(fates.to_json(), path, together)

    def put_quadmask(self, quadmask: Quadmask, rate: Fraction) -> None:
        with self._changing() as together:
            write_quadmask(quadmask, self.folder / QUADMASK, rate, together)

    @contextmanager
    def _changing(self, **keys: str) -> Iterator[_Noting]:
        """An artefact in the making, and the note that appears with it."""
        with explained(self.folder):
            self.folder.mkdir(exist_ok=True)
        with Transaction(self.folder / MADE_BY) as transaction:
            noting = _Noting(transaction)
            yield noting
            sums = {_note(part): checksum for part, checksum in noting.sums.items()}
            found = dict(sorted((self._keys | keys | sums).items()))  # however it came to them
            write_json(found, self.folder / MADE_BY, transaction)
        self._keys = found

    def _noted(self, name: str) -> bool:
        """Whether an artefact is there, and as it was when it was noted."""
        path = self.folder / name
        return path.is_file() and self._keys.get(_note(name)) == _sha256(path)

    def _refuse_others(self) -> None:
        """Effects may be corrected, and are then kept; whatever else is not ours is a person's."""
        damaged = not self._keys and (self.folder / MADE_BY).exists()
        if damaged or ("track" in self._keys and _note(TRACK) not in self._keys):
            return  # ours all the same; or made by a version that noted less
        for name in (SELECTION, TRACK, QUADMASK):
            if (self.folder / name).exists() and not self._noted(name):
                raise OpenVoidError(
                    "is not as it was made here, and would be replaced",
                    where=str(self.folder / name),
                    mend="move it, or give another --marks-folder",
                )

    def _free(self, stem: str) -> Path:
        names = (f"{stem}{f'.{count}' if count else ''}.json" for count in range(10_000))
        return next(path for name in names if not (path := self.folder / name).exists())

    def _read_keys(self) -> dict[str, str]:
        try:
            found = facts.read(self.folder / MADE_BY).fields()
            return {name: each.text() for name, each in found.items()}
        except OpenVoidError:
            return {}  # missing or damaged: then nothing here is known to be of any request


class _Noting:
    """A transaction that knows the checksum of each part."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction, self.sums = transaction, dict[str, str]()

    def add(self, partial: Path, out: Path) -> None:
        """As a transaction's."""
        self.sums[out.name] = _sha256(partial)
        self._transaction.add(partial, out)

    def adopt(self, folder: Path) -> None:
        """As a transaction's."""
        self._transaction.adopt(folder)


def _note(name: str) -> str:
    return "effects_sha256" if name == EFFECTS else f"{name.replace('.', '_')}_sha256"


def same_object(one: Track, other: Track) -> bool:
    """Whether two tracks are of one object, followed more or less well."""
    if (len(one), one.height, one.width) != (len(other), other.height, other.width):
        return False
    both = sum(int((a & b).sum()) for a, b in zip(one, other, strict=True))
    either = sum(int((a | b).sum()) for a, b in zip(one, other, strict=True))
    return both > SAME * either


def read_effects(path: Path) -> Effects:
    """Effects as a reasoner wrote or a person corrected them.

    Raises:
        OpenVoidError: not JSON, or not effects.
    """
    return Effects.from_json(facts.read(path))


def read_fates(path: Path) -> Fates:
    """Fates as a mover wrote or a person corrected them.

    Raises:
        OpenVoidError: not JSON, or not fates.
    """
    return Fates.from_json(facts.read(path))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
