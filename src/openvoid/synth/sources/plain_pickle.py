"""Plain pickle: what a pickle holds, if that is numbers, texts, containers and plain arrays.

Enters: bytes that nobody trusts. Leaves: the same values; arrays are built here from checked parts:
a type of numbers, a shape, as many bytes. Nothing of the pickle's own choosing is ever called:
numpy's constructors, whose state can be made to point anywhere, are not, and the machine that reads
is Python's own in Python, which has no table that a number in the file could make huge. Knows no
recordings.

The forms of arrays are those that numpy 1 and 2 write in protocols 0 to 5 (`ndarray.__reduce__`,
`_frombuffer`, `scalar`).
"""

from __future__ import annotations

import io
import math
import pickle
import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_NUMBERS = 1 << 27  # in one array: 1 GiB of float64

_NUMBERS = re.compile(r"[<>=|]?(?:b1|[iu][1248]|f[248])")
_Reader: Any = pickle._Unpickler


def load_plain(data: bytes) -> Any:
    """The value of a pickle.

    Raises:
        pickle.UnpicklingError: it holds or asks for anything else, or is broken.
    """
    try:
        return _Plain(io.BytesIO(data)).load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # a broken pickle raises nearly anything
        raise pickle.UnpicklingError(f"broken: {type(error).__name__}: {error}") from error


class _Plain(_Reader):  # type: ignore[misc]
    """Knows a few names, and gives for them what is harmless here."""

    def find_class(self, module: str, name: str) -> Any:
        package, _, place = module.partition(".")
        known = _KNOWN.get((place.removeprefix("_"), name)) if package == "numpy" else None
        known = known or _ELSEWHERE.get((module, name))
        if known is not None:
            return known
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


class _Marker:
    """Stands for numpy.ndarray, which is only ever handed back to us."""


class Kind:
    """A type of numbers, as a pickle tells it: a short text, and then the order of bytes."""

    def __init__(self, text: Any, *_: Any) -> None:
        if isinstance(text, bytes):
            text = text.decode("latin1")
        if not isinstance(text, str) or not _NUMBERS.fullmatch(text):
            raise pickle.UnpicklingError(f"an array of {text!r:.40}")
        self._text = text.lstrip("<>=|")
        self._order = "<" if text[0] not in "<>" else text[0]

    def __setstate__(self, state: Any) -> None:
        version, order, *rest = state
        if version not in (3, 4) or order not in ("<", ">", "=", "|") or any(rest[:3]):
            raise pickle.UnpicklingError("an array with fields")
        if order in "<>":
            self._order = order

    @property
    def dtype(self) -> np.dtype[Any]:
        """As numpy's."""
        return np.dtype(self._order + self._text)


class Plain:
    """An array in the making: `_reconstruct` gives an empty one, its state comes afterwards."""

    def __init__(self, values: NDArray[Any] | None = None) -> None:
        self._values = np.zeros(0) if values is None else values

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, data = state if len(state) == 5 else (1, *state)
        self._values = _array(data, kind, shape, "F" if fortran else "C")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self._values.astype(dtype) if dtype is not None else self._values.copy()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: Any) -> Any:
        return self._values[index]

    def __repr__(self) -> str:
        return repr(self._values)


def _reconstruct(*_: Any) -> Plain:
    return Plain()


def _frombuffer(data: Any, kind: Any, shape: Any, order: str) -> Plain:
    return Plain(_array(data, kind, shape, order))


def _scalar(kind: Any, data: Any = b"") -> Any:
    return _array(data, kind, (), "C")[()]


def _array(data: Any, kind: Any, shape: Any, order: str) -> NDArray[Any]:
    if not isinstance(kind, Kind):
        raise pickle.UnpicklingError("an array of no known type")
    if isinstance(data, str):  # protocol 0 to 2, written by Python 2
        data = data.encode("latin1")
    if isinstance(data, pickle.PickleBuffer):
        data = data.raw()
    sides = tuple(shape)
    whole = all(type(side) is int and 0 <= side <= MOST_NUMBERS for side in sides)
    if not whole or len(sides) > 8 or math.prod(sides) > MOST_NUMBERS:
        raise pickle.UnpicklingError(f"an array of shape {sides!r:.60}")
    if not isinstance(data, bytes | bytearray | memoryview) or order not in ("C", "F"):
        raise pickle.UnpicklingError("an array without its bytes")
    if len(bytes(data)) != math.prod(sides) * kind.dtype.itemsize:
        raise pickle.UnpicklingError("an array of more or fewer bytes than its shape")
    return np.frombuffer(bytes(data), kind.dtype).reshape(sides, order=order)  # type: ignore[call-overload]


def _latin1(text: str, _: str = "") -> bytes:
    return text.encode("latin1")


def _nothing() -> bytes:
    return b""


_KNOWN: dict[tuple[str, str], Any] = {  # of numpy 1's numpy.core and numpy 2's numpy._core
    ("", "dtype"): Kind,
    ("", "ndarray"): _Marker,
    ("core.multiarray", "_reconstruct"): _reconstruct,
    ("core.multiarray", "scalar"): _scalar,
    ("core.numeric", "_frombuffer"): _frombuffer,
}
_ELSEWHERE: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _latin1,  # how old protocols write bytes
    ("__builtin__", "bytes"): _nothing,  # and none
}
