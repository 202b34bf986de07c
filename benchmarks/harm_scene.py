"""Objects that affect nothing, put into real pictures: with no effect, a shadow, or an image.

Enters: real frames, a seed, how the object moves, and which effect it has. Leaves: the frames with
it in them, its silhouettes, and what its effect changed: known, because we drew it. The object is a
lump of clay with a pattern: its exposure, its grain and its sharpness are those of the clip, it is
smeared over half a frame's time as it moves (a shutter of 180 degrees). Knows no reasoner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, clip_of
from openvoid.core.track import Track
from openvoid.vision.camera import register
from openvoid.vision.fitting import transform

MOTIONS = ("crossing", "hovering", "carried")
EFFECTS = ("none", "soft", "hard", "mirror")
SEEN = 5 / 255  # an effect that changes a pixel by less is not asked for
TRACE = 1 / 255  # and where it changes one by less than this, nothing is there
SMEARS = 4  # positions within one exposure
SHUTTER = 0.5  # of a frame: 180 degrees
GAMMA = 2.2  # of a screen, about

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Sprite:
    """A lump, as large as its square: `cover` 0..1 and `colour` as a screen shows it."""

    cover: Image  # [S, S]
    colour: Image  # [S, S, 3]


@dataclass(frozen=True)
class Composite:
    """A clip with an object put in, and the truth about it."""

    clip: Clip
    track: Track
    effect: Track  # changed so that it can be seen
    trace: Track  # changed at all


def composite(
    frames: Sequence[NDArray[np.uint8]], seed: int, motion: str, effect: str, clip: Clip
) -> Composite:
    """Real frames with an object; the same seed gives the same one in every motion."""
    rng = np.random.default_rng([seed, 2026])
    height, width = frames[0].shape[:2]
    sprite = _sprite(rng, round(rng.uniform(0.22, 0.34) * min(height, width)), frames)
    path = _path(rng, frames, motion, sprite.cover.shape[0])
    cast = _Cast.drawn(rng, effect, sprite.cover.shape[0])
    grain = _grain(frames)
    made, silhouettes, seen, traces = [], [], [], []
    for index, frame in enumerate(frames):
        plate = frame.astype(np.float32) / np.float32(255)
        over, cover = _smeared(sprite, path, index, (height, width))
        below = cast.onto(plate, over, cover, _foot(cover), index)
        picture = below * (1 - cover[..., None]) + over
        noise = rng.normal(0, grain, picture.shape).astype(np.float32)
        picture += noise * cover[..., None]
        off = np.abs(below - plate).max(axis=-1)
        made.append(np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8))
        silhouettes.append(cover > 0.5)
        seen.append((off > SEEN) & (cover <= 0.5))
        traces.append((off > TRACE) | (cover > 0.02))
    return Composite(
        clip_of(made, clip.rate),
        Track.of("object", silhouettes),
        Track.of("effect", seen),
        Track.of("trace", traces),
    )


# --- the object ---------------------------------------------------------------------------------


def _sprite(rng: np.random.Generator, side: int, frames: Sequence[NDArray[np.uint8]]) -> Sprite:
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    x, y = (2 * (each + 0.5) / side - 1 for each in (columns, rows))
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    outline = np.full_like(x, 0.72)
    for wave in range(2, 6):
        outline += rng.normal(0, 0.16 / wave) * np.cos(wave * angle + rng.uniform(0, 6.3))
    outline = np.clip(outline, 0.35, 0.95)
    cover = np.clip((outline - radius) * side / 2 + 0.5, 0, 1)
    level = np.stack([frame.mean(axis=(0, 1)) for frame in frames[::8]]).mean(axis=0) / 255
    base = np.clip(level.mean() * rng.uniform(0.5, 1.6, 3), 0.06, 0.94)
    other = np.clip(level.mean() * rng.uniform(0.5, 1.6, 3), 0.06, 0.94)
    pattern = np.zeros((side, side), np.float32)
    for cells in (3, 7, 15):
        noise = rng.random((cells, cells)).astype(np.float32)
        pattern += cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC) - 0.5
    mixed = 1 / (1 + np.exp(-6 * pattern))[..., None]
    dome = np.sqrt(np.clip(1 - (radius / outline) ** 2, 0, 1))
    shade = 0.65 + 0.35 * dome - 0.18 * y  # lit from above
    colour = (mixed * base + (1 - mixed) * other) * shade[..., None]
    return Sprite(cover.astype(np.float32), np.clip(colour, 0, 1).astype(np.float32))


def _path(
    rng: np.random.Generator, frames: Sequence[NDArray[np.uint8]], motion: str, side: int
) -> NDArray[np.float64]:
    """The middle (x, y) of the object in every frame, and one frame more."""
    height, width = frames[0].shape[:2]
    times = np.linspace(0, 1, len(frames) + 1)
    start = np.array([rng.uniform(0.3, 0.7) * width, rng.uniform(0.3, 0.6) * height])
    bob = rng.uniform(0.01, 0.02) * height
    waves = np.stack(
        [np.sin(times * rng.uniform(9, 14)), np.sin(times * rng.uniform(9, 14) + 1)], axis=1
    )
    if motion == "carried":
        return np.tile(start, (len(times), 1))
    if motion == "hovering":
        grays: list[Any] = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
        camera = register((gray, np.ones((height, width), bool)) for gray in grays)
        matrices = [np.linalg.inv(camera.matrices[0]) @ each for each in camera.matrices]
        spots = [transform(matrix, start[None])[0] for matrix in (*matrices, matrices[-1])]
        return np.asarray(spots) + bob * waves
    across = rng.choice([-1, 1]) * (times - 0.5) * (width + side)
    return np.stack([width / 2 + across, np.full_like(times, start[1])], axis=1) + bob * waves


def _smeared(
    sprite: Sprite, path: NDArray[np.float64], index: int, size: tuple[int, int]
) -> tuple[Image, Image]:
    """The object in a frame, times its cover, and its cover: the mean over an exposure."""
    over, cover = np.zeros((*size, 3), np.float32), np.zeros(size, np.float32)
    half = sprite.cover.shape[0] / 2
    for part in range(SMEARS):
        share = SHUTTER * part / SMEARS
        x, y = path[index] + share * (path[index + 1] - path[index])
        matrix = np.array([[1, 0, x - half], [0, 1, y - half]], np.float64)
        here = cv2.warpAffine(sprite.cover, matrix, size[::-1])
        cover += here / SMEARS
        over += cv2.warpAffine(sprite.colour, matrix, size[::-1]) * here[..., None] / SMEARS
    soft = [cv2.GaussianBlur(each, (0, 0), 0.7) for each in (over, cover)]
    return np.asarray(soft[0], np.float32), np.asarray(soft[1], np.float32)


def _grain(frames: Sequence[NDArray[np.uint8]]) -> float:
    """The clip's own noise: how far pixels are from the mean of their neighbours, at the median."""
    gray = frames[0].mean(axis=-1).astype(np.float32) / 255
    return float(np.median(np.abs(gray - cv2.blur(gray, (3, 3)))))


