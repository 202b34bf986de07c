"""Course: how a thing was under way, fitted to its last looks, and how that goes on.

Enters: middle and size of a thing in some frames, in a picture whose camera stands still. Leaves:
the same in any later frame.

A thing of fixed size in steady motion in the world, seen by a camera, has a size s and a place x, y
in the picture such that 1/s, x/s and y/s are straight lines in time: its depth is as 1/s, and its
place in the world as its place in the picture times the depth. So its perspective is known without
a camera. Where its size does not change for certain it is taken as fixed, and the lines are those
of x and y. What certainly slows down is taken to slow down as it did, until it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvoid.physics.watch import Look

HISTORY = 12  # frames: half a second to one; physics.md, 4.5
FEWEST = 2  # looks through which a line goes
CURVED = 5  # looks from which on a curve is asked for: three numbers, and two left over
SURE = 4.0  # times its own error: so large is a slope that is believed
GROWS = 0.08  # of its size, over its looks: less is the outline's noise
BETTER = 0.5  # of the straight line's error: a curve that leaves more is none (as reason.motion)

Line = NDArray[np.float64]  # value and slope at the last look, a frame


@dataclass(frozen=True)
class Course:
    """Straight lines in time through what was seen, and how it slows down."""

    frame: int  # of the last look
    across: Line  # x, or x / s
    down: Line  # y, or y / s
    size: Line  # 1 / s in units of the last look's; [1, 0]: it keeps its size
    slows: float  # of its speed, lost a frame; 0: it keeps it
    off_px: float  # how far the looks are from it, root mean square

    def at(self, frame: float) -> tuple[float, float, float]:
        """x and y in pixels, and how large it is, in sizes of the last look."""
        since = self.way(frame - self.frame)
        inverse = max(1e-3, self.size[0] + self.size[1] * since)
        x = (self.across[0] + self.across[1] * since) / inverse
        y = (self.down[0] + self.down[1] * since) / inverse
        return float(x), float(y), float(1 / inverse)

    def way(self, since: float) -> float:
        """Frames at the last look's speed that take it as far as so many frames do."""
        if self.slows <= 0 or since <= 0:
            return since
        stands = 1 / self.slows
        since = min(since, stands)
        return since - 0.5 * self.slows * since**2

    @property
    def stands(self) -> float:
        """The frame from which on it stands; infinite where it does not slow down."""
        return self.frame + 1 / self.slows if self.slows > 0 else float("inf")


def fit(looks: Sequence[Look], middle: tuple[float, float]) -> Course | None:
    """Through the last looks; None where they are too few.

    Args:
        looks: in the order of frames; those that the picture's edge or the object cuts count only
            where there are no others.
        middle: of the picture, px.
    """
    whole = [each for each in looks if each.fitted or (each.whole and each.clear)]
    chosen = (whole if len(whole) >= FEWEST else list(looks))[-HISTORY:]
    if len(chosen) < FEWEST:
        return None
    since = np.array([each.frame - chosen[-1].frame for each in chosen], np.float64)
    x = np.array([each.x for each in chosen]) - middle[0]
    y = np.array([each.y for each in chosen]) - middle[1]
    inverse = 1 / np.array([each.side_px for each in chosen])
    size, error = _line(since, inverse / inverse[-1])
    changes = abs(size[1] * since[0]) > GROWS and abs(size[1]) > SURE * error
    if not changes or len(chosen) < CURVED:
        size = np.array([1.0, 0.0])
    depth = size[0] + size[1] * since
    across, down = _line(since, x * depth)[0], _line(since, y * depth)[0]
    slows = _slows(since, np.c_[x * depth, y * depth], np.c_[across, down])
    if slows > 0:
        curved = since - 0.5 * slows * since**2
        across, down = _line(curved, x * depth)[0], _line(curved, y * depth)[0]
    across = across + np.array([size[0], size[1]]) * middle[0]
    down = down + np.array([size[0], size[1]]) * middle[1]
    found = Course(chosen[-1].frame, across, down, size, slows, 0.0)
    off = [np.hypot(*np.subtract(_passed(found, each), (each.x, each.y))) for each in chosen]
    off_px = float(np.sqrt(np.mean(np.square(off))))
    return Course(found.frame, across, down, size, slows, off_px)


def _passed(course: Course, look: Look) -> tuple[float, float]:
    """Where the course was in a frame before its last."""
    since = float(look.frame - course.frame)
    since -= 0.5 * course.slows * since**2
    inverse = course.size[0] + course.size[1] * since
    x = (course.across[0] + course.across[1] * since) / inverse
    y = (course.down[0] + course.down[1] * since) / inverse
    return float(x), float(y)


def _line(since: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[Line, float]:
    """Value and slope at time 0, and the slope's own error."""
    rows = np.c_[np.ones(len(since)), since]
    found = np.linalg.lstsq(rows, values, rcond=None)[0]
    spread = float(np.square(since - since.mean()).sum())
    free = max(1, len(since) - 2)
    left = float(np.square(rows @ found - values).sum()) / free
    return np.asarray(found, np.float64), float(np.sqrt(left / max(spread, 1e-9)))


def _slows(
    since: NDArray[np.float64], seen: NDArray[np.float64], lines: NDArray[np.float64]
) -> float:
    """Share of its speed that it loses in a frame, where a curve explains far more than a line."""
    if len(since) < CURVED:
        return 0.0
    rows = np.c_[np.ones(len(since)), since, 0.5 * since**2]
    found = np.linalg.lstsq(rows, seen, rcond=None)[0]
    straight = np.abs(np.c_[np.ones(len(since)), since] @ lines - seen).mean()
    if np.abs(rows @ found - seen).mean() > BETTER * straight:
        return 0.0
    speed = float(np.hypot(*found[1]))
    along = float(found[2] @ found[1]) / max(speed, 1e-9)
    return max(0.0, -along / max(speed, 1e-9))
