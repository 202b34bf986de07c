"""Dominoes in a row, straight or bent, set off by a ball; or with a link of the row to be removed.

Enters: a random generator and half the size of a block. Leaves: a `Construction`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from openvoid.synth.families.pieces import BRIGHT, Construction, box
from openvoid.synth.families.things import NUMBERS, Thing, article, capital, pick, thing, uniform
from openvoid.synth.rotation import about
from openvoid.synth.world import Vector


def dominoes(rng: np.random.Generator, unit: float) -> Construction:
    """A ball sets off a row, straight or bent; or one piece of the row is its missing link."""
    count = int(rng.integers(8, 15))
    tall = unit * 1.1
    gap = tall * uniform(rng, 0.8, 1.05)
    bend = uniform(rng, -0.09, 0.09)
    stuff, color = pick(rng, ("wood", "plastic")), pick(rng, BRIGHT)
    rainbow = rng.random() < 0.4 and stuff == "plastic"
    points, heading = [], -bend * count / 2
    x = y = 0.0
    for _ in range(count):
        points.append((x, y, heading))
        x, y, heading = x + gap * math.cos(heading), y + gap * math.sin(heading), heading + bend
    middle = (points[0][0] + points[-1][0]) / 2, (points[0][1] + points[-1][1]) / 2
    pieces = [
        box(
            rng,
            f"domino {index}",
            (tall * 0.13, tall * 0.48, tall),
            (px - middle[0], py - middle[1], tall),
            about((0, 0, 1), turn),
            noun="domino",
            stuff=stuff,
            color=BRIGHT[index % len(BRIGHT)] if rainbow else color,
            friction=0.35,
        )
        for index, (px, py, turn) in enumerate(points)
    ]
    first, way = pieces[0].position, points[0][2]
    start = first[0] - math.cos(way) * 4 * tall, first[1] - math.sin(way) * 4 * tall
    ball = _roller(rng, tall * 0.62, (*start, 0.0), 1.0, heavy=3.0)
    speed = uniform(rng, 0.9, 1.3) * math.sqrt(9.81 * tall)
    radius = ball.half[0]
    ball = ball.change(
        velocity=(speed * math.cos(way), speed * math.sin(way), 0.0),
        spin=(-speed * math.sin(way) / radius, speed * math.cos(way) / radius, 0.0),
    )
    across = gap * (count - 1) + 9 * tall
    word = "colourful" if rainbow else "wooden" if stuff == "wood" else color
    shift = 1.6 * tall
    bodies = [
        replace(body, position=(body.position[0] + shift, *body.position[1:]))
        for body in (*pieces, *ball.bodies)
    ]
    if rng.random() < 0.5:
        return Construction(
            bodies=tuple(bodies),
            removed=ball.names,
            why="it sets off the row of dominoes",
            after=f"{capital(NUMBERS[count])} {word} dominoes stand upright in a row. "
            "Nothing pushes the first, and all of them stay standing until the end.",
            short=f"a row of {word} dominoes stays standing",
            across_m=across,
            high_m=tall * 0.8,
        )
    missing = int(rng.integers(count // 3, count - 3))
    wider = [
        replace(body, position=_pushed_on(body.position, points[missing], gap * 1.1))
        if index > missing
        else body
        for index, body in enumerate(bodies[:count])
    ]
    return Construction(
        bodies=(*wider, *bodies[count:]),
        removed=(f"domino {missing}",),
        why="it hands the fall on to the rest of the row",
        after=f"{capital(article(ball.noun))} rolls into a row of {word} dominoes and they fall "
        "one after another as far as a gap. Those beyond it stay standing.",
        short=f"{word} dominoes fall as far as a gap",
        across_m=across + gap,
        high_m=tall * 0.8,
    )


def _pushed_on(position: Vector, point: tuple[float, float, float], far: float) -> Vector:
    """Farther along the row, so that the one before the gap cannot reach."""
    _, _, heading = point
    return (
        position[0] + math.cos(heading) * far,
        position[1] + math.sin(heading) * far,
        position[2],
    )


def _roller(
    rng: np.random.Generator, unit: float, position: Vector, speed: float, heavy: float = 2.0
) -> Thing:
    """A ball that comes in from the left."""
    stuff = pick(rng, ("wood", "stone", "metal"))
    ball = thing(rng, "ball", "ball", unit, stuff=stuff, heavy=heavy)
    radius = ball.half[0]
    put = ball.at((position[0], position[1], position[2] + radius))
    return put.change(velocity=(speed, 0.0, 0.0), spin=(0.0, speed / radius, 0.0))
