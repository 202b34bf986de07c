"""What is lost between the model's size and the shot's, and how much of it is won back?

    python benchmarks/native.py [--case NAME ...] [--sheet DIR] [--out TABLE.md]

No weights are needed: the model is played. What it would make of a shot is the truth at its
working size, as a video VAE gives it back: softer, a little off in colour and contrast, its grain
gone. The scenes are those of the truth benchmark: an object that was never there, over real
footage. Prints a row a way of bringing the made frames to the clip's own size:

    paste     enlarged (cubic) and laid into the hole, as it is
    colour    enlarged by area, colours matched to the source around
    grain     and given the source's grain
    plate     and the plate engine's pixels where they show what the model shows
    plate alone   the plate engine, without the model

    hole      PSNR inside the hole, dB; thing: where the model moved a thing to; rim: just outside
              the hole, as far as the soft edge may reach
    seam      error that a coarse eye sees just inside the hole's border, of 255 levels
    detail    fine detail and grain inside the hole, of the truth's (1 is right)
    flicker   difference from frame to frame inside the hole, over the truth's (1 is right)
    lent      share of the hole that shows the plate's own pixels
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from footage import Frames
from impostor import Impostor, Pose
from numpy.typing import NDArray
from question import start
from truth_cases import find
from truth_metrics import psnr, step_levels
from truth_scene import Case, Masks, Scene, build, scaled

from openvoid.core import plugins
from openvoid.core.box import Box
from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Fill, Origin, RemovalRequest, Run
from openvoid.core.request import default_soft_edge_px
from openvoid.deliver.composite import Compositor
from openvoid.void.native.stitch import stitch
from openvoid.void.native.view import View, choose_view

Picture = NDArray[np.float32]

BLUR_PX = 0.7  # of a VAE, working pixels
CONTRAST = 0.98
SHIFT = 0.012  # colour shift, 0..1, slowly varying over the picture and in time
NOISE = 0.003
SEAM_PX = 8  # of the working size: how wide a band a coarse eye sees


@dataclass(frozen=True)
class Shot:
    """A row of cases: which scene, and what the model does in it."""

    name: str
    case: Case
    mode: str = "auto"
    moved: bool = False  # the model shows a thing in the hole that the plate does not have


def _shots() -> list[Shot]:
    ducky = scaled(find("ducky"), 1296 / 960)
    lime = replace(scaled(find("lime"), 4.0), length=10)
    table = replace(scaled(find("large-slow"), 4.0), length=10)
    stuck = replace(scaled(find("never-uncovers"), 4.0), length=10)
    return [
        Shot("bigben", replace(find("bigben"), length=20)),
        Shot("ducky", replace(ducky, length=24)),
        Shot("ducky-moved", replace(ducky, length=24), moved=True),
        Shot("lime-4k", lime),
        Shot("table-4k", table, mode="whole"),
        Shot("table-4k-moved", table, moved=True),
        Shot("table-4k-never", stuck),
        Shot("handheld", replace(find("handheld"), length=24)),
        Shot("grain", replace(find("grain"), length=24)),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Measure the shots asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--case", action="append", default=[], help="one shot; may be repeated")
    parser.add_argument("--sheet", type=Path, help="folder for contact sheets")
    parser.add_argument("--out", type=Path, help="file for the table")
    given = parser.parse_args(arguments)
    shots = [shot for shot in _shots() if not given.case or shot.name in given.case]
    if not shots:
        known = ", ".join(shot.name for shot in _shots())
        raise OpenVoidError(f"unknown case {given.case[0]!r}", mend=f"known: {known}")
    lines = ["| case | way | hole | thing | rim | seam | detail | flicker | lent | s/frame |"]
    lines.append("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    print("\n".join(lines))
    for shot in shots:
        played = _play(shot)
        print(f"| {shot.name} | {played.view.facts()} |")
        results = dict(_ways(played))
        for way, result in results.items():
            lines.append(_row(shot.name, way, played, result))
            print(lines[-1], flush=True)
        if given.sheet:
            _write_sheet(given.sheet / f"{shot.name}.png", played, results)
    if given.out:
        given.out.write_text("\n".join(lines) + "\n")
    return 0


# --- the model, played ------------------------------------------------------------------------


@dataclass(frozen=True)
class Played:
    """A scene, its request, and what the model is said to have made of it."""

    scene: Scene
    request: RemovalRequest
    view: View
    truth: Frames  # with the moved thing, if there is one
    thing: Masks | None
    made: list[Picture]


@dataclass(frozen=True)
class Result:
    """A way's frames, and what it cost."""

    frames: Frames
    lent: float
    seconds_a_frame: float


