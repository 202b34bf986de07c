"""Synthesis: what no frame saw, copied from elsewhere in the stabilised plate.

Enters: a plate [H, W, 3], its hole, where it holds real background. Leaves: the plate filled, and
for each pixel of the hole where in the plate it is copied from, in few large pieces of constant
offset; so that a living frame can be copied along the same way. Knows nothing of frames or camera.

Each part of the hole is filled by itself: offsets worth copying along are found (`offsets`), each
pixel chooses one so that seams show least (`labelling`, after He and Sun 2012), and the copies are
joined in the gradient domain (`heal`; Perez, Gangnet, Blake 2003).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.plate.gradient import blend, membrane
from openvoid.plate.labelling import label
from openvoid.plate.offsets import continuing, covering, repeating
from openvoid.vision.masks import disc

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Source = NDArray[np.int32]

_REPEATING, _CONTINUING, _COVERING = 30, 30, 12  # offsets of each kind
_SLIVER_PX = 3  # a part nowhere thicker than twice this is mirrored in
_TOGETHER_PX = 6  # parts nearer than this are one part
_PARTS = 12  # at most; more, and the smallest are mirrored in
_CONTEXT, _CONTEXT_PX = 1.5, 200  # how far a source may lie, in sizes of the part and in pixels
_STEP_MOST = 0.12  # a larger step at a seam is a change of things, not of light
_STEPS = 4  # of each part, for progress
_GREY = np.float32(0.5)


@dataclass(frozen=True)
class Synthesis:
    """A plate without its hole, and where the hole's pixels come from."""

    image: NDArray[np.float32]  # [H, W, 3]
    source: NDArray[np.int32]  # [H, W, 2] (row, column); outside the hole a pixel's own place


def synthesize(
    plate: NDArray[np.float32],
    hole: NDArray[np.bool_],
    usable: NDArray[np.bool_],
    rng: np.random.Generator,
    progress: Callable[[int, int], None] | None = None,
) -> Synthesis:
    """Fill the hole of a plate [H, W, 3] (0..1) from where it is `usable`.

    Outside the hole the image is the plate. Every source lies in `usable`; where nothing is usable
    a hole pixel is its own source and the image a smooth membrane, grey if nothing is known.
    `progress` hears (done, total).
    """
    image = np.array(plate, np.float32)
    rows, columns = np.indices(hole.shape, dtype=np.int32)
    source: Source = np.stack([rows, columns], axis=-1)
    if not hole.any():
        return Synthesis(image, source)
    known = ~hole & np.isfinite(image).all(-1)
    usable = usable & known
    guide = membrane(image, known) if known.any() else np.full_like(image, _GREY)
    if not usable.any():
        image[hole] = guide[hole]
        return Synthesis(image, source)
    parts, slivers = _parts(hole)
    total = len(parts) * _STEPS + 1
    for number, part in enumerate(parts):
        window = _window(part, usable)

        def tell(step: int, done: int = number * _STEPS) -> None:
            if progress:
                progress(done + step, total)

        inner = part[window.slices]
        offset, served = _shifts(
            guide[window.slices], known[window.slices], inner, usable[window.slices], rng, tell
        )
        source[window.slices][served] += offset[served]
        slivers[window.slices] |= inner & ~served
    _mirror(source, slivers, usable)
    image[hole] = heal(guide, source, hole)[hole]
    if progress:
        progress(total, total)
    return Synthesis(image, source)


