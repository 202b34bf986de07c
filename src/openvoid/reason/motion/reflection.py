"""Mirror: the object's image in water, a floor or a looking glass.

Enters: a scene, courses of blobs. Leaves: where the image is. Two signs: below the object lies its
own appearance upside down, fainter and blurred (what is beside the object, mirrored, is taken off
first, so that a horizon is no image); and a thing of the object's colours that moves whenever the
object moves, in proportion, without touching it (of what the picture's lower edge cuts, only the
column counts). Knows nothing of shadows.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.reason.motion.background import Undisturbed, distance_px
from openvoid.reason.motion.blobs import Blob, Course
from openvoid.reason.motion.scene import Mask, Scene
from openvoid.vision.masks import grown

LOOKS = 5  # frames by which an image below is judged
CELLS = (12, 8)  # rows and columns in which appearances are compared
SURE = 0.38  # correlation from which on it is an image
CLEARLY = 0.15  # by so much it must be more alike than what is beside it
STRENGTH = 0.015  # of white: fainter is nothing to remove
STRETCHES = (1.0, 0.85, 0.7)
GAPS = (0.0, 0.05, 0.1, 0.2)  # of the object's height, between it and the mirror's line
ROOM = 0.35  # of the object's height must be in the picture below the line

TRAVEL = 0.08  # of the short side the object moves, before moving together means something
FEWEST = 8  # frames
OFF = 0.15  # of its size a thing may be off the object's movement
PACE = (0.2, 1.6)  # how far it moves for each step of the object
APART = 0.015  # of the short side: nearer than this is contact
SAME_COLOUR = 0.35
CUT_SHARE = 0.5  # of the frames show an image that the picture's edge cuts
CUT_OFF = 0.35  # of its width it may be beside the object's column on the whole
SCRAP = 0.15  # of the object's area: an image is larger


@dataclass(frozen=True)
class Below:
    """An image upside down: the line is `gap` object heights below, the image `stretch` as high."""

    gap: float
    stretch: float
    likeness: float


def below(scene: Scene, usual: Undisturbed | None) -> Below | None:
    """The image below the object, if there is one in most of the frames.

    With the `usual` look (of an object that moves) the image must not be there without the object.
    """
    seen = [index for index in scene.object.seen if scene.object.box(index).height >= 12]
    if not seen:
        return None
    picked = np.unique(np.linspace(0, len(seen) - 1, LOOKS).round().astype(int))
    best: Below | None = None
    for gap in GAPS:
        for stretch in STRETCHES:
            likenesses = [_likeness(scene, usual, seen[number], gap, stretch) for number in picked]
            middle = float(np.median(likenesses))
            if middle > (best.likeness + 0.03 if best else SURE):
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


def _likeness(
    scene: Scene, usual: Undisturbed | None, index: int, gap: float, stretch: float
) -> float:
    box, picture = scene.object.box(index), scene.picture(index)
    top = box.bottom + round(gap * box.height)
    height = round(stretch * box.height)
    visible = min(scene.size[0], top + height) - top
    if visible < max(6, ROOM * height):
        return 0.0
    share = visible / height
    upright = Box(box.bottom - max(1, round(share * box.height)), box.left, box.bottom, box.right)
    lower = Box(top, box.left, top + visible, box.right)
    of_object = _apart(picture, upright, scene)[::-1]
    if usual is None:
        of_image = _apart(picture, lower, scene)
    else:
        of_image = _cells(picture - usual.picture, lower)
    if float(np.abs(of_image).mean()) < STRENGTH:
        return 0.0
    likeness = _correlation(of_object, of_image)
    for step in (-1, 1):  # a floor that is all alike is no image
        shift = step * box.width
        aside = Box(top, lower.left + shift, lower.bottom, lower.right + shift)
        if aside.left < 0 or aside.right > scene.size[1]:
            continue
        if _correlation(of_object, _apart(picture, aside, scene)) > likeness - CLEARLY:
            return 0.0
    return likeness


def _apart(picture: NDArray[np.float32], box: Box, scene: Scene) -> NDArray[np.float32]:
    """A box's colours in a few cells, less those beside it on both sides, [rows, columns, 3]."""
    cells = _cells(picture, box)
    aside = []
    for step in (-1, 1):
        shift = step * round(1.3 * box.width)
        beside = Box(box.top, box.left + shift, box.bottom, box.right + shift)
        if beside.left >= 0 and beside.right <= scene.size[1]:
            aside.append(_cells(picture, beside).mean(axis=1, keepdims=True))
    if not aside:
        return np.zeros_like(cells)
    return np.asarray(cells - np.mean(aside, axis=0), np.float32)


