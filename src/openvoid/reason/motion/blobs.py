"""Blobs: connected regions of a mask, and the same one followed from frame to frame.

Enters: masks, a frame at a time, in order. Leaves: courses, each a blob a frame: where it was, how
large, of which colour, held compressed; and whether one goes with something else that moves. Knows
nothing of what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.packed import PackedMask
from openvoid.reason.motion.limits import LIGHT, SCENES, Limits, limit
from openvoid.reason.motion.scene import Mask, Picture, Scene
from openvoid.vision.masks import grown


@dataclass(frozen=True)
class BlobLimits(Limits):
    """Which blob is the same one a frame later, and which goes with the object."""

    reach: float = limit(1.2, "of its size off its prediction, it is still the same", SCENES)
    area_ratio: float = limit(3.5, "times: so much a blob grows or shrinks in a frame", SCENES)
    memory_frames: int = limit(3, "so long a blob may be out of sight", SCENES)
    # moving as the object does
    travel: float = limit(0.08, "of the short side the object moves, or it means nothing", SCENES)
    fewest: int = limit(8, "frames", SCENES)
    off: float = limit(0.15, "of its size a thing may be off the object's movement", SCENES)
    slowest: float = limit(0.2, "of each step of the object", SCENES)
    fastest: float = limit(1.6, "of each step of the object", SCENES)
    cut_share: float = limit(0.5, "of the frames show an image cut by the picture's edge", LIGHT)
    cut_off: float = limit(0.35, "of its width it is beside the object's column", LIGHT)


Trail = Mapping[int, tuple[float, float]]
"""Where a thing's middle (x, y) is in every frame that shows it."""


@dataclass(frozen=True)
class Blob:
    """One connected region in one frame."""

    frame: int
    box: Box
    centre: tuple[float, float]  # x, y on the canvas
    area_px: int
    colour: tuple[float, float, float]
    touches_edge: bool
    _part: PackedMask  # of the box

    def mask(self, size: tuple[int, int]) -> Mask:
        whole = np.zeros(size, bool)
        whole[self.box.slices] = self._part.mask()
        return whole

    @property
    def extent_px(self) -> float:
        return float(np.sqrt(self.area_px)) + 1.0


@dataclass
class Course:
    """One blob through time."""

    blobs: list[Blob] = field(default_factory=list)

    @property
    def last(self) -> Blob:
        return self.blobs[-1]

    def at(self, frame: int) -> Blob | None:
        return next((blob for blob in reversed(self.blobs) if blob.frame == frame), None)

    def expected(self, frame: int) -> NDArray[np.float64]:
        """Where it should be, by its last step."""
        here = np.array(self.last.centre)
        if len(self.blobs) < 2:
            return here
        before = self.blobs[-2]
        step = (here - before.centre) / max(1, self.last.frame - before.frame)
        return np.asarray(here + step * (frame - self.last.frame))


def blobs_of(mask: Mask, frame: int, picture: Picture, least_px: int, edge: Mask) -> list[Blob]:
    """The connected regions of a mask, largest first; `edge` is where a frame ends."""
    count, labels, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    found = []
    for number in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[number])
        if area < least_px:
            continue
        box = Box(top, left, top + height, left + width)
        part = labels[box.slices] == number
        colour = picture[box.slices][part].mean(axis=0)
        found.append(
            Blob(
                frame,
                box,
                (float(centres[number][0]), float(centres[number][1])),
                area,
                (float(colour[0]), float(colour[1]), float(colour[2])),
                bool((edge[box.slices] & part).any()),
                PackedMask.of(part),
            )
        )
    return sorted(found, key=lambda blob: -blob.area_px)


@dataclass
class Follower:
    """Feed the blobs of each frame in order; `courses` holds what was followed."""

    limits: BlobLimits
    courses: list[Course] = field(default_factory=list)

    def add(self, frame: int, blobs: list[Blob]) -> None:
        """Give each blob to the course that expects it most; others begin a course."""
        open_ones = [
            each for each in self.courses if frame - each.last.frame <= self.limits.memory_frames
        ]
        pairs = []
        for number, course in enumerate(open_ones):
            where, size = course.expected(frame), course.last.extent_px
            for index, blob in enumerate(blobs):
                off = float(np.hypot(*(where - blob.centre))) / max(size, blob.extent_px)
                ratio = blob.area_px / course.last.area_px
                most = self.limits.area_ratio
                if off < self.limits.reach and 1 / most < ratio < most:
                    pairs.append((off + 0.3 * abs(float(np.log(ratio))), number, index))
        used: set[int] = set()
        taken: set[int] = set()
        for _, number, index in sorted(pairs):
            if number not in used and index not in taken:
                open_ones[number].blobs.append(blobs[index])
                used.add(number)
                taken.add(index)
        for index, blob in enumerate(blobs):
            if index not in taken:
                self.courses.append(Course([blob]))


class Spots:
    """Where courses are, by frame, a little widened."""

    def __init__(self, size: tuple[int, int], courses: Iterable[Course]) -> None:
        self._size, self._courses = size, tuple(courses)

    def __call__(self, index: int) -> Mask:
        whole = np.zeros(self._size, bool)
        for course in self._courses:
            blob = course.at(index)
            if blob is not None:
                whole |= grown(blob.mask(self._size), 3)
        return whole


def together(
    course: Course, scene: Scene, path: Trail, limits: BlobLimits, *, fewest: int | None = None
) -> bool:
    """Whether a thing moves as the object moves (`path`: frame -> the object's middle)."""
    known = [blob for blob in course.blobs if blob.frame in path]
    rows = [blob for blob in known if not blob.touches_edge]
    if len(rows) < (fewest or limits.fewest):
        return _cut_off(known, scene, path, limits)
    own = np.array([blob.centre for blob in rows])
    its = np.array([path[blob.frame] for blob in rows])
    travel = float(np.hypot(*np.ptp(its, axis=0)))
    if travel < limits.travel * scene.scale_px:
        return False
    matrix = np.c_[its, np.ones(len(its))]
    fitted = np.linalg.lstsq(matrix, own, rcond=None)[0]
    off = float(np.sqrt(np.mean((matrix @ fitted - own) ** 2)))
    pace = float(np.hypot(*np.ptp(own, axis=0))) / travel
    size = float(np.median([blob.extent_px for blob in rows]))
    return off < 1 + limits.off * size and limits.slowest < pace < limits.fastest


def _cut_off(rows: list[Blob], scene: Scene, path: Trail, limits: BlobLimits) -> bool:
    """Whether a thing that the picture's lower edge cuts stays below the object: of such an image
    only the column can be told."""
    wide = scene.size[1]
    rows = [blob for blob in rows if blob.box.left > 2 and blob.box.right < wide - 2]
    if len(rows) < limits.fewest or len(rows) < limits.cut_share * len(path):
        return False
    its = np.array([path[blob.frame][0] for blob in rows])
    own = np.array([blob.centre[0] for blob in rows])
    size = float(np.median([blob.box.width for blob in rows]))
    aside = abs(float((own - its).mean()))
    if np.ptp(its) < limits.travel * scene.scale_px or aside > limits.cut_off * size:
        return False
    matrix = np.c_[its, np.ones(len(its))]
    fitted = np.linalg.lstsq(matrix, own, rcond=None)[0]
    off = float(np.sqrt(np.mean((matrix @ fitted - own) ** 2)))
    lower = all(blob.centre[1] > path[blob.frame][1] for blob in rows)
    pace = float(fitted[0])
    return lower and off < 1 + limits.off * size and limits.slowest < pace < limits.fastest
