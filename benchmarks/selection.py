"""How well does a segmenter find what a few marks mean, on nine real clips, and does it know?

    python benchmarks/selection.py [--clip NAME ...] [--marks KIND ...] [--segmenter NAME]
        [--long-side PX] [--frames N] [--out FILE.json]

Nobody draws the marks: they are made of the truth, as a person with one look would. `click` is the
object's middle in the first frame that shows it (at half its usual size at least; the point
farthest from its boundary), `box` the tight box there, `matte` the whole silhouette there. `more`
is the click and two more, put where the segmenter says that it is doubtful: in the two frames of
least confidence (a sixth of the clip apart), in the middle of the largest region that is wrong
there, "on it" where it is missing, "not it" where it is too much. `released` are the clicks that
came with two of the clips, and one mark on the two others.

J is the mean intersection over union of all frames, F the boundary measure of Perazzi et al., "A
benchmark dataset and evaluation methodology for video object segmentation" (2016), within 0.8 % of
the diagonal. Doubt: of the frames with J below 0.7, how many are told as doubtful (confidence below
0.5), and of those that are told, how many are. Truth: the released masks (the object is 0 or 63;
that of BigBen was painted by hand, a few pixels wide of the tower) and the object masks of clips-2.
(Not called `select.py`: beside a program, that name hides Python's own module `select`.)
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from footage import shared_folder
from numpy.typing import NDArray
from question import Finding, start

from openvoid.core import plugins
from openvoid.core.clip import Clip
from openvoid.core.removal import Run
from openvoid.core.selection import BoxMark, Matte, Point, Selection
from openvoid.core.track import Track
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.outputs import refuse_existing

Mask = NDArray[np.bool_]
CLICKS = "segmentation_info.json"
RELEASED: dict[str, Selection | None] = {
    "lime": None,
    "ducky-float": None,
    "moving_ball": Selection(points=(Point(0, 2892, 851),)),
    "BigBen": Selection(boxes=(BoxMark(0, 416, 20, 459, 172),)),
}
OBJECTS = ("boys-beach", "camel", "cat", "kite-walk", "parkour")  # of clips-2
KINDS = ("click", "box", "matte", "more", "released")
WANTED = {"click": 0.60, "box": 0.65, "matte": 0.78, "released": 0.90}  # means, weightless
REACH = 0.008  # of the diagonal: boundaries this near are the same
WRONG, DOUBT = 0.7, 0.5  # J below it is wrong; confidence below it is doubt
APART = 6  # the further marks are a sixth of the clip apart


@dataclass(frozen=True)
class Score:
    """One clip's result from one kind of marks."""

    clip: str
    marks: str
    size: str
    region: float  # J, mean over frames
    poorest: float  # J of the worst frame
    boundary: float  # F, mean over frames
    wrong: int  # frames with J below WRONG
    told: int  # frames told as doubtful
    both: int
    frames_a_second: float
    j: tuple[float, ...]  # of each frame
    confidence: tuple[float, ...]


@dataclass(frozen=True)
class Shot:
    """A clip, its truth, and who segments it."""

    name: str
    clip: Clip
    truth: Sequence[Mask]
    segmenter: str
    options: dict[str, Any]

    @property
    def first(self) -> int:
        """The first frame that shows it at half its usual size at least."""
        areas = np.array([np.count_nonzero(each) for each in self.truth])
        return int(np.argmax(areas >= 0.5 * np.median(areas[areas > 0])))

    def found(self, marks: Selection) -> tuple[Track, float]:
        """The track, and how long it took, decoding included."""
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as scratch:
            made = plugins.construct("segmenter", self.segmenter, self.options)
            return made.track(self.clip, marks, Run(Path(scratch))), time.perf_counter() - begun


