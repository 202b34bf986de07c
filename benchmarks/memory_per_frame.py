"""Does memory grow with a clip's length? `python benchmarks/memory_per_frame.py [FRAMES ...]`

Small clips of several lengths (48x32, a square that moves over a still picture) are removed from,
each in a process of its own; told is the peak resident memory of each, and how much a further frame
costs between two lengths. Wanted: 1 KiB at most.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
from question import Finding, start

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask
from openvoid.media.codecs import CODECS
from openvoid.media.encode import write_video
from openvoid.media.masks import write_quadmask

LENGTHS = (500, 2000, 8000)
WANTED_BYTES = 1024
RATE = Fraction(24)
CODE = (
    "import sys\n"
    "from openvoid.removal import remove\n"
    "remove(sys.argv[1], sys.argv[2], sys.argv[3])\n"
    "told = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
    "print(int(told['VmHWM'].split()[0]) * 1024)\n"  # ru_maxrss begins with what the parent had
)


def main(arguments: list[str] | None = None) -> int:
    """Measure; exit 0 where the target is met, 1 where not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("frames", type=int, nargs="*", default=list(LENGTHS))
    lengths = sorted(parser.parse_args(arguments).frames)
    peaks = {length: peak_bytes(length) for length in lengths}
    print(f"{'frames':>8}{'peak MiB':>10}")
    for length, peak in peaks.items():
        print(f"{length:>8}{peak / 2**20:>10.1f}")
    first, last = lengths[0], lengths[-1]
    each = (peaks[last] - peaks[first]) / max(1, last - first)
    finding = Finding(
        "bytes a frame", f"{each:.0f}", f"at most {WANTED_BYTES}", each <= WANTED_BYTES
    )
    print(
        f"{finding.what}: {finding.value} ({finding.target}) {'met' if finding.met else 'NOT MET'}"
    )
    return 0 if finding.met else 1


def peak_bytes(length: int) -> int:
    """The peak memory of one removal from a clip of so many frames."""
    with tempfile.TemporaryDirectory() as folder:
        clip, mask, out = (Path(folder) / name for name in ("clip.mkv", "mask.mkv", "out.mkv"))
        _write(clip, mask, length)
        words = [sys.executable, "-c", CODE, str(clip), str(mask), str(out)]
        more = {"OPENVOID_CACHE": str(Path(folder) / "cache")}
        ended = subprocess.run(
            words, env={**os.environ, **more}, stdout=subprocess.PIPE, text=True, check=True
        )
        return int(ended.stdout)


def _write(clip: Path, mask: Path, length: int) -> None:
    rng = np.random.default_rng(0)
    still = rng.integers(40, 200, (32, 48, 3)).astype(np.uint8)
    removed = np.zeros((length, 32, 48), bool)
    frames = np.repeat(still[None], length, axis=0)
    for index in range(length):
        left = 4 + index % 30
        removed[index, 10:20, left : left + 10] = True
    frames[removed] = 230, 40, 30
    write_quadmask(Quadmask.from_removed(removed, removed & False), mask, RATE)
    source = clip_of(list(frames), RATE)
    with write_video(clip, source, CODECS["ffv1"]) as writer:
        for picture in source.pictures():
            writer.write(picture)


if __name__ == "__main__":
    start(main)
