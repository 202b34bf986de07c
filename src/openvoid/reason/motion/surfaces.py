"""Surfaces: those of a single picture, and the one that the object stands on.

Enters: a picture and the object's mask. Leaves: regions that go on without an edge, patterns
smoothed away; of them those around the object's foot that are large enough to be ground. Light
changes brightness sooner than hue, so hue counts for more where surfaces are told apart: what light
does to a surface within itself is no edge, but the rim of a shadow is one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.motion.limits import LIGHT, WORKING, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture
from openvoid.vision.masks import grown


@dataclass(frozen=True)
class SurfaceLimits(Limits):
    """Where a surface ends, and which one is ground."""

    edge: float = limit(1.0, "L*a*b* a pixel: where colours change more a surface ends", LIGHT)
    hues: float = limit(2.5, "times as much a change of hue counts as one of brightness", LIGHT)
    calm_px: float = limit(4.0, "sigma by which patterns are smoothed away", LIGHT)
    ring: float = limit(0.055, "of the short side: around the foot a surface is looked for", LIGHT)
    low: float = limit(0.6, "of its height: below that is the object's foot", LIGHT)
    touches_px: int = limit(20, "of a surface are in the ring", WORKING)
    ground_share: float = limit(0.05, "of the picture: what is smaller is no ground", LIGHT)


@dataclass(frozen=True)
class Surfaces:
    """A picture's surfaces, by number; 0 is edges and the object."""

    labels: NDArray[np.int32]
    sizes: tuple[int, ...]
    ring: Mask  # around the object's foot
    limits: SurfaceLimits

    @property
    def touching(self) -> list[int]:
        """Those around the object's foot."""
        inside = np.bincount(self.labels[self.ring], minlength=len(self.sizes))
        return [
            number
            for number in range(1, len(self.sizes))
            if inside[number] > self.limits.touches_px
        ]

    @property
    def ground(self) -> Mask:
        """What the object stands on."""
        least = self.limits.ground_share * self.labels.size
        return np.isin(self.labels, [each for each in self.touching if self.sizes[each] > least])


def surfaces(picture: Picture, object_: Mask, seen: Mask, limits: SurfaceLimits) -> Surfaces:
    """Tell a picture's surfaces apart, the object left out."""
    box = bounding_box(object_)
    calm = softened(picture, seen, limits.calm_px)
    lab = cv2.cvtColor(calm, cv2.COLOR_RGB2LAB) * np.array(
        [1, limits.hues, limits.hues], np.float32
    )
    slope = [((cv2.Sobel(lab, cv2.CV_32F, dx, 1 - dx) / 8) ** 2).sum(axis=-1) for dx in (0, 1)]
    flat = (np.sqrt(slope[0] + slope[1]) < limits.edge) & seen & ~grown(object_, 3)
    ring = grown(object_, 3 + round(limits.ring * min(object_.shape))) & flat
    ring[: box.top + round(limits.low * box.height)] = False
    _, labels, stats, _ = cv2.connectedComponentsWithStats(flat.astype(np.uint8))
    sizes = tuple(int(each) for each in stats[:, cv2.CC_STAT_AREA])
    return Surfaces(np.asarray(labels, np.int32), sizes, ring, limits)


def softened(picture: Picture, free: Mask, by_px: float) -> Picture:
    """Blurred; what is not free does not count."""
    weights = free.astype(np.float32)
    norm = np.maximum(cv2.GaussianBlur(weights, (0, 0), by_px), 1e-3)[..., None]
    soft = cv2.GaussianBlur(picture * weights[..., None], (0, 0), by_px) / norm
    return np.asarray(soft, np.float32)