def heal(
    picture: NDArray[np.float32], source: NDArray[np.int32], hole: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """`picture` [H, W, C] with its hole copied from `source` [H, W, 2] and the seams levelled.

    Across a seam, and at the rim, the wanted step is that found at the sources; what differs from
    it is spread as a membrane. Steps too large to be a change of light are spread only in part.
    """
    result = np.array(picture, np.float32)
    if not hole.any():
        return result
    box = bounding_box(hole).grown(1, *hole.shape).slices
    inner, place = hole[box], source[box]
    copied = result[place[..., 0], place[..., 1]]
    right = _steps(result, copied, place, inner, (0, 1))
    below = _steps(result, copied, place, inner, (1, 0))
    level = blend(np.zeros_like(copied), right, below, inner)
    result[box][inner] = (copied + level)[inner]
    low, high = picture[~hole].min(), picture[~hole].max()
    result[hole] = np.clip(result[hole], low, high)
    return result


def _steps(
    picture: Plane, copied: Plane, place: Source, hole: Mask, toward: tuple[int, int]
) -> Plane:
    """What each step to the next pixel should be more than it is in the copy: [h, w, C].

    Both pixels' sources tell it; one that would look beyond the picture's edge does not.
    """
    down, across = toward
    steps = np.zeros_like(copied)
    first = (slice(None, -down or None), slice(None, -across or None))
    second = (slice(down, None), slice(across, None))
    one, other = place[first], place[second]
    seam = ((one + toward) != other).any(-1) & (hole[first] | hole[second])
    y, x = np.nonzero(seam)
    here, there = copied[first][y, x], copied[second][y, x]
    ahead, behind = one[y, x] + toward, other[y, x] - toward
    height, width = picture.shape[:2]
    sees_ahead = hole[first][y, x] & (ahead[:, 0] < height) & (ahead[:, 1] < width)
    sees_behind = hole[second][y, x] & (behind[:, 0] >= 0) & (behind[:, 1] >= 0)
    ahead = np.where(sees_ahead[:, None], ahead, one[y, x])
    behind = np.where(sees_behind[:, None], behind, other[y, x])
    from_here = (picture[ahead[:, 0], ahead[:, 1]] - there) * sees_ahead[:, None]
    from_there = (here - picture[behind[:, 0], behind[:, 1]]) * sees_behind[:, None]
    witnesses = np.maximum(1, sees_ahead.astype(np.float32) + sees_behind)[:, None]
    step = (from_here + from_there) / witnesses
    size = np.sqrt((step**2).mean(-1, keepdims=True))
    steps[first][y, x] = step * np.minimum(1, _STEP_MOST / np.maximum(size, 1e-6)) ** 2
    return steps


# --- parts ------------------------------------------------------------------------------------


def _parts(hole: Mask) -> tuple[list[Mask], Mask]:
    """The hole's parts, largest first, each as a mask; and what is too thin or small to search."""
    small = hole.astype(np.uint8)
    count, grown = cv2.connectedComponents(cv2.dilate(small, disc(_TOGETHER_PX // 2)))
    numbers: NDArray[np.int64] = np.where(hole, grown, 0).astype(np.int64)
    depth = cv2.distanceTransform(small, cv2.DIST_L2, 3)
    thickest = np.zeros(count, np.float32)
    np.maximum.at(thickest, numbers[hole], depth[hole])
    areas = np.bincount(numbers[hole], minlength=count)
    found = [n for n in np.argsort(-areas, kind="stable") if n and thickest[n] > _SLIVER_PX]
    kept = found[:_PARTS]
    return [numbers == number for number in kept], hole & ~np.isin(numbers, kept)


def _window(part: Mask, usable: Mask) -> Box:
    """The surroundings that are searched; everything where they hold too little."""
    height, width = part.shape
    box = bounding_box(part)
    reach = int(max(_CONTEXT_PX, _CONTEXT * max(box.height, box.width)))
    near = box.grown(reach, height, width)
    enough = min(np.count_nonzero(part), np.count_nonzero(usable))
    if np.count_nonzero(usable[near.slices]) < enough:
        return Box(0, 0, height, width)
    return near


def _shifts(
    guide: Plane,
    known: Mask,
    hole: Mask,
    usable: Mask,
    rng: np.random.Generator,
    tell: Callable[[int], None],
) -> tuple[Source, Mask]:
    """The offset [H, W, 2] of each hole pixel's source, and which pixels have one."""
    offsets = np.zeros((0, 2), np.int64)
    if min(hole.shape) > 1:  # else there is nothing at half size
        half = _halved(guide), _all_halved(known), ~_all_halved(~hole), _all_halved(usable)
        features = _features(half[0])
        tell(0)
        found = [repeating(features, *half[1:], rng, _REPEATING)]
        tell(1)
        found.append(continuing(features, *half[1:], rng, _CONTINUING))
        tell(2)
        offsets = _distinct(2 * np.concatenate(found))
    offsets = np.concatenate([offsets, covering(hole, usable, offsets, _COVERING)])
    if not len(offsets):
        return np.zeros((*hole.shape, 2), np.int32), np.zeros_like(hole)
    numbers, served = label(_features(guide), hole, usable, offsets)
    tell(3)
    return offsets[numbers].astype(np.int32), served


def _mirror(source: Source, hole: Mask, usable: Mask) -> None:
    """Give thin parts the sources on the other side of their rim, in place.

    A pixel is mirrored at the nearest usable one; where that leads nowhere, it takes that one.
    """
    rows, columns = np.nonzero(hole)
    if not len(rows):
        return
    _, nearest = cv2.distanceTransformWithLabels(
        (~usable).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    places = np.zeros((nearest.max() + 1, 2), np.int32)
    places[nearest[usable]] = np.argwhere(usable)
    rim = places[nearest[rows, columns]]
    beyond = 2 * rim - np.stack([rows, columns], axis=-1)
    inside = ((beyond >= 0) & (beyond < hole.shape)).all(-1)
    beyond = np.where(inside[:, None], beyond, rim)
    good = usable[beyond[:, 0], beyond[:, 1]]
    source[rows, columns] = np.where(good[:, None], beyond, rim)


def _features(picture: Plane) -> Plane:
    """Colours and their gradients, [H, W, 9]: light may differ a little, structure may not."""
    across = cv2.Sobel(picture, -1, 1, 0, ksize=3, scale=0.25)
    down = cv2.Sobel(picture, -1, 0, 1, ksize=3, scale=0.25)
    return np.concatenate([picture, across, down], axis=-1)


def _halved(picture: Plane) -> Plane:
    """Means of 2 x 2 pixels; an odd last row or column is left out."""
    height, width = (size // 2 * 2 for size in picture.shape[:2])
    part = picture[:height, :width]
    mean: Plane = part[::2, ::2] + part[1::2, ::2] + part[::2, 1::2] + part[1::2, 1::2]
    mean *= 0.25
    return mean


def _all_halved(mask: Mask) -> Mask:
    height, width = (size // 2 * 2 for size in mask.shape)
    part = mask[:height, :width]
    return part[::2, ::2] & part[1::2, ::2] & part[::2, 1::2] & part[1::2, 1::2]


def _distinct(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each offset once, in the order of their first appearance."""
    _, first = np.unique(offsets, axis=0, return_index=True)
    return offsets[np.sort(first)]
