"""Opening a video file safely, and the words for what is wrong with it.

Enters: a path. Leaves: an open PyAV container that reads this one file and nothing it points to,
its video stream, its frames. Every failure is an `OpenVoidError`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from openvoid.core.errors import OpenVoidError

MAX_THREADS = 8  # each decoder thread holds a frame; beyond this only memory grows
_NOT_ITS_FAULT = {errno.EMFILE, errno.ENFILE, errno.ESTALE}  # FFmpeg uses EIO for damage too
_NOT_VIDEO = {"tty", "concat", "hls", "dash", "lavfi"}  # text, and lists that lead elsewhere


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The container of a file, closed on leaving."""
    if not path.exists():
        raise OpenVoidError("no such file", where=str(path))
    if not path.is_file():  # opening a pipe would wait for ever
        raise OpenVoidError("is not a file", where=str(path))
    if path.stat().st_size == 0:
        raise OpenVoidError("the file is empty", where=str(path))
    try:
        # "file:" keeps names with a colon or a percent sign from being read as anything else
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    except PermissionError as error:
        raise OpenVoidError("cannot be read: permission denied", where=str(path)) from error
    except (av.FFmpegError, OSError, ValueError, UnicodeError) as error:
        if getattr(error, "errno", None) in _NOT_ITS_FAULT:
            raise OpenVoidError(f"cannot be read: {error}", where=str(path)) from error
        raise OpenVoidError(
            "not a video, or cut off or damaged beyond reading", where=str(path)
        ) from error
    with container:
        if set(container.format.name.split(",")) & _NOT_VIDEO:
            raise OpenVoidError("not a video", where=str(path))
        yield container


@contextmanager
def located(path: Path) -> Iterator[None]:
    """Errors raised within, that do not know it, are told to concern this file."""
    try:
        yield
    except OpenVoidError as error:
        if error.where:
            raise
        raise OpenVoidError(error.what, where=str(path), mend=error.mend) from error


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The first stream of moving pictures; cover art does not count."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise OpenVoidError("its video codec is not supported", where=str(path))
            return stream
    raise OpenVoidError("has no video stream", where=str(path))


def decoding(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    """Frames from where the container stands, decoded on all cores within bounded memory."""
    stream.thread_type = "AUTO"
    stream.thread_count = min(os.cpu_count() or 1, MAX_THREADS)
    return container.decode(stream)


def damaged(path: Path, frame: int) -> OpenVoidError:
    """The error for a frame that does not decode."""
    mend = "the file may be cut off; copy it again, or give a range before this frame"
    return OpenVoidError(f"frame {frame} cannot be decoded", where=str(path), mend=mend)


def interlaced(where: str) -> OpenVoidError:
    """The error for pictures made of two fields."""
    mend = "deinterlace it first: ffmpeg -i IN -vf bwdif OUT"
    return OpenVoidError("interlaced video is not supported", where=where, mend=mend)
