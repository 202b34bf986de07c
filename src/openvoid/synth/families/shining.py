"""What light is done with: a low sun, polished ground, a mirror, light thrown back, lamps.

Enters: a random generator, and a `Stage`, a thing, or sizes. Leaves: the stage as it is lit then,
bodies, and lights that belong to a body and go with it. Knows no story.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.stage import Stage
from openvoid.synth.families.things import COLORS, Thing, pick, uniform
from openvoid.synth.rotation import about
from openvoid.synth.world import Body, Color, Light, Material


def lower_sun(rng: np.random.Generator, place: Stage) -> Stage:
    """The key light low and from the front, so that shadows are long and fall to the back."""
    side = math.copysign(1.0, place.key.position[0])
    aside, high = side * uniform(rng, 0.2, 0.9), uniform(rng, 0.5, 0.75)
    length = math.hypot(aside, 1.0, high)
    far = 2.6 * place.across_m
    position = (aside / length * far, -far / length, high / length * far)
    direction = (-aside, 1.0, -high)
    strength = 1.15
    red, green, blue = place.key.color
    warm = (min(1.0, red * strength), green * strength * 0.97, blue * strength * 0.86)
    key = replace(place.key, kind="sun", position=position, direction=direction, color=warm)
    where = "left" if side < 0 else "right"
    return replace(
        place,
        key=key,
        lights=(key, *place.lights[1:]),
        light_words=f"low sunlight from the front {where}",
    )


def dimmed(place: Stage, share: float) -> Stage:
    """Every light but the sky's down to a share."""
    lights = tuple(
        light if light.kind == "sky" else replace(light, color=_times(light.color, share))
        for light in place.lights
    )
    return replace(place, lights=lights, key=lights[0], light_words=f"dim, {place.light_words}")


def _times(color: Color, share: float) -> Color:
    return (color[0] * share, color[1] * share, color[2] * share)


def dull(place: Stage) -> Stage:
    """No mirror images in the ground."""
    bodies = (
        replace(body, material=replace(body.material, reflectance=0.0)) for body in place.bodies
    )
    return replace(place, bodies=tuple(bodies))


def polished(rng: np.random.Generator, place: Stage) -> Stage:
    """The ground nearly a mirror; darker of its own, for the image adds to it."""
    strength = uniform(rng, 0.28, 0.5)
    bodies = list(place.bodies)
    for index, body in enumerate(bodies):
        if body.name == "table" or (body.name == "floor" and body.position[2] == 0):
            colors = tuple(_times(color, 1 - 1.2 * strength) for color in body.material.colors)
            look = replace(body.material, colors=colors, reflectance=strength, roughness=0.08)
            bodies[index] = replace(body, material=look)
    return replace(place, bodies=tuple(bodies))


def looking_glass(rng: np.random.Generator, unit: float, y: float) -> tuple[Body, ...]:
    """A framed mirror that stands upright at that depth and looks at the camera."""
    wide, tall = uniform(rng, 3.0, 3.8) * unit, uniform(rng, 1.7, 2.1) * unit
    lift = 0.2 * unit
    thin, bar = 0.05 * unit, 0.14 * unit
    towards = about((1, 0, 0), math.pi / 2)  # its +z side looks at -y
    glass = Material("plain", ((0.03, 0.035, 0.035),), roughness=0.02,
                     reflectance=uniform(rng, 0.7, 0.85))  # fmt: skip
    color = pick(rng, ("brown", "white", "black", "grey", "yellow"))
    look = (
        Material("wood", ((0.3, 0.16, 0.08), (0.15, 0.08, 0.04)), unit)
        if color == "brown"
        else Material("plain", (COLORS[color],), roughness=0.4)
    )
    middle = lift + tall
    bodies = [Body("mirror", "box", (wide, tall, thin), (0.0, y, middle), towards, material=glass)]
    bars = {
        "top": ((wide + 2 * bar, bar, bar), (0.0, middle + tall + bar)),
        "bottom": ((wide + 2 * bar, bar, lift / 2), (0.0, lift / 2)),
        "left": ((bar, bar, tall), (-wide - bar, middle)),
        "right": ((bar, bar, tall), (wide + bar, middle)),
    }
    for word, (half, (x, z)) in bars.items():
        bodies.append(Body(f"{word} of frame", "box", half, (x, y, z), material=look,
                           detail=BodyDetail(noun="mirror frame")))  # fmt: skip
    return tuple(bodies)


