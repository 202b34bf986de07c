"""A ball that rolls over a floor and is stopped by a box; and the same without the box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import Clip, clip_of
from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.contours import places_of

HEIGHT, WIDTH, LENGTH = 120, 200, 16
RADIUS, STEP, MEETS = 11.0, 9.0, 8
BOX = slice(40, 84), slice(106, 140)


@dataclass(frozen=True)
class Shot:
    clip: Clip
    truth: list[np.ndarray]
    track: Track
    effects: Effects

    def run(self, folder: Path) -> Run:
        folder.mkdir(parents=True, exist_ok=True)
        return Run(folder)


def ball_x(frame: int) -> float:
    return 18 + STEP * frame


def floor() -> np.ndarray:
    rng = np.random.default_rng(3)
    noise = cv2.GaussianBlur(rng.uniform(0, 1, (HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 2)
    return np.clip(0.35 + 1.2 * (noise - 0.5) + [0.1, 0.05, 0], 0, 1).astype(np.float32)


def with_ball(picture: np.ndarray, x: float, y: float = 72.0, larger: float = 1.0) -> np.ndarray:
    """With a blue ball that shades its foot, drawn smoothly."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    radius = RADIUS * larger
    under = np.hypot((columns - x) / 1.2, (rows - y - radius) / 0.45) - radius * 0.9
    shadow = 1 - 0.4 * np.clip(0.5 - under / 4, 0, 1)
    alpha = np.clip(0.5 - (np.hypot(columns - x, rows - y) - radius), 0, 1)[..., None]
    light = 0.3 + 0.7 * np.clip(1 - np.hypot(columns - x + 4, rows - y + 4) / (2 * radius), 0, 1)
    colour = np.stack([0.15 * light, 0.25 * light, 0.95 * light], axis=-1)
    return picture * shadow[..., None] * (1 - alpha) + colour * alpha


def disc_at(x: float, y: float = 72.0, larger: float = 1.0) -> np.ndarray:
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    return np.hypot(columns - x, rows - y) < RADIUS * larger


def eight(picture: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def stopped() -> Shot:
    """The shot, its truth, and what a reasoner should say of it."""
    return shot_of(lambda index: ball_x(min(index, MEETS)))


def shot_of(where: Callable[[int], float]) -> Shot:
    """The same with a ball whose middle is at x = `where(frame)`."""
    ground = floor()
    frames, truth, masks = [], [], []
    for index in range(LENGTH):
        picture = with_ball(ground, where(index))
        picture[BOX] = (0.8, 0.3, 0.2)
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[BOX] = True
        frames.append(eight(picture))
        truth.append(eight(with_ball(ground, ball_x(index))))
        masks.append(mask)
    before: list[Place] = []
    now: list[Place] = []
    for index in range(LENGTH):
        place = places_of(disc_at(where(index)), index)
        (before if index < MEETS else now).extend(place)
    ball = Effect(
        "blue ball",
        EffectKind.PHYSICAL,
        Relation.STOPS,
        now=tuple(now),
        before=tuple(before),
        confidence=0.8,
        source="motion",
    )
    return Shot(clip_of(frames, Fraction(24)), truth, Track.of("box", masks), Effects((ball,)))
