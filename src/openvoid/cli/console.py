"""What a person reads and what a machine reads, and the flags that choose between them.

Enters: facts. Leaves: lines for a person, or one JSON object on standard output. Progress is told
by `progress`, mistakes by `main`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object at the end, for machines.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Tell no progress and no summary.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output that exists.")]


def tell_json(facts: Mapping[str, Any]) -> None:
    """One JSON object on standard output."""
    print(json.dumps(plain(facts), indent=2, ensure_ascii=False))


def plain(value: Any) -> Any:
    """The same in JSON's own types: paths and fractions as text, no number beyond JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Path | Fraction):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("infinite" if value > 0 else "-infinite")
    return value


def tell_rows(rows: Iterable[tuple[str, str]]) -> None:
    """Two columns: a name, and what there is to say about it."""
    listed = list(rows)
    width = max((len(name) for name, _ in listed), default=0)
    for name, text in listed:
        print(f"{name:<{width}}  {text}")


def tell_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table with its first column to the left and numbers to the right."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        first = f"{line[0]:<{widths[0]}}"
        rest = (f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        print("  ".join([first, *rest]).rstrip())


def listed(words: Iterable[str]) -> str:
    """`a, b or c`."""
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def percent(share: float) -> str:
    """A share as a person reads it; what is there but small is not shown as nothing."""
    return "under 0.01 %" if 0 < share < 0.0001 else f"{100 * share:.2f} %"


def decibel(value: float) -> str:
    """A PSNR; identical pictures have none."""
    if math.isnan(value):
        return "-"
    return "identical" if math.isinf(value) else f"{value:.2f} dB"
