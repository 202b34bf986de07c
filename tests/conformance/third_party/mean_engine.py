"""A whole third-party engine: fills the hole with the mean colour around it, with a soft edge.

Poor pictures, but every promise of `openvoid.core.plugins.Engine` is kept; copy it and put a better
idea into `_colour`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Frame
from openvoid.core.plugins import option
from openvoid.core.quadmask import Region
from openvoid.core.removal import Fill, Origin, RemovalRequest, Run


class MeanEngine:
    """One colour a frame, with grain from the seed."""

    name = "mean"

    @dataclass(frozen=True)
    class Options:
        ring_px: int = option(8, "how far around the hole to look", low=1, high=100)
        grain: float = option(0.01, "strength of the grain, as a share of white", low=0.0, high=1.0)

    def __init__(self, options: Options) -> None:
        self.options = options

    def fill(self, request: RemovalRequest, run: Run) -> Iterator[Fill]:
        """One fill a frame, from `request.start` on; each depends on its own frame alone."""
        run.note("ring_px", self.options.ring_px)
        frames = request.clip.frames(request.start) if request.start < request.clip.length else ()
        made = (
            self._fill(request, request.start + index, frame) for index, frame in enumerate(frames)
        )
        yield from run.track("mean", made, request.clip.length, request.start)

    def _fill(self, request: RemovalRequest, index: int, frame: Frame) -> Fill:
        clip, hole = request.clip, request.quadmask.box(index)
        if hole.empty:
            return Fill.nothing(index, clip.dtype)
        box = hole.grown(max(self.options.ring_px, request.soft_edge_px) + 1, *clip.size)
        keep = request.quadmask.labels_in(index, box) == Region.KEEP
        distance = cv2.distanceTransform(keep.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        alpha = np.clip(1 - distance / (request.soft_edge_px + 1), 0, 1).astype(np.float32)
        alpha[distance > request.soft_edge_px] = 0
        colour = self._colour(frame[box.slices], keep & (distance <= self.options.ring_px))
        grain = np.random.default_rng((request.seed, index)).normal(size=(*alpha.shape, 3))
        rgb = colour + grain * self.options.grain * clip.white
        if not clip.layout.is_float:
            rgb = np.clip(np.rint(rgb), 0, clip.white)
        origin = np.where(alpha > 0, Origin.SYNTHESISED, Origin.KEPT).astype(np.uint8)
        return Fill(index, box, rgb.astype(clip.dtype), alpha, origin)

    def _colour(self, around: NDArray[Any], ring: NDArray[np.bool_]) -> NDArray[np.float64]:
        colour: NDArray[np.float64] = around[ring].mean(axis=0) if ring.any() else np.zeros(3)
        return colour
