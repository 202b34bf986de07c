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
HARM = "set on benchmarks/harm.py, boys-beach and lime, and two worlds a family: docs/benchmarks.md"
WORKING = "the working size: 480 pixels, where outlines are right to one or two"
EYE = "everyday names of colours; the tests hold seven of them"
COST = "time: as many as are looked at where docs/benchmarks.md gives a score"


def limit(value: T, help: str, source: str) -> T:
    """A field of a phenomenon's limits: its value, what it is of, and its source."""
    made: Any = dataclasses.field(default=value, metadata={"help": help, "source": source})
    field: T = made
    return field


@dataclass(frozen=True)
class Limits:
    """The limits of a phenomenon; each has a class of its own."""
