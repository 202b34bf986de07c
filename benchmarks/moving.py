"""Do affected things go where they truly would? By their silhouettes alone, without a fill.

    python benchmarks/moving.py FOLDER [--row A] [--mover plain] [--family collide ...]
        [--sheet OUT] [--kept FOLDER]

FOLDER holds shots as `openvoid synth make` writes them. Only the object's own silhouettes are taken
from a shot's mask, as a track (the true mask would tell the course). Row B is what a person gets:
the effects are those of the reasoner `motion`, applied as far as they are sure. Row A has the true
effects (`moving_truth`) and so measures the mover alone.

Told of every thing that goes another way without the object: the IoU of its silhouette with the
true one, the same over the clip's last fifth ("rest"), and how far its middle is off, in its own
sizes (square root of its area), each over every third frame in which it truly is off its old
course; one that nobody moves has an IoU of 0 there. What is said to stay as it was, and truly does
("held"), is the engine's work and is only counted. Harm is a thing that is moved though it goes its
old way. Of every shot the things weigh the same, of every family the shots. `--kept` keeps effects,
which take longest, from run to run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from moving_truth import APART_PX, centers, true_effects, turns
from numpy.typing import NDArray
from question import start
from reason import explained

from openvoid.core import plugins
from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.fates import Fate, FateKind, Fates
from openvoid.core.quadmask import split
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.media.atomic import write_json
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.reason.contours import mask_of
from openvoid.workspace.shelf import read_effects

EVERY = 3  # frames
LAST = 0.2  # of the clip: there things rest
OFF = 0.5  # of its size: a thing is off its old course
VAST = 0.2  # of the picture: ground and walls are no things
LEAST_PX = 24  # of a thing in a frame; smaller ones are not judged

HELD, MOVED, NOTHING = "held", "moved", "nothing"

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Score:
    """How one thing fared."""

    shot: str
    noun: str
    what: str  # became of it: moved, held, or nothing
    iou: float
    rest: float  # the same over the last fifth; NaN where it is not to be judged there
    off: float  # median, sizes; inf where nobody moves it


@dataclass(frozen=True)
class Asked:
    """What is measured, and how."""

    row: str
    mover: str
    sheet: Path | None
    kept: Path | None


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--row", choices=("A", "B"), default="B", help="A: true effects")
    parser.add_argument("--mover", default="plain")
    parser.add_argument("--family", action="append")
    parser.add_argument("--sheet", type=Path, help="a folder for pictures: true and told outlines")
    parser.add_argument("--kept", type=Path, help="a folder for effects: found once")
    given = parser.parse_args()
    asked = Asked(given.row, given.mover, given.sheet, given.kept)
    rows: dict[str, list[tuple[list[Score], int]]] = {}
    for shot in sorted(path.parent for path in given.folder.rglob("tracks.json")):
        family = json.loads((shot / "world.json").read_text())["family"]
        if given.family and family not in given.family:
            continue
        scores, harm = judged(shot, asked)
        rows.setdefault(family, []).append((scores, harm))
        for each in scores:
            told = f"iou {each.iou:.2f}, rest {each.rest:.2f}, off {each.off:.2f} sizes"
            told = told if each.what == MOVED else each.what
            print(f"{each.shot:28} {each.noun:28} {told}", flush=True)
        print(f"{shot.name:28} moved though it goes its old way: {harm}", flush=True)
    print(f"\nrow {asked.row}, {asked.mover}: IoU and rest of those not held")
    print("| family | shots | things | held | moved | IoU | rest | off, sizes | harm |")
    print("|---|---|---|---|---|---|---|---|---|")
    for family, shots in rows.items():
        print(line(family, shots))
    return 0


def line(family: str, shots: list[tuple[list[Score], int]]) -> str:
    """A row of the table."""
    all_ = [each for scores, _ in shots for each in scores]
    drawn = [[each for each in scores if each.what != HELD] for scores, _ in shots]
    iou = mean_of([[each.iou for each in some] for some in drawn])
    rest = mean_of([[each.rest for each in some if np.isfinite(each.rest)] for some in drawn])
    offs = [each.off for each in all_ if each.what == MOVED]
    off = f"{float(np.median(offs)):.2f}" if offs else "-"
    harm = sum(count for _, count in shots)
    held, moved = (sum(each.what == what for each in all_) for what in (HELD, MOVED))
    counts = f"{len(shots)} | {len(all_)} | {held} | {moved}"
    return f"| {family} | {counts} | {iou} | {rest} | {off} | {harm} |"


def mean_of(shots: list[list[float]]) -> str:
    """Of the shots' means."""
    means = [float(np.mean(some)) for some in shots if some]
    return f"{np.mean(means):.2f}" if means else "-"


