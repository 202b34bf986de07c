"""What are copying, Telea, a median and the plate engine worth where the truth is known?

    python benchmarks/evaluate.py [--family NAME ...] [--limit N] [--worlds DIR] [--out DIR]
    python benchmarks/evaluate.py --digests [--family NAME ...] [--from SEED] [--worlds DIR]

Runs the standard set worlds-1 (made on the first run; `--limit 1` takes one world a family) and
prints the tables for docs/benchmarks.md, then where the plate engine is wrong, family by family:

    affected, primary    its PSNR, and what it gains over the best of the baselines there
    course               things that go another way: the share that is within 2 % of the picture's
                         height of where they truly are, counted by shots
    seam                 PSNR of the boundary
    worst                the shot with the lowest PSNR where the scene goes another way

`--digests` prints the table of src/openvoid/evaluate/worlds_1.py instead: of every family the first
ten seeds whose pairs the generator keeps. Needs the extra `synth`, and OpenGL.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from question import start

from openvoid.cli.evaluate_shots import choose
from openvoid.cli.progress import told
from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import find
from openvoid.evaluate import contestants
from openvoid.evaluate.bench import Settings, evaluate, open_metrics
from openvoid.evaluate.report import write_report
from openvoid.evaluate.scores import Score
from openvoid.evaluate.split import SPLITS, digest, shot_folder
from openvoid.evaluate.summary import Evaluation, markdown, summarised, table, write_json
from openvoid.synth.dataset import Recipe, Studio
from openvoid.synth.families import FAMILIES, describe

SET = "worlds-1"
BASELINES = ("copy", "telea", "median")
ENGINE = "plate"
EACH = 10  # worlds of a family
ON_COURSE = 0.02  # of the picture's height


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--family", nargs="*", default=[], choices=FAMILIES)
    parser.add_argument("--limit", type=int, help="so many worlds of each family")
    parser.add_argument("--worlds", type=Path, help="where the set is made")
    parser.add_argument("--out", type=Path, help="where results are kept; else they are not")
    parser.add_argument("--workers", type=int, default=1, help="more falsify the seconds")
    parser.add_argument("--digests", action="store_true", help="choose the set's seeds")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first seed tried")
    words = parser.parse_args()
    if words.digests:
        with tempfile.TemporaryDirectory() as scratch:
            for line in digests(
                words.family or FAMILIES, words.first, words.worlds or Path(scratch)
            ):
                print(line, flush=True)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        out = words.out or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        evaluation = run(out, words.worlds, words.family, words.limit, words.workers)
    print(markdown(evaluation))
    print(f"Where `{ENGINE}` is wrong:\n\n{table(list(wrongs(evaluation)))}")
    return 1 if evaluation.failures else 0


def run(
    out: Path, worlds: Path | None, families: list[str], limit: int | None, workers: int
) -> Evaluation:
    """All of them on the set; what can be kept is kept in `out`."""
    find("engine", ENGINE)
    who = [*(contestants.baseline(name) for name in BASELINES), contestants.engine(ENGINE)]
    metrics = open_metrics(plugins.names("metric"), {})
    with told() as progress:
        title, shots = choose(SET, worlds, families, limit, progress)
        scores = evaluate(shots, who, metrics, Settings(out, workers=workers), progress)
    evaluation = summarised(title, who, metrics, scores)
    write_json(evaluation, out / "results.json")
    write_report(evaluation, out, out / "report.html")
    return evaluation


# --- where it is wrong ----------------------------------------------------------------------------


def wrongs(evaluation: Evaluation) -> Iterator[list[str]]:
    """A row a family, after a head."""
    yield ["family", "affected", "gain", "primary", "gain", "course", "seam", "worst"]
    for family in evaluation.families:
        own = [s for s in evaluation.scores if s.contestant == ENGINE and s.family == family]
        well = [score for score in own if not score.error]
        affected, primary = (
            (_mean(evaluation, family, ENGINE, number), _gain(evaluation, family, number))
            for number in ("psnr.affected", "psnr.primary")
        )
        seam = _mean(evaluation, family, ENGINE, "psnr.boundary")
        numbers = [f"{affected[0]:.1f}", f"{affected[1]:+.1f}", f"{primary[0]:.1f}"]
        numbers += [f"{primary[1]:+.1f}", on_course(well), f"{seam:.1f}", worst(well)]
        yield [family, *numbers]


def on_course(scores: Sequence[Score]) -> str:
    """In how many of the shots in which things go another way they do go it."""
    errors = [score.values.get("trajectory.error", math.nan) for score in scores]
    known = [error for error in errors if not math.isnan(error)]
    return f"{sum(error <= ON_COURSE for error in known)}/{len(known)}" if known else "-"


def worst(scores: Sequence[Score]) -> str:
    """The shot that is farthest from the truth where the scene goes another way."""
    known = [
        (score.values["psnr.affected"], score.shot)
        for score in scores
        if not math.isnan(score.values.get("psnr.affected", math.nan))
    ]
    return f"{min(known)[1]} ({min(known)[0]:.1f})" if known else "-"


def _mean(evaluation: Evaluation, family: str, name: str, number: str) -> float:
    found = evaluation.means[family][name].get(number)
    return found.mean if found is not None else math.nan


def _gain(evaluation: Evaluation, family: str, number: str) -> float:
    others = (_mean(evaluation, family, name, number) for name in BASELINES)
    known = [value for value in others if not math.isnan(value)]
    return _mean(evaluation, family, ENGINE, number) - max(known) if known else math.nan


# --- which worlds ---------------------------------------------------------------------------------


def digests(families: Sequence[str], first: int, folder: Path) -> Iterator[str]:
    """Rows of the set's table, the shots left in a folder; what is rejected goes to stderr."""
    split = SPLITS[SET]
    recipe = Recipe(size=split.size, frames=split.frames, rate=split.rate)
    folder.mkdir(parents=True, exist_ok=True)
    with Studio(recipe) as studio:
        for family in families:
            kept, seed = 0, first
            while kept < EACH:
                try:
                    reason = studio.make(family, seed, shot_folder(folder, family, seed))
                except OpenVoidError as error:
                    reason = error.line()
                if reason:
                    print(f"{family} {seed}: {reason}", file=sys.stderr, flush=True)
                else:
                    world = describe(
                        family, seed, size=split.size, frames=split.frames, rate=split.rate
                    )
                    yield f'    ("{family}", {seed}): "{digest(world.to_json())}",'
                    kept += 1
                seed += 1


if __name__ == "__main__":
    start(main)
