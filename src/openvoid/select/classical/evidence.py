"""Evidence: what a measured number says about being the object, learnt where the answer is known.

Enters: a map of any number a pixel (how unlike the background it is, how much better the object's
motion explains it), and where the object was. Leaves: log-odds for that number elsewhere. So a cue
that tells nothing in this shot weighs nothing. Knows no pictures.

Two histograms, of inside and of outside near the object, each weighing the same (naive Bayes);
older frames fade.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.select.seeds import Mask

Map = NDArray[Any]  # [h, w] float32
BINS = 24
FADING = 0.8  # of what was learnt, for each frame that is learnt
FLOOR = 0.01  # share of either everywhere: what was never seen stays undecided
LIMIT = 2.5  # log-odds


class Evidence:
    """What one kind of number says."""

    def __init__(self, low: float, high: float) -> None:
        """Numbers from `low` to `high` are told apart, finer near zero."""
        edges = np.linspace(-1, 1, BINS - 1) if low < 0 else np.linspace(0, 1, BINS - 1)
        self._edges = (np.sign(edges) * edges**2 * high).astype(np.float32)
        self._count = np.zeros((2, BINS))

    @property
    def learnt(self) -> bool:
        return bool(self._count.any())

    def learn(self, values: Map, inside: Mask, outside: Mask) -> None:
        """From one frame: NaN is left out."""
        bins = self._bins(values)
        known = np.isfinite(values)
        self._count *= FADING
        for row, where in enumerate((inside & known, outside & known)):
            total = np.count_nonzero(where)
            if total:
                self._count[row] += np.bincount(bins[where], minlength=BINS) / total

    def odds(self, values: Map) -> Map:
        """Log-odds [h, w]; zero where the value is NaN or nothing was learnt."""
        if not self._count.any(axis=1).all():
            return np.zeros(values.shape, np.float32)
        share = self._count / self._count.sum(axis=1, keepdims=True)
        for _ in range(2):
            padded = np.pad(share, ((0, 0), (1, 1)), "edge")
            share = 0.25 * padded[:, :-2] + 0.5 * padded[:, 1:-1] + 0.25 * padded[:, 2:]
        told = np.log((share[0] + FLOOR) / (share[1] + FLOOR))
        table = np.clip(told, -LIMIT, LIMIT).astype(np.float32)
        return np.where(np.isfinite(values), table[self._bins(values)], np.float32(0))

    def _bins(self, values: Map) -> NDArray[np.int64]:
        return np.searchsorted(self._edges, np.nan_to_num(values))
