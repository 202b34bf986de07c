"""Every point at which a disk can fail, one after another: a verb is run with a fault at each.

    python -m tests.faults.walk LIBRARY KIND FIRST STEP ROOT openvoid's words ... [-- words ...]

Runs with LD_PRELOAD=LIBRARY (`disk.c`). For every point (from FIRST, every STEP-th) a forked child
does the verb in a fresh copy of ROOT/start with the fault there, and another does it again without
(or, after "--", another one).
Prints one line of JSON a point: how both ended, what they said, and the files they left with their
SHA-256 (those of the cache apart). Judges nothing.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2

WRITES, NAMES, ALL = 2, 4 | 8, 1 | 2 | 4 | 8  # kinds of calls, as in disk.c
FAULTS = {
    "kill": (0, ALL),
    "ENOSPC": (errno.ENOSPC, 1 | 2),
    "EIO": (errno.EIO, ALL),
    "EMFILE": (errno.EMFILE, 1),
    "ESTALE": (errno.ESTALE, NAMES),
    "ENOLCK": (errno.ENOLCK, NAMES),
}


def main(words: Sequence[str]) -> None:
    library, kind, first, step, root, *verb = words
    walk = Walk(ctypes.CDLL(library), Path(root), verb)
    at = int(first)
    print(json.dumps(walk.tried("kill", 0)), flush=True)  # undisturbed
    while True:
        ended = walk.tried(kind, at)
        print(json.dumps(ended), flush=True)
        if not ended["reached"]:
            return
        at += int(step)


class Walk:
    """One verb in one place."""

    def __init__(self, disk: Any, root: Path, verb: Sequence[str]) -> None:
        disk.disk_points.restype = ctypes.c_long
        disk.disk_last.restype = ctypes.c_char_p
        at = verb.index("--") if "--" in verb else len(verb)
        self._verb, self._then = verb[:at], verb[at + 1 :] or verb
        self._disk, self._root = disk, root
        self._place, self._said = root / "work", root / "said"
        cv2.setNumThreads(1)  # a pool's threads do not survive a fork
        self._warm()

    def _warm(self) -> None:
        """Import what the verb imports, so that a child costs a fork."""
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._root / "start", self._place)
        for name in self._run("kill", 0, self._verb)["modules"]:
            if name.split(".")[0] not in ("OpenGL", "mujoco"):  # what draws does not survive a fork
                with suppress(Exception):  # some are made by another one, and have no file
                    import_module(name)

    def tried(self, kind: str, at: int) -> dict[str, Any]:
        """With a fault at a point (none: 0), and again without."""
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._root / "start", self._place)
        before = self._files()
        facts = {"at": at, "before": before, **self._run(kind, at, self._verb)}
        facts.pop("modules", None)
        facts["after"] = self._files()
        again = self._run(kind, 0, self._then)
        return {**facts, "again": again["code"], "again_said": again["said"], "left": self._files()}

    def _run(self, kind: str, at: int, verb: Sequence[str]) -> dict[str, Any]:
        one, other = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(one)
            self._child(kind, at, other, verb)
        os.close(other)
        with os.fdopen(one, "rb") as told:
            text = told.read()
        _, status = os.waitpid(child, 0)
        facts = json.loads(text) if text else {"reached": True, "call": "killed", "points": at}
        said = self._said.read_text("utf-8", "replace")
        return {"code": os.waitstatus_to_exitcode(status), "said": said, **facts}

    def _child(self, kind: str, at: int, told: int, verb: Sequence[str]) -> None:
        error, kinds = FAULTS[kind]
        os.chdir(self._place)
        file = os.open(self._said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for stream in (1, 2):
            os.dup2(file, stream)
        os.environ["OPENVOID_CACHE"] = str(self._place / "cache")
        self._disk.disk_arm(str(self._place).encode(), at, error, kinds)
        code = _ended(verb)
        facts = {
            "reached": 0 < at <= self._disk.disk_points(),
            "points": self._disk.disk_points(),
            "call": (self._disk.disk_last() or b"").decode(),
            "modules": [] if at else sorted(sys.modules),
        }
        self._disk.disk_arm(b"/proc", 0, 0, 0)
        os.write(told, json.dumps(facts).encode())
        sys.stderr.flush()
        os._exit(code)

    def _files(self) -> dict[str, str]:
        paths = sorted(path for path in self._place.rglob("*") if path.is_file())
        inside = [path for path in paths if self._place / "cache" not in path.parents]
        return {
            str(path.relative_to(self._place)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in inside
        }


def _ended(verb: Sequence[str]) -> int:
    from openvoid.cli.main import main as openvoid

    try:
        return openvoid(list(verb))
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException as escaped:
        print(f"escaped: {escaped!r}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    main(sys.argv[1:])
