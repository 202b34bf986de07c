"""Scores of many shots -> means with intervals, results.json, and a Markdown table.

Enters: scores. Leaves: of every contestant and number the mean over shots and its 95 % interval
(bootstrap over shots, seeded), whole and by family. A shot in which a number has nothing to
measure does not count in it; a failed shot counts in none and is told. Knows no metric.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from openvoid import __version__
from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.evaluate.bench import Metrics
from openvoid.evaluate.contestants import Contestant
from openvoid.evaluate.scores import Score, plain
from openvoid.media import atomic

SCHEMA = "openvoid.evaluation/1"
DRAWS = 1000  # of the bootstrap
TOLD = 20  # failures that are named
COST = {"seconds_a_frame": "lower", "peak_mib": "lower"}
MAIN = (  # columns of the first table: number, head, digits
    ("psnr.primary", "PSNR primary", 1),
    ("psnr.overlap", "overlap", 1),
    ("psnr.affected", "affected", 1),
    ("psnr.boundary", "boundary", 1),
    ("psnr.keep", "keep", 1),
    ("psnr.whole", "whole", 1),
    ("ssim.affected", "SSIM affected", 3),
    ("lpips.affected", "LPIPS affected", 3),
    ("trajectory.found", "moved: found", 2),
    ("trajectory.error_px", "error px", 1),
    ("trajectory.iou", "IoU", 2),
    ("flicker.hole", "flicker", 2),
    ("vmaf.whole", "VMAF", 1),
    ("seconds_a_frame", "s/frame", 3),
    ("peak_mib", "MiB", 0),
)


@dataclass(frozen=True)
class Mean:
    """Over shots; NaN where none had anything to measure."""

    mean: float
    low: float
    high: float
    shots: int


@dataclass(frozen=True)
class Evaluation:
    """All that is known at the end of a batch."""

    title: str
    contestants: tuple[Mapping[str, Any], ...]
    better: Mapping[str, str]
    options: Mapping[str, Mapping[str, Any]]
    absent: Mapping[str, str]  # metric -> why it was not measured
    scores: tuple[Score, ...]
    version: str = __version__
    means: Mapping[str, Mapping[str, Mapping[str, Mean]]] = field(default_factory=dict)
    """Family ("all" is every shot) -> contestant -> number -> mean."""

    @property
    def names(self) -> list[str]:
        return [str(each["name"]) for each in self.contestants]

    @property
    def families(self) -> list[str]:
        """Those that occur, sorted; without "all"."""
        return sorted({score.family for score in self.scores})

    @property
    def failures(self) -> list[Score]:
        return [score for score in self.scores if score.error]


def summarised(
    title: str, contestants: Sequence[Contestant], metrics: Metrics, scores: Sequence[Score]
) -> Evaluation:
    """An evaluation with its means."""
    names = [each.name for each in contestants]
    families = ["all", *sorted({score.family for score in scores})]
    means = {
        family: {
            name: means_of(
                [s for s in scores if s.contestant == name and family in ("all", s.family)]
            )
            for name in names
        }
        for family in families
    }
    return Evaluation(
        title,
        tuple(each.settings for each in contestants),
        metrics.better | COST,
        metrics.options,
        metrics.absent,
        tuple(scores),
        means=means,
    )


def numbers(score: Score) -> dict[str, float]:
    """All numbers of a score, its cost among them."""
    seconds = score.seconds / score.frames if score.frames else math.nan
    return {**score.values, "seconds_a_frame": seconds, "peak_mib": score.peak_mib}


def means_of(scores: Iterable[Score]) -> dict[str, Mean]:
    """Number -> its mean over the shots that went well."""
    columns: dict[str, list[float]] = {}
    for score in scores:
        if not score.error:
            for name, value in numbers(score).items():
                columns.setdefault(name, []).append(value)
    return {name: mean_of(values) for name, values in columns.items()}


def mean_of(values: Sequence[float]) -> Mean:
    """The mean, and where 95 % of the means of redrawn shots lie."""
    known = np.array([value for value in values if math.isfinite(value)])
    if known.size == 0:
        return Mean(math.nan, math.nan, math.nan, 0)
    rng = np.random.default_rng(0)
    redrawn = known[rng.integers(0, known.size, (DRAWS, known.size))].mean(axis=1)
    low, high = np.quantile(redrawn, (0.025, 0.975))
    return Mean(float(known.mean()), float(low), float(high), int(known.size))


# --- JSON ---------------------------------------------------------------------------------------


def write_json(evaluation: Evaluation, path: Path) -> None:
    """results.json, schema "openvoid.evaluation/1"."""
    data = {"schema": SCHEMA, **plain(asdict(evaluation))}
    atomic.write_json(data, path)


def read_json(path: Path) -> dict[str, Any]:
    """A results.json as it stands, null where there was nothing to measure.

    Raises:
        OpenVoidError: it is missing, or not one of ours.
    """
    path = path / "results.json" if path.is_dir() else path
    data = facts.read(path).value
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise OpenVoidError(f"is not of schema {SCHEMA}", where=str(path))
    return data


# --- Markdown -----------------------------------------------------------------------------------


def markdown(evaluation: Evaluation) -> str:
    """The tables for a page of documentation."""
    parts = [f"## {escaped(evaluation.title)}", main_table(evaluation, "all")]
    if len(evaluation.families) > 1:
        parts += ["PSNR where the scene goes another way (affected), by family:"]
        parts.append(family_table(evaluation, "psnr.affected", 1))
    if any("trajectory.error" in numbers(score) for score in evaluation.scores):
        parts += ["Moved things found where they truly go (IoU of their masks), by family:"]
        parts.append(family_table(evaluation, "trajectory.iou", 2))
    told = notes(evaluation)
    parts += ["\n".join(f"- {escaped(note)}" for note in told)] if told else []
    return "\n\n".join(parts) + "\n"


def main_table(evaluation: Evaluation, family: str) -> str:
    """`main_rows` as Markdown."""
    return table(main_rows(evaluation, family))


def main_rows(evaluation: Evaluation, family: str) -> list[list[str]]:
    """A row a contestant, after a head. A column in which nobody has a number is left out."""
    means = evaluation.means[family]
    there = [
        column
        for column in MAIN
        if any(each[column[0]].shots for each in means.values() if column[0] in each)
    ]
    rows = [["contestant", "shots", *(head for _, head, _ in there)]]
    for name in evaluation.names:
        cells = [cell(means[name].get(number), digits) for number, _, digits in there]
        rows.append([name, str(len(_well(evaluation, name, family))), *cells])
    return rows


def family_table(evaluation: Evaluation, number: str, digits: int) -> str:
    """One number: a row a family, a column a contestant."""
    rows = [["family", *evaluation.names]]
    for family in evaluation.families:
        means = evaluation.means[family]
        rows.append([family, *(cell(means[n].get(number), digits) for n in evaluation.names)])
    return table(rows)


def notes(evaluation: Evaluation) -> list[str]:
    """What a reader of the table must know: what was not measured, and what failed."""
    lines = [f"{name} was not measured: {why}" for name, why in evaluation.absent.items()]
    warned: dict[str, int] = {}
    for score in evaluation.scores:
        for warning in score.warnings:
            warned[warning] = warned.get(warning, 0) + 1
    lines += [f"{warning} ({count} times)" for warning, count in warned.items()]
    failed = evaluation.failures
    if failed:
        lines.append(f"{len(failed)} of {len(evaluation.scores)} runs failed:")
        lines += [f"{each.contestant} on {each.shot}: {each.error}" for each in failed[:TOLD]]
        lines += (
            [f"... and {len(failed) - TOLD} more in results.json"] if len(failed) > TOLD else []
        )
    return lines


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as Markdown, the first being the head."""
    lines = ["| " + " | ".join(map(escaped, row)) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def escaped(text: str) -> str:
    """Words of others, for a line of Markdown: no table and no tag begins in them."""
    return re.sub(r"([|<>])", r"\\\1", " ".join(text.split()))


def cell(mean: Mean | None, digits: int) -> str:
    """A mean and half its interval's width; a dash where there is none."""
    if mean is None or mean.shots == 0:
        return "-"
    half = (mean.high - mean.low) / 2
    return f"{mean.mean:.{digits}f}" + (f" ±{half:.{digits}f}" if mean.shots > 1 else "")


def _well(evaluation: Evaluation, name: str, family: str) -> list[Score]:
    return [
        score
        for score in evaluation.scores
        if score.contestant == name and not score.error and family in ("all", score.family)
    ]
