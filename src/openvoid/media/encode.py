"""Pictures -> deliverables: video files and image sequences, with all that belongs to the clip.

Enters: pictures as stored, in order, and the clip they belong to. Leaves: a file (or a folder)
that appears only when it is whole, with the clip's rate, timecode, colour tags and sound. Codecs
that can hold the clip's own samples get them bit for bit; the others through one conversion.
Knows no mask and no engine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import av
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from openvoid.core.clip import Clip, ColorTags, Picture, PixelLayout
from openvoid.core.errors import OpenVoidError
from openvoid.media.atomic import Joins, explained, partial_file
from openvoid.media.avframe import converted
from openvoid.media.pixels import matrix_of
from openvoid.media.sequence import write_sequence
from openvoid.media.sound import SoundCopy
from openvoid.media.video import VideoSource

MAX_THREADS = 16


@dataclass(frozen=True)
class Codec:
    """A way to write: what it holds, and how it is asked for."""

    name: str
    suffixes: tuple[str, ...]  # of files it may go into; of the images, for a sequence
    encoder: str = ""  # FFmpeg's name; empty: an image sequence
    bits: int = 16  # depth of the samples it holds at most
    lossless: bool = False
    alpha: bool = False
    floating: bool = False
    sound: bool = True
    chroma: str = "420"  # of H.264; odd sizes need "444" in any case
    options: Mapping[str, str] = field(default_factory=dict)


_H264 = {"crf": "13", "preset": "veryfast"}  # 52 dB; half the time of "fast" at crf 14
_HQ = {"profile": "hq", "vendor": "apl0"}
_4444 = {"profile": "4444", "vendor": "apl0"}
_FFV1 = {"level": "3", "slicecrc": "1", "g": "1"}  # every frame stands alone
_MP4, _MOV, _MKV = ".mp4", ".mov", ".mkv"

# fmt: off
_ALL = (
    Codec("h264",        (_MP4, _MOV, _MKV), "libx264",   bits=10, options=_H264),
    Codec("prores-hq",   (_MOV, _MKV),       "prores_ks", bits=10, options=_HQ),
    Codec("prores-4444", (_MOV, _MKV),       "prores_ks", bits=10, options=_4444, alpha=True),
    Codec("ffv1",        (_MKV,),            "ffv1",      lossless=True, options=_FFV1, alpha=True),
    Codec("png",         (".png",), lossless=True, sound=False, alpha=True),
    Codec("exr",         (".exr",), lossless=True, sound=False, alpha=True, floating=True),
)
# fmt: on
CODECS: dict[str, Codec] = {codec.name: codec for codec in _ALL}

_BY_SUFFIX = {".mp4": "h264", ".mov": "prores-hq", ".mkv": "ffv1", ".png": "png", ".exr": "exr"}
_FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}


class Writer(Protocol):
    """Takes a clip's pictures in order."""

    def write(self, picture: Picture) -> None:
        """Add the next picture."""
        ...


def default_codec(out: Path) -> str:
    """The codec that a name asks for: by its suffix; a folder becomes PNGs."""
    if out.suffix.lower() in _BY_SUFFIX:
        return _BY_SUFFIX[out.suffix.lower()]
    if not out.suffix:
        return "png"
    known = ", ".join(_BY_SUFFIX)
    raise OpenVoidError(f"unknown kind of file {out.suffix}", where=str(out), mend=f"use {known}")


