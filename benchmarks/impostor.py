"""An object that was never there: textured, anti-aliased, lit, with a soft shadow.

Enters: where it is and how it looks. Leaves: premultiplied colour, alpha and shadow on a grid of
world coordinates. Knows no clip and no camera: a moving camera is a grid that moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
"""[H, W]."""

SHADOW_DEPTH = 0.42  # share of the light that the core of a shadow takes away
LIGHT = np.array([-0.45, -0.65, 0.61], np.float32)  # towards the light: right, down, viewer


class Pose(NamedTuple):
    """Where the object is in one moment, in world pixels (x to the right, y down)."""

    x: float
    y: float
    turn: float = 0.0  # how far it rolled or strode, in radians


@dataclass(frozen=True)
class Impostor:
    """What it is: a rolling "ball" or a walking "figure", its size, softness and colours."""

    shape: str = "ball"
    radius_px: float = 60.0  # half the height
    soft_px: float = 2.0  # width of the anti-aliased edge
    penumbra_px: float = 22.0  # width of the shadow's soft edge
    hue: float = 0.0
    seed: int = 0

    @property
    def reach_px(self) -> float:
        """No part of it, shadow included, is farther than this from its centre."""
        return 1.9 * self.radius_px + self.penumbra_px + self.soft_px

    def render(self, x: Plane, y: Plane, pose: Pose) -> tuple[NDArray[np.float32], Plane, Plane]:
        """Colour times alpha [H, W, 3] (0..255), alpha [H, W], shadow [H, W] (0..1)."""
        across, down = (x - pose.x) / self.radius_px, (y - pose.y) / self.radius_px
        distance = (_figure if self.shape == "figure" else _ball)(across, down, pose.turn)
        alpha = np.clip(0.5 - distance * self.radius_px / self.soft_px, 0.0, 1.0)
        color = self._color(across, down, distance, pose.turn) * alpha[..., None]
        wide = 1.15 if self.shape == "ball" else 0.75
        shade = _ellipse(across - 0.35, down - 0.97, wide, 0.34) * self.radius_px
        ramp = np.clip(0.5 - shade / self.penumbra_px, 0.0, 1.0)
        shadow = SHADOW_DEPTH * ramp * ramp * (3.0 - 2.0 * ramp)
        return color.astype(np.float32), alpha.astype(np.float32), shadow.astype(np.float32)

    def _color(self, x: Plane, y: Plane, distance: Plane, turn: float) -> NDArray[np.float32]:
        """Texture and light. [H, W, 3], 0..255."""
        if self.shape == "ball":
            z = np.sqrt(np.clip(1.0 - x * x - y * y, 0.0, 1.0))
            normal = np.stack([x, y, z], axis=-1)
            place = np.stack(
                [x * np.cos(turn) + z * np.sin(turn), y, z * np.cos(turn) - x * np.sin(turn)], -1
            )
        else:
            bulge = np.clip(1.0 + 4.0 * distance, -1.0, 1.0)  # rounder towards the outline
            side = np.tanh(8.0 * x)
            normal = np.stack([bulge * side * 0.8, bulge * 0.2 * y, 1.25 - bulge], axis=-1)
            place = np.stack([x, y, np.zeros_like(x)], axis=-1)
        normal = normal / np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
        light = 0.30 + 0.75 * np.clip(normal @ LIGHT, 0.0, 1.0)
        gleam = 0.5 * np.clip(normal @ LIGHT, 0.0, 1.0) ** 24
        paint = _paint(place.astype(np.float32), self.hue, self.seed)
        color: NDArray[np.float32] = (
            np.clip(paint * light[..., None] + gleam[..., None], 0, 1) * 255
        )
        return color


def _paint(place: NDArray[np.float32], hue: float, seed: int) -> NDArray[np.float32]:
    """A solid texture: two paints in bands that noise bends, and fine grain. [H, W, 3], 0..1."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(place.shape[:2], np.float32)
    for octave in range(5):
        waves = rng.normal(size=(3, 3)).astype(np.float32) * 2.2 * 1.9**octave
        phase = rng.uniform(0, 6.28, 3).astype(np.float32)
        noise += np.sin(place @ waves.T + phase).mean(axis=-1) * 0.8**octave
    band = 0.5 + 0.5 * np.tanh(3.0 * np.sin(4.0 * place[..., 1] + 3.0 * place[..., 0] + noise))
    angles = 6.2832 * (hue + np.array([0.0, 1 / 3, 2 / 3]))
    first, second = 0.55 + 0.40 * np.cos(angles), 0.62 + 0.30 * np.cos(angles + 2.4)
    paint = first + (second - first) * band[..., None] + 0.10 * noise[..., None]
    return np.asarray(np.clip(paint, 0.02, 1.0), np.float32)


def _ball(x: Plane, y: Plane, turn: float) -> Plane:
    return np.asarray(np.hypot(x, y) - 1.0, np.float32)


def _ellipse(x: Plane, y: Plane, across: float, down: float) -> Plane:
    """About the signed distance to an ellipse, exact on its outline."""
    inside = np.hypot(x / across, y / down)
    slope = np.hypot(x / across**2, y / down**2) / np.maximum(inside, 1e-6)
    return np.asarray((inside - 1.0) / np.maximum(slope, 1.0 / across), np.float32)


def _figure(x: Plane, y: Plane, turn: float) -> Plane:
    """A walker two units tall: head, body, swinging arms and legs. Signed distance."""
    swing = 0.38 * np.sin(turn)
    bones = (
        ((0.0, -0.80), (0.0, -0.78), 0.19),  # head
        ((0.0, -0.48), (0.02, 0.10), 0.24),  # body
        ((-0.10, 0.15), (-0.10 + swing, 0.90), 0.11),  # legs
        ((0.10, 0.15), (0.10 - swing, 0.90), 0.11),
        ((-0.16, -0.45), (-0.20 - swing, 0.12), 0.08),  # arms
        ((0.16, -0.45), (0.20 + swing, 0.12), 0.08),
    )
    nearest = np.full(x.shape, np.inf, np.float32)
    for start, end, thick in bones:
        dx, dy = end[0] - start[0], end[1] - start[1]
        along = ((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy)
        along = np.clip(along, 0.0, 1.0)
        distance = np.hypot(x - start[0] - along * dx, y - start[1] - along * dy) - thick
        nearest = np.minimum(nearest, distance)
    return nearest
