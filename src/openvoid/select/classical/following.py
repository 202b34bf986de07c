"""Follow: silhouettes that are known in some frames -> silhouettes in all.

Enters: a clip at working size, and what is known of the object: marks, or whole silhouettes.
Leaves: a silhouette a frame at working size, and how sure each is. The frame that says most is
begun with; from there both ways in time. A frame on the way that says something is held against
what is carried: where they contradict each other, it is corrected, and the correction is carried
back towards the last frame that said something, as far as it changes anything. Knows no files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from openvoid.core.packed import PackedMask
from openvoid.core.removal import Run
from openvoid.select.classical.background import Scene
from openvoid.select.classical.choices import asked_for
from openvoid.select.classical.doubt import sureness, sureness_of
from openvoid.select.classical.initial_silhouette import Guess, hypotheses, overlap
from openvoid.select.classical.outline import blended, signed_distance
from openvoid.select.classical.propagation import Carrier, Step
from openvoid.select.seeds import Mask, Seeds
from openvoid.vision.working import Working

FARTHER = 7  # frames: what was hidden for less than this is known at once when it is seen again
ANOTHER = 0.3  # overlap below which a correction is another thing, not another outline of the same
SETTLED = 0.95  # overlap from which a correction that is carried back changes nothing any more

Look = Callable[[int, Mask, float], Mask | None]


class Weighed(Protocol):
    """What says more or less of the object."""

    @property
    def weight(self) -> float:
        """How much: the frame that says most is begun with."""
        ...


class Marked(Weighed, Protocol):
    """What a frame says of the object."""

    def begun(self, scene: Scene, frame: int) -> tuple[Mask, float]:
        """The silhouette that it means by itself, and how sure that is."""
        ...

    def held(self, scene: Scene, frame: int, mask: Mask) -> Mask | None:
        """What is carried to it, corrected; None where it contradicts nothing."""
        ...


class Following:
    """The silhouettes of all frames while they are found."""

    def __init__(
        self,
        working: Working,
        marks: Mapping[int, Marked],
        run: Run,
        look: Look | None = None,
    ) -> None:
        """`look`: asked after each frame; what it gives instead is gone on from."""
        self.scene = Scene(working)
        self._working, self._marks, self._run, self._look = working, marks, run, look
        self._masks: dict[int, PackedMask] = {}
        self.confidence = [0.0] * working.length

    def __getitem__(self, frame: int) -> Mask:
        """The silhouette [h, w] of a frame, at working size."""
        return self._masks[frame].mask()

    def known(self, frame: int) -> Mask | None:
        """The same, None where it is not known yet."""
        return self._masks[frame].mask() if frame in self._masks else None

    @property
    def first(self) -> int:
        """The frame that says most."""
        return first_of(self._marks)

    def begin(self) -> None:
        """From the frame that says most to both ends."""
        first, length = self.first, self._working.length
        self._run.progress("follow", 0, length)
        mask, sure = self._marks[first].begun(self.scene, first)
        self._keep(first, mask, sure)
        for way, end in ((1, length), (-1, -1)):
            self._sweep(first, end, way, mask, sure)
        self._run.progress("follow", length, length)

    def _sweep(self, start: int, end: int, way: int, mask: Mask, sure: float) -> None:
        """Carry from `start` up to, without, `end`; marked frames on the way correct."""
        if start + way == end:
            return
        carrier, last, begun = Carrier(self.scene, start, mask, self.known), start, sure
        for frame in range(start + way, end, way):
            step = carrier.step(frame, self._farther(frame, last, way))
            mask, sure = step.mask, sureness(step, begun, abs(frame - last))
            if frame in self._marks:
                right = self._marks[frame].held(self.scene, frame, mask)
                sure = max(sure, MARKED)
                if right is not None:
                    self._mend(frame, last, -way, mask, right)
                    mask = right
                    carrier.anchor(frame, mask)
                last, begun = frame, sure
            elif self._look is not None:
                seen = self._look(frame, mask, sure)
                if seen is not None:
                    carrier.anchor(frame, seen)
                    mask, sure, last, begun = seen, MARKED, frame, MARKED
            self._keep(frame, mask, sure)

    def _farther(self, frame: int, last: int, way: int) -> dict[int, Mask]:
        """A silhouette that is known besides the neighbour's: at the last mark, or since."""
        away = min(FARTHER, abs(frame - last))
        other = frame - way * away
        return {other: self[other]} if away > 1 else {}

    def _mend(self, start: int, end: int, way: int, wrong: Mask, right: Mask) -> None:
        """Carry a correction back to the last marked frame, as far as it changes anything.

        Another outline of the same thing is blended in, the nearer mark counts more. Another thing
        altogether takes over where both ways meet; before that what was found stays.
        """
        carrier = Carrier(self.scene, start, right, lambda _: None)
        another = overlap(wrong, right) < ANOTHER
        found: dict[int, Step] = {}
        meeting, most = start, 0.0
        for frame in range(start + way, end, way):
            step = carrier.step(frame)
            found[frame] = step
            agreed = overlap(self[frame], step.mask) if step.mask.any() else 0.0
            if agreed > most:
                meeting, most = frame, agreed
            if agreed > SETTLED or (another and most > MEETING and agreed < most - MEETING / 2):
                break
        for frame, step in found.items():
            if another:
                if abs(frame - start) >= abs(meeting - start) and most > MEETING:
                    break
                nearer = abs(frame - start) <= abs(frame - end)
                if most > MEETING or nearer:
                    self._keep(frame, step.mask, sureness(step, MARKED, abs(frame - start)))
                continue
            weight = abs(end - frame) / abs(end - start)
            old = self[frame]
            sure = sureness(step, MARKED, abs(frame - start)) * (
                0.5 + 0.5 * overlap(old, step.mask)
            )
            self._keep(frame, blended(old, step.mask, weight), sure)

    def _keep(self, frame: int, mask: Mask, sure: float) -> None:
        self._masks[frame] = PackedMask.of(mask)
        self.confidence[frame] = float(np.clip(sure, 0, 1))
        self._run.progress("follow", len(self._masks), self._working.length)