def _foot(cover: Image) -> tuple[float, float]:
    """The middle of the object's lowest row, (x, y); outside where it is not seen."""
    y, x = np.nonzero(cover > 0.5)
    return (float(x.mean()), float(y.max())) if y.size else (-1e4, -1e4)


# --- its effect ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cast:
    """How an effect of the object is drawn below it."""

    effect: str
    strength: float
    aside: float  # of its height: how far a shadow lies aside at the object's top
    flat: float  # how high a shadow is, of the object's height
    gap_px: float  # between the object and its image
    blur_px: float
    tint: tuple[float, float, float]

    @classmethod
    def drawn(cls, rng: np.random.Generator, effect: str, side: int) -> _Cast:
        strength = rng.uniform(0.45, 0.65) if effect != "mirror" else rng.uniform(0.35, 0.55)
        aside, flat = rng.uniform(-0.9, 0.9), rng.uniform(0.25, 0.5)
        blur_px = {"soft": 0.06 * side, "mirror": 1.2}.get(effect, 0.8)
        bluish = float(rng.uniform(0, 0.12))  # the sky lights a shadow
        return cls(effect, strength, aside, flat, 2.0, blur_px, (1, 1 - bluish / 2, 1 - bluish))

    def onto(
        self, plate: Image, over: Image, cover: Image, foot: tuple[float, float], index: int
    ) -> Image:
        """A picture with the effect, the object itself left out."""
        if self.effect == "none" or foot[0] < 0:
            return plate
        y = foot[1]
        if self.effect == "mirror":
            turned = np.array([[1, 0, 0], [0, -1, 2 * y + self.gap_px]], np.float64)
            image, where = (self._laid(each, turned, index) for each in (over, cover))
            part = self.strength * where[..., None]
            return np.asarray(plate * (1 - part) + self.strength * image, np.float32)
        lean = -self.aside * self.flat
        cast = np.array([[1, lean, -lean * y], [0, -self.flat, y + self.flat * y]], np.float64)
        dark = self._laid(cover, cast, index)[..., None] * np.array(self.tint, np.float32)
        lit = plate**GAMMA * (1 - self.strength * dark)
        return np.asarray(np.where(dark > 1e-4, lit ** (1 / GAMMA), plate), np.float32)

    def _laid(self, what: Image, matrix: NDArray[np.float64], index: int) -> Image:
        laid = cv2.warpAffine(what, matrix, what.shape[1::-1])
        if self.effect == "mirror":  # it ripples
            rows, columns = np.mgrid[: what.shape[0], : what.shape[1]].astype(np.float32)
            columns += np.float32(1.5) * np.sin(rows / 4 + index * 0.9)
            laid = cv2.remap(laid, columns, rows, cv2.INTER_LINEAR)
        return np.asarray(cv2.GaussianBlur(laid, (0, 0), self.blur_px), np.float32)
