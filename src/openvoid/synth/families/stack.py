"""`stack`: dominoes, bridges and towers, ramps, seesaws, pendulums.

Enters: a random generator and the `Frame`. Leaves: a world in which one piece decides what becomes
of the others: it sets off the row or is a link of it, bears what lies above, holds back a ball,
weighs down an end, or swings into a pile. Sizes in half sizes `unit` of a block.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from openvoid.synth.families.frame import Frame
from openvoid.synth.families.stage import camera, stage
from openvoid.synth.families.telling import tell
from openvoid.synth.families.things import (
    COLORS,
    Thing,
    article,
    listing,
    material,
    pick,
    thing,
    uniform,
)
from openvoid.synth.rotation import about, place
from openvoid.synth.world import UPRIGHT, Body, Joint, Material, Quaternion, Vector, World

BRIGHT = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "white")


@dataclass(frozen=True)
class Plot:
    """The pieces, who is removed, and what becomes of the rest."""

    bodies: tuple[Body, ...]
    removed: tuple[str, ...]
    why: str
    after: str
    short: str
    across_m: float
    high_m: float  # of the middle of the action


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


def mirrored(body: Body) -> Body:
    """Left for right."""
    w, x, y, z = body.rotation
    joint = body.joint
    if joint is not None:  # an axis is a turn's, a slide's or an anchor's x turns round
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


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _box(
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
        detail={"noun": noun},
    )


def _roller(
    rng: np.random.Generator, unit: float, position: Vector, speed: float, heavy: float = 2.0
) -> Thing:
    """A ball that comes in from the left."""
    ball = thing(rng, "ball", "ball", unit, stuff=pick(rng, ("wood", "stone", "metal")), heavy=heavy)
    radius = ball.half[0]
    put = ball.at((position[0], position[1], position[2] + radius))
    return put.change(velocity=(speed, 0.0, 0.0), spin=(0.0, speed / radius, 0.0))


def _dominoes(rng: np.random.Generator, unit: float) -> Plot:
    """A ball sets off a row, straight or bent; or one piece of the row is its missing link."""
    count = int(rng.integers(8, 15))
    tall = unit * 1.1
    gap = tall * uniform(rng, 0.8, 1.05)
    bend = uniform(rng, -0.09, 0.09)
    stuff, color = pick(rng, ("wood", "plastic")), pick(rng, BRIGHT)
    rainbow = rng.random() < 0.4 and stuff == "plastic"
    points, heading = [], -bend * count / 2
    x = y = 0.0
    for _ in range(count):
        points.append((x, y, heading))
        x, y, heading = x + gap * math.cos(heading), y + gap * math.sin(heading), heading + bend
    middle = (points[0][0] + points[-1][0]) / 2, (points[0][1] + points[-1][1]) / 2
    pieces = [
        _box(
            rng,
            f"domino {index}",
            (tall * 0.13, tall * 0.48, tall),
            (px - middle[0], py - middle[1], tall),
            about((0, 0, 1), turn),
            noun="domino",
            stuff=stuff,
            color=BRIGHT[index % len(BRIGHT)] if rainbow else color,
            friction=0.35,
        )
        for index, (px, py, turn) in enumerate(points)
    ]
    first, way = pieces[0].position, points[0][2]
    start = first[0] - math.cos(way) * 4 * tall, first[1] - math.sin(way) * 4 * tall
    ball = _roller(rng, tall * 0.62, (*start, 0.0), 1.0, heavy=3.0)
    speed = uniform(rng, 0.9, 1.3) * math.sqrt(9.81 * tall)
    radius = ball.half[0]
    ball = ball.change(
        velocity=(speed * math.cos(way), speed * math.sin(way), 0.0),
        spin=(-speed * math.sin(way) / radius, speed * math.cos(way) / radius, 0.0),
    )
    across = gap * (count - 1) + 9 * tall
    word = "colourful" if rainbow else "wooden" if stuff == "wood" else color
    shift = 1.6 * tall
    bodies = [
        replace(body, position=(body.position[0] + shift, *body.position[1:]))
        for body in (*pieces, *ball.bodies)
    ]
    if rng.random() < 0.5:
        return Plot(
            tuple(bodies),
            ball.names,
            "it sets off the row of dominoes",
            f"A row of {count} {word} dominoes stands upright on the ground. "
            "Nothing pushes the first, and all of them stay standing until the end.",
            f"a row of {word} dominoes stays standing",
            across,
            tall * 0.8,
        )
    missing = int(rng.integers(count // 3, count - 3))
    wider = [
        replace(body, position=_pushed_on(body.position, points[missing], gap * 1.1))
        if index > missing
        else body
        for index, body in enumerate(bodies[:count])
    ]
    return Plot(
        (*wider, *bodies[count:]),
        (f"domino {missing}",),
        "it hands the fall on to the rest of the row",
        f"{_capital(article(ball.noun))} rolls into a row of {word} dominoes and they fall one "
        "after another as far as a gap; those beyond the gap stay standing.",
        f"{word} dominoes fall as far as a gap",
        across + gap,
        tall * 0.8,
    )


def _pushed_on(position: Vector, point: tuple[float, float, float], far: float) -> Vector:
    """Farther along the row, so that the one before the gap cannot reach."""
    _, _, heading = point
    return (
        position[0] + math.cos(heading) * far,
        position[1] + math.sin(heading) * far,
        position[2],
    )


def _bridge(rng: np.random.Generator, unit: float) -> Plot:
    """A plank on two or three pillars with things on it; one pillar is removed."""
    tall, span = unit * uniform(rng, 1.6, 2.6), unit * uniform(rng, 3.2, 4.4)
    thick = unit * 0.18
    pillars = [
        _box(rng, f"pillar {word}", (unit * 0.6, unit * 0.7, tall),
             (side * span * 0.8, 0.0, tall), noun="pillar", stuff=stuff, color=color)
        for side, word, stuff, color in (
            (-1.0, "left", "stone", pick(rng, BRIGHT)),
            (1.0, "right", pick(rng, ("wood", "plastic")), pick(rng, BRIGHT)),
        )
    ]  # fmt: skip
    plank = _box(rng, "plank", (span, unit * 0.8, thick), (0.0, 0.0, 2 * tall + thick),
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
        f"A wooden plank with {nouns} on it has a pillar under one end only. The other end "
        f"drops, the plank tips, and everything on it slides down and falls.",
        f"a plank with {nouns} tips and falls",
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
            _box(rng, f"block {index}", half, (*lean, high + half[2]),
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
        f"A tower of {count - 1} {word} blocks with {article(crown.noun)} on top drops by "
        "a block's height, jolts, and what is not in balance slides off and falls down beside it.",
        f"a tower of {word} blocks drops and settles",
        max(9.0 * unit, high * 2.6),
        high * 0.45,
    )


def _ramp(rng: np.random.Generator, unit: float) -> Plot:
    """A ball on a ramp, held back by a block, or free to roll but for a block at the foot."""
    slope = uniform(rng, 0.22, 0.4)
    long, wide, thick = 4.0 * unit, 1.4 * unit, 0.12 * unit
    tilt = about((0, 1, 0), slope)
    high = long * math.sin(slope) + thick
    middle = (-2.6 * unit, 0.0, high)
    color = pick(rng, BRIGHT)
    ramp = _box(rng, "ramp", (long, wide, thick), middle, tilt, noun="ramp", fixed=True,
                stuff=pick(rng, ("wood", "plastic")), color=color, friction=0.1)  # fmt: skip
    ramp = replace(ramp, detail={"noun": "ramp", "rolling": 0.0})
    prop_x = middle[0] - 0.6 * long * math.cos(slope)
    under = middle[2] + 0.6 * long * math.sin(slope) - thick * 1.2
    prop_half = (0.12 * unit, wide * 0.8, under / 2)
    prop = _box(rng, "prop", prop_half, (prop_x, 0.0, under / 2), noun="prop", fixed=True)
    ball = thing(rng, "ball", "ball", unit * 0.75, heavy=2.0)
    radius = ball.half[0]
    ball = ball.at(place(middle, tilt, (-0.75 * long, 0.0, thick + radius + 0.0005)))
    pins = []
    for index in range(int(rng.integers(1, 4))):
        each = thing(rng, f"pin {index}", pick(rng, ("post", "can", "bottle")), unit * 0.7)
        x = 2.9 * unit + 1.3 * unit * (index // 2 + index % 2 * 0.5)
        y = (0.0, 0.75, -0.75)[index] * unit
        pins.append(each.at((x, y, each.half[2]), about((0, 0, 1), uniform(rng, 0, 3))))
    nouns = listing([each.noun for each in pins])
    stop_half = (0.3 * unit, 0.9 * unit, 0.55 * unit)
    if rng.random() < 0.5:  # a wedge on the slope
        where = place(
            middle, tilt, (-0.75 * long + radius + stop_half[0] + 0.001, 0.0, thick + stop_half[2])
        )
        stop = _box(rng, "stop", stop_half, where, tilt, noun="block", fixed=True,
                    stuff="plastic", color=pick(rng, BRIGHT), friction=0.9)  # fmt: skip
        why = f"it holds the {ball.noun} back on the ramp"
    else:  # a heavy block at the foot
        half = (0.5 * unit, 1.2 * unit, 0.8 * unit)
        stop = _box(rng, "stop", half, (2.0 * unit, 0.0, half[2]), noun="block", stuff="stone",
                    color=pick(rng, BRIGHT), friction=0.9, density=5000)  # fmt: skip
        ball = ball.change(detail={**ball.body.detail, "held": True})
        why = f"it keeps the {ball.noun} from the things behind it"
    return Plot(
        (ramp, prop, *ball.bodies, stop, *(body for each in pins for body in each.bodies)),
        ("stop",),
        why,
        f"{_capital(article(ball.noun))} rolls down a ramp, runs over the ground into "
        f"{listing([each.noun for each in pins])}, and knocks them about.",
        f"{article(ball.noun)} rolls down a ramp into {nouns}",
        14.0 * unit,
        1.1 * unit,
    )


def _seesaw(rng: np.random.Generator, unit: float) -> Plot:
    """A weight holds one end of a seesaw down; without it the other end goes down."""
    long, wide, thick = 3.6 * unit, 0.9 * unit, 0.14 * unit
    pivot = 0.9 * unit
    tilt = math.asin((pivot - thick * 0.6) / long) * 0.98
    rotation = about((0, 1, 0), tilt)  # the right end is down
    plank = replace(
        _box(rng, "plank", (long, wide, thick), (0, 0, pivot + thick), rotation, noun="seesaw",
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
        detail={"noun": "stand", "collides": False},
    )
    top = (0.0, 0.0, pivot + thick)
    weight = thing(rng, "weight", pick(rng, ("crate", "drum", "can")), unit * 0.85, heavy=6.0)
    weight = weight.at(place(top, rotation, (0.78 * long, 0.0, thick + weight.half[2])), rotation)
    weight = weight.change(friction=1.0)
    light = thing(rng, "light one", pick(rng, ("crate", "drum", "can")), unit * 0.6, stuff="wood")
    light = light.at(place(top, rotation, (-0.8 * long, 0.0, thick + light.half[2])), rotation)
    light = light.change(friction=1.0)
    return Plot(
        (stand, plank, *weight.bodies, *light.bodies),
        weight.names,
        f"it weighs the seesaw down, against the {light.noun}",
        f"{_capital(article(light.noun))} sits on the raised end of a wooden seesaw. With "
        "nothing on the other end, its side sinks down to the ground and the empty end rises.",
        f"{article(light.noun)} sinks on a seesaw",
        10.5 * unit,
        1.1 * unit,
    )


def _pendulum(rng: np.random.Generator, unit: float) -> Plot:
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
               detail={"noun": "pendulum", "held": True, "collides": False})  # fmt: skip
    weight = thing(rng, "bob", "ball", bob, stuff=pick(rng, ("metal", "stone", "wood")), heavy=3.0)
    weight = weight.at(place(top, rotation, (0.0, 0.0, -long)), rotation)
    weight = weight.change(parent="rod")
    side, beam_y = 0.09 * unit, 1.6 * unit
    frame = [
        _box(rng, "beam", (side, beam_y, side), (0.0, 0.0, top[2] + side * 1.2), noun="beam",
             fixed=True),
        *(
            _box(rng, f"post {word}", (side, side, top[2] / 2), (0.0, y, top[2] / 2),
                 noun="post", fixed=True)
            for y, word in ((-beam_y, "front"), (beam_y, "back"))
        ),
    ]  # fmt: skip
    form = pick(rng, ("can", "crate", "post"))
    first = thing(rng, "pile 0", form, unit * 0.75)
    wide, tall = 2.1 * first.half[0], 2 * first.half[2]
    begin = weight.half[0] + first.half[0] + 0.15 * unit
    cells = _cells(rng, form)
    pile = [
        replace(
            first.body,
            name=f"pile {index}",
            position=(begin + x * wide, y * first.half[1] * 2.1, first.half[2] + z * tall),
            rotation=about((0, 0, 1), uniform(rng, -0.08, 0.08)),
        )
        for index, (x, y, z) in enumerate(cells)
    ]
    plural = f"{len(pile)} {first.noun}s"
    pendulum = ("rod", *weight.names)
    return Plot(
        (*frame, rod, *weight.bodies, *pile),
        pendulum,
        f"it swings into the pile of {plural}",
        f"A neat pile of {plural} stands on the ground next to a wooden gate from which nothing "
        "hangs. Nothing strikes it, and it stays standing.",
        f"a pile of {plural} stays standing",
        max(12.0 * unit, 2.3 * long),
        0.42 * top[2],
    )


def _cells(rng: np.random.Generator, form: str) -> list[Vector]:
    """Where the pieces of a pile stand: across, deep, up."""
    if form == "post":
        return [(0.0, 0.0, 0.0), (0.9, 0.5, 0.0), (0.9, -0.5, 0.0)]
    piles: list[list[Vector]] = [
        [(0, 0, 0), (0, 0, 1), (0, 0, 2)],
        [(0, -0.5, 0), (0, 0.5, 0), (0, 0, 1)],
        [(0, 0, 0), (1, 0, 0), (0.5, 0, 1)],
    ]
    return piles[int(rng.integers(len(piles)))]


PLOTS: dict[str, Callable[[np.random.Generator, float], Plot]] = {
    "dominoes": _dominoes,
    "bridge": _bridge,
    "tower": _tower,
    "ramp": _ramp,
    "seesaw": _seesaw,
    "pendulum": _pendulum,
}
