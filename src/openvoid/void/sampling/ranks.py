"""Spread: independent jobs over several processes, with the result of one process.

In: a function and a list of jobs (the windows of a step, the branches of guidance), the same on
every rank. Out: the results of all jobs, in order, on every rank, bit for bit what one process
would have made: each job is computed whole by one rank (job i by rank i modulo size), with as many
threads as the first, and its bytes are handed to the others. Not known here: what a job is.

Every rank runs the same program and meets in `map`. `launch` starts the other ranks, joins them,
and ends them again, whatever happens; where one of them dies, the first is told, and does not wait.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing
from torch import Tensor

from openvoid.core.errors import OpenVoidError

Job = TypeVar("Job")

LONGEST_JOB = timedelta(hours=1)  # within which a result is handed over
END_S = 10.0  # given to a process to end by itself
NAP_S = (0.001, 0.05)  # between two looks for the others' word
ENDED_S = 2.0  # within which a process that broke off is seen to have ended


class Spread(Protocol):
    """Computes jobs."""

    rank: int
    size: int

    def map(self, work: Callable[[Job], Tensor], jobs: Sequence[Job]) -> list[Tensor]:
        """The results of all jobs, in order."""
        ...


class Alone:
    """One process."""

    rank, size = 0, 1

    def map(self, work: Callable[[Job], Tensor], jobs: Sequence[Job]) -> list[Tensor]:
        return [work(job) for job in jobs]


class Ranks:
    """One of several processes that all call `map` with the same jobs.

    What is small is told through a store and waited for in short naps, so that Ctrl-C is heard and
    a process that died is missed; results go from device to device.
    """

    def __init__(
        self, rank: int, size: int, device: torch.device, store: Any, alive: Callable[[], bool]
    ) -> None:
        self.rank, self.size, self.device = rank, size, device
        self._store, self._alive, self._meetings = store, alive, 0

    def map(self, work: Callable[[Job], Tensor], jobs: Sequence[Job]) -> list[Tensor]:
        """The results of all jobs, in order, on every rank.

        Raises:
            OpenVoidError: a job failed on another rank, or a rank is gone. What a job of this
                rank's own raises, it raises.
        """
        mine: dict[int, Tensor] = {}
        failed: Exception | None = None
        try:
            for index in range(self.rank, len(jobs), self.size):
                mine[index] = work(jobs[index]).detach().contiguous()
        except Exception as error:  # the others have to hear of it before it goes on
            failed = error
        told = self._exchange({index: _form(tensor) for index, tensor in mine.items()}, failed)
        return [self._shared(mine.get(index), told[index], index) for index in range(len(jobs))]

    def _exchange(self, forms: dict[int, Form], failed: Exception | None) -> dict[int, Form]:
        """Shape and type of every result; or what went wrong, anywhere."""
        self._meetings += 1
        said = None if failed is None else _words(failed)
        self._store.set(f"{self._meetings}.{self.rank}", pickle.dumps((forms, said)))
        heard = [self._heard(f"{self._meetings}.{rank}") for rank in range(self.size)]
        if failed is not None:
            raise failed
        for rank, (_, words) in enumerate(heard):
            if words is not None:
                raise OpenVoidError(f"process {rank} of {self.size} failed: {words}")
        return {index: form for known, _ in heard for index, form in known.items()}

    def _heard(self, key: str) -> tuple[dict[int, Form], str | None]:
        nap = NAP_S[0]
        while not self._store.check([key]):
            if not self._alive() and not self._store.check([key]):  # it may have spoken and left
                raise RankLost("another process of this run is gone")
            time.sleep(nap)
            nap = min(1.3 * nap, NAP_S[1])
        told: tuple[dict[int, Form], str | None] = pickle.loads(self._store.get(key))
        return told

    def greet(self) -> None:
        """Wait until every process is there."""
        self._exchange({}, None)

    def _shared(self, own: Tensor | None, form: Form, index: int) -> Tensor:
        """One result, from the rank that has it to all; as bytes, so that no type is changed."""
        shape, dtype, place = form
        device = self.device if place == self.device.type else torch.device("cpu")
        tensor = torch.empty(shape, dtype=dtype, device=device) if own is None else own
        if tensor.numel():
            try:
                dist.broadcast(tensor.reshape(-1).view(torch.uint8), src=index % self.size)
            except RuntimeError as error:
                raise RankLost("another process of this run is gone") from error
        return tensor


Form = tuple[torch.Size, torch.dtype, str]


def _form(tensor: Tensor) -> Form:
    return tensor.shape, tensor.dtype, tensor.device.type


def _words(error: Exception) -> str:
    return error.line() if isinstance(error, OpenVoidError) else f"{type(error).__name__}: {error}"


class RankLost(OpenVoidError):
    """A process of the group ended before its work was done."""


@contextmanager
def launch(
    size: int, target: Callable[..., None], arguments: Sequence[Any] = (), *, device: str = "cpu"
) -> Iterator[Spread]:
    """Ranks 1 .. size - 1 run `target(spread, *arguments)`; the caller is rank 0 for the `with`.

    Args:
        target: a function at module level, and arguments, that can be pickled. It has to make the
            same calls of `map` as the body of the `with`.
        device: "cpu", or "cuda": one GPU a rank.

    Raises:
        OpenVoidError: fewer GPUs than ranks; a rank died (with what it said).
    """
    if size == 1:
        yield Alone()
        return
    _check(size, device)
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="openvoid-") as folder, _local_sockets():
        given = (size, device, torch.get_num_threads(), folder, target, tuple(arguments))
        others = [
            context.Process(target=_worker, args=(rank, *given), daemon=True)
            for rank in range(1, size)
        ]

        def alive() -> bool:
            return all(process.exitcode is None for process in others)

        try:
            for process in others:
                process.start()
            yield _join(0, size, device, Path(folder), alive)
            _wait(others, END_S)
        except RankLost as lost:
            _wait(others, ENDED_S)
            raise OpenVoidError(_fate(others, Path(folder))) from lost
        finally:
            _end(others)
            if dist.is_initialized():
                dist.destroy_process_group()


def _check(size: int, device: str) -> None:
    if size < 1:
        raise OpenVoidError(f"{size} processes are none", mend="1 or more")
    if device not in ("cpu", "cuda"):
        raise OpenVoidError(f"several processes cannot share {device!r}", mend="one process")
    if device == "cuda" and torch.cuda.device_count() < size:
        raise OpenVoidError(
            f"{size} processes, but {torch.cuda.device_count()} GPUs", mend="one GPU a process"
        )


def _device_of(rank: int, device: str) -> torch.device:
    return torch.device("cpu") if device == "cpu" else torch.device(device, rank)


def _join(rank: int, size: int, device: str, folder: Path, alive: Callable[[], bool]) -> Ranks:
    """Meet the others at a file; what lies on the CPU goes through gloo."""
    own = _device_of(rank, device)
    if own.type == "cuda":
        torch.cuda.set_device(own)
    file_store: Any = dist.FileStore  # type: ignore[attr-defined]
    ranks = Ranks(rank, size, own, file_store(str(folder / "words"), size), alive)
    ranks.greet()
    try:
        dist.init_process_group(
            "gloo" if own.type == "cpu" else "cpu:gloo,cuda:nccl",
            store=file_store(str(folder / "meeting"), size),
            rank=rank,
            world_size=size,
            timeout=LONGEST_JOB,
        )
    except RuntimeError as error:
        raise RankLost("the processes of this run did not find each other") from error
    return ranks


def _worker(
    rank: int,
    size: int,
    device: str,
    threads: int,
    folder: str,
    target: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    """A whole process: join, run, leave. What it raises is left in the folder for rank 0."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for rank 0, which ends the others
    torch.set_num_threads(threads)  # sums depend on it
    try:
        target(_join(rank, size, device, Path(folder), _parent_lives), *arguments)
        dist.destroy_process_group()
    except RankLost:
        os._exit(1)  # rank 0 knows, or is gone itself
    except Exception:
        with suppress(OSError):
            (Path(folder) / f"rank{rank}").write_text(traceback.format_exc())
        os._exit(1)