def main(arguments: list[str] | None = None) -> int:
    """Measure; exit 0 where the targets are met, 1 where not."""
    given = _parse(arguments)
    if given.out:
        refuse_existing([given.out])
    scores: list[Score] = []
    head = f"{'clip':<13}{'marks':<10}{'size':<11}"
    print(head + "".join(f"{word:>9}" for word in COLUMNS))
    for name in given.clip or (*OBJECTS, *RELEASED):
        options = {} if given.long_side is None else {"working_size": given.long_side}
        shot = _opened(name, given.segmenter, options, given.frames)
        for score in measured(shot, given.marks or KINDS):
            print(_row(score), flush=True)
            scores.append(score)
    if given.out:
        given.out.write_text(json.dumps([asdict(each) for each in scores]))
    findings = list(_findings(scores))
    for each in findings:
        print(f"{each.what}: {each.value} ({each.target}) {'met' if each.met else 'NOT MET'}")
    return 0 if all(each.met for each in findings) else 1


COLUMNS = ("J", "least J", "F", "wrong", "told", "both", "frames/s")


def _row(score: Score) -> str:
    numbers = f"{score.region:>9.3f}{score.poorest:>9.3f}{score.boundary:>9.3f}"
    counts = f"{score.wrong:>9}{score.told:>9}{score.both:>9}{score.frames_a_second:>9.2f}"
    return f"{score.clip:<13}{score.marks:<10}{score.size:<11}{numbers}{counts}"


def _findings(scores: Sequence[Score]) -> Iterator[Finding]:
    for kind in KINDS:
        found = [
            each.region
            for each in scores
            if each.marks == kind and (each.clip in OBJECTS) == (kind != "released")
        ]
        if found:
            mean, least = float(np.mean(found)), WANTED.get(kind, 0.0)
            where = "clips-2" if kind != "released" else "clips"
            what = f"mean J of {where}, {kind}"
            yield Finding(what, f"{mean:.3f}", f"at least {least}", mean >= least)
    wrong, told = sum(each.wrong for each in scores), sum(each.told for each in scores)
    both = sum(each.both for each in scores)
    recall, precision = both / max(1, wrong), both / max(1, told)
    yield Finding("doubt told", f"{recall:.2f}", "at least 0.8", not wrong or recall >= 0.8)
    yield Finding("doubt right", f"{precision:.2f}", "at least 0.5", not told or precision >= 0.5)


def measured(shot: Shot, kinds: Sequence[str]) -> Iterator[Score]:
    """One clip from every kind of marks that it has, held against its truth."""
    clicked: Track | None = None
    for kind in kinds:
        if kind == "released" and shot.name not in RELEASED:
            continue
        if kind == "more":
            clicked = clicked or shot.found(marks_of(shot, "click"))[0]
            found, spent_s = shot.found(more_marks(shot, clicked))
        elif kind == "matte":
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "matte.png"
                cv2.imwrite(str(file), shot.truth[shot.first].astype(np.uint8) * 255)
                found, spent_s = shot.found(Selection(mattes=(Matte(shot.first, str(file)),)))
        else:
            found, spent_s = shot.found(marks_of(shot, kind))
            clicked = found if kind == "click" else clicked
        yield judged(shot, kind, found, spent_s)


def judged(shot: Shot, kind: str, found: Track, spent_s: float) -> Score:
    """A track held against the truth."""
    pairs = list(zip(found, shot.truth, strict=True))
    regions = [region(*pair) for pair in pairs]
    wrong = np.array(regions) < WRONG
    told = np.array(found.confidence) < DOUBT
    return Score(
        shot.name,
        kind,
        f"{shot.clip.width}x{shot.clip.height}",
        float(np.mean(regions)),
        min(regions),
        float(np.mean([boundary(*pair) for pair in pairs])),
        int(wrong.sum()),
        int(told.sum()),
        int((wrong & told).sum()),
        shot.clip.length / spent_s,
        tuple(round(each, 3) for each in regions),
        tuple(round(each, 3) for each in found.confidence),
    )


