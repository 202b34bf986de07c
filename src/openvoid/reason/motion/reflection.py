"""Reflection: the object's image in water, a floor or a looking glass.

Enters: evidence. Leaves: where the image is. Three signs: below the object lies its own appearance
upside down, fainter and blurred (what is beside the object, mirrored, is taken off first, so that a
horizon is no image); a thing of the object's colours moves whenever the object moves, in
proportion, without touching it; and, for an image in an upright glass, a region that has the
object's hues, paler and darker perhaps, does so wherever it lies, though it may be hidden for a
while. Knows nothing of shadows, and does not find the second image of a gray object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.effects import EffectKind, Place, Relation
from openvoid.reason.motion import background, change, parallax
from openvoid.reason.motion.background import Undisturbed, distance_px
from openvoid.reason.motion.blobs import BlobLimits, Course, Follower, Trail, blobs_of, together
from openvoid.reason.motion.evidence import Evidence, once
from openvoid.reason.motion.limits import COST, LIGHT, SCENES, Limits, limit
from openvoid.reason.motion.report import Finding, frames_name
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import grown, inner, tidy


@dataclass(frozen=True)
class ReflectionLimits(Limits):
    """What is the object's image."""

    # upside down below it
    looks: int = limit(5, "frames by which an image below is judged", COST)
    cells: tuple[int, int] = limit((12, 8), "rows and columns that are compared", SCENES)
    sure: float = limit(0.38, "correlation from which on it is an image", SCENES)
    clearly: float = limit(0.15, "by so much it is more alike than what is beside it", SCENES)
    strength: float = limit(0.015, "of white: fainter is nothing to remove", "four steps of 8 bits")
    stretches: tuple[float, ...] = limit((1.0, 0.85, 0.7), "of the object's height", SCENES)
    gaps: tuple[float, ...] = limit((0.0, 0.05, 0.1, 0.2), "of it: the mirror's line", SCENES)
    room: float = limit(0.35, "of its height must be in the picture below the line", SCENES)
    # moving as it does
    apart: float = limit(0.015, "of the short side: nearer than this is contact", SCENES)
    same_colour: float = limit(0.35, "of white, in every channel", SCENES)
    scrap: float = limit(0.15, "of the object's area: an image is larger", SCENES)
    # in an upright glass
    bins: int = limit(48, "of hue", LIGHT)
    common: float = limit(0.06, "of the object: a hue that is rarer does not count", LIGHT)
    gray: float = limit(12.0, "a*b*: an object with less colour is not told by it", LIGHT)
    paler: float = limit(0.5, "of the object's colour: an image has as much at least", LIGHT)
    least: float = limit(0.06, "of the object's area: an image's", LIGHT)
    most: float = limit(1.3, "of the object's area: an image's", LIGHT)
    often: float = limit(0.5, "of the object's frames show an image", LIGHT)
    solid: float = limit(0.45, "of its box an image fills", LIGHT)
    twin_off: float = limit(0.25, "of its size it may be off, in most frames", LIGHT)
    mostly: float = limit(0.7, "of the frames, the rest may be half hidden", LIGHT)


@dataclass(frozen=True)
class Below:
    """An image upside down: the line is `gap` object heights below, the image `stretch` as high."""

    gap: float
    stretch: float
    likeness: float


@once
def images(evidence: Evidence) -> tuple[Course, ...]:
    """What moves with the object, in its colours, and never touches it; and images in a glass."""
    limits = evidence.limits(ReflectionLimits)
    scene, path, moves = evidence.scene, evidence.path, evidence.limits(BlobLimits)
    found = [
        each
        for each in change.changes(evidence).things
        if together(each, scene, path, moves)
        and alike(each, scene, limits)
        and apart(each, scene, limits)
    ]
    return (*found, *(() if parallax.stays(evidence) else twins(scene, path, limits, moves)))


def find_moving(evidence: Evidence) -> Iterator[Finding]:
    """Images of an object that moves: one right below must not be there without the object."""
    yield from _moving_along(evidence)
    yield from _upside_down(evidence, background.usual(evidence))


def find_staying(evidence: Evidence) -> Iterator[Finding]:
    """Images of an object that stays."""
    yield from _moving_along(evidence)
    yield from _upside_down(evidence, None)


def _moving_along(evidence: Evidence) -> Iterator[Finding]:
    scene, label = evidence.scene, evidence.scene.object.label
    for course in images(evidence):
        frames = [blob.frame for blob in course.blobs]
        why = f"In {frames_name(frames)} something of the {label}'s colours moves whenever the"
        why += f" {label} moves, without touching it: its mirror image."
        now = scene.placed((t.frame, grown(t.mask(scene.size), 3)) for t in course.blobs)
        yield _image(scene, why, now, 0.6)


def _upside_down(evidence: Evidence, usual: Undisturbed | None) -> Iterator[Finding]:
    limits = evidence.limits(ReflectionLimits)
    scene, label, frames = evidence.scene, evidence.scene.object.label, evidence.scene.object.seen
    found = below(scene, usual, limits)
    if found is None:
        return
    why = f"In {frames_name(frames)} the {label} is seen again below, upside down"
    why += f" (likeness {found.likeness:.2f})."
    now = scene.placed((t, image_of(scene, t, found) & scene.seen(t)) for t in frames)
    yield _image(scene, why, now, min(0.95, found.likeness))


def _image(scene: Scene, why: str, now: tuple[Place, ...], sure: float) -> Finding:
    noun = f"reflection of the {scene.object.label}"
    return Finding(EffectKind.ARTEFACT, Relation.REFLECTS, noun, why, now, (), sure)


