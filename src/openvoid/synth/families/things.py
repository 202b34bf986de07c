"""Things to be seen: materials of a named colour, and bodies with a noun, a mass, a feel.

Enters: a random generator and sizes. Leaves: `Material`s, and `Thing`s (a body with its parts).
Colours are linear; densities are those of light wood to stone, friction and bounce those of the
stuff. Knows no story: who hits or holds whom is a family's.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.rotation import join, place
from openvoid.synth.world import UPRIGHT, Body, Color, Material, Quaternion, Vector

COLORS: dict[str, Color] = {
    "red": (0.60, 0.05, 0.04),
    "orange": (0.78, 0.24, 0.03),
    "yellow": (0.80, 0.55, 0.06),
    "green": (0.08, 0.36, 0.10),
    "teal": (0.03, 0.32, 0.33),
    "blue": (0.05, 0.14, 0.52),
    "purple": (0.25, 0.08, 0.40),
    "pink": (0.75, 0.25, 0.38),
    "white": (0.80, 0.79, 0.76),
    "black": (0.03, 0.03, 0.035),
    "grey": (0.30, 0.30, 0.31),
    "brown": (0.22, 0.10, 0.045),
}


NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
           "eleven", "twelve", "thirteen", "fourteen", "fifteen")  # fmt: skip


@dataclass(frozen=True)
class Stuff:
    """What a thing is made of."""

    word: str
    kinds: tuple[str, ...]
    density: float  # kg / m^3, of the thing as a whole: many are hollow
    friction: float
    bounce: float
    roughness: float
    reflectance: float = 0.0


STUFFS = {
    "rubber": Stuff("rubber", ("plain", "stripes", "checker"), 500, 0.8, 0.65, 0.7),
    "plastic": Stuff("plastic", ("plain", "stripes", "tiles"), 350, 0.4, 0.45, 0.3, 0.02),
    "wood": Stuff("wooden", ("wood",), 550, 0.5, 0.3, 0.6),
    "stone": Stuff("stone", ("marble", "noise"), 1600, 0.6, 0.15, 0.4, 0.03),
    "metal": Stuff("metal", ("plain", "noise"), 1400, 0.35, 0.35, 0.15, 0.08),
    "felt": Stuff("felt", ("fabric", "checker"), 200, 0.8, 0.1, 0.95),
    "card": Stuff("cardboard", ("plain", "stripes", "noise"), 150, 0.55, 0.1, 0.9),
}


@dataclass(frozen=True)
class Thing:
    """A body and its parts, and what a caption calls it."""

    bodies: tuple[Body, ...]
    noun: str  # without article: "red rubber ball"
    half: Vector  # of the box around it, upright

    @property
    def body(self) -> Body:
        """The one the parts belong to."""
        return self.bodies[0]

    @property
    def name(self) -> str:
        """Of its body."""
        return self.bodies[0].name

    @property
    def names(self) -> tuple[str, ...]:
        """Of its body and its parts."""
        return tuple(body.name for body in self.bodies)

    def at(self, position: Vector, rotation: Quaternion = UPRIGHT) -> Thing:
        """Put somewhere. It must be upright at the origin, as it was made."""
        moved = (
            replace(
                body,
                position=place(position, rotation, body.position),
                rotation=join(rotation, body.rotation),
            )
            for body in self.bodies
        )
        return replace(self, bodies=tuple(moved))

    def mirrored(self) -> Thing:
        """Left for right."""
        return replace(self, bodies=tuple(mirrored(body) for body in self.bodies))

    def heavier(self, times: float) -> Thing:
        """So many times its mass."""
        bodies = (replace(body, mass_kg=body.mass_kg * times) for body in self.bodies)
        return replace(self, bodies=tuple(bodies))

    def change(self, **changes: object) -> Thing:
        """With other fields of its body."""
        first = replace(self.body, **changes)  # type: ignore[arg-type]
        return replace(self, bodies=(first, *self.bodies[1:]))


def mirrored(body: Body) -> Body:
    """Left for right."""
    w, x, y, z = body.rotation
    joint = body.joint
    if joint is not None:  # an axis that is turned about is mirrored otherwise than one slid along
        ax, ay, az = joint.axis
        flip = (ax, -ay, -az) if joint.kind == "hinge" else (-ax, ay, az)
        joint = replace(joint, axis=flip, anchor=(-joint.anchor[0], *joint.anchor[1:]))
    return replace(
        body,
        position=(-body.position[0], *body.position[1:]),
        rotation=(w, x, -y, -z),
        velocity=(-body.velocity[0], *body.velocity[1:]),
        spin=(body.spin[0], -body.spin[1], -body.spin[2]),
        joint=joint,
    )


def pick(rng: np.random.Generator, among: Sequence[str]) -> str:
    """One of them."""
    return among[int(rng.integers(len(among)))]


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two, as a plain float."""
    return float(rng.uniform(low, high))