def _play(shot: Shot) -> Played:
    scene = build(shot.case)
    clip = clip_of(list(scene.shown))
    soft = default_soft_edge_px(clip.height)
    request = RemovalRequest(clip, scene.quadmask, seed=5, soft_edge_px=soft)
    view = choose_view(clip, scene.quadmask, shot.mode)
    truth, thing = _with_thing(scene) if shot.moved else (scene.truth, None)
    seen = view.frames(clip_of(list(truth)))
    made = [degraded(picture, index) for index, picture in enumerate(seen)]
    return Played(scene, request, view, truth, thing, made)


def degraded(picture: Picture, index: int) -> Picture:
    """A picture [h, w, 3] as a video VAE gives it back."""
    rng = np.random.default_rng(index)
    height, width = picture.shape[:2]
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    shift = np.stack(
        [
            np.sin(2.1 * x + 1.3 * y + phase + 0.05 * index) + 0.5 * np.cos(3.2 * y - x + phase)
            for phase in (0.3, 1.9, 4.0)
        ],
        axis=-1,
    )
    soft = cv2.GaussianBlur(picture, (0, 0), BLUR_PX)
    soft = 0.5 + CONTRAST * (soft - 0.5) + SHIFT * shift
    noise = cv2.GaussianBlur(rng.standard_normal(picture.shape, np.float32), (0, 0), 0.6)
    return np.clip(soft + NOISE * noise / noise.std(), 0, 1).astype(np.float32)


def _with_thing(scene: Scene) -> tuple[Frames, Masks]:
    """The truth with a thing in the middle of each hole, its shadow cast, and where it is."""
    truth, places = scene.truth.copy(), np.zeros(scene.hole.shape, bool)
    for index, hole in enumerate(scene.hole):
        box = scene.quadmask.box(index)
        if box.empty:
            continue
        inside = cv2.distanceTransform(
            np.pad(hole.astype(np.uint8), 1), cv2.DIST_L2, cv2.DIST_MASK_5
        )[1:-1, 1:-1]
        _, radius, _, (x, y) = cv2.minMaxLoc(inside)
        if radius < 10:
            continue
        ball = Impostor(radius_px=0.42 * radius, penumbra_px=0.2 * radius, hue=0.62, seed=21)
        rows, columns = np.mgrid[box.top : box.bottom, box.left : box.right].astype(np.float32)
        color, alpha, shadow = ball.render(columns, rows, Pose(float(x), float(y), 0.2 * index))
        part = truth[index][box.slices]
        mixed = part * (1 - shadow[..., None]) * (1 - alpha[..., None]) + color
        part[...] = np.where(hole[box.slices][..., None], np.clip(mixed + 0.5, 0, 255), part)
        places[index][box.slices] = (alpha > 0.5) & hole[box.slices]
    return truth, places


# --- the ways ---------------------------------------------------------------------------------


def _ways(played: Played) -> Iterator[tuple[str, Result]]:
    request = played.request
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        engine = plugins.construct("engine", "plate")
        lent = list(engine.fill(request, Run(Path(folder))))
        plate_s = time.perf_counter() - begun
    plain = played.request.clip.length, plate_s

    def stitched(plate: bool, **settings: bool) -> Result:
        begun, run = time.perf_counter(), Run(Path())
        lender = (lambda start: iter(lent[start:])) if plate else None
        made = stitch(request, played.view, played.made.__getitem__, lender, run, **settings)
        return _laid(played, made, begun)

    yield "paste", _laid(played, _pasted(played), time.perf_counter())
    yield "colour", stitched(False, grain=False)
    yield "grain", stitched(False)
    yield "plate", stitched(True)
    yield "plate alone", _laid(played, iter(lent), time.perf_counter() - plain[1])


def _pasted(played: Played) -> Iterator[Fill]:
    for index, window in enumerate(played.view.windows):
        box = played.scene.quadmask.box(index)
        size = window.width, window.height
        large = cv2.resize(played.made[index], size, interpolation=cv2.INTER_CUBIC)
        part = np.clip(np.rint(large[box.within(window).slices] * 255), 0, 255).astype(np.uint8)
        hole = played.scene.hole[index][box.slices]
        origin = np.where(hole, Origin.SYNTHESISED, Origin.KEPT).astype(np.uint8)
        yield Fill(index, box, part, hole.astype(np.float32), origin)


def _laid(played: Played, fills: Iterator[Fill], begun: float) -> Result:
    request, frames = played.request, played.scene.shown.copy()
    compositor = Compositor(request.clip, request.quadmask, request.soft_edge_px, "native")
    lent, holes = 0, 0
    for fill in fills:
        compositor.check(fill)
        if fill.box.empty:
            continue
        part, alpha = frames[fill.frame][fill.box.slices], fill.alpha[..., None]
        part[...] = np.rint(part * (1 - alpha) + fill.rgb * alpha).astype(np.uint8)
        hole = played.scene.hole[fill.frame][fill.box.slices]
        lent += int(np.count_nonzero(hole & (fill.origin == Origin.SEEN)))
        holes += int(np.count_nonzero(hole))
    seconds = (time.perf_counter() - begun) / len(frames)
    return Result(frames, lent / max(1, holes), seconds)


