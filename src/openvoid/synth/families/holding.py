"""People who hold, carry, walk off with something, bear an end of it, or lean it on their hands.

Enters: a random generator, how tall, how long it lasts. Leaves: `Holding`s for `support` to stage.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.figures import Drive, Figure
from openvoid.synth.families.person import pace_m_s, person
from openvoid.synth.families.telling import Plot
from openvoid.synth.families.things import (
    Thing,
    article,
    capital,
    listing,
    material,
    pick,
    thing,
    uniform,
)
from openvoid.synth.rotation import about, join
from openvoid.synth.world import Body, Vector, Weld

HELD = ("ball", "ball", "crate", "bottle", "dumbbell", "drum", "egg", "wheel", "block")


@dataclass(frozen=True, kw_only=True)
class Holding(Plot):
    """Somebody who holds something, and how much room that takes."""

    clear: tuple[tuple[float, float], ...]  # spots where nothing else stands
    across: float = 1.95  # of the action, in heights of a person
    high: float = 0.48  # of its middle


def _sway(rng: np.random.Generator, duration_s: float, most: float) -> Drive:
    """There and back, once or twice, after standing still for a moment."""
    time_s, swing = uniform(rng, 0.2, 0.6), most * float(rng.choice([-1.0, 1.0]))
    points = [(0.0, 0.0), (time_s, 0.0)]
    while time_s < duration_s:
        time_s += uniform(rng, 0.9, 1.6)
        points.append((time_s, swing * uniform(rng, 0.5, 1.0)))
        swing = -swing
    return tuple(points)


def _facing(rng: np.random.Generator) -> float:
    """To one side, more or less towards the camera."""
    aside = uniform(rng, -0.6, 0.25)
    return -math.pi / 2 + float(rng.choice([-1.0, 1.0])) * (math.pi / 2 + aside)


def forward(facing: float, distance: float, high: float) -> Vector:
    """So far ahead of the origin, so high."""
    return (distance * math.cos(facing), distance * math.sin(facing), high)


def falls(noun: str, form: str) -> str:
    """What becomes of a thing that nobody holds."""
    if form == "ball":
        return f"{capital(article(noun))} drops to the ground, bounces, rolls and comes to rest"
    return f"{capital(article(noun))} drops straight down, hits the ground and comes to rest"


def in_hand(
    figure: Figure,
    put: Thing,
    form: str,
    why: str,
    without: str,
    clear: tuple[tuple[float, float], ...],
    until_s: float = float("inf"),
) -> Holding:
    """A thing called "held" that the figure has in hand until then, and that falls without it."""
    return Holding(
        bodies=figure.bodies,
        removed=figure.names,
        things=(put,),
        welds=(Weld(figure.hand, "held", until_s),),
        why=why,
        after=f"{falls(put.noun, form)}; {without}.",
        short=f"{article(put.noun)} falls to the ground",
        clear=(*clear, put.body.position[:2]),
    )


def _beside(centre: Vector, facing: float, gap: float) -> list[Vector]:
    """Two hands, left and right of a place, so far from it."""
    left = (-math.sin(facing) * gap, math.cos(facing) * gap)
    return [(centre[0] + s * left[0], centre[1] + s * left[1], centre[2]) for s in (1.0, -1.0)]


def hold(rng: np.random.Generator, tall: float, duration_s: float) -> Holding:
    """In both hands, before the chest, or on the palm of one."""
    facing, form = _facing(rng), pick(rng, HELD)
    both = rng.random() < 0.6
    size = tall * (uniform(rng, 0.07, 0.10) if both else uniform(rng, 0.05, 0.075))
    held = thing(rng, "held", form, size)
    foot = forward(facing, -0.15 * tall, 0.0)[:2]
    turns, lifts = _sway(rng, duration_s, uniform(rng, 0.15, 0.7)), _sway(rng, duration_s, 0.25)
    high, out = uniform(rng, 0.6, 0.78) * tall, uniform(rng, 0.23, 0.27) * tall
    spin = about((0, 0, 1), facing + math.pi / 2)
    if both:
        centre = forward(facing, out - 0.15 * tall, high)
        hands = _beside(centre, facing, held.half[0] + 0.02 * tall)
        figure = person(rng, foot, facing, tall, hands, turns=turns, lifts=lifts)
        put = held.at(centre, spin)
    else:
        side = float(rng.choice([-1.0, 1.0])) * 0.14 * tall
        hand = forward(facing, out - 0.15 * tall, high)
        hand = (hand[0] - math.sin(facing) * side, hand[1] + math.cos(facing) * side, high)
        figure = person(rng, foot, facing, tall, [hand], turns=turns, lifts=lifts)
        above = (*figure.grip[:2], figure.grip[2] + 0.034 * tall + held.half[2])
        put = held.at(above, spin)
    why, without = f"somebody holds the {held.noun}", "nobody is there to hold it"
    return in_hand(figure, put, form, why, without, (foot,))


def tray(rng: np.random.Generator, tall: float, duration_s: float) -> Holding:
    """A tray in both hands, with things on it."""
    facing = _facing(rng)
    foot = forward(facing, -0.18 * tall, 0.0)[:2]
    deep, wide, thick = 0.10 * tall, 0.17 * tall, 0.008 * tall
    centre = forward(facing, 0.11 * tall, uniform(rng, 0.58, 0.68) * tall)
    look = material(rng, pick(rng, ("wood", "metal", "plastic")), "grey", wide)
    tray = Body(
        "tray",
        "box",
        (deep, wide, thick),
        centre,
        about((0, 0, 1), facing),
        mass_kg=0.8,
        friction=0.8,
        bounce=0.2,
        material=look,
        detail=BodyDetail(noun="tray"),
    )
    left = (-math.sin(facing) * wide * 0.8, math.cos(facing) * wide * 0.8)
    low = centre[2] - thick - 0.03 * tall
    hands = [(centre[0] + s * left[0], centre[1] + s * left[1], low) for s in (1.0, -1.0)]
    figure = person(
        rng, foot, facing, tall, hands, turns=_sway(rng, duration_s, uniform(rng, 0.1, 0.35))
    )
    stood = _on_tray(rng, tall, facing, (centre[0], centre[1], centre[2] + thick))
    nouns = listing([each.noun for each in stood])
    return Holding(
        bodies=figure.bodies,
        removed=figure.names,
        things=(Thing((tray,), "tray", (deep, wide, thick)), *stood),
        welds=(Weld(figure.hand, "tray"),),
        why="somebody carries the tray",
        after=f"A tray with {nouns} crashes to the ground, and everything tumbles about.",
        short="a tray falls with everything on it",
        clear=(foot, centre[:2]),
    )


def _on_tray(rng: np.random.Generator, tall: float, facing: float, top: Vector) -> list[Thing]:
    """Things in a row across, on a tray whose middle is there."""
    stood = []
    count = int(rng.integers(1, 4))
    for index in range(count):
        form = pick(rng, ("can", "bottle", "crate", "post", "drum"))
        each = thing(rng, f"on tray {index}", form, 0.04 * tall)
        aside = (index - (count - 1) / 2) * 0.10 * tall
        x, y = top[0] - math.sin(facing) * aside, top[1] + math.cos(facing) * aside
        turned = about((0, 0, 1), uniform(rng, 0, 3))
        stood.append(each.at((x, y, top[2] + each.half[2]), turned).change(friction=0.8))
    return stood


def walk(rng: np.random.Generator, tall: float, duration_s: float) -> Holding:
    """Somebody walks across with a thing in both hands."""
    side, form = float(rng.choice([-1.0, 1.0])), pick(rng, HELD)
    facing = math.pi / 2 - side * (math.pi / 2 + uniform(rng, -0.1, 0.35))
    held = thing(rng, "held", form, tall * uniform(rng, 0.07, 0.10))
    begin_s = uniform(rng, 0.2, 0.6)
    going_s = max(0.6, min(duration_s - begin_s - 0.4, 1.0 * tall / pace_m_s(tall)))
    way = going_s * pace_m_s(tall)
    foot = forward(facing, -way / 2 - 0.1 * tall, 0.0)[:2]
    high, out = uniform(rng, 0.6, 0.72) * tall, uniform(rng, 0.23, 0.27) * tall
    centre = forward(facing, out - way / 2 - 0.1 * tall, high)
    hands = _beside(centre, facing, held.half[0] + 0.02 * tall)
    times = np.linspace(0, 1, 5)
    walks = ((0.0, 0.0), *((begin_s + going_s * float(t), way * float(t)) for t in times))
    figure = person(rng, foot, facing, tall, hands, walks=walks)
    put = held.at(centre, about((0, 0, 1), facing + math.pi / 2))
    stop = forward(facing, way / 2, 0.0)[:2]
    why, without = f"somebody walks across and carries the {held.noun}", "nobody carries it away"
    return in_hand(figure, put, form, why, without, (foot, (0.0, 0.0), stop))


def plank(rng: np.random.Generator, tall: float, duration_s: float) -> Holding:
    """A plank with things on it: one end lies on a plinth, the other in somebody's hands."""
    side = float(rng.choice([-1.0, 1.0]))
    facing = math.pi / 2 - side * math.pi / 2
    high, long = uniform(rng, 0.36, 0.46) * tall, uniform(rng, 0.42, 0.5) * tall
    wide, thick = uniform(rng, 0.09, 0.12) * tall, 0.014 * tall
    look = material(rng, "wood", "brown", long)
    plank = Body("plank", "box", (long, wide, thick), (0.0, 0.0, high + thick), mass_kg=3.0,
                 friction=0.6, bounce=0.15, material=look,
                 detail=BodyDetail(noun="plank"))  # fmt: skip
    half = (0.1 * tall, 0.12 * tall, high / 2)
    stone = material(
        rng, pick(rng, ("stone", "wood")), pick(rng, ("white", "grey", "red")), half[0]
    )
    plinth = Body("plinth", "box", half, (side * (long - 0.08 * tall), 0.0, half[2]),
                  material=stone, detail=BodyDetail(noun="plinth"))  # fmt: skip
    reach = -side * long
    hands = [(reach, s * wide * 0.85, high - 0.022 * tall) for s in (side, -side)]
    foot = (reach - side * 0.26 * tall, 0.0)
    figure = person(rng, foot, facing, tall, hands)
    stood = _on_plank(rng, tall, high + 2 * thick)
    nouns = listing([each.noun for each in stood])
    return Holding(
        bodies=figure.bodies,
        removed=figure.names,
        things=(
            Thing((plank,), "plank", (long, wide, thick)),
            *stood,
            Thing((plinth,), "plinth", half),
        ),
        welds=(Weld(figure.hand, "plank"),),
        why="somebody holds up one end of the plank",
        after=f"A plank that bears {nouns} lies on a plinth with one end only. "
        "It tips and sheds its load.",
        short="a plank drops at one end and sheds its load",
        clear=(foot, (0.0, 0.0), plinth.position[:2]),
        across=2.0,
        high=0.46,
    )


