"""Looks: what the network sees in a square crop of a frame, and what of it is one thing.

Enters: a working copy, a network, where to look. Leaves: foreground [h, w] on the whole frame, 0
outside the crop, and its parts. Knows no marks. Which thing stands out is decided by the crop: in
one that cuts the thing its parts stand out, in one that is wide enough it is seen whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.select.seeds import Mask
from openvoid.vision.working import Working

Map = NDArray[Any]  # [h, w] float32
SEEN = 0.5  # foreground from here on
WIDE = 2.2  # side of a crop for one of the thing: .96 on boys-beach from 1.8 on, .82 at 1.3
LEAST_SHARE = 0.3  # of the picture's short side: smaller crops show texture


class Sees(Protocol):
    """A network: `network.Network`."""

    def see(self, picture: NDArray[Any]) -> NDArray[np.float32]:
        """The foreground [h, w] of a picture [h, w, 3]."""
        ...


@dataclass(frozen=True)
class Look:
    """One look at one frame."""

    frame: int
    crop: Box
    foreground: Map  # [h, w] of the whole frame; 0 outside the crop

    @property
    def seen(self) -> Mask:
        """[h, w] what stands out."""
        return self.foreground > SEEN

    def cut_share(self, mask: Mask) -> float:
        """How much of a mask's outline lies on sides of the crop that are not the frame's own."""
        crop, (height, width) = self.crop, mask.shape
        sides = [
            mask[crop.top] if crop.top > 0 else None,
            mask[crop.bottom - 1] if crop.bottom < height else None,
            mask[:, crop.left] if crop.left > 0 else None,
            mask[:, crop.right - 1] if crop.right < width else None,
        ]
        cut = sum(int(np.count_nonzero(side)) for side in sides if side is not None)
        inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
        outline = int(np.count_nonzero(mask)) - int(np.count_nonzero(inner))
        return cut / max(1, outline + cut)

    def certainty(self, mask: Mask) -> float:
        """Mean foreground within a mask, 0..1."""
        return float(self.foreground[mask].mean()) if mask.any() else 0.0


class Eye:
    """Looks at frames of one working copy, and counts how often."""

    def __init__(self, network: Sees, working: Working) -> None:
        self._network, self._working, self.looks = network, working, 0

    def look(self, frame: int, crop: Box) -> Look:
        """What stands out in a crop of a frame."""
        self.looks += 1
        foreground = np.zeros(self._working.size, np.float32)
        picture = np.ascontiguousarray(self._working[frame][crop.slices])
        foreground[crop.slices] = self._network.see(picture)
        return Look(frame, crop, foreground)

    def around(self, box: Box, wide: float = WIDE) -> Box:
        """A crop that shows a thing whole."""
        side = max(wide * max(box.height, box.width), LEAST_SHARE * min(self._working.size))
        middle = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        return self.square(middle, side)

    def square(self, middle: tuple[float, float], side: float) -> Box:
        """A square around (x, y), moved into the frame; where it is larger, all there is."""
        spans = []
        for place, whole in zip(middle[::-1], self._working.size, strict=True):
            length = int(min(whole, max(8, round(side))))
            start = int(np.clip(round(place - length / 2), 0, whole - length))
            spans.append((start, start + length))
        (top, bottom), (left, right) = spans
        return Box(top, left, bottom, right)


def parts(mask: Mask) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The numbered parts of a mask [h, w], 0 where it is not; and the area of each, [parts + 1]."""
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), np.bincount(labels.ravel(), minlength=count)
