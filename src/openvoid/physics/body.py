"""Body: a silhouette as a solid thing in the world, standing on the ground or held above it.

Enters: an outline in the picture, the view, and, of what does not stand itself, how far away it is.
Leaves: a ball, a round upright thing, or the outline with a depth (a prism); where its middle is,
in metres. What looks upright is taken to be upright: a tilt of two degrees that is not there makes
things tumble (physics.md, section 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.physics.view import View

Points = NDArray[np.float64]

ROUND, ROUND_ASPECT = 0.88, 1.12  # 4 pi A / P^2 of a circle's outline in pixels; physics.md, 4.3
FILLS = 0.85  # of the box around its outline: it is as a can or a box. Chosen
SLIM = 4.0  # times as long as wide: a plank
DEPTH = 0.6  # of the smaller side: of what is not round; physics.md, 4.3
PLANK = 0.2  # of its length: of what is long
LEAST = 0.2  # of the seen height: as much is its own, whatever the view says of its rims
POINTS = 16  # of a prism's outline
DENSITY = 500.0  # kg / m^3; only ratios matter


class Form(StrEnum):
    """What it is taken for."""

    BALL = "ball"
    ROUND = "round"  # upright, as a can
    PRISM = "prism"  # its outline, with a depth


@dataclass(frozen=True)
class Body:
    """A thing in the world."""

    form: Form
    middle: Points  # [3] metres
    half: tuple[float, float, float]  # its sizes to the right, ahead, up; metres
    outline: Points  # [N, 2] right and up of its middle, metres; of a prism its edges
    anchor: Points  # [3] the point whose picture is the silhouette's middle

    @property
    def low_m(self) -> float:
        """Its lowest height."""
        return float(self.middle[2]) - self.half[2]

    @property
    def mass_kg(self) -> float:
        """If it were solid, of light wood."""
        share = {Form.BALL: np.pi / 6, Form.ROUND: np.pi / 4, Form.PRISM: 1.0}[self.form]
        return max(1e-4, DENSITY * share * 8 * float(np.prod(self.half)))

    def raised(self, by_m: float) -> Body:
        """The same, higher."""
        up = np.array([0.0, 0.0, by_m])
        return Body(self.form, self.middle + up, self.half, self.outline, self.anchor + up)


def body(
    outline: Points, look: tuple[float, float], view: View, ahead_m: float = 0.0
) -> Body | None:
    """The thing that has this outline; None where there can be none, as above the horizon.

    Args:
        outline: [N, 2] px.
        look: the silhouette's middle, px.
        ahead_m: how far ahead its nearest part is held; 0: it stands on the ground.
    """
    if is_round(outline):
        return _ball(outline, look, view, ahead_m)
    low = outline[int(outline[:, 1].argmax())]
    ahead, stands = ahead_m, ahead_m <= 0
    if stands:
        foot = view.on_level(float(low[0]), float(low[1]))
        if foot is None:
            return None
        ahead = float(foot[1])
    flat = _upright(outline, view, ahead)
    wide, high = np.ptp(flat, axis=0)
    can = _fills(flat) > FILLS and 1 / SLIM < wide / high < SLIM
    deep = _half_depth(float(wide), float(high), can)
    ahead += deep
    flat = _upright(outline, view, ahead)
    bottom, top = _heights(flat, deep, ahead, stands, view)
    wide = float(np.ptp(flat[:, 0]))
    middle = np.array([flat[:, 0].min() + wide / 2, ahead, (bottom + top) / 2])
    near = np.c_[flat[:, 0], np.clip(flat[:, 1], bottom, top)] - middle[[0, 2]]
    hull = cv2.convexHull(near.astype(np.float32))[:, 0].astype(np.float64)
    half = wide / 2, deep, (top - bottom) / 2
    anchor = view.at_distance(*look, ahead)
    return Body(Form.ROUND if can else Form.PRISM, middle, half, _fewer(hull), anchor)


def is_round(outline: Points) -> bool:
    """A circle, all but the pixels' steps."""
    points = outline.astype(np.float32)
    around = cv2.arcLength(points, True)
    wide, high = np.ptp(outline, axis=0)
    aspect = max(wide, high) / max(1e-9, min(wide, high))
    full = 4 * np.pi * cv2.contourArea(points) / max(1e-9, around**2)
    return bool(full > ROUND and aspect < ROUND_ASPECT)


def _ball(outline: Points, look: tuple[float, float], view: View, ahead_m: float) -> Body | None:
    radius_px = float(np.sqrt(cv2.contourArea(outline.astype(np.float32)) / np.pi))
    if ahead_m > 0:
        angle = float(np.sin(view.angle(*look, radius_px)))
        middle = view.at_distance(*look, ahead_m * (1 + angle))
        radius = float(np.linalg.norm(middle - (0, 0, view.height_m))) * angle
    else:
        found = view.ball(*look, radius_px)
        if found is None:
            return None
        middle, radius = found
    half = radius, radius, radius
    return Body(Form.BALL, middle, half, np.zeros((0, 2)), middle.copy())


def _half_depth(wide: float, high: float, can: bool) -> float:
    """A guess: of what is long a plank's, of other things somewhat less than what is seen."""
    if can:
        return wide / 2
    longest, least = max(wide, high), min(wide, high)
    return max(DEPTH / 2 * least, PLANK / 2 * longest if longest > SLIM * least else 0.0)


def _upright(outline: Points, view: View, ahead_m: float) -> Points:
    """An outline on the upright plane so far ahead: right and up, metres."""
    rays = view.rays(outline)
    points = rays * ahead_m / np.maximum(1e-3, rays[:, 1:2])
    return np.stack([points[:, 0], points[:, 2] + view.height_m], axis=-1)


def _heights(
    flat: Points, deep: float, ahead: float, stands: bool, view: View
) -> tuple[float, float]:
    """Of its underside and its top: its rims are seen lower and higher than its middle."""
    low, high = float(flat[:, 1].min()), float(flat[:, 1].max())
    bottom = low + deep * abs(view.height_m - low) / ahead
    top = high - deep * abs(view.height_m - high) / ahead
    bottom = 0.0 if stands else bottom
    if top - bottom < LEAST * (high - low):
        middle = max((low + high) / 2, LEAST * (high - low) / 2)
        bottom, top = (middle - LEAST * (high - low) / 2, middle + LEAST * (high - low) / 2)
        if stands:
            bottom, top = 0.0, top - bottom
    return bottom, top


def _fills(flat: Points) -> float:
    """The share of the box around an outline that it fills."""
    area = cv2.contourArea(flat.astype(np.float32))
    return float(area / max(1e-12, float(np.prod(np.ptp(flat, axis=0)))))


def _fewer(hull: Points) -> Points:
    """A convex outline of at most so many points."""
    step = max(1, int(np.ceil(len(hull) / POINTS)))
    return hull[::step] if len(hull) // step >= 3 else hull
