"""Families of worlds: a name and a seed -> a described world.

Enters: a family's name, a seed, the clip's size, length and rate. Leaves: a `World`. The same
arguments give the same world to the last bit. Knows only numbers: no simulation, no pictures.
A family is a function `describe(rng, frame) -> World` in the module of its name.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from typing import cast

import numpy as np

from openvoid.core.errors import OpenVoidError
from openvoid.synth.families.frame import Frame
from openvoid.synth.world import World

FAMILIES = ("collide", "support", "stack", "press", "water", "light")


def describe(
    family: str,
    seed: int,
    *,
    size: tuple[int, int] = (384, 672),
    frames: int = 60,
    rate: Fraction = Fraction(12),
) -> World:
    """The world of that family and seed; `size` is (height, width).

    Raises:
        OpenVoidError: no such family (the known ones are listed).
    """
    if family not in FAMILIES:
        raise OpenVoidError(f"unknown family {family!r}", mend=f"known: {', '.join(FAMILIES)}")
    module = import_module(f"{__name__}.{family}")
    make = cast(Callable[[np.random.Generator, Frame], World], module.describe)
    rng = np.random.default_rng([seed, *family.encode()])
    return make(rng, Frame(family, seed, size, frames, rate))