def marks_of(shot: Shot, kind: str) -> Selection:
    """A click in the middle, a tight box, or the released marks."""
    if kind == "released":
        file = shared_folder() / "clips" / shot.name / CLICKS
        return RELEASED[shot.name] or Selection.from_json(json.loads(file.read_text()))
    first, truth = shot.first, shot.truth[shot.first]
    if kind == "click":
        return Selection(points=(Point(first, *middle(truth)),))
    rows, columns = np.nonzero(truth)
    left, top = float(columns.min()), float(rows.min())
    return Selection(boxes=(BoxMark(first, left, top, columns.max() + 1.0, rows.max() + 1.0),))


def more_marks(shot: Shot, found: Track) -> Selection:
    """The click, and one each in the two frames that are most doubtful, where it is most wrong."""
    marks = marks_of(shot, "click")
    taken = [shot.first]
    for index in sorted(range(len(found)), key=lambda each: found.confidence[each]):
        if len(taken) == 3 or min(abs(index - each) for each in taken) < len(found) / APART:
            continue
        missing = _largest(shot.truth[index] & ~found[index])
        extra = _largest(found[index] & ~shot.truth[index])
        if missing.any() or extra.any():
            positive = bool(np.count_nonzero(missing) >= np.count_nonzero(extra))
            spot = Point(index, *middle(missing if positive else extra), positive)
            marks, taken = replace(marks, points=(*marks.points, spot)), [*taken, index]
    return marks


def middle(mask: Mask) -> tuple[float, float]:
    """(x, y) of the pixel that is farthest from the boundary; the picture's edge is one."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return float(column), float(row)


def _largest(mask: Mask) -> Mask:
    """Its largest connected part."""
    _, parts, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    stats[0, cv2.CC_STAT_AREA] = 0
    return np.asarray(parts == int(np.argmax(stats[:, cv2.CC_STAT_AREA]))) & mask


def region(one: Mask, other: Mask) -> float:
    """Intersection over union; two empty masks agree."""
    union = np.count_nonzero(one | other)
    return float(np.count_nonzero(one & other) / union) if union else 1.0


def boundary(one: Mask, other: Mask) -> float:
    """Harmonic mean of how much of either boundary has the other's near it."""
    rims = [_rim(one), _rim(other)]
    if not rims[0].any() or not rims[1].any():
        return float(rims[0].any() == rims[1].any())
    reach = REACH * float(np.hypot(*one.shape))
    away = [cv2.distanceTransform((~rim).astype(np.uint8), cv2.DIST_L2, 5) for rim in rims]
    precision = float((away[1][rims[0]] <= reach).mean())
    recall = float((away[0][rims[1]] <= reach).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _rim(mask: Mask) -> Any:
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    return mask & (inner == 0)


def _opened(name: str, segmenter: str, options: dict[str, Any], most: int | None) -> Shot:
    second = name in OBJECTS
    folder = shared_folder() / ("clips-2" if second else "clips") / name
    clip = open_clip(folder / "input_video.mp4")
    if most is not None:
        clip = clip.trimmed(0, min(most, clip.length))
    if second:
        masks = open_clip(folder / "object.mp4").frames(0, clip.length)
        truth = [frame[..., 1] > 127 for frame in masks]
    else:
        labels = open_quadmask(folder / "quadmask_0.mp4")
        truth = [(labels[at] == 0) | (labels[at] == 63) for at in range(clip.length)]
    return Shot(name, clip, truth, segmenter, options)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    clips = [*OBJECTS, *RELEASED]
    parser.add_argument("--clip", action="append", choices=clips, help="may be repeated")
    parser.add_argument("--marks", action="append", choices=KINDS, help="may be repeated")
    parser.add_argument("--segmenter", default="classical")
    parser.add_argument("--long-side", type=int, help="working size of classical")
    parser.add_argument("--frames", type=int, help="only so many of each clip")
    parser.add_argument("--out", type=Path, help="also every frame's numbers, as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    start(main)
