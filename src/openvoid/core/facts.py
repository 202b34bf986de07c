"""JSON from outside -> facts that are checked: the one gate for all that others wrote.

Enters: a path, a text or bytes of JSON, or what was decoded already; and the file's name for
messages. Leaves: `Facts`, from which every value is asked for by its type and range; what does not
fit is told with the field's name ("points[3].x is 'NaN' (a number from 0 to 1e+06 is expected)").
Refused at once: another encoding than UTF-8, too many bytes or values, deep nesting, names told
twice, numbers that are not finite or absurdly long (`core.limits` has the numbers). Nothing but
`OpenVoidError` leaves here, whatever enters. Knows no schema.
"""

from __future__ import annotations

import json
import math
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from openvoid.core import limits
from openvoid.core.errors import OpenVoidError

SHOWN = 40  # letters of a value that a message shows


@dataclass(frozen=True)
class Facts:
    """A value of JSON, with its name in the file and the file's own."""

    value: Any
    name: str = ""
    where: str = ""

    @classmethod
    def of(cls, data: Any, where: str = "") -> Facts:
        """What was decoded elsewhere, checked as `read` checks it.

        Raises:
            OpenVoidError: nested too deep, or a number that is not finite or absurdly long.
        """
        if isinstance(data, Facts):
            return data
        _check(data, where)
        return cls(data, where=where)

    # --- going in -----------------------------------------------------------------------------

    def __contains__(self, name: str) -> bool:
        """Whether it is an object that says something of this name; null says nothing."""
        return isinstance(self.value, dict) and self.value.get(name) is not None

    def at(self, name: str, absent: Any = ...) -> Facts:
        """A field; where it is not there or null, `absent`, if that is given.

        Raises:
            OpenVoidError: not an object, or it lacks the field.
        """
        if not isinstance(self.value, dict):
            self.refuse("an object")
        if name not in self:
            if absent is ...:
                inside = f"{self.name} lacks" if self.name else "lacks"
                raise OpenVoidError(f"{inside} {name!r}", where=self.where)
            return Facts(absent, self._named(name), self.where)
        return Facts(self.value[name], self._named(name), self.where)

    def only(self, *names: str) -> Facts:
        """The same, if it is an object without other fields than these.

        Raises:
            OpenVoidError: it is not.
        """
        other = sorted(set(self.fields()) - set(names))
        if other:
            inside = f"{self.name} has" if self.name else "has"
            raise OpenVoidError(f"{inside} no field {shown(other[0])}", where=self.where)
        return self

    def fields(self, most: int = limits.FACTS_VALUES) -> dict[str, Facts]:
        """All fields of an object."""
        if not isinstance(self.value, dict) or len(self.value) > most:
            self.refuse(
                "an object" if most == limits.FACTS_VALUES else f"an object of up to {most}"
            )
        return {
            name: Facts(value, self._named(name), self.where) for name, value in self.value.items()
        }

    def rows(self, least: int = 0, most: int = limits.FACTS_VALUES) -> list[Facts]:
        """All entries of a list."""
        if not isinstance(self.value, list | tuple) or not least <= len(self.value) <= most:
            self.refuse("a list" if most == limits.FACTS_VALUES else _counted(least, most))
        return [
            Facts(value, f"{self.name}[{at}]", self.where) for at, value in enumerate(self.value)
        ]

    def pairs(self, low: float, high: float) -> tuple[tuple[float, float], ...]:
        """A list of [x, y], each from `low` to `high`; quick, for outlines of many corners."""
        if not isinstance(self.value, list | tuple):
            self.refuse("a list")
        found = []
        for at, pair in enumerate(self.value):
            if isinstance(pair, list | tuple) and len(pair) == 2:
                x, y = pair
                if type(x) is float and type(y) is float and low <= x <= high and low <= y <= high:
                    found.append((x, y))
                    continue
            each = Facts(pair, f"{self.name}[{at}]", self.where).rows(2, 2)
            found.append((each[0].number(low, high), each[1].number(low, high)))
        return tuple(found)

    # --- coming out ---------------------------------------------------------------------------

    def text(self, longest: int = limits.TEXT_LETTERS, among: Collection[str] = ()) -> str:
        """A text that can be written again; one of `among`, if any are given."""
        value = self.value
        if not isinstance(value, str) or len(value) > longest or not _is_writable(value):
            self.refuse("a text" if not isinstance(value, str) else f"up to {longest} letters")
        if among and value not in among:
            self.refuse(f"one of {', '.join(among)}")
        return str(value)

    def number(self, low: float, high: float) -> float:
        """A finite number, `low` <= number <= `high`."""
        if not (is_number(self.value) and low <= self.value <= high):
            self.refuse(f"a number from {low:g} to {high:g}")
        return float(self.value)

    def whole(self, low: int, high: int) -> int:
        """A whole number, `low` <= number <= `high`; 3.0 is one."""
        value = self.value
        if not (is_number(value) and value == int(value) and low <= value <= high):
            self.refuse(f"a whole number from {low} to {high}")
        return int(value)

    def yes(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.refuse("true or false")
        return bool(self.value)

    def kept(self) -> Any:
        """The value as it is, for what is only passed on; all its texts can be written again."""
        for holder, trail in _holders(self.value):
            for name, value in _inside(holder):
                for text in (name, value):
                    if isinstance(text, str) and not _is_writable(text):
                        path = _path_of((trail, name), self.name)
                        Facts(text, path, self.where).refuse("Unicode")
        return self.value

    def refuse(self, wanted: str) -> NoReturn:
        """Raise what says that something else was expected here."""
        what = f"{self.name or 'it'} is {shown(self.value)}"
        raise OpenVoidError(what, where=self.where, mend=f"{wanted} is expected")

    def _named(self, name: str) -> str:
        word = name if name.isidentifier() and len(name) <= SHOWN else f"[{shown(name)}]"
        return f"{self.name}.{word}".replace(".[", "[") if self.name else word


def is_number(value: Any) -> bool:
    """Whether it is a finite number, no truth value, and short enough to reckon with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 10**limits.DIGITS


# --- reading ------------------------------------------------------------------------------------


def read(path: Path, *, most_bytes: int = limits.FACTS_BYTES) -> Facts:
    """The facts in a file.

    Raises:
        OpenVoidError: it is missing, a pipe or a folder, cannot be read, or is refused (see above).
    """
    return loads(bytes_of(path, most_bytes), str(path), most_bytes=most_bytes)


def bytes_of(path: Path, most_bytes: int) -> bytes:
    """What a regular file holds, if it is not longer.

    Raises:
        OpenVoidError: it is not a file, longer, or cannot be read.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for ever
            raise OpenVoidError("is not a file", where=str(path))
        with path.open("rb") as stream:
            data = stream.read(most_bytes + 1)
    except OSError as error:
        raise OpenVoidError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except ValueError as error:  # a name with a null in it
        raise OpenVoidError("cannot be a file's name", where=repr(str(path))) from error
    if len(data) > most_bytes:
        raise _too_long(most_bytes, str(path))
    return data


def loads(data: bytes | str, where: str = "", *, most_bytes: int = limits.FACTS_BYTES) -> Facts:
    """The facts in a text.

    Raises:
        OpenVoidError: it is refused (see above).
    """
    if len(data) > most_bytes:
        raise _too_long(most_bytes, where)
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OpenVoidError("cannot be read: it is not UTF-8", where=where) from error
    for marks, most in ((",[", limits.FACTS_VALUES), ("{", limits.FACTS_OBJECTS)):
        if sum(map(text.count, marks)) > most:
            raise OpenVoidError(f"holds more than {most // 10**6} million values", where=where)
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except _Twice as error:
        raise OpenVoidError(f"says {shown(error.name)} twice", where=where) from error
    except RecursionError as error:
        raise _too_deep(where) from error
    except ValueError as error:
        raise OpenVoidError(f"cannot be read: it is not JSON ({error})", where=where) from error
    _check(value, where)
    return Facts(value, where=where)


class _Twice(Exception):
    def __init__(self, name: str) -> None:
        self.name = name


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise _Twice(max(counts, key=lambda name: counts[name]))
    return made


_HOLDS = (dict, list, tuple)
Trail = tuple[Any, Any] | None
"""(trail of what holds it, its name or number there)."""


def _check(data: Any, where: str) -> None:
    """That all numbers in it are finite and short, and that it is not nested too deep."""
    for holder, trail in _holders(data, where):
        for name, value in _inside(holder):
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and not is_number(value):
                Facts(value, _path_of((trail, name)), where).refuse("a finite number")


def _holders(data: Any, where: str = "") -> Iterator[tuple[Any, Trail]]:
    """A list of it alone, then every object and list in it, and how one comes there.

    Without recursion, so that depth is told and never overflows.

    Raises:
        OpenVoidError: it is nested too deep.
    """
    stack: list[tuple[Any, Trail, int]] = [([data], None, 0)]
    while stack:
        value, trail, depth = stack.pop()
        if depth > limits.NESTED:
            raise _too_deep(where)
        yield value, trail
        stack.extend(
            (each, (trail, name), depth + 1)
            for name, each in _inside(value)
            if isinstance(each, _HOLDS)
        )


def _inside(holder: Any) -> Iterable[tuple[Any, Any]]:
    return holder.items() if isinstance(holder, dict) else enumerate(holder)


def _path_of(trail: Trail, before: str = "") -> str:
    """The name of what a trail leads to, the list that `_holders` begins with left out."""
    names = []
    while trail is not None:
        trail, name = trail
        names.append(name)
    found = Facts(None, before)
    for name in reversed(names[:-1]):
        inside = f"{found.name}[{name}]" if isinstance(name, int) else found._named(str(name))
        found = Facts(None, inside)
    return found.name


def _too_long(most_bytes: int, where: str) -> OpenVoidError:
    return OpenVoidError(f"holds more than {most_bytes >> 20} MiB", where=where)


def _too_deep(where: str) -> OpenVoidError:
    return OpenVoidError(f"is nested deeper than {limits.NESTED} levels", where=where)


def _is_writable(text: str) -> bool:
    """Whether it is Unicode: JSON can tell half a surrogate pair, which no file takes."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _counted(least: int, most: int) -> str:
    return f"a list of {least}" if least == most else f"a list of {least} to {most}"


def shown(value: Any) -> str:
    """A value for a message: short, printable, one line."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool | float):
        return json.dumps(value)
    if isinstance(value, int):
        text = limits.told(value)
    else:
        text = repr(value[: SHOWN + 1] if isinstance(value, str) else value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
