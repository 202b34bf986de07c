"""Outlines: what is asked of one silhouette, and how it is mended.

Enters: silhouettes [h, w] bool, and the evidence they were cut from. Leaves: distances, parts,
middles. Knows no pictures and no time.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.select.seeds import Mask
from openvoid.vision.masks import without_holes

Map = NDArray[Any]  # [h, w] float32
SAME_PX = 0.75  # a boundary that is carried lies between pixels
FAR_PX = 30.0  # signed distances are held up to here
HOLE_SHARE = 0.1  # of the object: larger holes stay open
CLEAR_HOLE = 0.5  # as unlike the background as the object: what is less shows it
SPECK_PX = 30  # larger parts need only touch the carried shape


def agreement(mask: Mask, distance: Map) -> float:
    """Intersection over union with the inside of a signed distance; what is off by less than
    `SAME_PX` agrees, so that a small thing is not doubted for its rounded outline."""
    inside = distance > 0
    union = np.count_nonzero(mask | inside)
    off = (mask ^ inside) & (np.abs(distance) > SAME_PX)
    return 1 - np.count_nonzero(off) / union if union else 1.0


def signed_distance(mask: Mask) -> Map:
    """Distance to the boundary [h, w]: positive inside. The frame's edge is no boundary."""
    if not mask.any():
        return np.full(mask.shape, -FAR_PX, np.float32)
    if mask.all():
        return np.full(mask.shape, FAR_PX, np.float32)
    inner = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outer = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    return np.clip(np.where(mask, inner - 0.5, 0.5 - outer), -FAR_PX, FAR_PX).astype(np.float32)


def blended(one: Mask, other: Mask, weight: float) -> Mask:
    """Between two silhouettes: `weight` 0 is the first, 1 the other."""
    return (1 - weight) * signed_distance(one) + weight * signed_distance(other) > 0


def held(mask: Mask, shape: Map) -> Mask:
    """The parts that the carried shape touches; specks that it does not are left out."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    carried = np.bincount(parts[shape > 0], minlength=count)
    kept = carried > 0.2 * stats[:, cv2.CC_STAT_AREA]
    kept |= (carried > 0) & (stats[:, cv2.CC_STAT_AREA] > SPECK_PX)
    kept[0] = False
    return kept[parts]


def closed(mask: Mask, unlike: Map) -> Mask:
    """Holes filled but for large ones and those through which the background shows.

    Args:
        unlike: how unlike the background each pixel is; NaN where that is not known.
    """
    holes = without_holes(mask, HOLE_SHARE) & ~mask
    known = np.isfinite(unlike)
    count, parts = cv2.connectedComponents(holes.astype(np.uint8), connectivity=4)
    if count < 2 or not (mask & known).any():
        return mask | holes
    least = CLEAR_HOLE * float(np.median(unlike[mask & known]))
    size = np.maximum(np.bincount(parts[known], minlength=count), 1)
    filled = np.bincount(parts[known], unlike[known], count) / size >= least
    filled[0] = False
    return mask | filled[parts]


def at_edge(mask: Mask) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def middle(mask: Mask) -> tuple[float, float]:
    """(x, y) of the mean pixel."""
    moments = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    if not moments["m00"]:
        return 0.0, 0.0
    return moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]


def on_edges(mask: Mask, price: Map) -> float:
    """Share of the boundary that lies on edges, 0..1; the frame's edge is no boundary."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    rim = mask & (inner == 0)
    if not rim.any():
        return 0.0
    cheapest = cv2.erode(price, np.ones((3, 3), np.uint8))
    return float(1 - (cheapest[rim] / max(1e-6, float(price.max()))).mean())


def ring_of(mask: Mask) -> Mask:
    """What lies close around a silhouette."""
    side = max(3, round(0.25 * np.sqrt(np.count_nonzero(mask))))
    grown = cv2.dilate(mask.astype(np.uint8), np.ones((2 * side + 1, 2 * side + 1), np.uint8))
    return np.asarray((grown > 0) & ~mask)
