"""Dominoes in a row, straight or bent, set off by a ball; or with a link of the row to be removed.

Enters: a random generator and half the size of a block. Leaves: a `Construction`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from openvoid.synth.families.pieces import BRIGHT, Construction, box
from openvoid.synth.families.things import NUMBERS, Thing, article, capital, pick, thing, uniform
from openvoid.synth.rotation import about
from openvoid.synth.world import Body, Vector


@dataclass(frozen=True)
class _Row:
    """Dominoes that stand, and the ball that comes at the first."""

    pieces: tuple[Body, ...]
    ball: Thing
    headings: tuple[float, ...]  # of the row at each piece, radians
    gap: float
    tall: float  # half
    word: str


def dominoes(rng: np.random.Generator, unit: float) -> Construction:
    """A ball sets off a row, straight or bent; or one piece of the row is its missing link."""
    row = _row(rng, unit)
    count = len(row.pieces)
    across = row.gap * (count - 1) + 9 * row.tall
    if rng.random() < 0.5:
        return Construction(
            bodies=(*row.pieces, *row.ball.bodies),
            removed=row.ball.names,
            why="it sets off the row of dominoes",
            after=f"{capital(NUMBERS[count])} {row.word} dominoes stand upright in a row. "
            "Nothing pushes the first, and all of them stay standing until the end.",
            short=f"a row of {row.word} dominoes stays standing",
            across_m=across,
            high_m=row.tall * 0.8,
        )
    missing = int(rng.integers(count // 3, count - 3))
    wider = [
        replace(body, position=_pushed_on(body.position, row.headings[missing], row.gap * 1.1))
        if index > missing
        else body
        for index, body in enumerate(row.pieces)
    ]
    return Construction(
        bodies=(*wider, *row.ball.bodies),
        removed=(f"domino {missing}",),
        why="it hands the fall on to the rest of the row",
        after=f"{capital(article(row.ball.noun))} rolls into a row of {row.word} dominoes and they "
        "fall one after another as far as a gap. Those beyond it stay standing.",
        short=f"{row.word} dominoes fall as far as a gap",
        across_m=across + row.gap,
        high_m=row.tall * 0.8,
    )


def _row(rng: np.random.Generator, unit: float) -> _Row:
    count = int(rng.integers(8, 15))
    tall = unit * 1.1
    gap = tall * uniform(rng, 0.8, 1.05)
    bend = uniform(rng, -0.09, 0.09)
    stuff, color = pick(rng, ("wood", "plastic")), pick(rng, BRIGHT)
    rainbow = rng.random() < 0.4 and stuff == "plastic"
    points = _bent(count, gap, bend)
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
    ball = _roller(rng, tall, pieces[0].position, points[0][2])
    word = "colourful" if rainbow else "wooden" if stuff == "wood" else color
    shifted = tuple(_shifted(body, 1.6 * tall) for body in pieces)
    ball = replace(ball, bodies=tuple(_shifted(body, 1.6 * tall) for body in ball.bodies))
    return _Row(shifted, ball, tuple(point[2] for point in points), gap, tall, word)


def _bent(count: int, gap: float, bend: float) -> list[tuple[float, float, float]]:
    """Where the pieces of a row stand, x and y, and where it heads there."""
    points, heading = [], -bend * count / 2
    x = y = 0.0
    for _ in range(count):
        points.append((x, y, heading))
        x, y, heading = x + gap * math.cos(heading), y + gap * math.sin(heading), heading + bend
    return points


def _shifted(body: Body, by: float) -> Body:
    return replace(body, position=(body.position[0] + by, *body.position[1:]))


def _pushed_on(position: Vector, heading: float, far: float) -> Vector:
    """Farther along the row, so that the one before the gap cannot reach."""
    return (
        position[0] + math.cos(heading) * far,
        position[1] + math.sin(heading) * far,
        position[2],
    )


def _roller(rng: np.random.Generator, tall: float, first: Vector, way: float) -> Thing:
    """A ball that comes at the first of a row, the way it heads."""
    start = first[0] - math.cos(way) * 4 * tall, first[1] - math.sin(way) * 4 * tall
    stuff = pick(rng, ("wood", "stone", "metal"))
    ball = thing(rng, "ball", "ball", tall * 0.62, stuff=stuff, heavy=3.0)
    speed = uniform(rng, 0.9, 1.3) * math.sqrt(9.81 * tall)
    radius = ball.half[0]
    return ball.at((*start, radius)).change(
        velocity=(speed * math.cos(way), speed * math.sin(way), 0.0),
        spin=(-speed * math.sin(way) / radius, speed * math.cos(way) / radius, 0.0),
    )
