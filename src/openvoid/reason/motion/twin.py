"""Twin: the object's image in an upright looking glass, or anywhere else apart from its foot.

Enters: a scene, the object's path. Leaves: courses of regions that have the object's hues, and that
move in proportion as the object moves. An image may be hidden for a while, by the object or by
other things. Brightness does not count, and colour may be paler: a glass takes some of both. Knows
nothing of what an image lies in, and does not find that of a gray object.
"""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.reason.motion.blobs import Course, Follower, blobs_of
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import grown, inner, tidy

BINS = 48  # of hue
COMMON = 0.06  # of the object: a hue that fewer of its pixels have does not count
GRAY = 12.0  # a*b*: an object with less colour than that is not told by it
PALER = 0.5  # an image has so much of the object's colour at least
LEAST, MOST = 0.06, 1.3  # of the object's area
FEWEST = 8  # frames
OFTEN = 0.5  # of the object's frames show an image
SOLID = 0.45  # of its box an image fills
TRAVEL = 0.08  # of the short side the object moves at least
PACE = (0.2, 1.6)  # how far an image moves for each step of the object
OFF = 0.25  # of its size it may be off, in most frames
MOSTLY = 0.7


def twins(scene: Scene, path: dict[int, tuple[float, float]]) -> list[Course]:
    """What has the object's colours and moves as it does."""
    follower = Follower()
    for index in scene.object.seen:
        object_, seen, picture = scene.object[index], scene.seen(index), scene.picture(index)
        alike = tidy(_alike(picture, object_, seen)) & seen & ~grown(object_, 3)
        area = int(object_.sum())
        edge = seen & ~inner(seen)
        blobs = blobs_of(alike, index, picture, max(12, round(LEAST * area)), edge)
        follower.add(index, [blob for blob in blobs if blob.area_px < MOST * area])
    often = OFTEN * len(scene.object.seen)
    long = [each for each in follower.courses if len(each.blobs) >= often]
    return [each for each in long if _solid(each) and _together(each, scene, path)]


def _solid(course: Course) -> bool:
    filled = [blob.area_px / (blob.box.height * blob.box.width) for blob in course.blobs]
    return float(np.median(filled)) > SOLID


def _alike(picture: Picture, object_: Mask, seen: Mask) -> Mask:
    """Pixels of the object's hues, nearly as strong as its own are."""
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (3, 3), 0), cv2.COLOR_RGB2LAB)
    strength = np.hypot(lab[..., 1], lab[..., 2])
    hue = (np.arctan2(lab[..., 2], lab[..., 1]) / (2 * np.pi) % 1 * BINS).astype(int) % BINS
    own = float(np.median(strength[object_]))
    if own < GRAY:
        return np.zeros_like(object_)
    coloured = object_ & (strength > PALER * own)
    counts = np.bincount(hue[coloured], minlength=BINS).astype(np.float32)
    common = counts > COMMON * counts.sum()
    common |= np.roll(common, 1) | np.roll(common, -1)
    return np.asarray(common[hue] & (strength > PALER * own) & seen)


def _together(course: Course, scene: Scene, path: dict[int, tuple[float, float]]) -> bool:
    """Whether it moves as the object does in most of the frames that show it whole."""
    rows = [blob for blob in course.blobs if blob.frame in path and not blob.touches_edge]
    if len(rows) < FEWEST:
        return False
    own = np.array([blob.centre for blob in rows])
    its = np.array([path[blob.frame] for blob in rows])
    travel = float(np.hypot(*np.ptp(its, axis=0)))
    if travel < TRAVEL * scene.scale_px:
        return False
    matrix = np.c_[its, np.ones(len(its))]
    off = np.zeros(len(rows))
    for _ in range(2):  # once more without the frames in which a part of it is hidden
        good = off <= np.quantile(off, MOSTLY)
        fitted = np.linalg.lstsq(matrix[good], own[good], rcond=None)[0]
        off = np.linalg.norm(matrix @ fitted - own, axis=1)
    size = float(np.median([blob.extent_px for blob in rows]))
    pace = float(np.hypot(*np.ptp(own, axis=0))) / travel
    return float(np.quantile(off, MOSTLY)) < 1 + OFF * size and PACE[0] < pace < PACE[1]
