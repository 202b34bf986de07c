"""View: a camera above level ground, and how far it looks down, told from the picture itself.

Enters: how large round things look that roll over the ground, lines that stand upright, and a
guess of the lens and of the camera's height. Leaves: where places of the picture are on the ground,
in metres, and where points of the world are in the picture.

A rigid thing on the ground is as high in the picture as its foot is below the horizon (Criminisi,
Reid and Zisserman 2000, "Single View Metrology"); upright lines meet in one point below. The camera
is not rolled. x is to the right, y ahead, z up; it stands at (0, 0, height).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.physics.watch import Look

Points = NDArray[np.float64]

FOCAL, FOCAL_SPREAD = 0.8, 0.3  # of the picture's width, a usual lens; of its logarithm
PITCH_DEG, PITCH_SPREAD_DEG = 15.0, 12.0  # how far down one usually looks (physics.md, 4.1)
PITCHES_DEG = np.arange(-5.0, 61.0, 1.0)
FOCALS = np.array([0.55, 0.63, 0.71, 0.8, 0.91, 1.03, 1.2])  # of the width
SIZE_ERROR = (
    0.04  # of a circle's radius; chosen: shadows at the foot and what hides a part spoil it
)
ALONE = 6  # looks of one ball count for so many: their errors are alike
LEAN_ERROR_DEG, LEAN_MOST_DEG = 1.5, 25.0  # of a line; what leans more is not upright
UPRIGHT = 0.3  # of such lines are; chosen
LONG = 0.06  # of the picture's height: shorter lines tell no direction
LINES = 60  # the longest of them
UNKNOWN_DEG = 14.0  # less sure, nothing is known: as before anything is seen


@dataclass(frozen=True)
class View:
    """A camera above level ground."""

    focal_px: float
    pitch: float  # radians downwards
    height_m: float
    middle: tuple[float, float]  # of the picture, px
    pitch_error: float = 0.0  # radians

    @property
    def horizon_px(self) -> float:
        """Its row."""
        return self.middle[1] - self.focal_px * float(np.tan(self.pitch))

    def rays(self, places: Points) -> Points:
        """Directions of length 1 [N, 3] of places [N, 2] in the picture."""
        across = (places[:, 0] - self.middle[0]) / self.focal_px
        down = (places[:, 1] - self.middle[1]) / self.focal_px
        sin, cos = np.sin(self.pitch), np.cos(self.pitch)
        found = np.stack([across, cos - down * sin, -sin - down * cos], axis=-1)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float64)

    def project(self, points: Points) -> Points:
        """[N, 3] points of the world -> x, y in pixels, and depth in metres."""
        sin, cos = np.sin(self.pitch), np.cos(self.pitch)
        up = points[:, 2] - self.height_m
        depth = np.maximum(1e-3, points[:, 1] * cos - up * sin)
        down = -points[:, 1] * sin - up * cos
        x = self.middle[0] + self.focal_px * points[:, 0] / depth
        y = self.middle[1] + self.focal_px * down / depth
        return np.stack([x, y, depth], axis=-1)

    def on_level(self, x: float, y: float, z_m: float = 0.0) -> Points | None:
        """Where a place of the picture is at that height; None above the horizon."""
        ray = self.rays(np.array([[x, y]]))[0]
        if ray[2] * (z_m - self.height_m) <= 1e-4:
            return None
        return np.array([0, 0, self.height_m]) + ray * (z_m - self.height_m) / ray[2]

    def at_distance(self, x: float, y: float, ahead_m: float) -> Points:
        """Where a place of the picture is in the upright plane so far ahead."""
        ray = self.rays(np.array([[x, y]]))[0]
        return np.array([0, 0, self.height_m]) + ray * ahead_m / max(1e-3, float(ray[1]))

    def ball(self, x: float, y: float, radius_px: float) -> tuple[Points, float] | None:
        """Middle and radius of a ball on the ground; None where none can be."""
        ray, angle = self.rays(np.array([[x, y]]))[0], self.angle(x, y, radius_px)
        away = -ray[2] + np.sin(angle)
        if away <= 1e-3:
            return None
        distance = self.height_m / away
        return np.array([0, 0, self.height_m]) + ray * distance, float(distance * np.sin(angle))

    def angle(self, x: float, y: float, radius_px: float) -> float:
        """Under which a ball's radius is seen, radians."""
        off = float(np.hypot(x - self.middle[0], y - self.middle[1])) / self.focal_px
        return float(np.arctan2(radius_px, self.focal_px * np.sqrt(1 + off**2)))


