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
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.reason.motion.surfaces import CALM_PX, softened, surfaces
from openvoid.vision.masks import grown, hanging, inner, opened

BORDER = 0.09  # of each side: the band whose colours are the background's
SAMPLES = 2500
NOVEL = 9.0  # of CIE L*a*b*
HEIGHT_UNIT = 80.0  # L*a*b* units that the short side's length in height counts as
SPECK_SHARE = 0.0003  # of the picture
STRANGE_SHARE = 0.45  # of the picture: where so much is novel, colours tell nothing
SHARP = 0.045  # of white, a pixel: outlines of things in focus
SHARPEST = 0.058  # of white, a pixel: whatever is as steep is in focus
FOCUS = 0.42  # of the steepness of the object's own outline

NEAR = 1.2  # of the object's size: how far things beside it reach
NEAR_MOST = 0.32  # of the short side: and no farther
NEAR_SAMPLES = 1600
NEAR_NOVEL = 7.0  # of CIE L*a*b*: a colour farther from all of the surroundings' is new
NEAR_STRANGE_SHARE = 0.4  # of what is near: where so much is new, colours tell nothing
NEAR_HEIGHT_UNIT = 25.0  # L*a*b* units that the short side's length in height counts as
WHOLE_SHARE = 0.4  # of the object: a part as large that goes on farther out is the background
LEAST_SHARE = 0.0006  # of the canvas

HUE = 0.7  # chroma may change by this share of the lightness
LARGEST = 4.0  # of the object: larger surfaces are background
BLUR_PX = 6  # so wide are the edges between surfaces
AROUND, FEWEST_PX = 0.11, 50  # of the short side: the ground around a surface; as much must show
HUED, SPREADS = 3.5, 4.0  # of a*b*; of the ground's own spread

KEY_LOOKS = 4  # frames in which an object that stays is looked around
TURNS = 0.04  # of the short side: so far outlines go as the camera travels around a thing
MOST_SHARE = 0.3  # of the picture: what is larger is the background


@dataclass(frozen=True)
class Around:
    """What hangs together with an object that stays, in the first frame that shows it."""

    whole: Mask  # things, with shadows that look like things
    soft: Mask  # the same with outlines out of focus: a shadow's may be soft, a thing's is not
    reach: Mask  # the object, and wherever it sways to


@once
def around(evidence: Evidence) -> Around:
    """Beside an object that stays; what stands in its light by itself is left out."""
    scene, lit = evidence.scene, lamp.light(evidence)
    object_, nothing = scene.object[scene.object.seen[0]], np.zeros(scene.size, bool)
    reach = parallax.agreed(scene, _own, KEY_LOOKS, least=0.0) | object_  # one touch is enough
    novel = parallax.shown(scene, novel_in, KEY_LOOKS)
    sharp = [(_sharp(scene, mask, index), index) for mask, index in novel]
    whole = hanging(_shaped(scene, sharp), reach)
    whole |= _shaped(scene, parallax.shown(scene, beside, KEY_LOOKS)) & ~object_
    if lit.any():
        whole = lamp.unlit(whole, lit, object_)
    if whole.mean() > MOST_SHARE:
        return Around(nothing, nothing, reach)
    soft = nothing if lit.any() else hanging(parallax.voted(scene, novel), object_)
    return Around(whole, soft, reach)


@once
def carried(evidence: Evidence) -> Mask:
    """What hangs together with an object that moves when the shot begins, with shadows."""
    scene = evidence.scene
    first = scene.object.seen[0]
    whole = hanging(_sharp(scene, novel_in(scene, first), first), scene.object[first])
    return whole if whole.mean() <= MOST_SHARE else np.zeros_like(whole)


def _shaped(scene: Scene, shown: Sequence[tuple[Mask, int]]) -> Mask:
    """What most of some frames show, in the shape that it has in the first one: the camera may
    travel around it."""
    agreed = parallax.voted(scene, shown)
    near = grown(agreed, max(2, round(TURNS * scene.scale_px)))
    return np.asarray(agreed | (near & shown[0][0]))


def novel_in(scene: Scene, index: int) -> Mask:
    """`novel` in a frame of the scene."""
    return novel(scene.picture(index), scene.object[index], scene.seen(index))


def _sharp(scene: Scene, mask: Mask, index: int) -> Mask:
    return sharp(mask, scene.picture(index), scene.object[index])


def _own(scene: Scene, index: int) -> Mask:
    return scene.object[index]


