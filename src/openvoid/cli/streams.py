"""What the command says its words into: streams that may be closed, full, or of few letters.

Enters: the process's own standard streams, as whoever started it left them. Leaves: ones that can
be written to. What is said to a person on standard error may be lost, the work may not: a closed
terminal or a full log disk stops no removal. What a machine reads on standard output must arrive:
if it cannot, the exit code says so. Knows no verb.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO


class Forgiving:
    """A text stream whose faults of writing are forgotten; all else is the stream's own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written; letters that the stream does not have are replaced."""
        with suppress(OSError, ValueError):
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoding = self._stream.encoding or "ascii"
                self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)

    def flush(self) -> None:
        """Flush it, if that can be done."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def prepare() -> None:
    """Make the process's standard streams usable."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # odd file names
    sys.stderr = Forgiving(sys.stderr)


def flushed(code: int) -> int:
    """The exit code once all is said: 2 where standard output could not take what was done."""
    sys.stderr.flush()
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        with suppress(OSError):  # so that the interpreter does not try, and fail, once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        broken = isinstance(error, BrokenPipeError)
        if not broken:
            sys.stderr.write(f"openvoid: error: standard output cannot be written: {error}\n")
        return code or (0 if broken else 2)
    return code
