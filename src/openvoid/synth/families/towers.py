"""Bridges, towers and houses of blocks, with a piece to be removed that bears the others.

Enters: a random generator and half the size of a block. Leaves: `Construction`s.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from openvoid.synth.families.pieces import BRIGHT, Construction, box
from openvoid.synth.families.things import (
    NUMBERS,
    Thing,
    article,
    capital,
    listing,
    pick,
    thing,
    uniform,
)
from openvoid.synth.rotation import about
from openvoid.synth.world import Body


def bridge(rng: np.random.Generator, unit: float) -> Construction:
    """A plank on two or three pillars with things on it; one pillar is removed."""
    tall, span = unit * uniform(rng, 1.6, 2.6), unit * uniform(rng, 3.2, 4.4)
    thick = unit * 0.18
    pillars = [
        box(rng, f"pillar {word}", (unit * 0.6, unit * 0.7, tall),
             (side * span * 0.8, 0.0, tall), noun="pillar", stuff=stuff, color=color)
        for side, word, stuff, color in (
            (-1.0, "left", "stone", pick(rng, BRIGHT)),
            (1.0, "right", pick(rng, ("wood", "plastic")), pick(rng, BRIGHT)),
        )
    ]  # fmt: skip
    plank = box(rng, "plank", (span, unit * 0.8, thick), (0.0, 0.0, 2 * tall + thick),
                 noun="plank", stuff="wood")  # fmt: skip
    top = 2 * tall + 2 * thick
    loads: list[Thing] = []
    count = int(rng.integers(1, 4))
    for index in range(count):
        form = pick(rng, ("can", "crate", "bottle", "post", "drum"))
        each = thing(rng, f"load {index}", form, unit * uniform(rng, 0.5, 0.65))
        x = (index - (count - 1) / 2) * 1.7 * unit + uniform(rng, -0.2, 0.2) * unit
        turn = about((0, 0, 1), uniform(rng, 0, 3))
        loads.append(each.at((x, uniform(rng, -0.15, 0.15) * unit, top + each.half[2]), turn))
    nouns = listing([each.noun for each in loads])
    gone = pick(rng, ("pillar left", "pillar right"))
    return Construction(
        bodies=(*pillars, plank, *(body for each in loads for body in each.bodies)),
        removed=(gone,),
        why="it bears one end of the plank",
        after=f"A plank that bears {nouns} has a pillar under one end only. "
        "It tips and sheds its load.",
        short="a plank on one pillar tips and sheds its load",
        across_m=max(3.6 * span, 2.4 * (top + unit)),
        high_m=0.5 * (top + unit),
    )


WORDS = {"wood": "wooden", "plastic": "plastic", "felt": "felt", "stone": "stone"}


def tower(rng: np.random.Generator, unit: float) -> Construction:
    """A tower whose lowest block goes: what is above drops, jolts, perhaps sheds its top."""
    count, stuff = int(rng.integers(3, 7)), pick(rng, ("wood", "plastic", "felt"))
    blocks: list[Body] = []
    x = high = 0.0
    lean = uniform(rng, 0.0, 0.22) * unit * float(rng.choice([-1.0, 1.0]))
    for index in range(count):
        blocks.append(_block(rng, f"block {index}", unit, x, high, stuff))
        high += 2 * blocks[-1].size[2]
        x += lean * uniform(rng, 0.6, 1.0) if index < 3 else -lean
    crown, high = _crown(rng, unit, x, high)
    return Construction(
        bodies=(*blocks, *crown.bodies),
        removed=("block 0",),
        why="the other blocks stand on it",
        after=f"A tower of {NUMBERS[count - 1]} {WORDS[stuff]} blocks with {article(crown.noun)} "
        "on top drops by the height of a block, jolts, and comes to rest.",
        short=f"a tower of {WORDS[stuff]} blocks drops and settles",
        across_m=max(9.0 * unit, 2.5 * high),
        high_m=0.5 * high,
    )


def balance(rng: np.random.Generator, unit: float) -> Construction:
    """Blocks on one end of a slab which a heavy one holds down: without it they tip over."""
    stuff = pick(rng, ("wood", "plastic", "felt"))
    base = box(rng, "base", (0.75 * unit, 0.8 * unit, uniform(rng, 0.5, 1.0) * unit),
               (0.0, 0.0, 0.0), noun="block", stuff="stone", color=pick(rng, BRIGHT),
               density=1600)  # fmt: skip
    base = _raised(base, base.size[2])
    top = 2 * base.size[2]
    long = uniform(rng, 2.6, 3.2) * unit
    slab = box(rng, "slab", (long, 0.75 * unit, 0.13 * unit), (0.0, 0.0, top + 0.13 * unit),
               noun="slab", friction=0.8)  # fmt: skip
    top += 0.26 * unit
    far = 0.66 * long
    count = int(rng.integers(1, 4))
    blocks, high = [], top
    for index in range(count):
        blocks.append(_block(rng, f"block {index}", 0.62 * unit, far, high, stuff))
        high += 2 * blocks[-1].size[2]
    # what tips it must outweigh the slab's own hold on its base, half as wide as 0.75 unit
    enough = 2.0 * slab.mass_kg * 0.75 * unit / (far - 0.75 * unit)
    load = max(enough, sum(body.mass_kg for body in blocks))
    share = load / sum(body.mass_kg for body in blocks)
    blocks = [replace(body, mass_kg=body.mass_kg * share) for body in blocks]
    weight = thing(rng, "weight", pick(rng, ("crate", "drum", "can")), 0.7 * unit)
    own = sum(body.mass_kg for body in weight.bodies)
    weight = weight.heavier(load / own).at((-far, 0.0, top + weight.half[2]))
    blocks_word = f"{NUMBERS[count]} {WORDS[stuff]} block{'s' if count > 1 else ''}"
    high = max(high, top + 2 * weight.half[2])
    return Construction(
        bodies=(base, slab, *blocks, *weight.bodies),
        removed=weight.names,
        why=f"it balances the {blocks_word} on the other end",
        after=f"{capital(blocks_word)} on one end of a slab weigh it down, with nothing to balance "
        "them: the slab tips and all of it slides to the ground.",
        short="a slab out of balance tips over",
        across_m=max(9.5 * unit, 2.5 * high),
        high_m=0.5 * high,
    )


def house(rng: np.random.Generator, unit: float) -> Construction:
    """Storeys of two posts and a slab; one post of the lowest goes, and it collapses."""
    storeys = int(rng.integers(2, 4))
    stuff, color = pick(rng, ("wood", "plastic", "stone")), pick(rng, BRIGHT)
    apart, tall = uniform(rng, 1.3, 1.8) * unit, uniform(rng, 0.9, 1.3) * unit
    bodies: list[Body] = []
    high = 0.0
    for storey in range(storeys):
        for side, word in ((-1.0, "left"), (1.0, "right")):
            bodies.append(
                box(rng, f"{word} post {storey}", (0.32 * unit, 0.5 * unit, tall),
                    (side * apart, 0.0, high + tall), noun="post", stuff=stuff, color=color,
                    friction=0.7)
            )  # fmt: skip
        high += 2 * tall
        bodies.append(
            box(rng, f"slab {storey}", (apart + 0.55 * unit, 0.6 * unit, 0.15 * unit),
                (0.0, 0.0, high + 0.15 * unit), noun="slab", stuff="wood", friction=0.7)
        )  # fmt: skip
        high += 0.3 * unit
    crown, high = _crown(rng, unit, uniform(rng, -0.3, 0.3) * unit, high)
    return Construction(
        bodies=(*bodies, *crown.bodies),
        removed=(pick(rng, ("left post 0", "right post 0")),),
        why="it bears one side of the house of blocks",
        after=f"A house of {NUMBERS[storeys]} storeys of {WORDS[stuff]} posts and slabs, "
        f"{article(crown.noun)} on top, lacks a post below, leans and collapses into a heap.",
        short="a house of blocks collapses",
        across_m=max(10.0 * unit, 2.4 * high),
        high_m=0.46 * high,
    )


def _block(
    rng: np.random.Generator, name: str, unit: float, x: float, high: float, stuff: str
) -> Body:
    half = (
        unit * uniform(rng, 0.75, 1.1),
        unit * uniform(rng, 0.7, 1.0),
        unit * uniform(rng, 0.35, 0.6),
    )
    spot = (x + unit * uniform(rng, -0.1, 0.1), unit * uniform(rng, -0.1, 0.1), high + half[2])
    turn = about((0, 0, 1), uniform(rng, -0.4, 0.4))
    return box(rng, name, half, spot, turn, noun="block", stuff=stuff, color=pick(rng, BRIGHT))


def _raised(body: Body, up: float) -> Body:
    return replace(body, position=(*body.position[:2], body.position[2] + up))


def _crown(rng: np.random.Generator, unit: float, x: float, high: float) -> tuple[Thing, float]:
    """A thing on top, and how high it all is."""
    crown = thing(rng, "top", pick(rng, ("can", "bottle", "crate")), unit * 0.5)
    return crown.at((x, 0.0, high + crown.half[2])), high + 2 * crown.half[2]
