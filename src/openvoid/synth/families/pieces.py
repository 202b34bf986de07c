"""Pieces of which towers, rows and machines are built, and what is told of what they make up.

Enters: a random generator and sizes. Leaves: boxes; and `Construction`, for `stack` to stage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.telling import Plot
from openvoid.synth.families.things import material
from openvoid.synth.world import UPRIGHT, Body, Quaternion, Vector

BRIGHT = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "white")


@dataclass(frozen=True, kw_only=True)
class Construction(Plot):
    """What is built of pieces, and how large it is."""

    across_m: float
    high_m: float  # of the middle of the action


def box(
    rng: np.random.Generator,
    name: str,
    half: Vector,
    position: Vector,
    rotation: Quaternion = UPRIGHT,
    *,
    noun: str,
    stuff: str = "wood",
    color: str = "brown",
    fixed: bool = False,
    friction: float = 0.5,
    density: float = 550.0,
) -> Body:
    mass = 0.0 if fixed else 8 * half[0] * half[1] * half[2] * density
    return Body(
        name,
        "box",
        half,
        position,
        rotation,
        mass_kg=mass,
        friction=friction,
        bounce=0.15,
        material=material(rng, stuff, color, max(half)),
        detail=BodyDetail(noun=noun),
    )
