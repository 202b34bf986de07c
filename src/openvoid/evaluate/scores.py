"""The score of one run, and how it is kept: `scores.json` in the run's own folder.

Enters: numbers. Leaves: the same numbers later, with digests that tell whether the result, and
whether its numbers, would come out the same. Knows no metric and makes no result.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from openvoid.media.atomic import partial_file

SCORES = "scores.json"
SCHEMA = "openvoid.score/1"


@dataclass(frozen=True)
class Score:
    """One contestant on one shot. `error` is empty where all went well."""

    contestant: str
    shot: str
    family: str
    seed: int | None = None
    error: str = ""
    seconds: float = math.nan
    peak_mib: float = math.nan
    frames: int = 0
    values: Mapping[str, float] = field(default_factory=dict)  # NaN: nothing to measure here
    warnings: tuple[str, ...] = ()


def run_folder(out: Path, contestant: str, shot: str) -> Path:
    """Where all of one contestant on one shot is."""
    return out / "runs" / contestant / shot


def digest(facts: Mapping[str, Any]) -> str:
    """SHA-256 of facts that JSON can hold."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Keys:
    """What a run hangs on, as two digests."""

    made: str  # the result: contestant, shot, our version
    measured: str  # its numbers: the metrics and their options


def read_score(folder: Path) -> tuple[Score, Keys] | None:
    """The score of an earlier run, and what it hung on; None where there is none to read."""
    try:
        data = json.loads((folder / SCORES).read_text(encoding="utf-8"))
        if data.pop("schema") != SCHEMA:
            return None
        keys = Keys(**data.pop("keys"))
        data["values"] = {name: _number(value) for name, value in data["values"].items()}
        data["seconds"], data["peak_mib"] = _number(data["seconds"]), _number(data["peak_mib"])
        return Score(**data | {"warnings": tuple(data["warnings"])}), keys
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_score(folder: Path, score: Score, keys: Keys) -> None:
    """Keep a score, so that the run needs not be done again."""
    data = {"schema": SCHEMA, "keys": asdict(keys), **plain(asdict(score))}
    with partial_file(folder / SCORES) as partial:
        partial.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def plain(value: Any) -> Any:
    """The same in JSON's own types: what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
