"""How far a result is from the truth: inside the hole, around it, and from frame to frame.

Enters: a scene and result frames of its size. Leaves: numbers. Knows no engine and no target.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from footage import Frames
from numpy.typing import NDArray
from truth_scene import Masks, Scene

LEAST_PIXELS = 400  # fewer, over the whole clip, are not measured
LEAST_NEVER_SHARE = 0.01  # of the hole; less that was never seen is not measured on its own
LEAST_PIXELS_A_FRAME = 100


@dataclass(frozen=True)
class Score:
    """Peak signal-to-noise ratios in dB; None where there is nothing to measure."""

    seen_db: float | None  # in the hole, still, seen by some frame
    seen_worst_db: float | None  # of the worst frame
    never_db: float | None  # in the hole, still, seen by no frame
    moved_db: float | None  # in the hole, where what is behind moves on its own
    flicker: float | None  # difference from frame to frame inside the hole, over the truth's
    edge_flicker: float | None  # the same where a pixel enters or leaves the hole
    true_step_levels: float  # the truth's difference inside the hole
    rim_db: float | None  # just outside the hole, as far as the soft edge may reach
    touched_beyond_px: int  # changed pixels farther out: must be 0


def score(scene: Scene, result: Frames, soft_edge_px: int) -> Score:
    """Measure result frames [T, H, W, 3] against the scene's truth."""
    inside = scene.hole & scene.still
    seen, never = inside & scene.seen, inside & ~scene.seen
    rim, beyond = _rim(scene.hole, soft_edge_px)
    changed = (result != scene.shown).any(axis=-1)
    if np.count_nonzero(never) < LEAST_NEVER_SHARE * np.count_nonzero(inside):
        never = np.zeros_like(never)
    stays, crosses = (inside[1:] & inside[:-1]), (inside[1:] ^ inside[:-1])
    true_step = step_levels(scene.truth, stays)
    return Score(
        psnr(result, scene.truth, seen),
        worst_psnr(result, scene.truth, seen),
        psnr(result, scene.truth, never),
        psnr(result, scene.truth, scene.hole & ~scene.still),
        _ratio(step_levels(result, stays), true_step),
        _ratio(step_levels(result, crosses), step_levels(scene.truth, crosses)),
        true_step,
        psnr(result, scene.truth, rim & scene.still),
        int(np.count_nonzero(changed & beyond)),
    )


def psnr(result: Frames, truth: Frames, where: Masks) -> float | None:
    """Over all pixels [T, H, W] that are true in `where`, all frames together."""
    error, count = _squares(result, truth, where)
    return _db(error, count) if count >= LEAST_PIXELS else None


def worst_psnr(result: Frames, truth: Frames, where: Masks) -> float | None:
    """Of the frame that comes out worst."""
    found = (_squares(*frame) for frame in zip(result, truth, where, strict=True))
    values = [_db(error, count) for error, count in found if count >= LEAST_PIXELS_A_FRAME]
    return min(values, default=None)


def step_levels(frames: Frames, where: Masks) -> float:
    """Mean absolute difference between neighbouring frames, in levels of 255.

    `where` [T - 1, H, W] says which pixels count in each step.
    """
    total, count = 0.0, 0
    for index, pixels in enumerate(where, start=1):
        change = frames[index][pixels].astype(np.int16) - frames[index - 1][pixels]
        total += float(np.abs(change).sum())
        count += change.size
    return total / max(1, count)


def _ratio(value: float, unit: float) -> float | None:
    return value / unit if unit > 0 else None


def _squares(result: Frames, truth: Frames, where: NDArray[np.bool_]) -> tuple[float, int]:
    """Sum of squared errors and number of pixels; the three channels count as one."""
    error = result[where].astype(np.float32) - truth[where].astype(np.float32)
    return float((error.astype(np.float64) ** 2).sum() / 3.0), int(np.count_nonzero(where))


def _db(error: float, count: int) -> float:
    return float(10.0 * np.log10(255.0**2 / max(error / count, 1e-4)))


def _rim(hole: Masks, soft_edge_px: int) -> tuple[Masks, Masks]:
    """Outside the hole within the soft edge, and farther out."""
    near = np.stack(
        [
            cv2.distanceTransform((~frame).astype(np.uint8), cv2.DIST_L2, 5) <= soft_edge_px
            if frame.any()
            else np.zeros_like(frame)
            for frame in hole
        ]
    )
    return near & ~hole, ~near
