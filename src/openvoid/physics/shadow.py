"""Shadow: which ground around a round thing it darkens, learnt from all frames that show it.

Enters: the shot held still, the empty scene and the thing's circle by frame. Leaves: outlines
around a circle of radius 1. Wherever it goes the shadow goes along: so what is darker beside it in
several frames is its shadow, and what is darker in one of them is not.
"""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.discs import Disc, Points
from openvoid.vision.following import Scene, View
from openvoid.vision.masks import grown, touching

REACH = 4.0  # radii around its middle
STEP = 0.1  # radii
DARKEST, HUE, FAINT = 0.25, 0.12, 0.03  # factors of a shadow, as in `layers.cutout`
OTHER = 0.5  # of how much it differs at most: where it differs less, the scene holds it
FEWEST = 3  # looks that show it dark
SPECK = 0.05  # of the circle: smaller shadows are noise
LOOKS = 24


def shadow(view: View, scene: Scene, chain: Mapping[int, Disc]) -> list[Points]:
    """Outlines [N, 2] of its shadow, in radii from its middle; none where it casts none."""
    frames = list(chain)[:: max(1, len(chain) // LOOKS)]
    looks = [_around(view, scene, index, chain[index]) for index in frames]
    most = max((differs for _, differs in looks), default=0.0)
    kept = [ratio for ratio, differs in looks if differs > OTHER * most]
    if len(kept) < FEWEST:
        return []
    stack = np.stack(kept)
    enough = np.isfinite(stack[..., 0]).sum(axis=0) >= FEWEST
    factor = np.nan_to_num(np.sort(stack, axis=0)[FEWEST - 1], nan=1.0)
    low, high = factor.min(axis=-1), factor.max(axis=-1)
    dark = enough & (low > DARKEST) & (low < 1 - FAINT) & (high < 1) & (high - low < HUE)
    dark = cv2.morphologyEx(dark.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    rows, columns = _grid()
    near = np.hypot(rows, columns) < 1 + 3 * STEP
    own = touching(dark | near, near) & (np.hypot(rows, columns) > 1)
    if (own & dark).sum() * STEP**2 < SPECK * np.pi:
        return []
    outlines, _ = cv2.findContours(
        grown(own, 1).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return [each[:, 0, :].astype(np.float64) * STEP - REACH for each in outlines if len(each) > 2]


def _grid() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = np.arange(-REACH, REACH + STEP / 2, STEP)
    rows, columns = np.meshgrid(at, at, indexing="ij")
    return rows, columns


def _around(view: View, scene: Scene, index: int, disc: Disc) -> tuple[NDArray[np.float32], float]:
    """By which factor the ground around it is darker than when it is empty, NaN where nobody can
    tell; and how much it itself differs."""
    rows, columns = _grid()
    points = disc.along(np.arctan2(rows, columns), np.hypot(rows, columns) * disc.radius) - 0.5
    x, y = points[..., 0].astype(np.float32), points[..., 1].astype(np.float32)
    picture = view.picture(index).astype(np.float32) / np.float32(255)
    unseen = (grown(view.object(index), 3) | ~scene.known).astype(np.float32)
    smooth = max(0.7, 0.05 * disc.radius)
    here, empty, away = (
        cv2.remap(each, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=beyond)
        for each, beyond in (
            (cv2.GaussianBlur(picture, (0, 0), smooth), (0.0,) * 3),
            (cv2.GaussianBlur(scene.picture, (0, 0), smooth), (0.0,) * 3),
            (unseen, (1.0,)),
        )
    )
    within = np.hypot(rows, columns) < 0.8
    seen = within & (away < 0.5)
    differs = float(np.median(np.abs(here - empty).max(axis=-1)[seen])) if seen.any() else 0.0
    ratio = (here + 0.02) / (empty + 0.02)
    ratio[(away > 0) | (np.hypot(rows, columns) < 1.05)] = np.nan
    return np.asarray(ratio, np.float32), differs
