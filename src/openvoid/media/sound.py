"""Sound: packets copied from one file into another, untouched.

Enters: a clip (which file its sound is in, where its frame 0 lies there) and the container being
written. Leaves: the packets of all audio streams for the clip's duration, their times moved so
that frame 0 lies at 0. A clip that is a whole file keeps all of its sound, also what begins
before the first frame or outlasts the last. Decodes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.media.container import opened
from openvoid.media.video import VideoSource

_BEFORE_S = 1  # sought this much early: an index may point past the packet that is wanted


class SoundCopy:
    """The sound of a clip on its way into a container. Close it when done."""

    def __init__(self, clip: Clip, output: OutputContainer) -> None:
        self._open = ExitStack()
        self._output = output
        self._packets: Iterator[av.Packet[AudioStream]] = iter(())
        self._waiting: av.Packet[AudioStream] | None = None
        if clip.audio is not None:
            try:
                source = self._open.enter_context(opened(clip.audio))
                targets = {
                    stream.index: _added(stream, output, clip.audio)
                    for stream in source.streams.audio
                }
                self._packets = _wanted(clip, source, targets)
            except BaseException:
                self.close()
                raise

    def copy_until(self, time_s: Fraction | None = None) -> None:
        """Hand over all packets that begin before `time_s` from frame 0; None: all there are."""
        while (packet := self._waiting or next(self._packets, None)) is not None:
            self._waiting = packet
            begins = packet.pts if packet.dts is None else packet.dts
            if time_s is not None and (begins or 0) * packet.time_base >= time_s:
                return
            self._waiting = None
            self._output.mux(packet)

    def close(self) -> None:
        """Close the file that the sound comes from."""
        self._open.close()


def _added(stream: AudioStream, output: OutputContainer, path: Path) -> AudioStream:
    codec = stream.codec_context.codec
    if not {codec.name, codec.canonical_name} & output.supported_codecs:
        raise OpenVoidError(
            f"its sound ({codec.canonical_name}) cannot be copied into {output.format.name}",
            where=str(path),
            mend="write a .mkv or .mov",
        )
    return output.add_stream_from_template(stream)


def _wanted(
    clip: Clip, source: InputContainer, targets: dict[int, AudioStream]
) -> Iterator[av.Packet[AudioStream]]:
    """The clip's packets, with times from frame 0, addressed to their new streams."""
    start_s = clip.audio_start_s
    stop_s = start_s + clip.length / clip.rate
    whole = len(clip.source) if isinstance(clip.source, VideoSource) else None
    from_start = clip.offset == 0
    to_end = whole is not None and clip.offset + clip.length >= whole
    if not from_start and start_s > _BEFORE_S:
        source.seek(int((start_s - _BEFORE_S) * av.time_base), backward=True)
    for packet in _read(source, clip):
        begins = packet.pts if packet.pts is not None else packet.dts
        if begins is None:  # the empty packet at the end
            continue
        begins_s = begins * packet.time_base
        if (begins_s < start_s and not from_start) or (begins_s >= stop_s and not to_end):
            continue
        shift = round(start_s / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = targets[packet.stream_index]
        yield packet


def _read(source: InputContainer, clip: Clip) -> Iterator[av.Packet[AudioStream]]:
    try:
        yield from source.demux(tuple(source.streams.audio))
    except (av.FFmpegError, OSError) as error:
        raise OpenVoidError("its sound cannot be read", where=str(clip.audio)) from error
