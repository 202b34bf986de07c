"""How fast is a removal, and how much memory does it take? The real command line on real footage.

    python benchmarks/plate_speed.py [--only speed|memory|linear ...] [--work DIR] [--json FILE]

Every measurement is one run of `openvoid remove`, from start to the finished file: decoding,
filling and encoding. It runs on two cores, whatever the machine has; memory is that of all its
processes together (resident, sampled). The footage is `moving_ball` with its own quadmask, there
and back again until it is long enough. `--tiny` tries the harness itself in a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import psutil
from footage import shared_folder
from numpy.typing import NDArray
from question import Finding, start

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask
from openvoid.media.masks import open_quadmask, write_quadmask

CORES = 2
LEAST_FPS = 8.0  # at 1080p
MOST_GIB = 2.5  # at 4K, 197 frames
MOST_TIME_SPREAD = 1.25  # of the seconds a frame over three lengths: longest clip by shortest
MOST_MEMORY_SPREAD = 1.15  # of the peak memory, in the same way
SAMPLE_S = 0.05
RATE = Fraction(24)


@dataclass(frozen=True)
class Plan:
    """What is measured: sizes as (height, width), lengths in frames."""

    speed: tuple[tuple[int, int], int] = ((1080, 1920), 197)
    memory: tuple[tuple[int, int], int] = ((2160, 3840), 197)
    linear: tuple[tuple[int, int], tuple[int, ...]] = ((1080, 1920), (49, 98, 197))


TINY = Plan(((180, 320), 24), ((270, 480), 24), ((180, 320), (12, 24, 48)))


@dataclass(frozen=True)
class Measured:
    """One run of the command line."""

    height: int
    width: int
    frames: int
    seconds: float
    peak_gib: float

    @property
    def fps(self) -> float:
        return self.frames / self.seconds


def main(arguments: list[str] | None = None) -> int:
    """Measure what is asked for; exit 0 where every target is met, 1 where one is missed."""
    given = _parse(arguments)
    plan = TINY if given.tiny else Plan()
    only = given.only or ["speed", "memory", "linear"]
    _keep_to(CORES)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(given.work or Path(folder), given.engine)
        findings = []
        if "speed" in only:
            findings += speed(bench, plan)
        if "memory" in only:
            findings += memory(bench, plan)
        if "linear" in only:
            findings += linear(bench, plan)
    print(f"\n{'':44}{'measured':>14}{'target':>14}")
    for finding in findings:
        verdict = "pass" if finding.met else "FAIL"
        print(f"{finding.what:44}{finding.value:>14}{finding.target:>14}  {verdict}")
    if given.json:
        runs = [asdict(run) for run in bench.runs.values()]
        found = [asdict(finding) for finding in findings]
        given.json.write_text(json.dumps({"runs": runs, "findings": found}, indent=1))
    return 0 if all(finding.met for finding in findings) else 1


def speed(bench: Bench, plan: Plan) -> list[Finding]:
    """Frames a second from file to file."""
    size, frames = plan.speed
    run = bench.run(size, frames)
    what = f"{size[0]}p, {frames} frames, file to file"
    return [Finding(what, f"{run.fps:.2f} fps", f">= {LEAST_FPS} fps", run.fps >= LEAST_FPS)]


def memory(bench: Bench, plan: Plan) -> list[Finding]:
    """Peak memory of a long clip."""
    size, frames = plan.memory
    run = bench.run(size, frames)
    met = run.peak_gib <= MOST_GIB
    what = f"{size[1]}x{size[0]}, {frames} frames, peak memory"
    return [
        Finding(what, f"{run.peak_gib:.2f} GiB", f"<= {MOST_GIB} GiB", met),
        Finding("  the same, speed", f"{run.fps:.2f} fps", "-", True),
    ]


def linear(bench: Bench, plan: Plan) -> list[Finding]:
    """Time a frame and peak memory over three lengths."""
    size, lengths = plan.linear
    runs = [bench.run(size, frames) for frames in lengths]
    findings = [
        Finding(
            f"{size[0]}p, {run.frames} frames",
            f"{1 / run.fps:.3f} s/frame",
            f"{run.peak_gib:.2f} GiB",
            True,
        )
        for run in runs
    ]
    slower = runs[0].fps / runs[-1].fps
    larger = runs[-1].peak_gib / runs[0].peak_gib
    return [
        *findings,
        Finding(
            "time a frame, longest by shortest",
            f"{slower:.2f}",
            f"<= {MOST_TIME_SPREAD}",
            slower <= MOST_TIME_SPREAD,
        ),
        Finding(
            "peak memory, longest by shortest",
            f"{larger:.2f}",
            f"<= {MOST_MEMORY_SPREAD}",
            larger <= MOST_MEMORY_SPREAD,
        ),
    ]


class Bench:
    """Makes clips of any size and length, and runs the command line on them; once each."""

    def __init__(self, work: Path, engine: str) -> None:
        self.work, self.engine = work, engine
        self.runs: dict[tuple[tuple[int, int], int], Measured] = {}
        work.mkdir(parents=True, exist_ok=True)

    def run(self, size: tuple[int, int], frames: int) -> Measured:
        """One removal, measured."""
        if (size, frames) not in self.runs:
            clip, mask = self._clip(size, frames)
            out = self.work / "result.mp4"
            words = ["remove", str(clip), "--mask", str(mask), "--out", str(out)]
            words += ["--engine", self.engine, "--overwrite", "--no-resume", "--quiet"]
            print(f"{size[1]}x{size[0]}, {frames} frames ...", end=" ", flush=True)
            seconds, peak_gib = watched(words)
            out.unlink()  # fails where the command wrote nothing
            self.runs[size, frames] = Measured(*size, frames, seconds, peak_gib)
            print(f"{seconds:.1f} s, {frames / seconds:.2f} fps, {peak_gib:.2f} GiB", flush=True)
        return self.runs[size, frames]

    def _clip(self, size: tuple[int, int], frames: int) -> tuple[Path, Path]:
        stem = f"{size[1]}x{size[0]}x{frames}"
        clip, mask = self.work / f"{stem}.mp4", self.work / f"{stem}.mask.mkv"
        if not (clip.exists() and mask.exists()):
            source = shared_folder() / "clips" / "moving_ball"
            labels = open_quadmask(source / "quadmask_0.mp4")
            order = list(there_and_back(len(labels), frames))
            write_clip(clip, source / "input_video.mp4", order, size)
            small = labels if (labels.height, labels.width) == size else labels.resized(*size)
            looped = Quadmask.from_labels(small[index] for index in order)
            write_quadmask(looped, mask, RATE)
        return clip, mask


def there_and_back(length: int, frames: int) -> Iterator[int]:
    """0 1 2 ... length-1 ... 2 1 0 1 ...: so many frame numbers, without a jump."""
    period = max(1, 2 * (length - 1))
    for index in range(frames):
        place = index % period
        yield min(place, period - place)


def write_clip(path: Path, source: Path, order: list[int], size: tuple[int, int]) -> None:
    """H.264 of the source's frames in that order, reduced. Holds one frame at a time.

    A step back decodes anew from the nearest key frame, so the source is first written as key
    frames alone.
    """
    intra = path.with_suffix(".intra.mkv")
    _encode(intra, _decoded(source, size), {"crf": "8", "preset": "ultrafast", "g": "1"})
    _encode(path, _in_order(intra, order), {"crf": "18", "preset": "veryfast"})
    intra.unlink()


def _decoded(source: Path, size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    with av.open(str(source)) as container:
        for frame in container.decode(video=0):
            picture = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            if picture.shape[:2] != size:
                reduced = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
                picture = np.asarray(reduced, np.uint8)
            yield picture


def _in_order(source: Path, order: list[int]) -> Iterator[NDArray[np.uint8]]:
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        times = [packet.pts for packet in container.demux(stream) if packet.pts is not None]
        for index in order:
            container.seek(times[index], stream=stream)
            frame = next(container.decode(stream))
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _encode(path: Path, frames: Iterator[NDArray[np.uint8]], options: dict[str, str]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options=options)
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(frames):
            if number == 0:
                stream.height, stream.width = picture.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def watched(words: list[str]) -> tuple[float, float]:
    """Seconds that a run of the command line takes, and its peak memory in GiB.

    Raises:
        OpenVoidError: the command failed; with what it said.
    """
    begun = time.perf_counter()
    code = "import sys; from openvoid.cli.main import main; sys.exit(main())"
    child = subprocess.Popen([sys.executable, "-c", code, *words], stderr=subprocess.PIPE)
    peak = [0]
    watcher = threading.Thread(target=_sample, args=(child.pid, peak))
    watcher.start()
    _, said = child.communicate()
    seconds = time.perf_counter() - begun
    watcher.join()
    if child.returncode:
        raise OpenVoidError(f"openvoid {' '.join(words)} failed", where=said.decode()[-2000:])
    return seconds, peak[0] / 2**30


def _sample(pid: int, peak: list[int]) -> None:
    """The largest sum of resident memory over a process and its children, until it ends."""
    while True:
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                return
            family = [process, *process.children(recursive=True)]
            peak[0] = max(peak[0], sum(member.memory_info().rss for member in family))
        except psutil.NoSuchProcess:
            if not psutil.pid_exists(pid):
                return
        time.sleep(SAMPLE_S)


def _keep_to(cores: int) -> None:
    """This process, and all it starts, use no more cores than that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", action="append", choices=["speed", "memory", "linear"])
    parser.add_argument("--engine", default="plate")
    parser.add_argument("--tiny", action="store_true", help="small and short: tries the harness")
    parser.add_argument("--work", type=Path, help="folder where made clips are kept")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    start(main)
