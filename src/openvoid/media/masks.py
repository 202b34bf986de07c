"""Mask files <-> Quadmask.

Enters: lossless or lossy video, PNG sequences, binary mattes. Leaves: a `Quadmask` on its four
exact levels, read a frame at a time. Masks are taken from the stored luma, never through RGB:
0 / 63 / 127 / 255 in a limited-range plane lie at 16 / 70 / 125 / 235. Files are often tagged with
the wrong range, so the reading that fits the levels better is the one used.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Picture
from openvoid.core.quadmask import LEVELS, SNAP_REACH, Quadmask
from openvoid.media.open import open_clip

MATTE_THRESHOLD = 128  # of 255, full range: from here on a matte's pixel is the object
PROBE_FRAMES = 8  # frames by which the range is judged

_FULL = np.arange(256).astype(np.uint8)
_LIMITED = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
_OFF = np.abs(np.arange(256)[:, None] - LEVELS.astype(int)).min(axis=1)  # to the nearest level


def open_quadmask(path: str | Path, *, matte: bool = False) -> Quadmask:
    """The quadmask stored at `path`: a video, a folder of images, or a numbered pattern.

    Args:
        path: what `media.open.open_clip` takes.
        matte: the file is black and white, white where the object is; nothing is AFFECTED.

    Raises:
        OpenVoidError: unreadable, or not a quadmask (with the share of unclear samples).
    """
    path = Path(path)
    clip = open_clip(path, rate=Fraction(24))  # a mask goes by frame number, its rate is no matter
    if matte:
        table = _tagged(clip)
        white = (_read(values, table) >= MATTE_THRESHOLD for values in _luma(clip))
        return Quadmask.from_removed(white)
    table = _fitting(clip)
    frames = (_read(values, table) for values in _luma(clip))
    return Quadmask.from_values(frames, where=str(path))


def _luma(clip: Clip, stop: int | None = None) -> Iterator[NDArray[np.uint8]]:
    """The stored luma (or green) [H, W] of every frame, brought to 8 bit."""
    return (_eight_bit(picture) for picture in clip.pictures(0, stop))


def _eight_bit(picture: Picture) -> NDArray[np.uint8]:
    values, layout = picture.planes[0], picture.layout
    if layout.is_float:
        return np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)
    if layout.bits > 8:
        top = (1 << layout.bits) - 1 if layout.bits == 16 or layout.model == "rgb" else None
        scale = 255 / top if top else 1 / (1 << layout.bits - 8)
        return np.clip(np.rint(values * np.float32(scale)), 0, 255).astype(np.uint8)
    return values


def _read(values: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return values if table is _FULL else cv2.LUT(values, table).astype(np.uint8, copy=False)


def _tagged(clip: Clip) -> NDArray[np.uint8]:
    """Stored luma -> full range, as the file's tags say."""
    return _FULL if clip.color.full_range or clip.layout.model == "rgb" else _LIMITED


def _fitting(clip: Clip) -> NDArray[np.uint8]:
    """Stored luma -> full range, by the reading that brings the samples nearer to the levels."""
    if clip.layout.model == "rgb":
        return _FULL
    counts = np.zeros(256)
    for values in _luma(clip, min(PROBE_FRAMES, clip.length)):
        counts += cv2.calcHist([values], [0], None, [256], [0, 256]).ravel()

    def misfit(table: NDArray[np.uint8]) -> tuple[float, float]:
        off = _OFF[table]
        return float(counts[off > SNAP_REACH].sum()), float(counts @ off)

    tagged = _tagged(clip)
    other = _LIMITED if tagged is _FULL else _FULL
    return tagged if misfit(tagged) <= misfit(other) else other
