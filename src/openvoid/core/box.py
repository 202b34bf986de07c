"""A half-open rectangle of pixels: [top, bottom) x [left, right). Pure arithmetic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Box(NamedTuple):
    """Half-open pixel rectangle. An empty box has no height or no width."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return max(0, self.bottom - self.top)

    @property
    def width(self) -> int:
        return max(0, self.right - self.left)

    @property
    def empty(self) -> bool:
        return self.height == 0 or self.width == 0

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in an [H, W, ...] array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, by_px: int, height: int, width: int) -> Box:
        """Larger by `by_px` on every side, clipped to a picture of that size. Empty stays empty."""
        if self.empty:
            return self
        return Box(
            max(0, self.top - by_px),
            max(0, self.left - by_px),
            min(height, self.bottom + by_px),
            min(width, self.right + by_px),
        )

    def aligned(self, step: int, height: int, width: int) -> Box:
        """Grown outward to multiples of `step`, clipped to a picture of that size."""
        if self.empty:
            return self
        return Box(
            self.top // step * step,
            self.left // step * step,
            min(height, -(-self.bottom // step) * step),
            min(width, -(-self.right // step) * step),
        )

    def union(self, other: Box) -> Box:
        if self.empty:
            return other
        if other.empty:
            return self
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )

    def intersect(self, other: Box) -> Box:
        box = Box(
            max(self.top, other.top),
            max(self.left, other.left),
            min(self.bottom, other.bottom),
            min(self.right, other.right),
        )
        return EMPTY if box.empty else box

    def within(self, other: Box) -> Box:
        """The same rectangle in the coordinates of `other`."""
        return Box(
            self.top - other.top,
            self.left - other.left,
            self.bottom - other.top,
            self.right - other.left,
        )


EMPTY = Box(0, 0, 0, 0)


def bounding_box(mask: NDArray[np.bool_]) -> Box:
    """The smallest box around the True pixels of a [H, W] mask; `EMPTY` where there is none."""
    rows = np.flatnonzero(mask.any(axis=1))
    if rows.size == 0:
        return EMPTY
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
