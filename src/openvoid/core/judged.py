"""What a metric is given: a result, the truth, and what is known about the scene.

Enters: clips of one size and length, the quadmask, the things that go another way. Leaves: nothing;
metrics read it. Knows no files: `evaluate.shots` opens them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip
from openvoid.core.quadmask import Quadmask


@dataclass(frozen=True)
class Moved:
    """A thing whose course differs once the object is gone, in the true picture without it.

    `masks[t]` [H, W] is where it is seen in frame t of the truth, empty where it is hidden;
    `centres_px` [T, 2] is its true centre (x, y), NaN where it is not seen.
    """

    name: str
    masks: Sequence[NDArray[np.bool_]]
    centres_px: NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A result beside the truth. All clips and the quadmask have the same frames and size."""

    result: Clip
    truth: Clip
    source: Clip  # with the object still in it
    quadmask: Quadmask
    moved: tuple[Moved, ...] = ()