def below(scene: Scene, usual: Undisturbed | None, limits: ReflectionLimits) -> Below | None:
    """The image below the object, if there is one in most of the frames.

    With the `usual` look (of an object that moves) the image must not be there without the object.
    """
    seen = [index for index in scene.object.seen if scene.object.box(index).height >= 12]
    if not seen:
        return None
    picked = np.unique(np.linspace(0, len(seen) - 1, limits.looks).round().astype(int))
    best: Below | None = None
    for gap in limits.gaps:
        for stretch in limits.stretches:
            likenesses = [
                _likeness(scene, usual, seen[number], gap, stretch, limits) for number in picked
            ]
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


def _likeness(
    scene: Scene,
    usual: Undisturbed | None,
    index: int,
    gap: float,
    stretch: float,
    limits: ReflectionLimits,
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
    if usual is None:
        of_image = _apart(picture, lower, scene, limits)
    else:
        of_image = _cells(picture - usual.picture, lower, limits)
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
    picture: NDArray[np.float32], box: Box, scene: Scene, limits: ReflectionLimits
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


def _cells(picture: NDArray[np.float32], box: Box, limits: ReflectionLimits) -> NDArray[np.float32]:
    crop = np.ascontiguousarray(picture[box.slices])
    small = cv2.resize(crop, limits.cells[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / norm if norm > 1e-6 else 0.0


# --- moving as the object does ------------------------------------------------------------------


def apart(course: Course, scene: Scene, limits: ReflectionLimits) -> bool:
    """Whether a thing never touches the object: what does may be pushed by it."""
    for blob in course.blobs:
        if not scene.object.box(blob.frame).empty:
            away = distance_px(scene, blob.frame)[blob.mask(scene.size)]
            if float(away.min()) < 2 + limits.apart * scene.scale_px:
                return False
    return True


def alike(course: Course, scene: Scene, limits: ReflectionLimits) -> bool:
    """Whether a thing has the object's colours, and is no mere scrap beside it."""
    blob = course.blobs[len(course.blobs) // 2]
    mask = scene.object[blob.frame]
    if (blob.area_px < limits.scrap * mask.sum() and not blob.touches_edge) or not mask.any():
        return False
    colour = scene.picture(blob.frame)[mask].mean(axis=0)
    return float(np.abs(colour - np.array(blob.colour)).max()) < limits.same_colour


# --- anywhere else, by its hues -----------------------------------------------------------------


def twins(scene: Scene, path: Trail, limits: ReflectionLimits, moves: BlobLimits) -> list[Course]:
    """What has the object's colours and moves as it does."""
    follower = Follower(moves)
    for index in scene.object.seen:
        object_, seen, picture = scene.object[index], scene.seen(index), scene.picture(index)
        alike = tidy(_alike(picture, object_, seen, limits)) & seen & ~grown(object_, 3)
        area = int(object_.sum())
        edge = seen & ~inner(seen)
        blobs = blobs_of(alike, index, picture, max(12, round(limits.least * area)), edge)
        follower.add(index, [blob for blob in blobs if blob.area_px < limits.most * area])
    often = limits.often * len(scene.object.seen)
    long = [each for each in follower.courses if len(each.blobs) >= often]
    return [
        each
        for each in long
        if _solid(each, limits) and _mostly_together(each, scene, path, limits, moves)
    ]


def _solid(course: Course, limits: ReflectionLimits) -> bool:
    filled = [blob.area_px / (blob.box.height * blob.box.width) for blob in course.blobs]
    return float(np.median(filled)) > limits.solid


def _alike(picture: Picture, object_: Mask, seen: Mask, limits: ReflectionLimits) -> Mask:
    """Pixels of the object's hues, nearly as strong as its own are."""
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (3, 3), 0), cv2.COLOR_RGB2LAB)
    strength = np.hypot(lab[..., 1], lab[..., 2])
    hue = (np.arctan2(lab[..., 2], lab[..., 1]) / (2 * np.pi) % 1 * limits.bins).astype(
        int
    ) % limits.bins
    own = float(np.median(strength[object_]))
    if own < limits.gray:
        return np.zeros_like(object_)
    coloured = object_ & (strength > limits.paler * own)
    counts = np.bincount(hue[coloured], minlength=limits.bins).astype(np.float32)
    common = counts > limits.common * counts.sum()
    common |= np.roll(common, 1) | np.roll(common, -1)
    return np.asarray(common[hue] & (strength > limits.paler * own) & seen)


def _mostly_together(
    course: Course, scene: Scene, path: Trail, limits: ReflectionLimits, moves: BlobLimits
) -> bool:
    """Whether it moves as the object does in most of the frames that show it whole."""
    rows = [blob for blob in course.blobs if blob.frame in path and not blob.touches_edge]
    if len(rows) < moves.fewest:
        return False
    own = np.array([blob.centre for blob in rows])
    its = np.array([path[blob.frame] for blob in rows])
    travel = float(np.hypot(*np.ptp(its, axis=0)))
    if travel < moves.travel * scene.scale_px:
        return False
    matrix = np.c_[its, np.ones(len(its))]
    off = np.zeros(len(rows))
    for _ in range(2):  # once more without the frames in which a part of it is hidden
        good = off <= np.quantile(off, limits.mostly)
        fitted = np.linalg.lstsq(matrix[good], own[good], rcond=None)[0]
        off = np.linalg.norm(matrix @ fitted - own, axis=1)
    size = float(np.median([blob.extent_px for blob in rows]))
    pace = float(np.hypot(*np.ptp(own, axis=0))) / travel
    close = float(np.quantile(off, limits.mostly)) < 1 + limits.twin_off * size
    return close and moves.slowest < pace < moves.fastest
