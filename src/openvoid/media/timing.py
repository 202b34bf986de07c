"""When each frame is shown: packet timestamps -> frame numbers and one exact rate.

Enters: the path of a video and the stream's number. Leaves: `Timing` (sorted presentation times,
key frames to start decoding from) and the rational frame rate, or the reason why there is none.
Reads packets, decodes nothing (but in files without timestamps, whose frames must be counted).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
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

    `pts` is empty for files without timestamps; frames are then known by counting. Times are held
    as int64, since clips may be long.
    """

    pts: array[int] = field(hash=False)
    keys: Keys = field(hash=False)
    time_base: Fraction
    rates: tuple[Fraction, ...]  # what the file says its rate is, the most telling first
    count: int

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
        at = bisect_right(self.keys.pts, self.pts[index]) - 1
        return (self.keys.pts[at], self.keys.dts[at]) if at > 0 else None

    def number(self, pts: int | None) -> int | None:
        """Which frame is shown at that time; None where none is."""
        at = len(self.pts) if pts is None else bisect_left(self.pts, pts)
        return at if at < len(self.pts) and self.pts[at] == pts else None


@dataclass
class Keys:
    """Times of the packets of key frames, in the order of `pts`."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    dts: array[int] = field(default_factory=lambda: array("q"))


@dataclass
class _Packets:
    """What a stream's packets tell before they are decoded."""

    count: int = 0
    pts: array[int] = field(default_factory=lambda: array("q"))  # of those that are shown
    untimed: int = 0  # of those that are shown: without a time
    keys: Keys = field(default_factory=Keys)  # of those that are shown, in the file's order
    all_key: bool = True
    end: int | None = None  # of the last to end
    broken: int | None = None  # number of the first that is damaged

    def add(self, packet: av.Packet[Any]) -> None:
        if packet.is_corrupt and self.broken is None:
            self.broken = self.count
        self.count += 1
        self.all_key = self.all_key and packet.is_keyframe
        pts, dts = packet.pts, packet.dts
        if pts is not None:
            end = pts + (packet.duration or 0)
            self.end = end if self.end is None else max(self.end, end)
        if packet.is_discard:
            return
        if pts is None:
            self.untimed += 1
            return
        self.pts.append(pts)
        if packet.is_keyframe:
            self.keys.pts.append(pts)
            self.keys.dts.append(pts if dts is None else dts)


def read_timing(path: Path, stream_index: int, first_pts: int | None) -> Timing:
    """The times of all frames from `first_pts`, the first that decodes.

    Raises:
        OpenVoidError: the file ends before what its own index promises.
    """
    with opened(path) as container:
        stream = container.streams[stream_index]
        assert isinstance(stream, VideoStream)
        promised = len(stream.index_entries)  # of what the header lists, before anything is read
        found = _packets(container, stream_index, path)
        short = found.count < promised or _cut_off(container, stream, found)
        if found.broken is not None or short:
            told = f"frame {found.count if found.broken is None else found.broken}"
            raise OpenVoidError(
                f"the file is cut off or damaged at {told}",
                where=str(path),
                mend="copy it again, or cut it before this frame",
            )
        rates = (stream.guessed_rate, stream.base_rate, stream.average_rate)
        time_base = stream.time_base or Fraction(1)
        # AVI stores no presentation times; those told are wrong where frames are reordered
        guessed = "avi" in container.format.name and not found.all_key
    said = tuple(rate for rate in rates if rate)
    times = np.sort(np.array(found.pts, np.int64))
    if guessed or first_pts is None or found.untimed or (times[1:] == times[:-1]).any():
        return Timing(array("q"), Keys(), time_base, said, _counted(path, stream_index))
    pts = _array(times[times >= first_pts])
    return Timing(pts, _sorted(found.keys, first_pts), time_base, said, len(pts))


def _sorted(keys: Keys, first_pts: int) -> Keys:
    pts, dts = np.array(keys.pts, np.int64), np.array(keys.dts, np.int64)
    order = np.argsort(pts, kind="stable")
    order = order[pts[order] >= first_pts]
    return Keys(_array(pts[order]), _array(dts[order]))


def _array(times: np.ndarray[tuple[int], np.dtype[np.int64]]) -> array[int]:
    return array("q", times.tobytes())


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
    steps = array("q", (late - early for early, late in pairwise(pts)))
    for rate in (*timing.rates, standard, true):
        even = all(abs(step * tick * rate - 1) <= STEADY_WITHIN for step in set(steps))
        if even and _farthest(timing, rate)[0] <= STEADY_WITHIN:
            return rate
    middle = sorted(steps)[len(steps) // 2]
    frame, long = max(enumerate(steps), key=lambda pair: abs(pair[1] - middle))
    step, median = long * tick, middle * tick
    raise OpenVoidError(
        f"variable frame rate: frame {frame} lasts {float(step):.3f} s, most {float(median):.3f} s",
        where=str(path),
        mend="make it steady first: ffmpeg -i IN -fps_mode cfr OUT",
    )


def _farthest(timing: Timing, rate: Fraction) -> tuple[Fraction, int]:
    """How far, in frames, the frame is from its place at that rate that is farthest from it."""
    step = timing.time_base * rate  # frames a tick
    first, up, down = timing.pts[0], step.numerator, step.denominator
    far, at = max(
        (abs((time - first) * up - index * down), -index) for index, time in enumerate(timing.pts)
    )
    return Fraction(far, down), -at


def _packets(container: InputContainer, stream_index: int, path: Path) -> _Packets:
    found = _Packets()
    try:
        for packet in container.demux():
            if packet.stream_index != stream_index or (packet.size == 0 and packet.dts is None):
                continue
            found.add(packet)
    except (av.FFmpegError, EOFError, OSError) as error:
        raise damaged(path, found.count) from error
    return found


def _cut_off(container: InputContainer, stream: VideoStream, found: _Packets) -> bool:
    """Whether the file's header promises frames after the last packet (no index tells it)."""
    tick = stream.time_base or Fraction(1)
    rate = stream.average_rate or stream.base_rate
    if found.end is None or not rate:
        return False
    end_s = found.end * tick
    formats = container.format.name
    if "matroska" in formats:
        tag = next((v for k, v in stream.metadata.items() if k.lower() == "duration"), None)
        return tag is not None and _seconds(tag) > end_s + 2 / rate
    if "mxf" in formats and stream.duration:
        return stream.duration * tick > end_s - (stream.start_time or 0) * tick + 2 / rate
    return "avi" in formats and 0 < found.count < stream.frames


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
