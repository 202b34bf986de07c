"""Decoder frames <-> pictures. The only place that touches a frame's memory.

Enters: a PyAV frame in any format. Leaves: a `Picture` whose planes are copies; formats that are
not planar little-endian (nv12, p010, rgb24, pal8 ...) are repacked by swscale into the nearest
one that is, without loss. Knows no container and no time.
"""

from __future__ import annotations

from typing import Any, cast

import av
import numpy as np
from av.video.format import VideoFormat
from av.video.reformatter import ColorRange, Interpolation
from numpy.typing import NDArray

from openvoid.core.clip import ColorTags, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError
from openvoid.media.pixels import layout_named, matrix_of

_SUBSAMPLED = {(0, 0): "444", (1, 0): "422", (1, 1): "420", (0, 1): "440", (2, 0): "411"}
_SUBSAMPLED[(2, 2)] = "410"
# swscale's own numbers for the YCbCr matrices, by H.273 code point
_SWS_MATRIX = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9}
# Full-range YUV has names of its own in FFmpeg; the range is kept in the colour tags instead.
_FULL_RANGE_NAMES = {f"yuvj{kind}p": f"yuv{kind}p" for kind in ("420", "422", "444", "440", "411")}


def layout_for(format_name: str) -> PixelLayout:
    """The layout in which pictures of a format are held.

    Raises:
        OpenVoidError: nothing planar is near (Bayer mosaics, hardware surfaces, XYZ).
    """
    name = _FULL_RANGE_NAMES.get(format_name, format_name)
    return layout_named(name) or _nearest(VideoFormat(name, 64, 64))


def _nearest(form: VideoFormat) -> PixelLayout:
    parts = form.components
    bits = max((part.bits for part in parts), default=0)
    if form.is_bayer or form.name.startswith("xyz") or not 1 <= bits <= 16 or "f" in form.name[3:]:
        raise OpenVoidError(f"pixel format {form.name} is not supported", mend="convert it first")
    depth = next(depth for depth in (8, 10, 12, 14, 16) if bits <= depth)
    suffix = "" if depth == 8 else f"{depth}le"
    alpha = any(part.is_alpha for part in parts)
    if form.is_rgb or form.has_palette or (len(parts) == 2 and alpha):
        name = "gbrap" if alpha else "gbrp"  # gray with alpha has no planar form but this
    elif len(parts) == 1:
        name = "gray"
    else:
        chroma = parts[1]
        shifts = (64 // chroma.width).bit_length() - 1, (64 // chroma.height).bit_length() - 1
        if shifts not in _SUBSAMPLED:
            raise OpenVoidError(f"pixel format {form.name} is not supported")
        name = f"yuv{'a' if alpha else ''}{_SUBSAMPLED[shifts]}p"
    layout = layout_named(name + suffix)
    assert layout is not None
    return layout


def picture_of(frame: av.VideoFrame, index: int, layout: PixelLayout) -> Picture:
    """The samples of a frame, copied out; `layout` is `layout_for` of its format."""
    name = _FULL_RANGE_NAMES.get(frame.format.name, frame.format.name)
    if name != layout.name:
        frame = frame.reformat(format=layout.name, threads=1)
    sizes = plane_sizes(layout, frame.height, frame.width)
    stored = _stored_type(layout)
    planes = []
    for plane, (height, width) in zip(frame.planes, sizes, strict=True):
        rows = np.frombuffer(cast(Any, plane), stored).reshape(
            -1, plane.line_size // stored.itemsize
        )
        samples = rows[:height, :width]
        planes.append(samples.astype(np.float32) if layout.is_float else samples.copy())
    return Picture(index, tuple(planes), layout)


def frame_of(picture: Picture) -> av.VideoFrame:
    """A frame with exactly the samples of a picture, in the picture's own format."""
    height, width = picture.planes[0].shape
    frame = av.VideoFrame(width, height, picture.layout.name)
    stored = _stored_type(picture.layout)
    for plane, samples in zip(frame.planes, picture.planes, strict=True):
        rows = np.frombuffer(cast(Any, plane), stored)
        rows = rows.reshape(-1, plane.line_size // stored.itemsize)
        rows[: samples.shape[0], : samples.shape[1]] = samples
    return frame


def converted(picture: Picture, name: str, color: ColorTags, target: ColorTags) -> av.VideoFrame:
    """A frame in another format: chroma resampled, depth and matrix changed as need be."""
    frame = frame_of(picture)
    rgb = picture.layout.model == "rgb"
    if name == picture.layout.name and (rgb or color.full_range == target.full_range):
        return frame
    return frame.reformat(
        format=name,
        src_colorspace=None if rgb else _SWS_MATRIX[matrix_of(color, frame.height)],
        dst_colorspace=_SWS_MATRIX[matrix_of(target, frame.height)],
        src_color_range=_range(color.full_range or rgb),
        dst_color_range=_range(target.full_range),
        interpolation=Interpolation.BICUBIC
        | Interpolation.ACCURATE_RND
        | Interpolation.FULL_CHR_H_INT,
    )


def _range(full: bool) -> int:
    return int(ColorRange.JPEG if full else ColorRange.MPEG)


def plane_sizes(layout: PixelLayout, height: int, width: int) -> list[tuple[int, int]]:
    """(height, width) of every plane of a picture of that size."""
    luma = (height, width)
    chroma = (-(-height >> layout.chroma_y), -(-width >> layout.chroma_x))
    sizes = [luma] if layout.model == "gray" else [luma, chroma, chroma]
    return [*sizes, luma] if layout.alpha else sizes


def _stored_type(layout: PixelLayout) -> np.dtype[Any]:
    if layout.is_float:
        return np.dtype(np.float16 if layout.bits == 16 else np.float32)
    return np.dtype(np.uint8 if layout.bits <= 8 else np.uint16)


def turned(picture: Picture, transposed: bool, flip_y: bool, flip_x: bool) -> Picture:
    """The picture transposed, then flipped: the eight ways in which a camera can be held."""
    layout = picture.layout
    planes: list[NDArray[Any]] = []
    for plane in picture.planes:
        plane = plane.T if transposed else plane
        plane = plane[::-1] if flip_y else plane
        plane = plane[:, ::-1] if flip_x else plane
        planes.append(np.ascontiguousarray(plane))
    return Picture(picture.index, tuple(planes), turned_layout(layout) if transposed else layout)


def turned_layout(layout: PixelLayout) -> PixelLayout:
    """The layout of a transposed picture.

    Raises:
        OpenVoidError: it has no name (4:1:1 turned by a quarter).
    """
    if layout.chroma_x == layout.chroma_y:
        return layout
    here, there = (layout.chroma_x, layout.chroma_y), (layout.chroma_y, layout.chroma_x)
    if there in _SUBSAMPLED:
        name = layout.name.replace(_SUBSAMPLED[here], _SUBSAMPLED[there])
        found = layout_named(name)
        if found is not None and _exists(name):
            return found
    raise OpenVoidError(f"{layout.name} cannot be turned by a quarter", mend="turn it first")


def _exists(name: str) -> bool:
    try:
        return bool(VideoFormat(name).name)
    except ValueError:
        return False
