"""A room with a pillar, for what single pictures tell."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import clip_of
from openvoid.core.effects import Effects
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion.reasoner import MotionReasoner
from tests.reason.motion.shots import HEIGHT, WIDTH, box

FLOOR = 130  # the row on which things stand


def room(seed: int = 4) -> np.ndarray:
    """A gray wall over a sandy floor, a little uneven."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH, 3), (0.55, 0.56, 0.6), np.float32)
    picture[90:] = 0.65, 0.58, 0.45
    uneven = cv2.resize(rng.random((HEIGHT // 8, WIDTH // 8)).astype(np.float32), (WIDTH, HEIGHT))
    return np.asarray(picture + 0.03 * uneven[..., None])


def explained(pictures: list[np.ndarray], masks: list[np.ndarray], folder: Path) -> Effects:
    clip = clip_of([np.clip(each * 255, 0, 255).astype(np.uint8) for each in pictures])
    return MotionReasoner().explain(clip, Track.of("pillar", masks), Run(folder))


PILLAR, PLANK = box(80, 60, FLOOR, 76), box(70, 50, 80, 150)
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)


def table() -> np.ndarray:
    picture = room()
    picture[PILLAR], picture[PLANK] = (0.2, 0.6, 0.3), (0.5, 0.1, 0.1)
    return picture
