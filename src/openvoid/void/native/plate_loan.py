"""Lend: where a native plate shows what the model shows, so that its pixels may be used.

Enters: the made picture and the plate at the working size, and where the plate was seen elsewhere.
Leaves: how far the plate is trusted, 0..1, and the slow light by which the made picture differs
from it (a shadow that moved), which the plate's pixels are given. Where the model shows another
thing than the plate (an object on its new course) nothing is lent, edges included. Knows no native
pixels and no time.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.masks import disc

Picture = NDArray[np.float32]
Plane = NDArray[np.float32]

BLUR_PX = 1.5  # both are compared through this blur, so that the model's softness does not count
SLOW_PX = 5.0  # light is what varies over more than this
LEAST = 0.012  # a difference (0..1) smaller than this is never one
LOUD = 3.0  # times the usual difference where the source is kept: another thing
SHIFT_PX = 0.45  # two pictures of one thing lie so far apart at most, working pixels
LIGHT = 0.07  # a slow difference larger than this is another thing, not light
FAINT = 0.004  # a slow difference smaller than this is the model's, not the light's
CLOSE_PX = 5  # a thing hangs together over gaps of this where it happens to look like the plate
EDGE_PX = 2


class Loan(NamedTuple):
    """What a plate lends a frame, at the working size."""

    share: Plane  # [h, w] 0..1
    light: Picture  # [h, w, 3] to be added to the plate


def usual_difference(made: Picture, shot: Picture, kept: NDArray[np.bool_]) -> float:
    """How much made and source differ where they should not, through the same blur."""
    if not kept.any():
        return 0.0
    return float(np.median(np.abs(_blur(made, BLUR_PX) - _blur(shot, BLUR_PX)).max(axis=-1)[kept]))


def loan(made: Picture, plate: Picture, seen: Plane, usual: float) -> Loan:
    """How far a plate [h, w, 3] may stand for a made picture in the source's colours.

    Args:
        seen: [h, w] 0..1 share of each working pixel that the plate was seen in.
        usual: `usual_difference` of this model on this shot.
    """
    known = (seen > 0.99).astype(np.float32)
    near, slack = _blur(made, BLUR_PX) - _blur(plate, BLUR_PX), SHIFT_PX * _steepness(plate)
    allowed = np.maximum(LEAST, LOUD * usual) + slack
    gross = np.abs(near).max(axis=-1) > LIGHT + allowed
    calm = known * (1 - _grown(gross, EDGE_PX))
    weight = np.maximum(_blur(calm, SLOW_PX), 1e-3)[..., None]
    slow = _blur(near * calm[..., None], SLOW_PX) / weight
    off = np.maximum(np.abs(near - slow).max(axis=-1) / allowed, np.abs(slow).max(axis=-1) / LIGHT)
    other = np.maximum(_step(off, 1, 1.8), gross.astype(np.float32))
    other = np.asarray(cv2.morphologyEx(other, cv2.MORPH_CLOSE, disc(CLOSE_PX)), np.float32)
    bad = cv2.dilate(np.maximum(other, 1 - known), disc(EDGE_PX))
    bad = _blur(np.asarray(bad, np.float32), EDGE_PX / 2)
    size = np.abs(slow).max(axis=-1, keepdims=True)
    light = slow * _step(size, max(FAINT, 2 * usual), 2 * max(FAINT, 2 * usual))
    share = np.clip(1 - bad, 0, 1) * known  # the blur must not reach what was not seen
    return Loan(share.astype(np.float32), light.astype(np.float32))


def _steepness(picture: Picture) -> Plane:
    """[h, w] how much a picture changes in a pixel, through the same blur."""
    soft = _blur(picture, BLUR_PX)
    across = cv2.Scharr(soft, -1, 1, 0) / 32
    down = cv2.Scharr(soft, -1, 0, 1) / 32
    return np.asarray(np.hypot(across, down).max(axis=-1), np.float32)


def _step(value: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """0 below `low`, 1 above `high`, smooth between."""
    ramp = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def _grown(mask: NDArray[np.bool_], by_px: int) -> Plane:
    return np.asarray(cv2.dilate(mask.astype(np.float32), disc(by_px)), np.float32)


def _blur(picture: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.float32)
