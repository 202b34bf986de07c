"""Two clips and perhaps a quadmask -> how far apart they are: whole, inside, outside.

Enters: clips of one size, frame by frame. Leaves: PSNR in dB over all samples of a region and all
frames (white is 1.0 whatever the bit depth), and the most different frame. Knows no files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask, Region


@dataclass
class Distance:
    """Squared errors of one region, added up."""

    squares: float = 0.0
    samples: int = 0
    worst_frame: int = -1
    _worst: float = 0.0

    def add(self, frame: int, squares: float, samples: int) -> None:
        """One more frame; `squares` is the sum over `samples` samples."""
        self.squares += squares
        self.samples += samples
        if samples and squares / samples > self._worst:
            self._worst, self.worst_frame = squares / samples, frame

    @property
    def psnr_db(self) -> float:
        """Infinite where nothing differs, NaN where nothing was compared."""
        return psnr_db(self.squares, self.samples)

    @property
    def worst_psnr_db(self) -> float:
        return psnr_db(self._worst, 1 if self.samples else 0)


@dataclass
class Comparison:
    """Distances of the regions of two clips: "whole", with a mask "inside" and "outside"."""

    regions: dict[str, Distance] = field(default_factory=dict)

    def add(self, index: int, left: Frame, right: Frame, mask: Quadmask | None) -> None:
        """One more frame pair; both [H, W, 3] with white at 1.0."""
        error = ((left - right) ** 2).sum(axis=2)
        samples = error.size * 3
        if mask is None:
            self._region("whole").add(index, _sum(error), samples)
            return
        box = mask.box(index)
        gone = mask.labels_in(index, box) != Region.KEEP
        inside, inside_samples = _sum(error[box.slices][gone]), 3 * int(np.count_nonzero(gone))
        error[box.slices][gone] = 0.0  # not whole - inside: what is identical must come out as 0
        outside = _sum(error)
        self._region("inside").add(index, inside, inside_samples)
        self._region("outside").add(index, outside, samples - inside_samples)
        self._region("whole").add(index, inside + outside, samples)

    def _region(self, name: str) -> Distance:
        return self.regions.setdefault(name, Distance())


def _sum(errors: NDArray[np.float32]) -> float:
    return float(errors.sum(dtype=np.float64))


def psnr_db(squares: float, samples: int) -> float:
    """10 log10(1 / mean squared error), white being 1.0."""
    if samples == 0:
        return math.nan
    return math.inf if squares == 0 else 10 * math.log10(samples / squares)


def pairs(
    left: Clip, right: Clip
) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.float32]]]:
    """Both clips frame by frame, white at 1.0.

    Raises:
        OpenVoidError: another size or another length.
    """
    check_alike(left, right)
    for index, (one, other) in enumerate(zip(left.frames(), right.frames(), strict=True)):
        yield index, unit(one, left.white), unit(other, right.white)


def check_alike(left: Clip, right: Clip, mask: Quadmask | None = None) -> None:
    """Both clips, and the mask, must have one size and one length."""
    if left.size != right.size:
        raise OpenVoidError(
            f"{right.width}x{right.height}, but the other is {left.width}x{left.height}",
            where=str(right.path),
        )
    if left.length != right.length:
        raise OpenVoidError(
            f"{right.length} frames, but the other has {left.length}",
            where=str(right.path),
            mend="--range A-B names the frames of the first that the second shows",
        )
    if mask is not None and (mask.height, mask.width, len(mask)) != (*left.size, left.length):
        raise OpenVoidError(
            f"the mask is {mask.width}x{mask.height} with {len(mask)} frames, "
            f"the clips are {left.width}x{left.height} with {left.length}",
            where="--mask",
        )


def unit(frame: Frame, white: float) -> NDArray[np.float32]:
    """The same frame as float32 with white at 1.0."""
    scaled: NDArray[np.float32] = frame.astype(np.float32) / np.float32(white)
    return scaled
