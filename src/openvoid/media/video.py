"""Video files -> Clip: decoded in order, on demand, by exact timestamps.

Enters: the path of a video file. Leaves: a `Clip` over a `VideoSource`. Frames are numbered by
their presentation times, found once by reading the packets without decoding them, because the
counts in headers may lie. Refused with a reason: variable frame rate, interlacing, damage. Knows
no image sequence and no mask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.stream import VideoStream

from openvoid.core.clip import Clip, ColorTags, Frame, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import check_picture
from openvoid.media.avframe import layout_for, picture_of, turned, turned_layout
from openvoid.media.container import (
    damaged,
    decoding,
    interlaced,
    located,
    opened,
    video_stream,
)
from openvoid.media.pixels import matrix_of, to_rgb
from openvoid.media.timing import Timing, read_timing, steady_rate

_TIMECODE = re.compile(r"\d\d:\d\d:\d\d[:;]\d\d")


@dataclass(frozen=True)
class Turn:
    """How stored pictures become upright: transposed first, then flipped."""

    transposed: bool = False
    flip_y: bool = False
    flip_x: bool = False

    def __bool__(self) -> bool:
        return self.transposed or self.flip_y or self.flip_x


@dataclass(frozen=True)
class VideoSource:
    """A `PictureSource` over one video stream. Every call decodes on its own; nothing is kept."""

    path: Path
    stream: int
    timing: Timing = field(repr=False)
    stored: PixelLayout
    size: tuple[int, int]  # (height, width) as stored
    color: ColorTags
    turn: Turn = Turn()
    sample_aspect: Fraction = Fraction(1)

    def __len__(self) -> int:
        return len(self.timing)

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        """RGB frames `start` <= index < `stop`."""
        return (to_rgb(picture, self.color) for picture in self.pictures(start, stop))

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        """Native pictures `start` <= index < `stop`, upright, in order.

        Raises:
            OpenVoidError: a frame cannot be decoded, or changes size or format.
        """
        if start >= stop:
            return
        expected = start
        with opened(self.path) as container:
            for index, frame in self._decoded(container, start):
                if index < start:
                    continue
                if index != expected or frame.is_corrupt:
                    raise damaged(self.path, expected)
                yield self._picture(frame, index)
                expected += 1
                if expected == stop:
                    return
        raise damaged(self.path, expected)

    def _picture(self, frame: av.VideoFrame, index: int) -> Picture:
        where = f"{self.path}, frame {index}"
        if (frame.height, frame.width) != self.size:
            raise OpenVoidError(f"changes size to {frame.width}x{frame.height}", where=where)
        if frame.interlaced_frame:
            raise interlaced(where)
        if layout_for(frame.format.name) != self.stored:
            raise OpenVoidError(f"changes pixel format to {frame.format.name}", where=where)
        picture = picture_of(frame, index, self.stored)
        turn = self.turn
        return turned(picture, turn.transposed, turn.flip_y, turn.flip_x) if turn else picture

    def _decoded(
        self, container: InputContainer, start: int
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """Frames with their numbers, from some frame at or before `start`."""
        stream = container.streams[self.stream]
        assert isinstance(stream, VideoStream)
        key = self.timing.key_before(start)
        if key is not None and not self._sought(container, stream, key):
            container.seek(0)  # to the beginning: whatever comes before `start` is passed over
        count = 0
        try:
            for frame in decoding(container, stream):
                if not self.timing.pts:
                    yield count, frame
                    count += 1
                elif (number := self.timing.number(frame.pts)) is not None:
                    yield number, frame
        except (av.FFmpegError, EOFError) as error:
            raise damaged(self.path, start + count) from error

    def _sought(self, container: InputContainer, stream: VideoStream, key: tuple[int, int]) -> bool:
        """Whether the container now stands exactly at the key packet (pts, dts)."""
        for target in dict.fromkeys((key[1], key[0])):
            try:
                container.seek(target, stream=stream, backward=True)
                packet = next(container.demux(stream), None)
                if packet is not None and packet.pts == key[0]:
                    container.seek(target, stream=stream, backward=True)
                    return True
            except av.FFmpegError:
                continue
        return False


def open_video(path: Path, rate: Fraction | None = None) -> Clip:
    """The first video stream of a file. `rate` overrides the file's own timing.

    Raises:
        OpenVoidError: missing, unreadable, not a video, damaged, or of a kind not supported.
    """
    with opened(path) as container:
        stream = video_stream(container, path)
        if stream.codec_context.width > 0 and stream.codec_context.height > 0:
            height, width = stream.codec_context.height, stream.codec_context.width
            check_picture(height, width, where=str(path))
        first = _first_frame(container, stream, path)
        number, timecode = stream.index, _timecode(container, stream)
        aspect = stream.sample_aspect_ratio or Fraction(1)
        has_audio = bool(container.streams.audio)
    with located(path):
        layout = layout_for(first.format.name)
        color = _color_tags(first, layout)
        if layout.model == "yuv":
            matrix_of(color, first.height)  # refuses what could not be shown
        turn = _turn(first, layout)
        shown = turned_layout(layout) if turn.transposed else layout
    timing = read_timing(path, number, first.pts)
    source = VideoSource(
        path=path,
        stream=number,
        timing=timing,
        stored=layout,
        size=(first.height, first.width),
        color=color,
        turn=turn,
        sample_aspect=aspect,
    )
    height, width = source.size[::-1] if turn.transposed else source.size
    return Clip(
        path=path,
        width=width,
        height=height,
        length=len(timing),
        rate=rate or steady_rate(timing, path),
        layout=shown,
        source=source,
        color=color,
        audio=path if has_audio else None,
        audio_start_s=timing.start_s,
        timecode=timecode,
    )


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> av.VideoFrame:
    try:
        frame = next(decoding(container, stream), None)
    except (av.FFmpegError, EOFError) as error:
        raise damaged(path, 0) from error
    if frame is None:
        raise OpenVoidError("has no frame that can be decoded", where=str(path))
    if frame.interlaced_frame:
        raise interlaced(str(path))
    return frame


def _color_tags(frame: av.VideoFrame, layout: PixelLayout) -> ColorTags:
    full = frame.color_range == 2 or frame.format.name.startswith("yuvj")
    if layout.model != "yuv" and frame.color_range == 0:
        full = True  # RGB and gray are full range unless told otherwise
    return ColorTags(int(frame.color_primaries), int(frame.color_trc), int(frame.colorspace), full)


def _turn(frame: av.VideoFrame, layout: PixelLayout) -> Turn:
    """What the display matrix asks for: x' = a x + c y, y' = b x + d y (16.16 fixed point)."""
    data = _display_matrix(frame)
    if data is None:
        return Turn()
    a, b, _, c, d = data[:5]
    if b == c == 0 and a and d:
        turn = Turn(False, flip_y=d < 0, flip_x=a < 0)
    elif a == d == 0 and b and c:
        turn = Turn(True, flip_y=b < 0, flip_x=c < 0)
    else:
        raise OpenVoidError("is turned by an angle other than a quarter")
    height, width = frame.height, frame.width
    x, y = layout.chroma_x, layout.chroma_y
    if turn.transposed:
        height, width, x, y = width, height, y, x
    if (turn.flip_x and width % (1 << x)) or (turn.flip_y and height % (1 << y)):
        raise OpenVoidError(
            f"is turned, and its odd size {frame.width}x{frame.height} does not allow that",
            mend="turn it first: ffmpeg -i IN OUT",
        )
    return turn


def _display_matrix(frame: av.VideoFrame) -> list[int] | None:
    entries: Iterable[Any] = frame.side_data  # PyAV's stubs take it for a mapping from names
    found = next((entry for entry in entries if entry.type == SideDataType.DISPLAYMATRIX), None)
    return None if found is None else [int(v) for v in np.frombuffer(bytes(found), np.int32)]


def _timecode(container: InputContainer, stream: VideoStream) -> str | None:
    """The first valid timecode among the tags of the video stream, the file, its other streams."""
    for tags in (stream.metadata, container.metadata, *(s.metadata for s in container.streams)):
        for name, value in tags.items():
            if name.lower() == "timecode" and _TIMECODE.fullmatch(value):
                return str(value)
    return None
