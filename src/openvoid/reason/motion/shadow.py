"""Shade: the shadow of an object that stays, told from a single picture.

Enters: a picture, its surfaces, the object's mask. Leaves: the surfaces at the object's foot that
are the ground over again, only darker: beside them lies ground that is brighter by about the same
factor in all channels (the ratio of shadow removal). It is as dark all over, so it ends at an edge,
however long it is. Knows nothing of time.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.motion.scene import Mask, Picture
from openvoid.reason.motion.surfaces import CALM_PX, Surfaces
from openvoid.vision.masks import grown

DARKER, DARKEST = 0.93, 0.3  # times the ground's brightness
SAME_HUE = 0.45  # the channel that loses least loses so much of what the other ones do
BESIDE_PX = 14  # ground is compared that far from it
LARGEST = 2.5  # of the object: more is a surface of its own
ENCLOSED = 0.7  # of what lies around it is ground
LEAST = 0.01  # of the object
FOOT = 0.3  # of its height: a shadow begins at the foot
SMALL = 0.5  # of the object: a larger one
JOINED = 0.035  # has so much of its outline at the object, or it is that of something else
NEXT_PX = 14  # surfaces end so far from what they are beside


def cast_shadow(picture: Picture, found: Surfaces, object_: Mask) -> Mask:
    """Where the object's shadow lies on the ground; nowhere if it is not seen to."""
    whole = np.zeros_like(object_)
    ground = found.ground
    if not ground.any():
        return whole
    box, area = bounding_box(object_), int(object_.sum())
    foot = found.ring.copy()
    foot[: box.bottom - round(FOOT * box.height)] = False
    for number in found.touching:
        part = found.labels == number
        if not LEAST * area < found.sizes[number] < LARGEST * area:
            continue
        around = grown(part, round(2 * CALM_PX) + BESIDE_PX) & (found.labels > 0) & ~part
        if float((ground & around).sum()) < ENCLOSED * around.sum():
            continue  # it is behind the ground, not on it
        joined = found.sizes[number] < SMALL * area or _joined(part, object_)
        if joined and (part & foot).any() and _darker(picture, part, ground & around):
            whole |= part
    if not whole.any():
        return whole
    edge = (found.labels == 0) & ~object_
    return (whole | (grown(whole, round(1.5 * CALM_PX)) & edge)) & ~object_


def _joined(part: Mask, object_: Mask) -> bool:
    """Whether enough of a region's outline is at the object."""
    around = grown(part, NEXT_PX) & ~part
    return int((around & object_).sum()) > JOINED * around.sum()


def _darker(picture: Picture, part: Mask, beside: Mask) -> bool:
    """Whether a region is the ground beside it in less light."""
    if beside.sum() < 20:
        return False
    ratio = _mean(picture, part) / _mean(picture, beside)
    lawful = float(ratio.min()) > DARKEST and float(ratio.max()) < DARKER
    return lawful and float(ratio.max() - ratio.min()) < SAME_HUE


def _mean(picture: Picture, where: Mask) -> NDArray[np.float64]:
    return np.asarray(cv2.mean(picture, where.astype(np.uint8))[:3]) + 0.02
