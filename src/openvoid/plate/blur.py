"""Blur: a donor that is sharper than its target, as where a pan starts or the focus is pulled.

Enters: a donor's pixels and the target's, where both show the same. Leaves: the blur that makes one
as soft as the other: along a line, as a moving camera makes it while the shutter is open, or the
same all around, as a lens does. What is blurred cannot be sharpened: then nothing is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.plate.align import spread_over
from openvoid.vision.fitting import Image

LENGTHS_PX = (2.0, 3.0, 4.5, 6.5, 9.0, 13.0, 18.0)  # of a line
TURNS = 8  # directions that are tried
SIGMAS_PX = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
FEWEST = 400  # pixels by which a blur is told
SOFTER = 0.8  # the target's slopes are at most this share of the donor's, in some direction
BETTER = 0.85  # it must leave at most this share of the difference without it
ALIKE = 0.5  # correlation of both's slopes
WORST = 0.15  # a difference (0..1) counts no more than this
CLEAR = 0.05  # share of a blurred pixel that must be known


@dataclass(frozen=True)
class Blur:
    """Along a line (`x`, `y`), or the same all around (`sigma`); in proxy pixels."""

    x: float = 0.0
    y: float = 0.0
    sigma: float = 0.0

    @property
    def reach_px(self) -> float:
        """From how far around a pixel is mixed into it."""
        return max(float(np.hypot(self.x, self.y)) / 2, 3 * self.sigma)

    def of(self, picture: Image, clear: Image, scale: float = 1.0) -> Image:
        """A picture [h, w, ...], blurred; what is not `clear` [h, w] (0..1) is not mixed in."""
        weight = clear if picture.ndim == 2 else clear[..., None]
        known = self._spread(clear, scale)
        total = self._spread(picture * weight, scale)
        shown = known > CLEAR
        known = np.maximum(known, CLEAR)
        mean = total / (known if picture.ndim == 2 else known[..., None])
        return np.where(shown if picture.ndim == 2 else shown[..., None], mean, picture)

    def _spread(self, picture: Image, scale: float) -> Image:
        if self.sigma:
            blurred = cv2.GaussianBlur(picture, (0, 0), self.sigma * scale)
        else:
            blurred = cv2.filter2D(picture, cv2.CV_32F, _line(self.x * scale, self.y * scale))
        return np.asarray(blurred, np.float32)


@lru_cache(64)
def _line(x: float, y: float) -> NDArray[np.float32]:
    """The kernel [k, k] of a line through its middle, each point shared by the pixels around."""
    half = int(np.ceil(max(abs(x), abs(y)) / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    along = np.linspace(-0.5, 0.5, max(2, int(4 * np.hypot(x, y))))
    columns, rows = half + along * x, half + along * y
    left, top = np.floor(columns).astype(int), np.floor(rows).astype(int)
    right_share, low_share = columns - left, rows - top
    for row, column, share in (
        (top, left, (1 - right_share) * (1 - low_share)),
        (top, left + 1, right_share * (1 - low_share)),
        (top + 1, left, (1 - right_share) * low_share),
        (top + 1, left + 1, right_share * low_share),
    ):
        np.add.at(kernel, (row, column), share)
    return kernel / kernel.sum()


def blur_of(seen: Image, target: Image, both: NDArray[np.bool_]) -> Blur | None:
    """What makes a donor [h, w] (gray) as soft as the target, where `both` show the same.

    None where nothing is so much softer, or where no blur explains it.
    """
    asked = spread_over(both)
    if len(asked) < FEWEST or not _softer(seen, target, asked):
        return None
    clear = both.astype(np.float32)
    plain = _misfit(seen, target, asked)
    best, least = None, BETTER * plain
    turn, length = _way(seen, target, clear, asked)
    tried = [Blur(size * turn[0], size * turn[1]) for size in LENGTHS_PX if size != length]
    tried += [Blur(length * turn[0], length * turn[1]), *(Blur(sigma=each) for each in SIGMAS_PX)]
    for each in tried:
        left = _misfit(each.of(seen, clear), target, asked)
        if left < least:
            best, least = each, left
    return best if best is not None and _agree(best.of(seen, clear), target, asked) else None


def _way(
    seen: Image, target: Image, clear: Image, asked: NDArray[np.int64]
) -> tuple[tuple[float, float], float]:
    """The direction (x, y) of the line that does best, all being of one length, which is given."""
    length = LENGTHS_PX[len(LENGTHS_PX) // 2]
    angles = np.pi * np.arange(TURNS) / TURNS
    ways = list(zip(np.cos(angles).tolist(), np.sin(angles).tolist(), strict=True))
    lefts = [_misfit(Blur(length * x, length * y).of(seen, clear), target, asked) for x, y in ways]
    return ways[int(np.argmin(lefts))], length


def _softer(seen: Image, target: Image, asked: NDArray[np.int64]) -> bool:
    """Whether the target's slopes are gentler in some direction."""
    steep, gentle = (np.abs(_slopes(each, asked)).mean(axis=1) for each in (seen, target))
    return bool((gentle < SOFTER * steep).any())


def _agree(picture: Image, target: Image, asked: NDArray[np.int64]) -> bool:
    """Whether both have the same slopes: a blur lessens any difference, also of other things."""
    first, second = (_slopes(each, asked).ravel() for each in (picture, target))
    most = np.linalg.norm(first) * np.linalg.norm(second)
    return bool(first @ second >= ALIKE * most > 0)


def _slopes(picture: Image, asked: NDArray[np.int64]) -> Image:
    """Across and down [2, n]."""
    ways = ((1, 0), (0, 1))
    return np.stack([cv2.Sobel(picture, cv2.CV_32F, *way).ravel()[asked] for way in ways])


def _misfit(picture: Image, target: Image, asked: NDArray[np.int64]) -> float:
    off = picture.ravel()[asked] - target.ravel()[asked]
    return float(np.minimum(np.abs(off - np.median(off)), WORST).mean())