def opposite_wall(place: Stage) -> Body:
    """A wall behind the camera, to be seen in a mirror; too low to stand in any light's way."""
    across_m = place.across_m
    back = next(body for body in place.bodies if body.name == "back wall")
    half = (5 * across_m, 0.05 * across_m, 1.2 * across_m)
    return replace(back, name="front wall", size=half, position=(0.0, -2.3 * across_m, 0.0))


def bounced(made: Thing, color: str, side: float, unit: float) -> tuple[Light, ...]:
    """The light that a thing throws back from its lit side, down and away."""
    x, y, z = made.body.position
    start = (x + side * made.half[0] * 0.2, y - made.half[1] * 0.2, z + made.half[2] * 0.8)
    red, green, blue = COLORS[color]
    bright = 0.8 / max(red, green, blue)
    tint = _times((red, green, blue), bright)
    return (
        Light(
            "lamp",
            start,
            (side * 1.0, -0.35, -0.75),
            tint,
            casts_shadow=False,
            body=made.name,
            cutoff_deg=85,
            range_m=2.6 * unit,
        ),
    )


def lamp(
    rng: np.random.Generator, unit: float, foot: tuple[float, float]
) -> tuple[Thing, tuple[Light, ...]]:
    """A lamp that stands there, and its light: a shade on a pole, or a globe on a post."""
    tall = uniform(rng, 2.3, 2.8) * unit
    color, tint = _TINTS[int(rng.integers(len(_TINTS)))]
    globe = rng.random() < 0.5
    dark = Material("plain", (COLORS[pick(rng, ("black", "grey", "brown"))],), roughness=0.35)
    glow = Material("plain", (tuple(0.55 + 0.4 * part for part in tint),), emission=0.85)  # type: ignore[arg-type]
    shade = (
        Body("lamp globe", "sphere", (0.62 * unit,), (*foot, tall + 0.5 * unit), material=glow)
        if globe
        else Body("lamp shade", "cylinder", (0.95 * unit, 0.5 * unit), (*foot, tall), material=glow)
    )
    bodies = (
        Body("lamp", "cylinder", (0.75 * unit, 0.09 * unit), (*foot, 0.09 * unit), material=dark),
        Body("lamp pole", "cylinder", (0.08 * unit, tall / 2), (*foot, tall / 2), material=dark,
             parent="lamp"),
        replace(shade, parent="lamp"),
    )  # fmt: skip
    noun = f"{color} lamp"
    named = tuple(replace(body, detail=BodyDetail(noun=noun)) for body in bodies)
    strength = uniform(rng, 0.75, 0.95)
    shine = Light(
        "lamp",
        (*foot, tall - (0.15 if globe else 0.55) * unit),
        (0.0, 0.0, -1.0),
        _times(tint, strength),
        casts_shadow=False,
        body="lamp",
        radius=0.3 * unit,
        cutoff_deg=80,
        range_m=uniform(rng, 4.0, 6.0) * unit,
    )
    return Thing(named, noun, (unit, unit, tall)), (shine,)


_TINTS = (
    ("warm", (1.0, 0.72, 0.40)),
    ("white", (1.0, 0.95, 0.88)),
    ("orange", (1.0, 0.55, 0.22)),
    ("blue", (0.45, 0.65, 1.0)),
    ("pink", (1.0, 0.5, 0.65)),
)
