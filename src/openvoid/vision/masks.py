"""Masks: what is done with regions of a picture, whatever they mean.

Enters: bool masks [h, w], lengths in pixels of that mask. Leaves: masks of the same size. Knows
neither objects nor files. Morphology as in Serra, "Image Analysis and Mathematical Morphology"
(1982), by OpenCV.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]

WIDE_PX = 8  # from here on a distance transform is quicker than a disc
GAP = 0.012  # of the short side: gaps that `hanging` bridges


def disc(radius_px: int) -> NDArray[np.uint8]:
    """A disc [2 r + 1, 2 r + 1] of ones, as morphology takes it; of radius 1 it is a cross."""
    side = 2 * radius_px + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def touching(mask: Mask, seed: Mask) -> Mask:
    """The parts of a mask that hold a pixel of `seed`; corners connect."""
    count, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, np.bool_)
    kept[parts[seed]] = True
    kept[0] = False  # what is not in the mask
    return np.asarray(kept[parts])


def grown(mask: Mask, by_px: int) -> Mask:
    """A mask and what lies within `by_px` of it."""
    if by_px > WIDE_PX:
        if not mask.any():
            return np.zeros_like(mask)
        left, top, wide, high = cv2.boundingRect(mask.astype(np.uint8))
        reach = by_px + by_px // 16 + 1  # that transform takes a step for 0.955 of one
        rows, columns = (
            slice(max(0, first - reach), first + side + reach)
            for first, side in ((top, high), (left, wide))
        )
        part = (~mask[rows, columns]).astype(np.uint8)
        found = np.zeros_like(mask)
        found[rows, columns] = cv2.distanceTransform(part, cv2.DIST_L2, 3) <= by_px
        return found
    return cv2.dilate(mask.astype(np.uint8), disc(by_px)) > 0


def inner(seen: Mask) -> Mask:
    """What is seen, but for its edge."""
    return ~grown(~np.pad(seen, 1), 3)[1:-1, 1:-1]


def filled(mask: Mask, gap_px: int) -> Mask:
    """Gaps narrower than `gap_px` closed, and holes filled that are no larger than the rest."""
    wide = np.pad(mask.astype(np.uint8), gap_px)
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, disc(gap_px // 2))
    closed = closed[gap_px:-gap_px, gap_px:-gap_px]
    count, labels, stats, _ = cv2.connectedComponentsWithStats((closed == 0).astype(np.uint8))
    height, width = mask.shape
    for hole in range(1, count):
        left, top, wide_px, high_px, area = stats[hole]
        at_edge = left == 0 or top == 0 or left + wide_px == width or top + high_px == height
        if not at_edge and area < closed.sum():
            closed[labels == hole] = 1
    return np.asarray(closed > 0)


def without_holes(mask: Mask, share: float) -> Mask:
    """Holes and bays at the picture's edge of at most this share of the mask's area filled.

    Unlike `filled` it closes no gaps, and corners part holes.
    """
    count, parts, stats, _ = cv2.connectedComponentsWithStats(
        (~mask).astype(np.uint8), connectivity=4
    )
    small = stats[:, cv2.CC_STAT_AREA] <= share * np.count_nonzero(mask)
    small[0] = False
    return np.asarray(mask | small[parts]) if count > 1 else mask


def thick(mask: Mask) -> Mask:
    """Without lines: edges that the camera model misses by a pixel."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disc(1)) > 0


def tidy(mask: Mask) -> Mask:
    """Specks dropped, cracks closed."""
    calm = cv2.medianBlur(mask.astype(np.uint8) * 255, 3)
    return cv2.morphologyEx(calm, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0


def opened(mask: Mask) -> Mask:
    """Without what is narrower than three pixels."""
    return cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0


def hanging(mask: Mask, object_: Mask) -> Mask:
    """The parts of a mask that hang together with the object, its own place left out."""
    gap = max(1, round(GAP * min(mask.shape)))
    return touching(grown(mask | object_, gap), object_) & mask & ~object_


def largest(values: NDArray[Any]) -> NDArray[Any]:
    """The largest of the channels [..., C]; numpy itself takes ten times as long over so few."""
    found = values[..., 0]
    for channel in range(1, values.shape[-1]):
        found = np.maximum(found, values[..., channel])
    return found


def smallest(values: NDArray[Any]) -> NDArray[Any]:
    """The smallest of the channels [..., C]; as `largest`."""
    found = values[..., 0]
    for channel in range(1, values.shape[-1]):
        found = np.minimum(found, values[..., channel])
    return found


def nanmedian(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median over axis 0 of what is not NaN; NaN where nothing is. No warning for that."""
    ordered = np.sort(values, axis=0)  # NaN last
    count = np.isfinite(values).sum(axis=0)
    middle = np.maximum((count - 1) // 2, 0)
    return np.asarray(np.take_along_axis(ordered, middle[None], axis=0)[0], np.float32)
