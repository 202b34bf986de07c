"""Mask files <-> Quadmask.

Enters: lossless or lossy video, PNG sequences, binary mattes. Leaves: a `Quadmask` on its four
exact levels, read a frame at a time; or a lossless file of one. Masks are taken from the stored
luma, never through RGB: 0 / 63 / 127 / 255 in a limited-range plane lie at 16 / 70 / 125 / 235.
Files are often tagged with the wrong range, so the reading that fits the levels better is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import ArraySource, Clip, ColorTags, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import LEVELS, SNAP_REACH, Quadmask
from openvoid.media.atomic import Joins
from openvoid.media.codecs import LOSSLESS_H264
from openvoid.media.encode import open_writer, write_video
from openvoid.media.open import open_clip

MATTE_THRESHOLD = 128  # of 255, full range: from here on a matte's pixel is the object
PROBE_FRAMES = 8  # frames by which the range is judged

_FULL = np.arange(256).astype(np.uint8)
_LIMITED = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
_TO_LIMITED = np.rint(16 + np.arange(256) * (219 / 255)).astype(np.uint8)
_GRAY, _LUMA = PixelLayout("gray", 8, "gray"), PixelLayout("yuv444p", 8, "yuv")
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


def write_quadmask(mask: Quadmask, out: Path, rate: Fraction, within: Joins | None = None) -> None:
    """Store a quadmask without loss.

    Args:
        out: .mkv (FFV1, gray), .mp4 (H.264, lossless, as shot folders hold it), or a folder (PNG).
        within: a transaction in which it appears together with others.

    Raises:
        OpenVoidError: another kind of file, or it cannot be written.
    """
    write_mattes(mask, out, rate, within)


def write_mattes(
    frames: Iterable[NDArray[np.uint8]], out: Path, rate: Fraction, within: Joins | None = None
) -> None:
    """Store gray frames [H, W], full range, without loss. The rest as in `write_quadmask`.

    Raises:
        OpenVoidError: no frames, another kind of file, or it cannot be written.
    """
    if out.suffix.lower() not in (".mkv", ".mp4", ".png", ""):
        mend = "use .mkv, .mp4 or a folder"
        raise OpenVoidError(f"no mask is written as {out.suffix}", where=str(out), mend=mend)
    rest = iter(frames)
    first = next(rest, None)
    if first is None:
        raise OpenVoidError("the mask has no frames", where=str(out))
    luma = out.suffix.lower() == ".mp4"
    clip = _gray_clip(first, out, rate, _LUMA if luma else _GRAY)
    if luma:
        writing = write_video(out, clip, LOSSLESS_H264, within)
    else:
        codec = "png" if out.suffix.lower() != ".mkv" else "ffv1"
        writing = open_writer(out, clip, codec, within)
    neutral = np.full(first.shape, 128, np.uint8)
    with writing as writer:
        for index, values in enumerate(chain([first], rest)):
            planes = (cv2.LUT(values, _TO_LIMITED), neutral, neutral) if luma else (values,)
            writer.write(Picture(index, planes, clip.layout))


def _gray_clip(first: NDArray[np.uint8], out: Path, rate: Fraction, layout: PixelLayout) -> Clip:
    """What the writers must know of a mask: its size, rate and range."""
    height, width = first.shape
    source = ArraySource(lambda _: first, layout)
    color = ColorTags(full_range=layout.model == "gray")
    return Clip(out, width, height, 1, rate, layout, source, color)


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
