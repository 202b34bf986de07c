"""How well does the segmenter without weights find what a few marks mean? Against released masks.

    python benchmarks/selection.py [--clip NAME ...] [--segmenter NAME]

The truth is the object (0 or 63) in the masks that were released with the clips; the marks are the
released clicks, one click, or one box that we drew by looking at frame 0. J is the mean
intersection over union of all frames, F the boundary measure of Perazzi et al., "A benchmark
dataset and evaluation methodology for video object segmentation" (2016), within 0.8 % of the
diagonal. The mask of BigBen was painted by hand, a few pixels wide of the tower; F tells.
(Not called `select.py`: beside a program, that name hides Python's own module `select`.)
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from footage import shared_folder
from numpy.typing import NDArray
from question import Finding, start

from openvoid.core import plugins
from openvoid.core.removal import Run
from openvoid.core.selection import BoxMark, Point, Selection
from openvoid.core.track import Track
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip

CLICKS = "segmentation_info.json"
MARKS: dict[str, tuple[str, Selection | None]] = {
    "lime": ("25 clicks, as released", None),
    "ducky-float": ("23 clicks, as released", None),
    "moving_ball": ("one click", Selection(points=(Point(0, 2892, 851),))),
    "BigBen": ("one box", Selection(boxes=(BoxMark(0, 416, 20, 459, 172),))),
}
LEAST_MEAN, LEAST = 0.85, 0.75
REACH = 0.008  # of the diagonal: boundaries this near are the same


@dataclass(frozen=True)
class Score:
    """One clip's result."""

    clip: str
    marks: str
    size: str
    region: float  # J, mean over frames
    poorest: float  # J of the worst frame
    boundary: float  # F, mean over frames
    frames_a_second: float


def main(arguments: list[str] | None = None) -> int:
    """Measure; exit 0 where the targets are met, 1 where not."""
    given = _parse(arguments)
    scores = [measured(name, given.segmenter) for name in given.clip or MARKS]
    head = ("clip", "marks", "size", "J", "least J", "F", "frames/s")
    print(f"{head[0]:<13}{head[1]:<25}{head[2]:<11}" + "".join(f"{word:>9}" for word in head[3:]))
    for score in scores:
        numbers = f"{score.region:>9.3f}{score.poorest:>9.3f}{score.boundary:>9.3f}"
        last = f"{score.frames_a_second:>9.2f}"
        print(f"{score.clip:<13}{score.marks:<25}{score.size:<11}{numbers}{last}")
    mean, least = np.mean([each.region for each in scores]), min(each.region for each in scores)
    findings = [
        Finding("mean J", f"{mean:.3f}", f"at least {LEAST_MEAN}", bool(mean >= LEAST_MEAN)),
        Finding("least J", f"{least:.3f}", f"at least {LEAST}", least >= LEAST),
    ]
    for each in findings:
        print(f"{each.what}: {each.value} ({each.target}) {'met' if each.met else 'NOT MET'}")
    return 0 if all(each.met for each in findings) else 1


def measured(name: str, segmenter: str) -> Score:
    """Segment one clip from its marks and hold it against its mask."""
    folder = shared_folder() / "clips" / name
    clip, truth = open_clip(folder / "input_video.mp4"), open_quadmask(folder / "quadmask_0.mp4")
    told, marks = MARKS[name]
    marks = marks or Selection.from_json(json.loads((folder / CLICKS).read_text()))
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        found: Track = plugins.construct("segmenter", segmenter).track(
            clip, marks, Run(Path(scratch))
        )
    spent_s = time.perf_counter() - begun
    pairs = [
        (found[index], (truth[index] == 0) | (truth[index] == 63)) for index in range(clip.length)
    ]
    regions = [region(*pair) for pair in pairs]
    boundaries = [boundary(*pair) for pair in pairs]
    return Score(
        name,
        told,
        f"{clip.width}x{clip.height}",
        float(np.mean(regions)),
        min(regions),
        float(np.mean(boundaries)),
        clip.length / spent_s,
    )


def region(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union; two empty masks agree."""
    union = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / union) if union else 1.0


def boundary(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Harmonic mean of how much of either boundary has the other's near it."""
    rims = [_rim(one), _rim(other)]
    if not rims[0].any() or not rims[1].any():
        return float(rims[0].any() == rims[1].any())
    reach = REACH * float(np.hypot(*one.shape))
    away = [cv2.distanceTransform((~rim).astype(np.uint8), cv2.DIST_L2, 5) for rim in rims]
    precision = float((away[1][rims[0]] <= reach).mean())
    recall = float((away[0][rims[1]] <= reach).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _rim(mask: NDArray[np.bool_]) -> Any:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    return mask & (inner == 0)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--clip", action="append", choices=list(MARKS), help="may be repeated")
    parser.add_argument("--segmenter", default="classical")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    start(main)
