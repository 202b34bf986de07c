"""What every family is given besides its random generator, and what every world of it shares.

Enters: the family's name, the seed, and the clip's size, length and rate. Leaves: a `Frame`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np


@dataclass(frozen=True)
class Frame:
    """The clip that is asked for."""

    family: str
    seed: int
    size: tuple[int, int]  # height, width
    frames: int
    rate: Fraction

    @property
    def duration_s(self) -> float:
        """From the first frame to the last."""
        return float((self.frames - 1) / self.rate)

    @property
    def times_s(self) -> np.ndarray:
        """[T]: when each frame is."""
        return np.arange(self.frames) / float(self.rate)
