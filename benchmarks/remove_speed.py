"""What does a removal cost? Decodes, seconds a stage, wall and processor time, memory.

    python benchmarks/remove_speed.py [--old TREE] [--runs 2] [--work DIR] [CLIP --point X,Y@FRAME]
    python benchmarks/remove_speed.py --old TREE --runs 6 CLIP --mask QUADMASK

Every run is one `openvoid remove CLIP` in a process of its own, with an empty cache; the last line
is the same command once more, with what the first left there. `--old` names another checkout: both
run in turns, and their results are compared byte for byte. The clip is `lime` (3840x2160, 46
frames) unless another is named. By a click the target is to be faster, by a mask not to be slower.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from footage import shared_folder

POINT = "2480,1100@0"
FASTER = 1.3  # the target by a click: so many times the old tree's speed, wall time
NO_SLOWER = 1 / 1.03  # the target by a mask: the same of processor time, which others disturb less
INSIDE = """
import json, sys
from openvoid.cli.main import main
from openvoid.core import removal
from openvoid.media import video

decoding, begin, passes, runs = video.decoding, removal.Run.__init__, [], []

def counted(*given):
    passes.append(0)
    mine = len(passes) - 1
    for frame in decoding(*given):
        passes[mine] += 1
        yield frame

def begun(run, *given, **more):
    begin(run, *given, **more)
    runs.append(run)

video.decoding, removal.Run.__init__ = counted, begun
code = main(sys.argv[2:])
stages = {}
for run in runs:
    for name, spent_s in run.timings_s.items():
        stages[name] = stages.get(name, 0.0) + spent_s
whole = sum(count > 1 for count in passes)
json.dump({"decodes": whole, "stages_s": stages}, open(sys.argv[1], "w"))
sys.exit(code)
"""


@dataclass(frozen=True)
class Cost:
    """One run of the command line."""

    wall_s: float
    cpu_s: float
    peak_gib: float
    decodes: int
    stages_s: dict[str, float]
    result: str  # hash of the master


def main() -> int:
    """Measure; exit 1 where the old tree is given and the target is missed."""
    given = _parse()
    clip = given.clip or shared_folder() / "clips" / "lime" / "input_video.mp4"
    marks = ["--mask", str(given.mask)] if given.mask else ["--point", given.point]
    new = Path(__file__).resolve().parents[1]
    trees = {"old": given.old, "new": new} if given.old else {"new": new}
    costs: dict[str, list[Cost]] = {name: [] for name in trees}
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        for turn in range(given.runs):
            for name in list(trees)[:: -1 if turn % 2 else 1]:  # what others do meanwhile may grow
                shutil.rmtree(Path(folder) / "cache", ignore_errors=True)
                costs[name].append(_run(trees[name], clip, marks, Path(folder)))
                print(name, _line(costs[name][-1]), flush=True)
        again = _run(new, clip, marks, Path(folder))
        print("new, once more", _line(again))
    for name, all_of in costs.items():
        print(name, {stage: round(s, 1) for stage, s in sorted(all_of[-1].stages_s.items())})
    if not given.old:
        return 0
    same = len({cost.result for all_of in costs.values() for cost in all_of} | {again.result}) == 1
    wall, cpu, memory = (
        statistics.median(getattr(cost, field) for cost in costs["old"])
        / statistics.median(getattr(cost, field) for cost in costs["new"])
        for field in ("wall_s", "cpu_s", "peak_gib")
    )
    fast = cpu >= NO_SLOWER if given.mask else wall >= FASTER
    met = same and fast and memory >= 1
    print(f"{wall:.2f} times faster, processor time {cpu:.2f}, memory {1 / memory:.2f} of the old")
    print("the same bytes," if same else "OTHER BYTES,", "pass" if met else "FAIL")
    return 0 if met else 1


def _run(tree: Path, clip: Path, marks: list[str], folder: Path) -> Cost:
    told, out = folder / "told.json", folder / "out.mp4"
    words = ["remove", str(clip), *marks, "--out", str(out), "--quiet"]
    shutil.rmtree(folder / "out.mp4.marks", ignore_errors=True)
    out.unlink(missing_ok=True)
    out.with_name("out.mp4.report.json").unlink(missing_ok=True)
    settings = {"PYTHONPATH": str(tree / "src"), "OPENVOID_CACHE": str(folder / "cache")}
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", INSIDE, str(told), *words], env=os.environ | settings
    )
    _, status, usage = os.wait4(child.pid, 0)
    wall_s = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"openvoid {' '.join(words)} failed")
    facts = json.loads(told.read_text())
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    cpu_s, peak_gib = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20
    return Cost(wall_s, cpu_s, peak_gib, facts["decodes"], facts["stages_s"], digest)


def _line(cost: Cost) -> str:
    return (
        f"{cost.decodes} decodes, {cost.wall_s:.1f} s, processor {cost.cpu_s:.1f} s, "
        f"{cost.peak_gib:.2f} GiB, {cost.result[:12]}"
    )


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--point", default=POINT)
    parser.add_argument("--mask", type=Path, help="a quadmask, instead of a click")
    parser.add_argument("--old", type=Path, help="another checkout, to compare with")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--work", type=Path, help="folder for results and the cache")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
