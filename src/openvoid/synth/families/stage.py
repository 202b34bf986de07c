"""The place where it happens: ground, walls or table, light, and a camera.

Enters: a random generator, the `Frame`, and how far across the action is. Leaves: a `Stage` (fixed
bodies, lights, sky, words for the caption) and a `Camera`. The action is about the origin, on the
plane z = 0, seen from -y; x is to the right in the picture. Knows no story.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.grounds import GROUNDS, PALE, Ground, wall
from openvoid.synth.families.grounds import ground as ground_of
from openvoid.synth.families.things import article, pick, uniform
from openvoid.synth.world import Body, Camera, Color, Light, Material, Vector

SETTINGS = ("room", "corner", "table", "outdoors")
INDOORS = 4.0  # half the side of a floor, in action widths: renderers light it point by point


@dataclass(frozen=True)
class Stage:
    """Where it happens."""

    bodies: tuple[Body, ...]
    lights: tuple[Light, ...]
    backdrop: tuple[Color, Color]
    words: str  # "a tiled floor before a dusty blue wall"
    light_words: str  # "under warm light from the left"
    key: Light  # the one that casts the shadows
    across_m: float  # how wide the action is


def stage(
    rng: np.random.Generator, across_m: float, *, ground: str = "", setting: str = ""
) -> Stage:
    """A place for an action that is `across_m` wide.

    `setting`: room, corner, table, outdoors; `ground`: one of GROUNDS; drawn if not given.
    """
    setting = setting or pick(rng, SETTINGS)
    under = ground_of(rng, ground or pick(rng, GROUNDS), setting, across_m)
    bodies, words = _ground(rng, across_m, setting, under, pick(rng, list(PALE)))
    wall_side = next((body.position[0] for body in bodies if body.name == "side wall"), 0.0)
    lights, light_words = _lights(rng, across_m, setting, wall_side)
    sky = _sky(rng, setting)
    return Stage(tuple(bodies), tuple(lights), sky, words, light_words, lights[0], across_m)


def _ground(
    rng: np.random.Generator, across_m: float, setting: str, under: Ground, color: str
) -> tuple[list[Body], str]:
    """Fixed bodies, the ground first, and where a caption says it is."""
    if setting == "table":
        walls = [_wall(rng, "back wall", across_m, (0, across_m * 1.6, 0), 0.0, color)]
        words = f"a {under.noun} before {article(color)} wall"
        return [*_table(rng, across_m, under, color), *walls], words
    half_m = 0.0 if setting == "outdoors" else INDOORS * across_m
    floor = _floor("floor", half_m, 0.0, under.look, under.noun)
    if setting == "outdoors":
        return [floor], f"a {under.noun} under an open sky"
    back = across_m * uniform(rng, 1.0, 1.4)
    walls = [_wall(rng, "back wall", across_m, (0, back, 0), 0.0, color)]
    if setting == "corner":
        side = float(rng.choice([-1.0, 1.0])) * across_m * uniform(rng, 1.1, 1.3)
        walls.append(_wall(rng, "side wall", across_m, (side, 0, 0), math.pi / 2, color))
        return [floor, *walls], f"a {under.noun} in the corner of {article(color)} room"
    return [floor, *walls], f"a {under.noun} before {article(color)} wall"


def _table(rng: np.random.Generator, across_m: float, under: Ground, color: str) -> list[Body]:
    """A table whose top is at 0, on one leg, over a floor."""
    half = (across_m * 0.95, across_m * 0.62, 0.03 * across_m)
    drop = across_m * uniform(rng, 0.5, 0.7)
    below = wall(rng, color, across_m)
    leg_half = drop / 2 - half[2]
    detail = BodyDetail(rolling=0.0, noun=under.noun)
    top = Body("table", "box", half, (0, 0, -half[2]), friction=0.1, material=under.look,
               detail=detail)  # fmt: skip
    leg = Body("table leg", "cylinder", (across_m * 0.12, leg_half),
               (0, 0, -drop + leg_half), material=under.look)  # fmt: skip
    return [_floor("floor", INDOORS * across_m, -drop, below, "floor"), top, leg]


def _floor(name: str, half_m: float, high_m: float, look: Material, noun: str) -> Body:
    return Body(
        name,
        "plane",
        (half_m, half_m),
        (0, 0, high_m),
        friction=0.1,  # that of the other counts: of a pair, MuJoCo takes the higher
        material=look,
        detail=BodyDetail(rolling=0.0, noun=noun),
    )


def _wall(
    rng: np.random.Generator, name: str, across_m: float, foot: Vector, turn: float, color: str
) -> Body:
    half = (across_m * 5, across_m * 0.05, across_m * 2.5)
    outward = half[1] if turn == 0 else 0.0
    sideways = 0.0 if turn == 0 else math.copysign(half[1], foot[0])
    return Body(
        name,
        "box",
        half,
        (foot[0] + sideways, foot[1] + outward, 0.0),
        (math.cos(turn / 2), 0.0, 0.0, math.sin(turn / 2)),
        material=wall(rng, color, across_m),
    )


def _lights(
    rng: np.random.Generator, across_m: float, setting: str, wall_side: float
) -> tuple[list[Light], str]:
    """A key light from one side and above, a weak one against it, and the colour of shade."""
    side = float(rng.choice([-1.0, 1.0]))
    if wall_side:
        side = -math.copysign(1.0, wall_side)  # a wall must not shade it all
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
