"""Motion: how kept pixels around the holes move from frame to frame, beyond the camera's motion.

Enters: a survey. Leaves, between two neighbouring frames and around their holes, dense flow both
ways over what the camera does, and where both agree. Each pair is looked at once and kept on disk.
Knows nothing of what is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import EMPTY, Box, bounding_box
from openvoid.core.removal import Run
from openvoid.plate.align import warp
from openvoid.plate.canvas import mapped
from openvoid.plate.gradient import membrane
from openvoid.plate.survey import Survey
from openvoid.vision.fitting import Image, Matrix
from openvoid.vision.flow import Dis, pixel_grid, sample
from openvoid.vision.masks import grown
from openvoid.vision.store import ArrayStore

Mask = NDArray[np.bool_]
AROUND_PX = 56  # seen pixels so far around the hole tell how the hidden move
MOST_PX = 12  # nothing moves farther between two frames, beyond the camera
TEST_PX = 10  # seen pixels that are followed as if they were hidden: by them it is judged
KEPT_FRAMES = 50  # gray frames and masks in memory
AGREE_PX = 0.7
WORST = 0.1  # a difference (0..1) counts no more than this
EDGE_PX = 6  # an edge of the flow may lie this far from the picture's
PATCH_PX = 5
CHOOSY = 0.9  # another's motion must fit better by this factor


@dataclass(frozen=True)
class Step:
    """From a frame to one beside it in time, in a window of both."""

    window: Box
    matrix: Matrix  # the camera's, from the first frame to the other
    there: Image  # [h, w, 2] on the first frame's pixels p, which go to matrix(p + there)
    back: Image  # [h, w, 2] the same the other way, on the other's pixels
    sure: Mask  # [h, w] where both are kept and agree, on the first


class Motion:
    """The steps of a shot. `soft_px`: so much around the hole is wanted too, proxy pixels."""

    def __init__(self, look: Survey, soft_px: int) -> None:
        self.look, self.soft_px = look, soft_px
        self._dis = Dis()
        self._store: ArrayStore | None = None
        self.gray = lru_cache(KEPT_FRAMES)(self._make_gray)
        self.hidden = lru_cache(4)(self._make_hidden)

    def keep(self, run: Run) -> None:
        """Look at all steps, once, and keep them on disk."""
        path, count = run.scratch / "motion.bin", len(self.look.frames)
        if not ArrayStore.exists(path):
            with ArrayStore.writing(path) as store:
                for index in run.track("motion", range(count - 1), count - 1):
                    store.append(self._looked_at(index))
        self._store = ArrayStore.reading(path)

    def step(self, index: int, other: int) -> Step:
        """From a frame to the one before or behind it."""
        first = min(index, other)
        known = self._looked_at(first) if self._store is None else self._store[first]
        there, back = known.astype(np.float32)
        if other < index:
            there, back = back, there
        matrix, window = self.look.registration.between(index, other), self.window(first)
        return Step(window, matrix, there, back, self._sure(index, other, window, there, back))

    def window(self, first: int) -> Box:
        """Of a frame and the next: around the holes of both; empty where neither has one."""
        hidden = self.hidden(first) | self.hidden(first + 1)
        if not hidden.any():
            return EMPTY
        return bounding_box(hidden).grown(AROUND_PX + MOST_PX, *hidden.shape)

    def blind(self, index: int) -> Mask:
        """Where a frame [H, W] shows the object or its soft edge, or nothing."""
        return grown(self.look.hole(index) | self.look.unseen(index), self.soft_px + 1)

    def _make_hidden(self, index: int) -> Mask:
        """That, and the ring that is followed as if it were."""
        return grown(self.blind(index), TEST_PX)

    def _make_gray(self, index: int) -> Image:
        seen = self.look.seen(self.look.frame(index))
        gray = np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), np.float32)
        return membrane(gray[..., None], ~self.blind(index))[..., 0]

    def flow(self, first: Image, second: Image) -> Image:
        """From one gray picture to another [h, w, 2], its edges where the pictures' are."""
        pair = (np.clip(each * 255, 0, 255).astype(np.uint8) for each in (first, second))
        return sharpened(first, second, self._dis.between_gray(*pair))

    def _looked_at(self, index: int) -> NDArray[np.float16]:
        """There and back [2, h, w, 2] between a frame and the next, in their window."""
        window = self.window(index)
        if window.empty:
            return np.zeros((2, 0, 0, 2), np.float16)
        matrix = self.look.registration.between(index, index + 1)
        first, second = self.gray(index), self.gray(index + 1)
        there = self.flow(first[window.slices], warp(second, matrix, window))
        back = self.flow(second[window.slices], warp(first, np.linalg.inv(matrix), window))
        return np.stack([there, back]).astype(np.float16)

    def _sure(self, index: int, other: int, window: Box, there: Image, back: Image) -> Mask:
        if window.empty:
            return np.zeros((0, 0), bool)
        matrix = self.look.registration.between(index, other)
        corner = np.array([window.left, window.top], np.float32)
        landed = mapped(matrix, grid(there) + corner + there)
        x, y = np.moveaxis(landed - corner, -1, 0)
        sure = (x >= 1) & (y >= 1) & (x < window.width - 2) & (y < window.height - 2)
        sure &= np.abs(there + at(back, landed - corner)).max(axis=-1) < AGREE_PX
        first, second = (self.gray(each)[window.slices] for each in (index, other))
        sure &= np.abs(at(second, landed - corner) - first) < WORST
        here, hid = (self.hidden(each)[window.slices] for each in (index, other))
        x, y = np.clip(np.rint(x), 0, window.width - 1), np.clip(np.rint(y), 0, window.height - 1)
        return np.asarray(sure & ~here & ~hid[y.astype(int), x.astype(int)])


def sharpened(first: Image, second: Image, flow: Image) -> Image:
    """A flow whose edges lie where the pictures' do: each pixel takes the best of those around."""
    place = grid(flow)
    least = CHOOSY * _apart(first, second, place + flow)
    best = flow.copy()
    height, width = flow.shape[:2]
    for x, y in ((0, 1), (1, 0), (0, -1), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)):
        shift = np.array([[1, 0, x * EDGE_PX], [0, 1, y * EDGE_PX]], np.float32)
        other = cv2.warpAffine(flow, shift, (width, height), borderMode=cv2.BORDER_REPLICATE)
        cost = _apart(first, second, place + other)
        better = cost < least
        best[better] = other[better]
        np.minimum(least, cost, out=least)
    return best


def _apart(first: Image, second: Image, points: Image) -> Image:
    off = np.minimum(np.abs(at(second, points) - first), WORST)
    return np.asarray(cv2.blur(off, (PATCH_PX, PATCH_PX)) + 1e-3, np.float32)


def grid(like: Image) -> Image:
    """x and y of every pixel of a picture, [h, w, 2]."""
    return np.dstack(pixel_grid(like.shape[0], like.shape[1]))


def at(picture: Image, points: Image, how: int = cv2.INTER_LINEAR) -> Image:
    """A picture's values at points [h, w, 2] (x, y); beyond its edge the edge goes on."""
    return sample(picture, points[..., 0], points[..., 1], how)