def material(rng: np.random.Generator, stuff: str, color: str, size: float) -> Material:
    """Of that stuff and colour, its pattern fit for a thing of that half size."""
    made_of = STUFFS[stuff]
    kind = pick(rng, made_of.kinds)
    ground = _shade(rng, COLORS[color])
    other = COLORS[pick(rng, [name for name in COLORS if name != color])]
    if kind in ("wood", "marble", "noise", "fabric"):
        share = uniform(rng, 0.25, 0.55)  # grain: a darker or lighter tone of the same
        other = (ground[0] * share, ground[1] * share, ground[2] * share)
    return Material(
        kind,
        (ground,) if kind == "plain" else (ground, other),
        scale=size * uniform(rng, 0.5, 1.1),
        seed=int(rng.integers(2**31)),
        roughness=made_of.roughness * uniform(rng, 0.8, 1.05),
        reflectance=made_of.reflectance,
    )


def _shade(rng: np.random.Generator, color: Color) -> Color:
    strength = uniform(rng, 0.8, 1.15)
    red, green, blue = (min(0.9, part * strength * uniform(rng, 0.92, 1.08)) for part in color)
    return (red, green, blue)


def thing(
    rng: np.random.Generator,
    name: str,
    form: str,
    unit_m: float,
    *,
    stuff: str = "",
    color: str = "",
    heavy: float = 1.0,
) -> Thing:
    """A thing of a form and about that half size, at the origin, upright; `heavy` times as dense.

    Forms: ball, egg, crate, block, can, drum, bottle, wheel, dumbbell, post.
    """
    stuff = stuff or pick(rng, _USUAL[form])
    color = color or pick(rng, list(COLORS))
    if stuff == "wood":
        color = "brown"
    look = material(rng, stuff, color, unit_m)
    size = unit_m * uniform(rng, 0.85, 1.15)
    shapes, half, noun = _FORMS[form](rng, size)
    words = {"wood": "wooden", "card": "cardboard"}.get(stuff, f"{color} {STUFFS[stuff].word}")
    noun = f"{words} {noun}"
    bodies = []
    for index, (shape, sizes, offset) in enumerate(shapes):
        volume = volume_m3(shape, sizes)
        bodies.append(
            Body(
                name if index == 0 else f"{name} part {index}",
                shape,
                sizes,
                offset,
                mass_kg=volume * STUFFS[stuff].density * heavy,
                friction=STUFFS[stuff].friction * uniform(rng, 0.85, 1.15),
                bounce=STUFFS[stuff].bounce,
                material=look,
                parent="" if index == 0 else name,
                detail=BodyDetail(noun=noun, rolling=_ROLLING * size),
            )
        )
    return Thing(tuple(bodies), noun, half)


_ROLLING = 0.008  # rolling resistance, of the half size
_USUAL = {
    "ball": ("rubber", "plastic", "stone", "wood", "metal", "felt"),
    "egg": ("stone", "plastic", "wood"),
    "crate": ("wood", "card", "plastic"),
    "block": ("wood", "plastic", "stone", "felt"),
    "can": ("metal", "plastic", "card"),
    "drum": ("metal", "wood", "plastic"),
    "bottle": ("plastic", "metal"),
    "wheel": ("rubber", "wood"),
    "dumbbell": ("metal", "plastic"),
    "post": ("wood", "card", "plastic"),
}
Shapes = list[tuple[str, tuple[float, ...], Vector]]
Formed = tuple[Shapes, Vector, str]


def _ball(rng: np.random.Generator, size: float) -> Formed:
    return [("sphere", (size,), (0.0, 0.0, 0.0))], (size, size, size), "ball"


def _egg(rng: np.random.Generator, size: float) -> Formed:
    half = (size * 1.15, size * 0.85, size * 0.8)
    return [("ellipsoid", half, (0.0, 0.0, 0.0))], half, "pebble"


