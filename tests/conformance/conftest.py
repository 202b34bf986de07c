"""Tiny clips with their masks, for every engine to fill."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.core.quadmask import Quadmask, label
from openvoid.core.removal import RemovalRequest


@dataclass(frozen=True)
class Case:
    """A shot in a few words."""

    name: str
    dtype: Any = np.uint8
    height: int = 72
    width: int = 96
    length: int = 6
    pan_px: float = 0.0  # the camera's way, a frame
    path: str = "across"  # of the object: "across", "border", "late" (empty frames), "still"
    affected: bool = False
    soft_edge_px: int = 3

    def request(self, start: int = 0) -> RemovalRequest:
        masks = self.quadmask()
        return RemovalRequest(
            self.clip(), masks, "", 7, None, soft_edge_px=self.soft_edge_px, start=start
        )

    def clip(self) -> Clip:
        rng = np.random.default_rng(3)
        large = rng.random((self.height // 4 + 20, self.width // 4 + 20, 3)).astype(np.float32)
        world = cv2.resize(large, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
        world = np.clip(0.15 + 0.7 * world, 0, 1)
        frames = []
        for index in range(self.length):
            shift = np.float32([[1, 0, -index * self.pan_px], [0, 1, -index * self.pan_px / 3]])
            seen = cv2.warpAffine(world, shift, (self.width, self.height), flags=cv2.INTER_LINEAR)
            seen = np.where(self.silhouette(index)[..., None], np.float32([0.9, 0.1, 0.1]), seen)
            frames.append(self._stored(seen + rng.normal(0, 0.004, seen.shape)))
        return clip_of(frames, Fraction(24000, 1001))

    def quadmask(self) -> Quadmask:
        silhouettes = [self.silhouette(index) for index in range(self.length)]
        shadows = [np.roll(mask, self.height // 8, 0) & self.affected for mask in silhouettes]
        return Quadmask.from_labels(label(*pair) for pair in zip(silhouettes, shadows, strict=True))

    def silhouette(self, index: int) -> np.ndarray:
        share = index / max(1, self.length - 1)
        x, y = {
            "across": (0.25 + 0.5 * share, 0.5),
            "border": (share, share),
            "late": (0.3 + 0.4 * share, 0.5),
            "still": (0.5, 0.5),
        }[self.path]
        radius = self.height / 7
        if self.path == "late" and index < self.length // 2:
            radius = 0.0
        rows, columns = np.mgrid[: self.height, : self.width]
        distance = np.hypot(rows - y * (self.height - 1), columns - x * (self.width - 1))
        return np.asarray(distance < radius)

    def _stored(self, values: np.ndarray) -> np.ndarray:
        if np.issubdtype(self.dtype, np.floating):
            return (values * 4).astype(self.dtype)  # scene-linear, beyond 1
        white = np.iinfo(self.dtype).max
        return np.clip(np.rint(values * white), 0, white).astype(self.dtype)


CASES = [
    Case("locked-8-bit"),
    Case("moving-8-bit-affected", pan_px=3, affected=True),
    Case("moving-16-bit-border", np.uint16, pan_px=2, path="border"),
    Case("locked-16-bit-late", np.uint16, path="late", affected=True),
    Case("moving-float-late", np.float32, pan_px=1.5, path="late"),
    Case("odd-size-border", height=71, width=97, path="border", affected=True),
    Case("never-uncovered", path="still"),
    Case("hard-edge", path="border", soft_edge_px=0),
    Case("one-frame", length=1, path="still"),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found
