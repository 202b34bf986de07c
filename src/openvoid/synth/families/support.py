"""`support`: a person or a robot holds, carries, sets down something, or is leaned upon.

Enters: a random generator and the `Frame`. Leaves: a world in which, without the figure, the thing
falls, rolls, and comes to rest. As in VOID's HUMOTO pairs (arXiv 2604.02296).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.figures import Drive, Figure
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.holding import HELD, Holding, hold, in_hand, lean, plank, tray, walk
from openvoid.synth.families.robots import Way, robot_arm
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import tell
from openvoid.synth.families.things import Thing, material, pick, thing, uniform
from openvoid.synth.rotation import about
from openvoid.synth.world import Body, Vector, World


def describe(rng: np.random.Generator, frame: Frame) -> World:
    """A world of this family."""
    tall = uniform(rng, 1.3, 1.8)
    plot = PLOTS[pick(rng, list(PLOTS))](rng, tall, frame.duration_s)
    across = tall * plot.across * uniform(rng, 0.95, 1.1)
    place = stage(rng, across, setting=pick(rng, ("room", "corner", "outdoors")))
    around = _bystanders(rng, tall, plot, int(rng.integers(0, 4)))
    centre = (0.0, 0.0, plot.high * tall)
    view = camera(rng, frame, across, centre=centre, pitch_deg=(5, 20))
    return tell(frame, place, view, plot, around)


def _arm_figure(
    rng: np.random.Generator, tall: float, held: Thing, ways: list[Way], foot: Vector, rides: Drive
) -> tuple[Figure, Thing]:
    figure = robot_arm(rng, foot, ways, held.half[1] * 1.02, rides=rides)
    longest = max(math.hypot(way.out_m, way.high_m - foot[2]) for way in ways)
    low = figure.grip[2] - 0.02 * longest - held.half[2]
    return figure, held.at((*figure.grip[:2], low), about((0, 0, 1), ways[0].yaw))


def _set_down(rng: np.random.Generator, tall: float, duration_s: float) -> Holding:
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
            "plinth", "box", half, (*spot, half[2]), material=look, detail=BodyDetail(noun="plinth")
        )
        plinth = [Thing((body,), "plinth", half)]
    goal = "an empty plinth" if plinth else "the empty ground"
    why = f"a robot arm carries the {held.noun} and sets it down"
    told = in_hand(
        figure, put, form, why, f"no arm takes it to {goal}", (foot[:2], spot), release_s
    )
    return replace(told, things=(put, *plinth), across=1.6, high=0.34)


def _carry(rng: np.random.Generator, tall: float, duration_s: float) -> Holding:
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
    why = f"a robot on wheels carries the {held.noun} across"
    spots = (foot[:2], (0.0, 0.1 * tall), (-begin, 0.1 * tall), (0.0, -0.2))
    told = in_hand(figure, put, form, why, "it is not carried anywhere", spots)
    return replace(told, across=1.7, high=0.36)


PLOTS: dict[str, Callable[[np.random.Generator, float, float], Holding]] = {
    "hold": hold,
    "tray": tray,
    "walk": walk,
    "plank": plank,
    "lean": lean,
    "set down": _set_down,
    "carry": _carry,
}


def _bystanders(rng: np.random.Generator, tall: float, plot: Holding, count: int) -> list[Thing]:
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
