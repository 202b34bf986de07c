"""Edge: how far outside its mask an object changed the picture, and the fill's alpha there.

Enters: source and made picture at the working size, the hole. Leaves: a soft alpha. Blur and
penumbra show as a difference to the made picture that hangs together with the hole, beyond what
the model's own softness explains. Knows no plate and no time.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.vision.masks import disc, touching

Picture = NDArray[np.float32]

BLUR_PX = 1.2  # pictures are compared through this, working pixels
CHANGED = 0.012  # a pixel that differs this much (0..1) was changed
LOUD = 4.5  # times the usual difference where the source is kept
SHIFT_PX = 0.6  # two pictures of one thing lie so far apart at most, working pixels
LEAST_ALPHA = 1 / 512


def changed(
    shot: Picture,
    made: Picture,
    hole: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    reach_px: int,
) -> Picture:
    """[h, w] soft map, 0..1, of what differs near the hole and hangs together with it.

    Args:
        kept: [h, w] where source and made picture should be equal.
        reach_px: how far from the hole is looked.
    """
    outside = (~hole).astype(np.float32)  # the object must not count where its blur reaches
    weight = np.maximum(cv2.GaussianBlur(outside, (0, 0), BLUR_PX), 1e-3)
    difference = cv2.GaussianBlur((shot - made) * outside[..., None], (0, 0), BLUR_PX)
    difference = np.abs(difference / weight[..., None]).max(axis=-1) * outside
    soft = cv2.GaussianBlur(made, (0, 0), BLUR_PX)
    steep = np.hypot(cv2.Scharr(soft, -1, 1, 0), cv2.Scharr(soft, -1, 0, 1)).max(axis=-1) / 32
    usual = float(np.median(difference[kept])) if kept.any() else 0.0
    differs = difference > max(CHANGED, LOUD * usual) + SHIFT_PX * steep
    differs &= cv2.dilate(hole.astype(np.uint8), disc(reach_px)) > 0
    differs &= touching(differs | hole, hole)
    grown = cv2.dilate(differs.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    return np.asarray(np.clip(1.5 * cv2.GaussianBlur(grown, (0, 0), 1.0), 0, 1), np.float32)


def soft_alpha(hole: NDArray[np.bool_], band: Picture, soft_px: int, scale: float) -> Picture:
    """[h, w] 1 in the hole, a short ramp around it, more where `band` says so; 0 beyond `soft_px`.

    Args:
        hole, band: at the clip's own size.
        scale: clip pixels in a working pixel: what the ramp has to hide.
    """
    distance = cv2.distanceTransform((~hole).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ramp = np.clip(1 - distance / (min(soft_px, max(2.0, scale)) + 1), 0, 1)
    fade = np.clip((soft_px + 1 - distance) / max(1.0, soft_px / 3), 0, 1)
    alpha = np.maximum(hole, np.maximum(ramp, np.clip(band, 0, 1)) * fade)
    alpha[distance > soft_px] = 0
    alpha[alpha < LEAST_ALPHA] = 0
    return np.asarray(alpha, np.float32)
