"""Parallax: a thing that stands still seems to lean over where the camera travels.

Enters: a scene. Leaves: whether the object stays where it is, though it may move on the canvas, and
a mask of the first frame as it looks on the canvas in another.

The canvas is held still by what fills the picture, often the ground. The camera seen from another
place, what rises from that plane is sheared: its foot stays where it is, its top goes aside. An
object of which each silhouette is the first one, sheared like that, stands. One that turns, swings
or walks does not. What several frames show of a thing that stands is compared upright.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, SUPPORT, Limits, limit
from openvoid.reason.motion.scene import Mask


@dataclass(frozen=True)
class ParallaxLimits(Limits):
    """What stays, and what only seems to lean over."""

    looks: int = limit(5, "frames by which it is told", COST)
    alike: float = limit(0.65, "intersection over union with the first one, sheared", SUPPORT)
    least: float = limit(0.25, "of the object's size: less is swaying, not leaning", SUPPORT)
    foot_stays: float = limit(0.3, "of its size: farther goes no foot that stands", SUPPORT)
    foot: float = limit(0.12, "of its height: its lowest part", SUPPORT)
    stays: float = limit(0.5, "of its size: what moves less stays where it is", SUPPORT)
    drifts: float = limit(1.5, "of its size: what stands seems to go no farther", SUPPORT)


@once
def stays(evidence: Evidence) -> bool:
    """Whether the object stays where it is all through the shot."""
    limits = evidence.limits(ParallaxLimits)
    scene = evidence.scene
    spots = np.array(list(evidence.path.values()))
    travel = float(np.hypot(*np.ptp(spots, axis=0)))
    size = float(np.median([scene.object[index].sum() for index in scene.object.seen])) ** 0.5
    return travel < limits.stays * size or (travel < limits.drifts * size and stands(evidence))


def stands(evidence: Evidence) -> bool:
    """Whether the object only leans over as the camera travels."""
    scene, limits = evidence.scene, evidence.limits(ParallaxLimits)
    if scene.locked:
        return False
    frames = scene.object.seen
    first = scene.object[frames[0]]
    shown = scene.seen(frames[0])
    alike = []
    for number in np.linspace(0, len(frames) - 1, limits.looks).round().astype(int)[1:]:
        index = frames[number]
        both = shown & scene.seen(index)
        mine, its = sheared(first, evidence, index) & both, scene.object[index] & both
        alike.append((mine & its).sum() / max(1, (mine | its).sum()))
    goes = abs(_foot(scene.object[frames[-1]], limits) - _foot(first, limits))
    return min(alike) > limits.alike and goes < limits.foot_stays * float(first.sum()) ** 0.5


def sheared(mask: Mask, evidence: Evidence, index: int) -> Mask:
    """A mask of the first frame that shows the object as it looks in frame `index`."""
    matrix = _shear(evidence, index)
    return cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1]) > 0


def upright(mask: Mask, evidence: Evidence, index: int) -> Mask:
    """A mask of frame `index` as it looks in the first frame that shows the object."""
    matrix = cv2.invertAffineTransform(_shear(evidence, index))
    return cv2.warpAffine(mask.astype(np.uint8), matrix, mask.shape[::-1]) > 0


Look = Callable[[Evidence, int], Mask]
"""What one frame shows of a thing."""


def shown(evidence: Evidence, look: Look, looks: int) -> list[tuple[Mask, int]]:
    """What each of some frames shows, the first one among them."""
    frames = evidence.scene.object.seen
    picked = np.unique(np.linspace(0, len(frames) - 1, looks).round().astype(int))
    return [(look(evidence, frames[number]), frames[number]) for number in picked]


def voted(evidence: Evidence, shown: Sequence[tuple[Mask, int]], least: float = 0.5) -> Mask:
    """What most of them show, as the first frame has it; or more than `least` of them."""
    votes = np.sum([upright(mask, evidence, index) for mask, index in shown], axis=0)
    return np.asarray((votes >= least * len(shown)) & (votes > 0))


def agreed(evidence: Evidence, look: Look, looks: int, least: float = 0.5) -> Mask:
    """What most of some frames show."""
    return voted(evidence, shown(evidence, look, looks), least)


def _shear(evidence: Evidence, index: int) -> NDArray[np.float32]:
    scene, limits = evidence.scene, evidence.limits(ParallaxLimits)
    seen = scene.object.seen
    still = np.eye(2, 3, dtype=np.float32)
    if scene.locked:
        return still
    index = min(seen, key=lambda each: (abs(each - index), each))
    first, here = scene.object[seen[0]], scene.object[index]
    (x0, y0), (x1, _) = _middle(first), _middle(here)
    if abs(_middle(scene.object[seen[-1]])[0] - x0) < limits.least * float(first.sum()) ** 0.5:
        return still
    foot = float(np.flatnonzero(first.any(axis=1))[-1])
    shift = _foot(here, limits) - _foot(first, limits)
    lean = (x1 - x0 - shift) / max(1.0, foot - y0)
    return np.array([[1, -lean, shift + lean * foot], [0, 1, 0]], np.float32)


def _middle(mask: NDArray[np.bool_]) -> tuple[float, float]:
    y, x = np.nonzero(mask)
    return float(x.mean()), float(y.mean())


def _foot(mask: NDArray[np.bool_], limits: ParallaxLimits) -> float:
    rows = np.flatnonzero(mask.any(axis=1))
    low = rows[-1] - limits.foot * (rows[-1] - rows[0])
    return float(np.nonzero(mask[int(low) :])[1].mean())
