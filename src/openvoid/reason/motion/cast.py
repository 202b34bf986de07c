"""Cast: what an object that stays sheds around it, told from single pictures.

Enters: a scene whose object stays. Leaves: its light and its shadow, each with where it is, a
reason in words and a confidence. A part counts that most of a few frames show. Knows no things;
whoever looks for things beside the object leaves out what stands in its light (`unlit`). Shadows
hide nothing: the object's may run into that of a thing which it bears.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from openvoid.core.effects import Effect, EffectKind
from openvoid.reason.motion import lamp
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.reason.motion.shadow import cast_shadow
from openvoid.reason.motion.surfaces import surfaces
from openvoid.vision.masks import grown

LOOKS = 6  # frames in which it is looked at
ABOVE = 0.4  # of the object's height, from its top: what ends above that does not stand


@dataclass(frozen=True)
class Cast:
    """One thing that goes with the object and is none itself."""

    noun: str
    cause: str
    why: str
    mask: Mask
    sure: float
    shines: bool  # it is light, not shadow


def casts(scene: Scene) -> list[Cast]:
    """Light and shadow of an object that stays."""
    label = scene.object.label
    found = []
    light, shadow = _agreed(scene, _light_and_shadow)
    if light.any():
        why = f"Around the {label} the ground is brighter, or tinted with its colour, and the less"
        why += " so the farther from it, to both sides: its light."
        found.append(Cast(f"light of the {label}", "casts", why, light, 0.6, True))
    if shadow.any():
        why = f"At the foot of the {label} the ground is darker by the same factor in all colours,"
        why += " up to an edge: its shadow."
        found.append(Cast(f"shadow of the {label}", "casts", why, shadow, 0.55, False))
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


def unlit(mask: Mask, shed: Mask, object_: Mask) -> Mask:
    """A mask without what stands in the object's light by itself: right below its foot is the
    ground on which that falls."""
    rest = mask & ~shed
    rows = np.flatnonzero(object_.any(axis=1))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(rest.astype(np.uint8))
    for part, (_, top, _, high, _) in enumerate(stats):
        if part == 0 or top + high < rows[0] + ABOVE * (rows[-1] - rows[0]):
            continue  # high up: it does not stand
        spots = labels == part
        low = np.zeros_like(spots)
        low[max(0, top + high - 3) : top + high + 4] = True
        if (grown(spots, 4) & low & shed).any():
            rest[spots] = False
    return rest


def _agreed(scene: Scene, look: Callable[[Scene, int], tuple[Mask, Mask]]) -> tuple[Mask, Mask]:
    """What most of some frames show. Whether there is any is asked of all of them; where it is, of
    those that show any and in which the spot is in the picture: the rest failed to tell it."""
    frames = scene.object.seen
    picked = np.unique(np.linspace(0, len(frames) - 1, LOOKS).round().astype(int))
    votes, views = np.zeros((2, *scene.size), int), np.zeros((2, *scene.size), int)
    showing = np.zeros(2, int)
    for number in picked:
        found = np.stack(look(scene, frames[number]))
        any_ = np.array([each.any() for each in found])
        votes += found
        views += scene.seen(frames[number]) & any_[:, None, None]
        showing += any_
    agreed = (votes >= 0.5 * views) & (votes > 0)
    agreed[2 * showing < len(picked)] = False
    return agreed[0], agreed[1]


def _light_and_shadow(scene: Scene, index: int) -> tuple[Mask, Mask]:
    picture, object_, seen = scene.picture(index), scene.object[index], scene.seen(index)
    found = surfaces(picture, object_, seen)
    light = lamp.shed(picture, found, object_, seen)
    if light.any():  # its shadow is in it, and what else is dark is not lit
        return light, np.zeros_like(light)
    return light, cast_shadow(picture, found, object_)
