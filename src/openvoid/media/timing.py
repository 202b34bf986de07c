"""When each frame is shown: packet timestamps -> frame numbers and one exact rate.

Enters: the path of a video and the stream's number. Leaves: `Timing` (sorted presentation times,
key frames to start decoding from) and the rational frame rate, or the reason why there is none.
Reads packets, decodes nothing (but in files without timestamps, whose frames must be counted).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from openvoid.core.errors import OpenVoidError
from openvoid.media.container import damaged, decoding, opened

STEADY_WITHIN = Fraction(1, 2)  # of a frame: a phone's jitter is evened out, a dropped frame is not
_WHOLE_RATES = (10, 12, 15, 24, 25, 30, 48, 50, 60, 100, 120)
_STANDARD_RATES = [Fraction(n) for n in _WHOLE_RATES]
_STANDARD_RATES += [Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)]


@dataclass(frozen=True)
class Timing:
    """Presentation times of all frames that decode, in units of `time_base`, in order.

    `pts` is empty for files without timestamps; frames are then known by counting.
    """

    pts: tuple[int, ...]
    keys: tuple[tuple[int, int], ...]  # (pts, dts) of key frames, by pts
    time_base: Fraction
    rates: tuple[Fraction, ...]  # what the file says its rate is, the most telling first
    count: int
    number: dict[int, int] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return self.count

    @property
    def start_s(self) -> Fraction:
        """When the first frame is shown, on the file's own clock."""
        return self.pts[0] * self.time_base if self.pts else Fraction(0)

    def key_before(self, index: int) -> tuple[int, int] | None:
        """(pts, dts) of the last key frame not after a frame; None: decode from the beginning."""
        if not self.pts:
            return None
        at = bisect_right(self.keys, self.pts[index], key=lambda key: key[0]) - 1
        return self.keys[at] if at > 0 else None


class _Stamp(NamedTuple):
    """What is told of a packet before it is decoded."""

    pts: int | None
    dts: int | None
    duration: int
    key: bool
    discard: bool
    whole: bool


def read_timing(path: Path, stream_index: int, first_pts: int | None) -> Timing:
    """The times of all frames from `first_pts`, the first that decodes.

    Raises:
        OpenVoidError: the file ends before what its own index promises.
    """
    with opened(path) as container:
        stream = container.streams[stream_index]
        assert isinstance(stream, VideoStream)
        promised = len(stream.index_entries)  # of what the header lists, before anything is read
        stamps = _stamps(container, stream_index, path)
        broken = next((at for at, stamp in enumerate(stamps) if not stamp.whole), None)
        if broken is not None or len(stamps) < promised or _cut_off(container, stream, stamps):
            told = f"frame {len(stamps) if broken is None else broken}"
            raise OpenVoidError(
                f"the file is cut off or damaged at {told}",
                where=str(path),
                mend="copy it again, or cut it before this frame",
            )
        rates = (stream.guessed_rate, stream.base_rate, stream.average_rate)
        time_base = stream.time_base or Fraction(1)
        # AVI stores no presentation times; those told are wrong where frames are reordered
        guessed = "avi" in container.format.name and not all(stamp.key for stamp in stamps)
    said = tuple(rate for rate in rates if rate)
    shown = [stamp for stamp in stamps if not stamp.discard]
    times = [stamp.pts for stamp in shown if stamp.pts is not None]
    if guessed or first_pts is None or len(times) < len(shown) or len(set(times)) < len(times):
        return Timing((), (), time_base, said, _counted(path, stream_index))
    pts = tuple(sorted(time for time in times if time >= first_pts))
    keys = [
        (stamp.pts, stamp.pts if stamp.dts is None else stamp.dts)
        for stamp in shown
        if stamp.key and stamp.pts is not None and stamp.pts >= first_pts
    ]
    number = {time: index for index, time in enumerate(pts)}
    return Timing(pts, tuple(sorted(keys)), time_base, said, len(pts), number)


