"""Stored samples <-> RGB: what a picture looks like, and how new colour is put into it.

Enters: a `Picture` as stored (planar YUV, RGB or gray, 8 to 16 bit or float) and its colour tags.
Leaves: RGB at the clip's own depth, or a picture in which only the painted samples differ. Chroma
is taken and given per block (replicated up, averaged down), so that painting inverts `to_rgb`.
Knows no file and no decoder; YCbCr follows ITU-T H.273, equations 38 to 46.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import ColorTags, Frame, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError

Floats = NDArray[np.float32]

_PLANAR = re.compile(r"(yuv|yuva|gbr|gbra|gray)(\d{3})?(p?)(f?)(\d*)(?:le)?")
_SUBSAMPLING = {"444": (0, 0), "422": (1, 0), "420": (1, 1), "440": (0, 1), "411": (2, 0)}
_SUBSAMPLING["410"] = (2, 2)

# Kr and Kb of each H.273 matrix code point that is a plain YCbCr.
_LUMA_WEIGHTS = {
    1: (0.2126, 0.0722),  # BT.709
    4: (0.30, 0.11),  # FCC
    5: (0.299, 0.114),  # BT.470BG
    6: (0.299, 0.114),  # BT.601
    7: (0.212, 0.087),  # SMPTE 240M
    9: (0.2627, 0.0593),  # BT.2020, non-constant luminance
}
_HD_HEIGHT_PX = 720  # from here on, untagged video is BT.709; below BT.601


def layout_named(name: str) -> PixelLayout | None:
    """The layout FFmpeg calls `name`; None where it is not planar, little-endian and unsigned."""
    found = _PLANAR.fullmatch(name)
    if found is None:
        return None
    family, subsampling, planar, floating, depth = found.groups()
    model = {"yuv": "yuv", "gbr": "rgb", "gra": "gray"}[family[:3]]
    if (model == "yuv") != (subsampling is not None) or (model == "gray") == bool(planar):
        return None
    if subsampling and subsampling not in _SUBSAMPLING:
        return None
    bits = int(depth or 8)
    if bits not in ((16, 32) if floating else range(8, 17)):
        return None
    chroma_x, chroma_y = _SUBSAMPLING[subsampling] if subsampling else (0, 0)
    alpha = family in ("yuva", "gbra")
    return PixelLayout(name, bits, model, chroma_x, chroma_y, alpha, bool(floating))


def matrix_of(color: ColorTags, height: int) -> int:
    """The H.273 matrix code point in force: as tagged, else by height, as players do."""
    if color.matrix in _LUMA_WEIGHTS:
        return color.matrix
    if color.matrix == 10:  # BT.2020 constant luminance shares the weights; read as the usual one
        return 9
    if color.matrix in (0, 2, 3):
        return 1 if height >= _HD_HEIGHT_PX else 6
    raise OpenVoidError(
        f"colour matrix {color.matrix} (ITU-T H.273) is not YCbCr",
        mend="convert the clip to BT.709 or BT.2020 first",
    )


def to_rgb(picture: Picture, color: ColorTags) -> Frame:
    """[H, W, 3] RGB of a picture: uint8 up to 8 bit, uint16 (full scale) up to 16, else float32."""
    layout, planes = picture.layout, picture.planes
    if layout.model == "rgb":
        green, blue, red = planes[:3]
        return _full_scale(cv2.merge([red, green, blue]), layout)
    height, width = planes[0].shape
    if layout.is_float:
        return cv2.merge([planes[0]] * 3)
    if layout.model == "gray":
        values = _expanded_gray(layout.bits, color.full_range)[planes[0]]
        return cv2.merge([values] * 3)
    chroma = [_replicated(plane, layout, height, width) for plane in planes[1:3]]
    forward, _ = _matrices(layout.bits, matrix_of(color, height), color.full_range)
    return cv2.transform(cv2.merge([planes[0], *chroma]), forward)


def paint(
    picture: Picture, box: Box, rgb: Frame, alpha: NDArray[np.float32], color: ColorTags
) -> Picture:
    """A copy with `rgb` [h, w, 3] blended in where `alpha` [h, w] > 0 inside `box`.

    stored = (1 - alpha) source + alpha converted(rgb), rounded; a subsampled chroma sample takes
    the mean over its block. Samples under alpha 0 are bit-identical; alpha planes are untouched.
    """
    planes = tuple(plane.copy() for plane in picture.planes)
    layout = picture.layout
    if not box.empty and bool((alpha > 0).any()):
        height, width = planes[0].shape
        reach = box.aligned(1 << max(layout.chroma_x, layout.chroma_y), height, width)
        inner = box.within(reach).slices
        weight = np.zeros((reach.height, reach.width), np.float32)
        weight[inner] = alpha
        for index, values in enumerate(_stored(rgb, layout, color, height)):
            fresh = np.zeros_like(weight)
            fresh[inner] = values
            x, y = (layout.chroma_x, layout.chroma_y) if index and layout.model == "yuv" else (0, 0)
            covered = slice(reach.top >> y, -(-reach.bottom >> y))
            target = planes[index][covered, reach.left >> x : -(-reach.right >> x)]
            _blend(target, *_block_means(weight, fresh, 1 << y, 1 << x), layout)
    return Picture(picture.index, planes, layout)


def _blend(target: NDArray[Any], weight: Floats, fresh: Floats, layout: PixelLayout) -> None:
    """Blends one plane's part in place; what has weight 0 is not written."""
    old = target.astype(np.float32)
    if layout.is_float:
        old[weight >= 1] = 0  # an infinite source leaves no trace
    new: NDArray[Any] = old * (1 - weight) + fresh * weight
    if not layout.is_float:
        new = np.clip(np.rint(new), 0, (1 << layout.bits) - 1)
    elif layout.bits == 16:
        new = np.clip(new, -65504, 65504).astype(np.float16)
    np.copyto(target, new.astype(target.dtype), where=weight > 0)


