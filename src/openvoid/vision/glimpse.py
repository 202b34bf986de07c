"""Glimpse: a stretch of a clip so small that all its frames can be held against each other.

Enters: small copies of frames. Leaves: how far two frames differ as a whole, and whether one shows
what the other shows, however camera and light changed between. Knows neither scenes nor cuts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache, partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.features import Gray, corners, found_again

SIZE = 18, 32  # of a look: height, width
NEAR_PX = 320  # long side of the pictures in which corners are found again
CORNERS, QUALITY, APART_PX = 300, 0.01, 6
FEWEST = 12  # corners below which nothing can be told by them
EVEN_PX, EVEN_LEVELS = 8.0, 6.0  # reach over which contrast is made alike; what is noise below
LEVELS, OFF_PX = 4, 0.7  # halvings searched, and how far a corner may miss its way back
ALIKE = 0.7  # correlation of the patches of a corner that is believed
PATCH_PX = 11
GRID, ENOUGH = (6, 8), 0.25  # cells, rows and columns; the share of them that must be kept

Picture = NDArray[np.uint8]  # [h, w, 3] as a screen shows it


class Glimpse:
    """Frames `start` <= index < `stop` of a clip, by the clip's own numbers.

    What they have in common with an earlier glimpse is taken from there.
    """

    def __init__(
        self,
        picture: Callable[[int], Picture],
        start: int,
        stop: int,
        earlier: Glimpse | None = None,
    ) -> None:
        self.start, self.stop = start, stop
        known = earlier._looks if earlier is not None else {}
        self._looks: dict[int, Picture] = {
            index: known[index] if index in known else _look(picture(index))
            for index in range(start, stop)
        }
        self.even = lru_cache(maxsize=8)(partial(_even, picture))  # no circle: it is let go at once

    def look(self, index: int) -> NDArray[np.float32]:
        """A frame [18 * 32, 3], 0..1."""
        return self._looks[index].astype(np.float32) / np.float32(255)

    @cached_property
    def steps(self) -> NDArray[np.float64]:
        """By how much each frame but the first is apart from the one before it."""
        return np.array([self.apart(at - 1, at) for at in range(self.start + 1, self.stop)])

    def apart(self, one: int, other: int) -> float:
        """Root mean square difference of two looks, 0..1."""
        off = cv2.norm(self._looks[one], self._looks[other], cv2.NORM_L2)
        return float(off / (255 * self._looks[one].size ** 0.5))

    def shared(self, one: int, other: int) -> float | None:
        """How much of two frames, 0..1, one shows where the other shows it too, moved or not.

        0.9 and more in neighbouring frames, 0.01 and less in frames of different shots; None where
        neither has corners to tell it by.
        """
        told = [
            share
            for pair in ((one, other), (other, one))
            if (share := followed(*(self.even(index) for index in pair))) is not None
        ]
        return max(told) if told else None


def evened(gray: Gray) -> Gray:
    """A picture whose contrast is alike everywhere, so that light and gain do not count."""
    values = gray.astype(np.float32)
    mean = cv2.GaussianBlur(values, (0, 0), EVEN_PX)
    spread = cv2.GaussianBlur(values * values, (0, 0), EVEN_PX) - mean * mean
    even = (values - mean) / np.sqrt(np.maximum(spread, 0) + EVEN_LEVELS**2)
    return np.asarray(np.clip(128 + 40 * even, 0, 255), np.uint8)


def followed(before: Gray, now: Gray) -> float | None:
    """The share of a picture's corners that another shows, in the cells of a grid that keep most.

    So a quarter of the picture is enough, but a caption or a logo that stays is not.
    """
    free = np.ones(before.shape, bool)
    points = corners(before, free, count=CORNERS, quality=QUALITY, apart_px=APART_PX)
    if len(points) < FEWEST:
        return None
    there, good = found_again(before, now, points, points, free, levels=LEVELS, off_px=OFF_PX)
    for at in np.flatnonzero(good):
        good[at] = _alike(before, now, points[at], there[at])
    rows, columns = (
        (points[:, axis] * count / before.shape[1 - axis]).astype(int)
        for axis, count in ((1, GRID[0]), (0, GRID[1]))
    )
    cell = rows * GRID[1] + columns
    held = np.bincount(cell, minlength=GRID[0] * GRID[1])
    kept = np.bincount(cell, weights=good, minlength=held.size)
    return float(np.quantile(kept[held > 0] / held[held > 0], 1 - ENOUGH))


def _alike(before: Gray, now: Gray, here: NDArray[Any], there: NDArray[Any]) -> bool:
    one, other = (
        cv2.getRectSubPix(picture, (PATCH_PX, PATCH_PX), (float(x), float(y))).astype(np.float32)
        for picture, (x, y) in ((before, here), (now, there))
    )
    return bool(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED)[0, 0] > ALIKE)


def _even(picture: Callable[[int], Picture], index: int) -> Gray:
    gray = cv2.cvtColor(picture(index), cv2.COLOR_RGB2GRAY)
    shrink = NEAR_PX / max(gray.shape)
    if shrink < 1:
        gray = cv2.resize(gray, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return evened(np.asarray(gray, np.uint8))


def _look(picture: Picture) -> Picture:
    small = cv2.resize(picture, SIZE[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small.reshape(-1, 3), np.uint8)
