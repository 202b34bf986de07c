"""Chance: what the same test finds in this shot where the object touches nothing.

Enters: evidence. Leaves: the object's silhouettes moved to other places of the shot, as large and
as fast, or to other times, so that they come to each place before the object does; and how often a
test that is run on those gives about as much as on the object itself (a permutation test, Good
2005). Waves, leaves, crowds and parallax go on wherever the silhouette is put: what they do beside
the object is no evidence. Where there is no other place, because the object is too large, nothing
can be compared and nothing stands out. Knows no test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from openvoid.core.track import Track
from openvoid.reason.motion.confidence import times
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, HARM, SCENES, Limits, limit
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.vision.masks import grown


@dataclass(frozen=True)
class ChanceLimits(Limits):
    """Where the object is put, and what stands out from that."""

    steps: tuple[float, ...] = limit(
        (1.4, -1.4, 2.4, -2.4), "of its width or height: where it is put instead", SCENES
    )
    places: int = limit(3, "other places", COST)
    looks: int = limit(8, "frames by which it is told whether a place will do", COST)
    shown: float = limit(0.7, "of a silhouette must be in view there", SCENES)
    apart: float = limit(0.1, "of it may be where the object itself is", SCENES)
    stray: float = limit(0.34, "of the other places: so many may show more by chance", HARM)
    ahead: float = limit(0.7, "of the object's size: so far it is put ahead of itself", SCENES)


@once
def ahead(evidence: Evidence) -> Track | None:
    """The object's silhouettes as they will be some frames later: at the same places, before it
    touches anything there. Nothing for an object that does not move as far."""
    scene, limits = evidence.scene, evidence.limits(ChanceLimits)
    path, frames = evidence.path, scene.object.seen
    size = float(np.median([scene.object[t].sum() for t in frames[:: max(1, len(frames) // 8)]]))
    for lead in range(1, len(frames) // 2):
        pairs = [(path[t], path[t + lead]) for t in frames if t + lead in path]
        ways = [float(np.hypot(there[0] - here[0], there[1] - here[1])) for here, there in pairs]
        if ways and float(np.median(ways)) > limits.ahead * size**0.5:
            return _earlier(scene.object, lead)
    return None


def _earlier(track: Track, lead: int) -> Track:
    def masks() -> Iterator[Mask]:
        for index, mask in enumerate(track):
            later = track[min(index + lead, len(track) - 1)]
            yield later & ~mask

    return Track.of(track.label, masks())


@once
def elsewhere(evidence: Evidence) -> tuple[Track, ...]:
    """The object's silhouettes at other places, the best places first; few or none where there is
    no room."""
    scene, limits = evidence.scene, evidence.limits(ChanceLimits)
    picked = np.unique(np.linspace(0, len(scene.object.seen) - 1, limits.looks).round().astype(int))
    frames = [scene.object.seen[number] for number in picked]
    boxes = [scene.object.box(frame) for frame in frames]
    high, wide = (max(getattr(box, side) for box in boxes) for side in ("height", "width"))
    shifts = [(round(step * wide), 0) for step in limits.steps]
    shifts += [(0, round(step * high)) for step in limits.steps]
    good = [
        (-shown + own, order, shift)
        for order, shift in enumerate(shifts)
        for shown, own in [_fits(scene, frames, shift)]
        if shown >= limits.shown and own <= limits.apart
    ]
    return tuple(_moved(scene.object, shift) for *_, shift in sorted(good)[: limits.places])


@once
def moved(evidence: Evidence) -> tuple[Evidence, ...]:
    """The shot as if the object were at each other place, for tests that look at the object."""
    scenes = (replace(evidence.scene, object=track) for track in elsewhere(evidence) if track.seen)
    return tuple(Evidence(scene, evidence.rate, evidence.run, evidence.chosen) for scene in scenes)


def against(evidence: Evidence, test: Callable[[Evidence], Mask]) -> float:
    """How many times as much a test marks of the shot as of that with the object elsewhere, what it
    marks of the shot left out."""
    stray, own = evidence.limits(ChanceLimits).stray, test(evidence)
    free = ~grown(own, 3)
    others = [float((test(other) & free).sum()) for other in moved(evidence)]
    return contrast(float(own.sum()), others, stray)


def contrast(own: float, others: Iterable[float], stray: float) -> float:
    """How many times as much a test gives at the object as at the other places, a share `stray` of
    which may give more; 1, no more than chance, where there is no other place."""
    found = sorted(others, reverse=True)
    return times(own, found[int(stray * len(found))]) if found else 1.0


def _fits(scene: Scene, frames: list[int], shift: tuple[int, int]) -> tuple[float, float]:
    """The share of the moved silhouettes that is in view, and that is where the object is."""
    shown, own = [], []
    for frame in frames:
        object_ = scene.object[frame]
        here, whole = shifted(object_, shift), max(1, int(object_.sum()))
        shown.append(float((here & scene.seen(frame)).sum()) / whole)
        own.append(float((here & object_).sum()) / whole)
    return float(np.mean(shown)), float(np.mean(own))


def _moved(track: Track, shift: tuple[int, int]) -> Track:
    def masks() -> Iterator[Mask]:
        for mask in track:
            yield shifted(mask, shift) & ~mask

    return Track.of(track.label, masks())


def shifted(mask: Mask, shift: tuple[int, int]) -> Mask:
    """A mask moved by (x, y); what leaves the picture is gone."""
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]], np.float32)
    size = mask.shape[::-1]
    return cv2.warpAffine(mask.astype(np.uint8), matrix, size, flags=cv2.INTER_NEAREST) > 0