def _cells(picture: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    crop = np.ascontiguousarray(picture[box.slices])
    small = cv2.resize(crop, CELLS[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / norm if norm > 1e-6 else 0.0


# --- moving together ------------------------------------------------------------------------------


def together(
    course: Course, scene: Scene, path: dict[int, tuple[float, float]], *, fewest: int = FEWEST
) -> bool:
    """Whether a thing moves as the object moves (`path`: frame -> the object's middle)."""
    known = [blob for blob in course.blobs if blob.frame in path]
    rows = [blob for blob in known if not blob.touches_edge]
    if len(rows) < fewest:
        return _cut_off(known, scene, path)
    own = np.array([blob.centre for blob in rows])
    its = np.array([path[blob.frame] for blob in rows])
    travel = float(np.hypot(*np.ptp(its, axis=0)))
    if travel < TRAVEL * scene.scale_px:
        return False
    matrix = np.c_[its, np.ones(len(its))]
    fitted = np.linalg.lstsq(matrix, own, rcond=None)[0]
    off = float(np.sqrt(np.mean((matrix @ fitted - own) ** 2)))
    pace = float(np.hypot(*np.ptp(own, axis=0))) / travel
    size = float(np.median([blob.extent_px for blob in rows]))
    return off < 1 + OFF * size and PACE[0] < pace < PACE[1]


def _cut_off(rows: list[Blob], scene: Scene, path: dict[int, tuple[float, float]]) -> bool:
    """Whether a thing that the picture's lower edge cuts stays below the object: of such an image
    only the column can be told."""
    wide = scene.size[1]
    rows = [blob for blob in rows if blob.box.left > 2 and blob.box.right < wide - 2]
    if len(rows) < FEWEST or len(rows) < CUT_SHARE * len(path):
        return False
    its = np.array([path[blob.frame][0] for blob in rows])
    own = np.array([blob.centre[0] for blob in rows])
    size = float(np.median([blob.box.width for blob in rows]))
    if np.ptp(its) < TRAVEL * scene.scale_px or abs(float((own - its).mean())) > CUT_OFF * size:
        return False
    matrix = np.c_[its, np.ones(len(its))]
    fitted = np.linalg.lstsq(matrix, own, rcond=None)[0]
    off = float(np.sqrt(np.mean((matrix @ fitted - own) ** 2)))
    lower = all(blob.centre[1] > path[blob.frame][1] for blob in rows)
    return lower and off < 1 + OFF * size and PACE[0] < float(fitted[0]) < PACE[1]


def apart(course: Course, scene: Scene) -> bool:
    """Whether a thing never touches the object: what does may be pushed by it."""
    for blob in course.blobs:
        if not scene.object.box(blob.frame).empty:
            away = distance_px(scene, blob.frame)[blob.mask(scene.size)]
            if float(away.min()) < 2 + APART * scene.scale_px:
                return False
    return True


def alike(course: Course, scene: Scene) -> bool:
    """Whether a thing has the object's colours, and is no mere scrap beside it."""
    blob = course.blobs[len(course.blobs) // 2]
    mask = scene.object[blob.frame]
    if (blob.area_px < SCRAP * mask.sum() and not blob.touches_edge) or not mask.any():
        return False
    colour = scene.picture(blob.frame)[mask].mean(axis=0)
    return float(np.abs(colour - np.array(blob.colour)).max()) < SAME_COLOUR
