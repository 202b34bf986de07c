"""Pictures -> deliverables: video files and image sequences, with all that belongs to the clip.

Enters: pictures as stored, in order, and the clip they belong to. Leaves: a file (or a folder)
that appears only when it is whole, with the clip's rate, timecode, colour tags and sound. Codecs
that can hold the clip's own samples get them bit for bit; the others through one conversion.
What a codec is stands in `codecs`. Knows no mask and no engine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Protocol

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from openvoid.core.clip import Clip, ColorTags, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError
from openvoid.media.atomic import Joins, explained, partial_file
from openvoid.media.avframe import converted
from openvoid.media.codecs import CODECS, CONTAINERS, Codec, codec_named
from openvoid.media.pixels import layout_named, matrix_of
from openvoid.media.sequence import write_sequence
from openvoid.media.sound import SoundCopy
from openvoid.media.video import VideoSource

MAX_THREADS = 16


class Writer(Protocol):
    """Takes a clip's pictures in order."""

    def write(self, picture: Picture) -> None:
        """Add the next picture."""
        ...


@contextmanager
def open_writer(out: Path, clip: Clip, codec: str, within: Joins | None = None) -> Iterator[Writer]:
    """A writer of the clip's pictures to `out`, which appears when the block ends well.

    Args:
        out: a video file; for "png" and "exr" a folder or a pattern such as shot.%04d.exr.
        clip: what is written: size, rate, layout of the pictures, colour, timecode, sound.
        codec: a name in `codecs.CODECS`.
        within: a transaction in which it appears together with others.

    Raises:
        OpenVoidError: the codec is unknown or cannot hold this clip; `out` cannot be written.
    """
    chosen = _chosen(codec, out, clip)
    if chosen.encoder:
        with write_video(out, clip, chosen, within) as video:
            yield video
    else:
        with write_sequence(out, clip, chosen.suffixes[0], within) as images:
            yield images


@contextmanager
def write_video(
    out: Path, clip: Clip, codec: Codec, within: Joins | None = None
) -> Iterator[Writer]:
    """The same for one video codec, which need not be in the table."""
    layout_name, color = stored_as(codec, clip)
    with partial_file(out, within) as partial, ExitStack() as stack:
        writer = VideoWriter(partial, out, clip, codec, layout_name, color)
        stack.callback(writer.abandon)
        yield writer
        writer.finish()


class Sink:
    """The file an encoder writes to, which never fails it: FFmpeg's binding prints a second fault.

    The first fault is kept for `check`; after it nothing is written.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._fault: OSError | None = None

    def write(self, data: bytes) -> int:
        """All of it is taken, even where it is lost."""
        self._tried(lambda: self._file.write(data))
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there; FFmpeg counts from the start."""
        self._tried(lambda: self._file.seek(offset, whence))
        return offset

    def tell(self) -> int:
        """Bytes before here."""
        return self._file.tell()

    def check(self) -> None:
        """Raise what went wrong so far."""
        if self._fault is not None:
            raise self._fault

    def _tried(self, do: Callable[[], int]) -> None:
        if self._fault is None:
            try:
                do()
            except OSError as error:
                self._fault = error


