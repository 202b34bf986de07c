"""Background: how each spot of the canvas looks while the object is far from it.

Enters: a scene. Leaves: a picture made, spot by spot, from the frames in which the object is
farthest away or not in view at all (their median), and how restless each spot is. Where the object
never goes away nothing is known. Knows nothing of causes.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, SCENES, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import largest, nanmedian


@dataclass(frozen=True)
class BackgroundLimits(Limits):
    """How the usual look is told."""

    samples: int = limit(36, "frames that are looked at", COST)
    far_share: float = limit(0.3, "of them: the ones with the object farthest make it", SCENES)
    floor: float = limit(1.5 / 255, "of white: no spot is calmer", "rounding to 8 bits")


@dataclass(frozen=True)
class Undisturbed:
    """The usual look of the canvas."""

    picture: Picture
    noise: NDArray[np.float32]  # [h, w] usual deviation of a frame from the picture
    known: Mask


@once
def usual(evidence: Evidence) -> Undisturbed:
    """The shot's undisturbed look."""
    limits = evidence.limits(BackgroundLimits)
    with evidence.run.timed("undisturbed"):
        return undisturbed(evidence.scene, limits)


def undisturbed(scene: Scene, limits: BackgroundLimits) -> Undisturbed:
    """Look at a number of frames, spread over the clip."""
    picked = np.unique(np.linspace(0, scene.length - 1, limits.samples).round().astype(int))
    away = np.stack([distance_px(scene, int(index)) for index in picked])
    for number, index in enumerate(picked):
        away[number][~scene.seen(int(index))] = -1
    count = max(1, min(len(picked), max(3, round(limits.far_share * len(picked)))))
    order = np.argsort(-away, axis=0, kind="stable")[:count]
    chosen = np.take_along_axis(away, order, axis=0)  # [K, h, w]
    good = chosen > 0
    pictures = np.stack([scene.pictures[index] for index in picked])
    looks = np.take_along_axis(pictures, order[..., None], axis=0).astype(np.float32)
    looks /= np.float32(255)
    looks[~good] = np.nan
    picture = nanmedian(looks)
    noise = 1.5 * nanmedian(largest(np.abs(looks - picture)))
    return Undisturbed(
        np.nan_to_num(picture),
        np.maximum(np.nan_to_num(noise), limits.floor).astype(np.float32),
        good[0],
    )


def distance_px(scene: Scene, index: int) -> NDArray[np.float32]:
    """How far each spot is from the object in a frame; 0 inside it, inf if it is not seen."""
    return _away(scene.object[index])


def nearest_px(scene: Scene, index: int, mask: Mask) -> float:
    """How near a mask comes to the object in a frame; inf if either is nowhere."""
    object_ = scene.object[index]
    if not (mask.any() and object_.any()):
        return float("inf")
    box = bounding_box(mask | object_)
    low, left = max(0, box.top - 3), max(0, box.left - 3)
    part = slice(low, box.bottom + 3), slice(left, box.right + 3)
    return float(_away(object_[part])[mask[part]].min())


def _away(mask: Mask) -> NDArray[np.float32]:
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    free = (cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(free, cv2.DIST_L2, 3), np.float32)
