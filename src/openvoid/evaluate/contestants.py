"""Who is compared: an engine of ours, a baseline, an outside program, or results made elsewhere.

Enters: words of the command line. Leaves: contestants, each a list of words that makes one result
of one shot. All run in a process of their own, so that time and memory are measured alike and a
crash ends one shot, not the batch. No shell is involved. Knows no metric.

In a command, {video} {mask} {shot} {prompt} stand for the shot's files (the folder; the text),
{out} for the result's path (.mp4; {out:mkv} for another kind), {folder} for an empty folder in
which the program leaves one video, or images.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openvoid.core.errors import OpenVoidError
from openvoid.evaluate.baselines import BASELINES

PLACE = re.compile(r"\{(\w+)(?::(\w+))?\}")
PLACES = ("video", "mask", "shot", "prompt", "out", "folder")
SUFFIXES = ("mp4", "mkv", "mov")
NAME = re.compile(r"[A-Za-z0-9][\w.+-]*")


@dataclass(frozen=True)
class Contestant:
    """`words` with places in braces make a result; none: it lies in `made` already."""

    name: str
    kind: str  # "engine", "baseline", "command" or "made"
    words: tuple[str, ...] = ()
    made: Path | None = None

    @property
    def settings(self) -> dict[str, str | list[str]]:
        """What makes two runs of it the same, as JSON."""
        words = [Path(word).name if word == sys.executable else word for word in self.words]
        return {"name": self.name, "kind": self.kind, "words": words, "made": str(self.made or "")}

    def result_name(self) -> str:
        """What its result is called in its folder."""
        for word in self.words:
            for place, suffix in PLACE.findall(word):
                if place == "out":
                    return f"result.{suffix or 'mp4'}"
        return "result"

    def command(self, values: Mapping[str, str]) -> list[str]:
        """The words with every place filled in."""

        def value(found: re.Match[str]) -> str:
            return values[found[1]]

        return [PLACE.sub(value, word) for word in self.words]


def engine(name: str, options: Sequence[str] = ()) -> Contestant:
    """An engine plug-in, through `openvoid remove`; options are words of its own flags."""
    words = [sys.executable, "-m", "openvoid.cli.main", "remove", "{shot}", "--out", "{out:mkv}"]
    words += ["--engine", name, "--overwrite", "--quiet"]
    return Contestant(name, "engine", (*words, *(_literal(word) for word in options)))


def baseline(name: str) -> Contestant:
    """One of `baselines.BASELINES`.

    Raises:
        OpenVoidError: there is none of that name.
    """
    if name not in BASELINES:
        known = ", ".join(BASELINES)
        raise OpenVoidError(
            f"unknown baseline {name!r}", where="--baseline", mend=f"one of {known}"
        )
    words = (sys.executable, "-m", "openvoid.evaluate.baselines", name)
    return Contestant(name, "baseline", (*words, "{video}", "{mask}", "{out:mkv}"))


def command(text: str) -> Contestant:
    """An outside program: `tool {video} {mask} {out}`, or `NAME=tool ...` to give it a name.

    Raises:
        OpenVoidError: it cannot be read as words, has no place for the result, or an unknown one.
    """
    named = re.match(rf"({NAME.pattern})=(?=\S)", text)
    name = named[1] if named else ""
    try:
        words = tuple(shlex.split(text[named.end() :] if named else text))
    except ValueError as error:
        raise _unreadable(text, str(error)) from error
    if not words:
        raise _unreadable(text, "it is empty")
    places = [found for word in words for found in PLACE.findall(word)]
    for place, suffix in places:
        if place not in PLACES or (suffix and (place != "out" or suffix not in SUFFIXES)):
            full = f"{{{place}:{suffix}}}" if suffix else f"{{{place}}}"
            raise _unreadable(text, f"{full} stands for nothing")
    if sum(place in ("out", "folder") for place, _ in set(places)) != 1:
        raise _unreadable(text, "it must name either {out} or {folder}, once")
    return Contestant(name or _plain(Path(words[0]).stem), "command", words)


def made(text: str) -> Contestant:
    """Results that exist: NAME=FOLDER, in which each is called as its shot.

    Raises:
        OpenVoidError: it is not of that form, or there is no such folder.
    """
    name, _, folder = text.partition("=")
    if not NAME.fullmatch(name) or not folder:
        raise OpenVoidError(f"{text!r} is not NAME=FOLDER", where="--made")
    if not Path(folder).is_dir():
        raise OpenVoidError("no such folder", where=f"--made {folder}")
    return Contestant(name, "made", made=Path(folder))


def check_names(contestants: Sequence[Contestant]) -> None:
    """Two of one name could not be told apart; a name is also that of a folder.

    Raises:
        OpenVoidError: there are none, or two have one name.
    """
    if not contestants:
        raise OpenVoidError("nothing to evaluate", mend="--engine, --baseline, --command or --made")
    names = [each.name for each in contestants]
    for name in names:
        if name.startswith(".") or Path(name).name != name:
            raise OpenVoidError(f"{name!r} is no name for a contestant", mend="letters and digits")
        if names.count(name) > 1:
            mend = 'name a command: --command "NAME=tool {video} {mask} {out}"'
            raise OpenVoidError(f"two contestants are called {name!r}", mend=mend)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.+-]", "-", name) or "command"


def _literal(word: str) -> str:
    if PLACE.search(word):
        raise OpenVoidError(f"{word!r} holds braces", where="--options")
    return word


def _unreadable(text: str, why: str) -> OpenVoidError:
    mend = 'for example: --command "tool {video} {mask} {out}"'
    return OpenVoidError(f"{text!r} is no command: {why}", where="--command", mend=mend)
