"""Plan: which frames lend their pixels to which.

Enters: per frame the world cells it needs and those it shows. Leaves: for every frame a short list
of donor frames, the first covering most. Knows no pixels.

A donor is not chosen frame by frame: the chosen donors form *takes*, stretches of the shot that run
along with the time of the hole (forward or backward, a frame a frame). So grain, water and leaves
keep living, there is no flicker, and seams stay where they are. The best take is found by dynamic
programming over time (Viterbi): cost of what stays uncovered, of distance, of turning, of jumping.
What the first take leaves uncovered is given to a second, and so on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Donors = NDArray[np.int32]

ROUNDS = 6  # at most so many donors a frame
CHUNK = 384  # frames planned at once
REACH = 576  # donors are looked for this far before and behind a chunk
UNCOVERED = 10.0  # cost of a hole left wholly uncovered, a frame
JUMP = 2.5  # cost of changing to another stretch: worth it for a quarter of the hole
TURN = 0.4  # cost of running the other way
STAND = 0.6  # cost of the same donor frame twice
AGE = 0.0008  # cost of a frame of distance in time
SHIFT = 0.4  # cost of a picture width of distance between the two cameras
WORTH = 0.004  # a further take must cover at least this share of a frame's hole


def plan(
    needed: NDArray[np.bool_], shown: NDArray[np.bool_], places: NDArray[np.float64]
) -> Donors:
    """Donor frames [T, rounds] of every frame, best first, -1 where there is none.

    Args:
        needed, shown: [T, cells], as `survey` gives them.
        places: [T, 2] where the middle of each frame lies in the world, in picture widths.
    """
    count = len(needed)
    donors = np.full((count, ROUNDS), -1, np.int32)
    open_cells = needed.copy()
    wanted = needed.any(axis=0)
    size = np.maximum(needed.sum(axis=1), 1)
    for turn in range(ROUNDS):
        entry: tuple[int, int] | None = None
        for start in range(0, count, CHUNK):
            stop = min(count, start + CHUNK)
            low, high = max(0, start - REACH), min(count, stop + REACH)
            need = open_cells[start:stop, wanted].astype(np.float32)
            give = shown[low:high, wanted].astype(np.float32)
            covered = (need @ give.T) / size[start:stop, None]
            cost = _cost(covered, need.sum(axis=1) / size[start:stop], start, low, places)
            before = None if entry is None else (entry[0] - low, entry[1])
            active = np.asarray(need.any(axis=1))
            path, entry = _cheapest(cost, before, active)
            gain = covered[np.arange(stop - start), path]
            donors[start:stop, turn] = np.where(gain >= WORTH, path + low, -1)
            entry = (entry[0] + low, entry[1])
        used = donors[:, turn] >= 0
        if not used.any():
            return donors[:, : max(turn, 1)]
        open_cells[used] &= ~shown[donors[used, turn]]
    return donors


def _cost(
    covered: NDArray[np.float32],
    left: NDArray[np.float64],
    start: int,
    low: int,
    places: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Cost [targets, donors] of taking each donor frame for each target frame."""
    donors = low + np.arange(covered.shape[1])
    cost = np.empty(covered.shape, np.float32)
    for row in range(len(cost)):  # one at a time: all at once would be the memory of a clip
        age = np.abs(start + row - donors)
        shift = np.linalg.norm(places[start + row] - places[donors], axis=-1)
        cost[row] = UNCOVERED * (left[row] - covered[row]) + AGE * age + SHIFT * shift
    return cost


def _cheapest(
    cost: NDArray[np.float32], entry: tuple[int, int] | None, active: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], tuple[int, int]]:
    """The cheapest path through [targets, donors]; `entry` and the exit are (donor, direction).

    Direction 0 runs forward in time, 1 backward. `entry` is where the path came from. Targets that
    are not `active` need nothing: they cost nothing, and the path may change there freely.
    """
    count, states = cost.shape
    total = np.full((2, states), np.inf, np.float32)
    if entry is None:
        total[:] = 0.0
    else:
        total[entry[1], np.clip(entry[0], 0, states - 1)] = 0.0
    small = np.int16 if 2 * states < 2**15 else np.int32
    back = np.zeros((count, 2, states), small)  # previous direction * states + donor
    every = np.arange(states)
    for row in range(count):
        cheapest = int(total.argmin())
        if not active[row]:
            back[row] = cheapest
            total = np.full((2, states), total.min(), np.float32)
            continue
        best = np.full((2, states), total.min() + JUMP, np.float32)
        origin = np.full((2, states), cheapest, np.int64)
        for now, step in ((0, 1), (1, -1)):
            for before in (0, 1):
                moved = np.full(states, np.inf, np.float32)
                target = every[1:] if step == 1 else every[:-1]
                moved[target] = total[before, target - step] + TURN * (now != before)
                _improve(best[now], origin[now], moved, before * states + every - step)
                stood = total[before] + STAND + TURN * (now != before)
                _improve(best[now], origin[now], stood, before * states + every)
        if row == 0 and entry is None:
            best[:] = 0.0
        total = best + cost[row]
        back[row] = origin
    path = np.zeros(count, np.int64)
    state = int(total.argmin())
    leave = (state % states, state // states)
    for row in range(count - 1, -1, -1):
        path[row] = state % states
        state = int(back[row, state // states, state % states])
    return path, leave


def _improve(
    best: NDArray[np.float32],
    origin: NDArray[np.int64],
    candidate: NDArray[np.float32],
    source: NDArray[np.int64],
) -> None:
    better = candidate < best
    best[better] = candidate[better]
    origin[better] = source[better]
