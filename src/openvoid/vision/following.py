"""Following: a round thing, frame by frame, from the region in which somebody saw it once.

Enters: the pictures held still, where the object is, and the thing's region in some frames. Leaves:
the thing's circle in every frame in which enough of its outline shows, before and after. What the
picture's edge, the object or blur takes of it is left over by the fit (`vision.discs`). Knows no
camera and no future.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.discs import Disc, discs, refined
from openvoid.vision.masks import grown, nanmedian

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]  # [h, w, 3], 0..1

SAMPLES = 25  # frames of which the empty scene is made
ROWS = 64  # at once, for the sake of memory
LEVELS = (0.06, 0.12, 0.2)  # of white: a shadow that hangs on the thing lets go of it
LARGEST = 0.25  # of the picture's short side: radius
PLACES = 6  # of its colours that are looked at
ALIKE = 1.25  # times: its radius from look to look
HUE = 0.12  # of white: its middle colour from look to look
STEP = 5.0  # radii a frame: what is faster is another thing
AS_PLAIN, CLOSE = 0.9, 1.06  # of its outline as before, and times its radius: it is the same
GAP = 2  # frames without a look that are bridged
AROUND = 1.7  # radii: so far its shadow may hide the scene as well
INSIDE = 0.5  # of a circle lies in the region in which somebody saw it


@dataclass(frozen=True)
class View:
    """The shot held still, small."""

    length: int
    size: tuple[int, int]  # height, width
    picture: Callable[[int], NDArray[np.uint8]]  # [h, w, 3]
    object: Callable[[int], Mask]
    region: Mapping[int, Mask]  # where the thing was seen
    focal_px: float


@dataclass(frozen=True)
class Scene:
    """The shot without the object, as far as it is known."""

    picture: Picture
    known: Mask


@dataclass(frozen=True)
class _Seen:
    """The thing in a frame."""

    frame: int
    disc: Disc
    colour: NDArray[np.float32]


def followed(view: View, empty: Scene, start: int, reach: range) -> dict[int, Disc]:
    """The thing's circle by frame; empty where it is not round, or nowhere plain.

    Args:
        empty: as `scene` gives it.
        start: the first frame in which the object has to do with it.
        reach: frames that are looked at.
    """

    def found(index: int, last: _Seen | None) -> list[_Seen]:
        return list(_candidates(view, empty, index, last))

    seed = _seed(view, found, start, reach)
    if seed is None:
        return {}
    chain = {seed.frame: seed.disc}
    for step in (-1, 1):
        for each in _chase(seed, found, step, reach):
            chain[each.frame] = each.disc
    return dict(sorted(chain.items()))


def scene(view: View, chain: Mapping[int, Disc] | None = None) -> Scene:
    """The median of what each pixel shows. What rests for half of the time is in it, unless it is
    known where it is (`chain`)."""
    picked = np.unique(np.linspace(0, view.length - 1, SAMPLES).round().astype(int))
    taken = [grown(view.object(int(index)), 3) for index in picked]
    for number, index in enumerate(picked):
        if chain and int(index) in chain:
            taken[number] |= chain[int(index)].mask(*view.size, AROUND)
    pictures = np.stack([view.picture(int(index)) for index in picked])
    empty = np.zeros((*view.size, 3), np.float32)
    for row in range(0, view.size[0], ROWS):
        part = slice(row, row + ROWS)
        looks = pictures[:, part].astype(np.float32)
        looks[np.stack([away[part] for away in taken])] = np.nan
        empty[part] = nanmedian(looks) / 255
    return Scene(np.nan_to_num(empty), np.asarray(~np.isnan(empty).any(axis=-1)))


def _candidates(view: View, empty: Scene, index: int, last: _Seen | None) -> Iterator[_Seen]:
    """Every round thing in a frame, the plainest first; of those at one place the plainest.

    Looked for where the scene is not as when it is empty, and where the thing's colours are.
    """
    picture = np.asarray(view.picture(index), np.float32) / np.float32(255)
    hidden = grown(view.object(index), 2)
    if last is not None and (near := _still(view, picture, hidden, index, last)) is not None:
        yield near
        return
    off = np.abs(picture - empty.picture).max(axis=-1)
    differs = np.asarray(cv2.GaussianBlur(off, (0, 0), 0.7), np.float32)
    most = LARGEST * min(view.size)
    rough = [
        disc for level in LEVELS for disc in discs(differs, level, hidden | ~empty.known, most)
    ]
    if last is not None:
        rough += list(_alike(picture, hidden, last))
    fine = [
        found
        for each in rough
        if (found := refined(picture, hidden, each, view.focal_px)) is not None
    ]
    kept: list[Disc] = []
    for each in sorted(fine, key=lambda disc: -disc.arc):
        apart = all(_away(each, other) > 0.5 * other.radius for other in kept)
        fits = apart and each.radius < most
        seen = _seen(view, picture, hidden, index, each) if fits else None
        if seen is not None:
            kept.append(each)
            yield seen


def _seen(view: View, picture: Picture, hidden: Mask, index: int, disc: Disc) -> _Seen | None:
    box, own = disc.part(*view.size, 0.85)
    own &= ~hidden[box]
    if not own.any():
        return None
    return _Seen(index, disc, np.asarray(picture[box][own].mean(axis=0), np.float32))


def _still(view: View, picture: Picture, hidden: Mask, index: int, last: _Seen) -> _Seen | None:
    """The thing where it was before, or next to it, as plain as there; then nothing else is."""
    disc = refined(picture, hidden, last.disc, view.focal_px)
    if disc is None or disc.arc < AS_PLAIN * last.disc.arc:
        return None
    ratio = disc.radius / last.disc.radius
    seen = _seen(view, picture, hidden, index, disc)
    same = seen is not None and float(np.abs(seen.colour - last.colour).max()) < HUE / 2
    near = _away(disc, last.disc) < last.disc.radius / 2
    return seen if same and near and 1 / CLOSE < ratio < CLOSE else None


def _alike(picture: Picture, hidden: Mask, last: _Seen) -> Iterator[Disc]:
    """Where a disc as large as before would have the colours that it had."""
    shrink = max(1.0, last.disc.radius / 6)
    size = round(hidden.shape[1] / shrink), round(hidden.shape[0] / shrink)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    free = cv2.resize((~hidden).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    radius = last.disc.radius / shrink
    side = int(np.ceil(radius))
    rows, columns = np.mgrid[-side : side + 1, -side : side + 1]
    kernel = (np.hypot(rows, columns) < radius).astype(np.float32)
    off = np.square(small - last.colour).sum(axis=-1) * free
    weight = cv2.filter2D(free, -1, kernel, borderType=cv2.BORDER_CONSTANT)
    cost = cv2.filter2D(off, -1, kernel, borderType=cv2.BORDER_CONSTANT)
    cost = np.where(weight > 0.4 * kernel.sum(), cost / np.maximum(weight, 1e-6), np.inf)
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    for _ in range(PLACES):
        row, column = np.unravel_index(int(cost.argmin()), cost.shape)
        if not np.isfinite(cost[row, column]):
            return
        yield Disc((column + 0.5) * shrink, (row + 0.5) * shrink, last.disc.radius, 0.0)
        cost[np.hypot(y - row, x - column) < 0.5 * radius] = np.inf


def _away(first: Disc, second: Disc) -> float:
    return float(np.hypot(first.x - second.x, first.y - second.y))


def _seed(
    view: View, found: Callable[[int, _Seen | None], list[_Seen]], start: int, reach: range
) -> _Seen | None:
    """The plainest circle in the region in which it was seen, from `start` on."""
    frames = sorted(index for index in view.region if index >= start and index in reach)
    best: _Seen | None = None
    for index in frames[:: max(1, len(frames) // 8)]:
        for each in found(index, None):
            box, own = each.disc.part(*view.size)
            inside = float((own & view.region[index][box]).sum()) / max(1, int(own.sum()))
            if inside > INSIDE and (best is None or each.disc.arc > best.disc.arc):
                best = each
    return best


def _chase(
    seed: _Seen, found: Callable[[int, _Seen | None], list[_Seen]], step: int, reach: range
) -> list[_Seen]:
    """Go on from a frame, backwards or forwards, as long as it is found."""
    path, at = [seed], seed.frame + step
    while at in reach and abs(at - path[-1].frame) <= GAP + 1:
        each = _next(path, found(at, path[-1]))
        if each is not None:
            path.append(each)
        at += step
    return path[1:]


def _next(path: Sequence[_Seen], among: Sequence[_Seen]) -> _Seen | None:
    """The one that goes on: as large, of the same colours, and where a steady course takes it, or
    at least near."""
    last = path[-1]
    here = np.array([last.disc.x, last.disc.y])
    pace = np.zeros(2)
    if len(path) > 1:
        other = path[-2]
        pace = (here - (other.disc.x, other.disc.y)) / (last.frame - other.frame)
    best, cost = None, np.inf
    for each in among:
        since = each.frame - last.frame
        place = np.array([each.disc.x, each.disc.y])
        near = float(np.hypot(*(here - place))) / last.disc.radius
        ahead = float(np.hypot(*(here + pace * since - place))) / last.disc.radius
        ratio = each.disc.radius / last.disc.radius
        hue = float(np.abs(each.colour - last.colour).max())
        if near > STEP * abs(since) or not 1 / ALIKE < ratio < ALIKE or hue > HUE:
            continue
        worth = min(near, ahead) + 4 * abs(float(np.log(ratio))) + hue / HUE + 1 - each.disc.arc
        if worth < cost:
            best, cost = each, worth
    return best
