"""How fast invented pairs are made: pairs a minute with `mujoco`, seconds a frame with `blender`.

    python benchmarks/synth.py [--count 12] [--workers 2] [--families collide,...] [--by-family]

Makes shots of every family at 672x384 with 60 frames, as `openvoid synth` does, and throws them
away. Prints a Markdown table, with processor seconds too, which other programs on the machine
change less; `--by-family` adds those of each family, one after the other. Exits 1 where fewer than
10 pairs a minute are made.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from question import Finding, start

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.synth.batch import Order, Tally, fill
from openvoid.synth.dataset import Recipe
from openvoid.synth.families import FAMILIES, describe
from openvoid.synth.physics.simulation import simulate
from openvoid.synth.take import Take

WANTED = 10.0  # pairs a minute, on two cores
PHOTOGRAPHED = 2  # frames of one take, for the renderer that takes long


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=2 * len(FAMILIES))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--families", default=",".join(FAMILIES))
    parser.add_argument("--skip-blender", action="store_true")
    parser.add_argument("--by-family", action="store_true")
    given = parser.parse_args()
    families = given.families.split(",")
    spent_s, cpu_s, tally = pairs(families, given.count, given.workers)
    speed, goal = 60 * tally.made / spent_s, f">= {WANTED:g} a minute"
    passed = f", {tally.rejected.total()} passed over" if tally.rejected else ""
    what = f"{tally.made} pairs of {given.families}, {given.workers} workers{passed}"
    findings = [
        Finding(what, f"{speed:.1f} a minute", goal, speed >= WANTED),
        Finding("processor time of these", f"{cpu_s / max(1, tally.made):.1f} s a pair", "", True),
    ]
    for family in families if given.by_family else ():
        _, cpu_s, tally = pairs([family], max(2, given.count // len(families)), given.workers)
        value = f"{cpu_s / max(1, tally.made):.1f} s a pair"
        findings.append(Finding(f"processor time of {family}", value, "", True))
    if not given.skip_blender and "blender" in plugins.names("renderer"):
        findings.append(blender())
    print(table(findings))
    return 0 if all(finding.met for finding in findings) else 1


def pairs(families: list[str], count: int, workers: int) -> tuple[float, float, Tally]:
    """Seconds for so many shots, taken from the families in turn; starting processes included.

    Those of the clock, and those of all processors.
    """
    with TemporaryDirectory(prefix="openvoid-synth-") as scratch:
        order = Order(families, count, 1, Path(scratch) / "shots", Recipe(), workers)
        begun, before_s = time.perf_counter(), _processor_s()
        tally = fill(order, lambda *_: None)
        return time.perf_counter() - begun, _processor_s() - before_s, tally


def _processor_s() -> float:
    """Of this process and of those that it began and that have ended."""
    whose = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(each.ru_utime + each.ru_stime for each in whose)


def blender() -> Finding:
    """Seconds a frame of one world, its set-up spread over the frames."""
    what = f"`blender`, {PHOTOGRAPHED} frames at 672x384"
    try:
        renderer = plugins.construct("renderer", "blender")
    except OpenVoidError as error:
        return Finding(what, error.line(), "", True)
    world = describe("collide", 1, frames=PHOTOGRAPHED)
    with TemporaryDirectory(prefix="openvoid-synth-") as scratch:
        take = Take(world, simulate(world))
        begun = time.perf_counter()
        count = sum(1 for _ in renderer.render(take, Run(Path(scratch))))
        spent_s = time.perf_counter() - begun
    return Finding(what, f"{spent_s / count:.1f} s a frame", "", True)


def table(findings: list[Finding]) -> str:
    """As Markdown."""
    lines = ["| what | measured | wanted |", "| --- | ---: | ---: |"]
    for finding in findings:
        missed = "" if finding.met else " (missed)"
        lines.append(f"| {finding.what} | {finding.value}{missed} | {finding.target or '-'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    start(main)
