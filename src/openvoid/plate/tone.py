"""Tone: a donor that was exposed otherwise than its target, as in a flash or a lightning.

Enters: a donor's pixels and the target's, where both show the same. Leaves: the gain and the bias
that bring one to the other, where a smooth correction alone (`propagate`) would not: an offset
moves a picture's darks and lights alike, light does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvoid.plate.align import spread_over
from openvoid.vision.fitting import Image

FEWEST = 100  # pixels by which a tone is told
WHITE = 0.98  # what is brighter (of what the clip can hold) may be clipped, and tells nothing
PLAIN = 0.5  # it must leave at most this share of what an offset leaves
LEAST = 0.01  # an offset that leaves less (0..1) is good enough
OUTLIER = 3.0  # robust spreads


@dataclass(frozen=True)
class Tone:
    """`gain` [3] and `bias` [3] (in units of 1.0), and the most that the clip can hold."""

    gain: NDArray[np.float32]
    bias: NDArray[np.float32]
    most: float  # 1.0; inf for floating point

    def of(self, picture: Image, unit: float = 1.0) -> Image:
        """A donor's picture [h, w, 3] as the target would have been exposed."""
        shown = picture * self.gain + self.bias * np.float32(unit)
        return np.minimum(shown, np.float32(self.most * unit))


def tone_of(seen: Image, target: Image, both: NDArray[np.bool_], most: float) -> Tone | None:
    """The tone that leads from `seen` to `target` [h, w, 3]; None where an offset will do.

    The gain is the ratio of the spreads, so grain and a pixel's misfit do not lessen it as they
    lessen a regression's slope.
    """
    asked = spread_over(both)
    first, second = (each.reshape(-1, 3)[asked] for each in (seen, target))
    fits = [_line(first[:, c], second[:, c], WHITE * most) for c in range(first.shape[1])]
    known = [fit for fit in fits if fit is not None]
    if len(known) < len(fits):
        return None
    plain, left, gain, bias = np.transpose(known)
    if plain.max() < LEAST or not left.max() <= PLAIN * plain.max():
        return None
    return Tone(gain.astype(np.float32), bias.astype(np.float32), most)


def _line(first: Image, second: Image, white: float) -> tuple[float, float, float, float] | None:
    """Of one channel [n]: what an offset leaves, what gain and bias leave, the gain, the bias."""
    clear = (first < white) & (second < white)
    if np.count_nonzero(clear) < FEWEST:
        return None
    first, second = first[clear], second[clear]
    off = second - first
    plain = _spread(off)
    gain = _spread(second) / max(_spread(first), 1e-6)
    for _ in range(2):  # the second time without what does not fit
        off = second - gain * first
        bias = float(np.median(off))
        fits = np.abs(off - bias) <= OUTLIER * _spread(off) + LEAST
        gain = float(second[fits].std() / max(first[fits].std(), 1e-6))
    off = second - gain * first
    return plain, _spread(off), gain, float(np.median(off))


def _spread(values: Image) -> float:
    """Robust spread about the median."""
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