def effects_of(shot: Path, clip: Clip, track: Track, asked: Asked) -> Effects:
    """Those of the row, as they were kept or new."""
    path = asked.kept / f"{shot.parent.name}-{shot.name}-{asked.row}.json" if asked.kept else None
    if path is not None and path.exists():
        return read_effects(path)
    effects = true_effects(shot) if asked.row == "A" else explained("motion", clip, track)[0]
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(effects.to_json(), path)
    return effects


def judged(shot: Path, asked: Asked) -> tuple[list[Score], int]:
    """Every thing of a shot that goes another way, and how many are moved that do not."""
    clip = open_clip(shot / "input_video.mp4")
    quadmask = open_quadmask(shot / "quadmask_0.mp4")
    track = Track.of("object", (split(labels)[0] for labels in quadmask))
    effects = effects_of(shot, clip, track, asked)
    with tempfile.TemporaryDirectory() as folder:
        made = plugins.construct("mover", asked.mover)
        fates: Fates = made.foretell(clip, track, effects, Run(Path(folder)))
    bodies = json.loads((shot / "tracks.json").read_text())["bodies"]
    ids = [frame[..., 0] for frame in open_clip(shot / "ids.mkv").frames()]
    owner = {number: body_of(fate, bodies, clip) for number, fate in enumerate(fates.moving)}
    scores = []
    for index, body in enumerate(bodies):
        if body["removed"] or not body["moved"] or body["part_of"]:
            continue
        own = [fate for number, fate in enumerate(fates.moving) if owner[number] == index]
        seen = list(frames(body, ids, index))
        if seen:
            each = score(shot.name, body, own, seen, ids, index)
            stays = not own and stands(body, ids, index) and is_held(body, fates, effects, clip)
            scores.append(replace(each, what=HELD) if stays else each)
    harm = sum(
        at is not None and not bodies[at]["moved"] and not turns(ids, at) for at in owner.values()
    )
    if asked.sheet is not None:
        draw(shot, clip, fates, bodies, ids, asked.sheet)
    return scores, harm


def body_of(fate: Fate, bodies: list[dict], clip: Clip) -> int | None:  # type: ignore[type-arg]
    """The thing whose middle the fate's look shows: the nearest to its own, if inside."""
    shape = mask_of(fate.shape, *clip.size)
    best, nearest = None, 0.75 * float(np.sqrt(max(1, shape.sum())))
    for index, body in enumerate(bodies):
        old, at = body["with_object"], fate.start
        place, area = old["center_px"][at.frame], old["visible_px"][at.frame]
        if place is None or body["removed"] or not area:
            continue
        away = float(np.hypot(place[0] - at.x * clip.width, place[1] - at.y * clip.height))
        if away < nearest and area < VAST * shape.size:
            best, nearest = index, away
    return best


def stands(body: dict, ids: list[NDArray[np.uint8]], index: int) -> bool:  # type: ignore[type-arg]
    """Whether it truly stays where it is when the two worlds part."""
    with_, without = (centers(body[key]) for key in ("with_object", "without_object"))
    side = float(np.sqrt(max(int((frame == index + 1).sum()) for frame in ids)))
    begins = int((np.hypot(*(with_ - without).T) > APART_PX).argmax())
    return not bool((np.hypot(*(without[begins:] - without[begins]).T) > OFF * side).any())


