"""Masks <-> Places: a region told as polygons that a person can read and move, and back.

Enters: a mask [H, W] of one frame, or places in it. Leaves: the other. Corners are shares of width
and height, so that they hold at any size; a pixel belongs to a polygon if its centre lies inside.

Outlines run between pixels, not through them (a mask at twice its size is followed), and are made
simpler within a tolerance (Douglas and Peucker 1973). Places of a frame are a union, so a hole
cannot be a place of its own: it is joined to the outline around it by a slit of no width, which
the even-odd rule does not see.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.core.effects import Place

Mask = NDArray[np.bool_]
Points = NDArray[np.float64]  # [N, 2] (x, y), whole numbers between pixels: 0 is the left edge

TOLERANCE_PX = 0.75  # less than a pixel, more than the steps of a slanted edge (0.71)
DIGITS = 6  # of a share: a hundredth of a pixel at 8K
TWICE = np.ones((2, 2), np.uint8)  # at this size corners between pixels are whole numbers


def places_of(
    mask: Mask, frame: int, *, tolerance_px: float = TOLERANCE_PX, specks_px: int = 0
) -> tuple[Place, ...]:
    """A mask's parts as polygons, largest first; no part and no hole smaller than `specks_px`.

    With `tolerance_px` 0 `mask_of` gives the same mask back to the pixel.
    """
    box = bounding_box(mask)
    if box.empty:
        return ()
    crop = np.pad(mask[box.slices].astype(np.uint8), 1)
    outlines: Any
    outlines, tree = cv2.findContours(np.kron(crop, TWICE), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    height, width = mask.shape
    corner = np.array([box.left - 1, box.top - 1])
    parts = []
    for number, outline in enumerate(outlines):
        if tree[0, number, 3] >= 0 or _area_px(outline) < specks_px:
            continue  # a hole, or a speck
        polygon = _simple(outline, tolerance_px, corner)
        for hole in _children(tree[0], number):
            if _area_px(outlines[hole]) >= specks_px:
                polygon = _joined(polygon, _simple(outlines[hole], tolerance_px, corner))
        shares = np.round(polygon / [width, height], DIGITS)
        corners = tuple((float(x), float(y)) for x, y in shares)
        parts.append((_area_px(outline), Place(frame, corners)))
    return tuple(place for _, place in sorted(parts, key=lambda part: -part[0]))


def mask_of(places: Iterable[Place], height: int, width: int) -> Mask:
    """Where any of the places is, whatever their frames are."""
    mask = np.zeros((height, width), bool)
    for place in places:
        _fill(mask, np.array(place.corners, np.float64) * [width, height])
    return mask


def _area_px(outline: NDArray[np.int32]) -> float:
    return float(cv2.contourArea(outline)) / 4 + 0.25  # a pixel alone is an outline of a quarter


def _simple(outline: NDArray[np.int32], tolerance_px: float, corner: NDArray[Any]) -> Points:
    """An outline of the mask at twice its size, simpler, in pixels of the frame."""
    if tolerance_px > 0:
        fewer: Any = cv2.approxPolyDP(outline, 2 * tolerance_px, True)
        if len(fewer) >= 3:  # else thinner than the tolerance: kept as it is
            outline = fewer
    return outline.reshape(-1, 2).astype(np.float64) / 2 + 0.25 + corner


def _children(tree: NDArray[np.int32], number: int) -> list[int]:
    """The holes of an outline: each row of the tree is (next, previous, first child, parent)."""
    found, child = [], int(tree[number, 2])
    while child >= 0:
        found.append(child)
        child = int(tree[child, 0])
    return found


def _joined(outer: Points, hole: Points) -> Points:
    """One polygon of an outline and its hole: there along a slit, around, and back."""
    middle = outer[int(np.linalg.norm(outer - hole[0], axis=1).argmin())]
    start = int(np.linalg.norm(hole - middle, axis=1).argmin())
    around = np.roll(hole, -start, axis=0)
    at = int(np.linalg.norm(outer - around[0], axis=1).argmin())
    return np.concatenate([outer[: at + 1], around, around[:1], outer[at:]])


def _fill(mask: Mask, corners: Points) -> None:
    """Add a polygon: along each row, a pixel is inside after an odd number of edges."""
    height, width = mask.shape
    if len(corners) < 3 or not np.isfinite(corners).all():
        return
    start, end = corners, np.roll(corners, -1, axis=0)
    rows, x = _crossings(start, end, height)
    if rows.size == 0:
        return
    columns = np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)  # first pixel right of the edge
    top, left = int(rows.min()), int(columns.min())
    bottom, right = int(rows.max()) + 1, int(columns.max())
    if right <= left:
        return
    toggles = np.zeros((bottom - top, right - left + 1), np.uint8)
    np.bitwise_xor.at(toggles, (rows - top, columns - left), 1)
    inside = np.bitwise_xor.accumulate(toggles, axis=1)[:, :-1].astype(bool)
    mask[top:bottom, left:right] |= inside


def _crossings(
    start: Points, end: Points, height: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The rows whose middle each edge crosses, and where: (row, x), rows of the picture only."""
    up = start[:, 1] > end[:, 1]  # the same edge there and back gives the same x to the last bit
    low, high = np.where(up[:, None], end, start), np.where(up[:, None], start, end)
    first = np.clip(np.ceil(low[:, 1] - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(high[:, 1] - 0.5), 0, height).astype(np.int64)
    counts = last - first
    edge = np.repeat(np.arange(len(start)), counts)
    offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = first[edge] + offset
    share = (rows + 0.5 - low[edge, 1]) / np.where(counts[edge] > 0, (high - low)[edge, 1], 1.0)
    return rows, low[edge, 0] + share * (high - low)[edge, 0]
