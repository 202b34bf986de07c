"""Upside down: the image of an object that stays, below it, in water or a floor.

Enters: a scene. Leaves: whether below the object lies its own appearance upside down, fainter and
blurred perhaps (what is beside the object, mirrored, is taken off first, so that a horizon is no
image); and where each frame shows it: around the object's silhouette, turned over, what is not as
the surface to both sides is, which ends the image at a shore. The silhouette of every frame is
taken, so the image moves as the object does. Knows no background: that of an object that stays is
never seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box, bounding_box
from openvoid.reason.motion.limits import COST, HARM, SCENES, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import grown, largest, opened, without_holes


@dataclass(frozen=True)
class UpsideDownLimits(Limits):
    """What is the object's image below it."""

    looks: int = limit(5, "frames by which an image below is judged", COST)
    cells: tuple[int, int] = limit((12, 8), "rows and columns that are compared", SCENES)
    sure: float = limit(0.38, "correlation from which on it is an image", SCENES)
    clearly: float = limit(0.15, "by so much it is more alike than what is beside it", SCENES)
    strength: float = limit(0.015, "of white: fainter is nothing to remove", "four steps of 8 bits")
    stretches: tuple[float, ...] = limit((1.0, 0.85, 0.7), "of the object's height", SCENES)
    gaps: tuple[float, ...] = limit((0.0, 0.05, 0.1, 0.2), "of it: the mirror's line", SCENES)
    room: float = limit(0.35, "of its height must be in the picture below the line", SCENES)
    mostly: float = limit(
        0.5, "of the frames must show it: an image is not there now and then", HARM
    )
    # where it is in a frame
    rim: float = limit(0.05, "of the object's size: so far its outline may be off", SCENES)
    differs: float = limit(0.03, "of white: from the surface beside it", SCENES)
    noises: float = limit(2.5, "times the surface's own deviation there", SCENES)
    scrap: float = limit(0.1, "of the object turned over: a smaller part is nothing", SCENES)


@dataclass(frozen=True)
class Below:
    """An image upside down: the line is `gap` object heights below, the image `stretch` as high."""

    gap: float
    stretch: float
    likeness: float


def below(scene: Scene, limits: UpsideDownLimits) -> Below | None:
    """The image below the object, if there is one in most of the frames."""
    seen = [index for index in scene.object.seen if scene.object.box(index).height >= 12]
    if not seen:
        return None
    picked = np.unique(np.linspace(0, len(seen) - 1, limits.looks).round().astype(int))
    best: Below | None = None
    for gap in limits.gaps:
        for stretch in limits.stretches:
            likenesses = [_likeness(scene, seen[number], gap, stretch, limits) for number in picked]
            middle = float(np.median(likenesses))
            if middle > (best.likeness + 0.03 if best else limits.sure):
                best = Below(gap, stretch, middle)
    return best


def image_of(scene: Scene, index: int, found: Below) -> Mask:
    """Where the image below is in a frame."""
    mask, box = scene.object[index], scene.object.box(index)
    image = np.zeros(scene.size, bool)
    if box.empty:
        return image
    top = box.bottom + round(found.gap * box.height)
    height = max(1, round(found.stretch * box.height))
    flipped = cv2.resize(
        mask[box.slices][::-1].astype(np.uint8),
        (box.width, height),
        interpolation=cv2.INTER_NEAREST,
    )
    bottom = min(scene.size[0], top + height)
    if top < bottom:
        image[top:bottom, box.left : box.right] = flipped[: bottom - top] > 0
        image[box.bottom : top, box.left : box.right] |= mask[box.bottom - 1, box.left : box.right]
    return grown(image, 3 + round(0.06 * box.width)) & ~mask


