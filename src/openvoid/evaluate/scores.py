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

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts
from openvoid.core.limits import FRAME
from openvoid.media.atomic import write_json
from openvoid.media.transaction import recover

SCORES = "scores.json"
SCHEMA = "openvoid.score/1"
KEYS = ("made", "measured")
MOST = 1e300  # any finite number


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
        told = facts.read(folder / SCORES)
        told.at("schema").text(among=[SCHEMA])
        return _score(told), Keys(*(told.at("keys").at(name).text() for name in KEYS))
    except OpenVoidError:
        return None  # missing or damaged: that run is made again


def _score(told: Facts) -> Score:
    return Score(
        contestant=told.at("contestant").text(),
        shot=told.at("shot").text(),
        family=told.at("family").text(),
        seed=told.at("seed").whole(0, 2**64) if "seed" in told else None,
        error=told.at("error").text(),
        seconds=_number(told, "seconds"),
        peak_mib=_number(told, "peak_mib"),
        frames=told.at("frames").whole(0, FRAME),
        values={name: _number(told.at("values"), name) for name in told.at("values").fields()},
        warnings=tuple(each.text() for each in told.at("warnings").rows()),
    )


def write_score(folder: Path, score: Score, keys: Keys) -> None:
    """Keep a score, so that the run needs not be done again."""
    data = {"schema": SCHEMA, "keys": asdict(keys), **plain(asdict(score))}
    recover([folder / SCORES])
    write_json(data, folder / SCORES)


def plain(value: Any) -> Any:
    """The same in JSON's own types: what is not a number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(told: Facts, name: str) -> float:
    """NaN where it is null, as `plain` writes it."""
    return told.at(name).number(-MOST, MOST) if name in told else math.nan
