"""What every benchmark does alike: how it is started, and what a number must be."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

from openvoid.core.errors import OpenVoidError


@dataclass(frozen=True)
class Finding:
    """A number, and what it must be."""

    what: str
    value: str
    target: str
    met: bool


def start(main: Callable[[], int]) -> None:
    """Run a benchmark as a program: a mistake is told in one line and exits 2."""
    try:
        sys.exit(main())
    except OpenVoidError as error:
        print(error.line(), file=sys.stderr)
        sys.exit(2)
