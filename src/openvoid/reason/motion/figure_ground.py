"""Standing: what stands in the picture, told from the ground and walls it stands before.

Enters: one picture and the object's mask. Leaves: where the picture has colours that its borders
do not have at about that height (ground, walls and sky reach the border of a picture, whereas
things that a shot is about rarely do), and the part of that which hangs together with the object:
what it bears, leans on, is fixed to, with the shadows of all of it. Nearest neighbours among
samples of the border, as in `still`. Knows nothing of time.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.motion.scene import Mask, Picture
from openvoid.vision.masks import grown, hanging, opened

BORDER = 0.09  # of each side: the band whose colours are the background's
SAMPLES = 2500
NOVEL = 9.0  # of CIE L*a*b*
HEIGHT_UNIT = 80.0  # L*a*b* units that the short side's length in height counts as
SPECK_SHARE = 0.0003  # of the picture
MOST_SHARE = 0.45  # of the picture: where so much is novel, colours tell nothing
DEEP = 0.6  # of its height: how far below an object its image is looked for
BENEATH = 2.5  # of L*a*b*
SHARP = 0.045  # of white, a pixel: outlines of things in focus
SHARPEST = 0.058  # of white, a pixel: whatever is as steep is in focus
FOCUS = 0.42  # of the steepness of the object's own outline
CHROMA = 250.0  # what a full change of chromaticity counts as
SAME_CHROMA = 6.0
FLAT = 0.35  # of the height of it all: no shadow on the ground is longer down the picture
GROUND = 0.35  # of the height of it all: nor as high above the object's foot


def novel(picture: Picture, object_: Mask, seen: Mask) -> Mask:
    """Where colours are that the picture's borders do not have, the object left out."""
    small = picture.shape[1] // 2, picture.shape[0] // 2
    calm = cv2.resize(cv2.GaussianBlur(picture, (5, 5), 0), small, interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(calm, cv2.COLOR_RGB2LAB), np.float32)
    shown = cv2.resize(seen.astype(np.uint8), small, interpolation=cv2.INTER_NEAREST) > 0
    own = cv2.resize(grown(object_, 3).astype(np.uint8), small, interpolation=cv2.INTER_AREA) > 0
    rim = _rim(shown) & ~own
    if rim.sum() < 50:
        return np.zeros_like(object_)
    off = np.zeros(shown.shape, np.float32)
    wanted = shown & ~own
    off[wanted] = _off(lab, wanted, rim)
    found = cv2.morphologyEx((off > NOVEL).astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2)))
    if found.mean() > MOST_SHARE:
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


def _rim(shown: Mask) -> Mask:
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


def beneath(picture: Picture, object_: Mask, seen: Mask) -> Mask:
    """Below the object's foot, where a row is not as it is to both sides: image or contact shadow.

    A row's own colours beside the object are the reference, so that no model of the floor is
    needed; what differs no more than those do among themselves is the floor's pattern.
    """
    box = bounding_box(object_)
    found = np.zeros_like(object_)
    high, wide = object_.shape
    top, bottom = box.bottom - round(0.12 * box.height), box.bottom + round(DEEP * box.height)
    top, bottom = max(0, top), min(high, bottom)
    feet = np.flatnonzero(object_[max(0, box.bottom - box.height // 4) : box.bottom].any(axis=0))
    if bottom - top < 4 or feet.size == 0:
        return found
    foot = int(feet[-1] - feet[0]) + 1
    left, right = int(feet[0] - 0.25 * foot) - 3, int(feet[-1] + 0.25 * foot) + 4
    aside = max(8, foot)
    columns = np.arange(max(0, left - aside), min(wide, right + aside))
    calm = cv2.GaussianBlur(picture[top:bottom, columns], (7, 7), 0)
    lab = cv2.cvtColor(calm, cv2.COLOR_RGB2LAB)
    beside = (columns < left) | (columns >= right)
    if beside.sum() < 8 or beside.all():
        return found
    usual = np.median(lab[:, beside], axis=1, keepdims=True)
    off = np.linalg.norm(lab - usual, axis=-1)
    spread = np.percentile(off[:, beside], 75, axis=1)
    limit = np.maximum(BENEATH, 1.5 * cv2.blur(spread[:, None], (1, 9)))
    found[top:bottom, columns] = (off > limit) & ~beside
    found &= seen & ~object_
    return hanging(opened(found), object_)


def shaded(picture: Picture, mask: Mask, object_: Mask) -> Mask:
    """The parts of a mask that are the border's colours, only darker: shadows."""
    calm = cv2.GaussianBlur(picture, (5, 5), 0) + np.float32(0.02)
    total = calm.sum(axis=-1)
    chroma = calm[..., :2] / total[..., None]
    rows = np.arange(mask.shape[0], dtype=np.float32)[:, None] / min(mask.shape)
    height = np.broadcast_to(rows, mask.shape)
    rim = _rim(np.ones_like(mask)) & ~object_ & ~mask
    if not mask.any() or rim.sum() < 50:
        return np.zeros_like(mask)
    spots = np.c_[CHROMA * chroma[mask], 40 * height[mask]].astype(np.float32)
    around = np.c_[CHROMA * chroma[rim], 40 * height[rim], total[rim]].astype(np.float32)
    around = around[:: max(1, len(around) // SAMPLES)]
    matches = cv2.BFMatcher(cv2.NORM_L2).match(spots, np.ascontiguousarray(around[:, :3]))
    off = np.array([each.distance for each in matches], np.float32)
    brightness = around[[each.trainIdx for each in matches], 3]
    found = np.zeros_like(mask)
    found[mask] = (off < SAME_CHROMA) & (total[mask] < 0.9 * brightness)
    return _lying(opened(found), object_, mask)


def _lying(mask: Mask, object_: Mask, whole: Mask) -> Mask:
    """The parts of a mask that may lie on the ground: what is high up or upright is no shadow."""
    foot = bounding_box(object_).bottom
    tall = foot - min(bounding_box(object_).top, bounding_box(whole).top)
    side = max(3, round(FLAT * tall)) | 1
    upright = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, 1), np.uint8))
    flat = mask & (upright == 0)
    _, labels, _, centres = cv2.connectedComponentsWithStats(flat.astype(np.uint8))
    low = np.flatnonzero(centres[:, 1] > foot - GROUND * tall)
    return opened(np.isin(labels, low[low > 0]))
