"""Packed masks: silhouettes held cropped and compressed.

Enters: bool masks [H, W]. Leaves: the same masks, fresh arrays, out of about 5 kB each at 4K. An
eighth of the bytes by packing eight pixels into one (the first is the highest bit), the rest by
zlib at its quickest. Knows no files and no time.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box

Mask = NDArray[np.bool_]


def bits_of(mask: Mask) -> NDArray[np.uint8]:
    """The pixels of a mask of any shape in their order, eight to a byte, zeros at the end."""
    return np.packbits(mask)


def mask_of(bits: NDArray[np.uint8], height: int, width: int) -> Mask:
    """The inverse of `bits_of`: a fresh [height, width]."""
    return np.unpackbits(bits, count=height * width).reshape(height, width).view(np.bool_)


@dataclass(frozen=True)
class PackedMask:
    """One mask [height, width]; made by `PackedMask.of`. Equal masks are equal."""

    height: int
    width: int
    box: Box  # the smallest around what is True; empty where nothing is
    _data: bytes

    @classmethod
    def of(cls, mask: Mask) -> PackedMask:
        box = bounding_box(mask)
        data = zlib.compress(bits_of(mask[box.slices]).tobytes(), 1)
        return cls(mask.shape[0], mask.shape[1], box, data)

    def mask(self) -> Mask:
        """[height, width], a fresh array."""
        whole = np.zeros((self.height, self.width), np.bool_)
        if not self.box.empty:
            whole[self.box.slices] = self.crop()
        return whole

    def crop(self) -> Mask:
        """What lies in the box, a fresh array."""
        bits = np.frombuffer(zlib.decompress(self._data), np.uint8)
        return mask_of(bits, self.box.height, self.box.width)
