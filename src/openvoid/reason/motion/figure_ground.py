"""Figure and ground: what stands in the picture, told from the ground and walls it stands before.

Enters: evidence, or one picture and the object's mask. Leaves: where the picture has colours that
others do not have at about that height: its borders (ground, walls and sky reach the border of a
picture, whereas things that a shot is about rarely do), or what surrounds the object farther out;
and the part of that which hangs together with the object: what it bears, leans on, is fixed to,
with the shadows of all of it. Nearest neighbours among samples, by colour and place alone. Less
sure than what motion tells, so what most of a few frames show counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.reason.motion import lamp, parallax
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, SCENES, SUPPORT, WORKING, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.reason.motion.surfaces import SurfaceLimits, softened, surfaces
from openvoid.vision.masks import grown, hanging, inner, largest, opened
from openvoid.vision.neighbours import nearest


@dataclass(frozen=True)
class FigureLimits(Limits):
    """What stands out from the ground, and what hangs together with the object."""

    # from the picture's borders
    border: float = limit(0.09, "of each side: the band with the background's colours", SUPPORT)
    samples: int = limit(2500, "of the border's colours", COST)
    novel: float = limit(9.0, "CIE L*a*b*: a colour farther from all of the border's", SUPPORT)
    height_unit: float = limit(80.0, "L*a*b* that the short side's length in height is", SUPPORT)
    speck_share: float = limit(0.0003, "of the picture: smaller is a speck", SUPPORT)
    strange_share: float = limit(0.45, "of the picture: with more colours tell nothing", SUPPORT)
    sharp: float = limit(0.045, "of white a pixel: outlines of things in focus", SUPPORT)
    sharpest: float = limit(0.058, "of white a pixel: whatever is as steep is in focus", SUPPORT)
    focus: float = limit(0.42, "of the steepness of the object's own outline", SUPPORT)
    # from what surrounds the object farther out
    near: float = limit(1.2, "of the object's size: how far things beside it reach", SCENES)
    near_most: float = limit(0.32, "of the short side: and no farther", SCENES)
    near_samples: int = limit(1600, "of the surroundings' colours", COST)
    near_novel: float = limit(7.0, "L*a*b*: a colour farther from all of those", SCENES)
    near_strange_share: float = limit(0.4, "of what is near: more tells nothing", SCENES)
    near_height_unit: float = limit(25.0, "L*a*b* that the short side in height is", SCENES)
    whole_share: float = limit(0.4, "of the object: as much that goes on is the ground", SCENES)
    least_share: float = limit(0.0006, "of the canvas: smaller parts are none", SCENES)
    # surfaces that differ little from the ground
    hue: float = limit(0.7, "of the change of lightness: more change of hue is no light", SUPPORT)
    largest: float = limit(4.0, "of the object: larger surfaces are background", SUPPORT)
    blur_px: int = limit(6, "so wide are the edges between surfaces", WORKING)
    around: float = limit(0.11, "of the short side: the ground around a surface", SUPPORT)
    fewest_px: int = limit(50, "of that ground must show", WORKING)
    hued: float = limit(3.5, "a*b* off the ground around", SUPPORT)
    spreads: float = limit(4.0, "times the ground's own spread", SUPPORT)
    # in several frames
    key_looks: int = limit(4, "frames in which an object that stays is looked around", COST)
    turns: float = limit(0.04, "of the short side: so far outlines go as the camera does", SUPPORT)
    most_share: float = limit(0.3, "of the picture: what is larger is the background", SUPPORT)


@dataclass(frozen=True)
class Around:
    """What hangs together with an object that stays, in the first frame that shows it."""

    whole: Mask  # things, with shadows that look like things
    soft: Mask  # the same with outlines out of focus: a shadow's may be soft, a thing's is not
    reach: Mask  # the object, and wherever it sways to


@once
def around(evidence: Evidence) -> Around:
    """Beside an object that stays; what stands in its light by itself is left out."""
    limits = evidence.limits(FigureLimits)
    scene, lit = evidence.scene, lamp.light(evidence)
    object_, nothing = scene.object[scene.object.seen[0]], np.zeros(scene.size, bool)
    reach = parallax.agreed(evidence, _own, limits.key_looks, least=0.0) | object_
    novel = parallax.shown(evidence, novel_in, limits.key_looks)
    in_focus = [(_sharp(evidence, mask, index), index) for mask, index in novel]
    whole = hanging(_shaped(evidence, in_focus), reach)
    whole |= _shaped(evidence, parallax.shown(evidence, beside, limits.key_looks)) & ~object_
    if lit.any():
        whole = lamp.unlit(whole, lit, object_, evidence.limits(lamp.LampLimits))
    if whole.mean() > limits.most_share:
        return Around(nothing, nothing, reach)
    soft = nothing if lit.any() else hanging(parallax.voted(evidence, novel), object_)
    return Around(whole, soft, reach)


@once
def carried(evidence: Evidence) -> Mask:
    """What hangs together with an object that moves when the shot begins, with shadows."""
    first = evidence.scene.object.seen[0]
    found = _sharp(evidence, novel_in(evidence, first), first)
    whole = hanging(found, evidence.scene.object[first])
    small = whole.mean() <= evidence.limits(FigureLimits).most_share
    return whole if small else np.zeros_like(whole)


def _shaped(evidence: Evidence, shown: Sequence[tuple[Mask, int]]) -> Mask:
    """What most of some frames show, in the shape that it has in the first one: the camera may
    travel around it."""
    agreed, turns = parallax.voted(evidence, shown), evidence.limits(FigureLimits).turns
    near = grown(agreed, max(2, round(turns * evidence.scene.scale_px)))
    return np.asarray(agreed | (near & shown[0][0]))


def novel_in(evidence: Evidence, index: int) -> Mask:
    """`novel` in a frame of the scene."""
    scene, limits = evidence.scene, evidence.limits(FigureLimits)
    return novel(scene.picture(index), scene.object[index], scene.seen(index), limits)


def _sharp(evidence: Evidence, mask: Mask, index: int) -> Mask:
    scene, limits = evidence.scene, evidence.limits(FigureLimits)
    return sharp(mask, scene.picture(index), scene.object[index], limits)


def _own(evidence: Evidence, index: int) -> Mask:
    return evidence.scene.object[index]


def novel(picture: Picture, object_: Mask, seen: Mask, limits: FigureLimits) -> Mask:
    """Where colours are that the picture's borders do not have, the object left out."""
    small = picture.shape[1] // 2, picture.shape[0] // 2
    calm = cv2.resize(cv2.GaussianBlur(picture, (5, 5), 0), small, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)
    shown = cv2.resize(seen.astype(np.uint8), small, interpolation=cv2.INTER_NEAREST) > 0
    own = cv2.resize(grown(object_, 3).astype(np.uint8), small, interpolation=cv2.INTER_AREA) > 0
    rim = rim_of(shown, limits.border) & ~own
    if rim.sum() < 50:
        return np.zeros_like(object_)
    off = np.zeros(shown.shape, np.float32)
    wanted = shown & ~own
    off[wanted] = _off(lab, wanted, rim, limits)
    found = cv2.morphologyEx((off > limits.novel).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2)))
    if found.mean() > limits.strange_share:
        return np.zeros_like(object_)
    whole = cv2.resize(found, object_.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(whole & ~object_)


def sharp(mask: Mask, picture: Picture, object_: Mask, limits: FigureLimits) -> Mask:
    """The parts of a mask with outlines in focus, as the object's is: others are far behind it."""
    calm = cv2.GaussianBlur(picture, (3, 3), 0)
    slope = [cv2.Sobel(calm, cv2.CV_32F, dx, 1 - dx) / 8 for dx in (0, 1)]
    strong = cv2.dilate(largest(np.hypot(*slope)), np.ones((5, 5), np.uint8))
    own = grown(object_, 2) & grown(~object_, 2)
    steep = limits.focus * float(np.median(strong[own])) if own.any() else 0.0
    limit = min(max(limits.sharp, steep), limits.sharpest)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    found = np.zeros_like(mask)
    large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > limits.speck_share * mask.size)
    for part in large[large > 0]:
        spots = labels == part
        outline = grown(spots, 2) & grown(~spots, 2) & ~grown(object_, 4)
        if outline.any() and float(np.median(strong[outline])) > limit:
            found |= spots
    return found


