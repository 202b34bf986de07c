"""`water`: a thing splashes into a pool, or ploughs through it. Without it the water stays still.

Enters: a random generator and a `Frame`. Leaves: a `World` of an open tank filled with water, light
things that float in it, perhaps things that stand beside it or lie on its bottom, and the one that
is removed: dropped or thrown in (it sinks or floats), or a float that is pushed across. Its waves,
drops and wet patches go with it, and what it rocked stays at rest. Knows no simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from openvoid.synth.detail import BodyDetail, Water, WorldDetail
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import Plot, tell
from openvoid.synth.families.things import (
    COLORS,
    Thing,
    article,
    capital,
    listing,
    pick,
    thing,
    uniform,
    volume_m3,
)
from openvoid.synth.rotation import about
from openvoid.synth.world import Body, Color, Material, Vector, World

GRAVITY = 9.81
WATER = 1000.0  # kg / m^3
DROPS, PATCHES = 90, 60
CELL_M = 0.022  # of the water's surface
WATERS: dict[str, Color] = {
    "clear": (0.10, 0.24, 0.28),
    "blue": (0.03, 0.16, 0.33),
    "turquoise": (0.05, 0.33, 0.36),
    "greenish": (0.06, 0.17, 0.11),
}
TANKS = {  # pattern, roughness, reflectance, colours
    "stone": ("noise", 0.8, 0.0, ("grey", "white", "brown")),
    "tiled": ("tiles", 0.3, 0.0, ("white", "teal", "blue", "pink")),
    "wooden": ("wood", 0.6, 0.0, ("brown",)),
    "plastic": ("plain", 0.35, 0.0, ("red", "blue", "yellow", "green", "orange", "white", "grey")),
    "marble": ("marble", 0.3, 0.0, ("white", "grey", "green")),
}


@dataclass(frozen=True)
class Tank:
    """Four walls, a bottom, and the water in it."""

    bodies: tuple[Body, ...]
    noun: str
    half: tuple[float, float]  # of the water
    level_m: float
    rim_m: float
    wall_m: float
    floor_m: float  # top of its bottom


@dataclass(frozen=True)
class Entry:
    """How a thing comes into the water."""

    kind: str  # "drop", "glide"
    mover: Thing
    spot: tuple[float, float]  # where it meets the water
    why: str
    clear_m: float  # round the spot


def describe(rng: np.random.Generator, frame: Frame) -> World:
    """A world of this family."""
    tank = _tank(rng)
    across = 2 * (tank.half[0] + tank.wall_m) + uniform(rng, 0.15, 0.5)
    place = stage(rng, across, setting=pick(rng, ("room", "corner", "outdoors")))
    entry = _glide(rng, tank) if rng.random() < 0.2 else _drop(rng, tank)
    floats = _floats(rng, tank, entry)
    beside = _beside(rng, tank) if rng.random() < 0.35 else []
    wide = across * 1.12 + (0.25 if beside else 0.0)
    view = camera(
        rng,
        frame,
        wide,
        centre=(0.0, 0.0, tank.rim_m * 0.9),
        pitch_deg=(22.0, 38.0),
    )
    plot = Plot(
        bodies=(*tank.bodies, *_wet(rng, tank)),
        things=(entry.mover, *floats, *beside),
        removed=entry.mover.names,
        why=entry.why,
        after=_words(tank, floats, beside),
        short=f"{article(tank.noun)} of still water",
        detail=WorldDetail(kind=entry.kind, step_s=0.003, settle_s=1.5, water=_told(tank)),
    )
    return tell(frame, place, view, plot)


def _told(tank: Tank) -> Water:
    """Where the simulation finds the pool."""
    return Water(
        surface="water",
        drops="drops",
        patches="patches",
        centre=(0.0, 0.0),
        half=tank.half,
        level_m=tank.level_m,
        depth_m=tank.level_m - tank.floor_m,
        rim_m=tank.rim_m,
        wall_m=2 * tank.wall_m,
        ground_m=0.0,
    )


def _tank(rng: np.random.Generator) -> Tank:
    kind = pick(rng, list(TANKS))
    pattern, roughness, reflectance, colors = TANKS[kind]
    color = pick(rng, colors)
    ground = COLORS[color]
    dark = uniform(rng, 0.4, 0.75)
    other = (ground[0] * dark, ground[1] * dark, ground[2] * dark)
    look = Material(
        pattern,
        (ground,) if pattern == "plain" else (ground, other),
        uniform(rng, 0.12, 0.25),
        int(rng.integers(2**31)),
        roughness,
        reflectance,
    )
    half = (uniform(rng, 0.5, 0.8), uniform(rng, 0.36, 0.55))
    rim, wall = uniform(rng, 0.2, 0.36), uniform(rng, 0.015, 0.045)
    floor = 0.02
    words = kind if kind in ("wooden", "marble", "stone") else f"{color} {kind}"
    noun = f"{words} {pick(rng, ('tank', 'basin', 'pool', 'tub'))}"
    detail = BodyDetail(noun=noun, rolling=0.0)
    made = []
    for name, x, y in (("left", -1, 0), ("right", 1, 0), ("front", 0, -1), ("back", 0, 1)):
        size = (wall, half[1], rim / 2) if x else (half[0] + 2 * wall, wall, rim / 2)
        at = (x * (half[0] + wall), y * (half[1] + wall), rim / 2)
        made.append(Body(f"{name} wall of the tank", "box", size, at, material=look, detail=detail))
    bottom = (half[0], half[1], floor / 2)
    made.append(Body("bottom", "box", bottom, (0, 0, floor / 2), material=look, detail=detail))
    level = rim - uniform(rng, 0.03, 0.06)
    return Tank(tuple(made), noun, half, level, rim, wall, floor)


def _wet(rng: np.random.Generator, tank: Tank) -> tuple[Body, ...]:
    """The water, its drops, and the patches that they leave."""
    color = WATERS[pick(rng, list(WATERS))]
    seed = int(rng.integers(2**31))
    look = Material("plain", (color,), 0.3, seed, roughness=0.06, reflectance=0.0)
    bright = tuple(min(1.0, 0.35 + 0.9 * part) for part in color)
    drop = Material("plain", ((bright[0], bright[1], bright[2]),), 0.3, seed, roughness=0.05)
    dark = Material("plain", ((0.03, 0.035, 0.04),), 0.3, seed, roughness=0.1)
    count = tuple(2 * round(side / CELL_M) + 1 for side in tank.half)
    at = (0.0, 0.0, tank.level_m)
    alpha = uniform(rng, 0.78, 0.9)
    return (
        Body(
            "water",
            "cloth",
            tank.half,
            at,
            material=look,
            detail=BodyDetail(noun="water", water=True, count=count, alpha=alpha),
        ),
        Body("drops", "cloth", (0.02, 0.02), at, material=drop,
             detail=BodyDetail(noun="drops of water", drops=DROPS, alpha=0.8)),
        Body("patches", "cloth", (0.05, 0.05), at, material=dark,
             detail=BodyDetail(noun="wet patches", patch=PATCHES, alpha=0.3)),
    )  # fmt: skip


def _drop(rng: np.random.Generator, tank: Tank) -> Entry:
    """A thing falls in from above, or is thrown in from the side."""
    form = pick(rng, ("ball", "ball", "egg", "crate", "block", "can", "drum"))
    made = thing(rng, "thing", form, uniform(rng, 0.06, 0.1))
    sinks = rng.random() < 0.55
    made = _dense(made, uniform(rng, 1400, 2600) if sinks else uniform(rng, 250, 600))
    spot = (
        uniform(rng, -0.4, 0.4) * tank.half[0],
        uniform(rng, -0.3, 0.3) * tank.half[1],
    )
    high = uniform(rng, 0.35, 0.6)
    falls_s = uniform(rng, 1.0, 1.6) * math.sqrt(2 * high / GRAVITY)
    aside = uniform(rng, -0.6, 0.6) * tank.half[0]
    start: Vector = (spot[0] + aside, spot[1], tank.level_m + made.half[2] + high)
    up = GRAVITY * falls_s / 2 - high / falls_s
    spin = (uniform(rng, -2, 2), uniform(rng, -3, 3), uniform(rng, -2, 2))
    turned = about((0, 0, 1), uniform(rng, 0, 3))
    made = made.at(start, turned).change(velocity=(-aside / falls_s, 0.0, up), spin=spin)
    why = f"it drops into the {tank.noun}, splashes and makes waves"
    return Entry("drop", made, spot, why, max(made.half) + 0.07)


def _glide(rng: np.random.Generator, tank: Tank) -> Entry:
    """A float is pushed across, and ploughs through the water."""
    form = pick(rng, ("crate", "block", "ball"))
    made = thing(rng, "thing", form, uniform(rng, 0.09, 0.12))
    made = _dense(_flat(made), uniform(rng, 450, 700))
    side = 1.0 if rng.random() < 0.5 else -1.0
    spot = (
        side * (tank.half[0] - made.half[0] * 1.5 - 0.02),
        uniform(rng, -0.25, 0.25) * tank.half[1],
    )
    made = _floating(made, tank, spot, 0.0)
    made = made.change(velocity=(-side * uniform(rng, 2.2, 3.2), 0.0, 0.0))
    why = f"it ploughs through the {tank.noun} and makes waves"
    return Entry("glide", made, spot, why, 0.16)


def _flat(made: Thing) -> Thing:
    """A box flat enough to float as it lies; balls stay as they are."""
    if made.body.shape != "box":
        return made
    x, y, z = made.half
    half = (x, y, min(z, 0.45 * min(x, y)))
    return replace(made.change(size=half), half=half)


def _dense(made: Thing, density: float) -> Thing:
    """Of one density throughout, seen from the water."""
    bodies = (
        replace(
            body,
            mass_kg=density * volume_m3(body.shape, body.size),
            friction=0.3,
            bounce=0.0,
        )
        for body in made.bodies
    )
    return replace(made, bodies=tuple(bodies))


def _floating(made: Thing, tank: Tank, spot: tuple[float, float], turn: float) -> Thing:
    """At the height at which it floats, nearly: it settles before the first frame."""
    volume = sum(volume_m3(body.shape, body.size) for body in made.bodies)
    sunk = sum(body.mass_kg for body in made.bodies) / WATER / volume
    z = tank.level_m + made.half[2] * (1 - 2 * sunk)
    return made.at((*spot, z), about((0, 0, 1), turn))


def _floats(rng: np.random.Generator, tank: Tank, entry: Entry) -> list[Thing]:
    """Light things in the water, at rest, clear of the place where it is met."""
    placed: list[Thing] = []
    taken = [(entry.spot, entry.clear_m)]
    for index in range(int(rng.integers(1, 4))):
        form = pick(rng, ("ball", "block"))
        made = thing(rng, f"float {index + 1}", form, uniform(rng, 0.035, 0.06))
        made = _dense(_flat(made), uniform(rng, 150, 420))
        reach = math.hypot(*made.half[:2])
        for _ in range(40):
            spot = (
                uniform(rng, -1, 1) * (tank.half[0] - reach - 0.02),
                uniform(rng, -1, 1) * (tank.half[1] - reach - 0.02),
            )
            if all(math.dist(spot, at) > reach + other + 0.02 for at, other in taken):
                taken.append((spot, reach))
                placed.append(_floating(made, tank, spot, uniform(rng, 0, 3)))
                break
    return placed


def _beside(rng: np.random.Generator, tank: Tank) -> list[Thing]:
    """A thing or two on the ground, to its left or right."""
    placed = []
    side = 1.0 if rng.random() < 0.5 else -1.0
    for index in range(int(rng.integers(1, 3))):
        made = thing(
            rng,
            f"other {index + 1}",
            pick(rng, ("can", "crate", "bottle", "drum", "post")),
            uniform(rng, 0.07, 0.11),
        )
        reach = math.hypot(*made.half[:2])
        x = side * (tank.half[0] + 2 * tank.wall_m + reach + 0.04)
        y = uniform(rng, -0.5, 0.5) * tank.half[1]
        stands = made.at((x, y, made.half[2]), about((0, 0, 1), uniform(rng, 0, 3)))
        fixed = tuple(replace(body, mass_kg=0.0) for body in stands.bodies)  # nothing reaches it
        placed.append(replace(stands, bodies=fixed))
        side = -side
    return placed


def _words(tank: Tank, floats: list[Thing], beside: list[Thing]) -> str:
    """What is there and happens without the thing."""
    after = f"{capital(article(tank.noun))} is filled with water."
    if floats:
        verb = "floats" if len(floats) == 1 else "float"
        after += f" {capital(listing([each.noun for each in floats]))} {verb} in it."
    after += " The surface stays still and flat."
    return after
