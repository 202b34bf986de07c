"""One image file <-> one picture.

Enters: PNG, TIFF and JPEG through OpenCV, EXR and DPX through OpenImageIO (extra `vfx`, imported
when first needed). Leaves: planar RGB or gray at the file's own depth: 8 or 16 bit, 10 or 12 from
DPX, half or float from EXR. Knows nothing of sequences.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import ColorTags, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import check_picture
from openvoid.media.image_size import claimed_size
from openvoid.media.pixels import layout_named, to_rgb

_OPENCV = {".png", ".tif", ".tiff", ".jpg", ".jpeg"}
_OPENIMAGEIO = {".exr", ".dpx"}
IMAGE_SUFFIXES = frozenset(_OPENCV | _OPENIMAGEIO)
_DPX_BITS = (8, 10, 12, 16)
_LINEAR = 8  # H.273 transfer code point


@dataclass(frozen=True)
class Image:
    """One file as read: its samples, and what it says about the shot it belongs to."""

    picture: Picture
    color: ColorTags
    rate: Fraction | None = None
    timecode: str | None = None


def read_image(path: Path, index: int = 0) -> Image:
    """The samples of an image file, as frame `index`.

    Raises:
        OpenVoidError: missing, unreadable, damaged, or of a depth that is not supported.
    """
    if not path.is_file():
        raise OpenVoidError("no such file", where=str(path))
    if path.suffix.lower() in _OPENIMAGEIO:
        return _read_openimageio(path, index)
    pixels = _read_opencv(path)
    gray = pixels.ndim == 2
    channels = [pixels] if gray else [pixels[..., at] for at in (1, 0, 2, 3)[: pixels.shape[2]]]
    layout = _layout(pixels.dtype, len(channels))
    if layout is None:
        raise OpenVoidError(f"samples of type {pixels.dtype} are not supported", where=str(path))
    planes = tuple(np.ascontiguousarray(channel) for channel in channels)
    return Image(Picture(index, planes, layout), ColorTags(full_range=True))


def write_png(
    path: Path, picture: Picture, color: ColorTags, rate: Fraction, timecode: str | None
) -> None:
    """8 bit for pictures of up to 8 bit, else 16 bit at full scale; alpha where there is one.

    A PNG carries neither rate nor timecode.
    """
    rgb = to_rgb(picture, color)
    if picture.layout.model == "gray":
        pixels = rgb[..., 0]
    elif picture.layout.alpha:
        pixels = np.dstack([rgb[..., ::-1], _alpha(picture)])
    else:
        pixels = rgb[..., ::-1]
    done, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 2])
    assert done
    path.write_bytes(data.tobytes())


def write_exr(
    path: Path, picture: Picture, color: ColorTags, rate: Fraction, timecode: str | None
) -> None:
    """Half where that holds the samples (half floats, up to 10 bit), else float; 1.0 is white."""
    oiio = _openimageio()
    layout = picture.layout
    rgb = to_rgb(picture, color)
    pixels = rgb if layout.is_float else rgb / np.float32(np.iinfo(rgb.dtype).max)
    if layout.alpha:
        alpha = _alpha(picture)
        scale = 1 if layout.is_float else np.iinfo(alpha.dtype).max
        pixels = np.dstack([pixels, alpha / np.float32(scale)])
    if layout.model == "gray":
        pixels = pixels[..., :1]
    half = layout.bits == 16 if layout.is_float else layout.bits <= 10
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, oiio.HALF if half else oiio.FLOAT)
    if channels == 1:
        spec.channelnames = ("Y",)
    spec.attribute("compression", "zip")
    spec.attribute("DateTime", "")  # same input, same bytes
    spec.attribute("FramesPerSecond", oiio.TypeRational, (rate.numerator, rate.denominator))
    if timecode is not None:
        spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (_packed_timecode(timecode), 0))
    output = oiio.ImageOutput.create(str(path))
    written = output.open(str(path), spec) and output.write_image(np.ascontiguousarray(pixels))
    fault = output.geterror()
    if not (output.close() and written):
        raise OSError(0, fault or output.geterror() or "the image cannot be written")


WRITERS = {".png": write_png, ".exr": write_exr}


def _alpha(picture: Picture) -> NDArray[Any]:
    """The alpha plane at the scale of `to_rgb`."""
    layout, alpha = picture.layout, picture.planes[-1]
    if layout.is_float or layout.bits in (8, 16):
        return alpha
    top = (1 << layout.bits) - 1
    return np.rint(alpha * (65535 / top)).astype(np.uint16)


def _read_opencv(path: Path) -> NDArray[Any]:
    flags = cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION
    loudness = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        data = path.read_bytes()
        check_claim(data, path)
        sound = bool(data) and (path.suffix.lower() != ".png" or _is_sound_png(data))
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if sound else None
    except OSError as error:
        raise OpenVoidError(f"cannot be read: {error.strerror}", where=str(path)) from error
    except cv2.error as error:
        raise OpenVoidError("cannot be read, or is damaged", where=str(path)) from error
    finally:
        cv2.utils.logging.setLogLevel(loudness)
    if pixels is None:
        raise OpenVoidError("cannot be read, or is damaged", where=str(path))
    return pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels


def check_claim(data: bytes, path: Path) -> None:
    """That an image does not say it is larger than what can be held.

    Raises:
        OpenVoidError: it does.
    """
    if size := claimed_size(data):
        check_picture(*size, where=str(path))


def _is_sound_png(data: bytes) -> bool:
    """Whether all chunks are there and their checksums right; decoders only grumble about it."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 8 + length
        if end + 4 > len(data):
            return False
        if zlib.crc32(memoryview(data)[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            return False
        if data[at + 4 : at + 8] == b"IEND":
            return True
        at = end + 4
    return False


def _layout(dtype: np.dtype[Any], channels: int, bits: int | None = None) -> PixelLayout | None:
    """The planar layout of so many channels of a type: gray, RGB or RGB with alpha."""
    depth = {"uint8": "", "uint16": "16le", "float16": "f16le", "float32": "f32le"}.get(dtype.name)
    family = {1: "gray", 3: "gbrp", 4: "gbrap"}.get(channels)
    if depth is None or family is None:
        return None
    if bits not in (None, 8, 16):
        depth = f"{bits}le"
    return layout_named(family + depth)


def _read_openimageio(path: Path, index: int) -> Image:
    oiio = _openimageio()
    try:
        source = oiio.ImageInput.open(str(path))
        if source is None:
            oiio.geterror()  # fetched, or it would be printed at exit
            raise OpenVoidError("cannot be read, or is damaged", where=str(path))
        try:
            return _opened(source, path, index)
        finally:
            source.close()
    except UnicodeError as error:  # a name inside that is damaged, or a message that quotes it
        raise OpenVoidError("cannot be read, or is damaged", where=str(path)) from error


def _opened(source: Any, path: Path, index: int) -> Image:
    oiio, spec = _openimageio(), source.spec()
    names = _color_channels(list(spec.channelnames))
    if names is None:
        found = ", ".join(spec.channelnames)
        raise OpenVoidError("has neither R, G, B nor Y", where=str(path), mend=f"has {found}")
    kind = str(spec.channelformat(names[0]))
    wanted = oiio.FLOAT if path.suffix.lower() == ".exr" else oiio.UINT16
    check_picture(spec.height, spec.width, where=str(path))
    check_picture(spec.full_height, spec.full_width, where=str(path))
    first = min(names)  # of what may be many channels, only those between
    pixels = source.read_image(0, 0, first, max(names) + 1, wanted)
    if pixels is None:
        source.geterror()
        raise OpenVoidError("cannot be read, or is damaged", where=str(path))
    return _image_of(path, index, spec, kind, pixels[..., [at - first for at in names]])


def _image_of(path: Path, index: int, spec: Any, kind: str, pixels: NDArray[Any]) -> Image:
    """`pixels` [h, w, c] in the order of the planes -> an image of the whole display window."""
    channels = pixels.shape[2]
    if path.suffix.lower() == ".exr":
        if kind not in ("half", "float"):
            raise OpenVoidError(f"channels of type {kind} are not supported", where=str(path))
        pixels = _in_display_window(spec, pixels)
        layout = _layout(np.dtype(np.float16 if kind == "half" else np.float32), channels)
        color = ColorTags(transfer=_LINEAR, full_range=True)
    else:
        bits = spec.get_int_attribute("oiio:BitsPerSample", 8 if kind == "uint8" else 16)
        if bits not in _DPX_BITS:
            raise OpenVoidError(f"{bits}-bit samples are not supported", where=str(path))
        pixels = pixels >> 16 - bits
        if bits == 8:
            pixels = pixels.astype(np.uint8)
        layout = _layout(pixels.dtype, channels, bits)
        color = ColorTags(full_range=True)
    assert layout is not None
    planes = tuple(np.ascontiguousarray(pixels[..., at]) for at in range(channels))
    picture = Picture(index, planes, layout)
    return Image(picture, color, _rate(spec), _timecode(spec))


def _color_channels(names: list[str]) -> list[int] | None:
    """Where green, blue, red and perhaps alpha are among the channels; or the gray one alone."""
    at = {name.upper(): index for index, name in reversed(list(enumerate(names)))}
    if all(name in at for name in "RGB"):
        return [at[name] for name in "GBRA" if name in at]
    return [at["Y"]] if "Y" in at else [0] if len(names) == 1 else None


def _in_display_window(spec: Any, pixels: NDArray[Any]) -> NDArray[Any]:
    """The display window; black where the data window does not reach."""
    top, left = spec.y - spec.full_y, spec.x - spec.full_x
    size = (spec.full_height, spec.full_width)
    if (top, left) == (0, 0) and pixels.shape[:2] == size:
        return pixels
    whole = np.zeros((*size, pixels.shape[2]), pixels.dtype)
    rows = slice(max(0, top), min(size[0], top + pixels.shape[0]))
    columns = slice(max(0, left), min(size[1], left + pixels.shape[1]))
    inner = pixels[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    whole[rows, columns] = inner
    return whole


def _rate(spec: Any) -> Fraction | None:
    """Frames a second: a rational from EXR, from DPX a float that stands for a usual rate."""
    value = spec.getattribute("FramesPerSecond") or spec.getattribute("dpx:FrameRate")
    if isinstance(value, tuple) and len(value) == 2 and value[0] > 0 and value[1] > 0:
        return Fraction(*value)
    if isinstance(value, float) and 1 <= value <= 1000:
        ntsc = Fraction(round(value) * 1000, 1001)
        return ntsc if abs(ntsc - value) < 0.002 else Fraction(value).limit_denominator(1000)
    return None


def _timecode(spec: Any) -> str | None:
    """The SMPTE timecode, "HH:MM:SS:FF"; ";" before the frames where frames are dropped."""
    value = spec.getattribute("smpte:TimeCode")
    if not isinstance(value, tuple) or not value:
        return None
    packed = int(value[0])  # SMPTE ST 12-1: binary-coded decimals, flags in the bits above them
    hours, minutes, seconds, frames = (packed >> shift & 0xFF for shift in (24, 16, 8, 0))
    mark = ";" if frames & 0x40 else ":"
    whole = f"{hours & 0x3F:02x}:{minutes & 0x7F:02x}:{seconds & 0x7F:02x}"
    return f"{whole}{mark}{frames & 0x3F:02x}"


def _packed_timecode(timecode: str) -> int:
    """The inverse of `_timecode`."""
    packed = int(timecode.replace(":", "").replace(";", ""), 16)
    return packed | 0x40 if ";" in timecode else packed


def _openimageio() -> Any:
    try:
        import OpenImageIO
    except ImportError as error:
        raise OpenVoidError(
            "EXR and DPX need OpenImageIO, which is not installed",
            mend="pip install 'openvoid[vfx]'",
        ) from error
    return OpenImageIO
