"""Unrest: how much more a place stirs since something touched it than when nothing did.

Enters: evidence, and a disturbed thing. Leaves: a number of times. What is struck lay still and now
moves, or moves and comes to rest. Water, leaves, a crowd, flames and what the camera model leaves
over change from frame to frame before the object comes as they do after: once or so. That they look
as they did not look before is then nobody's doing. It is the test of `disturbance` at other times
(a permutation test, Good 2005) without its memory, so that it needs no chance event to begin with.

Told by the mean change from one frame to the next, without what the object, its light and the
picture's border hide; a push may be short, so the most restless of a few frames count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.reason.motion import shadow
from openvoid.reason.motion.disturbance import Thing
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.limits import COST, WORKING, Limits, limit
from openvoid.reason.motion.scene import Mask
from openvoid.vision.masks import grown, largest

CALM = (
    "0.0 to 1.7 on 10 things that are nobody's doing in BigBen, boys-beach, camel, cat, kite-walk"
    " and moving_ball; 2.1 and more on 22 of 24 that are, in worlds of seeds 8113, 8222 and 5200"
)


@dataclass(frozen=True)
class UnrestLimits(Limits):
    """What is compared."""

    frames: int = limit(8, "before and since", COST)
    fewest: int = limit(2, "frames before: by fewer it is not known", CALM)
    highest: int = limit(3, "frames, the most restless ones, whose mean counts", CALM)
    soon: int = limit(6, "frames of a thing that tell its place", CALM)
    floor: float = limit(0.001, "of white: nothing is calmer", "a quarter of a step of 8 bits")
    rim_px: int = limit(4, "around the object and its light", WORKING)
    fewest_px: int = limit(20, "of a place must show", WORKING)


def rise(evidence: Evidence, thing: Thing) -> float:
    """How many times as much a thing's place stirs since it began as before; or, where too little
    is seen before, as in the last frames. 1 where that is not known either."""
    limits, scene = evidence.limits(UnrestLimits), evidence.scene
    began, length = thing.began, scene.length
    place = np.zeros(scene.size, bool)
    for frame in thing.frames:
        if frame < began + limits.soon:
            place |= thing.mask(frame, scene.size)
    since = range(began + 1, min(length, began + 1 + limits.frames))
    calm = range(max(1, began - limits.frames), began)
    if began <= limits.fewest:
        calm = range(max(since.stop, length - limits.frames), length)
    return against(evidence, (place, since), (place, calm))


Seen = tuple[Mask, Iterable[int]]
"""A place in some frames."""


def against(evidence: Evidence, one: Seen, other: Seen) -> float:
    """How many times as much a place stirs as another, or at other times; 1 if one is not seen."""
    limits = evidence.limits(UnrestLimits)
    now, calm = (_stir(evidence, *each, limits) for each in (one, other))
    alike = min(len(now), len(calm))
    return _times(now[:alike], calm[-alike:], limits) if alike else 1.0


def _times(now: list[float], calm: list[float], limits: UnrestLimits) -> float:
    top, other = (float(np.mean(sorted(each)[-limits.highest :])) for each in (now, calm))
    return top / max(other, limits.floor)


def _stir(
    evidence: Evidence, place: Mask, frames: Iterable[int], limits: UnrestLimits
) -> list[float]:
    """How much a place changes from the frame before, in each frame that shows enough of it."""
    found = []
    for index in frames:
        change, shown = _change(evidence, index, limits)
        here = place & shown
        if here.sum() >= limits.fewest_px:
            found.append(float(change[here].mean()))
    return found


def _change(
    evidence: Evidence, index: int, limits: UnrestLimits
) -> tuple[NDArray[np.float32], Mask]:
    """How a frame differs from the one before, [H, W] of white, and where both are seen."""
    scene, light = evidence.scene, shadow.going_along(evidence)
    off = cv2.blur(scene.picture(index) - scene.picture(index - 1), (3, 3))
    own = [scene.object[t] | light[t] for t in (index - 1, index)]
    seen = scene.seen(index) & scene.seen(index - 1)
    shown = seen & ~grown(np.asarray(own[0] | own[1]), limits.rim_px)
    return np.asarray(largest(np.abs(off)), np.float32), shown
