"""Small worlds to be simulated."""

from __future__ import annotations

from fractions import Fraction

from openvoid.synth.world import Body, Camera, World

FLOOR = Body("floor", "plane", (0.0, 0.0), (0, 0, 0), friction=0.1)
BALL = Body("ball", "sphere", (0.1,), (0, 0, 0.1), mass_kg=1.0)


def world(*bodies: Body, frames: int = 13, **changes: object) -> World:
    fields: dict = {
        "family": "collide",
        "seed": 0,
        "size": (48, 64),
        "frames": frames,
        "rate": Fraction(24),
        "bodies": (FLOOR, *bodies),
        "welds": (),
        "lights": (),
        "camera": Camera("locked", ((0, -3, 1),) * frames, ((0, 0, 0),) * frames),
        "removed": (bodies[-1].name,),
        "why": "",
        "caption": "",
        "short": "",
    }
    return World(**{**fields, **changes})
