"""Enlarge: pictures at the working size over the clip's own pixels.

Enters: a picture that fills a window. Leaves: the same over any box of clip pixels, which need not
lie in the window (its border goes on). Separable and exact in position. Knows nothing of content.

A working pixel is a mean over an area. `crisp` makes up for it, so that the enlarged picture has
the same means again: without it every round trip would blur.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box

Picture = NDArray[np.float32]
"""[h, w] or [h, w, C]."""


def enlarge(picture: Picture, window: Box, box: Box, *, smooth: bool = False) -> Picture:
    """A picture that fills `window`, over the pixels of `box`; cubic, or linear where `smooth`."""
    height, width = picture.shape[:2]
    rows, down = _taps(box.top - window.top, box.height, window.height, height, smooth)
    columns, across = _taps(box.left - window.left, box.width, window.width, width, smooth)
    part = np.asarray(picture[rows, columns], np.float32)
    depth = 1 if part.ndim == 2 else part.shape[2]
    wide = part.reshape(part.shape[0], part.shape[1], depth)
    tall = np.tensordot(down, wide, axes=(1, 0))  # [H, w, C]
    full = np.stack([tall[..., channel] @ across.T for channel in range(depth)], axis=-1)
    return full[..., 0] if picture.ndim == 2 else full


def crisp(picture: Picture, window: Box) -> Picture:
    """The picture whose enlargement has `picture`'s pixels as its means, to first order."""
    kernels = [
        _mean_taps(round(large / small * 64) / 64)
        for large, small in zip((window.width, window.height), picture.shape[1::-1], strict=True)
    ]
    edge = cv2.BORDER_REPLICATE
    soft = cv2.sepFilter2D(picture, -1, kernels[0], kernels[1], borderType=edge)
    return picture + (picture - np.asarray(soft, np.float32).reshape(picture.shape))


def _taps(
    first: int, count: int, window_px: int, size: int, smooth: bool
) -> tuple[slice, NDArray[np.float32]]:
    """Which pixels of the small picture are needed, and [count, needed] their weights."""
    place = (np.arange(first, first + count) + 0.5) * (size / window_px) - 0.5
    base = np.floor(place).astype(int)
    reach = range(0, 2) if smooth else range(-1, 3)
    low = int(np.clip(base.min() + reach[0], 0, size - 1))
    high = int(np.clip(base.max() + reach[-1], 0, size - 1)) + 1
    weights = np.zeros((count, high - low), np.float32)
    for step in reach:
        share = _linear(place - base - step) if smooth else _cubic(place - base - step)
        np.add.at(weights, (np.arange(count), np.clip(base + step, low, high - 1) - low), share)
    return slice(low, high), weights


@lru_cache(maxsize=16)
def _mean_taps(scale: float) -> NDArray[np.float32]:
    """What enlarging by `scale` and taking means again does to a line of pixels."""
    if scale <= 1:
        return np.array([0, 0, 1, 0, 0], np.float32)
    place = (np.arange(max(1, round(scale))) + 0.5) / max(1, round(scale)) - 0.5
    taps = np.array([_cubic(place - step).mean() for step in range(-2, 3)])
    return (taps / taps.sum()).astype(np.float32)


def _cubic(away: NDArray[np.float64]) -> NDArray[np.float64]:
    """Catmull and Rom's kernel (Keys 1981, a = -1/2)."""
    far = np.abs(away)
    inner = 1.5 * far**3 - 2.5 * far**2 + 1
    outer = -0.5 * far**3 + 2.5 * far**2 - 4 * far + 2
    return np.where(far < 1, inner, np.where(far < 2, outer, 0))


def _linear(away: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0, 1 - np.abs(away))
