"""Window: the part of a frame in which one object is looked for, at a size that suits it.

Enters: a box of the working frame, which may reach beyond it. Leaves: that part of any map or
picture, reduced where the object is large, so that a step costs the same for small and large
things; and back. Beyond the frame its edge goes on. Knows nothing of what it shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.select.seeds import Mask
from openvoid.vision.flow import pixel_grid

Map = NDArray[Any]  # [h, w] float32
MOST_PX = 40000  # pixels of a window
LEAST_SIDE_PX = 48  # optical flow wants that much


@dataclass(frozen=True)
class Window:
    """A box of a frame, seen at `size`."""

    box: Box  # working px
    size: tuple[int, int]  # (height, width) in window px
    frame: tuple[int, int]  # (height, width) of the working frame

    @classmethod
    def around(
        cls, box: Box, margin_px: int, frame: tuple[int, int], most_px: int = MOST_PX
    ) -> Window:
        """A box and a margin, grown to what optical flow takes; no larger than the frame."""
        sides = []
        for low, high, most in ((box.top, box.bottom, frame[0]), (box.left, box.right, frame[1])):
            side = min(max(high - low + 2 * margin_px, LEAST_SIDE_PX), max(most, LEAST_SIDE_PX))
            start = (low + high - side) // 2
            if side <= most:  # it need not reach beyond the frame
                start = min(max(start, 0), most - side)
            sides.append((start, start + side))
        (top, bottom), (left, right) = sides
        shrink = min(1.0, math.sqrt(most_px / ((bottom - top) * (right - left))))
        size = max(1, round((bottom - top) * shrink)), max(1, round((right - left) * shrink))
        return cls(Box(top, left, bottom, right), size, frame)

    def moved(self, down: int, across: int) -> Window:
        """The same window elsewhere, working px; at most half of it beyond the frame."""
        box, (height, width) = self.box, self.frame
        down = min(max(down, -(box.top + box.bottom) // 2), height - (box.top + box.bottom) // 2)
        across = min(max(across, -(box.left + box.right) // 2), width - (box.left + box.right) // 2)
        there = Box(box.top + down, box.left + across, box.bottom + down, box.right + across)
        return replace(self, box=there)

    def reaching(self, mask: Mask, down: int, across: int) -> Window:
        """A larger one, beyond the frame's edge where that cuts the mask off: so that, moved, it
        still shows what comes in there."""
        above = max(0, down) * bool(mask[0].any())
        below = max(0, -down) * bool(mask[-1].any())
        left = max(0, across) * bool(mask[:, 0].any())
        right = max(0, -across) * bool(mask[:, -1].any())
        old = self.box
        box = Box(old.top - above, old.left - left, old.bottom + below, old.right + right)
        size = round(box.height * self.scale), round(box.width * self.size[1] / old.width)
        return replace(self, box=box, size=size)

    @property
    def scale(self) -> float:
        """Window px for a working one."""
        return self.size[0] / (self.box.bottom - self.box.top)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """Window px -> working px, [3, 3]."""
        along = (self.box.bottom - self.box.top) / self.size[0]
        across = (self.box.right - self.box.left) / self.size[1]
        return np.array(
            [
                [across, 0, self.box.left + (across - 1) / 2],
                [0, along, self.box.top + (along - 1) / 2],
                [0, 0, 1.0],
            ]
        )

    @property
    def places(self) -> tuple[Map, Map]:
        """y and x of every pixel in working px, [h, w] each."""
        x, y = pixel_grid(*self.size)
        matrix = self.matrix.astype(np.float32)
        return y * matrix[1, 1] + matrix[1, 2], x * matrix[0, 0] + matrix[0, 2]

    @property
    def real(self) -> Mask:
        """Which of its pixels are in the frame, [h, w]."""
        y, x = self.places
        height, width = self.frame
        return (y > -0.5) & (x > -0.5) & (y < height - 0.5) & (x < width - 0.5)

    def of(self, picture: NDArray[Any]) -> NDArray[Any]:
        """That part of a picture or map of the whole frame."""
        inner = self.box.intersect(Box(0, 0, *self.frame))
        part = picture[inner.slices]
        if inner != self.box:
            pad = (
                inner.top - self.box.top,
                self.box.bottom - inner.bottom,
                inner.left - self.box.left,
                self.box.right - inner.right,
            )
            part = cv2.copyMakeBorder(part, *pad, cv2.BORDER_REPLICATE)
        if part.shape[:2] == self.size:
            return part
        return cv2.resize(part, self.size[::-1], interpolation=cv2.INTER_AREA)

    def again(self, values: Map, before: Window) -> Map:
        """A map of another window of the same frame, in this one; its edge goes on beyond it."""
        if before == self:
            return values
        matrix = (np.linalg.inv(before.matrix) @ self.matrix)[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size, border = self.size[::-1], cv2.BORDER_REPLICATE
        return cv2.warpAffine(values, matrix, size, flags=flags, borderMode=border)

    def mask_of(self, mask: Mask) -> Mask:
        """That part of a mask of the whole frame."""
        part = self.of(mask.astype(np.uint8) * np.uint8(255))
        return np.asarray(part > 127)

    def whole(self, u: NDArray[Any]) -> Mask:
        """A labelling (over 0.5 is in) of the window as a mask of the whole frame."""
        mask = np.zeros(self.frame, bool)
        box = self.box
        full = box.right - box.left, box.bottom - box.top
        if u.shape != full[::-1]:
            u = cv2.resize(u.astype(np.float32), full, interpolation=cv2.INTER_LINEAR)
        inner = box.intersect(Box(0, 0, *self.frame))
        mask[inner.slices] = (u > 0.5)[inner.within(box).slices]
        return mask
