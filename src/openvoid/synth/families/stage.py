"""The place where it happens: ground, walls or table, light, and a camera.

Enters: a random generator, the `Frame`, and how far across the action is. Leaves: a `Stage` (fixed
bodies, lights, sky, words for the caption) and a `Camera`. The action is about the origin, on the
plane z = 0, seen from -y; x is to the right in the picture. Knows no story.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openvoid.synth.families.frame import Frame
from openvoid.synth.families.things import pick, uniform
from openvoid.synth.world import Body, Camera, Color, Light, Material, Vector

PALE: dict[str, Color] = {
    "cream": (0.70, 0.62, 0.48),
    "pale grey": (0.50, 0.51, 0.53),
    "sage green": (0.34, 0.42, 0.31),
    "dusty blue": (0.28, 0.38, 0.50),
    "terracotta": (0.48, 0.22, 0.13),
    "white": (0.74, 0.73, 0.70),
    "ochre": (0.55, 0.38, 0.14),
}
GROUNDS = {  # words, pattern, scale in action widths, roughness, reflectance
    "planks": ("wooden floor", "wood", 0.30, 0.5, 0.06),
    "tiles": ("tiled floor", "tiles", 0.22, 0.3, 0.12),
    "checker": ("checkered floor", "checker", 0.25, 0.4, 0.10),
    "carpet": ("woven carpet", "fabric", 0.05, 0.95, 0.0),
    "concrete": ("concrete floor", "noise", 0.5, 0.8, 0.02),
    "marble": ("marble floor", "marble", 0.6, 0.25, 0.15),
}


@dataclass(frozen=True)
class Stage:
    """Where it happens."""

    bodies: tuple[Body, ...]
    lights: tuple[Light, ...]
    backdrop: tuple[Color, Color]
    words: str  # "a tiled floor before dusty blue walls"
    light_words: str  # "under warm light from the left"
    key: Light  # the one that casts the shadows
    across_m: float  # how wide the action is


def stage(
    rng: np.random.Generator, across_m: float, *, ground: str = "", setting: str = ""
) -> Stage:
    """A place for an action that is `across_m` wide.

    `setting`: room, corner, table, outdoors; `ground`: one of GROUNDS; drawn if not given.
    """
    setting = setting or pick(rng, ("room", "corner", "table", "outdoors"))
    ground = ground or pick(rng, list(GROUNDS))
    noun, kind, scale, rough, mirror = GROUNDS[ground]
    look = _ground_look(rng, kind, scale * across_m, rough, mirror)
    wall_color = pick(rng, list(PALE))
    bodies, words = _ground(rng, across_m, setting, look, noun, wall_color)
    lights, light_words = _lights(rng, across_m, setting)
    sky = _sky(rng, setting)
    return Stage(tuple(bodies), tuple(lights), sky, words, light_words, lights[0], across_m)


def _ground_look(
    rng: np.random.Generator, kind: str, scale: float, rough: float, mirror: float
) -> Material:
    if kind == "wood":
        strength = uniform(rng, 0.6, 1.6)
        ground = (0.30 * strength, 0.16 * strength, 0.08 * strength)
    else:
        ground = PALE[pick(rng, list(PALE))]
    dark = uniform(rng, 0.35, 0.75)
    other = (ground[0] * dark, ground[1] * dark, ground[2] * dark)
    seed = int(rng.integers(2**31))
    return Material(kind, (ground, other), scale, seed, rough, mirror * uniform(rng, 0.3, 1.3))


def _ground(
    rng: np.random.Generator,
    across_m: float,
    setting: str,
    look: Material,
    noun: str,
    wall_color: str,
) -> tuple[list[Body], str]:
    rolling = {"noun": noun, "rolling": 0.0}
    if setting == "table":
        noun = noun.replace("floor", "table top").replace("carpet", "tablecloth")
        half = (across_m * 0.95, across_m * 0.62, 0.03 * across_m)
        drop = across_m * uniform(rng, 0.5, 0.7)
        below = Material("noise", (PALE[wall_color], _darker(PALE[wall_color], 0.7)), across_m)
        top = Body(
            "table",
            "box",
            half,
            (0, 0, -half[2]),
            friction=0.1,
            material=look,
            detail={**rolling, "noun": noun},
        )
        leg = Body(
            "table leg",
            "cylinder",
            (across_m * 0.12, drop / 2 - half[2]),
            (0, 0, -drop / 2 - half[2]),
            material=look,
        )
        floor = Body(
            "floor",
            "plane",
            (0, 0),
            (0, 0, -drop),
            friction=0.1,
            material=below,
            detail={"rolling": 0.0},
        )
        walls = [_wall("back wall", across_m, (0, across_m * 1.6, 0), 0.0, wall_color, rng)]
        return [floor, top, leg, *walls], f"a {noun} before a {wall_color} wall"
    floor = Body("floor", "plane", (0, 0), (0, 0, 0), friction=0.1, material=look, detail=rolling)
    if setting == "outdoors":
        return [floor], f"a wide {noun.replace('floor', 'ground')} under an open sky"
    back = across_m * uniform(rng, 1.0, 1.4)
    walls = [_wall("back wall", across_m, (0, back, 0), 0.0, wall_color, rng)]
    if setting == "corner":
        side = float(rng.choice([-1.0, 1.0])) * across_m * uniform(rng, 1.1, 1.3)
        walls.append(_wall("side wall", across_m, (side, 0, 0), math.pi / 2, wall_color, rng))
        return [floor, *walls], f"a {noun} in the corner of a {wall_color} room"
    return [floor, *walls], f"a {noun} before a {wall_color} wall"


def _wall(
    name: str, across_m: float, foot: Vector, turn: float, color: str, rng: np.random.Generator
) -> Body:
    paint = PALE[color]
    kind = pick(rng, ("plain", "noise", "stripes", "tiles"))
    other = _darker(paint, uniform(rng, 0.75, 0.92))
    half = (across_m * 5, across_m * 0.05, across_m * 2.5)
    rotation = (math.cos(turn / 2), 0.0, 0.0, math.sin(turn / 2))
    outward = half[1] if turn == 0 else 0.0
    sideways = 0.0 if turn == 0 else math.copysign(half[1], foot[0])
    return Body(
        name,
        "box",
        half,
        (foot[0] + sideways, foot[1] + outward, 0.0),
        rotation,
        material=Material(
            kind,
            (paint,) if kind == "plain" else (paint, other),
            across_m * uniform(rng, 0.3, 0.6),
            int(rng.integers(2**31)),
            roughness=0.9,
        ),
    )


def _darker(color: Color, share: float) -> Color:
    return (color[0] * share, color[1] * share, color[2] * share)


def _lights(rng: np.random.Generator, across_m: float, setting: str) -> tuple[list[Light], str]:
    """A key light from one side and above, a weak one against it, and the colour of shade."""
    side = float(rng.choice([-1.0, 1.0]))
    warmth = uniform(rng, -1, 1)
    tint = (1.0, 1.0 - 0.07 * abs(warmth), 1.0 - 0.22 * max(0.0, warmth))
    if warmth < 0:
        tint = (1.0 + 0.16 * warmth, 1.0 + 0.05 * warmth, 1.0)
    high, aside = uniform(rng, 0.9, 1.8), uniform(rng, 0.4, 1.1)
    from_there = (side * aside, -uniform(rng, 0.1, 0.9), high)
    strength = uniform(rng, 0.62, 0.8)
    color = (tint[0] * strength, tint[1] * strength, tint[2] * strength)
    towards = (-from_there[0], -from_there[1], -from_there[2])
    where = "left" if side < 0 else "right"
    if setting == "outdoors" or rng.random() < 0.4:
        key = Light("sun", _far(from_there, across_m * 2.5), towards, color)
        words = f"sunlight from the {where}"
    else:
        soft = across_m * uniform(rng, 0.02, 0.05)
        position = _far(from_there, across_m * 1.9)
        key = Light("lamp", position, towards, color, radius=soft, cutoff_deg=75)
        words = f"lamplight from the {where}"
    fill = Light(
        "sun",
        _far((-from_there[0], from_there[1] - 0.5, from_there[2]), across_m * 2.5),
        (from_there[0], -from_there[1] + 0.5, -from_there[2]),
        (0.16, 0.165, 0.175),
        casts_shadow=False,
    )
    shade = uniform(rng, 0.24, 0.34)
    sky = Light("sky", color=(shade, shade, shade * 1.05), casts_shadow=False)
    kind = "warm" if warmth > 0.35 else "cool" if warmth < -0.35 else "even"
    return [key, fill, sky], f"{kind} {words}"


def _far(direction: Vector, distance: float) -> Vector:
    length = math.hypot(*direction) / distance
    return (direction[0] / length, direction[1] / length, direction[2] / length)


def _sky(rng: np.random.Generator, setting: str) -> tuple[Color, Color]:
    if setting == "outdoors":
        clear = uniform(rng, 0.6, 1.0)
        return (0.16 * clear, 0.30 * clear, 0.62), (0.62, 0.70, 0.80)
    shade = uniform(rng, 0.1, 0.3)
    return (shade, shade, shade), (shade * 1.2, shade * 1.2, shade * 1.2)


PATHS = ("locked", "handheld", "pan", "dolly")


def camera(
    rng: np.random.Generator,
    frame: Frame,
    across_m: float,
    *,
    centre: Vector = (0.0, 0.0, 0.0),
    path: str = "",
    pitch_deg: tuple[float, float] = (14.0, 32.0),
    yaw_deg: float = 25.0,
) -> Camera:
    """A camera that has an action of that width about `centre` in view, from -y."""
    path = path or pick(rng, PATHS)
    fov_deg = uniform(rng, 28, 46)
    height, width = frame.size
    slope = math.tan(math.radians(fov_deg) / 2) * min(width / height, 1.75)
    distance = across_m / 2 / slope * 1.12
    pitch = math.radians(uniform(rng, *pitch_deg))
    yaw = math.radians(uniform(rng, -yaw_deg, yaw_deg))
    away = (
        math.sin(yaw) * math.cos(pitch),
        -math.cos(yaw) * math.cos(pitch),
        math.sin(pitch),
    )
    eye = np.array(centre) + distance * np.array(away)
    eyes = np.tile(eye, (frame.frames, 1))
    targets = np.tile(np.array(centre, float), (frame.frames, 1))
    share = np.linspace(-1, 1, frame.frames)[:, None] if frame.frames > 1 else np.zeros((1, 1))
    right = np.array([math.cos(yaw), math.sin(yaw), 0.0])
    if path == "pan":
        targets = targets + right * share * across_m * uniform(rng, 0.05, 0.12) * rng.choice(
            [-1, 1]
        )
    elif path == "dolly":
        if rng.random() < 0.5:  # sideways, looking at the same place
            slide = across_m * uniform(rng, 0.06, 0.16) * rng.choice([-1, 1])
            eyes = eyes + right * share * slide
        else:
            eyes = eyes - np.array(away) * (share + 0.3) * distance * uniform(rng, 0.04, 0.09)
    elif path == "handheld":
        shake = _shake(rng, frame)
        eyes = eyes + shake[:, :3] * across_m * 0.006
        targets = targets + shake[:, 3:] * across_m * 0.008
    return Camera(path, _triples(eyes), _triples(targets), fov_deg)


def _shake(rng: np.random.Generator, frame: Frame) -> np.ndarray:
    """[T,6]: of about 1, slow and irregular, as a hand is: sines below 1.5 Hz."""
    times = frame.times_s[:, None]
    shake = np.zeros((frame.frames, 6))
    for hertz in (0.25, 0.6, 1.3):
        phase = rng.uniform(0, 2 * math.pi, 6)
        tune = hertz * rng.uniform(0.8, 1.2, 6)
        shake += np.sin(2 * math.pi * tune * times + phase) * (0.5 / (hertz + 0.4))
    return shake


def _triples(points: np.ndarray) -> tuple[Vector, ...]:
    return tuple((float(x), float(y), float(z)) for x, y, z in points)
