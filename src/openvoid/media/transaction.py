"""Transaction: several outputs that change together, or not at all.

Enters: parts that are whole, each under a hidden name beside the output that it shall become.
Leaves: on a clean exit all of them in place; on anything else everything as it was, with what stood
there before. Whole means on the disk: files and folders are synced before the first rename, their
folders after the last.

What was there is kept under a hidden name until all is in place (write-ahead, as in Gray and
Reuter, "Transaction Processing", 1992): a record beside the first output says what is renamed, and
its removal is the commit. A process that is killed between leaves the record, and whoever next owns
the output undoes by it (`recover`).
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from glob import escape
from pathlib import Path
from types import TracebackType
from typing import Any

from openvoid.media.atomic import explained, hidden, short, synced, synced_folder

SCHEMA = "openvoid.transaction/1"


class Transaction:
    """Parts that appear together when the block ends well.

    Args:
        first: the output beside which the record lies: who owns that, owns all.
        before: asked right before the first rename; what it raises undoes all.
    """

    def __init__(self, first: Path, before: Callable[[], None] = lambda: None) -> None:
        self._first, self._before = first, before
        self._parts: list[tuple[Path, Path]] = []  # partial, what it becomes
        self._folders: list[Path] = []

    def add(self, partial: Path, out: Path) -> None:
        """A whole part: `partial`, beside `out` or in a hidden folder there, becomes `out`."""
        self._parts.append((partial, out))

    def adopt(self, folder: Path) -> None:
        """A hidden folder with parts in it; gone in the end."""
        self._folders.append(folder)

    def __enter__(self) -> Transaction:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._commit()
        finally:
            for partial in (*self._folders, *(partial for partial, _ in self._parts)):
                _deleted(partial)

    def _commit(self) -> None:
        with explained(self._first):
            for partial, _ in self._parts:
                synced(partial)
        self._before()
        moves = [_Move(partial, out) for partial, out in self._parts]
        record = record_path(self._first)
        try:
            with explained(self._first):
                _write_record(record, moves)
            for move in moves:
                with explained(move.out):
                    move.make()
            with explained(self._first):
                for folder in {move.out.parent for move in moves}:
                    synced_folder(folder)
                record.unlink()  # the commit
        except BaseException:
            for move in reversed(moves):
                move.undo()
            with suppress(OSError):
                record.unlink()
            raise
        with suppress(OSError):  # done; what is left over is swept up by the next owner
            synced_folder(record.parent)
        for move in moves:
            _deleted(move.old)


class _Move:
    """One output: what it becomes, and where what stood there is kept."""

    def __init__(self, new: Path, out: Path) -> None:
        beside = new.parent == out.parent
        self.new, self.out = new, out
        self.old = hidden(out, "old") if beside else new.with_name(f"{new.name}.old")
        self.had = os.path.lexists(out)
        self.mark = _mark(new)  # by which ours is known once it has its name

    @classmethod
    def recorded(cls, row: Mapping[str, Any], folder: Path) -> _Move:
        """From a record in `folder`."""
        move = cls.__new__(cls)
        move.new, move.out, move.old = (folder / str(row[name]) for name in ("new", "out", "old"))
        move.had, move.mark = bool(row["had"]), (int(row["mark"][0]), int(row["mark"][1]))
        beside = [os.path.relpath(each, move.out.parent) for each in (move.new, move.old)]
        if not all(name.startswith(".") and not name.startswith("..") for name in beside):
            raise ValueError("no record of ours")
        return move

    def facts(self, folder: Path) -> dict[str, Any]:
        """As `recorded` reads it."""
        paths = {"new": self.new, "out": self.out, "old": self.old}
        told = {name: os.path.relpath(path, folder) for name, path in paths.items()}
        return {**told, "had": self.had, "mark": self.mark}

    def make(self) -> None:
        """The new one in its place, the old one kept."""
        if not self.had:
            self.new.replace(self.out)
        elif self.out.is_dir() and not self.out.is_symlink():
            self.out.rename(self.old)
            self.new.replace(self.out)
        else:
            _kept(self.out, self.old)
            self.new.replace(self.out)  # at no time is there nothing

    def undo(self) -> None:
        """As it was before `make`, however far that came; what others put there since stays."""
        with suppress(OSError):
            if os.path.lexists(self.out) and _mark(self.out) == self.mark:
                self.out.replace(self.new) if self.out.is_dir() else self.out.unlink()
            if self.had and os.path.lexists(self.old) and not os.path.lexists(self.out):
                self.old.rename(self.out)
            _deleted(self.old)


def record_path(first: Path) -> Path:
    """Where the record of a transaction lies: beside its first output, hidden."""
    return first.parent / f".{short(first.name)}.commit"


def recover(outs: Iterable[Path]) -> None:
    """Undo what a killed process began to commit, and sweep up what it left; by the owner only.

    Raises:
        OpenVoidError: the record cannot be removed.
    """
    for out in outs:
        record = record_path(out)
        for move in _read_record(record):
            move.undo()
        with explained(record):
            record.unlink(missing_ok=True)
        with suppress(OSError):
            for left in out.parent.glob(f".{escape(short(out.name))}.*"):
                if left.suffix in (".partial", ".old"):
                    _deleted(left)


def _write_record(record: Path, moves: list[_Move]) -> None:
    folder = record.parent
    facts = {"schema": SCHEMA, "moves": [move.facts(folder) for move in moves]}
    draft = record.with_name(f"{record.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        draft.write_text(json.dumps(facts), encoding="utf-8", errors="surrogateescape")
        synced(draft)
        draft.replace(record)
        synced_folder(folder)
    except BaseException:
        _deleted(draft)
        raise


def _read_record(record: Path) -> list[_Move]:
    """The moves in the order of undoing; none where there is no record, or no whole one."""
    try:
        data = json.loads(record.read_text(encoding="utf-8", errors="surrogateescape"))
        rows = data["moves"] if data["schema"] == SCHEMA else []
        moves = [_Move.recorded(row, record.parent) for row in rows]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return []
    return moves[::-1]


def _kept(out: Path, old: Path) -> None:
    """`old` is what `out` is, which stays."""
    try:
        os.link(out, old, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        out.rename(old)  # no links on this file system


def _mark(path: Path) -> tuple[int, int]:
    """What a rename does not change, and another file has not."""
    told = path.lstat()
    return told.st_ino, told.st_mtime_ns


def _deleted(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
