"""One damaged input after another, each in a process of its own: what came of it, and is that bad?

Enters: a kind, a number and a seed. Leaves: an `Ended` with what is bad about it, in words. Bad is
all but "done" (0, nothing on standard error) and "refused" (2, one line of ours; or, of `evaluate`,
a failed run that is told in its results): another exit code, a signal, more lines; a file that is
left by what was refused, changed though it was an input, or hidden; more than `MOST_S` of processor
time; more than `MOST_MIB` of memory beyond what a fork has that does nothing.

The modules are imported once, then every trial is a fork: a few hundredths of a second instead of a
few seconds.
"""

from __future__ import annotations

import gc
import json
import os
import re
import resource
import shutil
import signal
import sys
import time
import traceback
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import numpy as np

from tests.fuzz.kinds import KINDS, READ_HUMOTO, READ_KUBRIC, damaged_word
from tests.fuzz.mutations import picked

MOST_S = 10  # of processor time: on a busy machine the clock says nothing
MOST_WAIT_S = 60.0  # for what waits instead of working
MOST_MIB = 1024
NET_MIB = 4096  # of address space, so that what runs away costs nobody's machine
LINE = "openvoid: error: "
HEAVY = ("av", "cv2", "numpy", "torch", "safetensors.torch", "transformers", "diffusers")
REMARKS = re.compile(r"Corrupt JPEG data|Premature end of JPEG file|Warning: unknown JFIF")
"""libjpeg's own, of pictures that it decodes all the same; nothing turns them off."""


@dataclass(frozen=True)
class Ended:
    """What came of one trial."""

    kind: str
    number: int
    words: list[str]
    file: str  # that was damaged
    code: int  # below 0: minus the signal
    refused: bool
    said: str
    seconds: float
    mib: float
    bad: list[str] = field(default_factory=list)


class Place:
    """A folder of sound files, a folder to try in, and all modules imported."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.sound, self._work = self.root / "sound", self.root / "work"
        self._idle_mib = 0.0  # what a fork has that does nothing
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ["OPENVOID_CACHE"] = str(self.root / "cache")

    def prepare(self, kinds: Sequence[str]) -> None:
        """Make the sound files, and import what the commands import."""
        for module in HEAVY:
            with suppress(ImportError):
                import_module(module)
        if not self.sound.is_dir():
            making = self.root / "making"
            making.mkdir(parents=True)
            made = _in_child(partial(_made, making), self.root / "said", 600)
            assert made[0] == 0, self._said()
            making.rename(self.sound)
        verbs = {verb.split()[0]: (name, verb) for name in kinds for verb in KINDS[name].verbs}
        for name, verb in verbs.values():
            modules = self.root / "modules.json"
            self.check(name, verb, modules)
            for module in json.loads(modules.read_text()):
                with suppress(ImportError):
                    import_module(module)
        gc.collect()
        gc.freeze()  # a fork's collector would touch, and so copy, all that was imported
        self.weigh()

    def check(self, kind: str, verb: str, modules: Path | None = None) -> None:
        """That a command ends well where nothing is damaged: else no trial would tell a thing.

        Raises:
            AssertionError: it does not.
        """
        self._lay_out(kind)
        code, _, _ = self._run(verb.split(), modules)
        assert code == 0, f"{verb}: {self._said()}"

    def beside(self, name: str) -> Place:
        """Another place with the same sound files, for another process."""
        other = Place(self.root / name)
        other.root.mkdir()
        other.sound = self.sound
        other.weigh()
        return other

    def weigh(self) -> None:
        """Find out how much memory a trial has that does nothing."""
        _, _, self._idle_mib = _in_child(lambda: 0, self.root / "said", MOST_S)

    def tried(self, kind: str, number: int, seed: int) -> Ended:
        """One damaged input of a kind."""
        row = KINDS[kind]
        rng = np.random.default_rng([seed, number, zlib.crc32(kind.encode())])
        self._lay_out(kind)
        words, file = picked(row.verbs, rng).split(), ""
        if row.files:
            file = picked(row.files, rng)
            damaged = row.change((self.sound / file).read_bytes(), rng)
            (self._work / file).unlink()  # it is a link
            (self._work / file).write_bytes(damaged)
        else:
            words = damaged_word(words, rng)
        before = _listing(self._work)
        code, seconds, mib = self._run(words)
        said = self._said()
        bad = _verdict(code, said, seconds, mib) + _changes(before, _listing(self._work), code)
        refused = code == 2
        if code == 1 and words[0] == "evaluate" and not said.strip():  # a shot failed; and why?
            told, refused = self._work / "out_results" / "results.json", True
            bad = ["a defect in a run"] if "defect of ours" in told.read_text() else []
        return Ended(kind, number, words, file, code, refused, said, seconds, mib, bad)

    def kept(self, folder: Path) -> None:
        """Keep what the last trial was given and left."""
        shutil.copytree(self._work, folder)

    def _lay_out(self, kind: str) -> None:
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir()
        row = KINDS[kind]
        for name in {*row.needs, *(file.split("/")[0] for file in row.files)}:
            source = self.sound / name
            if source.is_dir():
                shutil.copytree(source, self._work / name, copy_function=os.link)
            else:
                os.link(source, self._work / name)

    def _run(self, words: list[str], modules: Path | None = None) -> tuple[int, float, float]:
        shutil.rmtree(self.root / "cache", ignore_errors=True)
        work = partial(_called, words, self._work, modules)
        code, seconds, mib = _in_child(work, self.root / "said", MOST_S)
        return code, seconds, mib - self._idle_mib

    def _said(self) -> str:
        return (self.root / "said").read_text("utf-8", "replace")


# --- in the child ---------------------------------------------------------------------------------


def _made(folder: Path) -> int:
    from tests.fuzz import sound

    sound.make(folder)
    return 0


def _called(words: list[str], work: Path, modules: Path | None) -> int:
    """The command's exit code."""
    import cv2

    cv2.setNumThreads(1)  # a pool's threads do not survive a fork
    os.chdir(work)
    code = _read(words[0]) if words[0] in (READ_HUMOTO, READ_KUBRIC) else _command(words)
    if modules is not None:
        modules.write_text(json.dumps(sorted(set(sys.modules) - {"__main__"})))
    return code