def steady_rate(timing: Timing, path: Path) -> Fraction:
    """The one rate at which all frames are shown within half a frame of their own time.

    Raises:
        OpenVoidError: there is none, the frame rate varies.
    """
    average = timing.rates[-1] if timing.rates else Fraction(24)
    if len(timing.pts) < 2:
        return timing.rates[0] if timing.rates else average
    standard = min(_STANDARD_RATES, key=lambda rate: abs(rate - average))
    pts, tick = timing.pts, timing.time_base
    true = (len(pts) - 1) / ((pts[-1] - pts[0]) * tick)
    usual = [rate for rate in timing.rates if rate in _STANDARD_RATES]
    for rate in (*usual, standard, *timing.rates):  # exact but for the rounding to ticks
        if _farthest(timing, rate)[0] <= tick * rate * Fraction(3, 2):
            return rate
    steps = [(late - early) * tick for early, late in pairwise(pts)]
    for rate in (*timing.rates, standard, true):
        even = all(abs(step * rate - 1) <= STEADY_WITHIN for step in steps)
        if even and _farthest(timing, rate)[0] <= STEADY_WITHIN:
            return rate
    median = sorted(steps)[len(steps) // 2]
    frame, step = max(enumerate(steps), key=lambda pair: abs(pair[1] - median))
    raise OpenVoidError(
        f"variable frame rate: frame {frame} lasts {float(step):.3f} s, most {float(median):.3f} s",
        where=str(path),
        mend="make it steady first: ffmpeg -i IN -fps_mode cfr OUT",
    )


def _farthest(timing: Timing, rate: Fraction) -> tuple[Fraction, int]:
    """How far, in frames, the frame is from its place at that rate that is farthest from it."""
    step = timing.time_base * rate  # frames a tick
    first, up, down = timing.pts[0], step.numerator, step.denominator
    far = [abs((time - first) * up - index * down) for index, time in enumerate(timing.pts)]
    index = max(range(len(far)), key=far.__getitem__)
    return Fraction(far[index], down), index


def _stamps(container: InputContainer, stream_index: int, path: Path) -> list[_Stamp]:
    stamps: list[_Stamp] = []
    try:
        for packet in container.demux():
            if packet.stream_index != stream_index or (packet.size == 0 and packet.dts is None):
                continue
            stamps.append(
                _Stamp(
                    packet.pts,
                    packet.dts,
                    packet.duration or 0,
                    packet.is_keyframe,
                    packet.is_discard,
                    not packet.is_corrupt,
                )
            )
    except (av.FFmpegError, EOFError, OSError) as error:
        raise damaged(path, len(stamps)) from error
    return stamps


def _cut_off(container: InputContainer, stream: VideoStream, stamps: list[_Stamp]) -> bool:
    """Whether the file's header promises frames after the last packet (no index tells it)."""
    tick = stream.time_base or Fraction(1)
    ends = [stamp.pts + stamp.duration for stamp in stamps if stamp.pts is not None]
    rate = stream.average_rate or stream.base_rate
    if not ends or not rate:
        return False
    end_s = max(ends) * tick
    formats = container.format.name
    if "matroska" in formats:
        tag = next((v for k, v in stream.metadata.items() if k.lower() == "duration"), None)
        return tag is not None and _seconds(tag) > end_s + 2 / rate
    if "mxf" in formats and stream.duration:
        return stream.duration * tick > end_s - (stream.start_time or 0) * tick + 2 / rate
    return "avi" in formats and 0 < len(stamps) < stream.frames


def _seconds(tag: str) -> Fraction:
    """Seconds of "HH:MM:SS.fraction"; 0 where it is something else."""
    try:
        hours, minutes, seconds = tag.split(":")
        return 3600 * int(hours) + 60 * int(minutes) + Fraction(seconds)
    except ValueError:
        return Fraction(0)


def _counted(path: Path, stream_index: int) -> int:
    """How many frames decode, found by decoding them."""
    count = 0
    with opened(path) as container:
        stream = container.streams[stream_index]
        assert isinstance(stream, VideoStream)
        try:
            for _ in decoding(container, stream):
                count += 1
        except (av.FFmpegError, EOFError) as error:
            raise damaged(path, count) from error
    return count