# --- measures ---------------------------------------------------------------------------------


def _row(case: str, way: str, played: Played, result: Result) -> str:
    hole, truth = played.scene.hole, played.truth
    thing = psnr(result.frames, truth, played.thing) if played.thing is not None else None
    stays = hole[1:] & hole[:-1]
    flicker = step_levels(result.frames, stays) / max(1e-6, step_levels(truth, stays))
    cells = (
        f"{psnr(result.frames, truth, hole) or 0:.2f}",
        "-" if thing is None else f"{thing:.2f}",
        f"{psnr(result.frames, truth, _rim(played)) or 0:.2f}",
        f"{_seam(played, result.frames):.2f}",
        f"{_detail(result.frames, hole) / max(1e-6, _detail(truth, hole)):.2f}",
        f"{flicker:.2f}",
        f"{result.lent:.0%}",
        f"{result.seconds_a_frame:.2f}",
    )
    return f"| {case} | {way} | " + " | ".join(cells) + " |"


def _rim(played: Played) -> Masks:
    reach = 2 * played.request.soft_edge_px + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    hole = played.scene.hole
    return np.stack([cv2.dilate(mask.astype(np.uint8), disc) > 0 for mask in hole]) & ~hole


def _seam(played: Played, frames: Frames) -> float:
    """Mean error, coarsely seen, in a band just inside the hole's border; levels of 255."""
    band_px, total, count = SEAM_PX * played.view.scale, 0.0, 0
    for index, hole in enumerate(played.scene.hole):
        if not hole.any():
            continue
        box = played.scene.quadmask.box(index).grown(round(2 * band_px), *hole.shape)
        error = frames[index][box.slices].astype(np.float32) - played.truth[index][box.slices]
        within = hole[box.slices]
        weight = within.astype(np.float32)
        sums = [
            cv2.GaussianBlur(part, (0, 0), band_px / 3)
            for part in (error * weight[..., None], weight)
        ]
        coarse = sums[0] / np.maximum(sums[1], 1e-3)[..., None]
        depth = cv2.distanceTransform(within.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
        band = within & (depth <= band_px)
        total += float(np.abs(coarse[band]).sum()) / 3
        count += int(np.count_nonzero(band))
    return total / max(1, count)


def _detail(frames: Frames, hole: Masks) -> float:
    """Standard deviation of what is finer than about two pixels, inside the hole."""
    values = []
    for picture, mask in zip(frames, hole, strict=True):
        if mask.any():
            fine = picture.astype(np.float32)
            fine -= cv2.GaussianBlur(fine, (0, 0), 1.5)
            inner = cv2.erode(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
            values.append(np.mean(fine[inner] ** 2) if inner.any() else 0.0)
    return float(np.mean(values) ** 0.5)


# --- a picture to look at ---------------------------------------------------------------------


def _write_sheet(path: Path, played: Played, results: dict[str, Result]) -> None:
    """A row a way, a column a frame: a native crop across the hole's border, twice its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hole = played.scene.hole
    used = [index for index in range(len(hole)) if hole[index].any()]
    chosen = [used[round(share * (len(used) - 1))] for share in (0.3, 0.5, 0.7)]
    stills: dict[str, Any] = {"shown": played.scene.shown, "truth": played.truth}
    stills |= {way: result.frames for way, result in results.items()}
    rows = []
    for way, frames in stills.items():
        tiles = []
        for index in chosen:
            box = played.scene.quadmask.box(index)
            tiles.append(_tile(frames[index], _part(box, hole.shape[1:], 300), f"{way} {index}"))
            large = box.grown(max(20, box.height // 6), *hole.shape[1:])
            tiles.append(_tile(frames[index], large, ""))
        rows.append(np.hstack(tiles))
    cv2.imwrite(str(path), np.vstack(rows)[..., ::-1])


def _part(box: Box, size: tuple[int, ...], side: int) -> Box:
    """A native part around the middle of the hole's left border."""
    top = min(max(0, (box.top + box.bottom - side) // 2), max(0, size[0] - side))
    left = min(max(0, box.left - side // 4), max(0, size[1] - side))
    return Box(top, left, min(size[0], top + side), min(size[1], left + side))


def _tile(frame: NDArray[np.uint8], box: Box, text: str) -> NDArray[np.uint8]:
    part = frame[box.slices]
    scale = min(420 / part.shape[0], 420 / part.shape[1])
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    how = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
    tile = np.zeros((424, 424, 3), np.uint8)
    tile[: size[1], : size[0]] = cv2.resize(part, size, interpolation=how)
    cv2.putText(tile, text, (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 0), 1)
    return tile


if __name__ == "__main__":
    start(main)
