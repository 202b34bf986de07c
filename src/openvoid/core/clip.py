"""Clip: a shot as frames on demand, with all that must survive to the deliverable.

Enters: nothing; `media` makes clips from files. Leaves: frames by window, exact rational time,
bit depth, colour tags, where sound and timecode come from. Knows no decoder: a clip holds a
`PictureSource`, which decodes in order and forgets, so memory does not grow with length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError

Frame = NDArray[Any]
"""[H, W, 3] RGB; uint8 (sources up to 8 bit), uint16 (9 to 16 bit, full scale 0..65535) or
float32 (scene-linear or display values as stored, unbounded)."""


@dataclass(frozen=True)
class ColorTags:
    """Colour description as ITU-T H.273 code points (2 = unspecified) and the sample range."""

    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    full_range: bool = False


@dataclass(frozen=True)
class PixelLayout:
    """How samples are stored: FFmpeg's name, bits a sample, chroma subsampling (log2)."""

    name: str
    bits: int
    model: str  # "yuv", "rgb" or "gray"
    chroma_x: int = 0  # log2 of the horizontal subsampling of planes 1 and 2
    chroma_y: int = 0
    alpha: bool = False
    is_float: bool = False


@dataclass(frozen=True)
class Picture:
    """One frame as stored: its planes untouched, so that what is kept can be kept bit for bit.

    `planes[i]` is [H_i, W_i] uint8, uint16 (in the low `layout.bits` bits) or float32, in the
    order of the layout (Y U V, G B R, or gray; alpha last).
    """

    index: int
    planes: tuple[NDArray[Any], ...]
    layout: PixelLayout


class PictureSource(Protocol):
    """Decodes in order, on demand. Implementations live in `media`."""

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Native pictures `start` <= index < `stop`, in order."""
        ...

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """The same as [H, W, 3] RGB."""
        ...


@dataclass(frozen=True)
class Clip:
    """A shot. Frames are numbered from 0; `first_frame` is the number a person knows frame 0 by."""

    path: Path
    width: int
    height: int
    length: int
    rate: Fraction
    layout: PixelLayout
    source: PictureSource
    color: ColorTags = ColorTags()
    input_color: str = "auto"  # what values mean to who looks at them, whatever the tags say
    audio: Path | None = None  # the file whose audio streams belong to this clip
    audio_start_s: Fraction = Fraction(0)  # where in that file frame 0 lies
    timecode: str | None = None  # of frame 0, "HH:MM:SS:FF" or with ";" for drop frame
    first_frame: int = 0
    offset: int = 0  # of frame 0 in `source`; set by `trimmed`

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height, self.width

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the samples of `frames`: uint8, uint16 or float32."""
        if self.layout.is_float:
            return np.dtype(np.float32)
        return np.dtype(np.uint8 if self.layout.bits <= 8 else np.uint16)

    @property
    def white(self) -> float:
        """The sample value that means 1.0: 255, 65535 or 1."""
        return 1.0 if self.layout.is_float else float(np.iinfo(self.dtype).max)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """RGB frames [H, W, 3] from `start` up to `stop`, decoded as they are asked for."""
        start, stop = self._bounds(start, stop)
        return self.source.frames(self.offset + start, self.offset + stop)

    def pictures(self, start: int = 0, stop: int | None = None) -> Iterator[Picture]:
        """Native pictures from `start` up to `stop`, numbered from this clip's frame 0."""
        start, stop = self._bounds(start, stop)
        for picture in self.source.pictures(self.offset + start, self.offset + stop):
            yield replace(picture, index=picture.index - self.offset)

    def window(self, start: int, stop: int) -> Frame:
        """Frames `start` <= index < `stop` as one [T, H, W, 3] array. For short windows only."""
        return np.stack(list(self.frames(start, stop)))

    def trimmed(self, start: int, stop: int) -> Clip:
        """The part `start` <= index < `stop`, its sound, timecode and frame numbers moved along."""
        start, stop = self._bounds(start, stop)
        return replace(
            self,
            length=stop - start,
            offset=self.offset + start,
            first_frame=self.first_frame + start,
            audio_start_s=self.audio_start_s + start / self.rate,
            timecode=timecode_plus(self.timecode, start, self.rate),
        )

    def _bounds(self, start: int, stop: int | None) -> tuple[int, int]:
        stop = self.length if stop is None else stop
        if not 0 <= start < stop <= self.length:
            last = self.length - 1
            raise OpenVoidError(
                f"frames {start} to {stop - 1} are not all in the clip",
                where=str(self.path),
                mend=f"it has frames 0 to {last}",
            )
        return start, stop


@dataclass(frozen=True)
class ArraySource:
    """Frames held in memory, or made by a function of the index: for tests and synthetic shots."""

    read: Callable[[int], Frame]
    layout: PixelLayout

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        return (self.read(index) for index in range(start, stop))

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        for index in range(start, stop):
            red, green, blue = np.moveaxis(self.read(index), -1, 0)
            yield Picture(index, (green, blue, red), self.layout)


RGB_LAYOUTS = {
    np.dtype(np.uint8): PixelLayout("gbrp", 8, "rgb"),
    np.dtype(np.uint16): PixelLayout("gbrp16le", 16, "rgb"),
    np.dtype(np.float32): PixelLayout("gbrpf32le", 32, "rgb", is_float=True),
}


def clip_of(frames: Sequence[Frame], rate: Fraction = Fraction(24)) -> Clip:
    """A clip of RGB frames in memory: [T, H, W, 3], or a list of [H, W, 3], all of one type."""
    height, width = frames[0].shape[:2]
    layout = RGB_LAYOUTS[frames[0].dtype]
    source = ArraySource(lambda index: frames[index], layout)
    return Clip(Path("<memory>"), width, height, len(frames), rate, layout, source)


def timecode_plus(timecode: str | None, frames: int, rate: Fraction) -> str | None:
    """A SMPTE timecode `frames` later. Drop-frame ("HH:MM:SS;FF") follows SMPTE ST 12-1.

    Returns None for no timecode. Counts modulo 24 hours.
    """
    if timecode is None or frames == 0:
        return timecode
    drop_frame = ";" in timecode
    hours, minutes, seconds, frame = (int(part) for part in timecode.replace(";", ":").split(":"))
    base = round(rate)  # 24000/1001 counts 24 frames a second
    dropped = base // 15 if drop_frame else 0  # 2 at 30, 4 at 60: labels skipped each minute but
    total_minutes = 60 * hours + minutes  # every tenth
    count = (total_minutes * 60 + seconds) * base + frame
    count += frames - dropped * (total_minutes - total_minutes // 10)
    per_ten_minutes = 600 * base - 9 * dropped
    count %= 144 * per_ten_minutes
    if drop_frame:
        tens, rest = divmod(count, per_ten_minutes)
        count += 9 * dropped * tens
        if rest >= 60 * base:
            count += dropped * ((rest - 60 * base) // (60 * base - dropped) + 1)
    seconds, frame = divmod(count, base)
    mark = ";" if drop_frame else ":"
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{frame:02}"
