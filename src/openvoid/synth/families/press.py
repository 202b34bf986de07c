"""`press`: a weight on something soft. Without it, what is soft keeps its shape.

Enters: a random generator and a `Frame`. Leaves: a `World` of a cushion, a mattress, a trampoline
or a blanket slung between two rails, a weight that drops on it (or lies on it all along), and light
things on it that tip, hop or slide into the hollow. The removed one is the weight: nothing sinks,
and what stood there stays up. Knows no simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from openvoid.synth.detail import BodyDetail, WorldDetail
from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import Plot, tell
from openvoid.synth.families.things import (
    COLORS,
    Thing,
    article,
    capital,
    listing,
    pick,
    thing,
    uniform,
)
from openvoid.synth.physics.deform import top_m
from openvoid.synth.rotation import about
from openvoid.synth.world import UPRIGHT, Body, Material, Vector, World

GRAVITY = 9.81
GAP_M = 0.004  # between things at rest before they settle
KINDS = ("pillow", "pillow", "mattress", "trampoline", "blanket")


@dataclass(frozen=True)
class Bed:
    """What is soft, what carries it, and where its top is."""

    bodies: tuple[Body, ...]
    soft: Body
    noun: str
    half: tuple[float, float]

    def top_m(self, x: float, y: float) -> float:
        """How high its surface is there."""
        if self.soft.shape == "soft":
            return top_m(self.soft, x, y)
        return self.soft.position[2] + self.soft.detail.thickness_m / 2


def describe(rng: np.random.Generator, frame: Frame) -> World:
    """A world of this family."""
    kind = pick(rng, KINDS)
    makers = {
        "pillow": _pillow,
        "mattress": _mattress,
        "trampoline": _trampoline,
        "blanket": _blanket,
    }
    bed = makers[kind](rng)
    across = 2 * bed.half[0] + uniform(rng, 0.35, 0.7)
    place = stage(rng, across, setting=pick(rng, ("room", "corner", "outdoors")))
    lies = bed.soft.shape == "soft" and rng.random() < 0.25
    weight, target = _weight(rng, bed, lies)
    others = _bystanders(rng, bed, target, weight.half)
    top = bed.top_m(0.0, 0.0)
    high = max(top, 0.62 * weight.body.position[2])
    view = camera(rng, frame, across * (0.95 if lies else 1.12), centre=(0.0, 0.0, 0.55 * high))
    after, short = _words(bed, others)
    pressed = WorldDetail(kind=kind, step_s=0.006, settle_s=0.8)
    plot = Plot(
        bodies=bed.bodies,
        things=(weight, *others),
        removed=weight.names,
        why=f"it {'lies' if lies else 'drops'} on the {bed.noun} and presses it down",
        after=after,
        short=short,
        detail=pressed.but(settle="apart") if lies else pressed,
    )
    return tell(frame, place, view, plot)


def _fabric(rng: np.random.Generator) -> tuple[Material, str]:
    color = pick(rng, [name for name in COLORS if name != "black"])
    ground = COLORS[color]
    kind = pick(rng, ("fabric", "stripes", "checker", "plain"))
    share = uniform(rng, 0.4, 0.7)
    other = (ground[0] * share, ground[1] * share, ground[2] * share)
    colors = (ground,) if kind == "plain" else (ground, other)
    scale = uniform(rng, 0.03, 0.06) if kind == "fabric" else uniform(rng, 0.12, 0.25)
    return Material(kind, colors, scale, int(rng.integers(2**31)), roughness=0.95), color


def _pillow(rng: np.random.Generator) -> Bed:
    half = (uniform(rng, 0.3, 0.46), uniform(rng, 0.28, 0.4), uniform(rng, 0.1, 0.14))
    return _foam(rng, half, pick(rng, ("cushion", "pillow")), uniform(rng, 0.45, 0.6))


def _mattress(rng: np.random.Generator) -> Bed:
    half = (uniform(rng, 0.42, 0.56), uniform(rng, 0.34, 0.46), uniform(rng, 0.09, 0.13))
    return _foam(rng, half, pick(rng, ("mattress", "foam pad", "floor cushion")), 0.0)


def _foam(rng: np.random.Generator, half: Vector, word: str, puff: float) -> Bed:
    look, color = _fabric(rng)
    noun = f"{color} {word}"
    soft = Body(
        "cushion",
        "soft",
        half,
        (0.0, 0.0, half[2] + GAP_M),
        mass_kg=uniform(rng, 4.0, 6.0),
        friction=0.9,
        material=look,
        detail=BodyDetail(
            noun=noun,
            count=(8, 8, 3),
            pinned="below",
            young_pa=uniform(rng, 5e3, 7.5e3),
            damping_s=0.05,
            round_m=uniform(rng, 0.03, 0.05) if puff == 0 else 0.02,
            puff=puff,
        ),
    )
    return Bed((soft,), soft, noun, half[:2])


def _trampoline(rng: np.random.Generator) -> Bed:
    look, color = _fabric(rng)
    half = (uniform(rng, 0.5, 0.62), uniform(rng, 0.45, 0.58))
    tall = uniform(rng, 0.32, 0.42)
    noun = f"{color} trampoline"
    soft = _cloth(rng, half, tall, noun, look, "edge")
    return Bed((*_frame(rng, half, tall, ("x", "y")), soft), soft, noun, half)


def _blanket(rng: np.random.Generator) -> Bed:
    look, color = _fabric(rng)
    half = (uniform(rng, 0.5, 0.6), uniform(rng, 0.34, 0.44))
    tall = uniform(rng, 0.36, 0.46)
    noun = f"{color} {pick(rng, ('blanket', 'hammock', 'canvas'))}"
    soft = _cloth(rng, half, tall, noun, look, "sides")
    return Bed((*_frame(rng, half, tall, ("y",)), soft), soft, noun, half)


def _cloth(
    rng: np.random.Generator,
    half: tuple[float, float],
    tall: float,
    noun: str,
    look: Material,
    pinned: str,
) -> Body:
    return Body(
        "cloth",
        "cloth",
        half,
        (0.0, 0.0, tall),
        mass_kg=uniform(rng, 0.5, 0.9),
        friction=0.8,
        material=look,
        detail=BodyDetail(
            noun=noun,
            count=(12, 11),
            young_pa=uniform(rng, 1.0e6, 2.2e6) * (1.0 if pinned == "edge" else 1.6),
            damping_s=0.004 if pinned == "edge" else 0.010,
            thickness_m=0.02,
            pinned=pinned,
        ),
    )


def _frame(
    rng: np.random.Generator, half: tuple[float, float], tall: float, along: tuple[str, ...]
) -> list[Body]:
    """Rails round the cloth, clear of it, a lip over the gap between, and a leg at each corner."""
    thick = uniform(rng, 0.018, 0.028)
    wood = rng.random() < 0.5
    look = (
        Material("wood", ((0.32, 0.17, 0.08), (0.16, 0.08, 0.04)), 0.2, 3, 0.6)
        if wood
        else Material("plain", ((0.12, 0.12, 0.13),), 0.2, 0, 0.3, 0.04)
    )
    x, y = (part + GAP_M + 0.012 + thick for part in half)
    made: list[Body] = []

    def add(name: str, size: Vector, at: Vector, shape: str = "box") -> None:
        sizes = size if shape == "box" else size[1:]
        detail = BodyDetail(noun="frame")
        if name.endswith("lip"):
            detail = detail.but(collides=False)
        made.append(Body(name, shape, sizes, at, material=look, detail=detail))

    below = (tall - thick) / 2
    for side, name in ((-1.0, "left"), (1.0, "right")):
        add(f"{name} rail", (thick, y + thick, thick), (side * x, 0, tall))
        lip = (x - thick + half[0]) / 2
        add(f"{name} lip", (0.012, half[1], 0.012), (side * lip, 0, tall))
        for far in (-1.0, 1.0):
            end = "front" if far < 0 else "back"
            add(
                f"{name} {end} leg", (0, thick * 0.8, below), (side * x, far * y, below), "cylinder"
            )
    for side, name in ((-1.0, "front"), (1.0, "back")):
        if "x" in along:
            add(f"{name} rail", (x - thick, thick, thick), (0, side * y, tall))
            lip = (y - thick + half[1]) / 2
            add(f"{name} lip", (half[0], 0.012, 0.012), (0, side * lip, tall))
    return made


def _weight(rng: np.random.Generator, bed: Bed, lies: bool) -> tuple[Thing, tuple[float, float]]:
    """What presses: dropped so as to land near the middle, or lying there from the start."""
    unit = uniform(rng, 0.11, 0.15)
    pillow = bed.soft.detail.puff > 0  # a ball would roll off
    forms = {
        "pillow": ("crate", "block") if lies else ("crate", "block", "drum"),
        "mattress": ("ball", "ball", "egg", "egg", "drum"),
        "cloth": ("crate", "block", "drum", "dumbbell", "ball", "egg"),
    }["pillow" if pillow else "mattress" if bed.soft.shape == "soft" else "cloth"]
    made = thing(rng, "weight", pick(rng, forms), unit)
    flat = made.noun.split()[-1] in ("box", "block", "drum")  # spreads its weight
    wanted = uniform(rng, 5.0, 9.0)
    if bed.soft.shape == "soft":
        wanted = uniform(rng, 9.0, 12.5) if flat and lies else uniform(rng, 5.0, 7.5)
    scale = wanted / sum(body.mass_kg for body in made.bodies)
    made = replace(
        made, bodies=tuple(replace(b, mass_kg=b.mass_kg * scale, bounce=0.0) for b in made.bodies)
    )
    target = (
        uniform(rng, -1, 1) * (0.12 if pillow else 0.25) * bed.half[0],
        uniform(rng, -1, 1) * (0.12 if pillow else 0.2) * bed.half[1],
    )
    rest_z = bed.top_m(*target) + made.half[2] + GAP_M
    if lies:
        return made.at((*target, rest_z)), target
    above = uniform(rng, 0.2, 0.34) if bed.soft.shape == "soft" else uniform(rng, 0.3, 0.5)
    falls_s = uniform(rng, 1.0, 1.45) * math.sqrt(2 * above / GRAVITY)
    aside = uniform(rng, -0.3, 0.3)
    turned = about((0, 0, 1), uniform(rng, 0, 3)) if made.noun[-4:] != "ball" else UPRIGHT
    up = GRAVITY * falls_s / 2 - above / falls_s
    made = made.at((target[0] + aside, target[1], rest_z + above), turned)
    return made.change(velocity=(-aside / falls_s, 0.0, up)), target


def _bystanders(
    rng: np.random.Generator, bed: Bed, target: tuple[float, float], size: Vector
) -> list[Thing]:
    """Light things that stand on it, clear of where the weight lands and of each other."""
    taken = [(target, max(size[:2]))]
    placed: list[Thing] = []
    inner = 0.62 if bed.soft.detail.puff else 0.8
    for index in range(int(rng.integers(1, 4))):
        form = pick(rng, ("block", "crate", *(() if inner < 0.8 else ("can", "post", "bottle"))))
        made = thing(rng, f"thing {index + 1}", form, uniform(rng, 0.045, 0.07))
        reach = max(made.half[:2])
        for _ in range(40):
            spot = (
                uniform(rng, -inner, inner) * (bed.half[0] - reach),
                uniform(rng, -inner, inner) * (bed.half[1] - reach),
            )
            clear = (math.dist(spot, at) > reach + other + 0.04 for at, other in taken)
            if all(clear):
                taken.append((spot, reach))
                turned = about((0, 0, 1), uniform(rng, 0, 3))
                at = (*spot, bed.top_m(*spot) + made.half[2] + GAP_M)
                placed.append(_light(made).at(at, turned))
                break
    return placed


def _light(made: Thing) -> Thing:
    """Of at most 0.25 kg: it makes no hollow of its own."""
    scale = min(1.0, 0.25 / sum(body.mass_kg for body in made.bodies))
    return replace(
        made, bodies=tuple(replace(body, mass_kg=body.mass_kg * scale) for body in made.bodies)
    )


def _words(bed: Bed, others: list[Thing]) -> tuple[str, str]:
    """What is there without the weight, at length and in short."""
    full = bed.soft.shape == "soft"
    state = "smooth and full" if full else "level and taut"
    after = f"{capital(article(bed.noun))} is {state}."
    if others:
        rests = "rests" if len(others) == 1 else "rest"
        after += (
            f" {capital(listing([other.noun for other in others]))} {rests} on it, undisturbed."
        )
    after += " Nothing presses it down."
    return after, f"{article(bed.noun)}, {state}, not pressed down"
