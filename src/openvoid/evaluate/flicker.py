"""Flicker: does the result stand and move from frame to frame as the truth does?

Enters: a result beside the truth. Leaves: `flicker.hole` and `flicker.boundary`, the result's
flow-warped error over the truth's own (1: as calm as the truth; above: it boils; below: it is
frozen), and `flicker.levels`, how much of 255 the result's error exceeds the truth's in the hole.
Knows no engine.

Warping error as Lai et al. 2018 (Learning blind video temporal consistency, section 4.2), with the
truth's optical flow (DIS) for both sides: frame t - 1 is warped to t, and where the flow explains
the truth the mean absolute difference is taken. A thing that should move but does not counts too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.judged import Judged
from openvoid.core.plugins import option
from openvoid.core.quadmask import Region
from openvoid.core.removal import Run
from openvoid.evaluate.regions import LEAST_PIXELS, pairs, regions_of
from openvoid.vision.flow import PRESETS, Dis, Displacement, fetched, pixel_grid

EXPLAINED = 0.04  # of white: where the truth, warped, is farther off, the flow is wrong or occluded
FLOOR = 0.5 / 255  # added on both sides: renders without grain differ by nothing at all


class Flicker:
    """Flow-warped error from frame to frame, over the truth's own; 1 is as calm as the truth."""

    name = "flicker"
    better: ClassVar[Mapping[str, str]] = {
        "flicker.hole": "one",
        "flicker.boundary": "one",
        "flicker.levels": "lower",
    }

    @dataclass(frozen=True)
    class Options:
        flow: str = option("medium", "how carefully motion is found", choices=tuple(PRESETS))

    def __init__(self, options: Options) -> None:
        self.flow = Dis(options.flow)

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        sums = {"hole": np.zeros(3), "boundary": np.zeros(3)}  # result, truth, pixels
        before: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
        for result, truth, labels in pairs(judged):
            if before is not None:
                back = backward_flow(self.flow, before[1], truth)
                wrong = [
                    np.abs(now - fetched(then, back)).mean(axis=2)
                    for now, then in zip((result, truth), before, strict=True)
                ]
                explained = (wrong[1] < EXPLAINED) & inside(back)
                where = {"hole": labels != Region.KEEP, "boundary": regions_of(labels)["boundary"]}
                for name, region in where.items():
                    mask = region & explained
                    sums[name] += (wrong[0][mask].sum(), wrong[1][mask].sum(), mask.sum())
            before = result, truth
        excess = (sums["hole"][0] - sums["hole"][1]) / max(1.0, sums["hole"][2])
        return {
            "flicker.hole": _ratio(*sums["hole"]),
            "flicker.boundary": _ratio(*sums["boundary"]),
            "flicker.levels": 255 * excess if sums["hole"][2] >= LEAST_PIXELS else math.nan,
        }


def backward_flow(dis: Dis, before: NDArray[np.float32], now: NDArray[np.float32]) -> Displacement:
    """Flow [H, W, 2] in pixels: where each pixel of `now` was in `before`."""
    gray = [
        cv2.cvtColor((255 * each + 0.5).astype(np.uint8), cv2.COLOR_RGB2GRAY)
        for each in (now, before)
    ]
    return dis.between_gray(np.asarray(gray[0], np.uint8), np.asarray(gray[1], np.uint8))


def inside(back: Displacement) -> NDArray[np.bool_]:
    """Where the flow points into the picture."""
    height, width = back.shape[:2]
    columns, rows = pixel_grid(height, width)
    x, y = columns + back[..., 0], rows + back[..., 1]
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def _ratio(result: float, truth: float, pixels: float) -> float:
    if pixels < LEAST_PIXELS:
        return math.nan
    return (result / pixels + FLOOR) / (truth / pixels + FLOOR)
