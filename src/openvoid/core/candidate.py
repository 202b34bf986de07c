"""Candidate: one silhouette that a few marks may mean, and what speaks for it.

Enters: what a segmenter thinks of the marks on one frame. Leaves: the same as a value that can be
drawn, compared and chosen by its number (`Selection.candidate`). Knows no segmenter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.core.track import Silhouette


@dataclass(frozen=True, eq=False)
class Candidate:
    """A silhouette [H, W] bool at the clip's own size, in the frame that bears the marks."""

    silhouette: Silhouette
    frame: int  # counted from 0 at the clip's start
    score: float  # 0..1: how likely it is what was meant; the best one stands first
    what: str = "object"  # "part" of a thing, or the whole "object"
    cues: Mapping[str, float] = field(default_factory=dict)  # what speaks for it, 0..1 each

    def __post_init__(self) -> None:
        if self.silhouette.dtype != np.bool_ or self.silhouette.ndim != 2:
            shape = self.silhouette.shape
            raise OpenVoidError(f"a candidate is {self.silhouette.dtype} {shape}, not bool [H, W]")
        if not 0 <= self.score <= 1:
            raise OpenVoidError(f"a candidate's score is {self.score}, not from 0 to 1")
