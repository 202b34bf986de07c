"""Following: from the marked frames to all others, looking again where it counts.

Enters: a working copy, marks, a network. Leaves: a silhouette and a confidence a frame. Knows
neither files nor native pixels.

`classical`'s carrier takes the silhouette from frame to frame; every few frames, and at once where
what is carried becomes doubtful, the network looks around it. A look that agrees in place and in
colours becomes a key: where it differs from what was carried, it is carried back and the two are
blended, the nearer key counting more, and where even they differ, the middle is looked at. A look
that does not agree changes nothing: what the network does not see, `classical` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from openvoid.core.box import Box, bounding_box
from openvoid.core.packed import PackedMask
from openvoid.core.removal import Run
from openvoid.core.selection import Selection
from openvoid.select.classical.background import Scene
from openvoid.select.classical.choices import asked_for
from openvoid.select.classical.doubt import sureness
from openvoid.select.classical.following import FARTHER, first_of
from openvoid.select.classical.initial_silhouette import (
    Guess,
    moves_along,
    overlap,
    unlike,
)
from openvoid.select.classical.initial_silhouette import hypotheses as without_network
from openvoid.select.classical.outline import at_edge, blended
from openvoid.select.classical.propagation import Carrier
from openvoid.select.isnet.first_look import agreeing, blurred, hypotheses
from openvoid.select.isnet.looks import Eye, Sees
from openvoid.select.isnet.second_look import Known, reappeared, recognised
from openvoid.select.seeds import Mask, Seeds, seeds_of
from openvoid.vision.working import Working

AGREES = 0.85  # IoU of look and carried silhouette from which nothing is carried back
MEETS = 0.92  # IoU of what is carried back and forth from which it need not be carried farther
APART = 0.7  # IoU of forward and backward below which the middle is looked at
NEAREST = 6  # frames between two keys, at least
JUMP, JUMP_A_FRAME = 1.3, 0.02  # times the key's area, or a part of it: looked at, at once
SHARE_OF_LOOKS = 20  # frames for each look after the first ones
AT_DOUBT = 1  # more, where both ways disagree
FEWEST_LOOKS = 2  # of them, however short the clip is
DOUBTED = 0.45  # trust in what the network, which saw it before, does not see any more
BLIND = (
    0.6  # trust in a silhouette that the network does not see, and an order behind those it does
)


@dataclass(frozen=True)
class Key:
    """A frame whose silhouette is known other than by carrying."""

    frame: int
    mask: Mask
    trust: float  # 0..1


class Following:
    """The silhouettes of all frames while they are found."""

    def __init__(
        self, working: Working, selection: Selection, network: Sees, every: int, run: Run
    ) -> None:
        self._working, self._selection, self._run = working, selection, run
        self._every = every
        self._scene, self._eye = Scene(working), Eye(network, working)
        self._seeds = {frame: seeds_of(selection, frame, working) for frame in selection.frames}
        self._masks: dict[int, PackedMask] = {}
        self._known: Known
        self._first_looks, self._reached, self._sees = 0, 0, False
        self.confidence = [0.0] * working.length

    @property
    def looks(self) -> int:
        """How often the network looked."""
        return self._eye.looks

    def _may_look(self, more: int = 0) -> bool:
        """Looks are for the whole clip: how many there may be grows with what is done of it."""
        allowed = FEWEST_LOOKS + self._reached // SHARE_OF_LOOKS + more
        return self._eye.looks - self._first_looks < allowed

    def __getitem__(self, frame: int) -> Mask:
        return self._masks[frame].mask()

    @property
    def first(self) -> int:
        """The frame that says most."""
        return first_of(self._seeds)

    def choices(self) -> list[Guess]:
        """What may be meant in the first frame: as the network sees it, then as `classical` does.

        Raises:
            OpenVoidError: fewer than the number of the candidate that was chosen.
        """
        selection = self._selection
        return asked_for(self._offered(self.first), selection.candidate, selection.grow_to)

    def begin(self) -> None:
        """From the frame that says most to both ends."""
        working = self._working
        first = self.first
        self._run.progress("follow", 0, working.length)
        chosen = self.choices()[self._selection.candidate - 1]
        key = Key(first, chosen.mask, chosen.score)
        self._first_looks = self._eye.looks
        lab = working.lab(first)
        self._known = Known.of(lab, key.mask)
        self._keep(key)
        for way, end in ((1, working.length - 1), (-1, 0)):
            self._sweep(key, end, way)
        self._run.progress("follow", working.length, working.length)

    # --- one frame --------------------------------------------------------------------------

    def _marked(self, frame: int, carried: Mask | None) -> Key:
        """The silhouette of a frame that bears marks."""
        seeds, lab = self._seeds[frame], self._working.lab(frame)
        if seeds.matte is None and carried is not None and carried.any():
            if not (seeds.spots or seeds.box is not None):
                look = self._eye.look(frame, self._eye.around(bounding_box(carried)))
                return Key(frame, agreeing(carried, look, seeds, lab), 0.9)
            found = self._look(Key(frame, carried | seeds.sure, 1.0))
            if found is not None and _obeys(found.mask, seeds):
                return Key(frame, found.mask, 1.0)
        best = self._offered(frame)[0]
        return Key(frame, self._joined(best.mask, carried, seeds), best.score)

    def _offered(self, frame: int) -> list[Guess]:
        """What the marks of a frame may mean, best first."""
        seeds, lab = self._seeds[frame], self._working.lab(frame)
        if seeds.matte is not None:
            return without_network(self._scene, frame, seeds)
        hint = blurred(seeds.sure if seeds.box is None else seeds.box & ~seeds.never)
        motion = moves_along(self._scene, frame, hint)
        seen = hypotheses(self._eye, frame, seeds, lab, None if seeds.box is not None else motion)
        if not self._selection.chooses and seen:
            return seen[:1]
        blind = [
            replace(each, score=BLIND * each.score)
            for each in without_network(self._scene, frame, seeds)
        ]
        return unlike([*seen, *blind])

    @staticmethod
    def _joined(mask: Mask, carried: Mask | None, seeds: Seeds) -> Mask:
        """A part that was clicked on is added to what it touches; another thing replaces it."""
        if carried is None or seeds.box is not None or not carried.any():
            return mask
        smaller = np.count_nonzero(mask) < 0.6 * np.count_nonzero(carried)
        touches = bool((bounding_box(mask).intersect(bounding_box(carried))).height)
        return (mask | carried) & ~seeds.never if smaller and touches else mask

    def _look(self, near: Key) -> Key | None:
        """What the network sees where a silhouette is expected; None where it is something else."""
        box, frame = bounding_box(near.mask), near.frame
        if box.empty:
            if not self._sees:
                return None
            look = self._eye.look(frame, Box(0, 0, *self._working.size))
            back = reappeared(look, self._known, self._working.lab(frame))
            return None if back is None else Key(frame, back, DOUBTED)
        look = self._eye.look(frame, self._eye.around(box))
        core = blurred(near.mask & look.seen if (near.mask & look.seen).any() else near.mask)
        motion = moves_along(self._scene, frame, core)
        found = recognised(look, near.mask, self._known, self._working.lab(frame), motion)
        self._sees = self._sees or found is not None
        return None if found is None else Key(frame, *found)

    # --- one way in time ----------------------------------------------------------------------

    def _sweep(self, key: Key, end: int, way: int) -> None:
        """From a key to an end of the clip, key by key."""
        carrier = Carrier(self._scene, key.frame, key.mask, self._done)
        span, place, steps, refused = self._every // 2, key, dict[int, Key](), 0
        while place.frame != end:
            stop = self._stop(place.frame, span, end, way)
            steps |= self._carried(carrier, key, stop, way, steps)
            place = steps[max(steps, key=lambda each: way * each)]
            if place.frame not in self._seeds and not self._may_look():
                span = NEAREST
                continue
            fresh = self._next(place, key, refused > 0)
            if fresh is None:
                refused += 1
                span = NEAREST if refused < 3 else self._every
                continue
            same = overlap(fresh.mask, place.mask)
            self._bridge(key, fresh, steps, doubted=refused > 0)
            carrier.anchor(fresh.frame, fresh.mask)
            span = min(self._every, 2 * span) if same >= AGREES else max(NEAREST, span // 2)
            key, place, steps, refused = fresh, fresh, {}, 0
        most = DOUBTED if refused and self._sees else 1.0
        for step in steps.values():
            self._keep(replace(step, trust=min(most, step.trust)))

    def _next(self, carried: Key, key: Key, again: bool) -> Key | None:
        """The key at a frame that was reached: by its marks, or by a look; None: go on from there.

        Args:
            key: the last one. again: whether a look was refused since.
        """
        if carried.frame in self._seeds:
            return self._marked(carried.frame, carried.mask)
        fresh = self._look(carried)
        if fresh is None or not carried.mask.any() or not _odd(fresh.mask, key, fresh.frame):
            return fresh
        return replace(fresh, trust=min(fresh.trust, DOUBTED)) if again else None

    def _stop(self, frame: int, span: int, end: int, way: int) -> int:
        """The next frame to look at: after a span, or a marked one before."""
        reach = frame + way * min(span, abs(end - frame))
        between = [
            each for each in self._seeds if 0 < way * (each - frame) <= way * (reach - frame)
        ]
        return min(between, key=lambda each: abs(each - frame), default=reach)

    def _carried(
        self,
        carrier: Carrier,
        key: Key,
        stop: int,
        way: int,
        before: Mapping[int, Key],
        meet: Mapping[int, Key] | None = None,
    ) -> dict[int, Key]:
        """Frame -> what is carried there, up to `stop`, or to where it becomes doubtful.

        Args:
            key: with which it was begun; before: what was carried since.
            meet: what was carried the other way; it ends where both agree.
        """
        steps = dict[int, Key]()
        for frame in range(carrier.frame + way, stop + way, way):
            gone, away = not carrier.mask.any(), abs(frame - key.frame)
            other = frame - way * min(FARTHER, away)
            known = {**before, **steps, key.frame: key}
            farther = {other: known[other].mask} if away > 1 and other in known else {}
            step = carrier.step(frame, farther)
            steps[frame] = Key(frame, step.mask, sureness(step, key.trust, away))
            self._reached = max(self._reached, len({*self._masks, *before, *steps}))
            self._run.progress("follow", self._reached, self._working.length)
            jumps = _odd(step.mask, key, frame) and len(steps) >= NEAREST // 2 and not before
            jumps |= gone and bool(step.mask.any())  # it may be back
            meets = meet is not None and overlap(step.mask, meet[frame].mask) >= MEETS
            if meets or (meet is None and jumps and self._may_look()):
                break
        return steps

    def _back(self, key: Key, stop: int, way: int, meet: Mapping[int, Key]) -> dict[int, Key]:
        """What is carried from a later key towards an earlier one, until both ways agree."""
        if not key.mask.any():
            return {}
        carrier = Carrier(self._scene, key.frame, key.mask, lambda _: None)
        return self._carried(carrier, key, stop, way, {}, meet)

    # --- between two keys ---------------------------------------------------------------------

    def _bridge(
        self, one: Key, other: Key, steps: Mapping[int, Key], *, doubted: bool = False
    ) -> None:
        """Keep what was carried between two keys; carry back from the second where it differs.

        Args:
            doubted: a look between them was refused: carry back in any case.
        """
        way, span = (1 if other.frame > one.frame else -1), abs(other.frame - one.frame)
        self._keep(other)
        inner = list(range(one.frame + way, other.frame, way))
        arrived = overlap(steps[other.frame].mask, other.mask) if other.frame in steps else 0.0
        back: Mapping[int, Key] = {}
        if inner and (doubted or arrived < AGREES):
            back = self._back(other, inner[0], -way, steps)
        returned = overlap(back[inner[0]].mask, one.mask) if inner and inner[0] in back else 1.0
        middle = inner[len(inner) // 2] if inner else one.frame
        if middle in back and overlap(steps[middle].mask, back[middle].mask) < APART:
            guess = blended(steps[middle].mask, back[middle].mask, _weight(0.5, arrived, returned))
            if span > NEAREST and self._may_look(AT_DOUBT) and guess.any():
                found = self._look(Key(middle, guess, 0.5))
                odd = found and all(_odd(found.mask, each, middle) for each in (one, other))
                if found is not None and not odd:
                    ways = (steps[middle], back[middle])  # a look like neither is doubtful
                    same = max(overlap(found.mask, each.mask) for each in ways)
                    found = replace(found, trust=min(found.trust, sure_of(same)))
                    both = {**steps, **back, other.frame: other}
                    again = self._back(found, other.frame, way, both)
                    self._bridge(one, found, steps)
                    self._bridge(found, other, {**steps, **back, **again})
                    return
        for frame in inner:
            near, mask, same = abs(frame - one.frame) / span, steps[frame].mask, 1.0
            if frame in back:
                same = 0.5 + 0.5 * overlap(mask, back[frame].mask)
                mask = blended(mask, back[frame].mask, _weight(near, arrived, returned))
            elif not back:
                same = arrived
            trust = ((1 - near) * one.trust + near * other.trust) * sure_of(same)
            if _odd(mask, one, frame) and _odd(mask, other, frame):
                trust = min(DOUBTED, trust)
            self._keep(Key(frame, mask, trust))

    def _done(self, frame: int) -> Mask | None:
        return self[frame] if frame in self._masks else None

    def _keep(self, key: Key) -> None:
        self._masks[key.frame] = PackedMask.of(key.mask)
        self.confidence[key.frame] = float(np.clip(key.trust, 0, 1))
        self._run.progress("follow", len(self._masks), self._working.length)


def sure_of(same: float) -> float:
    """A confidence of an agreement (IoU): one half where it is 0.7."""
    return float(np.clip(0.5 + 1.6 * (same - 0.7), 0.02, 1))


def _weight(near: float, arrived: float, returned: float) -> float:
    """How much the second key counts at a place between: as it is near, and came back well."""
    first, second = (1 - near) * arrived**4, near * returned**4
    return second / (first + second) if first + second > 0 else near


def _odd(mask: Mask, key: Key, frame: int) -> bool:
    """Whether it is much larger or smaller than at a key, and not because it enters or leaves."""
    if at_edge(mask) or at_edge(key.mask):
        return False
    times = float(np.count_nonzero(mask)) / max(1.0, float(np.count_nonzero(key.mask)))
    most = JUMP + JUMP_A_FRAME * abs(frame - key.frame)
    return not 1 / most < times < most


def _obeys(mask: Mask, seeds: Seeds) -> bool:
    """Whether a silhouette contradicts no mark."""
    held = bool(mask[seeds.sure].all()) and not (mask & seeds.never).any()
    if seeds.box is None or not held:
        return held
    return bool(np.count_nonzero(mask & ~seeds.box) < 0.05 * np.count_nonzero(mask))
