"""Several processes that make shots, each with a studio of its own.

Enters: a recipe, and tasks. Leaves: what became of each, in the order in which they end. A process
that dies takes its task with it, no other: a new one takes its place. Knows nothing of families
and seeds but how to hand them on.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import Closes

ENDS_S = 5.0  # a process that is told to end has so long for it

Work = Callable[[Any, Any], Any]
"""(what `begin` made, task) -> what became of it. Importable: it goes to other processes."""


@dataclass(frozen=True)
class Died:
    """A process ended in the middle of a task."""

    code: int


def together(
    begin: Callable[[], Any], work: Work, tasks: Sequence[Any], workers: int
) -> Iterator[tuple[Any, Any]]:
    """Pairs of (task, what became of it): the work's value, `Died`, or the error it raised.

    With one worker all happens in this process. Leaving early ends the processes.
    """
    if workers <= 1 or len(tasks) <= 1:
        made = begin()
        try:
            for task in tasks:
                yield task, _done(work, made, task)
        finally:
            _close(made)
        return
    crew = [_Worker(begin, work) for _ in range(min(workers, len(tasks)))]
    try:
        yield from _shared_out(crew, list(tasks))
    finally:
        for worker in crew:
            worker.end()


def _shared_out(crew: list[_Worker], waiting: list[Any]) -> Iterator[tuple[Any, Any]]:
    for worker in crew:
        worker.give(waiting.pop(0))
    while busy := {worker.pipe: worker for worker in crew if worker.busy}:
        for pipe in wait(list(busy)):
            worker = busy[pipe]  # type: ignore[index]
            task = worker.task
            outcome = worker.take()
            if isinstance(outcome, Died):
                worker.start()
            if waiting:
                worker.give(waiting.pop(0))
            yield task, outcome


class _Worker:
    """One process, and the task it is at."""

    def __init__(self, begin: Callable[[], Any], work: Work) -> None:
        self._begin, self._work = begin, work
        self.busy, self.task = False, None
        self.start()

    def start(self) -> None:
        spawn = multiprocessing.get_context("spawn")  # OpenGL does not survive a fork
        self.pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs, self._begin, self._work))
        self._process.daemon = True
        self._process.start()
        theirs.close()

    def give(self, task: Any) -> None:
        self.busy, self.task = True, task
        self.pipe.send(task)

    def take(self) -> Any:
        self.busy = False
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            return Died(self._process.exitcode or 0)

    def end(self) -> None:
        self._process.terminate()
        self._process.join(ENDS_S)
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _serve(pipe: Connection, begin: Callable[[], Any], work: Work) -> None:
    """What a process does: tasks, one after the other, as long as the first process lives."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process to answer
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that scratch files go
    threading.Thread(target=_end_with_parent, daemon=True).start()
    made = None
    while True:
        task = pipe.recv()
        if made is None:
            made = _done(lambda *_: begin(), None, None)
        pipe.send(made if isinstance(made, Exception) else _done(work, made, task))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _done(work: Work, made: Any, task: Any) -> Any:
    """The work's value, or its error: a mistake as it is, a defect as one that can be sent."""
    try:
        return work(made, task)
    except OpenVoidError as error:
        return Mistake(error.what, error.where, error.mend)
    except Exception as error:
        return Mistake(f"defect: {type(error).__name__}: {error}", "", "")


class Mistake(Exception):
    """An error, as it is sent between processes."""

    def __init__(self, what: str, where: str, mend: str) -> None:
        super().__init__(what, where, mend)
        self.what, self.where, self.mend = what, where, mend


def _close(made: Any) -> None:
    if isinstance(made, Closes):
        made.close()
