"""`light`: what is removed moves nothing; only its shadow, image, glow or light goes with it.

Enters: a random generator and the `Frame`. Leaves: a world in which something stands, rolls, swings
or drifts by, and throws a long shadow on other things, is mirrored in the floor or in a mirror on
the wall, tints what is beside it, or is the lamp itself. What else is there stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.shining import (
    bounced,
    dimmed,
    dull,
    lamp,
    looking_glass,
    lower_sun,
    opposite_wall,
    polished,
)
from openvoid.synth.families.stage import Stage, camera, stage
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
)
from openvoid.synth.rotation import about
from openvoid.synth.world import UPRIGHT, Body, Joint, Material, World

WIDTH = 10.0  # of the action, in half sizes of a thing
Point = tuple[float, float]
MOVES = ("stands", "rolls", "swings", "drifts")


@dataclass(frozen=True, kw_only=True)
class Lighting(Plot):
    """What stands in the light, the place as it is lit, and where others stand in it."""

    place: Stage
    spots: tuple[Point, ...]  # best first; the first is always taken
    pitch_deg: tuple[float, float] = (14.0, 30.0)  # of the camera


def describe(rng: np.random.Generator, frame: Frame) -> World:
    """A world of this family."""
    unit = uniform(rng, 0.07, 0.22)
    plot = PLOTS[pick(rng, list(PLOTS))](rng, unit, frame.duration_s)
    around = _around(rng, unit, plot.spots, int(rng.integers(2, 5)))
    nouns = listing([each.noun for each in around])
    after = f"{capital(nouns)} stand still. {plot.after}"
    plot = replace(plot, things=(*plot.things, *around), after=after)
    centre = (0.0, 0.4 * unit, 1.3 * unit)
    view = camera(rng, frame, WIDTH * unit, centre=centre, pitch_deg=plot.pitch_deg, yaw_deg=18)
    return tell(frame, plot.place, view, plot)


def _around(
    rng: np.random.Generator, unit: float, spots: tuple[Point, ...], count: int
) -> list[Thing]:
    """Pale or bright things, upright, each at a spot."""
    placed = []
    for index, (x, y) in enumerate(spots[:count]):
        form = pick(rng, ("crate", "can", "bottle", "block", "post", "drum"))
        color = pick(rng, ("white", "yellow", "grey", "pink", "orange", "teal"))
        each = thing(rng, f"neighbour {index}", form, unit * uniform(rng, 0.6, 0.85), color=color)
        where = (x * unit, y * unit, each.half[2])
        placed.append(each.at(where, about((0, 0, 1), uniform(rng, 0, 3))))
    return placed


def _mover(
    rng: np.random.Generator, unit: float, duration_s: float, y: float, moves: tuple[str, ...]
) -> tuple[Thing, str]:
    """A thing at that depth that stands, rolls, swings on a cord or drifts, and the verb."""
    move = pick(rng, moves)
    name, y = "passer", y * unit
    if move == "stands":
        form = pick(rng, ("post", "drum", "bottle", "dumbbell", "crate", "egg"))
        made = thing(rng, name, form, unit * uniform(rng, 0.95, 1.25))
        x = uniform(rng, -0.6, 0.6) * unit
        return made.at((x, y, made.half[2]), about((0, 0, 1), uniform(rng, 0, 3))), "stands"
    if move == "rolls":
        made = thing(rng, name, "ball", unit * uniform(rng, 0.8, 1.1), heavy=2.0)
        radius = made.half[0]
        speed = WIDTH * unit * uniform(rng, 0.75, 0.95) / min(duration_s, 6.0)
        body = replace(made.body, detail=made.body.detail.but(rolling=0.0))
        made = replace(made, bodies=(body,)).at((-4.2 * unit, y, radius))
        made = made.change(velocity=(speed, 0.0, 0.0), spin=(0.0, speed / radius, 0.0))
        return made, "rolls by"
    if move == "swings":
        return _swinging(rng, name, unit, y), "swings on a cord"
    return _drifting(rng, name, unit, duration_s, y), "drifts by"


def _swinging(rng: np.random.Generator, name: str, unit: float, y: float) -> Thing:
    """On a cord from above the picture."""
    long = unit * uniform(rng, 8.0, 10.0)
    low = unit * uniform(rng, 1.3, 1.9)
    angle = uniform(rng, 0.15, 0.28) * float(rng.choice([-1.0, 1.0]))
    pivot = (0.0, y, low + long)
    made = thing(
        rng, name, pick(rng, ("ball", "drum", "egg", "crate")), unit * uniform(rng, 0.7, 1)
    )
    turned = about((0, 1, 0), angle)
    away = (-math.sin(angle) * long, 0.0, -math.cos(angle) * long)
    made = made.at((pivot[0] + away[0], y, pivot[2] + away[2]), turned)
    joint = Joint("hinge", (0.0, 1.0, 0.0), (0.0, 0.0, long), damping=0.0)
    made = made.change(joint=joint, detail=made.body.detail.but(held=True))
    half = (long - made.half[2]) / 2
    middle = (away[0] * 0.5 * (1 + made.half[2] / long), away[2] * 0.5 * (1 + made.half[2] / long))
    cord = Body(
        f"{name} cord",
        "cylinder",
        (0.035 * unit, half),
        (pivot[0] + middle[0], y, pivot[2] + middle[1]),
        turned,
        mass_kg=0.001,
        material=Material("plain", ((0.25, 0.22, 0.18),), roughness=0.9),
        parent=name,
        detail=BodyDetail(noun="cord", collides=False),
    )
    return replace(made, bodies=(*made.bodies, cord))


def _drifting(
    rng: np.random.Generator, name: str, unit: float, duration_s: float, y: float
) -> Thing:
    """A balloon, which glides sideways in the air."""
    color = pick(rng, ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white"))
    size = unit * uniform(rng, 0.8, 1.05)
    begin, high = -3.0 * unit, unit * uniform(rng, 2.0, 2.6)
    way = 6.0 * unit * uniform(rng, 0.8, 1.0)
    drive = ((0.0, 0.0), (0.3, 0.0), (max(1.0, min(duration_s, 7.0)), way))
    balloon = Body(
        name,
        "ellipsoid",
        (size * 0.85, size * 0.85, size),
        (begin, y, high),
        mass_kg=0.05,
        material=Material("plain", (COLORS[color],), roughness=0.15),
        joint=Joint("slide", (1.0, 0.0, 0.0), damping=0.1, drive=drive),
        detail=BodyDetail(noun=f"{color} balloon", weightless=True, collides=False),
    )
    string = Body(
        f"{name} string",
        "cylinder",
        (0.02 * unit, size * 0.45),
        (begin, y, high - size * 1.4),
        mass_kg=0.001,
        material=Material("plain", ((0.7, 0.7, 0.68),)),
        parent=name,
        detail=BodyDetail(noun="string", weightless=True, collides=False),
    )
    return Thing((balloon, string), f"{color} balloon", (size, size, size))


BEHIND: tuple[Point, ...] = ((-2.2, 2.4), (2.3, 2.6), (0.1, 3.3), (-3.9, 3.2))


def _shadow(rng: np.random.Generator, unit: float, duration_s: float) -> Lighting:
    """A low sun from the front throws a long shadow over what stands behind."""
    place = lower_sun(
        rng, stage(rng, WIDTH * unit, setting=pick(rng, ("room", "table", "outdoors")))
    )
    made, verb = _mover(rng, unit, duration_s, uniform(rng, -0.6, 0.0), MOVES)
    return Lighting(
        place=place,
        things=(made,),
        removed=made.names,
        why=f"{article(made.noun)} {verb} and throws its shadow on what is behind",
        after="Nothing passes before them, and no shadow but their own falls on them.",
        short="things stand still, with only their own shadows",
        spots=BEHIND,
    )


def _floor_image(rng: np.random.Generator, unit: float, duration_s: float) -> Lighting:
    """On a floor like water its image is as large as itself."""
    ground = pick(rng, ("marble", "tiles", "checker", "planks"))
    place = stage(rng, WIDTH * unit, ground=ground, setting=pick(rng, ("room", "corner", "table")))
    made, verb = _mover(rng, unit, duration_s, uniform(rng, -1.2, -0.2), MOVES)
    return Lighting(
        place=polished(rng, place),
        things=(made,),
        removed=made.names,
        why=f"{article(made.noun)} {verb}, with its image in the floor and its shadow",
        after="The polished floor mirrors them and the wall, and nothing else.",
        short="things stand on a polished floor that mirrors them",
        spots=BEHIND,
        pitch_deg=(10.0, 22.0),
    )


def _mirror(rng: np.random.Generator, unit: float, duration_s: float) -> Lighting:
    """A mirror behind shows its back."""
    place = dull(stage(rng, WIDTH * unit, setting=pick(rng, ("room", "table", "corner"))))
    glass = looking_glass(rng, unit, uniform(rng, 3.0, 3.5) * unit)
    made, verb = _mover(
        rng, unit, duration_s, uniform(rng, -0.6, -0.1), ("stands", "rolls", "swings")
    )
    return Lighting(
        place=place,
        things=(made,),
        removed=made.names,
        why=f"{article(made.noun)} {verb} before a mirror, which shows it too",
        after="The mirror behind them shows only their own backs and the empty ground.",
        short="things stand before a mirror",
        spots=((-2.5, 1.4), (2.6, 1.4), (3.3, -2.2), (-3.2, -2.3)),
        bodies=(*glass, opposite_wall(place)),
        pitch_deg=(8.0, 18.0),
    )


def _bounce(rng: np.random.Generator, unit: float, duration_s: float) -> Lighting:
    """A bright thing in the sun throws coloured light on the ground and on pale neighbours."""
    place = stage(rng, WIDTH * unit, ground=pick(rng, ("concrete", "carpet")), setting="room")
    place = _pale(place)
    color = pick(rng, ("red", "orange", "green", "blue", "purple", "pink", "teal"))
    made = thing(
        rng,
        "passer",
        pick(rng, ("crate", "drum", "ball", "egg")),
        unit * uniform(rng, 0.9, 1.15),
        stuff="plastic",
        color=color,
    )
    plain = Material("plain", (COLORS[color],), roughness=0.3)
    bodies = tuple(replace(body, material=plain) for body in made.bodies)
    made = replace(made, bodies=bodies).at((0.0, 0.0, made.half[2]), UPRIGHT)
    side = math.copysign(1.0, place.key.position[0])
    return Lighting(
        place=place,
        things=(made,),
        removed=made.names,
        why=f"{article(made.noun)} throws {color} light on what is beside it",
        after=f"They and the ground keep their own colours, without any {color} tinge.",
        short="things stand side by side in plain light",
        spots=((side * 2.7, -0.5), (side * 3.2, 1.3), (-side * 2.9, 1.6), (side * 1.5, 2.7)),
        lights=bounced(made, color, side, unit),
    )


def _pale(place: Stage) -> Stage:
    """On a pale ground a tinge is seen."""
    first = place.bodies[0]
    look = replace(first.material, colors=((0.62, 0.61, 0.58), (0.5, 0.49, 0.47)))
    return replace(place, bodies=(replace(first, material=look), *place.bodies[1:]))


def _lamp(rng: np.random.Generator, unit: float, duration_s: float) -> Lighting:
    """A lamp lights a dim room; without it the room is dim."""
    place = stage(
        rng, WIDTH * unit, setting="room", ground=pick(rng, ("planks", "carpet", "concrete"))
    )
    place = dimmed(place, uniform(rng, 0.35, 0.5))
    made, shine = lamp(rng, unit, (uniform(rng, -0.5, 0.5) * unit, 0.5 * unit))
    return Lighting(
        place=place,
        things=(made,),
        removed=made.names,
        why=f"{article(made.noun)} lights everything around it",
        after="No lamp is there: the ground is dim and their shadows are weak.",
        short="things stand in a dim room without a lamp",
        spots=((-2.4, 0.3), (2.7, 0.9), (1.2, -1.6), (-3.6, 1.9)),
        lights=shine,
    )


PLOTS: dict[str, Callable[[np.random.Generator, float, float], Lighting]] = {
    "shadow": _shadow,
    "floor": _floor_image,
    "mirror": _mirror,
    "bounce": _bounce,
    "lamp": _lamp,
}
