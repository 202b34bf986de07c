"""Glow: the light that an object sheds which stays: a lamp, or a bright thing in the sun.

Enters: one picture, its surfaces, the object's mask. Leaves: what its light falls on. On the ground
around its foot light shows as a field that is strongest at the object and falls off with distance,
on both sides: a tint of the object's own hue, or, where the object is the brightest thing of all,
brightness. The same ground far away is the reference, and light is marked as far as an eye tells it
from that. Knows nothing of time, and not what of an even light over the whole ground is the
object's.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import bounding_box
from openvoid.reason.ground import CALM_PX, Surfaces, softened
from openvoid.reason.light import filled, grown
from openvoid.reason.scene import Mask, Picture

SOFT = 0.04  # of the short side: patterns finer than that are smoothed away
FLAT = 0.4  # the ground is seen from the side: a step up the picture is as far as 1/FLAT aside
NEAR = 0.35  # of the short side, on the ground: right at the object
BASE_PERCENT = 8  # of the surface is too far away for the light to reach
OWN_CHROMA = 12.0  # a*b*: what is grayer has no hue to shed
TINT, TINT_LEAST = 3.0, 1.2  # a*b*: at the object; as far as it can be told
BRIGHT, BRIGHT_LEAST = 4.0, 1.6  # L*
FALLING_OFF = -0.45  # correlation of the light with the logarithm of the distance
SIDE = 0.22  # of its strength the light has lost at the sides
SHINES = 0.85  # of white: what a lamp's bright part is at least
BRIGHTEST = 1.1  # times as bright as nearly all else
WITHIN = 0.2  # of the short side: what is no wider stands within the light


@dataclass(frozen=True)
class _Ground:
    """The surface around the object's foot, patterns smoothed away."""

    mask: Mask
    lab: NDArray[np.float32]
    away: NDArray[np.float32]  # from the foot, on the ground, in short sides
    foot_row: int
    foot_column: float


def shed(picture: Picture, found: Surfaces, object_: Mask, seen: Mask) -> Mask:
    """Where the object's light falls; nowhere if it sheds none."""
    nowhere = np.zeros_like(object_)
    ground = _ground(picture, found, object_)
    if ground is None:
        return nowhere
    lit = _tinted(picture, object_, ground)
    if not lit.any() and _shines(picture, object_, seen):
        lit = _lit(ground.lab[..., 0], BRIGHT, BRIGHT_LEAST, ground)
    if not lit.any():
        return nowhere
    lit |= grown(lit, round(2 * CALM_PX)) & ~ground.mask
    around = filled(lit | object_, round(WITHIN * min(object_.shape)))
    whole = lit | (around & ~ground.mask)  # what stands in the light, and the shadows in it
    return whole & seen & ~object_


def _ground(picture: Picture, found: Surfaces, object_: Mask) -> _Ground | None:
    box, side = bounding_box(object_), min(object_.shape)
    mask = found.ground
    if not mask.any():
        return None
    low = np.nonzero(object_[box.bottom - max(1, box.height // 7) : box.bottom])[1]
    column = float(low.mean())
    y, x = np.mgrid[: object_.shape[0], : object_.shape[1]].astype(np.float32)
    away = np.hypot(x - column, (y - box.bottom) / FLAT) / side
    soft = cv2.cvtColor(softened(picture, mask, SOFT * side), cv2.COLOR_RGB2LAB)
    return _Ground(
        mask, np.asarray(soft, np.float32), np.asarray(away, np.float32), box.bottom, column
    )


def _tinted(picture: Picture, object_: Mask, ground: _Ground) -> Mask:
    """Where the ground takes on the object's hue."""
    mean = picture[object_].mean(axis=0).astype(np.float32).reshape(1, 1, 3)
    own = cv2.cvtColor(mean, cv2.COLOR_RGB2LAB)[0, 0, 1:]
    usual = np.median(ground.lab[ground.mask][:, 1:], axis=0)
    way = own - usual
    strength = float(np.linalg.norm(way))
    if strength < OWN_CHROMA:
        return np.zeros_like(object_)
    tint = ((ground.lab[..., 1:] - usual) * (way / strength)).sum(axis=-1)
    return _lit(np.asarray(tint, np.float32), TINT, TINT_LEAST, ground)


def _lit(light: NDArray[np.float32], strong: float, weak: float, ground: _Ground) -> Mask:
    """Where a field is above the surface's usual, if it is light from the object."""
    nowhere = np.zeros_like(ground.mask)
    near = ground.mask & (ground.away < NEAR)
    if near.sum() < 30:
        return nowhere
    base = float(np.percentile(light[ground.mask], BASE_PERCENT))
    peak = float(np.percentile(light[near], 80)) - base
    distance = np.log(ground.away[ground.mask] + 0.1)
    together = float(np.corrcoef(light[ground.mask], distance)[0, 1])
    if peak < strong or together > FALLING_OFF or not _both_sides(light - base, peak, ground):
        return nowhere
    found = ground.mask & (light - base > weak)
    _, labels = cv2.connectedComponents(grown(found, 2).astype(np.uint8))
    wanted = np.unique(labels[near & found])
    return np.isin(labels, wanted[wanted > 0]) & found


def _both_sides(light: NDArray[np.float32], peak: float, ground: _Ground) -> bool:
    """Whether the light is less to the left and to the right of the object, at its foot's height:
    ground that is darker towards the back is not lit by it."""
    high = ground.mask.shape[0]
    rows = slice(max(0, ground.foot_row - high // 20), min(high, ground.foot_row + high // 20))
    spots = np.nonzero(ground.mask[rows])
    band, columns = light[rows][spots], spots[1]
    if columns.size < 20:
        return False
    left, right = int(columns.min()), int(columns.max())
    wide = (right - left) // 10
    for side in (columns <= left + wide, columns >= right - wide):
        if float(np.median(band[side])) > (1 - SIDE) * peak:
            return False
    middle = (left + wide < ground.foot_column) and (ground.foot_column < right - wide)
    return bool(middle)


def _shines(picture: Picture, object_: Mask, seen: Mask) -> bool:
    """Whether the object's bright part is the brightest of all."""
    bright = picture.max(axis=-1)
    own = float(np.percentile(bright[object_], 80))
    rest = bright[seen & ~grown(object_, 3)]
    return own > SHINES and own > BRIGHTEST * float(np.percentile(rest, 97))
