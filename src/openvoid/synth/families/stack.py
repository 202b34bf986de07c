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
from openvoid.synth.families.pieces import Construction
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import tell
from openvoid.synth.families.things import (
    mirrored,
    pick,
    uniform,
)
from openvoid.synth.families.towers import balance, bridge, house, tower
from openvoid.synth.world import World


def describe(rng: np.random.Generator, frame: Frame) -> World:
    """A world of this family."""
    unit = uniform(rng, 0.06, 0.2)
    plot = PLOTS[pick(rng, list(PLOTS))](rng, unit)
    if rng.random() < 0.5:
        plot = replace(plot, bodies=tuple(mirrored(body) for body in plot.bodies))
    place = stage(rng, plot.across_m)
    centre = (0.0, 0.0, plot.high_m)
    view = camera(rng, frame, plot.across_m, centre=centre, pitch_deg=(10, 28))
    return tell(frame, place, view, plot)


PLOTS: dict[str, Callable[[np.random.Generator, float], Construction]] = {
    "dominoes": dominoes,
    "bridge": bridge,
    "tower": tower,
    "balance": balance,
    "house": house,
    "ramp": ramp,
    "seesaw": seesaw,
    "pendulum": pendulum,
}
