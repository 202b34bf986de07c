"""Progress: plain lines for logs, no more often than every few seconds, with the time left."""

from __future__ import annotations

import io

from openvoid.cli.progress import Lines, told


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_lines_come_every_few_seconds_and_at_the_end() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    for done in range(0, 101):
        clock.now = done * 0.2
        lines("fill", done, 100)
    assert stream.getvalue().splitlines() == [
        "fill 25/100, 5.0 a second, 15 s left",
        "fill 50/100, 5.0 a second, 10 s left",
        "fill 75/100, 5.0 a second, 5 s left",
        "fill 100/100, 20.0 s",
    ]


def test_what_an_earlier_try_did_counts_not_as_speed() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines("fill", 90, 100)
    clock.now = 5.0
    lines("fill", 95, 100)
    assert stream.getvalue() == "fill 95/100, 1.0 a second, 5 s left\n"


def test_a_stage_that_stands_still_has_no_time_left() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines("survey", 0, 10)
    clock.now = 6.0
    lines("survey", 0, 10)
    assert stream.getvalue() == "survey 0/10, 0.0 a second\n"


def test_stages_that_run_through_each_other_are_told_apart() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    for done in range(3):
        clock.now = float(done)
        lines("fill", done, 2)
        lines("write", done, 2)
    assert stream.getvalue().splitlines() == ["fill 2/2, 2.0 s", "write 2/2, 2.0 s"]


def test_silence_is_silent_and_a_terminal_gets_bars() -> None:
    stream = io.StringIO()
    with told(quiet=True, stream=stream) as progress:
        progress("fill", 1, 1)
    assert stream.getvalue() == ""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    with told(stream=terminal) as progress:
        progress("fill", 0, 2)
        progress("fill", 2, 2)
    assert "fill" in terminal.getvalue()
    assert "2/2" in terminal.getvalue()
