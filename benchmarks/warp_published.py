"""The published way to warp noise, written straight from its description, as a yardstick.

Enters: a noise field far finer than the flow, and flow from one frame to the next. Leaves: the
noise of the next frame, and its reduction to latent size. After Burgert et al. 2025
("Go-with-the-Flow", arXiv 2501.08331), section 3: a bipartite graph between the cells of two
frames, with contraction edges along the forward flow and expansion edges along the backward flow
to cells that no contraction reaches; a cell's noise is split over its edges as white noise is, and
edges that meet are added up by density. Each cell keeps its fraction of a cell, as the released
program does, so that slow motion adds up.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FINER = 8  # the internal field is so many times finer than the flow


@dataclass
class PublishedWarp:
    """Noise [C, H, W] at internal size, with what each cell remembers."""

    noise: NDArray[np.float32]
    density: NDArray[np.float32]  # [H, W]
    rest: NDArray[np.float32]  # [2, H, W] (x, y): how far from the cell's middle its content lies

    @classmethod
    def begin(
        cls, flow_size: tuple[int, int], channels: int, rng: np.random.Generator
    ) -> PublishedWarp:
        height, width = flow_size[0] * FINER, flow_size[1] * FINER
        noise = rng.standard_normal((channels, height, width), np.float32)
        ones, zeros = np.ones((height, width), np.float32), np.zeros((2, height, width), np.float32)
        return cls(noise, ones, zeros)

    def latent(self, size: tuple[int, int]) -> NDArray[np.float32]:
        """[C, h, w]: the mean of each block, times the root of their number."""
        channels, height, width = self.noise.shape
        blocks = (channels, size[0], height // size[0], size[1], width // size[1])
        side = (blocks[2] * blocks[4]) ** 0.5
        return np.asarray(self.noise.reshape(blocks).mean(axis=(2, 4)) * side, np.float32)

    def follow(
        self,
        forward: NDArray[np.float32],
        backward: NDArray[np.float32],
        rng: np.random.Generator,
    ) -> None:
        """One frame on. Both flows are [h, w, 2] at the flow's size, in its pixels."""
        channels, height, width = self.noise.shape
        cells = height * width
        source, target, rest = self._edges(self._finer(forward), self._finer(backward))
        degree = np.bincount(source, minlength=cells).astype(np.float32)
        share = (self.density.ravel() / np.maximum(degree, 1))[source]
        density = np.bincount(target, share, cells)
        empty = np.flatnonzero(density == 0)  # expansion came from outside the picture
        density[empty] = 1
        root, spread = np.sqrt(share), np.sqrt(degree)[source]
        for channel in range(channels):
            fresh = rng.standard_normal(len(source), np.float32)
            mean = np.bincount(source, fresh, cells) / np.maximum(degree, 1)
            part = self.noise[channel].ravel()[source] / spread + fresh - mean[source]
            moved = np.bincount(target, root * part, cells) / np.sqrt(density)
            moved[empty] = rng.standard_normal(len(empty))
            self.noise[channel] = moved.reshape(height, width)
        self.density = density.reshape(height, width).astype(np.float32)
        self.rest = np.zeros((2, height, width), np.float32)
        self.rest.reshape(2, -1)[:, target] = rest

    def _edges(
        self, forward: NDArray[np.float32], backward: NDArray[np.float32]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
        """Source and target cell of every edge, and the fraction [2, edges] kept at its target."""
        height, width = self.density.shape
        y, x = np.mgrid[:height, :width]
        to_x, to_y = x + self.rest[0] + forward[..., 0], y + self.rest[1] + forward[..., 1]
        column, row = np.rint(to_x).astype(np.intp), np.rint(to_y).astype(np.intp)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        source = np.flatnonzero(inside)
        target = (row * width + column)[inside]
        rest = np.stack([(to_x - column)[inside], (to_y - row)[inside]])
        unreached = np.ones(height * width, bool)
        unreached[target] = False
        new = np.flatnonzero(unreached)
        from_x = np.rint(x.ravel()[new] + backward[..., 0].ravel()[new]).astype(np.intp)
        from_y = np.rint(y.ravel()[new] + backward[..., 1].ravel()[new]).astype(np.intp)
        known = (from_x >= 0) & (from_x < width) & (from_y >= 0) & (from_y < height)
        pulled = (from_y * width + from_x)[known]
        return (
            np.concatenate([source, pulled]),
            np.concatenate([target, new[known]]),
            np.concatenate([rest, np.zeros((2, len(pulled)))], axis=1).astype(np.float32),
        )

    def _finer(self, flow: NDArray[np.float32]) -> NDArray[np.float32]:
        height, width = self.density.shape
        large = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(large * FINER, np.float32)
