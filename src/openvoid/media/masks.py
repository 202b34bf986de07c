"""Mask files <-> Quadmask.

Enters: lossless or lossy video, PNG sequences, binary mattes. Leaves: a `Quadmask` on its four
exact levels, read a frame at a time; or a lossless file of one. Masks are taken from the stored
luma, never through RGB: 0 / 63 / 127 / 255 in a limited-range plane lie at 16 / 70 / 125 / 235.
Files are often tagged with the wrong range, so the reading that fits the levels better is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain, repeat
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import ArraySource, Clip, ColorTags, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import LEVELS, SNAP_REACH, Quadmask, Region
from openvoid.media.atomic import Joins
from openvoid.media.codecs import LOSSLESS_H264
from openvoid.media.encode import open_writer, write_video
from openvoid.media.open import open_clip
from openvoid.media.sequence import numbered

MATTE_THRESHOLD = 128  # of 255, full range: from here on a matte's pixel is the object
MATTE_FRAMES, MOST = 16, 0.5  # frames by which a matte is told, and how much it would remove
PROBE_FRAMES = 8  # frames by which the range is judged

_FULL = np.arange(256).astype(np.uint8)
_LIMITED = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
_TO_LIMITED = np.rint(16 + np.arange(256) * (219 / 255)).astype(np.uint8)
_GRAY, _LUMA = PixelLayout("gray", 8, "gray"), PixelLayout("yuv444p", 8, "yuv")
_OFF = np.abs(np.arange(256)[:, None] - LEVELS.astype(int)).min(axis=1)  # to the nearest level


def open_quadmask(path: str | Path, *, matte: bool = False, sure: bool = False) -> Quadmask:
    """The quadmask stored at `path`: a video, a folder of images, or a numbered pattern.

    Args:
        path: what `media.open.open_clip` takes.
        matte: the file is black and white, white where the object is; nothing is AFFECTED.
        sure: it is a quadmask, however much it looks like a white on black matte.

    Raises:
        OpenVoidError: unreadable, or not a quadmask (with the share of unclear samples), or most
            likely a matte.
    """
    path = Path(path)
    clip = open_clip(path, rate=Fraction(24))  # a mask goes by frame number, its rate is no matter
    if matte:
        return Quadmask.from_removed(values >= MATTE_THRESHOLD for values in matte_frames(clip))
    table = _fitting(clip)
    frames = (_read(values, table) for values in _luma(clip))
    found = Quadmask.from_values(frames, where=str(path))
    if not sure and (share := _looks_like_a_matte(found)):
        raise OpenVoidError(
            f"looks like a white on black matte: as a quadmask it removes {share:.0%} of the "
            "picture, edges and all",
            where=str(path),
            mend=f"openvoid mask convert {path.name} --from-matte --out quadmask.mkv, or "
            "--from-matte; if it is a quadmask all the same: --no-from-matte",
        )
    return found


def matte_frames(clip: Clip) -> Iterator[NDArray[np.uint8]]:
    """The stored luma of a matte [H, W], full range as its tags say."""
    table = _tagged(clip)
    return (_read(values, table) for values in _luma(clip))


def _looks_like_a_matte(found: Quadmask) -> float:
    """The share of the picture that is removed, where that is most of it and of its edges; else 0.

    Whoever removes so much keeps nothing to fill it with; a matte read as a quadmask is so in all
    frames, and has neither affected nor overlapping parts.
    """
    whole = [at for at in range(len(found)) if _spans(found.box(at), found.height, found.width)]
    if len(whole) * 2 <= len(found):
        return 0.0
    picked = [whole[at] for at in np.linspace(0, len(whole) - 1, MATTE_FRAMES).astype(int)]
    removed, edges = 0.0, 0.0
    for at in dict.fromkeys(picked):
        labels = found[at]
        if ((labels == Region.AFFECTED) | (labels == Region.OVERLAP)).any():
            return 0.0
        edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        removed += float((labels == Region.PRIMARY).mean())
        edges += float((edge == Region.PRIMARY).mean())
    count = len(dict.fromkeys(picked))
    most = MOST * count < removed < count and edges > MOST * count
    return removed / count if most else 0.0


def _spans(box: Box, height: int, width: int) -> bool:
    return (box.height, box.width) == (height, width)


def by_number(quadmask: Quadmask, path: Path, clip: Clip) -> Quadmask:
    """A mask at the clip's frames of the same numbers, where both have some in common.

    Frames for which there is no mask are kept wholly. A mask with numbers of its own (from 0 or 1)
    goes by its order.

    Raises:
        OpenVoidError: some of its numbers are the clip's, and some are not.
    """
    numbers = open_clip(path, rate=clip.rate)
    if not (numbered(numbers) and numbered(clip)):
        return quadmask
    before = numbers.first_frame - clip.first_frame
    after = clip.length - before - len(quadmask)
    if before >= clip.length or before + len(quadmask) <= 0:
        return quadmask
    if before < 0 or after < 0:
        first, last = clip.first_frame, clip.first_frame + clip.length - 1
        raise OpenVoidError(
            f"has frames {numbers.first_frame} to {numbers.first_frame + len(quadmask) - 1}, "
            f"the clip {first} to {last}",
            where=str(path),
            mend="move what the clip does not have elsewhere, or number the mask as the clip",
        )
    if not (before or after):
        return quadmask
    kept = np.full((quadmask.height, quadmask.width), Region.KEEP, np.uint8)
    return Quadmask.from_labels(chain(repeat(kept, before), quadmask, repeat(kept, after)))


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
