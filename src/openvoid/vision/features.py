"""Features: corners of one picture found again in another.

Enters: gray pictures [h, w] and where they may be looked at. Leaves: corners (Shi and Tomasi 1994),
where they went (pyramidal Lucas-Kanade, Bouguet 2000), and of which that is certain because they
come back to where they began (Kalal et al. 2010). Knows no camera and no objects.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Points = NDArray[Any]  # [N, 2] (x, y) float32
Mask = NDArray[np.bool_]

BLOCK_PX = 5  # side of the patch by which a corner is told
UNTIL = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.01)  # steps a level; px


def corners(
    gray: Gray, free: Mask, *, count: int, quality: float, apart_px: int, margin_px: int = 0
) -> Points:
    """The best corners of a picture, [N, 2] with N <= `count`.

    Args:
        free: bool [h, w], where they may lie.
        quality: share of the best corner's smaller eigenvalue that one needs, 0..1.
        apart_px: no two are nearer to each other.
        margin_px: none is nearer than this to what is not free.
    """
    allowed: Any = free.astype(np.uint8)
    if margin_px:
        side = 2 * margin_px + 1
        allowed = cv2.erode(allowed, np.ones((side, side), np.uint8))
    found: Any = cv2.goodFeaturesToTrack(
        gray, count, quality, apart_px, mask=allowed, blockSize=BLOCK_PX
    )
    return np.zeros((0, 2), np.float32) if found is None else found.reshape(-1, 2)


def found_again(
    before: Gray,
    now: Gray,
    points: Points,
    guess: Points,
    free: Mask,
    *,
    side_px: int = 15,
    levels: int = 3,
    off_px: float = 0.5,
) -> tuple[Points, NDArray[np.bool_]]:
    """Where points of one picture are in another, and of which of them that is certain.

    Args:
        points: [N, 2], N > 0; `guess`: about where they are now.
        free: bool [h, w] of the newer picture: nowhere else is a point believed.
        side_px: of the window; `levels`: halvings of the picture that are searched as well.
        off_px: a point that comes back farther from where it began is not believed.

    Returns:
        Points [N, 2], and bool [N].
    """
    options: dict[str, Any] = {
        "winSize": (side_px, side_px),
        "maxLevel": levels,
        "criteria": UNTIL,
        "flags": cv2.OPTFLOW_USE_INITIAL_FLOW,
    }
    there: Any
    back: Any
    there, ok, _ = cv2.calcOpticalFlowPyrLK(before, now, points, guess.copy(), **options)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(now, before, there, points.copy(), **options)
    good = (ok.ravel() > 0) & (ok_back.ravel() > 0) & (distances(back, points) < off_px)
    return there, good & _lies_in(free, there)


def distances(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """How far points [N, 2] are from points [N, 2], [N]."""
    return np.asarray(np.linalg.norm(np.asarray(a, float) - b, axis=-1))


def _lies_in(mask: Mask, points: Points) -> NDArray[np.bool_]:
    height, width = mask.shape
    x, y = np.round(np.nan_to_num(points, nan=-1.0)).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    inside[inside] &= mask[y[inside], x[inside]]
    return np.asarray(inside, bool)
