"""Report: findings, and how they are told.

Enters: findings of the phenomena, each with its places, a reason in words and a sign. Leaves:
effects (nothing else in the reasoner makes any), and plain words for things that are known by
colour, place and time alone. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from openvoid.core.effects import Effect, EffectKind, Place, Relation
from openvoid.reason.motion.confidence import ConfidenceLimits, Sign
from openvoid.reason.motion.limits import EYE, Limits, limit


@dataclass(frozen=True)
class ColourLimits(Limits):
    """Up to which hue, and how gray or dark, a colour has its name."""

    hues: tuple[tuple[float, str], ...] = limit(
        (
            (15, "red"),
            (45, "orange"),
            (70, "yellow"),
            (165, "green"),
            (200, "cyan"),
            (255, "blue"),
            (290, "purple"),
            (335, "pink"),
            (360, "red"),
        ),
        "degrees up to which a hue has the name",
        EYE,
    )
    gray: float = limit(0.18, "saturation: less has no hue", EYE)
    black: float = limit(0.16, "value: darker has no hue", EYE)
    white: float = limit(0.82, "value: lighter is white, if gray", EYE)
    brown: float = limit(0.62, "value: orange darker than this", EYE)


@dataclass(frozen=True)
class Finding:
    """What one phenomenon has to say about one thing."""

    kind: EffectKind
    relation: Relation
    noun: str
    why: str
    now: tuple[Place, ...]  # where it is in the clip
    goes: tuple[Place, ...]  # where it would be without the object
    sign: Sign  # by what it is told, and so how surely
    before: tuple[Place, ...] = ()  # where what moved was until the object touched it


def effects(
    findings: Iterable[Finding], limits: ConfidenceLimits, *, paths: bool = True
) -> Iterator[Effect]:
    """Findings as effects; without `paths` nobody says where a thing would go."""
    for each in findings:
        yield Effect(
            noun=each.noun,
            kind=each.kind,
            cause=each.relation,
            why=each.why,
            now=each.now,
            goes=each.goes if paths else (),
            before=each.before,
            confidence=each.sign.confidence(limits),
            source="motion",
        )


def colour_name(colour: Sequence[float], limits: ColourLimits) -> str:
    """A colour's name; (red, green, blue) 0..1 as a screen shows it."""
    pixel = np.clip(np.array(colour, np.float32), 0, 1).reshape(1, 1, 3)
    hue, saturation, value = (float(each) for each in cv2.cvtColor(pixel, cv2.COLOR_RGB2HSV)[0, 0])
    if value < limits.black:
        return "black"
    if saturation < limits.gray:
        return "white" if value > limits.white else "gray"
    name = next(word for limit, word in limits.hues if hue <= limit)
    return "brown" if name == "orange" and value < limits.brown else name


def where_name(x: float, y: float) -> str:
    """Where in the picture a point is; shares of width and height."""
    across = ("left", "middle", "right")[min(2, max(0, int(x * 3)))]
    down = ("top", "middle", "bottom")[min(2, max(0, int(y * 3)))]
    if across == down:
        return "middle"
    if "middle" in (across, down):
        return across if down == "middle" else down
    return f"{down} {across}"


def frames_name(frames: Sequence[int]) -> str:
    """Frames as a reader says them: the first and the last."""
    first, last = min(frames), max(frames)
    return f"frame {first}" if first == last else f"frames {first} to {last}"
