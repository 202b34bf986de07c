"""Neighbours: which of many samples is most like each spot.

Enters: rows of a few numbers (colours, places), the samples and the spots alike. Leaves: for each
spot how far the nearest sample is, and which one it is. Exact: a k-d tree searched to its end
(Friedman, Bentley and Finkel 1977), which for so few numbers a row is twenty times as quick as
comparing all with all. Knows no pictures.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_SINGLE_TREE = 4  # FLANN_INDEX_KDTREE_SINGLE, the exact one
_TO_THE_END = -1  # FLANN_CHECKS_UNLIMITED


def nearest(
    spots: NDArray[np.float32], samples: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """How far each spot [N, D] is from the nearest of the samples [M, D], M > 0, and that one's
    number; both [N]."""
    if len(spots) == 0:
        return np.zeros(0, np.float32), np.zeros(0, np.int32)
    index: Any = cv2.flann_Index  # type: ignore[attr-defined]  # the stubs lack it
    tree = index(np.ascontiguousarray(samples), {"algorithm": _SINGLE_TREE})
    search = {"checks": _TO_THE_END}
    numbers, squares = tree.knnSearch(np.ascontiguousarray(spots), 1, params=search)
    return np.sqrt(squares[:, 0]), numbers[:, 0]
