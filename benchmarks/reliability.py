"""Are the confidences of `motion` true? Counted where the truth is known.

    python benchmarks/reliability.py gather CASES.jsonl [FOLDERS] [--clip NAME ...] [--seed N ...]
    python benchmarks/reliability.py fit CASES.jsonl ...   # the table of reason/motion/confidence
    python benchmarks/reliability.py tell CASES.jsonl ... [--picture OUT.png]

`gather` explains shots and writes a line for each: of every effect the sign it was told by, and
whether it is real. FOLDERS hold shots with exact masks, as `openvoid synth` writes them; with
`--clip` the objects of `harm.py` are put into real clips, and what they do not affect is known. An
effect is real as `reason.py` says. A shot that CASES holds already is not done again.

`fit` prints the rows: of each cue, grouped by contrast so that a plainer sign is never less sure
(pooling of adjacent violators, Ayer et al. 1955). `tell` is for shots that the table was not made
on: a reliability diagram (DeGroot and Fienberg 1983) of the confidences as the table has them now.
Wanted: of what is told with 0.8 to 0.9, eight to nine in ten are real.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from harm import reduced_clip, shared_clips, told_against
from harm_scene import EFFECTS, MOTIONS, composite
from question import start
from reason import BINS, explained, real, told_of

from openvoid.core.quadmask import split
from openvoid.core.track import Track
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.shotdir import read_shot
from openvoid.reason.applied import APPLIED_FROM
from openvoid.reason.motion.confidence import ConfidenceLimits, Cue, Sign, share

Row = tuple[float, int, int]
FEWEST = 5  # cases of one row, as ConfidenceLimits.fewest: fewer are pooled with their neighbours


@dataclass(frozen=True)
class Case:
    """An effect that was told."""

    shot: str
    sign: Sign
    real: bool

    @property
    def confidence(self) -> float:
        return self.sign.confidence(ConfidenceLimits())


def main(arguments: list[str] | None = None) -> int:
    """Gather, fit or tell."""
    asked = _parse(arguments)
    if asked.verb == "gather":
        _gather(asked)
        return 0
    cases = [case for path in asked.cases for case in _read(path)]
    if asked.verb == "fit":
        for cue in Cue:
            if some := [each for each in cases if each.sign.cue is cue]:
                print(_rows_of(cue, fitted(some)))
        return 0
    return 0 if _tell(cases, asked.picture) else 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    gather = verbs.add_parser("gather")
    gather.add_argument("cases", type=Path)
    gather.add_argument("folders", nargs="*", type=Path)
    gather.add_argument("--clip", nargs="+", default=[])
    gather.add_argument("--seed", nargs="+", type=int, default=[1])
    gather.add_argument("--motion", nargs="+", choices=MOTIONS, default=["crossing"])
    gather.add_argument("--effect", nargs="+", choices=EFFECTS, default=list(EFFECTS))
    gather.add_argument("--frames", type=int, default=36, help="of each clip, from its first")
    for verb in ("fit", "tell"):
        verbs.add_parser(verb).add_argument("cases", nargs="+", type=Path)
    verbs.choices["tell"].add_argument("--picture", type=Path)
    return parser.parse_args(arguments)


# --- gathering ----------------------------------------------------------------------------------


def _gather(asked: argparse.Namespace) -> None:
    known = {each["shot"] for each in _lines(asked.cases)} if asked.cases.exists() else set()
    composites = itertools.product(asked.clip, asked.seed, asked.motion, asked.effect)
    jobs: list[tuple[str, Callable[[], Iterator[tuple[Sign, bool]]]]] = []
    jobs += [(folder.name, functools.partial(_world, folder)) for folder in asked.folders]
    for what in composites:
        look = functools.partial(_composite, *what, frames=asked.frames)
        jobs.append(("-".join(map(str, what)), look))
    with asked.cases.open("a") as out:
        for name, told_by in jobs:
            if name not in known:
                told = [[sign.cue.name, round(sign.contrast, 3), real] for sign, real in told_by()]
                print(json.dumps({"shot": name, "told": told}), file=out, flush=True)
                print(name, told, flush=True)


def _world(folder: Path) -> Iterator[tuple[Sign, bool]]:
    shot = read_shot(folder)
    clip, truth = open_clip(shot.clip), open_quadmask(shot.quadmask)
    track = Track.of("object", (split(labels)[0] for labels in truth))
    effects, run = explained("motion", clip, track)
    return zip(_signs(run.notes), (each.real for each in told_of(effects, truth)), strict=True)


def _composite(
    name: str, seed: int, motion: str, effect: str, *, frames: int
) -> Iterator[tuple[Sign, bool]]:
    (folder,) = shared_clips([name])
    clip, pictures, _ = reduced_clip(folder, frames)
    made = composite(pictures, seed, motion, effect, clip)
    effects, run = explained("motion", made.clip, made.track)
    drawn = sum(int(mask.sum()) for mask in made.effect)
    right = (real(*told_against(made, effect), drawn) for effect in effects.affected)
    return zip(_signs(run.notes), right, strict=True)


def _signs(notes: dict[str, object]) -> Iterator[Sign]:
    rows = notes["reason.signs"]
    assert isinstance(rows, list)
    return (Sign(Cue[name], contrast) for name, contrast in rows)


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _read(path: Path) -> Iterator[Case]:
    for line in _lines(path):
        told = line["told"]
        assert isinstance(told, list)
        for cue, contrast, right in told:
            yield Case(str(line["shot"]), Sign(Cue[cue], contrast), bool(right))


# --- fitting ------------------------------------------------------------------------------------


def fitted(cases: Sequence[Case]) -> list[Row]:
    """Rows of a cue's table: from which contrast on, how many were told, how many were real."""
    ordered = sorted(cases, key=lambda each: each.sign.contrast)
    rows: list[Row] = []
    for contrast, some in itertools.groupby(ordered, key=lambda each: each.sign.contrast):
        real = [each.real for each in some]
        rows.append((contrast, len(real), sum(real)))
        if len(rows) > 1 and rows[-2][1] < FEWEST:
            _pool(rows)
    if len(rows) > 1 and rows[-1][1] < FEWEST:
        _pool(rows)
    rising: list[Row] = []
    for row in rows:
        rising.append(row)
        while len(rising) > 1 and share(*rising[-2][1:]) >= share(*rising[-1][1:]):
            _pool(rising)
    return rising


