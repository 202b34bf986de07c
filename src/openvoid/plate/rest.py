"""Rest: what of the kept region is background, and which look of a place a hole asks for.

Enters: a survey's frames, and which cells of the world each shows and needs. Leaves: the cells in
which something only passes through, and for places that have had several looks (a box that is
pushed away, a cup that is put down) which look each frame shows and which one belongs there while
the place is hidden: the nearest in time, and where an effect hides it the last before it began.
Knows nothing of donors, and no pixels at the clip's own size.

A thing passes if the cells that differ from their usual look keep changing along their outline.
What differs and stays as it is for a few frames is at rest: background for as long as it lies
there, and for ever after where what moves it is the effect itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.masks import largest, nanmedian, touching

CONSENSUS_FRAMES = 64  # frames from which the usual look of a cell is taken
CALM_FRAMES = 24  # of those, from which it is taken how much a cell changes anyway
SELDOM = 0.12  # a cell shown in a smaller share of the frames has no usual look
AROUND = 4  # cells around the hole in which what passes is looked for
TRANSIENT = 0.06  # a cell this far (0..1) from its usual look has another one
REST_FRAMES = 3  # what stays for so long rests
CHANGING = 0.04  # a cell whose picture differs this much (0..1) after that time does not stay
OUTLINE = 0.25  # of a thing's outline, in cells: where so much of it changes, it moves
LOOKS = 6  # of one cell at most; what has more of them never rests

Colors = NDArray[np.float32]  # [cells, 3]; NaN where a frame does not show the cell
Cells = NDArray[np.bool_]  # [T, cells]


@dataclass(frozen=True)
class Looks:
    """The places that have had several looks."""

    cells: NDArray[np.int64]  # [n] their numbers
    now: NDArray[np.int8]  # [T, n] the look that a frame shows; -1 where it shows none at rest
    right: NDArray[np.int8]  # [T, n] the look that belongs there

    def differs(self, target: int, donor: int, count: int) -> NDArray[np.bool_]:
        """[count] cells that look otherwise in the donor than they should in the target."""
        found = np.zeros(count, bool)
        if len(self.cells):
            found[self.cells] = self.now[donor] != self.right[target]
        return found

    def columns(self, needed: Cells, shown: Cells) -> tuple[Cells, Cells]:
        """`needed` and `shown` with a column of its own for each look of a place.

        So that whoever asks for a place gets it from frames that show the look that is right.
        """
        if not len(self.cells):
            return needed, shown
        places, numbers = np.nonzero(
            [
                [(self.now[:, at] == look).any() for look in range(LOOKS)]
                for at in range(len(self.cells))
            ]
        )
        plain = np.ones(needed.shape[1], bool)
        plain[self.cells] = False
        asked = needed[:, self.cells[places]] & (self.right[:, places] == numbers)
        given = shown[:, self.cells[places]] & (self.now[:, places] == numbers)
        return np.hstack([needed[:, plain], asked]), np.hstack([shown[:, plain], given])


NOTHING = Looks(np.zeros(0, np.int64), *np.zeros((2, 0, 0), np.int8))


@dataclass(frozen=True)
class Sight:
    """How cells are looked at."""

    grid: tuple[int, int]  # rows, columns
    colors: Callable[[int], Colors]  # of a frame's cells, whether it shows them or not
    change: Callable[[int, int], NDArray[np.float32]]  # [cells] between two frames


def passing_and_looks(
    sight: Sight, shown: Cells, needed: Cells, affected: Cells
) -> tuple[Cells, Looks]:
    """The cells [T, cells] in which something passes, and the looks of those where it rests."""
    usual = _Usual.of(sight, shown, np.asarray(needed.any(axis=0)))
    passing = np.zeros_like(shown)
    cells = np.flatnonzero(needed.any(axis=0))
    now = np.full((len(shown), len(cells)), -1, np.int8)
    known = np.full((LOOKS, len(cells), 3), np.nan, np.float32)
    known[0] = usual.colors[cells]
    spared = _before_effects(needed, affected)
    for index in range(len(shown)):
        colors = usual.exposed(index)
        passing[index] = usual.passing(index, colors, spared[index])
        rests = shown[index, cells] & ~passing[index, cells]
        now[index] = _numbered(known, colors[cells], usual.most[cells], rests)
    passing[:, cells] |= shown[:, cells] & (now < 0)
    several = np.array([len(np.unique(row[row >= 0])) > 1 for row in now.T], bool)
    cells, now = cells[several], np.ascontiguousarray(now[:, several])
    return passing, Looks(cells, now, _right(now, needed[:, cells], affected[:, cells]))


def _before_effects(needed: Cells, affected: Cells) -> Cells:
    """Which cells are shown from the clip's beginning until an effect hides them.

    What is seen only once the object was there may be something before it.
    """
    found = np.zeros_like(needed)
    struck = np.zeros(needed.shape[1], bool)  # whether an effect hides the cell, until it is seen
    for index in reversed(range(len(needed) - 1)):
        hidden, next_hidden = needed[index], needed[index + 1]
        struck = np.where(next_hidden, affected[index + 1] | struck, struck & ~hidden)
        found[index] = ~hidden & struck
    return found & ~np.logical_or.accumulate(needed, axis=0)


def _numbered(
    known: NDArray[np.float32], colors: Colors, most: NDArray[np.float32], rests: NDArray[np.bool_]
) -> NDArray[np.int8]:
    """Which of the `known` looks [LOOKS, n, 3] each cell has, -1 where it does not rest.

    A new look is added to them; one that is seen again may drift, but for the usual one.
    """
    away = largest(np.abs(known - colors))
    away[np.isnan(away)] = np.inf
    best = away.argmin(axis=0)
    each = np.arange(len(best))
    near = away[best, each] <= most
    free = np.isnan(known[..., 0])
    new = rests & ~near & free.any(axis=0)
    best = np.where(new, free.argmax(axis=0), best)
    drifts = rests & near & (best > 0)
    known[best[new], each[new]] = colors[new]
    known[best[drifts], each[drifts]] = (known[best, each][drifts] + colors[drifts]) / 2
    return np.where(rests & (near | new), best, -1).astype(np.int8)


def _right(now: NDArray[np.int8], needed: Cells, affected: Cells) -> NDArray[np.int8]:
    """The look [T, n] that belongs in each place while it is hidden: the nearest that rested.

    Where an effect hides it, anywhere between two times at which it is shown, the one before. Where
    it looks otherwise before than after, what came or went unseen is a thing for itself: the usual.
    """
    lasts, struck = _lasting(now), needed & affected
    before, after = _Carried.start(now), _Carried.start(now)
    for index in range(len(now)):
        before.step(index, index - 1, now[index], lasts[index], struck[index])
    for index in reversed(range(len(now))):
        after.step(index, index + 1, now[index], lasts[index], struck[index])
    effect = before.struck | after.struck
    first = (before.gap <= after.gap) | effect
    right = np.where((before.look >= 0) & (first | (after.look < 0)), before.look, after.look)
    usual = (before.look != after.look) & (now == 0).any(axis=0) & ~effect
    return np.where(usual, np.int8(0), right)


def _lasting(now: NDArray[np.int8]) -> NDArray[np.int32]:
    """For how many frames [T, n] a place looks as it does, those in which it is hidden left out."""
    count, last = (now >= 0).astype(np.int32), now[0].copy()
    same = np.zeros(now.shape, bool)  # as in the frame before
    for index in range(1, len(now)):
        rests = now[index] >= 0
        same[index] = ~rests | (now[index] == last)
        count[index] += np.where(same[index], count[index - 1], 0)
        last = np.where(rests, now[index], last)
    for index in reversed(range(len(now) - 1)):
        count[index] = np.where(same[index + 1], count[index + 1], count[index])
    return count


@dataclass(frozen=True)
class _Carried:
    """The last look that rested, carried through time one way."""

    look: NDArray[np.int8]  # [T, n], -1 for none
    lasts: NDArray[np.int32]  # for how long it was there
    gap: NDArray[np.int32]  # frames since
    struck: Cells  # whether an effect hides the place, and has not let go of it

    @classmethod
    def start(cls, now: NDArray[np.int8]) -> _Carried:
        none, zero = np.full(now.shape, -1, np.int8), np.zeros(now.shape, np.int32)
        return cls(none, zero, zero.copy(), np.zeros(now.shape, bool))

    def step(
        self,
        index: int,
        last: int,
        now: NDArray[np.int8],
        lasts: NDArray[np.int32],
        struck: NDArray[np.bool_],
    ) -> None:
        """To a frame from the `last`. What did not stay is carried only for want of better."""
        if not 0 <= last < len(self.look):
            self.look[index], self.lasts[index], self.struck[index] = now, lasts, struck
            return
        shown = now >= 0
        new = shown & ((lasts > REST_FRAMES) | (lasts > self.lasts[last]))
        same = shown & (now == self.look[last])
        self.look[index] = np.where(new, now, self.look[last])
        self.lasts[index] = np.where(new, lasts, self.lasts[last])
        self.gap[index] = np.where(new | same, 0, self.gap[last] + 1)
        self.struck[index] = ~shown & (self.struck[last] | struck)


@dataclass(frozen=True)
class _Usual:
    """What each cell mostly looks like, each frame brought to the same exposure."""

    sight: Sight
    shown: Cells
    wanted: NDArray[np.bool_]  # [cells] around the hole
    seldom: NDArray[np.bool_]  # [cells] that have no usual look
    colors: Colors
    most: NDArray[np.float32]  # [cells] how far from it is still the same
    calm: NDArray[np.float32]  # [cells] how much of a change in `REST_FRAMES` is none
    _changes: dict[tuple[int, int], NDArray[np.float32]] = field(default_factory=dict)

    @classmethod
    def of(cls, sight: Sight, shown: Cells, needed: NDArray[np.bool_]) -> _Usual:
        count = len(shown)
        around = np.ones((2 * AROUND + 1, 2 * AROUND + 1), np.uint8)
        wanted = cv2.dilate(needed.reshape(sight.grid).astype(np.uint8), around).ravel() > 0
        picked = np.linspace(0, count - 1, min(count, CONSENSUS_FRAMES)).round().astype(int)
        picked = np.unique(picked)
        looks = np.stack([sight.colors(index) for index in picked])  # [K, cells, 3]
        looks[~shown[picked]] = np.nan
        usual = nanmedian(looks)
        gains = np.stack([_gain(colors, usual) for colors in looks])
        usual = nanmedian(looks * gains[:, None])
        off = np.abs(looks * gains[:, None] - usual)
        restless = 3 * largest(nanmedian(off))
        seldom = np.isfinite(looks[..., 0]).sum(axis=0) < max(5, SELDOM * len(picked))
        most = np.fmax(TRANSIENT, restless)
        found = cls(sight, shown, wanted, seldom, usual, most, np.zeros_like(most))
        some = np.arange(len(picked))[:: -(-len(picked) // CALM_FRAMES)]
        changes = np.stack([found._change(index, REST_FRAMES) for index in picked[some]])
        changes[largest(off[some]) > most] = np.nan  # what it changes by while it looks as usual
        calm = 3 * _lower_quartile(changes)
        return replace(found, calm=np.fmax(CHANGING, calm))

    def exposed(self, index: int) -> Colors:
        """A frame's colours as if it were exposed as usual; NaN where it does not show them."""
        colors = np.where(self.shown[index][:, None], self.sight.colors(index), np.nan)
        return colors * _gain(colors, self.colors)

    def passing(self, index: int, colors: Colors, spared: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """[cells] in which a frame shows something that only passes through.

        A cell that is seldom shown belongs to it if it touches that, unless it is `spared`.
        """
        off = largest(np.abs(colors - self.colors))
        moved = (off > self.most) & ~self.seldom & self.wanted
        if not moved.any():
            return moved
        grid = self.sight.grid
        moved = _moving(moved.reshape(grid), self._stays(index))
        unsure = (self.seldom & self.wanted & ~spared).reshape(grid)
        return touching(moved | unsure, moved).ravel()

    def _stays(self, index: int) -> list[NDArray[np.float32]]:
        """How much each cell [rows, columns] changes in the stretches with the frame in them.

        Each lasts `REST_FRAMES` and lies in the clip. Above 1 is a change; NaN is not known.
        """
        stays = []
        for start in range(index - REST_FRAMES, index + 1):
            if start >= 0 and start + REST_FRAMES < len(self.shown):
                others = [start + step - index for step in range(REST_FRAMES + 1)]
                changes = [self._change(index, away) for away in others if away]
                change = largest(np.stack(changes, axis=-1)) / self.calm
                stays.append(np.asarray(change, np.float32).reshape(self.sight.grid))
        return stays

    def _change(self, index: int, away: int) -> NDArray[np.float32]:
        """How much cells differ from a frame to one so many on; NaN where either hides them."""
        one, other = sorted((index, index + away))
        if other >= len(self.shown):
            return np.full_like(self.most, np.nan)
        if (one, other) not in self._changes:
            while len(self._changes) > REST_FRAMES * (REST_FRAMES + 1):
                self._changes.pop(next(iter(self._changes)))
            both = self.shown[one] & self.shown[other]
            change = self.sight.change(one, other)
            self._changes[one, other] = np.where(both, change, np.float32(np.nan))
        return self._changes[one, other]


def _moving(things: NDArray[np.bool_], changes: list[NDArray[np.float32]]) -> NDArray[np.bool_]:
    """Those of the `things` [rows, columns] that change along their outline, whenever it is known.

    What is hidden before it has been watched for long enough rests.
    """
    count, parts = cv2.connectedComponents(things.astype(np.uint8), connectivity=8)
    rim = things & (cv2.erode(things.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    whole = np.bincount(parts[rim], minlength=count)
    moves, stays = np.zeros(count, bool), np.zeros(count, bool)
    for change in changes:
        outline = np.bincount(parts[rim & np.isfinite(change)], minlength=count)
        changed = np.bincount(parts[things & (change > 1)], minlength=count)
        moved = changed >= np.maximum(1, OUTLINE * outline)
        moves |= moved
        stays |= ~moved & (outline >= np.maximum(1, OUTLINE * whole))
    moves &= ~stays
    moves[0] = False
    return np.asarray(moves[parts])


def _lower_quartile(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Over axis 0 of what is not NaN: of a place that something passes, more often than not."""
    ordered = np.sort(values, axis=0)  # NaN last
    at = np.maximum(np.isfinite(values).sum(axis=0) - 1, 0) // 4
    return np.asarray(np.take_along_axis(ordered, at[None], axis=0)[0], np.float32)


def _gain(colors: Colors, usual: Colors) -> NDArray[np.float32]:
    """What a frame's colours [cells, 3] are multiplied with to look as usual, per channel."""
    ratio = (usual + 0.02) / (colors + 0.02)
    gain = nanmedian(ratio)
    return np.where(np.isfinite(gain), gain, 1.0).astype(np.float32)
