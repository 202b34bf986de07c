"""Cast: what an object that stays sheds around it, told from single pictures.

Enters: a scene whose object stays. Leaves: its light, each with where it is, a reason in words
and a confidence. A part counts that most of a few frames show. Knows no things: what is cast is
no thing, and whoever looks for things beside the object leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from openvoid.core.effects import Effect, EffectKind
from openvoid.reason import glow
from openvoid.reason.scene import Mask, Scene

LOOKS = 6  # frames in which it is looked at


@dataclass(frozen=True)
class Cast:
    """One thing that goes with the object and is none itself."""

    noun: str
    cause: str
    why: str
    mask: Mask
    sure: float


def casts(scene: Scene) -> list[Cast]:
    """Light of an object that stays."""
    label = scene.object.label
    found = []
    light = _agreed(scene, _glow)
    if light.any():
        why = f"Around the {label} the ground is brighter, or tinted with its colour, and the less"
        why += " so the farther from it, to both sides: its light."
        found.append(Cast(f"light of the {label}", "casts", why, light, 0.6))
    return found


def told(scene: Scene, found: Sequence[Cast]) -> Iterator[Effect]:
    """As effects."""
    frames = scene.object.seen
    for each in found:
        now = [place for t in frames for place in scene.places(each.mask & scene.seen(t), t)]
        kind = EffectKind.ARTEFACT
        yield Effect(each.noun, kind, each.cause, each.why, tuple(now), (), each.sure, "motion")


def whole(scene: Scene, found: Sequence[Cast]) -> Mask:
    """All of it."""
    return np.any([np.zeros(scene.size, bool), *(each.mask for each in found)], axis=0)


def _agreed(scene: Scene, look: Callable[[Scene, int], Mask]) -> Mask:
    """What most of some frames show, of those in which the spot is in the picture."""
    frames = scene.object.seen
    picked = np.unique(np.linspace(0, len(frames) - 1, LOOKS).round().astype(int))
    votes, views = np.zeros(scene.size, int), np.zeros(scene.size, int)
    for number in picked:
        found = look(scene, frames[number])
        votes += found
        views += scene.seen(frames[number])
    return np.asarray((votes >= 0.5 * views) & (votes > 0))


def _glow(scene: Scene, index: int) -> Mask:
    return glow.shed(scene.picture(index), scene.object[index], scene.seen(index))