def rim_of(shown: Mask, border: float) -> Mask:
    """The band along the borders of what is shown; `border` is its share of a side."""
    high, wide = (max(2, round(border * side)) for side in shown.shape)
    inside = np.zeros_like(shown)
    inside[high:-high, wide:-wide] = True
    return shown & ~inside


def _off(
    lab: NDArray[np.float32], wanted: Mask, rim: Mask, limits: FigureLimits
) -> NDArray[np.float32]:
    """How far each spot is from the most alike one of the border."""
    unit = limits.height_unit / min(wanted.shape)
    height = np.broadcast_to(np.arange(wanted.shape[0], dtype=np.float32)[:, None], wanted.shape)
    spots = np.c_[lab[wanted], unit * height[wanted]].astype(np.float32)
    around = np.c_[lab[rim], unit * height[rim]].astype(np.float32)
    step = max(1, len(around) // limits.samples)
    return nearest(spots, around[step // 2 :: step])[0]


def beside(evidence: Evidence, index: int) -> Mask:
    """What is right beside the object in a frame, and has colours that its surroundings farther out
    do not have at that height."""
    scene, limits = evidence.scene, evidence.limits(FigureLimits)
    object_, seen = scene.object[index], scene.seen(index)
    nothing = np.zeros(scene.size, bool)
    size = float(np.sqrt(object_.sum()))
    reach = int(np.clip(limits.near * size, 8, limits.near_most * scene.scale_px))
    near = grown(object_, reach) & ~grown(object_, 2) & seen
    far = ~grown(object_, reach) & seen
    if near.sum() < 20 or far.sum() < 50:
        return nothing
    new = _off_far(scene, index, near, far, limits) > limits.near_novel
    if new.mean() > limits.near_strange_share:
        return nothing
    found = nothing.copy()
    found[near] = new
    closed = cv2.morphologyEx(
        opened(found).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        ((closed > 0) & near).astype(np.uint8)
    )
    touching, rim = grown(object_, 5), near & grown(far, 2)
    most, least = limits.whole_share * object_.sum(), limits.least_share * object_.size
    for part in range(1, count):
        spots, area = labels == part, stats[part][cv2.CC_STAT_AREA]
        background = area >= most and bool((spots & rim).any())
        if area >= least and (spots & touching).any() and not background:
            nothing |= spots
    return _sharp(evidence, nothing, index)


def _off_far(
    scene: Scene, index: int, near: Mask, far: Mask, limits: FigureLimits
) -> NDArray[np.float32]:
    """How far each near spot is from the most alike far one."""
    calm = cv2.GaussianBlur(scene.picture(index), (5, 5), 0)
    lab = np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)
    rows = np.arange(scene.size[0], dtype=np.float32) * (limits.near_height_unit / scene.scale_px)
    height = np.broadcast_to(rows[:, None], scene.size)
    spots, around = np.c_[lab[near], height[near]], np.c_[lab[far], height[far]]
    step = max(1, len(around) // limits.near_samples)
    return nearest(spots, around[step // 2 :: step])[0]


def bounded(evidence: Evidence, index: int) -> Mask:
    """Surfaces with an outline of their own that differ in hue from the ground around them, by
    little, but by more than the ground does within itself: a plank on boards of another wood."""
    scene, limits = evidence.scene, evidence.limits(FigureLimits)
    picture, object_, seen = scene.picture(index), scene.object[index], scene.seen(index)
    found = surfaces(picture, object_, seen, evidence.limits(SurfaceLimits))
    ground, edge = found.ground, grown(seen & ~inner(seen), limits.blur_px)
    lab = cv2.cvtColor(softened(picture, seen, found.limits.calm_px), cv2.COLOR_RGB2LAB)
    whole = np.zeros(scene.size, bool)
    for number in range(1, len(found.sizes)):
        size = found.sizes[number]
        if not limits.least_share * object_.size < size < limits.largest * object_.sum():
            continue
        spots = found.labels == number
        around = lab[grown(spots, round(limits.around * scene.scale_px)) & ground]
        if (spots & edge).any() or len(around) < limits.fewest_px:
            continue
        off = lab[spots].mean(axis=0) - around.mean(axis=0)
        hue, spread = float(np.hypot(off[1], off[2])), float(np.hypot(*around.std(axis=0)[1:]))
        if hue > max(limits.hued, limits.spreads * spread) and hue > -limits.hue * off[0]:
            whole |= grown(spots, limits.blur_px)
    return whole & ~object_
