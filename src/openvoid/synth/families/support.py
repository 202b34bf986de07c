"""`support`: a person or a robot holds, carries, sets down something, or is leaned upon.

Enters: a random generator and the `Frame`. Leaves: a world in which, without the figure, the thing
falls, rolls, and comes to rest. As in VOID's HUMOTO pairs (arXiv 2604.02296).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from openvoid.synth.families.figures import Drive, Figure
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.person import person
from openvoid.synth.families.robots import Way, robot_arm
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import tell
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
from openvoid.synth.world import Body, Vector, Weld, World

HELD = ("ball", "ball", "crate", "bottle", "dumbbell", "drum", "egg", "wheel", "block")


@dataclass(frozen=True)
class Plot:
    """Who holds what, how, and what becomes of it."""

    figure: Figure
    things: tuple[Thing, ...]
    welds: tuple[Weld, ...]
    why: str
    after: str
    short: str
    clear: tuple[tuple[float, float], ...]  # spots where nothing else stands


def describe(rng: np.random.Generator, frame: Frame) -> World:
    """A world of this family."""
    tall = uniform(rng, 1.3, 1.8)
    across = tall * uniform(rng, 1.85, 2.2)
    place = stage(rng, across, setting=pick(rng, ("room", "corner", "outdoors")))
    plot = PLOTS[pick(rng, list(PLOTS))](rng, tall, frame.duration_s)
    around = _bystanders(rng, tall, plot, int(rng.integers(0, 4)))
    return tell(
        frame,
        place,
        camera(rng, frame, across, centre=(0.0, 0.0, 0.48 * tall), pitch_deg=(5, 20)),
        things=plot.things,
        besides=around,
        bodies=plot.figure.bodies,
        welds=plot.welds,
        removed=plot.figure.names,
        why=plot.why,
        after=plot.after,
        short=plot.short,
    )


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


def _forward(facing: float, distance: float, high: float) -> Vector:
    return (distance * math.cos(facing), distance * math.sin(facing), high)


def _falls(noun: str, form: str) -> str:
    if form == "ball":
        return f"{capital(article(noun))} drops to the ground, bounces, rolls and comes to rest"
    if form in ("egg", "wheel", "drum", "bottle"):
        return f"{capital(article(noun))} drops, tumbles over the ground, rolls and lies still"
    return f"{capital(article(noun))} drops straight down, hits the ground and comes to rest"


def _hold(rng: np.random.Generator, tall: float, duration_s: float) -> Plot:
    """In both hands, before the chest, or on the palm of one."""
    facing, form = _facing(rng), pick(rng, HELD)
    both = rng.random() < 0.6
    size = tall * (uniform(rng, 0.07, 0.10) if both else uniform(rng, 0.05, 0.075))
    held = thing(rng, "held", form, size)
    foot = _forward(facing, -0.15 * tall, 0.0)[:2]
    turns, lifts = _sway(rng, duration_s, uniform(rng, 0.15, 0.7)), _sway(rng, duration_s, 0.25)
    high, out = uniform(rng, 0.6, 0.78) * tall, uniform(rng, 0.23, 0.27) * tall
    spin = about((0, 0, 1), facing + math.pi / 2)
    if both:
        centre = _forward(facing, out - 0.15 * tall, high)
        gap = held.half[0] + 0.02 * tall
        left = (-math.sin(facing) * gap, math.cos(facing) * gap)
        hands = [
            (centre[0] + side * left[0], centre[1] + side * left[1], centre[2])
            for side in (1.0, -1.0)
        ]
        figure = person(rng, foot, facing, tall, hands, turns=turns, lifts=lifts)
        put = held.at(centre, spin)
    else:
        side = float(rng.choice([-1.0, 1.0])) * 0.14 * tall
        hand = _forward(facing, out - 0.15 * tall, high)
        hand = (hand[0] - math.sin(facing) * side, hand[1] + math.cos(facing) * side, high)
        figure = person(rng, foot, facing, tall, [hand], turns=turns, lifts=lifts)
        above = (*figure.grip[:2], figure.grip[2] + 0.034 * tall + held.half[2])
        put = held.at(above, spin)
    return Plot(
        figure,
        (put,),
        (Weld(figure.hand, "held"),),
        f"somebody holds the {held.noun}",
        f"{_falls(held.noun, form)}; nobody is there to hold it.",
        f"{article(held.noun)} falls to the ground",
        (foot, put.body.position[:2]),
    )


def _tray(rng: np.random.Generator, tall: float, duration_s: float) -> Plot:
    """A tray in both hands, with things on it."""
    facing = _facing(rng)
    foot = _forward(facing, -0.18 * tall, 0.0)[:2]
    deep, wide, thick = 0.10 * tall, 0.17 * tall, 0.008 * tall
    centre = _forward(facing, 0.11 * tall, uniform(rng, 0.58, 0.68) * tall)
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
        detail={"noun": "tray"},
    )
    left = (-math.sin(facing) * wide * 0.8, math.cos(facing) * wide * 0.8)
    low = centre[2] - thick - 0.03 * tall
    hands = [(centre[0] + s * left[0], centre[1] + s * left[1], low) for s in (1.0, -1.0)]
    figure = person(
        rng, foot, facing, tall, hands, turns=_sway(rng, duration_s, uniform(rng, 0.1, 0.35))
    )
    stood = []
    count = int(rng.integers(1, 4))
    for index in range(count):
        form = pick(rng, ("can", "bottle", "crate", "post", "drum"))
        each = thing(rng, f"on tray {index}", form, 0.04 * tall)
        aside = (index - (count - 1) / 2) * 0.10 * tall
        x, y = centre[0] - math.sin(facing) * aside, centre[1] + math.cos(facing) * aside
        stood.append(
            each.at(
                (x, y, centre[2] + thick + each.half[2]), about((0, 0, 1), uniform(rng, 0, 3))
            ).change(friction=0.8)
        )
    nouns = listing([each.noun for each in stood])
    return Plot(
        figure,
        (Thing((tray,), "tray", (deep, wide, thick)), *stood),
        (Weld(figure.hand, "tray"),),
        "somebody carries the tray",
        f"A tray with {nouns} crashes to the ground, and everything tumbles about.",
        "a tray falls with everything on it",
        (foot, centre[:2]),
    )


def _lean(rng: np.random.Generator, tall: float, duration_s: float) -> Plot:
    """A board or a pole that leans on two hands."""
    facing = _facing(rng)
    foot = _forward(facing, -0.33 * tall, 0.0)[:2]
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
        _forward(facing, 0.0, middle),
        lean,
        mass_kg=3.0,
        friction=0.9,
        bounce=0.15,
        material=look,
        detail={"noun": noun},
    )
    high = uniform(rng, 0.58, 0.66) * tall
    back = -math.tan(tilt) * (high - middle) - half[0] / math.cos(tilt) - 0.036 * tall
    gap = half[1] * 0.7
    spot = _forward(facing, back, high)
    left = (-math.sin(facing) * gap, math.cos(facing) * gap)
    hands = [(spot[0] + s * left[0], spot[1] + s * left[1], high) for s in (1.0, -1.0)]
    figure = person(rng, foot, facing, tall, hands)
    return Plot(
        figure,
        (Thing((board,), noun, half),),
        (),
        f"the {noun} leans on somebody's hands",
        f"A tall {noun} stands tilted for a moment, topples over with nothing behind it, "
        "slaps onto the ground and lies flat.",
        f"a {noun} topples over",
        (foot, (0.0, 0.0), foot),
    )


def _arm_figure(
    rng: np.random.Generator, tall: float, held: Thing, ways: list[Way], foot: Vector, rides: Drive
) -> tuple[Figure, Thing]:
    figure = robot_arm(rng, foot, ways, held.half[1] * 1.02, rides=rides)
    longest = max(math.hypot(way.out_m, way.high_m - foot[2]) for way in ways)
    low = figure.grip[2] - 0.02 * longest - held.half[2]
    return figure, held.at((*figure.grip[:2], low), about((0, 0, 1), ways[0].yaw))


def _set_down(rng: np.random.Generator, tall: float, duration_s: float) -> Plot:
    """An arm swings a thing over and sets it down on a plinth or on the ground."""
    form = pick(rng, ("crate", "can", "bottle", "drum", "block", "ball"))
    held = thing(rng, "held", form, tall * uniform(rng, 0.055, 0.08))
    out = tall * uniform(rng, 0.42, 0.5)
    side = float(rng.choice([-1.0, 1.0]))
    start = -math.pi / 2 + side * uniform(rng, 0.9, 1.3)
    stop = -math.pi / 2 - side * uniform(rng, 0.8, 1.2)
    plinth_m = 0.0 if rng.random() < 0.35 else tall * uniform(rng, 0.1, 0.3)
    foot = (0.0, 0.12 * tall, 0.0)
    grip = 2 * held.half[2] + 0.10 * tall  # from what it stands on to the wrist, about
    carry = max(plinth_m + grip + 0.1 * tall, tall * uniform(rng, 0.5, 0.7))
    over_s, down_s = min(0.35, duration_s / 9) * 6, min(0.2, duration_s / 9) * 4
    longest = math.hypot(out, carry)
    lowest = plinth_m + 2 * held.half[2] + (0.07 + 0.02) * longest + 0.001
    begin_s = uniform(rng, 0.1, 0.4)
    release_s = begin_s + over_s + down_s + 0.15
    ways = [
        Way(0.0, start, out, carry),
        Way(begin_s, start, out, carry),
        Way(begin_s + over_s, stop, out, carry),
        Way(begin_s + over_s + down_s, stop, out, lowest),
        Way(release_s + 0.1, stop, out, lowest),
        Way(release_s + 0.9, stop, out, carry),
    ]
    figure, put = _arm_figure(rng, tall, held, ways, foot, ())
    spot = (foot[0] + out * math.cos(stop), foot[1] + out * math.sin(stop))
    plinth = []
    if plinth_m:
        look = material(rng, pick(rng, ("wood", "stone", "card")), "white", plinth_m)
        half = (0.12 * tall, 0.12 * tall, plinth_m / 2)
        body = Body(
            "plinth", "box", half, (*spot, half[2]), material=look, detail={"noun": "plinth"}
        )
        plinth = [Thing((body,), "plinth", half)]
    goal = "an empty plinth" if plinth else "the empty ground"
    return Plot(
        figure,
        (put, *plinth),
        (Weld(figure.hand, "held", release_s),),
        f"a robot arm carries the {held.noun} and sets it down",
        f"{_falls(held.noun, form)}; no arm takes it to {goal}.",
        f"{article(held.noun)} falls to the ground",
        (foot[:2], spot, put.body.position[:2]),
    )


def _carry(rng: np.random.Generator, tall: float, duration_s: float) -> Plot:
    """A robot on a cart brings a thing across the picture."""
    form = pick(rng, HELD)
    held = thing(rng, "held", form, tall * uniform(rng, 0.06, 0.09))
    side = float(rng.choice([-1.0, 1.0]))
    out, high = tall * uniform(rng, 0.28, 0.34), tall * uniform(rng, 0.55, 0.7)
    begin = -side * tall * uniform(rng, 0.35, 0.6)
    leave_s = uniform(rng, 0.2, 0.5)
    come_s = max(leave_s + 1.5, min(leave_s + uniform(rng, 2.4, 3.4), duration_s - 0.3))
    rides = ((0.0, 0.0), (leave_s, 0.0), (come_s, -2 * begin * uniform(rng, 0.7, 1.0)))
    yaw = -math.pi / 2 + uniform(rng, -0.9, 0.9)
    ways = [
        Way(0.0, yaw, out, high),
        Way(leave_s, yaw, out, high),
        Way(come_s, yaw + uniform(rng, -0.5, 0.5), out, high * uniform(rng, 0.92, 1.05)),
    ]
    foot = (begin, 0.1 * tall, 0.0)
    figure, put = _arm_figure(rng, tall, held, ways, foot, rides)
    return Plot(
        figure,
        (put,),
        (Weld(figure.hand, "held"),),
        f"a robot on wheels carries the {held.noun} across",
        f"{_falls(held.noun, form)}; it is not carried anywhere.",
        f"{article(held.noun)} falls to the ground",
        (foot[:2], (0.0, 0.1 * tall), (-begin, 0.1 * tall), put.body.position[:2], (0.0, -0.2)),
    )


PLOTS: dict[str, Callable[[np.random.Generator, float, float], Plot]] = {
    "hold": _hold,
    "tray": _tray,
    "lean": _lean,
    "set down": _set_down,
    "carry": _carry,
}


def _bystanders(rng: np.random.Generator, tall: float, plot: Plot, count: int) -> list[Thing]:
    """Furniture and things behind or beside, out of the way."""
    placed: list[Thing] = []
    points = list(plot.clear)
    for index in range(count):
        form = pick(rng, ("crate", "drum", "post", "ball", "bottle"))
        each = thing(rng, f"bystander {index}", form, tall * uniform(rng, 0.07, 0.14))
        for _ in range(40):
            point = (uniform(rng, -0.85, 0.85) * tall, uniform(rng, -0.1, 0.8) * tall)
            if all(math.dist(point, other) > 0.38 * tall for other in points):
                turn = about((0, 0, 1), uniform(rng, 0, 3))
                placed.append(each.at((*point, each.half[2]), turn))
                points.append(point)
                break
    return placed