MARKED = 0.9  # how sure a frame is that a person marked
MEETING = 0.3  # overlap from which two ways meet


def first_of(marks: Mapping[int, Weighed]) -> int:
    """The frame that says most; of equals the first."""
    return min(marks, key=lambda frame: (-marks[frame].weight, frame))


class Whole:
    """A whole silhouette of a frame, at working size: exactly this."""

    weight = 1e6

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def begun(self, scene: Scene, frame: int) -> tuple[Mask, float]:
        return self._mask, 1.0

    def held(self, scene: Scene, frame: int, mask: Mask) -> Mask | None:
        return self._mask


class Pointed:
    """The clicks, boxes, strokes and mattes of a frame."""

    def __init__(self, seeds: Seeds, candidate: int = 1, grow_to: str = "") -> None:
        self._seeds, self._candidate, self._grow_to = seeds, candidate, grow_to

    @property
    def weight(self) -> float:
        return self._seeds.weight

    def begun(self, scene: Scene, frame: int) -> tuple[Mask, float]:
        chosen = self.choices(scene, frame)[self._candidate - 1]
        return chosen.mask, sureness_of(chosen)

    def choices(self, scene: Scene, frame: int) -> list[Guess]:
        """What may be meant, best first.

        Raises:
            OpenVoidError: fewer than the number of the candidate that was chosen.
        """
        found = hypotheses(scene, frame, self._seeds)
        return asked_for(found, self._candidate, self._grow_to)

    def held(self, scene: Scene, frame: int, mask: Mask) -> Mask | None:
        seeds = self._seeds
        if seeds.matte is not None or not mask.any():
            if seeds.matte is None and seeds.box is None and not seeds.spots:
                return None
            return hypotheses(scene, frame, seeds)[0].mask
        if seeds.box is not None and not _fits(mask, seeds.box):
            return hypotheses(scene, frame, seeds)[0].mask
        missing, extra = seeds.sure & ~mask, seeds.never & mask
        if not (missing.any() or extra.any()):
            return None
        if extra.any() and missing.any() and not _near(seeds.sure, mask):
            return hypotheses(scene, frame, seeds)[0].mask  # it was followed to another thing
        if missing.any():
            lacking = tuple(spot for spot in seeds.spots if not mask[_at(spot, mask)])
            far = _deeper(~mask, seeds.sure & ~mask)
            more = replace(seeds, never=seeds.never | far, spots=lacking or seeds.spots, box=None)
            mask = mask | hypotheses(scene, frame, more)[0].mask
        if extra.any():
            rows, columns = np.nonzero(extra)
            middle = ((float(columns.mean()), float(rows.mean())),)
            turned = Seeds(seeds.never, seeds.sure | _deeper(mask, extra), None, None, middle)
            mask = mask & ~hypotheses(scene, frame, turned)[0].mask
        return (mask | seeds.sure) & ~seeds.never


def _deeper(mask: Mask, wrong: Mask) -> Mask:
    """What lies deeper in a region than a mark that says it is wrong: that is not meant, a part as
    thick as it is about the mark."""
    depth = signed_distance(mask)
    return depth > DEEPER * float(depth[wrong].max()) + DEEPER_PX


def _near(sure: Mask, mask: Mask) -> bool:
    """Whether what is marked touches a silhouette, or nearly."""
    return bool((signed_distance(mask)[sure] > -NEAR_PX).any())


NEAR_PX = 5.0
DEEPER, DEEPER_PX = 1.5, 2.0


def _fits(mask: Mask, box: Mask) -> bool:
    """Whether a silhouette is about what a box is drawn around."""
    inside = np.count_nonzero(mask & box)
    rows, columns = np.nonzero(mask & box)
    if inside < 0.9 * np.count_nonzero(mask):
        return False
    spans = (int(np.ptp(rows)) + 1) * (int(np.ptp(columns)) + 1)
    return bool(spans > 0.6 * np.count_nonzero(box))


def _at(spot: tuple[float, float], mask: Mask) -> tuple[int, int]:
    x, y = spot
    return (
        min(mask.shape[0] - 1, max(0, round(y))),
        min(mask.shape[1] - 1, max(0, round(x))),
    )
