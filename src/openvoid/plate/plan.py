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

from collections.abc import Iterator

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
AGE_WITH_DEPTH = 0.06  # the same where the camera's own travel changes what is seen
SHIFT = 0.4  # cost of a picture width of distance between the two cameras
BESIDE = 0.02  # share of the hole for which a frame of distance is gone
AT_ONCE = 128  # frames whose costs are worked out at once
JUMPED, RAN, STOOD = 0, 1, 3  # how a path comes to a donor; `RAN`, `STOOD` + the direction before
WORTH = 0.004  # a further take must cover at least this share of a frame's hole


def plan(
    needed: NDArray[np.bool_],
    shown: NDArray[np.bool_],
    places: NDArray[np.float64],
    age: float = AGE,
) -> Donors:
    """Donor frames [T, rounds] of every frame, best first, -1 where there is none.

    Args:
        needed, shown: [T, cells], as `survey` gives them.
        places: [T, 2] where the middle of each frame lies in the world, in picture widths.
        age: cost of a frame of distance in time.
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
            costs = _costs(need, give, size[start:stop], start - low, places[low:high], age)
            before = None if entry is None else (entry[0] - low, entry[1])
            active = np.asarray(need.any(axis=1))
            path, entry = _cheapest(costs, len(give), before, active)
            gain = (need * give[path]).sum(axis=1) / size[start:stop]
            donors[start:stop, turn] = np.where(gain >= WORTH, path + low, -1)
            entry = (entry[0] + low, entry[1])
        used = donors[:, turn] >= 0
        if not used.any():
            return donors[:, : max(turn, 1)]
        open_cells[used] &= ~shown[donors[used, turn]]
    return donors


def beside(donors: Donors, needed: NDArray[np.bool_], shown: NDArray[np.bool_]) -> Donors:
    """Donors with one more from before and one from behind every frame, where there are such.

    Where near hides far, a frame on either side sees past it. The nearest are taken that show most.
    """
    count = len(donors)
    more = np.full((count, 2), -1, np.int32)
    frames = np.arange(count)
    for index in range(count):
        if not needed[index].any():
            continue
        covers = shown[:, needed[index]].mean(axis=1) - BESIDE * np.abs(frames - index)
        for side, there in enumerate((frames < index, frames > index)):
            if there.any():
                best = int(np.where(there, covers, -np.inf).argmax())
                more[index, side] = -1 if best in donors[index] else best
    return np.concatenate([donors, more], axis=1)


def _costs(
    need: NDArray[np.float32],
    give: NDArray[np.float32],
    size: NDArray[np.int64],
    first: int,
    places: NDArray[np.float64],
    age: float,
) -> Iterator[NDArray[np.float32]]:
    """Cost [donors] of taking each donor frame, for one target frame after another.

    A few are worked out at once: all would be the memory of a clip.

    Args:
        need, give: [targets, cells] and [donors, cells].
        size: [targets] how many cells each hole has.
        first: which of the donors the first target is.
        places: [donors, 2].
    """
    donors = np.arange(len(give))
    for start in range(0, len(need), AT_ONCE):
        shared = need[start : start + AT_ONCE] @ give.T  # cells, so whole numbers
        for row, covered in enumerate(shared, start):
            left = (need[row].sum() - covered) / size[row]
            away = np.abs(first + row - donors)
            shift = np.linalg.norm(places[first + row] - places, axis=-1)
            yield (UNCOVERED * left + age * away + SHIFT * shift).astype(np.float32)


def _cheapest(
    costs: Iterator[NDArray[np.float32]],
    states: int,
    entry: tuple[int, int] | None,
    active: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], tuple[int, int]]:
    """The cheapest path through the `costs` [donors] of targets; see there.

    `entry` and the exit are (donor, direction). Direction 0 runs forward in time, 1 backward.
    `entry` is where the path came from. Targets that are not `active` need nothing: they cost
    nothing, and the path may change there freely.
    """
    count = len(active)
    total = np.full((2, states), np.inf, np.float32)
    if entry is None:
        total[:] = 0.0
    else:
        total[entry[1], np.clip(entry[0], 0, states - 1)] = 0.0
    came = np.full((count, 2, states), JUMPED, np.uint8)
    leapt = np.zeros(count, np.int64)  # from where a jump comes: direction * states + donor
    for row, cost in enumerate(costs):
        leapt[row] = int(total.argmin())
        if not active[row]:
            total = np.full((2, states), total.min(), np.float32)
            continue
        best = np.full((2, states), total.min() + JUMP, np.float32)
        for now, step in ((0, 1), (1, -1)):
            for before in (0, 1):
                moved = np.full(states, np.inf, np.float32)
                to, source = (
                    (slice(1, None), slice(-1)) if step == 1 else (slice(-1), slice(1, None))
                )
                moved[to] = total[before, source] + TURN * (now != before)
                _improve(best[now], came[row, now], moved, RAN + before)
                stood = total[before] + STAND + TURN * (now != before)
                _improve(best[now], came[row, now], stood, STOOD + before)
        if row == 0 and entry is None:
            best[:] = 0.0
        total = best + cost
    path = np.zeros(count, np.int64)
    direction, donor = divmod(int(total.argmin()), states)
    leave = donor, direction
    for row in range(count - 1, -1, -1):
        path[row] = donor
        how = int(came[row, direction, donor])
        if how == JUMPED:
            direction, donor = divmod(int(leapt[row]), states)
        elif how >= STOOD:
            direction = how - STOOD
        else:
            direction, donor = how - RAN, donor + (1 if direction else -1)
    return path, leave


def _improve(
    best: NDArray[np.float32],
    came: NDArray[np.uint8],
    candidate: NDArray[np.float32],
    how: int,
) -> None:
    better = candidate < best
    best[better] = candidate[better]
    came[better] = how