def radius_px(look: Look, view: View) -> float:
    """The short half axis of a ball's ellipse."""
    off = np.hypot(look.x - view.middle[0], look.y - view.middle[1]) / view.focal_px
    return float(np.sqrt(look.area_px / np.pi / np.sqrt(1 + off**2)))


def find(
    balls: Sequence[Sequence[Look]],
    picture: NDArray[np.uint8],
    scale: float,
    size: tuple[int, int],
    height_m: float,
) -> View:
    """The view that explains best what is seen.

    Args:
        balls: round things on the ground, held still, each in several frames.
        picture: [h, w, 3] a small frame, and `scale`, how much smaller it is.
        size: (height, width) of the clip.
        height_m: of the camera above the ground.
    """
    middle = size[1] / 2, size[0] / 2
    lines = upright_lines(picture) / scale
    worth = np.zeros((len(FOCALS), len(PITCHES_DEG)))
    for row, focal in enumerate(FOCALS):
        for column, pitch in enumerate(PITCHES_DEG):
            view = View(focal * size[1], float(np.deg2rad(pitch)), 1.0, middle)
            worth[row, column] = (
                -0.5 * (np.log(focal / FOCAL) / FOCAL_SPREAD) ** 2
                - 0.5 * ((pitch - PITCH_DEG) / PITCH_SPREAD_DEG) ** 2
                + sum(_constant(each, view) for each in balls)
                + _leaning(lines, view)
            )
    share = np.exp(worth - worth.max())
    share /= share.sum()
    pitch = float((share.sum(axis=0) * PITCHES_DEG).sum())
    error = float(np.sqrt((share.sum(axis=0) * (PITCHES_DEG - pitch) ** 2).sum()))
    focal = float(np.exp((share.sum(axis=1) * np.log(FOCALS)).sum()))
    angles = np.deg2rad([pitch, error])
    return View(focal * size[1], float(angles[0]), height_m, middle, float(angles[1]))


def upright_lines(picture: NDArray[np.uint8]) -> Points:
    """[N, 4] x, y of both ends of lines that lean little, the longest."""
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    found: Any = cv2.createLineSegmentDetector().detect(gray)[0]
    if found is None:
        return np.zeros((0, 4))
    lines = np.asarray(found, np.float64).reshape(-1, 4)
    across, down = lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1]
    long = np.hypot(across, down)
    steep = np.abs(across) < np.abs(down) * np.tan(np.deg2rad(LEAN_MOST_DEG))
    kept = np.flatnonzero(steep & (long > LONG * picture.shape[0]))
    return lines[kept[np.argsort(-long[kept], kind="stable")][:LINES]]


def _constant(looks: Sequence[Look], view: View) -> float:
    """How well a ball keeps its size as it rolls over the ground."""
    sizes = []
    for each in looks:
        found = view.ball(each.x, each.y, radius_px(each, view))
        if found is None:
            return -50.0
        sizes.append(np.log(found[1]))
    off = np.array(sizes) - np.median(sizes)
    told = min(1.0, ALONE / len(looks))
    return told * float(-np.log1p(0.5 * (off / SIZE_ERROR) ** 2).sum())


def _leaning(lines: Points, view: View) -> float:
    """How well lines are upright ones; those that are not tell nothing."""
    if not len(lines):
        return 0.0
    x, y = (lines[:, 0] + lines[:, 2]) / 2, (lines[:, 1] + lines[:, 3]) / 2
    seen = np.arctan2(lines[:, 2] - lines[:, 0], lines[:, 3] - lines[:, 1])
    seen = (seen + np.pi / 2) % np.pi - np.pi / 2
    # where upright lines go: the picture of (0, 0, -1), at infinity
    sin, cos = np.sin(view.pitch), np.cos(view.pitch)
    across = -sin * (x - view.middle[0])
    down = view.focal_px * cos - sin * (y - view.middle[1])
    off = np.rad2deg(seen - np.arctan2(across, down))
    near = np.exp(-0.5 * (off / LEAN_ERROR_DEG) ** 2) / (LEAN_ERROR_DEG * np.sqrt(2 * np.pi))
    return float(np.log(UPRIGHT * near + (1 - UPRIGHT) / (2 * LEAN_MOST_DEG)).sum())
