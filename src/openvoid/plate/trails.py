"""Trails: what was carried into every hole, from before and from after, kept on disk.

Enters: a survey. Leaves, for a frame's box, two candidates: where each pixel's piece of matter is
seen in an earlier frame and in a later one, and whether it moves otherwise than the camera says.
Whether a shot needs that is asked first, of a few frames. Knows no layers and no clip pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import EMPTY, Box, bounding_box
from openvoid.core.removal import Run
from openvoid.plate.canvas import mapped
from openvoid.plate.carry import walk
from openvoid.plate.motion import Motion
from openvoid.plate.survey import Survey
from openvoid.vision.fitting import Image
from openvoid.vision.flow import pixel_grid
from openvoid.vision.store import ArrayStore

Mask = NDArray[np.bool_]
TRIED = 8  # steps for which it is asked whether anything moves on its own
MOVES_PX = 0.5  # so much between neighbouring frames, beyond the camera's
# Of the seen pixels around a hole. Where it helps it is 0.36 to 0.51 (composites on real clips);
# with 0.09, in our own panning example, it took five times as long and lost 0.6 dB.
MOVES_SHARE = 0.2
MOVED_PX = 1.5  # what ends so far from where the camera puts it moved on its own
KEPT_FRAMES = 24  # in memory
MARGIN_PX = 12  # proxy pixels around what is fetched; see `meet`


@dataclass(frozen=True)
class Candidate:
    """What a walk carried into a box of a frame."""

    source: Image  # [h, w, 3] frame, x, y
    there: Mask  # [h, w] where anything was
    moves: Mask  # where that moved on its own
    flow: Image  # [h, w, 2]: it lies at p + flow in the frame as the camera aligns it
    age: Image  # [h, w] frames


class Trails:
    """Both walks through a shot."""

    def __init__(self, look: Survey, motion: Motion, run: Run) -> None:
        self.look, self._motion = look, motion
        self.frame = lru_cache(KEPT_FRAMES)(look.frame)
        motion.keep(run)
        order = list(range(len(look.frames)))
        self._before = self._walked(order, run, "before")
        self._after = self._walked(order[::-1], run, "after")

    def _walked(self, order: list[int], run: Run, name: str) -> ArrayStore:
        path: Path = run.scratch / f"trails-{name}.bin"
        if not ArrayStore.exists(path):
            with ArrayStore.writing(path) as store:
                steps = walk(self._motion, order)
                for index, state in run.track(f"follow from {name}", steps, len(order)):
                    store.append(state.source[self._box(index).slices])
        return ArrayStore.reading(path)

    def _box(self, index: int) -> Box:
        hidden = self._motion.hidden(index)
        return bounding_box(hidden) if hidden.any() else EMPTY

    def candidates(self, index: int, box: Box) -> list[Candidate]:
        """From before and from after, in a frame's box."""
        own, found = self._box(index), []
        for carried in (self._before[index], self._after[len(self.look.frames) - 1 - index]):
            source = np.full((self.look.proxy.height, self.look.proxy.width, 3), np.nan, np.float32)
            source[own.slices] = carried
            found.append(self._candidate(index, box, source[box.slices]))
        return found

    def _candidate(self, index: int, box: Box, source: Image) -> Candidate:
        there = np.isfinite(source[..., 0])
        x, y = pixel_grid(*there.shape)
        place = np.dstack([x + box.left, y + box.top])
        flow = np.zeros_like(place)
        for frame in np.unique(source[..., 0][there]).astype(int).tolist():
            mine = there & (source[..., 0] == frame)
            back = self.look.registration.between(frame, index)
            flow[mine] = (mapped(back, source[..., 1:]) - place)[mine]
        moves = there & (np.hypot(flow[..., 0], flow[..., 1]) > MOVED_PX)
        age = np.where(there, np.abs(source[..., 0] - index), np.float32(0))
        return Candidate(source, there, moves, flow, age)

    def asked(self) -> NDArray[np.int32]:
        """[T, 4] the box, in proxy pixels, in which each frame is asked for its pixels."""
        height, width = self.look.proxy.height, self.look.proxy.width
        boxes = np.zeros((len(self.look.frames), 4), np.int32)
        for index in range(len(boxes)):
            own = self._box(index)
            if own.empty:
                continue
            for each in self.candidates(index, own):
                wanted = each.there & self._motion.blind(index)[own.slices]
                for frame in np.unique(each.source[..., 0][wanted]).astype(int).tolist():
                    points = each.source[wanted & (each.source[..., 0] == frame)][:, 1:]
                    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0) + 1
                    place = Box(int(top), int(left), int(bottom) + 1, int(right) + 1)
                    place = place.grown(MARGIN_PX, height, width)
                    boxes[frame] = Box(*boxes[frame].tolist()).union(place)
        return boxes


def trails_of(look: Survey, soft_px: int, run: Run) -> Trails | None:
    """The trails of a shot; None where nothing beside its holes moves on its own."""
    motion, count = Motion(look, soft_px), len(look.frames)
    holes = [index for index in range(count - 1) if look.hole(index).any()]
    if not holes:
        return None
    picked = np.unique(np.linspace(0, len(holes) - 1, TRIED).round().astype(int))
    share = float(np.mean([_moving(motion, holes[each]) for each in picked]))
    run.note("moving_beside", round(share, 4))
    return Trails(look, motion, run) if share > MOVES_SHARE else None


def _moving(motion: Motion, index: int) -> float:
    """Which share of the kept pixels around a frame's hole moves on its own to the next."""
    step = motion.step(index, index + 1)
    moves = np.hypot(step.there[..., 0], step.there[..., 1]) > MOVES_PX
    return float(moves[step.sure].mean()) if step.sure.any() else 0.0
