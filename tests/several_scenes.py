"""Clips of several shots, as `cases/field` has them, with the truth behind a block that crosses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, clip_of
from openvoid.core.quadmask import Quadmask, Region
from openvoid.core.removal import Fill, RemovalRequest

HEIGHT, WIDTH, LENGTH = 72, 128, 32
Frames = NDArray[np.float32]


def plate(seed: int) -> Frames:
    noise = np.random.default_rng(seed).uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    return (smooth - smooth.min()) / np.ptp(smooth) * 200 + 20


ONE, OTHER = plate(1), plate(2)


def way_of(kind: str, index: int) -> Frames:
    """The pictures behind the object, as `cases/field` has them."""
    if kind == "cut":
        return ONE if index < LENGTH // 2 else OTHER
    if kind == "dissolve":
        way = np.clip((index - 8) / 16, 0, 1)
        return ONE * (1 - way) + OTHER * way
    if kind == "fade":
        return ONE * np.clip(abs(index - LENGTH / 2) / 8, 0, 1)
    if kind == "flash":
        return np.clip(ONE * (2.2 if index in (10, 20) else 1), 0, 255)
    return ONE


@dataclass
class Case:
    """A block crosses the picture; `truth` is without it."""

    clip: Clip
    truth: NDArray[np.uint8]
    mask: Quadmask

    @classmethod
    def of(cls, kind: str) -> Case:
        truth = np.stack([np.rint(way_of(kind, index)) for index in range(LENGTH)])
        truth = truth.astype(np.uint8)
        shown, labels = truth.copy(), np.full((LENGTH, HEIGHT, WIDTH), Region.KEEP, np.uint8)
        for index in range(LENGTH):
            left = 8 + 3 * index
            shown[index, 28:48, left : left + 16] = 250, 30, 30
            labels[index, 26:50, left - 2 : left + 18] = Region.PRIMARY
        return cls(clip_of(list(shown)), truth, Quadmask.from_labels(labels))

    def request(self, **changed: Any) -> RemovalRequest:
        return replace(RemovalRequest(self.clip, self.mask, soft_edge_px=4), **changed)

    def db(self, fills: list[Fill]) -> list[float]:
        """PSNR in the mask, frame by frame."""
        return [self._db(fill) for fill in fills]

    def _db(self, fill: Fill) -> float:
        made = self.truth[fill.frame].astype(float)
        made[fill.box.slices] = fill.rgb
        hole = self.mask[fill.frame] != Region.KEEP
        off = np.square(made - self.truth[fill.frame])[hole].mean()
        return float(10 * np.log10(255**2 / max(off, 1e-9)))