def _command(words: list[str]) -> int:
    from openvoid.cli.main import main

    try:
        return main(words)
    except SystemExit as ended:
        return int(ended.code or 0)


def _read(source: str) -> int:
    """What `openvoid synth import` reads before it draws."""
    from openvoid.core.errors import OpenVoidError
    from openvoid.synth.sources import humoto, kubric

    try:
        if source == READ_HUMOTO:
            next(humoto.worlds(Path("hum"), Path(), frames=6))
        else:
            for path in kubric.find(Path("assets")):
                kubric.read_asset(path, Path(os.environ["OPENVOID_CACHE"]))
    except OpenVoidError as error:
        print(f"{LINE}{error.line()}", file=sys.stderr)
        return 2
    return 0


def _in_child(work: Callable[[], int], said: Path, most_s: int) -> tuple[int, float, float]:
    """Exit code (minus the signal), processor seconds, and the most MiB it had."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        _live(work, said, most_s)
    status, used = _awaited(child)
    seconds = used.ru_utime + used.ru_stime
    return os.waitstatus_to_exitcode(status), seconds, used.ru_maxrss / 1024


def _live(work: Callable[[], int], said: Path, most_s: int) -> NoReturn:
    """What the child does, to its end."""
    code = 70
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        told = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for number, file in ((0, null), (1, null), (2, told)):
            os.dup2(file, number)
        most = (_virtual_mib() + NET_MIB) << 20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (most_s, most_s + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _awaited(child: int) -> tuple[int, resource.struct_rusage]:
    """How it ended; it and all that it started are ended when it waits too long."""
    deadline = time.monotonic() + MOST_WAIT_S
    pause_s = 0.001
    while True:
        found, status, used = os.wait4(child, os.WNOHANG)
        if found or time.monotonic() > deadline:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
            return (status, used) if found else os.wait4(child, 0)[1:]
        time.sleep(pause_s)
        pause_s = min(0.05, pause_s * 1.5)


def _virtual_mib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() >> 20


# --- the verdict ----------------------------------------------------------------------------------


def _verdict(code: int, said: str, seconds: float, mib: float) -> list[str]:
    """What is bad about how it ended."""
    bad = []
    lines = [line for line in said.splitlines() if line.strip() and not REMARKS.match(line)]
    if code in (-signal.SIGKILL, -signal.SIGXCPU):
        bad.append(f"a hang: {seconds:.0f} s of work, then ended from outside")
    elif code not in (0, 2):
        bad.append(f"exit code {code}" if code > 0 else signal.Signals(-code).name)
    elif code == 0 and lines:
        bad.append(f"{len(lines)} lines on standard error, though done")
    elif code == 2 and (len(lines) != 1 or not lines[0].startswith(LINE)):
        bad.append(f"{len(lines)} lines, not one of ours")
    if mib > MOST_MIB:
        bad.append(f"{mib:.0f} MiB")
    return bad


Listing = dict[str, int]


def _listing(folder: Path) -> Listing:
    """A checksum of every file below; -1 for folders."""
    return {
        str(path.relative_to(folder)): zlib.crc32(path.read_bytes()) if path.is_file() else -1
        for path in folder.rglob("*")
    }


def _changes(before: Listing, after: Listing, code: int) -> list[str]:
    """What lies there that should not, and what is gone or another."""
    bad = [f"left {name}" for name in sorted(set(after) - set(before)) if code != 0 or _odd(name)]
    kept = [name for name in before if code != 0 or not name.startswith("out")]
    bad += [f"changed {name}" for name in kept if after.get(name) != before[name]]
    return bad


def _odd(name: str) -> bool:
    """Whether it is no output: hidden, or under another name than was asked for."""
    parts = name.split("/")
    return not parts[0].startswith("out") or any(part.startswith(".") for part in parts)
