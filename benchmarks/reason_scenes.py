"""Hand-made scenes with the truth beside them, for reasoners: a shadow, a reflection, a collision,
a support, a press.

Enters: nothing but a name. Leaves: a clip, the object's track, and where the scene changes once the
object is gone: found by drawing every frame with and without it. Small, with a textured ground, a
little noise, and a camera that stands or pans.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, clip_of
from openvoid.core.quadmask import dilate
from openvoid.core.track import Track

HEIGHT, WIDTH, LENGTH = 180, 320, 30
DIFFERS = 6 / 255
NOISE = 1.0 / 255

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Case:
    """A scene and its truth."""

    name: str
    clip: Clip
    track: Track
    affected: Track


def case(name: str) -> Case:
    """One of `SCENES`."""
    draw = SCENES[name]
    rng = np.random.default_rng([7, *name.encode()])
    ground = _ground(rng)
    frames, objects, changes = [], [], []
    for index in range(LENGTH):
        full, object_ = draw(ground, index, True)
        gone, _ = draw(ground, index, False)
        differs = np.abs(full - gone).max(axis=-1) > DIFFERS
        # behind the object the change is what is drawn there without it, against an empty ground
        behind = object_ & dilate(np.abs(gone - draw(ground, 0, False)[0]).max(-1) > DIFFERS, 1)
        noisy = full + rng.normal(0, NOISE, full.shape)
        frames.append(np.clip(np.rint(noisy * 255), 0, 255).astype(np.uint8))
        objects.append(object_)
        changes.append((differs & ~object_) | behind)
    track, affected = Track.of("object", objects), Track.of("affected", changes)
    return Case(name, clip_of(frames), track, affected)


def _ground(rng: np.random.Generator) -> Image:
    coarse = rng.random((HEIGHT // 9, WIDTH // 9, 3)).astype(np.float32)
    fine = rng.random((HEIGHT // 3, WIDTH // 3, 1)).astype(np.float32)
    size = WIDTH, HEIGHT
    mixed = 0.5 + 0.16 * cv2.resize(coarse, size)
    mixed += 0.12 * cv2.resize(fine, size)[..., None] * np.array([1.0, 0.9, 0.7], np.float32)
    return np.asarray(mixed, np.float32)


def _disc(x: float, y: float, radius: float, squash: float = 1.0) -> Mask:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray(np.hypot((rows - y) / squash, columns - x) < radius)


def _paint(picture: Image, mask: Mask, colour: tuple[float, float, float]) -> None:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    stripes = 1 + 0.15 * np.sign(np.sin((rows + columns) / 3))
    picture[mask] = (np.array(colour, np.float32) * stripes[mask][:, None]).astype(np.float32)


def shadow(ground: Image, index: int, there: bool) -> tuple[Image, Mask]:
    """A ball rolls by; its soft shadow goes with it."""
    picture, x = ground.copy(), 40.0 + 8 * index
    ball = _disc(x, 90, 18)
    if there:
        dark = cv2.GaussianBlur(_disc(x + 26, 112, 24, 0.35).astype(np.float32), (0, 0), 1.5)
        picture *= 1 - 0.45 * dark[..., None]
        _paint(picture, ball, (0.8, 0.2, 0.2))
    return picture, ball


def reflection(ground: Image, index: int, there: bool) -> tuple[Image, Mask]:
    """A post stands at the water, and upside down in it."""
    picture = ground.copy()
    picture[100:] = 0.35 * picture[100:] + np.array([0.05, 0.12, 0.2], np.float32)
    post = np.zeros((HEIGHT, WIDTH), bool)
    post[40:98, 150:172] = True
    if there:
        picture[40:70, 150:172] = 0.85, 0.5, 0.15
        picture[70:98, 150:172] = 0.3, 0.8, 0.3
        ripple = 2 * np.sin(np.arange(102, 160) / 3 + index)
        for row, shift in zip(range(102, 160), ripple, strict=True):
            left = round(150 + float(shift))
            colour = picture[199 - row, 150] if 199 - row >= 40 else picture[row, 150]
            picture[row, left : left + 22] = 0.45 * picture[row, left : left + 22] + 0.45 * colour
    return picture, post


def collision(ground: Image, index: int, there: bool) -> tuple[Image, Mask]:
    """A ball rolls against a block that stood there, and pushes it away."""
    picture, meets = ground.copy(), 10
    ball = _disc(30.0 + 10 * min(index, meets), 90, 18)
    left = 150 + (7 * max(0, index - meets) if there else 0)
    block = np.zeros((HEIGHT, WIDTH), bool)
    block[66:108, left : left + 30] = True
    _paint(picture, block, (0.2, 0.35, 0.8))
    if there:
        _paint(picture, ball, (0.8, 0.2, 0.2))
    return picture, ball


def support(ground: Image, index: int, there: bool) -> tuple[Image, Mask]:
    """A block lies on a pillar; without the pillar it drops to the ground."""
    picture = ground.copy()
    pillar = np.zeros((HEIGHT, WIDTH), bool)
    pillar[80:150, 150:176] = True
    top = 50 + (0 if there else min(70, round(0.8 * index**2)))
    block = np.zeros((HEIGHT, WIDTH), bool)
    block[top : top + 30, 143:183] = True
    if there:
        _paint(picture, pillar, (0.75, 0.75, 0.2))
    _paint(picture, block, (0.2, 0.35, 0.8))
    return picture, pillar


def press(ground: Image, index: int, there: bool) -> tuple[Image, Mask]:
    """A weight comes down on a cushion, which gives way."""
    picture = ground.copy()
    bottom = min(20 + 6 * index, 128)
    weight = np.zeros((HEIGHT, WIDTH), bool)
    weight[max(0, bottom - 45) : bottom, 140:180] = True
    sink = max(0, bottom - 100) if there else 0
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    dent = sink * np.exp(-(((columns - 160) / 45) ** 2))
    cushion = (rows > 100 + dent) & (rows < 160) & (np.abs(columns - 160) < 80)
    pattern = 1 + 0.3 * np.sign(np.sin((rows - dent * (160 - rows) / 60) / 3) * np.sin(columns / 5))
    colour = np.array([0.55, 0.2, 0.5], np.float32)
    picture[cushion] = (pattern[cushion][:, None] * colour).astype(np.float32)
    if there:
        _paint(picture, weight, (0.7, 0.7, 0.72))
    return picture, weight


def _checkers() -> Image:
    """A floor of plain squares, all there is."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    light = (rows // 20 + columns // 20) % 2 == 0
    return np.where(light[..., None], 0.8, 0.55).astype(np.float32) * np.ones(3, np.float32)


