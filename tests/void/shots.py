"""A tiny shot for the void engine: a dark square crosses a picture that looks like something."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask, label
from openvoid.core.removal import RemovalRequest

QUICK = {"size": "48x64", "window": 13, "steps": 2, "detail": False}


def tiny_request(
    frames: int = 9, *, height: int = 72, width: int = 96, prompt: str = "an empty room"
) -> RemovalRequest:
    rng = np.random.default_rng(0)
    world = cv2.resize(rng.random((6, 8, 3), np.float32), (width, height), interpolation=3)
    pictures, silhouettes = [], []
    for index in range(frames):
        x = 8 + 5 * index
        mask = np.zeros((height, width), bool)
        mask[30:46, x : x + 16] = True
        picture = np.where(mask[..., None], 0.1, 0.2 + 0.6 * world)
        pictures.append(np.clip(picture * 255, 0, 255).astype(np.uint8))
        silhouettes.append(mask)
    shadows = [np.roll(mask, 10, 0) for mask in silhouettes]
    quadmask = Quadmask.from_labels(map(label, silhouettes, shadows))
    return RemovalRequest(clip_of(pictures, Fraction(12)), quadmask, prompt, 7, soft_edge_px=3)
