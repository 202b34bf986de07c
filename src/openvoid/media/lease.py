"""Lease: one owner for what is written, on any file system, whoever else writes there.

Enters: the path of an output (a file, a folder, a pattern). Leaves: a hidden file beside it that
names its owner: host, process, since when; the owner touches it again and again while it works.
Needs no lock of the operating system's, so that it holds on NFS and Lustre as well. A second comer
is told who has it. An owner that died is seen at once on its own host, elsewhere once the file was
not touched for `STALE_S`. Knows not what is written.

A lease is made by `link`, which fails if the name exists, on NFS too; and taken over by `rename`,
which only one process can win. Before an owner commits it asks `held`: one that slept so long that
it was taken for dead must not write.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from glob import escape
from pathlib import Path

from openvoid.core.errors import OpenVoidError
from openvoid.media.atomic import explained, short

BEAT_S = 5.0  # how often an owner touches its lease
STALE_S = 60.0  # twelve beats missed: an NFS client may cache attributes for up to 60 s (nfs(5))
TRIES = 20  # at taking over; each means that another process was quicker


@dataclass(frozen=True)
class Owner:
    """Who holds a lease."""

    host: str
    space: str  # boot and process namespace: within them process numbers mean something
    process: int
    began: str  # when the process began, as its system tells it; numbers are used again
    since: str  # when the lease was taken, for people
    token: str

    @classmethod
    def here(cls) -> Owner:
        """This process, with a token of its own."""
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        number = os.getpid()
        return cls(socket.gethostname(), _space(), number, _began(number), since, uuid.uuid4().hex)

    @classmethod
    def read(cls, path: Path) -> Owner | None:
        """Of a lease's file; None where there is none, or none that can be read."""
        try:
            data = json.loads(path.read_bytes()[:4096])
            return cls(**{**data, "process": int(data["process"])})
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    @property
    def gone(self) -> bool:
        """It ran here and has ended. False for one elsewhere: only its beat tells."""
        return self.space == _space() != "" and _began(self.process) != self.began

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}, since {self.since}"


class Lease:
    """A lease that is held. Touched by a thread of its own until `release`."""

    def __init__(self, path: Path, owner: Owner) -> None:
        self._path, self._owner = path, owner
        self._end = threading.Event()
        self._beat = threading.Thread(target=self._touch, name="lease", daemon=True)
        self._beat.start()

    def held(self) -> bool:
        """Whether it is still ours."""
        return Owner.read(self._path) == self._owner

    def release(self) -> None:
        """Give it back; nothing happens where another has it by now."""
        self._end.set()
        self._beat.join()
        if self.held():
            with suppress(OSError):
                self._path.unlink()

    def _touch(self) -> None:
        while not self._end.wait(BEAT_S):
            with suppress(OSError):
                os.utime(self._path)


def lease_path(out: Path) -> Path:
    """Where the lease on an output lies: beside it, hidden."""
    name = out.name or out.resolve().name
    return out.parent / f".{short(name)}.lease"


@contextmanager
def leased(outs: Iterable[Path], *, what: str = "this output") -> Iterator[list[Lease]]:
    """Be the only one who writes these outputs, while the block runs.

    Args:
        outs: the paths as the person gave them; their folders exist.
        what: what is being written, for the second comer: "this removal".

    Raises:
        OpenVoidError: another process holds one of them; a folder cannot be written.
    """
    with ExitStack() as stack:
        held: list[Lease] = []
        for path in sorted({lease_path(out) for out in outs}):  # one order: nobody waits in a ring
            held.append(_taken(path, what))
            stack.callback(held[-1].release)
            _sweep(path)
        yield held


def still_held(leases: Iterable[Lease], where: Path) -> None:
    """Before a commit: all of these are still ours.

    Raises:
        OpenVoidError: one was taken over, since this process did not stir for `STALE_S`.
    """
    if not all(lease.held() for lease in leases):
        raise OpenVoidError(
            "another process has taken this output over, since this one did not stir for long",
            where=str(where),
            mend="run the command again",
        )


def _taken(path: Path, what: str) -> Lease:
    owner = Owner.here()
    own = path.with_name(f"{path.name}.{owner.token[:8]}")
    try:
        for _ in range(TRIES):
            told = json.dumps(asdict(owner)).encode()
            with explained(path):
                own.write_bytes(told)
                try:
                    if _linked(own, path, told):
                        return Lease(path, owner)
                    now = own.stat().st_mtime  # by the file system's own clock
                except FileNotFoundError:
                    continue  # swept up as left behind by a dead one: once more
            _take_away(path, now, what)
    finally:
        with suppress(OSError):
            own.unlink()
    raise OpenVoidError(f"{what} is wanted by several processes", where=str(path), mend="try again")


def _sweep(path: Path) -> None:
    """Remove the drafts of those who died while they asked for a lease; by its owner only. One who
    still asks writes its own once more."""
    with suppress(OSError):
        for draft in path.parent.glob(f"{escape(path.name)}.*"):
            draft.unlink()


def _linked(own: Path, path: Path, told: bytes) -> bool:
    """Make `path`, unless it exists; the same as `own`, which holds `told`."""
    try:
        os.link(own, path)
        return True
    except FileExistsError:
        return False
    except FileNotFoundError:
        raise
    except OSError:  # no links on this file system
        pass
    try:
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return False
    with os.fdopen(file, "wb") as stream:
        stream.write(told)
    return True


def _take_away(path: Path, now: float, what: str) -> None:
    """Remove a lease whose owner has died.

    Raises:
        OpenVoidError: its owner lives, as far as can be told.
    """
    owner = Owner.read(path)
    try:
        quiet_s = now - path.stat().st_mtime
    except OSError:
        return  # given back meanwhile
    if not (quiet_s > STALE_S or (owner is not None and owner.gone)):
        who = str(owner) if owner else "its lease cannot be read yet"
        raise OpenVoidError(
            f"{what} is being made by another process ({who})",
            where=str(path),
            mend="wait for it, or stop it",
        )
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    with suppress(OSError):
        path.rename(aside)
        if Owner.read(aside) != owner:  # another one's, taken between the two looks: it goes back
            _linked(aside, path, aside.read_bytes())
        aside.unlink()


def _space() -> str:
    """What process numbers here are numbers in; "" where they tell nothing."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname() if os.name == "posix" else ""


def _began(process: int) -> str:
    """When a process began, in ticks since its system did (proc(5)), or "?"; "" once it is dead."""
    try:
        state, *fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return "" if state in "ZX" else fields[18]
    except OSError:
        pass
    if Path("/proc/self/stat").exists():
        return ""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.kill(process, 0)
        return "?"
    return ""
