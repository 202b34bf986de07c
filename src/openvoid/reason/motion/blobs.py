"""Blobs: connected regions of a mask, and the same one followed from frame to frame.

Enters: masks, a frame at a time, in order. Leaves: courses, each a blob a frame: where it was, how
large, of which colour, held compressed. Knows nothing of what they are.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.reason.motion.scene import Mask, Picture

REACH = 1.2  # how far off its prediction, in its own sizes, a blob is still the same
AREA_RATIO = 3.5  # a blob does not grow or shrink more than this from one frame to the next
MEMORY_FRAMES = 3  # a blob may be out of sight for that long


@dataclass(frozen=True)
class Blob:
    """One connected region in one frame."""

    frame: int
    box: Box
    centre: tuple[float, float]  # x, y on the canvas
    area_px: int
    colour: tuple[float, float, float]
    touches_edge: bool
    _bits: bytes

    def mask(self, size: tuple[int, int]) -> Mask:
        whole = np.zeros(size, bool)
        bits = np.frombuffer(zlib.decompress(self._bits), np.uint8)
        shape = self.box.height, self.box.width
        whole[self.box.slices] = np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape)
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

    def until(self, frame: int, count: int) -> list[Blob]:
        """The last blobs before a frame."""
        return [blob for blob in self.blobs if blob.frame < frame][-count:]

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
                zlib.compress(np.packbits(part).tobytes(), 1),
            )
        )
    return sorted(found, key=lambda blob: -blob.area_px)


@dataclass
class Follower:
    """Feed the blobs of each frame in order; `courses` holds what was followed."""

    courses: list[Course] = field(default_factory=list)

    def add(self, frame: int, blobs: list[Blob]) -> None:
        """Give each blob to the course that expects it most; others begin a course."""
        open_ones = [each for each in self.courses if frame - each.last.frame <= MEMORY_FRAMES]
        pairs = []
        for number, course in enumerate(open_ones):
            where, size = course.expected(frame), course.last.extent_px
            for index, blob in enumerate(blobs):
                off = float(np.hypot(*(where - blob.centre))) / max(size, blob.extent_px)
                ratio = blob.area_px / course.last.area_px
                if off < REACH and 1 / AREA_RATIO < ratio < AREA_RATIO:
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