def novel(picture: Picture, object_: Mask, seen: Mask) -> Mask:
    """Where colours are that the picture's borders do not have, the object left out."""
    small = picture.shape[1] // 2, picture.shape[0] // 2
    calm = cv2.resize(cv2.GaussianBlur(picture, (5, 5), 0), small, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)
    shown = cv2.resize(seen.astype(np.uint8), small, interpolation=cv2.INTER_NEAREST) > 0
    own = cv2.resize(grown(object_, 3).astype(np.uint8), small, interpolation=cv2.INTER_AREA) > 0
    rim = rim_of(shown) & ~own
    if rim.sum() < 50:
        return np.zeros_like(object_)
    off = np.zeros(shown.shape, np.float32)
    wanted = shown & ~own
    off[wanted] = _off(lab, wanted, rim)
    found = cv2.morphologyEx((off > NOVEL).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2)))
    if found.mean() > STRANGE_SHARE:
        return np.zeros_like(object_)
    whole = cv2.resize(found, object_.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(whole & ~object_)


def sharp(mask: Mask, picture: Picture, object_: Mask) -> Mask:
    """The parts of a mask with outlines in focus, as the object's is: others are far behind it."""
    calm = cv2.GaussianBlur(picture, (3, 3), 0)
    slope = [cv2.Sobel(calm, cv2.CV_32F, dx, 1 - dx) / 8 for dx in (0, 1)]
    strong = cv2.dilate(np.hypot(*slope).max(axis=-1), np.ones((5, 5), np.uint8))
    own = grown(object_, 2) & grown(~object_, 2)
    steep = FOCUS * float(np.median(strong[own])) if own.any() else 0.0
    limit = min(max(SHARP, steep), SHARPEST)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    found = np.zeros_like(mask)
    large = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] > SPECK_SHARE * mask.size)
    for part in large[large > 0]:
        spots = labels == part
        outline = grown(spots, 2) & grown(~spots, 2) & ~grown(object_, 4)
        if outline.any() and float(np.median(strong[outline])) > limit:
            found |= spots
    return found


def rim_of(shown: Mask) -> Mask:
    """The band along the borders of what is shown."""
    high, wide = (max(2, round(BORDER * side)) for side in shown.shape)
    inside = np.zeros_like(shown)
    inside[high:-high, wide:-wide] = True
    return shown & ~inside


def _off(lab: NDArray[np.float32], wanted: Mask, rim: Mask) -> NDArray[np.float32]:
    """How far each spot is from the most alike one of the border."""
    unit = HEIGHT_UNIT / min(wanted.shape)
    height = np.broadcast_to(np.arange(wanted.shape[0], dtype=np.float32)[:, None], wanted.shape)
    spots = np.c_[lab[wanted], unit * height[wanted]].astype(np.float32)
    around = np.c_[lab[rim], unit * height[rim]].astype(np.float32)
    step = max(1, len(around) // SAMPLES)
    around = np.ascontiguousarray(around[step // 2 :: step])
    matches = cv2.BFMatcher(cv2.NORM_L2).match(np.ascontiguousarray(spots), around)
    return np.array([each.distance for each in matches], np.float32)


def beside(scene: Scene, index: int) -> Mask:
    """What is right beside the object in a frame, and has colours that its surroundings farther out
    do not have at that height."""
    object_, seen = scene.object[index], scene.seen(index)
    nothing = np.zeros(scene.size, bool)
    size = float(np.sqrt(object_.sum()))
    reach = int(np.clip(NEAR * size, 8, NEAR_MOST * scene.scale_px))
    near = grown(object_, reach) & ~grown(object_, 2) & seen
    far = ~grown(object_, reach) & seen
    if near.sum() < 20 or far.sum() < 50:
        return nothing
    new = _off_far(scene, index, near, far) > NEAR_NOVEL
    if new.mean() > NEAR_STRANGE_SHARE:
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
    most, least = WHOLE_SHARE * object_.sum(), LEAST_SHARE * object_.size
    for part in range(1, count):
        spots, area = labels == part, stats[part][cv2.CC_STAT_AREA]
        background = area >= most and bool((spots & rim).any())
        if area >= least and (spots & touching).any() and not background:
            nothing |= spots
    return _sharp(scene, nothing, index)


def _off_far(scene: Scene, index: int, near: Mask, far: Mask) -> NDArray[np.float32]:
    """How far each near spot is from the most alike far one."""
    calm = cv2.GaussianBlur(scene.picture(index), (5, 5), 0)
    lab = np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)
    rows = np.arange(scene.size[0], dtype=np.float32) * (NEAR_HEIGHT_UNIT / scene.scale_px)
    height = np.broadcast_to(rows[:, None], scene.size)
    spots, around = np.c_[lab[near], height[near]], np.c_[lab[far], height[far]]
    step = max(1, len(around) // NEAR_SAMPLES)
    around = np.ascontiguousarray(around[step // 2 :: step])
    matches = cv2.BFMatcher(cv2.NORM_L2).match(np.ascontiguousarray(spots), around)
    return np.array([each.distance for each in matches], np.float32)


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
