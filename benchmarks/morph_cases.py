"""Made results of pass 1: a thing in the changed region of a real clip, sound or morphing.

Enters: frames of a real clip, a kind, a severity, a generator. Leaves: frames as pass 1 might have
made them, and the quadmask's labels. Knows no detector.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Labels, Region

Field = NDArray[np.float32]
SOUND = (
    "nothing",
    "grain",
    "compression",
    "still",
    "moves",
    "turns",
    "comes nearer",
    "rolls",
    "shadow",
)
MORPHING = ("wobbles", "bends", "melts", "swims", "turns into another", "flickers", "ground swims")
FRAMES = 21
MARGIN_PX = 20  # of the changed region about the thing


@dataclass(frozen=True)
class Thing:
    """What is put in: where it is, how large, what it looks like. All in pixels and frames."""

    place: tuple[float, float]  # x, y in the first frame
    speed: tuple[float, float]
    radius: float
    texture: Field  # [S, S, 3]
    other: Field  # another texture
    phase: float
    lobes: int


def make_thing(still: NDArray[np.bool_], source: Field, rng: np.random.Generator) -> Thing:
    """A thing of random size, look and path, over what stands still [H, W] in the clip itself."""
    height, width = still.shape
    y, x = np.mgrid[:height, :width]
    best, most = None, -1.0
    for _ in range(200):
        radius = float(rng.uniform(30, 56))
        place = rng.uniform(0, (width, height))
        speed = rng.uniform((-3.0, -1.5), (3.0, 1.5))
        whole = True
        share = 1.0
        for time in (0, FRAMES // 2, FRAMES - 1):
            away = np.hypot(x - place[0] - speed[0] * time, y - place[1] - speed[1] * time)
            at = away < radius * 1.25 + MARGIN_PX
            whole &= bool(at.sum() > 0.85 * np.pi * (radius * 1.25 + MARGIN_PX) ** 2)
            share = min(share, float(still[at].mean()) if at.any() else 0.0)
        if whole and share > most:
            best, most = (place, speed, radius), share
        if most == 1.0:
            break
    if best is None:
        raise OpenVoidError("a thing finds no place in the clip")
    (place_x, place_y), (speed_x, speed_y), radius = best
    return Thing(
        (float(place_x), float(place_y)),
        (float(speed_x), float(speed_y)),
        radius,
        patch(source, rng),
        patch(source, rng),
        float(rng.uniform(0, 6.28)),
        int(rng.integers(2, 5)),
    )


def patch(source: Field, rng: np.random.Generator) -> Field:
    """A crop of real footage with some contrast, 160 pixels across, of another tint."""
    best, most = source[:160, :160], -1.0
    for _ in range(8):
        top, left = (int(rng.integers(0, side - 160)) for side in source.shape[:2])
        crop = source[top : top + 160, left : left + 160]
        if crop.std() > most:
            best, most = crop, float(crop.std())
    tint = rng.uniform(0.6, 1.2, 3).astype(np.float32)
    return np.asarray(np.clip(best * tint, 0, 1), np.float32)


def made(
    clip: NDArray[np.uint8], kind: str, severity: float, thing: Thing, rng: np.random.Generator
) -> Iterator[tuple[Field, Labels]]:
    """Frames [H, W, 3] in 0..1 and labels of a clip [T, H, W, 3] with the thing in it."""
    height, width = clip.shape[1:3]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    for time, frame in enumerate(clip):
        picture = frame.astype(np.float32) / 255
        moves = 0.0 if kind == "still" else 1.0
        centre_x = thing.place[0] + moves * thing.speed[0] * time
        centre_y = thing.place[1] + moves * thing.speed[1] * time
        u, v = (x - centre_x) / thing.radius, (y - centre_y) / thing.radius
        changed = np.hypot(u, v) < 1.25 + MARGIN_PX / thing.radius
        if kind in GROUNDS:
            picture = GROUNDS[kind](picture, u, v, time, severity, rng)
        else:
            picture = painted(picture, u, v, kind, severity, thing, time)
        yield picture, np.where(changed, np.uint8(Region.AFFECTED), np.uint8(Region.KEEP))


def painted(
    picture: Field, u: Field, v: Field, kind: str, severity: float, thing: Thing, time: int
) -> Field:
    """The thing over the picture; u, v are places about its middle, 1 at its outline."""
    u, v, edge = SHAPES.get(kind, as_it_is)(u, v, time, severity, thing)
    inside = np.clip((edge - np.hypot(u, v)) * thing.radius + 0.5, 0, 1)[..., None]
    look = textured(thing.texture, u, v)
    if kind == "rolls":
        depth = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
        angle = np.arctan2(u, depth) - 0.035 * time * np.sign(thing.speed[0])
        look = textured(
            thing.texture, angle * 0.64, np.arcsin(np.clip(v, -1, 1)) * np.float32(0.64)
        )
        look = look * (0.55 + 0.45 * depth)[..., None]
    if kind == "swims":
        sway = 0.05 * severity * time
        look = textured(thing.texture, u + sway * np.sin(3 * v + thing.phase), v + 0.6 * sway)
    if kind == "turns into another":
        share = np.clip(severity * (time - 4) / 16, 0, 1)
        look = (1 - share) * look + share * textured(thing.other, u, v)
    if kind == "flickers":
        look = look * (1 + 0.12 * severity * (-1) ** time)
    if kind == "shadow":
        inside = np.clip((1.1 - np.hypot(u, v)) / 0.2, 0, 1)[..., None]
        look = picture * 0.6
    return np.asarray(picture * (1 - inside) + np.clip(look, 0, 1) * inside, np.float32)


def textured(texture: Field, u: Field, v: Field) -> Field:
    side = texture.shape[0] / 2
    x = ((u * 0.95 + 1) * side).astype(np.float32)
    y = ((v * 0.95 + 1) * side).astype(np.float32)
    return np.asarray(cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))


def as_it_is(u: Field, v: Field, time: int, severity: float, thing: Thing) -> Shape:
    return u, v, 1.0


def turned(u: Field, v: Field, time: int, severity: float, thing: Thing) -> Shape:
    cos, sin = np.cos(0.04 * time), np.sin(0.04 * time)
    return cos * u + sin * v, cos * v - sin * u, 1.0


def nearer(u: Field, v: Field, time: int, severity: float, thing: Thing) -> Shape:
    return u / 1.01**time, v / 1.01**time, 1.0


def wobbling(u: Field, v: Field, time: int, severity: float, thing: Thing) -> Shape:
    """The outline swells and shrinks in lobes, and the surface goes with it."""
    angle = np.arctan2(v, u)
    wave = np.cos(thing.lobes * angle + thing.phase) * np.sin(0.35 * time)
    grown = 1 + 0.22 * severity * wave
    return u / grown, v / grown, 1.0


def bending(u: Field, v: Field, time: int, severity: float, thing: Thing) -> Shape:
    """It bends like a banana, and back."""
    return u + 0.35 * severity * np.sin(0.3 * time + thing.phase) * (v * v - 0.3), v, 1.0


def melting(u: Field, v: Field, time: int, severity: float, thing: Thing) -> Shape:
    """It spreads at its foot, more and more, and sinks."""
    widened = 1 + np.float32(0.035 * severity * time) * (v + 0.6).clip(0)
    return u / widened, v * (1 + 0.012 * severity * time), 1.0


def unchanged(
    picture: Field, u: Field, v: Field, time: int, severity: float, rng: np.random.Generator
) -> Field:
    return picture


def grained(
    picture: Field, u: Field, v: Field, time: int, severity: float, rng: np.random.Generator
) -> Field:
    """Grain all over the picture, new in every frame."""
    noisy = picture + rng.normal(0, 0.035, picture.shape)
    return np.clip(noisy, 0, 1).astype(np.float32)


def compressed(
    picture: Field, u: Field, v: Field, time: int, severity: float, rng: np.random.Generator
) -> Field:
    """A coarse JPEG in every frame, its blocks shifted: noise that does not stand still."""
    shift = (time * 3) % 8
    levels = np.rint(np.roll(picture, shift, (0, 1)) * 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, 35])
    read = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.float32)
    return np.roll(read / 255, -shift, (0, 1))


def swimming_ground(
    picture: Field, u: Field, v: Field, time: int, severity: float, rng: np.random.Generator
) -> Field:
    """No thing, but the ground itself wavers inside the changed region."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    soft = np.clip((1.2 - np.hypot(u, v)) / 0.4, 0, 1)
    away = 5.0 * severity * soft
    x = x + away * np.sin(y / 14 + 0.5 * time)
    y = y + away * np.sin(x / 17 - 0.4 * time)
    return np.asarray(
        cv2.remap(picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    )


Shape = tuple[Field, Field, float]
SHAPES: dict[str, Callable[[Field, Field, int, float, Thing], Shape]] = {
    "turns": turned,
    "comes nearer": nearer,
    "wobbles": wobbling,
    "bends": bending,
    "melts": melting,
}
Ground = Callable[[Field, Field, Field, int, float, np.random.Generator], Field]
GROUNDS: dict[str, Ground] = {
    "nothing": unchanged,
    "grain": grained,
    "compression": compressed,
    "ground swims": swimming_ground,
}
