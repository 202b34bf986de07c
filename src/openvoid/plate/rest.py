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
    for index in range(len(shown)):
        colors = usual.exposed(index)
        passing[index] = usual.passing(index, colors)
        rests = shown[index, cells] & ~passing[index, cells]
        now[index] = _numbered(known, colors[cells], usual.most[cells], rests)
    passing[:, cells] |= shown[:, cells] & (now < 0)
    several = np.array([len(np.unique(row[row >= 0])) > 1 for row in now.T], bool)
    cells, now = cells[several], np.ascontiguousarray(now[:, several])
    return passing, Looks(cells, now, _right(now, needed[:, cells], affected[:, cells]))


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
    """The look [T, n] that belongs in each place: what is shown, else the nearest that was.

    Where an effect hides it, anywhere between two times at which it is shown, the look before.
    """
    count = len(now)
    before, since = np.full(now.shape, -1, np.int8), np.zeros(now.shape, np.int32)
    after, until = np.full(now.shape, -1, np.int8), np.zeros(now.shape, np.int32)
    struck, will = np.zeros(now.shape, bool), np.zeros(now.shape, bool)
    for index in range(count):
        _carry(index, index - 1, now, needed & affected, before, since, struck)
    for index in reversed(range(count)):
        _carry(index, index + 1, now, needed & affected, after, until, will)
    first = (since <= until) | struck | will
    return np.where((before >= 0) & (first | (after < 0)), before, after)


def _carry(
    index: int,
    last: int,
    now: NDArray[np.int8],
    affected: Cells,
    look: NDArray[np.int8],
    gap: NDArray[np.int32],
    struck: Cells,
) -> None:
    """One step in time: the look last seen, how long ago, and whether an effect came since."""
    rests = now[index] >= 0
    if not 0 <= last < len(now):
        look[index], struck[index] = now[index], affected[index]
        return
    look[index] = np.where(rests, now[index], look[last])
    gap[index] = np.where(rests, 0, gap[last] + 1)
    struck[index] = ~rests & (struck[last] | affected[index])


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
        restless = 3 * largest(nanmedian(np.abs(looks * gains[:, None] - usual)))
        seldom = np.isfinite(looks[..., 0]).sum(axis=0) < max(5, SELDOM * len(picked))
        most = np.fmax(TRANSIENT, restless)
        found = cls(sight, shown, wanted, seldom, usual, most, np.zeros_like(most))
        changes = [found._change(index, REST_FRAMES) for index in picked]
        calm = 3 * nanmedian(np.stack(changes))
        return replace(found, calm=np.fmax(CHANGING, calm))

    def exposed(self, index: int) -> Colors:
        """A frame's colours as if it were exposed as usual; NaN where it does not show them."""
        colors = np.where(self.shown[index][:, None], self.sight.colors(index), np.nan)
        return colors * _gain(colors, self.colors)

    def passing(self, index: int, colors: Colors) -> NDArray[np.bool_]:
        """[cells] in which a frame shows something that only passes through.

        A cell that is seldom shown belongs to it if it touches that.
        """
        off = largest(np.abs(colors - self.colors))
        moved = (off > self.most) & ~self.seldom & self.wanted
        if not moved.any():
            return moved
        grid = self.sight.grid
        unsure = moved | (self.seldom & self.wanted & self.shown[index])
        things = touching(unsure.reshape(grid), moved.reshape(grid))
        stays = []  # the stretches of `REST_FRAMES` with the frame in them, inside the clip
        for start in range(index - REST_FRAMES, index + 1):
            if start >= 0 and start + REST_FRAMES < len(self.shown):
                others = [start + step - index for step in range(REST_FRAMES + 1)]
                changes = [self._change(index, away) for away in others if away]
                change = largest(np.stack(changes, axis=-1)) / self.calm
                stays.append(np.asarray(change, np.float32).reshape(grid))
        return _moving(things, stays).ravel()

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
    """Those of the `things` [rows, columns] that change along their outline, each time.

    A change above 1 is one; NaN is not known.
    """
    count, parts = cv2.connectedComponents(things.astype(np.uint8), connectivity=8)
    inner = cv2.erode(things.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    moves = np.ones(count, bool)
    for change in changes:
        outline = np.bincount(parts[things & ~inner & np.isfinite(change)], minlength=count)
        changed = np.bincount(parts[things & (change > 1)], minlength=count)
        moves &= changed >= np.maximum(1, OUTLINE * outline)
    moves[0] = False
    return np.asarray(moves[parts])


def _gain(colors: Colors, usual: Colors) -> NDArray[np.float32]:
    """What a frame's colours [cells, 3] are multiplied with to look as usual, per channel."""
    ratio = (usual + 0.02) / (colors + 0.02)
    gain = nanmedian(ratio)
    return np.where(np.isfinite(gain), gain, 1.0).astype(np.float32)
