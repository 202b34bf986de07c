"""Coupling: whether what is seen beside the object goes along with it.

Enters: evidence, and a region in one frame, the first that shows the object or another. Leaves: how
much of the object's way that region goes, over a few frames: 1 where it goes along, 0 where it
stays though the object does not; for an image upside down the way is turned over as well. Nothing
where the object hardly moves, as then everything goes along. What is held or borne and what mirrors
cannot stay behind; what only seems to touch the object, as it stands behind or before it, does.

Both ways are told by optical flow from that frame on, at the median of the object and of the
region where they are near to each other: an arm that sways need not take the whole person along.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.reason.motion.confidence import Cue
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.limits import COST, WORKING, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture
from openvoid.vision.flow import Dis
from openvoid.vision.masks import grown

APART = "0.0 on two things before `cat`; 0.6 to 1.0 on what is borne in worlds of seeds 8113, 8222"


@dataclass(frozen=True)
class CouplingLimits(Limits):
    """Where and how far both are compared."""

    looks: int = limit(6, "frames after the first", COST)
    near: float = limit(0.5, "of the object's size: how far from each other", APART)
    rim_px: int = limit(3, "flow at an outline belongs to either side", WORKING)
    fewest_px: int = limit(30, "pixels of each", WORKING)
    least_px: float = limit(3.0, "a way that tells something", WORKING)
    apart: float = limit(0.3, "of the object's way: what goes less does not go along", APART)


def cue(
    evidence: Evidence,
    region: Mask,
    usual: Cue,
    behind: Cue,
    *,
    first: int | None = None,
    mirrored: bool = False,
) -> Cue:
    """The usual cue, or that for a region which is known not to go along with the object."""
    share = along(evidence, region, first=first, mirrored=mirrored)
    return usual if share is None or share >= evidence.limits(CouplingLimits).apart else behind


def along(
    evidence: Evidence, region: Mask, *, first: int | None = None, mirrored: bool = False
) -> float | None:
    """How much of the object's way a region [H, W] goes that frame `first` shows, or the first one
    that shows the object; None: not known."""
    limits, scene = evidence.limits(CouplingLimits), evidence.scene
    first = scene.object.seen[0] if first is None else first
    frames = [index for index in scene.object.seen if index >= first]
    object_, side = scene.object[first], limits.rim_px
    near = round(limits.near * float(object_.sum()) ** 0.5)
    beside = _close(region & ~grown(object_, side), object_, near, limits)
    own = _close(object_ & ~grown(~object_, side), region, near, limits)
    before = _gray(scene.picture(first))
    flow, its, ours = Dis("medium"), [], []
    picked = np.unique(np.linspace(0, len(frames) - 1, limits.looks + 1).round().astype(int))
    for number in picked[1:]:
        index = frames[number]
        seen = scene.seen(first) & scene.seen(index)
        shown = beside & seen & ~grown(scene.object[index], side)
        if min(shown.sum(), (own & seen).sum()) >= limits.fewest_px:
            way = flow.between_gray(before, _gray(scene.picture(index)))
            its.append(np.median(way[own & seen], axis=0))
            ours.append(np.median(way[shown], axis=0))
    if not its:
        return None
    return _share(np.array(its), np.array(ours) * ([1, -1] if mirrored else [1, 1]), limits)


def _share(
    its: NDArray[np.float64], ours: NDArray[np.float64], limits: CouplingLimits
) -> float | None:
    """By least squares, how many of the object's steps [K, 2] the region's are."""
    if float(np.hypot(*its.T).max()) < limits.least_px:
        return None
    return float((its * ours).sum() / (its**2).sum())


def _close(mask: Mask, to: Mask, near_px: int, limits: CouplingLimits) -> Mask:
    """What of a mask is near; all of it where that is too little."""
    close = mask & grown(to, near_px)
    return close if close.sum() >= limits.fewest_px else mask


def _gray(picture: Picture) -> NDArray[np.uint8]:
    shown = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY), np.uint8)