def _block_means(weight: Floats, fresh: Floats, rows: int, columns: int) -> tuple[Floats, Floats]:
    """Mean weight of each block, and the colour that its weighted pixels have on average.

    Blocks cut by the picture's edge average the pixels they have.
    """
    if rows == columns == 1:
        return weight, fresh
    count = _block_sums(np.ones_like(weight), rows, columns)
    total = _block_sums(weight, rows, columns)
    colour = _block_sums(weight * fresh, rows, columns)
    colour /= np.maximum(total, np.float32(1e-12))
    total /= count
    return total, colour


def _block_sums(values: Floats, rows: int, columns: int) -> Floats:
    height, width = values.shape
    if height % rows or width % columns:
        values = np.pad(values, ((0, -height % rows), (0, -width % columns)))
    sums = np.zeros((values.shape[0] // rows, values.shape[1] // columns), np.float32)
    for row in range(rows):
        for column in range(columns):
            sums += values[row::rows, column::columns]
    return sums


def _stored(rgb: Frame, layout: PixelLayout, color: ColorTags, height: int) -> list[Floats]:
    """RGB of the clip's type as sample values of the layout, unrounded, a plane each."""
    values: Floats = rgb.astype(np.float32)
    if layout.model == "rgb":
        if not layout.is_float:
            values *= np.float32(((1 << layout.bits) - 1) / (255 if layout.bits <= 8 else 65535))
        return [values[..., 1], values[..., 2], values[..., 0]]
    if layout.is_float:
        return [values.mean(axis=-1)]
    _, back = _matrices(layout.bits, matrix_of(color, height), color.full_range)
    planes = cv2.split(cv2.transform(values, back[:1] if layout.model == "gray" else back))
    return [plane.astype(np.float32, copy=False) for plane in planes]


def _replicated(plane: NDArray[Any], layout: PixelLayout, height: int, width: int) -> NDArray[Any]:
    """A chroma plane at the size of the picture, each sample repeated over its block."""
    if not (layout.chroma_x or layout.chroma_y):
        return plane
    size = plane.shape[1] << layout.chroma_x, plane.shape[0] << layout.chroma_y
    return cv2.resize(plane, size, interpolation=cv2.INTER_NEAREST)[:height, :width]


def _full_scale(rgb: Frame, layout: PixelLayout) -> Frame:
    if layout.is_float or layout.bits in (8, 16):
        return rgb
    return cv2.transform(rgb, np.eye(3) * (65535 / ((1 << layout.bits) - 1)))


@lru_cache(maxsize=8)
def _expanded_gray(bits: int, full_range: bool) -> NDArray[Any]:
    """Every luma code as full-range gray of the clip's type."""
    codes = np.arange(1 << (8 if bits <= 8 else 16), dtype=np.float64)
    black, reach = (0, (1 << bits) - 1) if full_range else (16 << bits - 8, 219 << bits - 8)
    white = 255 if bits <= 8 else 65535
    values = np.clip(np.rint((codes - black) / reach * white), 0, white)
    return values.astype(np.uint8 if bits <= 8 else np.uint16)


@lru_cache(maxsize=16)
def _matrices(bits: int, matrix: int, full_range: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """[3, 4] affine maps: stored YCbCr codes -> RGB of the clip's type, and back."""
    kr, kb = _LUMA_WEIGHTS[matrix]
    kg = 1 - kr - kb
    white = 255.0 if bits <= 8 else 65535.0
    top, unit = (1 << bits) - 1, 1 << bits - 8
    luma, chroma, black = (top, top, 0) if full_range else (219 * unit, 224 * unit, 16 * unit)
    to_ycc = np.array(
        [
            [kr, kg, kb],
            [-kr / (2 - 2 * kb), -kg / (2 - 2 * kb), 0.5],
            [0.5, -kg / (2 - 2 * kr), -kb / (2 - 2 * kr)],
        ]
    )
    linear = np.diag([luma, chroma, chroma]) @ to_ycc / white  # RGB -> codes, less the offset
    offset = np.array([black, 1 << bits - 1, 1 << bits - 1], np.float64)
    inverse = np.linalg.inv(linear)
    forward = np.column_stack([inverse, -inverse @ offset])
    return forward, np.column_stack([linear, offset])