@contextmanager
def open_writer(out: Path, clip: Clip, codec: str, within: Joins | None = None) -> Iterator[Writer]:
    """A writer of the clip's pictures to `out`, which appears when the block ends well.

    Args:
        out: a video file; for "png" and "exr" a folder or a pattern such as shot.%04d.exr.
        clip: what is written: size, rate, layout of the pictures, colour, timecode, sound.
        codec: a name in `CODECS`.
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
    """The same for one video codec, which need not be in `CODECS`."""
    layout_name, color = stored_as(codec, clip)
    with partial_file(out, within) as partial, ExitStack() as stack:
        writer = VideoWriter(partial, out, clip, codec, layout_name, color)
        stack.callback(writer.abandon)
        yield writer
        writer.finish()


class VideoWriter:
    """Encodes pictures into one container, sound woven in as time goes on."""

    def __init__(
        self, path: Path, out: Path, clip: Clip, codec: Codec, layout_name: str, color: ColorTags
    ) -> None:
        self._out, self._clip, self._layout_name, self._color = out, clip, layout_name, color
        self._count = 0
        with ExitStack() as stack:
            with explained(out):
                file = stack.enter_context(path.open("wb"))
                # bit-exact: no random identifiers and no version tags, same input same bytes
                options = {"fflags": "bitexact"}
                self._output = av.open(
                    file, "w", format=_FORMATS[out.suffix.lower()], options=options
                )
                stack.callback(self._output.close)
                self._stream = self._video_stream(codec)
                self._stream.codec_context.open()
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

    def finish(self) -> None:
        """Flush what the encoder holds, write the sound that is left and the index."""
        if self._count == 0:
            raise OpenVoidError("no frame was written", where=str(self._out))
        with explained(self._out):
            self._output.mux(self._stream.encode(None))
            self._sound.copy_until()
            self._open.close()

    def abandon(self) -> None:
        """Close everything, whatever state it is in."""
        with suppress(OSError, av.FFmpegError):  # the file is thrown away
            self._open.close()

    def _start(self, codec: Codec) -> None:
        """Write the header, which is where a container refuses a combination of streams."""
        try:
            self._output.start_encoding()
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
        options = {**codec.options, **_slices(codec, clip)}
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
    if name not in CODECS:
        known = ", ".join(CODECS)
        raise OpenVoidError(f"unknown codec {name!r}", where="--codec", mend=f"known: {known}")
    codec = CODECS[name]
    if codec.encoder and out.suffix.lower() not in codec.suffixes:
        kinds = ", ".join(codec.suffixes)
        raise OpenVoidError(f"{name} does not go there", where=str(out), mend=f"use {kinds}")
    if clip.layout.is_float and not codec.floating:
        mend = "write EXR: --codec exr"
        raise OpenVoidError(f"{name} cannot hold floating point", where=str(out), mend=mend)
    if clip.layout.alpha and not codec.alpha:
        mend = "use " + ", ".join(c.name for c in _ALL if c.alpha)
        raise OpenVoidError(f"{name} cannot hold the clip's alpha", where=str(out), mend=mend)
    return codec


def stored_as(codec: Codec, clip: Clip) -> tuple[str, ColorTags]:
    """FFmpeg's name of the pixel format in which a codec stores a clip, and its colour tags."""
    layout = clip.layout
    if codec.encoder == "ffv1":
        return _same_samples(layout), clip.color
    if codec.encoder == "prores_ks":
        alpha = codec.alpha and layout.alpha
        name = "yuv422p10le"
        if codec.name == "prores-4444":
            name = "yuva444p10le" if alpha else "yuv444p10le"
    else:
        odd = clip.width % 2 or clip.height % 2  # halved chroma needs an even size
        chroma = "444" if odd else codec.chroma
        name = f"yuv{chroma}p" + ("10le" if layout.bits > 8 else "")
    full = clip.color.full_range and layout.model == "yuv" and codec.encoder == "libx264"
    color = replace(clip.color, full_range=full)
    if layout.model == "rgb":  # a matrix is chosen here, so it is told
        color = replace(color, matrix=clip.color.matrix if clip.color.matrix in (1, 6, 9) else 1)
    elif codec.encoder == "prores_ks":  # would be tagged BT.709 where nothing is told
        color = replace(color, matrix=matrix_of(clip.color, clip.height))
    return name, color


def _slices(codec: Codec, clip: Clip) -> Mapping[str, str]:
    """FFV1 in 16 parts for as many cores; it finds its own number where that does not divide."""
    small_or_odd = min(clip.size) < 128 or clip.width % 2 or clip.height % 2
    return {"slices": "0" if small_or_odd else "16"} if codec.encoder == "ffv1" else {}


def _same_samples(layout: PixelLayout) -> str:
    """The format in which FFV1 holds exactly these samples."""
    name = {"gbrp": "bgr0", "gbrap": "bgra"}.get(layout.name, layout.name)
    formats = av.codec.Codec("ffv1", "w").video_formats or []
    if name not in {form.name for form in formats}:
        raise OpenVoidError(f"ffv1 cannot hold pixels as {layout.name}", mend="use another codec")
    return name
