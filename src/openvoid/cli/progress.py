"""Progress for a person: a bar with the time left, or a plain line every few seconds.

Enters: (stage, done, total) after each step. Leaves: bars on a terminal, lines elsewhere, nothing
where silence was asked for; always on standard error. Knows no stage.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from openvoid.core.removal import Progress

EVERY_S = 5.0  # between two plain lines of one stage


@contextmanager
def told(quiet: bool = False, stream: TextIO | None = None) -> Iterator[Progress]:
    """A `Progress` for the time of the block."""
    stream = stream or sys.stderr
    if quiet:
        yield lambda stage, done, total: None
    elif stream.isatty():
        with _bars(stream) as progress:
            yield progress
    else:
        yield Lines(stream)


@contextmanager
def _bars(stream: TextIO) -> Iterator[Progress]:
    from rich import progress as rich_progress
    from rich.console import Console

    bars = rich_progress.Progress(
        rich_progress.TextColumn("{task.description:<12}"),
        rich_progress.BarColumn(),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TimeElapsedColumn(),
        rich_progress.TextColumn("left"),
        rich_progress.TimeRemainingColumn(),
        console=Console(file=stream),
    )
    tasks: dict[str, rich_progress.TaskID] = {}

    def progress(stage: str, done: int, total: int) -> None:
        if stage not in tasks:
            tasks[stage] = bars.add_task(stage, total=total, completed=done)
        bars.update(tasks[stage], completed=done, total=total)

    with bars:
        yield progress


class Lines:
    """`register 12/62, 8.1 a second, 6 s left`: for logs and pipes."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._begun: dict[str, tuple[float, int]] = {}  # when, and what was done already
        self._told: dict[str, float] = {}
        self._ended: set[str] = set()

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = self._clock()
        begun, before = self._begun.setdefault(stage, (now, done))
        ended = done >= total
        if stage in self._ended or not (ended or now - self._told.get(stage, begun) >= EVERY_S):
            return
        self._told[stage] = now
        spent_s = now - begun
        if ended:
            self._ended.add(stage)
            text = f"{stage} {done}/{total}, {spent_s:.1f} s"
        else:
            speed = (done - before) / spent_s
            left = f", {(total - done) / speed:.0f} s left" if speed else ""
            text = f"{stage} {done}/{total}, {speed:.1f} a second{left}"
        print(text, file=self._stream, flush=True)
