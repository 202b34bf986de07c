"""The standard sets of shots: which worlds, by family and seed, and proof that they are the same.

Enters: a set's name, and functions that describe and make a world (handed in: this layer knows no
generator). Leaves: which worlds, or an error. A description is checked by the SHA-256 of its JSON,
its numbers to six digits, so that everybody judges by the same scenes on every kind of processor.
Pixels may differ in the last bits between drivers of OpenGL, so they are not checked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from openvoid.core.errors import OpenVoidError
from openvoid.evaluate.worlds_1 import WORLDS_1

DIGITS = 16  # of the SHA-256, in the tables


@dataclass(frozen=True)
class Split:
    """A standard set: worlds of one size, length and rate."""

    name: str
    worlds: Mapping[tuple[str, int], str]  # (family, seed) -> SHA-256 of the description
    size: tuple[int, int] = (384, 672)
    frames: int = 60
    rate: Fraction = Fraction(12)

    def reduced(self, families: Sequence[str], limit: int | None) -> list[tuple[str, int]]:
        """The first `limit` worlds of each of some families; all of all where nothing is said.

        Raises:
            OpenVoidError: a family that is not in the set.
        """
        known = list(dict.fromkeys(family for family, _ in self.worlds))
        for family in families:
            if family not in known:
                mend = f"one of: {', '.join(known)}"
                raise OpenVoidError(f"no {family!r} in {self.name}", where="--family", mend=mend)
        seeds = {
            family: [seed for of, seed in self.worlds if of == family][:limit]
            for family in families or known
        }
        return [(family, seed) for family, found in seeds.items() for seed in found]


SPLITS = {"worlds-1": Split("worlds-1", WORLDS_1)}

Describe = Callable[[str, int], str]
"""(family, seed) -> the description as JSON."""


def digest(description: str) -> str:
    """What the tables hold of a description: the same where numbers agree to six digits."""
    text = json.dumps(_rounded(json.loads(description)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return f"{value + 0.0:.5e}" if isinstance(value, int | float) else value


def check(split: Split, worlds: Sequence[tuple[str, int]], describe: Describe) -> None:
    """Whether this version describes these worlds as the set's table says.

    Raises:
        OpenVoidError: it does not.
    """
    wrong = [
        f"{family} {seed}"
        for family, seed in worlds
        if digest(describe(family, seed)) != split.worlds[family, seed]
    ]
    if wrong:
        named = ", ".join(wrong[:3]) + (", ..." if len(wrong) > 3 else "")
        raise OpenVoidError(
            f"{len(wrong)} of {len(worlds)} worlds are not those of {split.name}: {named}",
            mend=f"numbers would not compare; use the version that made {split.name}",
        )


def shot_folder(folder: Path, family: str, seed: int) -> Path:
    """Where a world's shot is, in a folder of a set."""
    return folder / f"{family}-{seed:05}"
