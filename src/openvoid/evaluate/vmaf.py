"""VMAF of the whole frame, by an ffmpeg that holds libvmaf, where one is found.

Enters: a result beside the truth. Leaves: `vmaf.whole`, 0 to 100, the mean over frames (an
identical clip gives 97 to 100, as the model was made). VMAF was trained on compression and scaling:
it sees blur and blocks, and does not know that a thing is in the wrong place. Looked for: the
program named by OPENVOID_FFMPEG, the one of the package imageio-ffmpeg, `ffmpeg` on the path.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar

from openvoid.core import facts
from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.core.judged import Judged
from openvoid.core.removal import Run
from openvoid.media.encode import open_writer

LEAST_PX = 64  # of a side; libvmaf's filters need some room


class Vmaf:
    """VMAF of the whole frame, by an ffmpeg with libvmaf."""

    name = "vmaf"
    better: ClassVar[Mapping[str, str]] = {"vmaf.whole": "higher"}

    @dataclass(frozen=True)
    class Options:
        pass

    def __init__(self, options: Options) -> None:
        self.ffmpeg = find_ffmpeg()

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        if min(judged.truth.size) < LEAST_PX:
            return {"vmaf.whole": math.nan}
        paths = [run.scratch / "vmaf_result.mkv", run.scratch / "vmaf_truth.mkv"]
        log = run.scratch / "vmaf.json"
        try:
            for path, clip in zip(paths, (judged.result, judged.truth), strict=True):
                _write(path, clip)
            return {"vmaf.whole": self._score(paths[0], paths[1], log)}
        finally:
            for path in (*paths, log):
                path.unlink(missing_ok=True)

    def _score(self, result: Path, truth: Path, log: Path) -> float:
        planes = "setpts=N,format=yuv420p"
        graph = f"[0:v]{planes}[a];[1:v]{planes}[b];[a][b]libvmaf=log_fmt=json:log_path={log.name}"
        words = [str(self.ffmpeg), "-v", "error", "-nostdin", "-i", result.name, "-i", truth.name]
        done = subprocess.run(
            [*words, "-lavfi", graph, "-f", "null", "-"],
            cwd=log.parent,  # the log's path must need no quoting inside the graph
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not log.exists():
            line = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise OpenVoidError(f"libvmaf failed: {line}", where=str(self.ffmpeg))
        pooled = facts.read(log).at("pooled_metrics")
        return pooled.at("vmaf").at("mean").number(-1000, 1000)


@cache
def find_ffmpeg() -> Path:
    """An ffmpeg with libvmaf.

    Raises:
        OpenVoidError: there is none, with the command that brings one.
    """
    for candidate in _candidates():
        listed = subprocess.run(
            [str(candidate), "-hide_banner", "-filters"],
            capture_output=True,
            text=True,
            check=False,
        )
        if "libvmaf" in listed.stdout:
            return candidate
    raise OpenVoidError(
        "no ffmpeg with libvmaf was found",
        mend="pip install imageio-ffmpeg, or name one in OPENVOID_FFMPEG",
    )


def _candidates() -> Iterator[Path]:
    if given := os.environ.get("OPENVOID_FFMPEG"):
        if not shutil.which(given):
            raise OpenVoidError("is no program", where=f"OPENVOID_FFMPEG={given}")
        yield Path(given)
    try:
        import imageio_ffmpeg

        yield Path(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):  # the package, or the program it should carry
        pass
    if on_path := shutil.which("ffmpeg"):
        yield Path(on_path)


def _write(path: Path, clip: Clip) -> None:
    with open_writer(path, clip, "ffv1") as writer:
        for picture in clip.pictures():
            writer.write(picture)
