"""What the sheets of a made world are painted with: bricks, slabs, boards, plaster, rails, a post.

Enters: a kind, a size in texels, their size in metres. Leaves: colour times cover, and cover. Knows
no camera. A texel is finer than a rendered pixel, and blurred, so that nothing is undersampled.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Texture = NDArray[np.uint8]
"""[h, w, 4]: colour times cover, and cover."""

SOFT_TEXELS = 1.3
COLOURS = {
    "bricks": (150, 92, 76),
    "slabs": (128, 126, 118),
    "boards": (158, 126, 84),
    "plaster": (196, 188, 172),
    "rails": (58, 66, 82),
    "post": (206, 140, 40),
}
PIECES_M = {"bricks": (0.45, 0.18), "slabs": (0.55, 0.55), "boards": (1.6, 0.16)}  # across, down
RAILS_M = 0.30  # from one rail to the next
RAIL_M = 0.07


def paint(kind: str, height: int, width: int, texel_m: float, seed: int) -> Texture:
    """A texture of that kind, the same for the same seed."""
    rng = np.random.default_rng(seed)
    colour = np.array(COLOURS[kind], np.float32) * (1 + _stains(height, width, texel_m, rng))
    if kind in PIECES_M:
        colour *= _pieces(kind, height, width, texel_m, rng)[..., None]
    if kind == "plaster":
        colour *= _posters(height, width, texel_m, rng)
    cover = np.ones((height, width), np.float32)
    if kind == "rails":
        cover = _rails(height, width, texel_m)
    painted = np.dstack([np.clip(colour, 4, 250) * cover[..., None], cover * 255])
    return np.asarray(cv2.GaussianBlur(painted, (0, 0), SOFT_TEXELS) + 0.5, np.uint8)


def _stains(
    height: int, width: int, texel_m: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Smooth noise at several scales, [h, w, 3], about 0."""
    total = np.zeros((height, width, 3), np.float32)
    for size_m, weight in ((0.03, 0.05), (0.12, 0.07), (0.6, 0.10)):
        cells = [max(2, round(side * texel_m / size_m)) for side in (height, width)]
        noise = rng.normal(size=(*cells, 3)).astype(np.float32)
        noise = 0.7 * noise.mean(axis=-1, keepdims=True) * 1.7 + 0.3 * noise
        total += weight * cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return total


def _pieces(
    kind: str, height: int, width: int, texel_m: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Pieces of different brightness with joints between them, every second row shifted."""
    across, down = (side / texel_m for side in PIECES_M[kind])
    y = np.arange(height)[:, None] / down
    x = np.arange(width)[None] / across + 0.5 * (np.floor(y) % 2)
    joint = 0.025 / texel_m
    on_joint = (np.mod(x, 1) * across < joint) | (np.mod(y, 1) * down < joint)
    tones = rng.uniform(0.72, 1.22, (int(y.max()) + 2, int(x.max()) + 2)).astype(np.float32)
    tone = tones[np.floor(y).astype(int), np.floor(x).astype(int)]
    return np.where(on_joint, np.float32(0.55), tone)


def _posters(
    height: int, width: int, texel_m: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Coloured rectangles here and there, [h, w, 3]."""
    tint = np.ones((height, width, 3), np.float32)
    for _ in range(round(height * width * texel_m**2 * 1.2)):
        size = rng.uniform(0.15, 0.7, 2) / texel_m
        top, left = rng.uniform(0, height), rng.uniform(0, width)
        part = slice(int(top), int(top + size[0])), slice(int(left), int(left + size[1]))
        tint[part] = rng.uniform(0.3, 1.15, 3)
    return tint


def _rails(height: int, width: int, texel_m: float) -> NDArray[np.float32]:
    x, y = np.arange(width)[None] * texel_m, np.arange(height)[:, None] * texel_m
    upright = np.mod(x, RAILS_M) < RAIL_M
    level = (y < 0.06) | (np.abs(y - height * texel_m * 0.8) < 0.025)
    return (upright | level).astype(np.float32)