def _on_plank(rng: np.random.Generator, tall: float, top_m: float) -> list[Thing]:
    """Things in a row along it."""
    stood = []
    count = int(rng.integers(1, 3))
    for index in range(count):
        form = pick(rng, ("can", "bottle", "crate", "drum", "post", "ball"))
        each = thing(rng, f"on plank {index}", form, 0.055 * tall)
        x = (index - (count - 1) / 2) * 0.26 * tall + uniform(rng, -0.05, 0.05) * tall
        turned = about((0, 0, 1), uniform(rng, 0, 3))
        stood.append(each.at((x, 0.0, top_m + each.half[2]), turned))
    return stood


def lean(rng: np.random.Generator, tall: float, duration_s: float) -> Holding:
    """A board or a pole that leans on two hands."""
    facing = _facing(rng)
    foot = forward(facing, -0.33 * tall, 0.0)[:2]
    tilt = uniform(rng, 0.10, 0.2)
    half = (0.012 * tall, uniform(rng, 0.05, 0.16) * tall, uniform(rng, 0.36, 0.45) * tall)
    stuff = pick(rng, ("wood", "plastic", "card"))
    look = material(rng, stuff, pick(rng, ("red", "blue", "green", "white", "yellow")), half[1])
    noun = {"wood": "wooden board", "plastic": "plastic panel", "card": "cardboard sheet"}[stuff]
    # its foot is ahead, its upper end comes back towards the person
    upright = about((-math.sin(facing), math.cos(facing), 0.0), -tilt)
    turned = about((0, 0, 1), facing)
    lean = join(upright, turned)
    middle = half[2] * math.cos(tilt) + half[0] * math.sin(tilt) + 0.0005
    board = Body(
        "board",
        "box",
        half,
        forward(facing, 0.0, middle),
        lean,
        mass_kg=3.0,
        friction=0.9,
        bounce=0.15,
        material=look,
        detail=BodyDetail(noun=noun),
    )
    high = uniform(rng, 0.58, 0.66) * tall
    back = -math.tan(tilt) * (high - middle) - half[0] / math.cos(tilt) - 0.036 * tall
    hands = _beside(forward(facing, back, high), facing, half[1] * 0.7)
    figure = person(rng, foot, facing, tall, hands)
    return Holding(
        bodies=figure.bodies,
        removed=figure.names,
        things=(Thing((board,), noun, half),),
        welds=(),
        why=f"the {noun} leans on somebody's hands",
        after=f"A tall {noun} stands tilted for a moment, topples over with nothing behind it, "
        "slaps onto the ground and lies flat.",
        short=f"a {noun} topples over",
        clear=(foot, (0.0, 0.0), foot),
    )
