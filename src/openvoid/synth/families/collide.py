"""`collide`: three to seven things, one launched at another.

Enters: a random generator and the `Frame`. Leaves: a world in which one thing changes where another
goes: it strikes it, crosses its way, blocks it, starts a chain, or is thrown at a pile. Without it
the other stays or goes its own way. Speeds follow Froude's rule, v = k sqrt(g u) for things of half
size u, so that a toy world and a room look alike. As in VOID's Kubric pairs (arXiv 2604.02296).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import Plot, tell
from openvoid.synth.families.things import (
    Thing,
    article,
    capital,
    listing,
    pick,
    several,
    thing,
    uniform,
)
from openvoid.synth.rotation import about, join
from openvoid.synth.world import UPRIGHT, Vector, World

WIDTH = 13.0  # of the action, in half sizes of a thing
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Encounter(Plot):
    """One thing and another, and which strips of ground must stay clear."""

    ways: tuple[tuple[Point, Point], ...]


def describe(rng: np.random.Generator, frame: Frame) -> World:
    """A world of this family."""
    unit = uniform(rng, 0.06, 0.24)
    place = stage(rng, WIDTH * unit)
    plot = PLOTS[pick(rng, list(PLOTS))](rng, unit)
    count = int(rng.integers(3, 8))
    around = _bystanders(rng, unit, plot, max(0, count - len(plot.things)))
    if rng.random() < 0.5:
        plot = replace(plot, things=tuple(each.mirrored() for each in plot.things))
        around = [each.mirrored() for each in around]
    view = camera(rng, frame, WIDTH * unit, centre=(0.0, 0.5 * unit, unit))
    return tell(frame, place, view, plot, around)


def _speed(rng: np.random.Generator, unit: float) -> float:
    return uniform(rng, 1.0, 1.5) * math.sqrt(9.81 * unit)


def _launch(each: Thing, start: Point, towards: Point, speed: float) -> Thing:
    """On the ground at `start`, on its way: balls and wheels roll, the rest slides."""
    x, y = towards[0] - start[0], towards[1] - start[1]
    distance = math.hypot(x, y)
    x, y = x / distance, y / distance
    rolls = each.noun.endswith(("ball", "wheel"))
    if each.noun.endswith("wheel"):  # upright, its axle across the way
        lying = join(about((0, 0, 1), math.atan2(y, x)), about((1, 0, 0), math.pi / 2))
        put = each.at((*start, each.half[0]), lying)
    else:
        put = each.at((*start, each.half[2]), about((0, 0, 1), math.atan2(y, x)))
    if rolls:
        radius = each.half[0]
        spin = (-y * speed / radius, x * speed / radius, 0.0)
        return put.change(velocity=(x * speed, y * speed, 0.0), spin=spin)
    first = math.sqrt(speed**2 + 2 * 9.81 * each.body.friction * distance * 0.9)
    return put.change(velocity=(x * first, y * first, 0.0))


def _stand(each: Thing, point: Point, turn: float = 0.0) -> Thing:
    return each.at((*point, each.half[2]), about((0, 0, 1), turn) if turn else UPRIGHT)


def _launcher(rng: np.random.Generator, unit: float, heavy: float) -> Thing:
    form = pick(rng, ("ball", "ball", "ball", "wheel", "crate", "drum"))
    return thing(rng, "launcher", form, unit, heavy=heavy)


def _target(rng: np.random.Generator, unit: float, name: str = "target") -> Thing:
    form = pick(rng, ("ball", "post", "can", "bottle", "crate", "block", "dumbbell"))
    return thing(rng, name, form, unit * uniform(rng, 0.8, 1.0))


def _strike(rng: np.random.Generator, unit: float) -> Encounter:
    """One thing hits another at rest."""
    launcher = _launcher(rng, unit, heavy=2.0)
    target = _target(rng, unit)
    start = (-5.8 * unit, uniform(rng, -1.0, 1.0) * unit)
    goal = (uniform(rng, -1.5, 1.0) * unit, uniform(rng, 0.0, 1.0) * unit)
    aim = (goal[0], goal[1] + uniform(rng, -0.35, 0.35) * unit)
    launched = _launch(launcher, start, aim, _speed(rng, unit))
    return Encounter(
        things=(_stand(target, goal, uniform(rng, 0, 3)), launched),
        removed=launched.names,
        why=f"it hits the {target.noun}",
        after=f"{capital(article(target.noun))} lies at rest. "
        "Nothing touches it, and it stays where it is from the first moment to the last.",
        short=f"{article(target.noun)} rests untouched",
        ways=((start, goal), (goal, (7 * unit, 2 * goal[1] - start[1]))),
    )


def _cross(rng: np.random.Generator, unit: float) -> Encounter:
    """One rolling ball is knocked off its way by another thing."""
    target = thing(rng, "target", "ball", unit * 0.9)
    launcher = thing(rng, "launcher", pick(rng, ("ball", "ball", "wheel")), unit, heavy=2.0)
    meet = (uniform(rng, -1.0, 0.5) * unit, uniform(rng, 0.0, 1.0) * unit)
    start = (-5.8 * unit, meet[1] + uniform(rng, -0.3, 0.3) * unit)
    speed = uniform(rng, 0.7, 1.0) * math.sqrt(9.81 * unit)
    time_s = math.dist(start, meet) / speed
    side = 1.0 if rng.random() < 0.65 else -1.0
    slant = uniform(rng, -0.3, 0.6)
    far = uniform(rng, 3.6, 4.6) * unit
    begin = (meet[0] + slant * far, meet[1] + side * far)
    faster = max(0.2, math.dist(begin, meet) - 1.2 * unit) / time_s
    rolling = _launch(target, start, meet, speed)
    launched = _launch(launcher, begin, meet, faster)
    beyond = (7 * unit, 2 * meet[1] - start[1])
    return Encounter(
        things=(rolling, launched),
        removed=launched.names,
        why=f"it knocks the {target.noun} off its way",
        after=f"{capital(article(target.noun))} rolls straight across the picture. "
        "Nothing crosses its way, and it keeps its direction.",
        short=f"{article(target.noun)} rolls straight on",
        ways=((start, beyond), (begin, (meet[0], meet[1] - side * 4 * unit))),
    )


def _block(rng: np.random.Generator, unit: float) -> Encounter:
    """A heavy thing stops a rolling ball, and shelters what stands behind it."""
    ball = thing(rng, "roller", "ball", unit * 0.9, heavy=2.0)
    blocker = thing(rng, "blocker", pick(rng, ("crate", "drum", "block")), unit * 1.3, heavy=9.0)
    start = (-5.8 * unit, uniform(rng, -0.8, 0.8) * unit)
    stop = (uniform(rng, -1.5, 0.0) * unit, uniform(rng, 0.0, 0.6) * unit)
    slope = (stop[1] - start[1]) / (stop[0] - start[0])
    behind = [
        thing(rng, f"sheltered {index}", pick(rng, ("post", "can", "bottle")), unit * 0.8)
        for index in range(int(rng.integers(0, 3)))
    ]
    stood = []
    for index, each in enumerate(behind):
        x = stop[0] + (3.4 + 1.5 * index) * unit
        y = stop[1] + slope * (x - stop[0]) + uniform(rng, -0.3, 0.3) * unit
        stood.append(_stand(each, (x, y), uniform(rng, 0, 3)))
    launched = _launch(ball, start, stop, 1.2 * _speed(rng, unit))
    beyond = (7 * unit, stop[1] + slope * (7 * unit - stop[0]))
    fate = (
        f"rolls on into {listing([each.noun for each in behind])} and knocks them about."
        if behind
        else "rolls on across the picture, with nothing to stop it."
    )
    return Encounter(
        things=(launched, _stand(blocker, stop, uniform(rng, -0.3, 0.3)), *stood),
        removed=blocker.names,
        why=f"it stops the {ball.noun}",
        after=f"{capital(article(ball.noun))} comes in from the side, {fate}",
        short=f"{article(ball.noun)} rolls on",
        ways=((start, beyond),),
    )


def _chain(rng: np.random.Generator, unit: float) -> Encounter:
    """A launched thing hits one, which hits another, which hits another."""
    launcher = _launcher(rng, unit, heavy=2.5)
    forms = ["ball", "ball", pick(rng, ("post", "can", "bottle"))]
    row = [
        thing(rng, f"link {index}", form, unit * (0.95 - 0.08 * index), heavy=1.6 - 0.3 * index)
        for index, form in enumerate(forms[: int(rng.integers(2, 4))])
    ]
    slope = uniform(rng, -0.12, 0.12)
    start = (-5.8 * unit, -5.8 * unit * slope)
    stood = []
    x = -2.2 * unit
    for each in row:
        stood.append(_stand(each, (x, x * slope), uniform(rng, 0, 3)))
        x += uniform(rng, 2.4, 3.0) * unit
    launched = _launch(launcher, start, (0.0, 0.0), 1.25 * _speed(rng, unit))
    nouns = listing([each.noun for each in row])
    return Encounter(
        things=(launched, *stood),
        removed=launched.names,
        why="it sets off a chain of knocks",
        after=f"{capital(nouns)} rest in a row. Nothing sets them off, and none moves.",
        short=f"{several(len(row), 'thing')} rest in a row",
        ways=((start, (7 * unit, 7 * unit * slope)),),
    )


def _throw(rng: np.random.Generator, unit: float) -> Encounter:
    """A ball is thrown at a pile."""
    ball = thing(rng, "launcher", "ball", unit * 0.85, heavy=3.0)
    form = pick(rng, ("can", "crate"))
    size = unit * 0.8
    first = thing(rng, "pile 0", form, size)
    wide, tall = 2 * first.half[0] * 1.12, 2 * first.half[2]
    goal = (uniform(rng, 0.0, 2.0) * unit, uniform(rng, 0.0, 0.8) * unit)
    cells = [(-0.5, 0), (0.5, 0), (0.0, 1)] if rng.random() < 0.6 else [(0, 0), (0, 1), (0, 2)]
    pile = []
    for index, (across, up) in enumerate(cells):
        again = tuple(
            replace(
                body,
                name=body.name.replace("pile 0", f"pile {index}"),
                parent=body.parent.replace("pile 0", f"pile {index}"),
            )
            for body in first.bodies
        )
        turn = about((0, 0, 1), uniform(rng, -0.1, 0.1))
        where = (goal[0] + across * wide, goal[1], first.half[2] + up * tall)
        pile.append(replace(first, bodies=again).at(where, turn))
    start = (-5.8 * unit, goal[1] + uniform(rng, -1.0, 0.6) * unit, uniform(rng, 2.0, 3.2) * unit)
    hit: Vector = (goal[0] - wide / 2, goal[1], uniform(rng, 0.8, 1.2) * tall)
    time_s = uniform(rng, 1.3, 1.9) * math.sqrt(unit / 9.81) * 2
    velocity = (
        (hit[0] - start[0]) / time_s,
        (hit[1] - start[1]) / time_s,
        (hit[2] - start[2]) / time_s + 9.81 / 2 * time_s,
    )
    thrown = ball.at(start).change(velocity=velocity, spin=(0.0, uniform(rng, -6, 6), 0.0))
    plural = several(len(cells), first.noun)
    return Encounter(
        things=(*pile, thrown),
        removed=thrown.names,
        why=f"it is thrown at the pile of {plural}",
        after=f"A small pile of {plural} stands undisturbed. Nothing is thrown at it, "
        "and every piece keeps its place until the end.",
        short=f"a pile of {plural} stands untouched",
        ways=((start[:2], goal), (goal, (5.8 * unit, goal[1]))),
    )


PLOTS: dict[str, Callable[[np.random.Generator, float], Encounter]] = {
    "strike": _strike,
    "cross": _cross,
    "block": _block,
    "chain": _chain,
    "throw": _throw,
}


def _bystanders(rng: np.random.Generator, unit: float, plot: Encounter, count: int) -> list[Thing]:
    """Things that stand clear of all ways, behind the action where they hide nothing."""
    placed: list[Thing] = []
    points: list[Point] = [each.body.position[:2] for each in plot.things]
    for index in range(count):
        form = pick(rng, ("crate", "can", "bottle", "ball", "block", "post", "drum", "egg"))
        each = thing(rng, f"bystander {index}", form, unit * uniform(rng, 0.6, 1.0))
        for _ in range(60):
            point = (uniform(rng, -5.5, 5.5) * unit, uniform(rng, -1.0, 5.0) * unit)
            clear = all(math.dist(point, other) > 2.6 * unit for other in points)
            if clear and all(_distance(point, *way) > 2.4 * unit for way in plot.ways):
                placed.append(_stand(each, point, uniform(rng, 0, 3)))
                points.append(point)
                break
    return placed


def _distance(point: Point, start: Point, stop: Point) -> float:
    """From a point to a straight piece of way."""
    x, y = stop[0] - start[0], stop[1] - start[1]
    share = ((point[0] - start[0]) * x + (point[1] - start[1]) * y) / (x * x + y * y)
    share = min(1.0, max(0.0, share))
    return math.dist(point, (start[0] + share * x, start[1] + share * y))