def shown(scene: Scene, index: int, found: Below, limits: UpsideDownLimits) -> Mask:
    """What of a frame is the image: what is not as the surface beside it."""
    whole, expected = np.zeros(scene.size, bool), image_of(scene, index, found)
    if not expected.any():
        return whole
    object_, rim = (
        scene.object[index],
        1 + round(limits.rim * float(scene.object[index].sum()) ** 0.5),
    )
    box = bounding_box(grown(expected, 4 * rim))
    wanted, free = expected[box.slices], scene.seen(index)[box.slices]
    taken = grown(object_[box.slices], 2)
    beside = grown(wanted, 4 * rim) & ~grown(wanted, rim) & free & ~taken
    crop = np.ascontiguousarray(scene.picture(index)[box.slices])
    calm = np.asarray(cv2.GaussianBlur(crop, (3, 3), 0), np.float32)
    usual, deviation, known = _surface(calm, beside, 3.0 * rim)
    differs = largest(np.abs(calm - usual)) > np.maximum(limits.differs, limits.noises * deviation)
    here = opened(grown(wanted, 2 * rim) & free & ~object_[box.slices] & known & differs)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(here.astype(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] > limits.scrap * wanted.sum()
    large[0] = False
    whole[box.slices] = without_holes(large[labels], 0.05)
    return whole


def _surface(
    picture: Picture, where: Mask, by_px: float
) -> tuple[Picture, NDArray[np.float32], Mask]:
    """A surface's colours [h, w, 3] and their deviation [h, w], as they are to both sides of each
    spot (a shore is nearer than `by_px` up or down), and where that is known."""
    weight = where.astype(np.float32)

    def near(values: NDArray[Any]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), by_px, sigmaY=by_px / 3), np.float32)

    norm = near(weight)
    share = np.maximum(norm, np.float32(1e-4))[..., None]
    mean = np.asarray(near(picture * weight[..., None]) / share, np.float32)
    spread = near(picture**2 * weight[..., None]) / share - mean**2
    deviation = np.sqrt(np.maximum(largest(np.asarray(spread, np.float32)), 0))
    return mean, np.asarray(deviation, np.float32), np.asarray(norm > 1e-4)


def _likeness(
    scene: Scene,
    index: int,
    gap: float,
    stretch: float,
    limits: UpsideDownLimits,
) -> float:
    box, picture = scene.object.box(index), scene.picture(index)
    top = box.bottom + round(gap * box.height)
    height = round(stretch * box.height)
    visible = min(scene.size[0], top + height) - top
    if visible < max(6, limits.room * height):
        return 0.0
    share = visible / height
    upright = Box(box.bottom - max(1, round(share * box.height)), box.left, box.bottom, box.right)
    lower = Box(top, box.left, top + visible, box.right)
    of_object = _apart(picture, upright, scene, limits)[::-1]
    of_image = _apart(picture, lower, scene, limits)
    if float(np.abs(of_image).mean()) < limits.strength:
        return 0.0
    likeness = _correlation(of_object, of_image)
    for step in (-1, 1):  # a floor that is all alike is no image
        shift = step * box.width
        aside = Box(top, lower.left + shift, lower.bottom, lower.right + shift)
        if aside.left < 0 or aside.right > scene.size[1]:
            continue
        beside = _correlation(of_object, _apart(picture, aside, scene, limits))
        if beside > likeness - limits.clearly:
            return 0.0
    return likeness


def _apart(
    picture: NDArray[np.float32], box: Box, scene: Scene, limits: UpsideDownLimits
) -> NDArray[np.float32]:
    """A box's colours in a few cells, less those beside it on both sides, [rows, columns, 3]."""
    cells = _cells(picture, box, limits)
    aside = []
    for step in (-1, 1):
        shift = step * round(1.3 * box.width)
        beside = Box(box.top, box.left + shift, box.bottom, box.right + shift)
        if beside.left >= 0 and beside.right <= scene.size[1]:
            aside.append(_cells(picture, beside, limits).mean(axis=1, keepdims=True))
    if not aside:
        return np.zeros_like(cells)
    return np.asarray(cells - np.mean(aside, axis=0), np.float32)


def _cells(picture: NDArray[np.float32], box: Box, limits: UpsideDownLimits) -> NDArray[np.float32]:
    crop = np.ascontiguousarray(picture[box.slices])
    small = cv2.resize(crop, limits.cells[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / norm if norm > 1e-6 else 0.0
