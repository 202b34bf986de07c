"""`stack`: dominoes, bridges and towers, ramps, seesaws, pendulums.

Enters: a random generator and the `Frame`. Leaves: a world in which one piece decides what becomes
of the others: it sets off the row or is a link of it, bears what lies above, holds back a ball,
weighs down an end, or swings into a pile. Sizes in half sizes `unit` of a block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from openvoid.synth.families.dominoes import dominoes
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.machines import pendulum, ramp, seesaw
from openvoid.synth.families.pieces import BRIGHT, Plot, box
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import tell
from openvoid.synth.families.things import (
    NUMBERS,
    Thing,
    article,
    listing,
    mirrored,
    pick,
    thing,
    uniform,
)
from openvoid.synth.rotation import about
from openvoid.synth.world import World


def describe(rng: np.random.Generator, frame: Frame) -> World:
    """A world of this family."""
    unit = uniform(rng, 0.06, 0.2)
    plot = PLOTS[pick(rng, list(PLOTS))](rng, unit)
    if rng.random() < 0.5:
        plot = replace(plot, bodies=tuple(mirrored(body) for body in plot.bodies))
    set_in = stage(rng, plot.across_m)
    return tell(
        frame,
        set_in,
        camera(rng, frame, plot.across_m, centre=(0.0, 0.0, plot.high_m), pitch_deg=(10, 28)),
        bodies=plot.bodies,
        removed=plot.removed,
        why=plot.why,
        after=plot.after,
        short=plot.short,
    )


def _bridge(rng: np.random.Generator, unit: float) -> Plot:
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
    return Plot(
        (*pillars, plank, *(body for each in loads for body in each.bodies)),
        (gone,),
        "it bears one end of the plank",
        f"A plank that bears {nouns} has a pillar under one end only. It tips, "
        "and everything slides down and falls.",
        "a plank on one pillar tips and sheds its load",
        3.6 * span,
        tall * 1.1,
    )


def _tower(rng: np.random.Generator, unit: float) -> Plot:
    """A tower whose lowest or second block goes."""
    count = int(rng.integers(3, 7))
    blocks, high = [], 0.0
    color = [pick(rng, BRIGHT) for _ in range(count)]
    stuff = pick(rng, ("wood", "plastic", "felt"))
    for index in range(count):
        half = (
            unit * uniform(rng, 0.75, 1.1),
            unit * uniform(rng, 0.7, 1.0),
            unit * uniform(rng, 0.35, 0.6),
        )
        lean = unit * uniform(rng, -0.12, 0.12), unit * uniform(rng, -0.12, 0.12)
        blocks.append(
            box(rng, f"block {index}", half, (*lean, high + half[2]),
                 about((0, 0, 1), uniform(rng, -0.4, 0.4)), noun="block", stuff=stuff,
                 color=color[index])
        )  # fmt: skip
        high += 2 * half[2]
    gone = int(rng.integers(0, min(2, count - 2) + 1))
    # what is above it comes down askew, not onto the same place
    aside = unit * uniform(rng, 0.45, 0.62) * float(rng.choice([-1.0, 1.0]))
    blocks = [
        replace(body, position=(body.position[0] + aside, *body.position[1:]))
        if index >= gone and gone > 0
        else body
        for index, body in enumerate(blocks)
    ]
    crown = thing(rng, "top", pick(rng, ("can", "bottle", "crate")), unit * 0.55)
    x, y, _ = blocks[-1].position
    crown = crown.at((x, y, high + crown.half[2]))
    word = "wooden" if stuff == "wood" else stuff
    return Plot(
        (*blocks, *crown.bodies),
        (f"block {gone}",),
        "the blocks above stand on it",
        f"A tower of {NUMBERS[count - 1]} {word} blocks with {article(crown.noun)} on top drops by "
        "the height of a block, jolts, and comes to rest.",
        f"a tower of {word} blocks drops and settles",
        max(9.0 * unit, high * 2.6),
        high * 0.45,
    )


PLOTS: dict[str, Callable[[np.random.Generator, float], Plot]] = {
    "dominoes": dominoes,
    "bridge": _bridge,
    "tower": _tower,
    "ramp": ramp,
    "seesaw": seesaw,
    "pendulum": pendulum,
}
