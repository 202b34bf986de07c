"""The segmenter `classical`: marks -> track, without weights.

Enters: a clip and what a person marked. Leaves: a track over the whole clip at native size. The
frame that says most is cut first (`initial_silhouette`); its silhouette is carried to both ends of
the clip (`propagation`), stops at every other marked frame, where marks that it contradicts correct
it, and a correction is carried back to the last marked frame and blended in. Edges are refined at
native size (`matting`). Memory does not grow with the clip but for the compressed track.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.candidate import Candidate
from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.core.packed import PackedMask
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.selection import Selection
from openvoid.core.track import Silhouette, Track
from openvoid.select.classical.initial_silhouette import (
    Guess,
    asked_for,
    hypotheses,
    overlap,
    what_of,
)
from openvoid.select.classical.matting import refined
from openvoid.select.classical.propagation import (
    LASTING,
    Carrier,
    Memory,
    Step,
    looks_like,
    remember,
    signed_distance,
)
from openvoid.select.seeds import Mask, Seeds, obeyed, read_matte, seeds_of
from openvoid.vision.display import Display
from openvoid.vision.working import FOLLOW, Working, prepare

FARTHER = 7  # frames: what was hidden for less than this is known at once when it is seen again


@dataclass(frozen=True)
class Options:
    """Settings of the classical segmenter."""

    working_size: int = option(
        720, "Long side, in pixels, at which the object is followed.", low=64, high=4096
    )


class ClassicalSegmenter:
    """Graph cut on colour, edges and motion, carried by optical flow."""

    name: ClassVar[str] = "classical"
    Options: ClassVar[type[Any]] = Options

    def __init__(self, options: Any) -> None:
        self._options = options

    def track(self, clip: Clip, selection: Selection, run: Run) -> Track:
        """Where the marked object is in every frame.

        Raises:
            OpenVoidError: marks that cannot be meant; a matte that cannot be read; nothing found.
        """
        selection.check(clip.length, clip.height, clip.width)
        for matte in selection.mattes:
            read_matte(matte.file, clip.height, clip.width)
        small = replace(FOLLOW, side_px=self._options.working_size)
        with prepare(clip, small, run) as working:
            following = _Following(working, selection, run)
            following.begin()
            track = Track.of(
                "object",
                run.track(
                    "refine", native(clip, working, following.__getitem__, selection), clip.length
                ),
                [float(np.clip(each, 0, 1)) for each in following.confidence],
            )
        if not track.seen:
            raise OpenVoidError("nothing was found where the marks are")
        return track

    def candidates(self, clip: Clip, selection: Selection, run: Run) -> list[Candidate]:
        """What the marks may mean in the frame that says most, best first.

        Raises:
            OpenVoidError: as `track`.
        """
        selection.check(clip.length, clip.height, clip.width)
        small = replace(FOLLOW, side_px=self._options.working_size)
        with prepare(clip, small, run) as working:
            following = _Following(working, selection, run)
            return offers(clip, working, selection, following.first, following.choices())


def offers(
    clip: Clip, working: Working, selection: Selection, frame: int, found: list[Guess]
) -> list[Candidate]:
    """What may be meant in a frame, at native size."""
    picture, display = next(clip.frames(frame, frame + 1)), Display.of(clip)
    given = [read_matte(each.file, *clip.size) for each in selection.mattes if each.frame == frame]
    return [
        Candidate(
            obeyed(
                given[-1] if given else refined(each.mask, picture, working[frame], display),
                selection,
                frame,
            ),
            frame,
            each.score,
            what_of(each, found),
            {"edges": each.on_edges},
        )
        for each in found
    ]


class _Following:
    """The silhouettes of all frames while they are found."""

    def __init__(self, working: Working, selection: Selection, run: Run) -> None:
        self._working, self._selection, self._run = working, selection, run
        self._carrier = Carrier(working)
        self._seeds = {frame: seeds_of(selection, frame, working) for frame in selection.frames}
        self._masks: dict[int, PackedMask] = {}
        self.confidence = [0.0] * working.length
        self._done = 0

    def __getitem__(self, frame: int) -> Mask:
        return self._masks[frame].mask()

    @property
    def first(self) -> int:
        """The frame that says most."""
        return min(self._seeds, key=lambda frame: (-self._seeds[frame].weight, frame))

    def choices(self) -> list[Guess]:
        """What may be meant in the first frame.

        Raises:
            OpenVoidError: fewer than the number of the candidate that was chosen.
        """
        return asked_for(self.offered(self.first, self._seeds[self.first]), self._selection)

    def begin(self) -> None:
        """From the frame that says most to both ends."""
        first = self.first
        self._run.progress("follow", 0, self._working.length)
        chosen = self.choices()[self._selection.candidate - 1]
        mask, sure = chosen.mask, chosen.score
        self._keep(first, Step(mask, sure))
        memory = remember(self._working.lab(first), mask)
        for direction, end in ((1, self._working.length), (-1, -1)):
            self._sweep(first, end, direction, Step(mask, sure), memory)
        self._run.progress("follow", self._working.length, self._working.length)

    def _grown(self, frame: int, seeds: Seeds) -> tuple[Mask, float]:
        best = self.offered(frame, seeds)[0]
        return best.mask, best.score

    def offered(self, frame: int, seeds: Seeds) -> list[Guess]:
        """What the marks of a frame may mean, best first."""
        hint: Any = cv2.GaussianBlur(seeds.sure.astype(np.float32), (0, 0), 3)
        if seeds.box is not None:
            depth = cv2.distanceTransform(seeds.box.astype(np.uint8), cv2.DIST_L2, 3)
            hint = np.maximum(hint, depth > 0.5 * depth.max()).astype(np.float32)
        motion = self._carrier.motion(frame, hint, LASTING)
        return hypotheses(self._working.lab(frame), seeds, motion)

    def _sweep(self, start: int, end: int, way: int, step: Step, memory: Memory) -> None:
        """Carry from `start` up to, without, `end`; marked frames on the way correct."""
        last_mark = start
        for frame in range(start + way, end, way):
            gone = not step.mask.any()
            step = self._carrier.step(
                frame - way, frame, step, memory, self._farther(frame, last_mark, way)
            )
            memory = self._recalled(frame, step, memory, gone)
            if frame in self._seeds:
                step, wrong = self._corrected(frame, step)
                memory = (
                    remember(self._working.lab(frame), step.mask) if step.mask.any() else memory
                )
                if wrong:
                    self._mend(frame, last_mark, -way, step, memory)
                last_mark = frame
            self._keep(frame, step)

    def _farther(self, frame: int, last_mark: int, way: int) -> dict[int, Mask]:
        """Silhouettes that are known besides the neighbour's: at the last mark, and between."""
        found = (
            {last_mark, frame - way * FARTHER} if abs(frame - last_mark) > FARTHER else {last_mark}
        )
        return {each: self[each] for each in sorted(found) if each != frame - way}

    def _recalled(self, frame: int, step: Step, memory: Memory, gone: bool) -> Memory:
        """Memory after a step: the usual area; what is like the object in the first empty frame."""
        if step.mask.any():
            return replace(memory.renewed(int(np.count_nonzero(step.mask))), absent=None)
        if not gone:
            return replace(memory, absent=looks_like(self._working.lab(frame), memory))
        return memory

    def _corrected(self, frame: int, step: Step) -> tuple[Step, bool]:
        """What is carried, made to agree with the marks of a frame; and whether it did not."""
        seeds = self._seeds[frame]
        if seeds.matte is not None or not step.mask.any():
            if seeds.matte is None and seeds.box is None and not seeds.spots:
                return step, False
            return Step(*self._grown(frame, seeds)), True
        if seeds.box is not None and not _fits(step.mask, seeds.box):
            return Step(*self._grown(frame, seeds)), True
        missing = seeds.sure & ~step.mask
        extra = seeds.never & step.mask
        mask = step.mask.copy()
        if missing.any():
            lacking = tuple(spot for spot in seeds.spots if not step.mask[_at(spot, mask)])
            lacking = lacking or seeds.spots
            mask |= self._grown(frame, replace(seeds, spots=lacking, box=None))[0]
        if extra.any():
            rows, columns = np.nonzero(extra)
            middle = ((float(columns.mean()), float(rows.mean())),)
            turned = Seeds(seeds.never, seeds.sure, None, None, middle)
            mask &= ~self._grown(frame, turned)[0]
        mask = (mask | seeds.sure) & ~seeds.never
        wrong = bool(missing.any() or extra.any())
        return Step(mask, max(step.confidence, 0.9 if not wrong else 0.8)), wrong

    def _mend(self, start: int, end: int, way: int, step: Step, memory: Memory) -> None:
        """Carry a correction back to the last marked frame; the nearer mark counts more."""
        span, corrected = abs(end - start), step.mask
        for frame in range(start + way, end, way):
            farther = {start: corrected} if frame != start + way else {}
            step = self._carrier.step(frame - way, frame, step, memory, farther)
            weight = abs(end - frame) / span
            old = self[frame]
            both = (1 - weight) * signed_distance(old) + weight * signed_distance(step.mask)
            agree = 0.5 + 0.5 * overlap(old, step.mask)
            self._keep(frame, Step(both > 0, step.confidence * agree))

    def _keep(self, frame: int, step: Step) -> None:
        self._done += frame not in self._masks
        self._masks[frame] = PackedMask.of(step.mask)
        self.confidence[frame] = step.confidence
        self._run.progress("follow", self._done, self._working.length)


def native(
    clip: Clip, working: Working, masks: Callable[[int], Mask], selection: Selection
) -> Iterator[Silhouette]:
    """Native silhouettes, in order; mattes as they were given."""
    given = {matte.frame: matte.file for matte in selection.mattes}
    display = Display.of(clip)
    for frame, picture in enumerate(clip.frames()):
        if frame in given:
            mask = read_matte(given[frame], clip.height, clip.width)
        else:
            mask = refined(masks(frame), picture, working[frame], display)
        yield obeyed(mask, selection, frame)


def _fits(mask: Mask, box: Mask) -> bool:
    """Whether a silhouette is about what a box is drawn around."""
    inside = np.count_nonzero(mask & box)
    rows, columns = np.nonzero(mask & box)
    if inside < 0.9 * np.count_nonzero(mask):
        return False
    spans = (int(np.ptp(rows)) + 1) * (int(np.ptp(columns)) + 1)
    return bool(spans > 0.6 * np.count_nonzero(box))


def _at(spot: tuple[float, float], mask: NDArray[Any]) -> tuple[int, int]:
    x, y = spot
    return (
        min(mask.shape[0] - 1, max(0, round(y))),
        min(mask.shape[1] - 1, max(0, round(x))),
    )