class VideoWriter:
    """Encodes pictures into one container, sound woven in as time goes on."""

    def __init__(
        self, path: Path, out: Path, clip: Clip, codec: Codec, layout_name: str, color: ColorTags
    ) -> None:
        self._out, self._clip, self._layout_name, self._color = out, clip, layout_name, color
        self._count = 0
        with ExitStack() as stack:
            with explained(out):
                self._file = Sink(stack.enter_context(path.open("wb")))
                # bit-exact: no random identifiers and no version tags, same input same bytes
                options = {"fflags": "bitexact"}
                self._output = av.open(
                    self._file, "w", format=CONTAINERS[out.suffix.lower()], options=options
                )
                stack.callback(self._output.close)
                self._stream = self._video_stream(codec)
                self._begin(codec)
            self._sound = SoundCopy(clip, self._output)
            stack.callback(self._sound.close)
            self._start(codec)
            self._open = stack.pop_all()

    def write(self, picture: Picture) -> None:
        """Encode the next picture."""
        frame = converted(picture, self._layout_name, self._clip.color, self._color)
        frame.pts, frame.time_base = self._count, 1 / self._clip.rate
        _tag(frame, self._color)  # ProRes takes its tags from the frames
        with explained(self._out):
            self._output.mux(self._stream.encode(frame))
            self._count += 1
            self._sound.copy_until(self._count / self._clip.rate)
            self._file.check()

    def finish(self) -> None:
        """Flush what the encoder holds, write the sound that is left and the index."""
        if self._count == 0:
            raise OpenVoidError("no frame was written", where=str(self._out))
        with explained(self._out):
            self._output.mux(self._stream.encode(None))
            self._sound.copy_until()
            self._output.close()
            self._file.check()
            self._open.close()

    def abandon(self) -> None:
        """Close everything, whatever state it is in."""
        with suppress(OSError, av.FFmpegError):  # the file is thrown away
            self._open.close()

    def _begin(self, codec: Codec) -> None:
        """Ready the encoder, which is where it refuses a size or a depth."""
        try:
            self._stream.codec_context.open()
        except av.FFmpegError as error:
            shape = f"{self._clip.width}x{self._clip.height} as {self._layout_name}"
            raise OpenVoidError(
                f"{codec.title} does not take pictures of {shape}",
                where=str(self._out),
                mend="use another codec, or a smaller size",
            ) from error

    def _start(self, codec: Codec) -> None:
        """Write the header, which is where a container refuses a combination of streams."""
        try:
            self._output.start_encoding()
            self._file.check()
        except (av.error.ArgumentError, av.error.PatchWelcomeError) as error:
            sound = " with the clip's sound" if self._clip.audio else ""
            raise OpenVoidError(
                f"{codec.name}{sound} does not go into {self._out.suffix}",
                where=str(self._out),
                mend="write a .mkv",
            ) from error
        except (OSError, av.FFmpegError):
            with explained(self._out):
                raise

    def _video_stream(self, codec: Codec) -> VideoStream:
        clip, color = self._clip, self._color
        options = {**codec.options, **(codec.options_for(clip) if codec.options_for else {})}
        stream = self._output.add_stream(codec.encoder, rate=clip.rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, self._layout_name
        context = stream.codec_context
        context.time_base = 1 / clip.rate
        context.thread_type = "AUTO"
        context.thread_count = min(os.cpu_count() or 1, MAX_THREADS)
        _tag(context, color)
        if isinstance(clip.source, VideoSource):
            context.sample_aspect_ratio = clip.source.sample_aspect
        if clip.timecode is not None:
            stream.metadata["timecode"] = clip.timecode
        return stream


def _tag(target: av.VideoFrame | VideoCodecContext, color: ColorTags) -> None:
    target.color_range = 2 if color.full_range else 1
    target.color_primaries, target.color_trc = color.primaries, color.transfer
    target.colorspace = color.matrix


def _chosen(name: str, out: Path, clip: Clip) -> Codec:
    """The codec of that name, if it can hold the clip and go into that file."""
    codec = codec_named(name)
    if codec.encoder and out.suffix.lower() not in codec.suffixes:
        kinds = ", ".join(codec.suffixes)
        raise OpenVoidError(f"{name} does not go there", where=str(out), mend=f"use {kinds}")
    if clip.layout.is_float and not codec.floating:
        holding = next(codec for codec in CODECS.values() if codec.floating)
        mend = f"write {holding.title}: --codec {holding.name}"
        raise OpenVoidError(f"{name} cannot hold floating point", where=str(out), mend=mend)
    if clip.layout.alpha and not codec.alpha:
        mend = "use " + ", ".join(codec.name for codec in CODECS.values() if codec.alpha)
        raise OpenVoidError(f"{name} cannot hold the clip's alpha", where=str(out), mend=mend)
    return codec


def stored_as(codec: Codec, clip: Clip) -> tuple[str, ColorTags]:
    """FFmpeg's name of the pixel format in which a codec stores a clip, and its colour tags."""
    if not codec.pixels:
        return _same_samples(codec, clip.layout), clip.color
    layout = clip.layout
    full = clip.color.full_range and layout.model == "yuv" and codec.full_range
    color = replace(clip.color, full_range=full)
    if layout.model == "rgb":  # a matrix is chosen here, so it is told
        color = replace(color, matrix=clip.color.matrix if clip.color.matrix in (1, 6, 9) else 1)
    elif codec.must_tell_matrix:
        color = replace(color, matrix=matrix_of(clip.color, clip.height))
    return _nearest(codec, clip), color


def _nearest(codec: Codec, clip: Clip) -> str:
    """Of the formats that a codec stores, the one that loses and wastes least of a clip."""
    known = [form for name in codec.pixels if (form := layout_named(name)) is not None]
    forms = [form for form in known if form.alpha == clip.layout.alpha] or known
    if clip.width % 2 or clip.height % 2:  # halved chroma wants an even size
        forms = [form for form in forms if not (form.chroma_x or form.chroma_y)] or forms
    bits = clip.layout.bits
    return min(forms, key=lambda form: (max(0, bits - form.bits), form.bits)).name


def _same_samples(codec: Codec, layout: PixelLayout) -> str:
    """The format in which a lossless encoder holds exactly these samples."""
    name = {"gbrp": "bgr0", "gbrap": "bgra"}.get(layout.name, layout.name)
    formats = av.codec.Codec(codec.encoder, "w").video_formats or []
    if name not in {form.name for form in formats}:
        raise OpenVoidError(
            f"{codec.name} cannot hold pixels as {layout.name}", mend="use another codec"
        )
    return name
