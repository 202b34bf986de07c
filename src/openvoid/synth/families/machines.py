"""Ramps, seesaws and pendulums: what holds back, weighs down or swings is to be removed.

Enters: a random generator and half the size of a block. Leaves: `Construction`s.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.pieces import BRIGHT, Construction, box
from openvoid.synth.families.things import (
    COLORS,
    Thing,
    article,
    capital,
    listing,
    material,
    pick,
    several,
    thing,
    uniform,
)
from openvoid.synth.rotation import about, place
from openvoid.synth.world import Body, Joint, Material, Vector


def ramp(rng: np.random.Generator, unit: float) -> Construction:
    """A ball on a ramp, held back by a block, or free to roll but for a block at the foot."""
    slope = uniform(rng, 0.22, 0.4)
    long, wide, thick = 4.0 * unit, 1.4 * unit, 0.12 * unit
    tilt = about((0, 1, 0), slope)
    high = long * math.sin(slope) + thick
    middle = (-2.6 * unit, 0.0, high)
    color = pick(rng, BRIGHT)
    ramp = box(rng, "ramp", (long, wide, thick), middle, tilt, noun="ramp", fixed=True,
                stuff=pick(rng, ("wood", "plastic")), color=color, friction=0.1)  # fmt: skip
    ramp = replace(ramp, detail=BodyDetail(noun="ramp", rolling=0.0))
    prop_x = middle[0] - 0.6 * long * math.cos(slope)
    under = middle[2] + 0.6 * long * math.sin(slope) - thick * 1.2
    prop_half = (0.12 * unit, wide * 0.8, under / 2)
    prop = box(rng, "prop", prop_half, (prop_x, 0.0, under / 2), noun="prop", fixed=True)
    ball = thing(rng, "ball", "ball", unit * 0.75, heavy=2.0)
    radius = ball.half[0]
    ball = ball.at(place(middle, tilt, (-0.75 * long, 0.0, thick + radius + 0.0005)))
    pins = _pins(rng, unit)
    nouns = listing([each.noun for each in pins])
    stop_half = (0.3 * unit, 0.9 * unit, 0.55 * unit)
    if rng.random() < 0.5:  # a wedge on the slope
        where = place(
            middle, tilt, (-0.75 * long + radius + stop_half[0] + 0.001, 0.0, thick + stop_half[2])
        )
        stop = box(rng, "stop", stop_half, where, tilt, noun="block", fixed=True,
                    stuff="plastic", color=pick(rng, BRIGHT), friction=0.9)  # fmt: skip
        why = f"it holds the {ball.noun} back on the ramp"
    else:  # a heavy block at the foot
        half = (0.5 * unit, 1.2 * unit, 0.8 * unit)
        stop = box(rng, "stop", half, (2.0 * unit, 0.0, half[2]), noun="block", stuff="stone",
                    color=pick(rng, BRIGHT), friction=0.9, density=5000)  # fmt: skip
        ball = ball.change(detail=ball.body.detail.but(held=True))
        why = f"it keeps the {ball.noun} from the things behind it"
    return Construction(
        bodies=(ramp, prop, *ball.bodies, stop, *(body for each in pins for body in each.bodies)),
        removed=("stop",),
        why=why,
        after=f"{capital(article(ball.noun))} rolls down a ramp, runs on into {nouns}, "
        f"and knocks {'it' if len(pins) == 1 else 'them'} about.",
        short=f"{article(ball.noun)} rolls down a ramp and on",
        across_m=15.5 * unit,
        high_m=1.1 * unit,
    )


def _pins(rng: np.random.Generator, unit: float) -> list[Thing]:
    """One to three things beyond the foot of the ramp."""
    pins = []
    for index in range(int(rng.integers(1, 4))):
        each = thing(rng, f"pin {index}", pick(rng, ("post", "can", "bottle")), unit * 0.7)
        x = 2.9 * unit + 1.3 * unit * (index // 2 + index % 2 * 0.5)
        y = (0.0, 0.75, -0.75)[index] * unit
        pins.append(each.at((x, y, each.half[2]), about((0, 0, 1), uniform(rng, 0, 3))))
    return pins


def seesaw(rng: np.random.Generator, unit: float) -> Construction:
    """A weight holds one end of a seesaw down; without it the other end goes down."""
    long, wide, thick = 3.6 * unit, 0.9 * unit, 0.14 * unit
    pivot = 0.9 * unit
    tilt = math.asin((pivot - thick * 0.6) / long) * 0.98
    rotation = about((0, 1, 0), tilt)  # the right end is down
    plank = replace(
        box(rng, "plank", (long, wide, thick), (0, 0, pivot + thick), rotation, noun="seesaw",
             stuff="wood", friction=0.9),
        joint=Joint("hinge", (0.0, 1.0, 0.0), (0.0, 0.0, -thick), damping=0.02 * unit**2),
    )  # fmt: skip
    stand = Body(
        "stand",
        "cylinder",
        (pivot * 0.45, wide * 1.1),
        (0.0, 0.0, pivot * 0.45),
        about((1, 0, 0), math.pi / 2),
        material=material(rng, "metal", pick(rng, BRIGHT), unit),
        detail=BodyDetail(noun="stand", collides=False),
    )
    top = (0.0, 0.0, pivot + thick)
    weight = thing(rng, "weight", pick(rng, ("crate", "drum", "can")), unit * 0.85, heavy=6.0)
    weight = weight.at(place(top, rotation, (0.78 * long, 0.0, thick + weight.half[2])), rotation)
    weight = weight.change(friction=1.0)
    light = thing(rng, "light one", pick(rng, ("crate", "drum", "can")), unit * 0.6, stuff="wood")
    light = light.at(place(top, rotation, (-0.8 * long, 0.0, thick + light.half[2])), rotation)
    light = light.change(friction=1.0)
    return Construction(
        bodies=(stand, plank, *weight.bodies, *light.bodies),
        removed=weight.names,
        why=f"it weighs the seesaw down, against the {light.noun}",
        after=f"{capital(article(light.noun))} sits on the raised end of a wooden seesaw. Its end "
        "sinks all the way down, and the empty one rises.",
        short=f"{article(light.noun)} sinks on a seesaw",
        across_m=10.5 * unit,
        high_m=1.1 * unit,
    )


def pendulum(rng: np.random.Generator, unit: float) -> Construction:
    """A pendulum swings into a pile; without it the pile stays."""
    long = unit * uniform(rng, 3.6, 4.6)
    bob = unit * 0.8
    angle = uniform(rng, 0.7, 1.1)
    top = (0.0, 0.0, long + bob * 1.3)
    metal = Material("plain", (COLORS[pick(rng, ("grey", "black", "white"))],), roughness=0.3)
    rotation = about((0, 1, 0), angle)  # to the left: the rod hangs along its own -z
    rod_middle = place(top, rotation, (0.0, 0.0, -long / 2))
    rod = Body("rod", "capsule", (0.06 * unit, long / 2 - 0.06 * unit), rod_middle, rotation,
               mass_kg=0.3 * unit**3 * 500, friction=0.4, material=metal,
               joint=Joint("hinge", (0.0, 1.0, 0.0), (0.0, 0.0, long / 2)),
               detail=BodyDetail(noun="pendulum", held=True, collides=False))  # fmt: skip
    weight = thing(rng, "bob", "ball", bob, stuff=pick(rng, ("metal", "stone", "wood")), heavy=3.0)
    weight = weight.at(place(top, rotation, (0.0, 0.0, -long)), rotation)
    weight = weight.change(parent="rod")
    gate = _gate(rng, unit, top[2])
    pile, noun = _pile(rng, unit, weight.half[0])
    plural = several(len(pile), noun)
    return Construction(
        bodies=(*gate, rod, *weight.bodies, *pile),
        removed=("rod", *weight.names),
        why=f"it swings into the pile of {plural}",
        after=f"{capital(plural)} stand in a neat pile next to an empty wooden gate. "
        "Nothing strikes them, and they stay as they are.",
        short=f"{plural} stay standing",
        across_m=max(12.0 * unit, 2.3 * long),
        high_m=0.42 * top[2],
    )


def _gate(rng: np.random.Generator, unit: float, high: float) -> list[Body]:
    """Two posts and a beam, from which it hangs."""
    side, beam_y = 0.09 * unit, 1.6 * unit
    return [
        box(rng, "beam", (side, beam_y, side), (0.0, 0.0, high + side * 1.2), noun="beam",
             fixed=True),
        *(
            box(rng, f"post {word}", (side, side, high / 2), (0.0, y, high / 2),
                 noun="post", fixed=True)
            for y, word in ((-beam_y, "front"), (beam_y, "back"))
        ),
    ]  # fmt: skip


def _pile(rng: np.random.Generator, unit: float, bob_m: float) -> tuple[list[Body], str]:
    """Three of a kind, close behind a bob of that radius that hangs down; and their noun."""
    form = pick(rng, ("can", "crate", "post"))
    first = thing(rng, "pile 0", form, unit * 0.75)
    wide, tall = 2.1 * first.half[0], 2 * first.half[2]
    begin = bob_m + first.half[0] + 0.15 * unit
    pile = [
        replace(
            first.body,
            name=f"pile {index}",
            position=(begin + x * wide, y * first.half[1] * 2.1, first.half[2] + z * tall),
            rotation=about((0, 0, 1), uniform(rng, -0.08, 0.08)),
        )
        for index, (x, y, z) in enumerate(_cells(rng, form))
    ]
    return pile, first.noun


def _cells(rng: np.random.Generator, form: str) -> list[Vector]:
    """Where the pieces of a pile stand: across, deep, up."""
    if form == "post":
        return [(0.0, 0.0, 0.0), (1.15, 0.6, 0.0), (1.15, -0.6, 0.0)]
    piles: list[list[Vector]] = [
        [(0, 0, 0), (0, 0, 1), (0, 0, 2)],
        [(0, -0.5, 0), (0, 0.5, 0), (0, 0, 1)],
        [(0, 0, 0), (1, 0, 0), (0.5, 0, 1)],
    ]
    return piles[int(rng.integers(len(piles)))]
