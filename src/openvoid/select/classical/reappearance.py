"""Reappearance: where an object that was hidden, or had left, is seen again.

Enters: what it looked like, and a frame. Leaves: a silhouette, or the parts of it that come out
from behind something. Knows no time but the frame before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.select.classical.appearance import Colours, Palette
from openvoid.select.classical.continuous_cut import boundary_price, cut
from openvoid.select.classical.initial_silhouette import PRICE
from openvoid.select.seeds import Mask
from openvoid.vision.masks import without_holes

Map = NDArray[Any]  # [h, w] float32
SOLID = 0.03  # share of its area that holes of a thing without holes may have
CLEARLY = 0.02  # more alike must it be without a part that is left out
AREA_WEIGHT, AHEAD_WEIGHT = 0.15, 0.05  # beside the share of colours that is alike
LARGE = 0.08  # of a silhouette: a part to be judged by itself
NEAR = 0.5  # of its size (root of its area): so far away may be smaller ones


@dataclass(frozen=True)
class Memory:
    """What the object looked like where it was last sure."""

    colours: Colours  # of the object against the whole frame
    area_px: float  # its usual area
    solid: bool  # it has no holes: what appears within its outline is in it or on it
    shares: Map  # [bins^3] of each colour in it, together 1

    @classmethod
    def of(cls, lab: NDArray[Any], mask: Mask) -> Memory:
        """The look of the object in a frame against everything else there."""
        inside = mask.astype(np.float32)
        colours = Colours.of(Palette.of(lab), lab, inside, 1 - inside)
        area = np.count_nonzero(mask)
        holes = np.count_nonzero(without_holes(mask, 1.0)) - area
        solid = bool(holes <= SOLID * area)
        return cls(colours, float(area), solid, colours.palette.shares(lab, mask))

    def renewed(self, area: int) -> Memory:
        return replace(self, area_px=0.95 * self.area_px + 0.05 * area)


def the_object(lab: NDArray[Any], mask: Mask, memory: Memory, speed: NDArray[np.float64]) -> Mask:
    """Without parts, apart from the rest, that look as if they were another thing.

    Of a silhouette in several large parts, those are left out without which its colours are more
    like the object's where it was marked, and its area more like the usual one. Of two that are
    alike it is the one that goes on as it went.

    Args:
        speed: (x, y) of late, against the camera.
    """
    _, parts, stats, centroids = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    area = stats[:, cv2.CC_STAT_AREA].copy()
    area[0] = 0
    large = [int(part) for part in np.argsort(-area) if area[part] > LARGE * area.sum()]
    mask = mask & ~_far(parts, large)
    if len(large) < 2:
        return mask
    kept, centres = set(large), {part: np.array(centroids[part]) for part in large}
    while len(kept) > 1:
        now = np.isin(parts, list(kept))
        centre = np.average([centres[part] for part in kept], 0, [area[part] for part in kept])
        found = []
        for part in kept:
            ahead = float((centre - centres[part]) @ speed)
            length = float(np.linalg.norm(centre - centres[part]) * np.linalg.norm(speed))
            onward = AHEAD_WEIGHT * ahead / length if length > 1e-3 else 0.0
            found.append((_alike(lab, now & (parts != part), memory) + onward, part))
        best, part = max(found)
        if best <= _alike(lab, now, memory) + CLEARLY:
            break
        kept.discard(part)
    return mask & ~np.isin(parts, [part for part in large if part not in kept])


def _far(parts: NDArray[Any], large: list[int]) -> Mask:
    """Small parts that lie away from all large ones: of a thing of that size they are none."""
    body = np.isin(parts, large)
    if not body.any():
        return body
    away = cv2.distanceTransform((~body).astype(np.uint8), cv2.DIST_L2, 3)
    near = np.unique(parts[away <= NEAR * math.sqrt(np.count_nonzero(body))])
    return (parts > 0) & ~np.isin(parts, near)


def _alike(lab: NDArray[Any], mask: Mask, memory: Memory) -> float:
    """How much of the colours is shared, 0..1 (histogram intersection; Swain and Ballard 1991),
    and a little of how much of the area."""
    area = float(np.count_nonzero(mask))
    fits = min(area, memory.area_px) / max(area, memory.area_px)
    shared = np.minimum(memory.shares, memory.colours.palette.shares(lab, mask)).sum()
    return float(shared) + AREA_WEIGHT * fits


def looks_like(lab: NDArray[Any], memory: Memory) -> Mask:
    """Where a frame without the object has its colours all the same."""
    return cv2.blur(memory.colours.odds(lab), (5, 5)) > 1.0


def appeared(lab: NDArray[Any], memory: Memory, absent: Mask | None) -> Mask:
    """The object in a frame after it was gone; empty if it is not seen.

    Args:
        absent: what looked like it when it was gone: not it.
    """
    odds = cv2.blur(memory.colours.odds(lab), (5, 5))
    count, parts, stats, _ = cv2.connectedComponentsWithStats((odds > 1.0).astype(np.uint8))
    best, most = 0, 0.0
    for part in range(1, count):
        area = int(stats[part, cv2.CC_STAT_AREA])
        if area < 0.05 * memory.area_px or area > 2.5 * memory.area_px:
            continue
        here = parts == part
        known = absent is not None and (absent & here).sum() > 0.4 * area
        strength = float(odds[here].mean())
        least = 1.5 if area > 0.3 * memory.area_px or _at_edge(stats[part], odds.shape) else 99.0
        if not known and strength > least and strength * area > most:
            best, most = part, strength * area
    if not best:
        return np.zeros(odds.shape, bool)
    return _settled(lab, parts == best, odds)


def emerged(before: NDArray[Any], lab: NDArray[Any], mask: Mask, memory: Memory) -> Mask:
    """Parts that come out on another side of what hides the object, near what is seen of it.

    Args:
        before: the frame before, in which they did not look like it yet.
    """
    reach = 2 * round(math.sqrt(memory.area_px)) + 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    odds = cv2.blur(memory.colours.odds(lab), (3, 3))
    then = looks_like(before, memory)
    found = np.zeros(mask.shape, bool)
    count, parts, stats, _ = cv2.connectedComponentsWithStats((odds > 1.0).astype(np.uint8))
    for part in range(1, count):
        area = int(stats[part, cv2.CC_STAT_AREA])
        if not 0.01 * memory.area_px < area < memory.area_px:
            continue
        here = parts == part
        fresh = np.count_nonzero(then & here) < 0.4 * area
        if fresh and (near & here).any() and float(odds[here].mean()) > 1.5:
            found |= here
    return found


def _settled(lab: NDArray[Any], found: Mask, odds: Map) -> Mask:
    """What was found by colour alone, cut along edges."""
    box = bounding_box(found).grown(20, *found.shape)
    here = box.slices
    inner = cv2.distanceTransform(found[here].astype(np.uint8), cv2.DIST_L2, 3)
    outer = cv2.distanceTransform((~found[here]).astype(np.uint8), cv2.DIST_L2, 3)
    shape = np.clip((inner - outer) / 4, -2, 2)
    u = cut((odds[here] + shape).astype(np.float32), boundary_price(lab[here], PRICE))
    mask = np.zeros(found.shape, bool)
    mask[here] = u > 0.5
    return mask


def _at_edge(stats: NDArray[Any], size: tuple[int, ...]) -> bool:
    left, top, width, height, _ = stats
    return bool(left == 0 or top == 0 or left + width == size[1] or top + height == size[0])
