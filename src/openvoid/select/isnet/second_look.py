"""The second look: what the network sees where a known thing is expected -> whether it is that.

Enters: a look, the silhouette that was carried there, what the thing looked like. Leaves: its
silhouette as the network sees it, and how sure it is that it is the same thing; or nothing. Knows
no time. Other things stand out too: a part counts where the carried silhouette is, and as far as
its colours are the thing's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.select.classical.appearance import Colours, Palette
from openvoid.select.classical.initial_silhouette import overlap
from openvoid.select.isnet.looks import Look, parts
from openvoid.select.seeds import Mask
from openvoid.vision.masks import grown, touching, without_holes

Map = NDArray[Any]  # [h, w] float32
HOLDS = 0.3  # of a part, or of what was carried, that they share: it belongs to the thing
LEAKS = 0.5  # of the carried area: what is new and so large is something else
BESIDE = 0.03  # of the root of its area: an edge that is this far from the carried one is an edge
CHUNK = 0.01  # of its area: smaller new parts are taken as they are
MOVES_OTHERWISE = -0.7  # log-odds, in the mean of a new part
SAME = 0.6  # IoU with what was carried that needs no other proof
LEAST = 0.25  # and that with the colours' proof
APPENDED = 0.25  # of the thing's area: a smaller part beside it may be its own
ALIKE = 0.5  # share of its first colour odds that it must still have
RETURNS, SIZES = 0.8, 2.5  # share of its colour odds, times its area: what was gone is back
CUT_SHARE = 0.04  # of the outline on the crop's sides: not seen whole
HOLE_SHARE = 0.002


@dataclass(frozen=True)
class Known:
    """What the thing looked like where it was marked."""

    colours: Colours
    odds: float  # mean over itself
    area_px: float
    parted: bool  # it had several parts

    @classmethod
    def of(cls, lab: NDArray[Any], mask: Mask) -> Known:
        """From the frame that was marked."""
        inside = mask.astype(np.float32)
        colours = Colours.of(Palette.of(lab), lab, inside, 1 - inside)
        odds = float(colours.odds(lab)[mask].mean()) if mask.any() else 0.0
        area = parts(mask)[1][1:]
        parted = bool(len(area) and area.max() < (1 - APPENDED / 2) * area.sum())
        return cls(colours, odds, float(area.sum()), parted)

    def alike(self, lab: NDArray[Any], mask: Mask) -> float:
        """How much of its colours a silhouette has: 1 as when it was marked, 0 or less: none."""
        if not mask.any() or self.odds <= 0:
            return 0.0
        return float(self.colours.odds(lab)[mask].mean()) / self.odds


def recognised(
    look: Look, carried: Mask, known: Known, lab: NDArray[Any], motion: Map | None = None
) -> tuple[Mask, float] | None:
    """The thing in a look, and how sure that is (0..1); None where it is not seen there.

    Args:
        motion: log-odds [h, w] that a pixel moves as what was carried does.
    """
    mask = _its_parts(look, carried, known, lab)
    if not mask.any() or look.cut_share(mask) > CUT_SHARE:
        return None
    mask = without_holes(_without_strange(mask, carried, known, lab, motion), HOLE_SHARE)
    same, alike = overlap(mask, carried), known.alike(lab, mask)
    if same < LEAST or (same < SAME and alike < ALIKE):
        return None
    return mask, float(np.clip(look.certainty(mask) * (0.4 + 0.6 * min(1.0, alike / ALIKE)), 0, 1))


def reappeared(look: Look, known: Known, lab: NDArray[Any]) -> Mask | None:
    """A thing that was gone, by its colours and size alone; None where no part is so much alike."""
    labels, area = parts(look.seen)
    best, most = 0, RETURNS
    for number in range(1, len(area)):
        if 1 / SIZES < area[number] / max(1.0, known.area_px) < SIZES:
            alike = known.alike(lab, labels == number)
            best, most = (number, alike) if alike > most else (best, most)
    mask = labels == best
    return mask if best and look.cut_share(mask) <= CUT_SHARE else None


def _its_parts(look: Look, carried: Mask, known: Known, lab: NDArray[Any]) -> Mask:
    """The part that is most likely the thing, with those that belong to it.

    A thing that was one part when it was marked stays one: another part that is large and stands
    apart is another thing, however long it was carried along.
    """
    labels, area = parts(look.seen)
    shared = np.bincount(labels[carried], minlength=len(area))
    near = (shared > HOLDS * area) | (shared > HOLDS * np.count_nonzero(carried))
    near[0] = False
    numbers = np.flatnonzero(near)
    if not len(numbers):
        return np.zeros_like(carried)
    alike = {each: max(0.02, known.alike(lab, labels == each)) for each in numbers}
    first = max(numbers, key=lambda each: (min(1.0, alike[each]) * shared[each], -each))
    kept = np.zeros(len(area), bool)
    kept[first] = True
    for each in numbers:
        belongs = known.parted or area[each] < APPENDED * area[first]
        kept[each] |= belongs and alike[each] > ALIKE
    return kept[labels]


def _without_strange(
    mask: Mask, carried: Mask, known: Known, lab: NDArray[Any], motion: Map | None
) -> Mask:
    """Without what hangs on: where nothing was carried, and it moves or looks as another thing."""
    area = np.count_nonzero(carried)
    reach = max(2, round(BESIDE * np.sqrt(area)))
    extra = mask & ~grown(carried, reach)
    odds = known.colours.odds(lab)
    labels, sizes = parts(extra)
    strange = np.zeros(len(sizes), bool)
    for number in range(1, len(sizes)):
        here = labels == number
        moves = motion is not None and float(motion[here].mean()) < MOVES_OTHERWISE
        large = sizes[number] > LEAKS * area
        strange[number] = sizes[number] > CHUNK * area and (
            moves or float(odds[here].mean()) < 0 or large
        )
    if not strange.any():
        return mask
    gone = grown(strange[labels], reach) & ~carried
    return touching(mask & ~gone, carried & mask)
