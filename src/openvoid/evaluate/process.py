"""A program, run to its end without a shell: its exit status, its seconds, its peak memory.

Enters: words. Leaves: what was measured, or the one line that tells why it failed. Memory is the
resident memory of the program and all it started, added up and sampled 20 times a second by psutil;
where psutil is missing it is not known. Whatever the program started ends with it, and all of it
ends with this process, however that ends: a leash, a process that waits for nothing but our end.
Knows nothing of shots.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openvoid.core.errors import Interrupted, OpenVoidError

EVERY_S = 0.05
POLL_S = 0.2
PATIENCE_S = 5.0  # for a program that is asked to end
TAIL_CHARACTERS = 200
LEASH = """
import os, signal, sys
sys.stdin.buffer.read()  # ends when the process that holds the other end does
try:
    os.killpg(int(sys.argv[1]), signal.SIGKILL)
except ProcessLookupError:
    pass
"""


@dataclass(frozen=True)
class Spent:
    """What a program took."""

    seconds: float
    peak_mib: float  # NaN where it could not be measured


def run(words: Sequence[str], log: Path, timeout_s: float, stop: threading.Event) -> Spent:
    """Run a program; what it prints goes to `log`. Once `stop` is set it is ended.

    Raises:
        OpenVoidError: there is no such program, it ended with another status than 0, or it took
            longer than `timeout_s`.
    """
    begun = time.perf_counter()
    with log.open("wb") as told:
        try:
            process = subprocess.Popen(
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # so that all it starts can be ended with it
            )
        except OSError as error:
            raise OpenVoidError(f"cannot be run: {error.strerror}", where=words[0]) from error
        with _Watch(process.pid) as watch, _leash(process):
            try:
                status = _wait(process, begun + timeout_s, stop)
            finally:
                _end(process)
                watch.end()
    if status is None:
        raise OpenVoidError(f"took longer than {timeout_s:g} s", where=Path(words[0]).name)
    if status:
        how = f"was ended by signal {-status}" if status < 0 else f"exit status {status}"
        raise OpenVoidError(f"{how}: {last_line(log)}", where=Path(words[0]).name)
    return Spent(time.perf_counter() - begun, watch.peak_mib)


def last_line(log: Path) -> str:
    """The last thing a program said, shortened."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    said = [" ".join(line.split()) for line in lines if line.strip()]
    return said[-1][-TAIL_CHARACTERS:] if said else "it said nothing"


def can_measure_memory() -> bool:
    """Whether psutil is there."""
    try:
        import psutil  # noqa: F401
    except ImportError:
        return False
    return True


def _wait(process: subprocess.Popen[bytes], until: float, stop: threading.Event) -> int | None:
    """Its exit status; None where time is up."""
    while time.perf_counter() < until:
        if stop.is_set():
            raise Interrupted
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(POLL_S)
    return None


@contextlib.contextmanager
def _leash(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Once this process is gone, killed even, so is the program with all of its session."""
    words = [sys.executable, "-S", "-c", LEASH, str(process.pid)]
    with subprocess.Popen(
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as leash:
        try:
            yield
        finally:
            leash.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what still runs, and all it started: first so that it can tidy up, then at once."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_S)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # what it left behind, if it ended well, too
    process.wait()


class _Watch:
    """Samples the memory of a process and its children from a thread of its own."""

    def __init__(self, pid: int) -> None:
        self._pid, self.peak_mib = pid, math.nan
        self._started: set[Any] = set()  # every process that was seen below it
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def end(self) -> None:
        """End what it started in a session of its own, and left behind."""
        for process in self._started:
            with contextlib.suppress(Exception):  # psutil's: gone, or its number is another's now
                process.kill()

    def _sample(self) -> None:
        try:
            import psutil
        except ImportError:
            return
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._pid)
            while not self._stop.is_set():
                total = 0
                below = root.children(recursive=True)
                self._started.update(below)
                for process in (root, *below):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        total += process.memory_info().rss
                if total:
                    mib = total / 2**20
                    self.peak_mib = mib if math.isnan(self.peak_mib) else max(mib, self.peak_mib)
                self._stop.wait(EVERY_S)
