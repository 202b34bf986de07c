"""The report beside a result: what was done, with what, and where each pixel comes from.

Enters: a `RemovalResult`. Leaves: JSON of schema "openvoid.report/1", the same for the same removal
but for the timings. Knows what is told, not how it was found.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from openvoid.core.removal import RemovalResult

SCHEMA = "openvoid.report/1"


def report_of(result: RemovalResult) -> dict[str, Any]:
    """A result as plain JSON values. Of files the names are told, not where they lie."""
    told: dict[str, Any] = plain(
        {
            "schema": SCHEMA,
            "master": placeless(result.master),
            "matte": placeless(result.matte),
            "patch": placeless(result.patch),
            **placeless(vars(result.provenance)),
            "shares": result.shares,
            "notes": placeless(result.notes),
            "warnings": placeless(result.warnings),
        }
    )
    return told


def placeless(value: Any) -> Any:
    """Absolute paths as names, home folders in texts as `~`: who reads a report may be anybody."""
    if isinstance(value, Mapping):
        return {key: placeless(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [placeless(inner) for inner in value]
    if isinstance(value, str | Path) and Path(value).is_absolute():
        return Path(value).name
    home = str(Path("~").expanduser()) if os.environ.get("HOME", "/") != "/" else ""
    return value.replace(home, "~") if home and isinstance(value, str) else value


def text_of(result: RemovalResult) -> str:
    """The report's file; a lone surrogate, of an odd file name, is to be escaped as JSON does."""
    return json.dumps(report_of(result), indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def plain(value: Any) -> Any:
    """Anything as JSON values: arrays as lists, what is not finite as null, the rest as text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, np.generic | np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        inner = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(item) for item in inner]
    return str(value)