def _parent_lives() -> bool:
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()


def _fate(others: Sequence[Any], folder: Path) -> str:
    """What became of the processes."""
    for rank, process in enumerate(others, start=1):
        note = folder / f"rank{rank}"
        if note.exists():
            return f"process {rank} failed: {note.read_text().strip().splitlines()[-1]}"
        if process.exitcode:
            return f"process {rank} ended with code {process.exitcode}"
    return "another process of this run did not answer"


def _wait(others: Sequence[Any], seconds: float) -> None:
    until = time.monotonic() + seconds
    for process in others:
        process.join(max(0.0, until - time.monotonic()))


def _end(others: Sequence[Any]) -> None:
    """End what still runs: asked first, then made to."""
    started = [process for process in others if process.pid is not None]
    for process in started:
        process.terminate()
    _wait(started, ENDED_S)
    for process in started:
        if process.is_alive():
            process.kill()
        process.join()
        process.close()


@contextmanager
def _local_sockets() -> Iterator[None]:
    """Processes of one machine talk by its loopback: a host's name need not be known, and nothing
    listens outside."""
    name = "GLOO_SOCKET_IFNAME"
    loops = [each for _, each in socket.if_nameindex() if each in ("lo", "lo0")]
    if name in os.environ or not loops:
        yield
        return
    os.environ[name] = loops[0]
    try:
        yield
    finally:
        os.environ.pop(name, None)