def _rolls(index: int, object_: str, gone: bool, back: float) -> tuple[Image, Mask]:
    """One plain ball rolls against one plain box on a checkered floor; no shadow, no texture."""
    picture, meets, way = _checkers(), 12, 9.0
    after = max(0, index - meets)
    box, ball = np.zeros((HEIGHT, WIDTH), bool), np.zeros((HEIGHT, WIDTH), bool)
    pushed = 0.0 if (gone or object_ == "box") else 4.0 * min(after, 12)
    left = 176 + round(pushed)
    box[80:124, left : left + 40] = True
    x = 49 + way * min(index, meets) + (way if object_ == "box" and gone else back) * after
    ball = _disc(x, 106, 18)
    for mask, name, colour in ((box, "box", (0.2, 0.4, 0.75)), (ball, "ball", (0.85, 0.25, 0.2))):
        if not (gone and name == object_):
            picture[mask] = colour
    return picture, box if object_ == "box" else ball


def struck(ground: Image, index: int, there: bool) -> tuple[Image, Mask]:
    """The ball is the object: the box slides on from it."""
    return _rolls(index, "ball", not there, 0.0)


def stopped(ground: Image, index: int, there: bool) -> tuple[Image, Mask]:
    """The box is the object: the ball stops at it."""
    return _rolls(index, "box", not there, 0.0)


def returned(ground: Image, index: int, there: bool) -> tuple[Image, Mask]:
    """The box is the object: the ball comes back from it."""
    return _rolls(index, "box", not there, -4.0)


SCENES: dict[str, Callable[[Image, int, bool], tuple[Image, Mask]]] = {
    "shadow": shadow,
    "reflection": reflection,
    "collision": collision,
    "support": support,
    "press": press,
    "struck": struck,
    "stopped": stopped,
    "returned": returned,
}