def _pool(rows: list[Row]) -> None:
    """The last two as one."""
    (first, *one), (_, *other) = rows[-2:]
    rows[-2:] = [(first, one[0] + other[0], one[1] + other[1])]


def _rows_of(cue: Cue, rows: Sequence[Row]) -> str:
    lows = [0.0, *(math.floor(100 * low) / 100 for low, *_ in rows[1:])]
    told = [f"({low:g}, {of}, {right})" for low, (_, of, right) in zip(lows, rows, strict=True)]
    end = "," if len(told) == 1 else ""
    return f"(Cue.{cue.name}, ({', '.join(told)}{end})),"


# --- telling ------------------------------------------------------------------------------------


def _tell(cases: Sequence[Case], picture: Path | None) -> bool:
    """Print the diagram; whether the span from 0.8 to 0.9 is as wanted, or empty."""
    print(f"{'told with':14} {'effects':>7} {'mean':>7} {'real':>7}")
    rows = []
    for low, high in itertools.pairwise(BINS):
        some = [each for each in cases if low <= each.confidence < high]
        if some:
            mean = float(np.mean([each.confidence for each in some]))
            real = float(np.mean([each.real for each in some]))
            rows.append((low, len(some), mean, real))
            print(f"{low:.2f} to {min(high, 1.0):.2f}   {len(some):7} {mean:7.2f} {real:7.2f}")
    off = sum(of * abs(mean - real) for _, of, mean, real in rows) / max(1, len(cases))
    applied = [each.real for each in cases if each.confidence >= APPLIED_FROM]
    print(f"off by {off:.3f} in the mean; {sum(applied)} of {len(applied)} applied ones are real")
    if picture:
        cv2.imwrite(str(picture), diagram([row[1:] for row in rows]))
    sure = [real for low, _, _, real in rows if low == 0.8]
    return all(real >= 0.8 for real in sure)


def diagram(rows: Sequence[tuple[int, float, float]]) -> np.ndarray:
    """A picture [360, 360, 3]: across what was told, up what was real; a disc's area is how many
    effects it stands for, the line is where both are the same."""
    side, rim = 360, 40
    image = np.full((side, side, 3), 255, np.uint8)
    inside = side - 2 * rim

    def at(told: float, was: float) -> tuple[int, int]:
        return round(rim + told * inside), round(side - rim - was * inside)

    cv2.rectangle(image, at(0, 1), at(1, 0), (200, 200, 200), 1)
    cv2.line(image, at(0, 0), at(1, 1), (150, 150, 150), 1, cv2.LINE_AA)
    most = max((of for of, _, _ in rows), default=1)
    for of, *shares in rows:
        cv2.circle(image, at(*shares), max(3, round(16 * (of / most) ** 0.5)), (160, 90, 20), -1)
        cv2.circle(image, at(*shares), 2, (255, 255, 255), -1)
    for text, where in (("told", (side // 2 - 14, side - 12)), ("real", (4, side // 2))):
        cv2.putText(
            image, text, where, cv2.FONT_HERSHEY_SIMPLEX, 0.42, (60, 60, 60), 1, cv2.LINE_AA
        )
    return image


if __name__ == "__main__":
    start(main)
