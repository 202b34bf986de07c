"""Fill + native picture -> finished picture. What is kept stays the source's, bit for bit.

Enters: a picture as stored, an engine's `Fill` for it, and the quadmask that says what may change.
Leaves: a picture that differs from the source only where the fill's alpha is above 0, a matte of
what changed, and how many pixels came from where. Before any pixel is touched the engine's promise
is checked: alpha 1 wherever the mask is not KEEP, 0 beyond the soft edge. Knows no file and no
particular engine.

A subsampled chroma sample belongs to several pixels: it changes if one of them does.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import Clip, Picture
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Labels, Quadmask, Region
from openvoid.core.removal import Fill, Origin
from openvoid.media import pixels

ROUNDING_PX = 0.5  # a disc of radius r, as `core.quadmask.dilate` draws it, reaches r + 0.5


@dataclass(frozen=True)
class Composited:
    """One finished frame."""

    picture: Picture
    fill: Fill
    counts: NDArray[np.int64]  # pixels by origin; adds up to the frame

    def matte(self) -> NDArray[np.uint8]:
        """[H, W] what changed: 255 wholly, 0 not at all; never 0 where something did."""
        matte = np.zeros(self.picture.planes[0].shape, np.uint8)
        if not self.fill.box.empty:
            matte[self.fill.box.slices] = np.ceil(self.fill.alpha * np.float32(255))
        return matte


@dataclass(frozen=True)
class Compositor:
    """Puts fills into the pictures of one clip, holding their engine to its word."""

    clip: Clip
    quadmask: Quadmask
    soft_edge_px: int
    engine: str  # its name, for errors

    def composite(self, picture: Picture, fill: Fill) -> Composited:
        """The picture with its fill in place.

        Raises:
            OpenVoidError: the fill breaks the engine's promise; names engine and frame.
        """
        self.check(fill)
        counts = self._count(fill)
        if fill.box.empty:
            return Composited(picture, fill, counts)
        painted = pixels.paint(picture, fill.box, fill.rgb, fill.alpha, self.clip.color)
        return Composited(painted, fill, counts)

    def check(self, fill: Fill) -> None:
        """Everything `Engine.fill` promises of one fill, looked at inside its box only."""
        self._check_arrays(fill)
        needed = self.quadmask.box(fill.frame)
        if needed.intersect(fill.box) != needed:
            raise self._broken(fill, f"its box {tuple(fill.box)} leaves out part of the mask")
        if fill.box.empty:
            return
        labels = self.quadmask.labels_in(fill.frame, fill.box)
        change = labels != Region.KEEP
        if not (fill.alpha[change] == 1).all():
            raise self._broken(fill, "alpha is not 1 everywhere in the mask")
        touched = fill.alpha > 0
        if not np.array_equal(touched, fill.origin != Origin.KEPT):
            raise self._broken(fill, "origin and alpha disagree on what is kept")
        soft = touched & ~change
        if soft.any() and self._distance_px(fill, labels)[soft].max() > self._reach_px():
            raise self._broken(fill, f"it changes pixels beyond the soft edge ({self._bound()})")

    def _check_arrays(self, fill: Fill) -> None:
        height, width = self.clip.size
        box = fill.box
        if not box.empty and Box(0, 0, height, width).intersect(box) != box:
            raise self._broken(fill, f"its box {tuple(box)} leaves the picture {width}x{height}")
        size = (box.height, box.width) if not box.empty else fill.alpha.shape
        shapes = fill.rgb.shape, fill.alpha.shape, fill.origin.shape
        if shapes != ((*size, 3), size, size):
            raise self._broken(fill, f"its arrays are {shapes}, its box is {size}")
        types = fill.rgb.dtype, fill.alpha.dtype, fill.origin.dtype
        if types != (self.clip.dtype, np.dtype(np.float32), np.dtype(np.uint8)):
            raise self._broken(fill, f"its types are {', '.join(map(str, types))}")
        if fill.alpha.size and not (fill.alpha.min() >= 0 and fill.alpha.max() <= 1):
            raise self._broken(fill, "alpha leaves 0..1")
        if fill.origin.size and fill.origin.max() > max(Origin):
            raise self._broken(fill, f"origin {fill.origin.max()} has no meaning")
        if fill.rgb.dtype.kind == "f" and not np.isfinite(fill.rgb[fill.alpha > 0]).all():
            raise self._broken(fill, "its colours are not all finite")

    def _distance_px(self, fill: Fill, labels: Labels) -> NDArray[np.float32]:
        """How far each pixel of the box is from the mask; infinite where the mask is empty.

        The whole mask lies in the box, so nothing outside is nearer.
        """
        keep = (labels == Region.KEEP).astype(np.uint8)
        if keep.all():
            return np.full(keep.shape, np.inf, np.float32)
        distance = cv2.distanceTransform(keep, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return distance.astype(np.float32, copy=False)

    def _reach_px(self) -> float:
        return self.soft_edge_px + ROUNDING_PX if self.soft_edge_px else 0.0

    def _bound(self) -> str:
        return f"{self.soft_edge_px} px"

    def _count(self, fill: Fill) -> NDArray[np.int64]:
        counts = np.bincount(fill.origin.ravel(), minlength=len(Origin)).astype(np.int64)
        height, width = self.clip.size
        counts[Origin.KEPT] = height * width - counts[Origin.SEEN :].sum()
        return counts

    def _broken(self, fill: Fill, how: str) -> OpenVoidError:
        return OpenVoidError(
            f"engine {self.engine!r} broke its promise in frame {fill.frame}: {how}",
            mend="a defect of that engine; please report it",
        )