def is_held(body: dict, fates: Fates, effects: Effects, clip: Clip) -> bool:  # type: ignore[type-arg]
    """Whether it is within an effect of which it is said that it stays."""
    for fate in fates.things:
        if fate.kind is not FateKind.HOLD:
            continue
        for place in effects.affected[fate.effect].now:
            middle = body["with_object"]["center_px"][place.frame]
            if middle is None:
                continue
            x, y = int(middle[0]), int(middle[1])
            inside = 0 <= x < clip.width and 0 <= y < clip.height
            if inside and mask_of([place], *clip.size)[y, x]:
                return True
    return False


def frames(body: dict, ids: list[NDArray[np.uint8]], index: int) -> Iterator[int]:  # type: ignore[type-arg]
    """Every third frame in which a thing is seen and off its old course."""
    before, after = body["with_object"]["center_px"], body["without_object"]["center_px"]
    for frame in range(0, len(ids), EVERY):
        area = int((ids[frame] == index + 1).sum())
        if area < LEAST_PX or before[frame] is None or after[frame] is None:
            continue
        if np.hypot(*np.subtract(before[frame], after[frame])) > OFF * np.sqrt(area):
            yield frame


def score(
    shot: str,
    body: dict,  # type: ignore[type-arg]
    own: list[Fate],
    seen: list[int],
    ids: list[NDArray[np.uint8]],
    index: int,
) -> Score:
    """One thing, over its frames."""
    height, width = ids[0].shape
    ious, offs = [], []
    for frame in seen:
        true = ids[frame] == index + 1
        here = [
            place for fate in own for place in fate.places(height, width) if place.frame == frame
        ]
        told: Mask = mask_of(here, height, width)
        ious.append(float((true & told).sum()) / max(1, int((true | told).sum())))
        poses = [pose for fate in own for pose in fate.poses if pose.frame == frame]
        if poses:
            x, y = body["without_object"]["center_px"][frame]
            away = min(np.hypot(p.x * width - x, p.y * height - y) for p in poses)
            offs.append(float(away / np.sqrt(true.sum())))
    off = float(np.median(offs)) if offs else float("inf")
    late = [iou for frame, iou in zip(seen, ious, strict=True) if frame >= (1 - LAST) * len(ids)]
    rest = float(np.mean(late)) if late else float("nan")
    return Score(shot, body["noun"], MOVED if own else NOTHING, float(np.mean(ious)), rest, off)


def draw(
    shot: Path,
    clip: Clip,
    fates: Fates,
    bodies: list[dict],  # type: ignore[type-arg]
    ids: list[NDArray[np.uint8]],
    out: Path,
) -> None:
    """Frames with the true outlines green and the told ones red."""
    out.mkdir(parents=True, exist_ok=True)
    tiles = []
    picked = np.linspace(0, clip.length - 1, 12).round().astype(int).tolist()
    for index, frame in enumerate(clip.frames()):
        if index not in picked:
            continue
        picture = np.ascontiguousarray(frame[..., ::-1])
        for number, body in enumerate(bodies):
            if body["moved"] and not body["removed"]:
                outline(picture, ids[index] == number + 1, (0, 255, 0))
        for fate in fates.moving:
            places = [place for place in fate.places(*clip.size) if place.frame == index]
            outline(picture, mask_of(places, *clip.size), (0, 0, 255))
        tiles.append(picture)
    rows = [np.hstack(tiles[at : at + 4]) for at in range(0, len(tiles), 4)]
    cv2.imwrite(str(out / f"{shot.name}.png"), np.vstack(rows))


def outline(picture: NDArray[np.uint8], mask: Mask, colour: tuple[int, int, int]) -> None:
    found, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, found, -1, colour, 1)


if __name__ == "__main__":
    start(main)
