"""Outputs: the gate through which every verb passes before it works for what it will write.

Enters: the paths a person named, those that will be read, and whether something may be replaced.
Leaves: the right to write them, for one process at a time, and a transaction in which they appear
together; or one clear error, before any work is done. Knows not what is written.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from openvoid.core.errors import OpenVoidError
from openvoid.media.lease import leased, still_held
from openvoid.media.sequence import is_pattern, pattern_of
from openvoid.media.transaction import Transaction, recover


@contextmanager
def owned(
    outs: Sequence[Path],
    overwrite: bool = False,
    files: Sequence[Path] | None = None,
    *,
    inputs: Iterable[Path] = (),
    what: str = "this output",
) -> Iterator[Transaction]:
    """Own these outputs while the block runs; what joins the transaction appears at its end.

    Args:
        outs: files, folders, patterns; the first one is what the others belong to.
        overwrite: what stands there may be replaced.
        files: which of a pattern's files will be written; None: any of them.
        inputs: files that are read; none of them may be written.
        what: what is made, for the second comer.

    Raises:
        OpenVoidError: a folder is missing or may not be written; a name that is a folder's, cannot
            be told in UTF-8, or is another output's; an input would be overwritten; something
            exists, without `overwrite`; another process writes there.
    """
    check(outs, inputs)
    with leased(outs, what=what) as leases:
        recover(outs)
        if not overwrite:
            refuse_existing(outs if files is None else files)

        def before() -> None:
            still_held(leases, outs[0])

        with Transaction(outs[0], before) as transaction:
            yield transaction


def check(outs: Sequence[Path], inputs: Iterable[Path] = ()) -> None:
    """Whether these can be written at all, each beside the others, and none is an input.

    Raises:
        OpenVoidError: as `owned`, but for what exists or is owned by another.
    """
    sources = [source.resolve() for source in inputs]
    for number, out in enumerate(outs):
        _check_place(out)
        if out.suffix and out.is_dir():
            raise OpenVoidError("is a folder", where=str(out), mend="give the name of a file")
        if out.resolve() in [other.resolve() for other in outs[:number]]:
            mend = "choose another name"
            raise OpenVoidError("two outputs have the same name", where=str(out), mend=mend)
        for source in sources:
            if any(covers(out, path) for path in (source, *source.parents)):
                raise OpenVoidError(
                    f"would overwrite the input {source.name}",
                    where=str(out),
                    mend="choose another name",
                )


def covers(out: Path, file: Path) -> bool:
    """Whether writing `out` writes `file` (resolved): it is the same, or one of the pattern's."""
    if not is_pattern(out):
        return out.resolve() == file
    pattern = pattern_of(out)
    number = file.name.removeprefix(pattern.prefix).removesuffix(pattern.suffix)
    fits = file.name == f"{pattern.prefix}{number}{pattern.suffix}"
    return fits and number.isdigit() and file.parent == out.parent.resolve()


def refuse_existing(outs: Iterable[Path]) -> None:
    """None of them is there yet, but for empty folders.

    Raises:
        OpenVoidError: one is.
    """
    for out in outs:
        taken = next((path for path in found_at(out) if os.path.lexists(path)), None)
        if taken is not None and not (taken.is_dir() and not any(taken.iterdir())):
            raise OpenVoidError("exists already", where=str(taken), mend="--overwrite replaces it")


def found_at(out: Path) -> Iterator[Path]:
    """The path; of a pattern, the files of that pattern that are there."""
    if not is_pattern(out):
        yield out
        return
    pattern = pattern_of(out)
    for file in sorted(out.parent.glob(f"{escape(pattern.prefix)}*{pattern.suffix}")):
        if covers(out, file.resolve()):
            yield file


def files_at(*paths: Path | None) -> list[Path]:
    """The files a person means by paths: files, those in folders, those of patterns."""
    found: list[Path] = []
    for path in paths:
        if path is None:
            continue
        if path.is_dir():
            found += [file for file in path.iterdir() if file.is_file()]
        elif is_pattern(path) and not path.exists():
            pattern = pattern_of(path)
            found += path.parent.glob(f"{escape(pattern.prefix)}*{pattern.suffix}")
        else:
            found.append(path)
    return found


def _check_place(out: Path) -> None:
    folder = out.parent
    try:
        str(out).encode("utf-8")
    except UnicodeEncodeError as error:
        raise OpenVoidError(
            "its name is not UTF-8, and could not be told in a report",
            where=ascii(str(out)),
            mend="choose another name",
        ) from error
    if not folder.is_dir():
        mend = f"make {folder} first"
        raise OpenVoidError("the folder does not exist", where=str(out), mend=mend)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OpenVoidError("the folder may not be written", where=str(out))
