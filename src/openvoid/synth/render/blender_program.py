"""Blender as a program beside ours: found, started, asked for frames, ended.

Enters: the folder that both share, and orders as arrays. Leaves: the picture, the depth and the
numbers of each. Nothing of Blender is imported; what passes between is files, and a line on the
program's standard input that names the next order. Knows no world.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.media.cache import at_home

VARIABLE = "OPENVOID_BLENDER"
_COMMANDS = {
    "darwin": "brew install --cask blender",
    "win32": "winget install BlenderFoundation.Blender",
}
INSTALL = (
    f"{_COMMANDS.get(sys.platform, 'sudo snap install blender --classic')}; or set {VARIABLE} to a "
    "Blender from https://www.blender.org/download, or to a Python that has bpy (pip install bpy)"
)
SCRIPT = Path(__file__).with_name("blender_script.py")
POLL_S = 0.01
END_S = 5.0  # for it to end by itself
TAIL_CHARACTERS = 200


def find_program(named: str = "") -> list[str]:
    """The words that start Blender with our script: an option, OPENVOID_BLENDER, PATH, or bpy here.

    Raises:
        OpenVoidError: there is none (with how to get it).
    """
    asked = named or os.environ.get(VARIABLE, "")
    found = shutil.which(str(at_home(asked, "renderer blender")) if asked else "blender")
    if found is None and not asked and importlib.util.find_spec("bpy"):
        found = sys.executable
    if found is None:
        what = f"no program {asked}" if asked else "no Blender"
        raise OpenVoidError(what, where="renderer blender", mend=INSTALL)
    if Path(found).name.lower().startswith("python"):
        return [found, str(SCRIPT), "--"]
    flags = ["-b", "--factory-startup", "-noaudio", "--python-exit-code", "1"]
    return [found, *flags, "-P", str(SCRIPT), "--"]


def version(words: list[str]) -> str:
    """What it says it is, "Blender 5.0.1".

    Raises:
        OpenVoidError: it does not run, or has no Blender in it.
    """
    python = words[1] == str(SCRIPT)
    code = "import bpy; print('Blender', bpy.app.version_string)"
    asked = [words[0], "-c", code] if python else [words[0], "--version"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise OpenVoidError(f"does not run: {error}", where=words[0], mend=INSTALL) from error
    said = [line for line in done.stdout.splitlines() if line.startswith("Blender ")]
    if done.returncode or not said:
        why = _last(done.stderr) or f"exit status {done.returncode}"
        raise OpenVoidError(f"is not Blender: {why}", where=words[0], mend=INSTALL)
    return said[-1]


class Program:
    """One running Blender, in a folder that holds its scene.json."""

    def __init__(self, words: list[str], folder: Path) -> None:
        self.folder, self.name = folder, words[0]
        self._count, self._log = 0, folder / "log.txt"
        with self._log.open("wb") as told:
            try:
                self._process = subprocess.Popen(
                    [*words, str(folder)],
                    stdin=subprocess.PIPE,
                    stdout=told,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # so that all it starts can be ended with it
                )
            except OSError as error:
                raise OpenVoidError(
                    f"cannot be run: {error.strerror}", where=self.name, mend=INSTALL
                ) from error
        self._waiting: list[str] = ["start"]

    def ask(self, arrays: Mapping[str, NDArray[Any]]) -> str:
        """Hand an order over; its number is for `take`. Orders are drawn in turn."""
        self._count += 1
        number = str(self._count)
        np.savez(self.folder / f"{number}.npz", **arrays)  # type: ignore[arg-type]
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended: `take` tells why
            self._process.stdin.write(f"{number}\n".encode())
            self._process.stdin.flush()
        return number

    def take(
        self, number: str, size: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint16]]:
        """Picture, depth and numbers of an order, when they are there; its files are gone then.

        Raises:
            OpenVoidError: it ended, it met a mistake, or what it wrote is not a frame of that size.
        """
        for each in (*self._waiting, number):
            self._await(each)
        self._waiting.clear()
        frame = self._read(number, size)
        for suffix in (".npz", ".png", ".npy", ".json"):
            (self.folder / f"{number}{suffix}").unlink()
        return frame

    def close(self) -> None:
        """Let it end, or end it."""
        process = self._process
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(END_S)
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:  # Windows
                    self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()

    def _await(self, number: str) -> dict[str, Any]:
        answer = self.folder / f"{number}.json"
        while not answer.exists():
            ended = self._process.poll()
            if ended is not None and not answer.exists():
                said = _last(self._log.read_text(encoding="utf-8", errors="replace"))
                how = f"was ended by signal {-ended}" if ended < 0 else f"exit status {ended}"
                raise OpenVoidError(f"{how}: {said or 'it said nothing'}", where=self.name)
            time.sleep(POLL_S)
        try:
            told: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
            error = told.get("error")
        except (ValueError, AttributeError) as wrong:
            raise OpenVoidError("an answer that is not ours", where=self.name) from wrong
        if error:
            raise OpenVoidError(str(error)[:TAIL_CHARACTERS], where=self.name)
        return told

    def _read(
        self, number: str, size: tuple[int, int]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.uint16]]:
        picture = cv2.imread(str(self.folder / f"{number}.png"), cv2.IMREAD_COLOR)
        try:
            plain = np.load(self.folder / f"{number}.npy", allow_pickle=False)
        except (OSError, ValueError):
            plain = None
        if picture is None or plain is None:
            raise OpenVoidError(f"wrote no frame {number}", where=self.name)
        if picture.shape != (*size, 3) or plain.shape != (*size, 2):
            found = f"{picture.shape[1]}x{picture.shape[0]}"
            raise OpenVoidError(f"a frame of {found}, not {size[1]}x{size[0]}", where=self.name)
        ids = np.rint(plain[..., 1]).astype(np.uint16)
        depth = np.where(ids > 0, plain[..., 0], np.inf).astype(np.float32)
        return np.ascontiguousarray(picture[..., ::-1]), depth, ids


def _last(said: str) -> str:
    """The last thing a program said, shortened."""
    lines = [" ".join(line.split()) for line in said.splitlines() if line.strip()]
    return lines[-1][-TAIL_CHARACTERS:] if lines else ""