def _crate(rng: np.random.Generator, size: float) -> Formed:
    half = (size, size * uniform(rng, 0.8, 1.1), size * uniform(rng, 0.75, 1.05))
    return [("box", half, (0.0, 0.0, 0.0))], half, "box"


def _block(rng: np.random.Generator, size: float) -> Formed:
    half = (size, size * uniform(rng, 0.6, 0.9), size * uniform(rng, 0.45, 0.7))
    return [("box", half, (0.0, 0.0, 0.0))], half, "block"


def _post(rng: np.random.Generator, size: float) -> Formed:
    half = (size * 0.45, size * uniform(rng, 0.5, 0.7), size * uniform(rng, 1.3, 1.7))
    return [("box", half, (0.0, 0.0, 0.0))], half, "carton"


def _can(rng: np.random.Generator, size: float) -> Formed:
    radius, tall = size * 0.62, size * uniform(rng, 0.9, 1.2)
    return [("cylinder", (radius, tall), (0.0, 0.0, 0.0))], (radius, radius, tall), "can"


def _drum(rng: np.random.Generator, size: float) -> Formed:
    radius, tall = size * 0.9, size * uniform(rng, 0.7, 1.0)
    shapes: Shapes = [("cylinder", (radius, tall), (0.0, 0.0, 0.0))]
    for side in (-0.45, 0.45):
        shapes.append(("cylinder", (radius * 1.05, tall * 0.07), (0.0, 0.0, side * tall)))
    return shapes, (radius * 1.05, radius * 1.05, tall), "drum"


def _bottle(rng: np.random.Generator, size: float) -> Formed:
    radius, tall = size * 0.5, size * uniform(rng, 0.9, 1.1)
    neck, long = radius * 0.42, tall * 0.3
    shapes: Shapes = [
        ("cylinder", (radius, tall), (0.0, 0.0, 0.0)),
        ("ellipsoid", (radius, radius, radius * 0.8), (0.0, 0.0, tall)),
        ("cylinder", (neck, long), (0.0, 0.0, tall + radius * 0.6 + long)),
    ]
    return shapes, (radius, radius, tall), "bottle"


def _wheel(rng: np.random.Generator, size: float) -> Formed:
    wide = size * uniform(rng, 0.25, 0.4)
    shapes: Shapes = [
        ("cylinder", (size, wide), (0.0, 0.0, 0.0)),
        ("cylinder", (size * 0.35, wide * 1.15), (0.0, 0.0, 0.0)),
    ]
    return shapes, (size, size, wide * 1.15), "wheel"


def _dumbbell(rng: np.random.Generator, size: float) -> Formed:
    ball, long = size * 0.5, size * 0.75
    shapes: Shapes = [
        ("box", (long, ball * 0.35, ball * 0.35), (0.0, 0.0, 0.0)),
        ("sphere", (ball,), (-long, 0.0, 0.0)),
        ("sphere", (ball,), (long, 0.0, 0.0)),
    ]
    return shapes, (long + ball, ball, ball), "dumbbell"


_FORMS = {
    "ball": _ball,
    "egg": _egg,
    "crate": _crate,
    "block": _block,
    "post": _post,
    "can": _can,
    "drum": _drum,
    "bottle": _bottle,
    "wheel": _wheel,
    "dumbbell": _dumbbell,
}


def volume_m3(shape: str, size: tuple[float, ...]) -> float:
    """Of a box, ball, ellipsoid, cylinder or capsule of that size."""
    if shape == "box":
        return 8 * size[0] * size[1] * size[2]
    if shape == "cylinder":
        return 2 * math.pi * size[0] ** 2 * size[1]
    if shape == "capsule":
        return 2 * math.pi * size[0] ** 2 * size[1] + 4 / 3 * math.pi * size[0] ** 3
    radii = size if len(size) == 3 else (size[0],) * 3
    return 4 / 3 * math.pi * radii[0] * radii[1] * radii[2]


def article(noun: str) -> str:
    """With "a" or "an" before it."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def capital(text: str) -> str:
    """With a capital letter to begin with."""
    return text[0].upper() + text[1:]


def listing(nouns: Sequence[str]) -> str:
    """ "a x, a y and a z"."""
    counts = Counter(nouns)
    named = [article(noun) if n == 1 else several(n, noun) for noun, n in counts.items()]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"


def several(count: int, noun: str) -> str:
    """ "three red boxes"."""
    return f"{NUMBERS[count]} {noun}{'es' if noun.endswith('x') else 's'}"
