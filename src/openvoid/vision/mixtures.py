"""Mixtures: frames that are one picture going over into another: dissolves and fades.

Enters: a glimpse of a clip. Leaves: spans in which every frame is nearly (1 - k) a + k b, k rising
from 0 to 1, where a and b are frames before and behind that have nothing in common; or where one
of the two is a plain colour. Motion in the two shots is allowed for: a part of the picture counts
for nothing where it fits least. A moving camera, which also leads from one view to another, passes
through views that are no mixture of the two, and is no dissolve.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from openvoid.core.scenes import Kind, Span
from openvoid.vision.glimpse import Glimpse

REACHES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96)  # frames from a to b that are tried
STRIDES = 8  # starts of a that are tried in the length of one reach
ASIDE = 0.5  # share of |a - b|^2 that a middle frame may miss over the whole picture
APART = 0.10  # the least difference of a and b: 0.13 to 0.5 between shots, less within most
ALIEN = 0.12  # see `Glimpse.shared`: 0.01 between shots, 0.17 at least six frames apart in one
FITS = 0.05  # share of |a - b|^2 that a middle frame may miss: dissolves 0.04, camera moves 0.07
FITS_SLOPE, FITS_FROM = 0.25, 0.09  # less where a and b are alike: light and waves come to 0.02
COUNTED = 0.8  # of the picture: the part that fits best
MIDDLE = 0.25, 0.75  # of the way at which a frame half way between is
WIDER = 0.5, 0.2, 0.0  # of the frames between a and b, looked at before and behind them
RAMP = 0.12  # how far, root mean square, the way may be from a straight rise
SLACK = 0.05  # by how much it may fall back between two frames
PLAIN = 0.012  # a look whose values lie within this of each other, both ways, is one colour
SPREAD = 10, 90  # percent of the picture: a caption, or a thing that does not fade, may stand in it
FADE_FRAMES = 3  # a shorter way to a plain colour is a cut
WIDE = 0.5  # of a picture that a fade changes, at least

Look = NDArray[np.float32]


def dissolves(glimpse: Glimpse) -> Iterator[Span]:
    """Spans of frames that are mixtures of two shots, none overlapping, the surest first."""
    taken: list[Span] = []
    refused: list[tuple[int, int]] = []
    for _, first, last in sorted(_candidates(glimpse), reverse=True):
        near = (last - first) // 4
        if any(span.start <= last and first < span.stop for span in taken) or any(
            abs(first - one) <= near and abs(last - other) <= near for one, other in refused
        ):
            continue
        shared = glimpse.shared(first, last)
        alien = shared is not None and shared < ALIEN
        span = _ramp(glimpse, first, last) if alien else None
        if span is None:
            refused.append((first, last))
        else:
            taken.append(span)
            yield span


def _candidates(glimpse: Glimpse) -> Iterator[tuple[float, int, int]]:
    """(sureness, a, b): b lies behind a, and the frame between is half of each."""
    plain = {at: _is_plain(glimpse.look(at)) for at in range(glimpse.start, glimpse.stop)}
    for reach in REACHES:
        for first in range(glimpse.start, glimpse.stop - reach, max(1, reach // STRIDES)):
            last, between = first + reach, first + reach // 2
            apart = glimpse.apart(first, last)
            if (
                plain[first]
                or plain[last]
                or apart < APART
                or _aside(glimpse, first, between, last) > ASIDE
            ):
                continue
            way, missed = mixture(glimpse.look(first), glimpse.look(last), glimpse.look(between))
            most = min(FITS, FITS_SLOPE * (apart - FITS_FROM))
            if MIDDLE[0] <= way <= MIDDLE[1] and missed <= most:
                yield apart * (1 - missed / FITS), first, last


def _aside(glimpse: Glimpse, one: int, between: int, other: int) -> float:
    """How far a frame lies from the line between two, by Heron: quickly, all pixels counted."""
    a, b, c = glimpse.apart(one, other), glimpse.apart(one, between), glimpse.apart(between, other)
    half = (a + b + c) / 2
    return 4 * half * (half - a) * (half - b) * (half - c) / a**4


def mixture(one: Look, other: Look, between: Look) -> tuple[float, float]:
    """How far a picture [n, 3] is on the way from one to another, and what of it is elsewhere.

    The second is a share of what the two differ by, over the part of the picture that fits best.
    """
    whole, part = other - one, between - one
    counts = np.ones(len(whole), bool)
    way = 0.0
    for _ in range(3):
        length = float(np.square(whole[counts]).sum())
        if length <= 0:
            return 0.0, 1.0
        way = float((whole[counts] * part[counts]).sum()) / length
        off = np.square(part - way * whole).sum(axis=-1)
        counts = (
            off <= np.partition(off, int(COUNTED * (len(off) - 1)))[int(COUNTED * (len(off) - 1))]
        )
    length = float(np.square(whole[counts]).sum())
    return way, float(off[counts].sum()) / length if length > 0 else 1.0


def _ramp(glimpse: Glimpse, first: int, last: int) -> Span | None:
    """The frames in which the way leads from one shot to the other; None where it is none."""
    for wider in WIDER:  # where that is not in the way of another change, from before it begins
        more = round(wider * (last - first))
        low, high = max(glimpse.start, first - more), min(glimpse.stop - 1, last + more)
        span = _ramp_within(glimpse, low, high)
        if span is not None:
            return span
    return None


def _ramp_within(glimpse: Glimpse, low: int, high: int) -> Span | None:
    one, other = glimpse.look(low), glimpse.look(high)
    told = [mixture(one, other, glimpse.look(index)) for index in range(low, high + 1)]
    ways = np.array([way for way, _ in told])
    if np.diff(ways).min() < -SLACK:
        return None
    start, stop, off = _straight(ways)
    if off > RAMP or not all(missed <= 2 * FITS for _, missed in told[start : stop + 1]):
        return None
    inner = Span(low + start + 1, low + stop, Kind.DISSOLVE)
    return inner if len(inner) > 0 and glimpse.apart(inner.start - 1, inner.stop) >= APART else None


def _straight(ways: NDArray[np.float64]) -> tuple[int, int, float]:
    """The last frame of the one shot, the first of the other, and how straight the way is."""
    at, best = np.arange(len(ways)), (0, len(ways) - 1, np.inf)
    for start in range(len(ways) - 2):
        for stop in range(start + 2, len(ways)):
            line = np.clip((at - start) / (stop - start), 0, 1)
            off = float(np.sqrt(np.square(ways - line).mean()))
            if off < best[2]:
                best = start, stop, off
    return best


def fades(glimpse: Glimpse) -> Iterator[Span]:
    """Spans that lead to a plain colour, that colour included, and from one."""
    plain = [_is_plain(glimpse.look(index)) for index in range(glimpse.start, glimpse.stop)]
    at = glimpse.start
    while at < glimpse.stop:
        if not plain[at - glimpse.start]:
            at += 1
            continue
        stop = at
        while stop < glimpse.stop and plain[stop - glimpse.start]:
            stop += 1
        out, back = _faded(glimpse, at, -1), _faded(glimpse, stop - 1, 1)
        if out:
            yield Span(at - out, stop, Kind.FADE_OUT)
        if back:
            yield Span(stop if out else at, stop + back, Kind.FADE_IN)
        at = stop


def _is_plain(look: Look) -> bool:
    low, high = np.percentile(look, SPREAD, axis=0)
    return bool((high - low).max() <= 2 * PLAIN)


def _faded(glimpse: Glimpse, plain: int, way: int) -> int:
    """How many frames before or behind a plain one are a fade; 0 where there is none."""
    colour = np.median(glimpse.look(plain), axis=0)
    end = glimpse.start - 1 if way < 0 else glimpse.stop
    frames = range(plain + way, end, way)
    count = 0
    for last, index in enumerate(frames):
        whole = glimpse.look(index) - colour
        if last and not _brighter(glimpse.look(frames[last - 1]) - colour, whole):
            break
        count = last
    if count < FADE_FRAMES or _share(glimpse.look(frames[count]) - colour) < WIDE:
        return 0
    return count


def _brighter(less: Look, more: Look) -> bool:
    """Whether a picture is the other one, all of it nearer to the plain colour."""
    way, missed = mixture(np.zeros_like(more), more, less)
    return way < 1 - 0.01 and missed <= FITS


def _share(change: Look) -> float:
    return float((np.abs(change).max(axis=-1) > PLAIN * 2).mean())
