"""Limits: the numbers by which a phenomenon is told, each with its source.

The numbers of a phenomenon are the fields of one frozen dataclass, made by `limit`: the value, what
it is of, and where it comes from. That is a paper, a law of nature, the size at which pictures are
looked at, or, for most, the worlds on which it was set by hand together with the score that the
rules reach with it on others (docs/benchmarks.md). Such a number is no law: whoever has more worlds
may find a better one, and hands it to the reasoner (`MotionReasoner(limits=...)`).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, TypeVar

from openvoid.core.errors import OpenVoidError

T = TypeVar("T")

# What a score says: recall and keep, pooled over worlds that the number was not set on.
SCENES = "set on the made scenes of benchmarks/reason_scenes.py: 0.960 to 1.000, 0.934 to 0.994"
COLLIDE = "set on worlds-1 collide, seeds 1 to 5; on seeds 6 to 10: 0.907, 0.946"
SUPPORT = "set on worlds-1 support, seeds 1 to 5; on seeds 6 to 10: 0.829, 0.931"
STACK = "set on worlds-1 stack, seeds 1 to 5; on seeds 6 to 10: 0.847, 0.921"
PRESS = "set on worlds-1 press, seeds 1 to 5; on seeds 6 to 10: 0.881, 0.911"
WATER = (
    "set on worlds-1 water, seeds 1 to 5; on seeds 6 to 8: 0.933, 0.971; on 9 and 10: 0.940, 0.951"
)
LIGHT = "set on worlds-1 light, seeds 1 to 5; on seeds 6 to 10: 0.942, 0.934"
LIME = "set on the released shot lime, against its mask, which is no truth: 0.811, 0.980"
WORKING = "the working size: 480 pixels, where outlines are right to one or two"
EYE = "everyday names of colours; the tests hold seven of them"
COST = "time: as many as are looked at where docs/benchmarks.md gives a score"


def limit(
    value: T, help: str, source: str, *, low: float | None = None, high: float | None = None
) -> T:
    """A field of a phenomenon's limits: its value, what it is of, its source, its range."""
    metadata = {"help": help, "source": source, "low": low, "high": high}
    made: Any = dataclasses.field(default=value, metadata=metadata)
    field: T = made
    return field


@dataclass(frozen=True)
class Limits:
    """What the limits of all phenomena have in common.

    Raises:
        OpenVoidError: a number out of its range.
    """

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            value, low, high = getattr(self, each.name), *map(each.metadata.get, ("low", "high"))
            if (low is not None and value < low) or (high is not None and value > high):
                raise OpenVoidError(
                    f"{type(self).__name__}.{each.name} is {value}",
                    mend=f"it lies between {low} and {high}",
                )
