"""Do affected things go where they truly would? By their silhouettes alone, without a fill.

    python benchmarks/moving.py FOLDER [--mover plain] [--family collide ...] [--sheet OUT.png]

FOLDER holds shots as `openvoid synth make` writes them. Only the object's own silhouettes are taken
from a shot's mask, as a track; the effects are those of the reasoner `motion`, applied as far as
they are sure (row B of a mask-blind contest: the true mask would tell the course). Told of every
thing that goes another way without the object: the IoU of its silhouette with the true one, and how
far its middle is off, in its own sizes (square root of its area), each over every third frame in
which it truly is off its old course; one that nobody moves has an IoU of 0 there. What is said to
stay as it was ("held") is the engine's work and is only counted. Harm is a thing that is moved
though it goes its old way. Of every shot the things weigh the same, of every family the shots.
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
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.reason.contours import mask_of

EVERY = 3  # frames
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
    off: float  # median, sizes; inf where nobody moves it


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--mover", default="plain")
    parser.add_argument("--family", action="append")
    parser.add_argument("--sheet", type=Path, help="a folder for pictures: true and told outlines")
    given = parser.parse_args()
    rows: dict[str, list[tuple[list[Score], int]]] = {}
    for shot in sorted(path.parent for path in given.folder.rglob("tracks.json")):
        family = json.loads((shot / "world.json").read_text())["family"]
        if given.family and family not in given.family:
            continue
        scores, harm = judged(shot, given.mover, given.sheet)
        rows.setdefault(family, []).append((scores, harm))
        for each in scores:
            told = (
                f"iou {each.iou:.2f}, off {each.off:.2f} sizes" if each.what == MOVED else each.what
            )
            print(f"{each.shot:28} {each.noun:28} {told}", flush=True)
        print(f"{shot.name:28} moved though it goes its old way: {harm}", flush=True)
    print(
        "\n| family | shots | things | held | moved | IoU of those not held | off, sizes | harm |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for family, shots in rows.items():
        print(line(family, shots))
    return 0


def line(family: str, shots: list[tuple[list[Score], int]]) -> str:
    """A row of the table."""
    all_ = [each for scores, _ in shots for each in scores]
    drawn = [[each.iou for each in scores if each.what != HELD] for scores, _ in shots]
    means = [float(np.mean(some)) for some in drawn if some]
    iou = f"{np.mean(means):.2f}" if means else "-"
    offs = [each.off for each in all_ if each.what == MOVED]
    off = f"{float(np.median(offs)):.2f}" if offs else "-"
    harm = sum(count for _, count in shots)
    held, moved = (sum(each.what == what for each in all_) for what in (HELD, MOVED))
    return f"| {family} | {len(shots)} | {len(all_)} | {held} | {moved} | {iou} | {off} | {harm} |"


def judged(shot: Path, mover: str, sheet: Path | None) -> tuple[list[Score], int]:
    """Every thing of a shot that goes another way, and how many are moved that do not."""
    clip = open_clip(shot / "input_video.mp4")
    quadmask = open_quadmask(shot / "quadmask_0.mp4")
    track = Track.of("object", (split(labels)[0] for labels in quadmask))
    effects, _ = explained("motion", clip, track)
    with tempfile.TemporaryDirectory() as folder:
        made = plugins.construct("mover", mover)
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
            stays = not own and is_held(body, fates, effects, clip)
            scores.append(replace(each, what=HELD) if stays else each)
    harm = sum(at is not None and not bodies[at]["moved"] for at in owner.values())
    if sheet is not None:
        draw(shot, clip, fates, bodies, ids, sheet)
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
    return Score(shot, body["noun"], MOVED if own else NOTHING, float(np.mean(ious)), off)


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
