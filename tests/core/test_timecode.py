"""Timecode: the laws of SMPTE ST 12-1, drop frame included, against plain counting."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.clip import timecode_plus

NTSC, NTSC60, FILM = Fraction(30000, 1001), Fraction(60000, 1001), Fraction(24000, 1001)


def counted(base: int, dropped: int, minutes: int) -> Iterator[str]:
    """Every label of the first minutes, made by skipping the forbidden ones."""
    mark = ";" if dropped else ":"
    for minute in range(minutes):
        for second in range(60):
            for frame in range(base):
                if second == 0 and frame < dropped and minute % 10:
                    continue
                yield f"{minute // 60:02}:{minute % 60:02}:{second:02}{mark}{frame:02}"


@pytest.mark.parametrize(
    ("rate", "dropped"),
    [(NTSC, 2), (NTSC60, 4), (NTSC, 0), (FILM, 0), (Fraction(25), 0), (Fraction(24), 0)],
)
def test_every_label_of_the_first_twelve_minutes(rate: Fraction, dropped: int) -> None:
    start = "00:00:00;00" if dropped else "00:00:00:00"
    for count, wanted in enumerate(counted(round(rate), dropped, 12)):
        assert timecode_plus(start, count, rate) == wanted


@pytest.mark.parametrize(
    ("before", "frames", "rate", "after"),
    [
        ("01:00:59;29", 1, NTSC, "01:01:00;02"),
        ("01:09:59;29", 1, NTSC, "01:10:00;00"),
        ("00:00:59;59", 1, NTSC60, "00:01:00;04"),
        ("23:59:59;29", 1, NTSC, "00:00:00;00"),
        ("23:59:59:23", 2, FILM, "00:00:00:01"),
        ("10:00:00:00", 25 * 3600, Fraction(25), "11:00:00:00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
    ],
)
def test_known_steps(before: str, frames: int, rate: Fraction, after: str) -> None:
    assert timecode_plus(before, frames, rate) == after


@given(
    st.integers(0, 2_589_407),
    st.integers(0, 3_000_000),
    st.integers(0, 3_000_000),
    st.sampled_from([("00:00:00;00", NTSC), ("00:00:00:00", NTSC), ("00:00:00;00", NTSC60)]),
)
def test_steps_add_up(at: int, one: int, two: int, kind: tuple[str, Fraction]) -> None:
    zero, rate = kind
    start = timecode_plus(zero, at, rate)
    there = timecode_plus(start, one, rate)
    assert timecode_plus(there, two, rate) == timecode_plus(start, one + two, rate)


def test_a_drop_frame_day_has_2589408_frames() -> None:
    assert timecode_plus("00:00:00;00", 2_589_408, NTSC) == "00:00:00;00"
    assert timecode_plus("00:00:00;00", 2_589_407, NTSC) == "23:59:59;29"


def test_no_timecode_stays_none() -> None:
    assert timecode_plus(None, 7, NTSC) is None
    assert timecode_plus("anything", 0, NTSC) == "anything"
