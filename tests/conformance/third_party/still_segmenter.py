"""A third-party segmenter: a disc around each click, at the same place in every frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.selection import Selection
from openvoid.core.track import Track


class StillSegmenter:
    """Discs that never move."""

    name = "still"

    @dataclass(frozen=True)
    class Options:
        radius_px: float = option(6.0, "of the disc", low=0.0, high=1000.0)

    def __init__(self, options: Options) -> None:
        self.options = options

    def track(self, clip: Clip, selection: Selection, run: Run) -> Track:
        """Clicks alone count; one that is not positive cuts its disc out again."""
        rows, columns = np.mgrid[: clip.height, : clip.width]
        mask = np.zeros(clip.size, bool)
        for point in sorted(selection.points, key=lambda point: not point.positive):
            near = np.hypot(columns - int(point.x), rows - int(point.y)) < self.options.radius_px
            mask = mask | near if point.positive else mask & ~near
        frames = range(clip.length)
        return Track.of("disc", (mask for _ in run.track("disc", frames, len(frames))))
