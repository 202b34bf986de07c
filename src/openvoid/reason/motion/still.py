"""Still: what hangs together with an object that stays where it is.

Enters: a scene, one frame. Leaves: what lies right beside the object and has colours that its
surroundings farther out do not have at that height: dark and of the same hue as the ground, a
contact shadow; else a thing that the object holds, bears or leans on. Judged by colour and place
alone (nearest neighbours among samples of the surroundings), since nothing moves. Less sure than
what motion tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.reason.motion.surfaces import CALM_PX, softened, surfaces
from openvoid.vision.masks import grown, inner

NEAR = 1.2  # of the object's size: how far things beside it reach
NEAR_MOST = 0.32  # of the short side: and no farther
SAMPLES = 1600
NOVEL = 7.0  # of CIE L*a*b*: a colour farther from all of the surroundings' is new
STRANGE_SHARE = 0.4  # of what is near: where so much is new, colours tell nothing
HELD = 0.3  # of its height: a thing that touches the object higher than that is held by it
HEIGHT_UNIT = 25.0  # L*a*b* units that the short side's length in height counts as
DARKER = 4.0  # L*
HUE = 0.7  # chroma may change by this share of the lightness
WHOLE_SHARE = 0.4  # of the object: a part as large that goes on farther out is the background
LEAST_SHARE = 0.0006  # of the canvas
LARGEST = 4.0  # of the object: larger surfaces are background
BLUR_PX = 6  # so wide are the edges between surfaces
AROUND, FEWEST_PX = 0.11, 50  # of the short side: the ground around a surface; as much must show
HUED, SPREADS = 3.5, 4.0  # of a*b*; of the ground's own spread


@dataclass(frozen=True)
class Beside:
    """One part beside the object."""

    mask: Mask
    shadow: bool


def beside(scene: Scene, index: int) -> list[Beside]:
    """Parts beside the object in a frame, largest first."""
    object_ = scene.object[index]
    size = float(np.sqrt(object_.sum()))
    reach = int(np.clip(NEAR * size, 8, NEAR_MOST * scene.scale_px))
    seen = scene.seen(index)
    near = grown(object_, reach) & ~grown(object_, 2) & seen
    far = ~grown(object_, reach) & seen
    if near.sum() < 20 or far.sum() < 50:
        return []
    calm = cv2.GaussianBlur(scene.picture(index), (5, 5), 0)
    lab = np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)
    distance, match = _nearest(lab, near, far, scene)
    if (distance > NOVEL).mean() > STRANGE_SHARE:
        return []
    novel = np.zeros(scene.size, bool)
    novel[near] = distance > NOVEL
    opened = cv2.morphologyEx(novel.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0
    usual = np.zeros((*scene.size, 3), np.float32)
    usual[near] = match
    parts = _parts(closed & near, object_, lab, usual, scene)
    rim = near & grown(far, 2)
    most = WHOLE_SHARE * object_.sum()
    return [each for each in parts if each.mask.sum() < most or not (each.mask & rim).any()]


def bounded(scene: Scene, index: int) -> Mask:
    """Surfaces with an outline of their own that differ in hue from the ground around them, by
    little, but by more than the ground does within itself: a plank on boards of another wood."""
    picture, object_, seen = scene.picture(index), scene.object[index], scene.seen(index)
    found = surfaces(picture, object_, seen)
    ground, edge = found.ground, grown(seen & ~inner(seen), BLUR_PX)
    lab = cv2.cvtColor(softened(picture, seen, CALM_PX), cv2.COLOR_RGB2LAB)
    whole = np.zeros(scene.size, bool)
    for number in range(1, len(found.sizes)):
        size = found.sizes[number]
        if not LEAST_SHARE * object_.size < size < LARGEST * object_.sum():
            continue
        spots = found.labels == number
        around = lab[grown(spots, round(AROUND * scene.scale_px)) & ground]
        if (spots & edge).any() or len(around) < FEWEST_PX:
            continue
        off = lab[spots].mean(axis=0) - around.mean(axis=0)
        hue, spread = float(np.hypot(off[1], off[2])), float(np.hypot(*around.std(axis=0)[1:]))
        if hue > max(HUED, SPREADS * spread) and hue > -HUE * off[0]:
            whole |= grown(spots, BLUR_PX)
    return whole & ~object_


def _nearest(
    lab: NDArray[np.float32], near: Mask, far: Mask, scene: Scene
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For each near spot: how far the most alike far one is, and its colour."""
    rows = np.arange(scene.size[0], dtype=np.float32) * (HEIGHT_UNIT / scene.scale_px)
    height = np.broadcast_to(rows[:, None], scene.size)
    spots, around = np.c_[lab[near], height[near]], np.c_[lab[far], height[far]]
    step = max(1, len(around) // SAMPLES)
    around = np.ascontiguousarray(around[step // 2 :: step])
    matches = cv2.BFMatcher(cv2.NORM_L2).match(np.ascontiguousarray(spots), around)
    distance = np.array([each.distance for each in matches], np.float32)
    match = around[[each.trainIdx for each in matches], :3]
    return distance, match


def _parts(
    mask: Mask, object_: Mask, lab: NDArray[np.float32], usual: NDArray[np.float32], scene: Scene
) -> list[Beside]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    touching = grown(object_, 5)
    box = bounding_box(object_)
    found = []
    for part in range(1, count):
        spots = labels == part
        if stats[part][cv2.CC_STAT_AREA] < LEAST_SHARE * mask.size or not (spots & touching).any():
            continue
        off = lab[spots].mean(axis=0) - usual[spots].mean(axis=0)
        dark = off[0] < -DARKER and float(np.hypot(off[1], off[2])) < HUE * -off[0]
        bottom = stats[part][cv2.CC_STAT_TOP] + stats[part][cv2.CC_STAT_HEIGHT]
        low = bottom > box.bottom - 0.4 * box.height
        found.append(Beside(spots, bool(dark and low)))
    return sorted(found, key=lambda each: -int(each.mask.sum()))


def held(mask: Mask, object_: Mask) -> Mask:
    """The parts of a mask that touch the object above its foot: they would fall without it."""
    box = bounding_box(object_)
    foot = box.bottom - HELD * box.height
    touching = grown(object_, 6)
    found = np.zeros_like(mask)
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    for part in range(1, count):
        rows = np.nonzero((labels == part) & touching)[0]
        if rows.size and float(np.median(rows)) < foot:
            found |= labels == part
    return found
