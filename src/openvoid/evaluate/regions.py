"""Quadmask -> the parts of a frame that are judged apart.

Enters: labels of one frame. Leaves: a mask [H, W] a region. A number over the whole frame hides
what matters: most of it was never touched. Knows no pixels.

    primary    the removed object alone (label 0)
    overlap    the removed object in front of where the scene changes too (63)
    affected   where the scene goes differently, the object not in front (127)
    boundary   within `boundary_px` of the edge between what is kept and what is not, both sides
    keep       what must stay (255)
    whole      everything
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame
from openvoid.core.judged import Judged
from openvoid.core.quadmask import Labels, Quadmask, Region, dilate

REGIONS = ("primary", "overlap", "affected", "boundary", "keep", "whole")
LEAST_PIXELS = 64  # of a region, over the whole shot; fewer are not measured

Masks = dict[str, NDArray[np.bool_]]


def boundary_px(height: int) -> int:
    """How far a seam is looked for on both sides of the mask's edge: 4 pixels at 384."""
    return max(2, round(height / 96))


def regions_of(labels: Labels) -> Masks:
    """Every region of one frame, as masks [H, W]."""
    gone = labels != Region.KEEP
    reach = boundary_px(labels.shape[0])
    return {
        "primary": labels == Region.PRIMARY,
        "overlap": labels == Region.OVERLAP,
        "affected": labels == Region.AFFECTED,
        "boundary": dilate(gone, reach) & ~dilate(gone, -reach),
        "keep": ~gone,
        "whole": np.ones(labels.shape, bool),
    }


def unit(frame: Frame, white: float) -> NDArray[np.float32]:
    """A frame as float32 [H, W, 3] with white at 1.0, nothing below 0 or above 1."""
    scaled = frame.astype(np.float32) / np.float32(white)
    return np.clip(scaled, 0.0, 1.0)


def units(clip: Clip) -> Iterator[NDArray[np.float32]]:
    """Every frame of a clip by `unit`."""
    return (unit(frame, clip.white) for frame in clip.frames())


def pairs(
    judged: Judged,
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32], Labels]]:
    """Result, truth and labels of every frame."""
    mask: Quadmask = judged.quadmask
    yield from zip(units(judged.result), units(judged.truth), mask, strict=True)


class Means:
    """The mean over the pixels of each region, all frames together."""

    def __init__(self) -> None:
        self._sums = dict.fromkeys(REGIONS, 0.0)
        self._counts = dict.fromkeys(REGIONS, 0)

    def add(self, values: NDArray[np.float32], regions: Masks) -> None:
        """One more frame: a value [H, W] a pixel."""
        for name, mask in regions.items():
            self._sums[name] += float(values[mask].sum(dtype=np.float64))
            self._counts[name] += int(np.count_nonzero(mask))

    def of(self, region: str) -> float:
        """NaN where the region has too few pixels to tell anything."""
        if self._counts[region] < LEAST_PIXELS:
            return math.nan
        return self._sums[region] / self._counts[region]
