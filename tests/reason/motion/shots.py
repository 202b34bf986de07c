"""Small shots for the tests of the phenomena: a ground, boxes on it, and what is seen of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import clip_of
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.scene import Scene, watch

HEIGHT, WIDTH, LENGTH = 160, 240, 16
NOTHING = np.zeros((HEIGHT, WIDTH), bool)


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = NOTHING.copy()
    mask[top:bottom, left:right] = True
    return mask


def ground(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(0.5 + 0.02 * rng.random((HEIGHT, WIDTH, 3)), np.float32)


def pattern(seed: int = 7) -> np.ndarray:
    """A ground with corners by which a camera can be told."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((HEIGHT // 8, WIDTH // 8, 3)).astype(np.float32)
    fine = rng.random((HEIGHT // 3, WIDTH // 3, 3)).astype(np.float32)
    size = WIDTH, HEIGHT
    return np.asarray(0.45 + 0.15 * cv2.resize(coarse, size) + 0.15 * cv2.resize(fine, size))


def scene_of(pictures: list[np.ndarray], masks: list[np.ndarray], folder: Path) -> Scene:
    clip = clip_of([np.clip(each * 255, 0, 255).astype(np.uint8) for each in pictures])
    return watch(clip, Track.of("glass", masks), Run(folder))


def evidence_of(pictures: list[np.ndarray], masks: list[np.ndarray], folder: Path) -> Evidence:
    return Evidence(scene_of(pictures, masks, folder), clip_of(pictures).rate, Run(folder))


def locked(pictures: list[np.ndarray], masks: list[np.ndarray], folder: Path) -> Evidence:
    """A shot from a camera that stands, for what is not about cameras."""
    frames = np.stack([np.clip(each * 255, 0, 255).astype(np.uint8) for each in pictures])
    size, still = (HEIGHT, WIDTH), (np.eye(3),) * len(pictures)
    scene = Scene(len(pictures), size, size, still, True, 0.0, frames, Track.of("glass", masks))
    return Evidence(scene, Fraction(24), Run(folder))
