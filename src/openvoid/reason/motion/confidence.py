"""Confidence: how often what is told by such a sign was real, counted where the truth is known.

Enters: a sign: by which cue a thing is told, and how plainly (its contrast: how many times as much
as the same test finds by chance, where it has such a test). Leaves: a confidence, 0..1: of the
effects that were told by that cue about as plainly in shots with a known truth, the share that was
real. The counts are the table below, grouped so that what is told more plainly is never less sure
(isotonic regression by pooling of adjacent violators, Ayer et al. 1955), with one real and one
false effect added to each group (Laplace's rule: few cases make nobody sure).
`benchmarks/reliability.py` makes the table, and tells how it does on shots that it was not made on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from openvoid.reason.motion.limits import Limits, limit


@unique
class Cue(StrEnum):
    """By what a thing is told."""

    ALONG = "along"  # darker, brighter or of its colours, wherever it goes
    ALONG_PANNED = "along panned"  # the same, the camera moving
    IMAGE_ALIKE = "image alike"  # its colours, moving as it moves
    IMAGE_ALIKE_PANNED = "image alike panned"  # the same, the camera moving
    IMAGE_BELOW = "image below"  # its look upside down below it
    IMAGE_STILL = "image still"  # the same, but it does not move as the object does
    SHADE_CAST = "shade cast"  # the ground at its foot over again, darker
    SHADE_BESIDE = "shade beside"  # the border's colours beside it, darker
    SHADE_CONTACT = "shade contact"  # the ground right below it is not as to both sides
    SHADE_STILL = "shade still"  # it stays where it is though the object's foot does not
    LIGHT_SHED = "light shed"  # the ground brighter, less so with the distance
    PUSHED = "pushed"  # changed since it was touched
    PUSHED_PANNED = "pushed panned"  # the same, the camera moving
    PUSHED_VAGUELY = "pushed vaguely"  # the same, hardly more plainly than chance, or it vanishes
    PUSHED_RESTLESS = "pushed restless"  # the same, and it stirs as it does without contact
    PUSHED_VAST = "pushed vast"  # the same, too large to be one thing that it set going
    PUSHED_ON = "pushed on"  # changed since what the object pushed touched it
    STOPPED = "stopped"  # leaves its course where it meets the object
    STOPPED_PANNED = "stopped panned"  # the same, the camera moving
    STOPPED_VAGUELY = "stopped vaguely"  # the same, and does not keep its size
    BORNE = "borne"  # hangs together with it where it stands
    BORNE_LOOSE = "borne loose"  # the same, but it does not go along with the object
    BORNE_VAST = "borne vast"  # the same, and it is a large part of the picture
    CARRIED = "carried"  # hangs together with it as it sets out
    CONTENTS = "contents"  # its inside looks different since something came in
    STIRRED = "stirred"  # water that it goes into
    STIRRED_VAGUELY = "stirred vaguely"  # the same, and it stirs no more than before or beside it
    LANDED = "landed"  # a surface that stops its fall


Rows = tuple[tuple[float, int, int], ...]
"""Each: from which contrast on; how many were told with it; how many of those were real."""

CASES = "docs/reason.md, How sure it is: counted by benchmarks/reliability.py"


@dataclass(frozen=True)
class ConfidenceLimits(Limits):
    """How sure which sign makes one."""

    most: float = limit(100.0, "contrast: more counts as this; chance made next to nothing", CASES)
    fewest: int = limit(5, "cases: what was told more rarely is only asked", CASES)
    unproven: float = limit(0.4, "confidence at most of what was told more rarely", CASES)
    asked: tuple[Cue, ...] = limit(
        (Cue.LANDED, Cue.IMAGE_STILL),
        "as sure as what is unproven at most: a surface where it may give way, of which a fifth to"
        " a half does; an image that does not move as one must",
        CASES,
    )
    rows: tuple[tuple[Cue, Rows], ...] = limit(
        (
            (Cue.ALONG, ((0, 20, 18), (32.19, 25, 24))),
            (Cue.ALONG_PANNED, ((0, 12, 8), (29.69, 18, 15))),
            (Cue.IMAGE_ALIKE, ((0, 5, 2),)),
            (Cue.IMAGE_ALIKE_PANNED, ((0, 9, 4),)),
            (Cue.IMAGE_BELOW, ((0, 13, 9),)),
            (Cue.IMAGE_STILL, ((0, 11, 7),)),
            (Cue.SHADE_CAST, ((0, 15, 14),)),
            (Cue.SHADE_BESIDE, ((0, 24, 19),)),
            (Cue.SHADE_CONTACT, ((0, 10, 5), (3.95, 7, 7))),
            (Cue.SHADE_STILL, ((0, 21, 7),)),
            (Cue.LIGHT_SHED, ((0, 11, 10),)),
            (Cue.PUSHED, ((0, 5, 4), (5.02, 10, 9))),
            (Cue.PUSHED_PANNED, ((0, 5, 4), (2.33, 20, 19))),
            (Cue.PUSHED_VAGUELY, ((0, 2, 1),)),
            (Cue.PUSHED_RESTLESS, ((0, 20, 3), (1.12, 5, 1), (1.33, 7, 2))),
            (Cue.PUSHED_ON, ((0, 7, 5),)),
            (Cue.STOPPED, ((0, 5, 3),)),
            (Cue.STOPPED_PANNED, ((0, 4, 2),)),
            (Cue.STOPPED_VAGUELY, ((0, 8, 3),)),
            (Cue.BORNE, ((0, 5, 3), (3.89, 14, 13))),
            (Cue.BORNE_LOOSE, ((0, 6, 1),)),
            (Cue.CARRIED, ((0, 7, 4),)),
            (Cue.CONTENTS, ((0, 1, 0),)),
            (Cue.STIRRED, ((0, 8, 8),)),
            (Cue.STIRRED_VAGUELY, ((0, 2, 0),)),
            (Cue.LANDED, ((0, 11, 11),)),
        ),
        "of each cue: what was told, and what of it was real",
        CASES,
    )


@dataclass(frozen=True)
class Sign:
    """By what something is told, and how plainly: times what chance gives (1: no more than that,
    or the cue has no such test)."""

    cue: Cue
    contrast: float = 1.0

    def confidence(self, limits: ConfidenceLimits) -> float:
        """How often such a sign was right."""
        rows = dict(limits.rows).get(self.cue, ((0.0, 0, 0),))
        told, real = next(
            (each[1:] for each in reversed(rows) if self.contrast >= each[0]), rows[0][1:]
        )
        sure, cases = share(told, real), sum(each[1] for each in rows)
        proven = cases >= limits.fewest and self.cue not in limits.asked
        return sure if proven else min(sure, limits.unproven)


def times(own: float, chance: float, most: float = ConfidenceLimits().most) -> float:
    """How many times as much as by chance; at most `most`."""
    return min(most, own / chance) if chance > 0 else (most if own > 0 else 0.0)


def share(told: int, real: int) -> float:
    """How sure so many cases make one (Laplace's rule of succession)."""
    return (real + 1) / (told + 2)
