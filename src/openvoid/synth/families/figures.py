"""Figures that hold things: a person of capsules, a robot's arm, a robot on wheels.

Enters: a random generator, where the figure stands, where its hands are, and how it moves. Leaves:
a `Figure`: its bodies, as described at time 0, and the body that does the holding. Limbs are driven
about their joints (`Joint.drive`) and carry their own weight. Proportions of the person are those
of drawing classes: eight heads to a body. Knows no story.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from openvoid.synth.families.things import COLORS, pick, uniform
from openvoid.synth.rotation import about, along, turn, undo
from openvoid.synth.world import Body, Joint, Material, Vector

Drive = tuple[tuple[float, float], ...]
_At = Callable[[float, float, float], Vector]  # shares of the height: forward, sideways, up
LIMB_KG = 1.5


@dataclass(frozen=True)
class Figure:
    """Who holds. `hand` is the body that welds and trays are fixed to; `grip` is where."""

    bodies: tuple[Body, ...]
    hand: str
    grip: Vector
    word: str

    @property
    def names(self) -> tuple[str, ...]:
        """Of all its bodies."""
        return tuple(body.name for body in self.bodies)


def limb(
    name: str,
    start: Vector,
    stop: Vector,
    radius: float,
    look: Material,
    *,
    parent: str = "",
    axis: Vector | None = None,
    drive: Drive = (),
    noun: str = "limb",
) -> Body:
    """A capsule between two points; with an axis (the world's) it is hinged at `start`."""
    half = math.dist(start, stop) / 2
    rotation = along((stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]))
    joint = None
    if axis is not None:
        own = turn(undo(rotation), axis)
        joint = Joint("hinge", own, (0.0, 0.0, -half), damping=0.5, drive=drive or ((0.0, 0.0),))
    middle = ((start[0] + stop[0]) / 2, (start[1] + stop[1]) / 2, (start[2] + stop[2]) / 2)
    return Body(
        name,
        "capsule",
        (radius, half),
        middle,
        rotation,
        mass_kg=LIMB_KG if parent else 0.0,
        friction=0.8,
        material=look,
        parent=parent,
        joint=joint,
        detail={"noun": noun, "weightless": True},
    )


def elbow(
    shoulder: Vector, hand: Vector, upper: float, fore: float, pole: Vector
) -> tuple[Vector, Vector]:
    """Where the elbow is, bent towards `pole`, and the hand, drawn in if it is out of reach."""
    start, goal = np.array(shoulder, float), np.array(hand, float)
    reach = goal - start
    distance = float(np.linalg.norm(reach))
    near = min(max(distance, abs(upper - fore) * 1.05), 0.985 * (upper + fore))
    along_it = reach / distance
    side = np.array(pole, float) - along_it * float(np.dot(pole, along_it))
    side /= np.linalg.norm(side)
    share = (upper**2 - fore**2 + near**2) / (2 * near)
    bend = math.sqrt(max(0.0, upper**2 - share**2))
    return _vector(start + along_it * share + side * bend), _vector(start + along_it * near)


def _vector(point: np.ndarray) -> Vector:
    return (float(point[0]), float(point[1]), float(point[2]))


def _cloth(rng: np.random.Generator, size: float) -> Material:
    color = COLORS[pick(rng, list(COLORS))]
    dark = (color[0] * 0.6, color[1] * 0.6, color[2] * 0.6)
    seed = int(rng.integers(2**31))
    kind = pick(rng, ("fabric", "fabric", "stripes", "plain"))
    colors = (color,) if kind == "plain" else (color, dark)
    return Material(kind, colors, size, seed, roughness=0.95)


SKINS = ((0.62, 0.36, 0.24), (0.40, 0.20, 0.11), (0.20, 0.09, 0.05), (0.72, 0.47, 0.34))


def person(
    rng: np.random.Generator,
    foot: tuple[float, float],
    facing: float,
    tall: float,
    hands: Sequence[Vector],
    *,
    turns: Drive = (),
    lifts: Drive = (),
) -> Figure:
    """Somebody who stands at `foot`, turned to `facing` (radians from x), hands where told.

    One hand given is the nearer arm's; the other arm hangs. `turns`: at the waist, about z.
    `lifts`: both arms that hold, at the shoulder, upwards.
    """
    front = (math.cos(facing), math.sin(facing), 0.0)
    left = (-math.sin(facing), math.cos(facing), 0.0)

    def at(forward: float, sideways: float, up: float) -> Vector:
        return (
            foot[0] + tall * (front[0] * forward + left[0] * sideways),
            foot[1] + tall * (front[1] * forward + left[1] * sideways),
            tall * up,
        )

    skin = Material("plain", (SKINS[int(rng.integers(len(SKINS)))],), roughness=0.7)
    shirt, trousers = _cloth(rng, tall * 0.08), _cloth(rng, tall * 0.06)
    shoe = Material("plain", (COLORS[pick(rng, ("black", "brown", "white", "grey"))],))
    build = uniform(rng, 0.9, 1.15)
    bodies = _legs(at, tall, build, trousers, shoe, rng)
    bodies.append(
        limb(
            "torso",
            at(0, 0, 0.55),
            at(0.01, 0, 0.74),
            0.095 * tall * build,
            shirt,
            parent="hips",
            axis=(0, 0, 1),
            drive=turns,
        )
    )
    bodies += _head(at, tall, skin, rng)
    sides = (1.0, -1.0)
    if len(hands) == 1:
        gap = [math.dist(hands[0], at(0, 0.15 * side, 0.78)) for side in sides]
        sides = (1.0, -1.0) if gap[0] <= gap[1] else (-1.0, 1.0)
    goals = [*hands, at(0.04, 0.19 * sides[1], 0.42)][:2]
    for index, (side, goal) in enumerate(zip(sides, goals, strict=True)):
        holds = index < len(hands)
        axis = (-left[0], -left[1], 0.0)
        drive = lifts if holds else ()
        bodies += _arm(at, tall, side, goal, shirt, skin, axis, drive, build)
    hand = "left hand" if sides[0] > 0 else "right hand"
    grip = next(body.position for body in bodies if body.name == hand)
    return Figure(tuple(bodies), hand, grip, "person")


def _legs(
    at: _At, tall: float, build: float, trousers: Material, shoe: Material, rng: np.random.Generator
) -> list[Body]:
    hips = Body(
        "hips",
        "ellipsoid",
        (0.10 * tall * build, 0.105 * tall * build, 0.07 * tall),
        at(0, 0, 0.5),
        material=trousers,
        friction=0.8,
        detail={"noun": "hips"},
    )
    bodies = [hips]
    stance, stride = uniform(rng, 0.06, 0.10), uniform(rng, -0.06, 0.06)
    for side, word in ((1.0, "left"), (-1.0, "right")):
        hip, ankle = at(0, 0.055 * side, 0.48), at(stride * side, stance * side, 0.05)
        bend = at(stride * side / 2 + 0.03, (0.055 + stance) / 2 * side, 0.27)
        thick = 0.052 * tall * build
        bodies += [
            limb(f"{word} thigh", hip, bend, thick, trousers, parent="hips"),
            limb(f"{word} shin", bend, ankle, thick * 0.8, trousers, parent="hips"),
            limb(
                f"{word} foot",
                at(stride * side - 0.01, stance * side, 0.0281),
                at(stride * side + 0.09, stance * side, 0.0281),
                0.028 * tall,
                shoe,
                parent="hips",
            ),
        ]
    return bodies


def _head(at: _At, tall: float, skin: Material, rng: np.random.Generator) -> list[Body]:
    hair = Material("noise", ((0.05, 0.03, 0.02), (0.12, 0.07, 0.04)), 0.03 * tall, roughness=0.9)
    detail = {"noun": "head", "weightless": True}
    return [
        limb("neck", at(0.01, 0, 0.82), at(0.015, 0, 0.87), 0.032 * tall, skin, parent="torso"),
        Body(
            "head",
            "ellipsoid",
            (0.062 * tall, 0.062 * tall, 0.078 * tall),
            at(0.02, 0, 0.93),
            mass_kg=LIMB_KG,
            material=skin,
            parent="torso",
            detail=detail,
        ),
        Body(
            "hair",
            "ellipsoid",
            (0.066 * tall, 0.066 * tall, 0.06 * tall),
            at(0.008, 0, 0.96),
            mass_kg=0.2,
            material=hair,
            parent="torso",
            detail={**detail, "noun": "hair"},
        ),
    ]


def _arm(
    at: _At,
    tall: float,
    side: float,
    goal: Vector,
    sleeve: Material,
    skin: Material,
    axis: Vector,
    drive: Drive,
    build: float,
) -> list[Body]:
    word = "left" if side > 0 else "right"
    shoulder = at(0.01, 0.135 * side * build, 0.79)
    outwards = at(-0.3, 0.5 * side, -0.6)
    origin = at(0, 0, 0)
    pole = (outwards[0] - origin[0], outwards[1] - origin[1], outwards[2] - origin[2])
    bend, hand = elbow(shoulder, goal, 0.175 * tall, 0.18 * tall, pole)
    thick = 0.035 * tall * build
    upper = f"{word} upper arm"
    return [
        limb(upper, shoulder, bend, thick, sleeve, parent="torso", axis=axis, drive=drive),
        limb(f"{word} forearm", bend, hand, thick * 0.8, skin, parent=upper),
        Body(
            f"{word} hand",
            "sphere",
            (0.036 * tall,),
            hand,
            mass_kg=0.4,
            friction=0.9,
            material=skin,
            parent=upper,
            detail={"noun": "hand", "weightless": True},
        ),
    ]


@dataclass(frozen=True)
class Way:
    """Where an arm's wrist is at a time: turned by `yaw`, so far out, so high."""

    time_s: float
    yaw: float
    out_m: float
    high_m: float


def _paint(rng: np.random.Generator) -> tuple[Material, Material]:
    color = COLORS[pick(rng, ("orange", "yellow", "white", "blue", "grey", "red"))]
    dark = Material("plain", ((0.06, 0.06, 0.07),), roughness=0.4)
    return Material("plain", (color,), roughness=0.35, reflectance=0.03), dark


def robot_arm(
    rng: np.random.Generator,
    foot: Vector,
    ways: Sequence[Way],
    jaw_m: float,
    *,
    rides: Drive = (),
) -> Figure:
    """An arm of two links on a turret at `foot`, its gripper always pointing down.

    `jaw_m`: how far each finger is from the middle. `rides`: the whole of it slides along x.
    """
    longest = max(math.hypot(way.out_m, way.high_m - foot[2]) for way in ways)
    base_m = 0.22 * longest
    link = 0.56 * longest * uniform(rng, 1.0, 1.1)
    paint, dark = _paint(rng)
    thick = 0.07 * longest
    angles = np.array([_bend(way, foot[2] + base_m, link) for way in ways])  # [W,2] from upright
    times = [way.time_s for way in ways]
    yaws = np.array([way.yaw for way in ways])

    def drive(values: np.ndarray) -> Drive:
        return tuple((t, float(v)) for t, v in zip(times, values - values[0], strict=True))

    yaw = ways[0].yaw
    ahead = (math.cos(yaw), math.sin(yaw), 0.0)
    across = (-math.sin(yaw), math.cos(yaw), 0.0)
    shoulder = (foot[0], foot[1], foot[2] + base_m)
    bend = _step(shoulder, ahead, angles[0, 0], link)
    wrist = _step(bend, ahead, angles[0, 1], link)
    bodies = _base(foot, base_m, thick, paint, dark, rides)
    bodies += [
        limb("turret", (*foot[:2], foot[2] + base_m * 0.4), shoulder, thick * 1.15, paint,
             parent="base", axis=(0, 0, 1), drive=drive(yaws)),
        limb("upper arm", shoulder, bend, thick * 0.8, paint,
             parent="turret", axis=across, drive=drive(angles[:, 0])),
        limb("forearm", bend, wrist, thick * 0.62, paint,
             parent="upper arm", axis=across, drive=drive(angles[:, 1] - angles[:, 0])),
    ]  # fmt: skip
    tip = (wrist[0], wrist[1], wrist[2] - thick)
    bodies.append(
        limb("wrist", wrist, tip, thick * 0.5, dark,
             parent="forearm", axis=across, drive=drive(-angles[:, 1]))
    )  # fmt: skip
    bodies += _fingers(tip, across, jaw_m, thick, dark)
    return Figure(tuple(bodies), "wrist", tip, "robot arm")


def _bend(way: Way, shoulder_m: float, link: float) -> tuple[float, float]:
    """Angles of both links from upright, towards the front: the triangle's law of cosines."""
    up = way.high_m - shoulder_m
    distance = min(math.hypot(way.out_m, up), 1.99 * link)
    towards = math.atan2(way.out_m, up)
    half = math.acos(distance / (2 * link))
    return towards - half, towards + half


def _step(start: Vector, ahead: Vector, angle: float, length: float) -> Vector:
    out, up = math.sin(angle) * length, math.cos(angle) * length
    return (start[0] + ahead[0] * out, start[1] + ahead[1] * out, start[2] + up)


def _base(
    foot: Vector, base_m: float, thick: float, paint: Material, dark: Material, rides: Drive
) -> list[Body]:
    """A round foot; where it rides, a cart on four wheels."""
    if not rides:
        half = base_m * 0.2
        return [
            Body("base", "cylinder", (thick * 2, half), (*foot[:2], foot[2] + half), material=dark)
        ]
    wheel, deck = base_m * 0.3, thick * 2.2
    joint = Joint("slide", (1.0, 0.0, 0.0), damping=1.0, drive=rides)
    shut = {"collides": False, "weightless": True}
    bodies = [
        Body(
            "base",
            "box",
            (deck, deck * 0.75, base_m * 0.18),
            (*foot[:2], foot[2] + wheel * 1.4),
            mass_kg=20.0,
            material=paint,
            joint=joint,
            detail=shut,
        )
    ]
    for index, (x, y) in enumerate(((-0.7, -0.8), (0.7, -0.8), (-0.7, 0.8), (0.7, 0.8))):
        spot = (foot[0] + x * deck, foot[1] + y * deck, foot[2] + wheel)
        ridden = tuple((time_s, target / wheel) for time_s, target in rides)
        own = Joint("hinge", (0.0, 0.0, -1.0), damping=0.1, drive=ridden)
        bodies.append(
            Body(
                f"cart wheel {index}",
                "cylinder",
                (wheel, wheel * 0.35),
                spot,
                about((1, 0, 0), math.pi / 2),
                mass_kg=0.5,
                material=Material("checker", ((0.04, 0.04, 0.04), (0.2, 0.2, 0.2)), wheel),
                parent="base",
                joint=own,
                detail={**shut, "noun": "wheel"},
            )
        )
    return bodies


def _fingers(tip: Vector, across: Vector, jaw_m: float, thick: float, dark: Material) -> list[Body]:
    """A bar, and a finger down from each of its ends."""
    rotation = about((0, 0, 1), math.atan2(across[1], across[0]))
    finger = thick * 0.18
    detail = {"noun": "gripper", "collides": False, "weightless": True}
    bodies = [
        Body("gripper", "box", (jaw_m + 2 * finger, thick * 0.3, finger), tip, rotation,
             mass_kg=0.3, material=dark, parent="wrist", detail=detail)
    ]  # fmt: skip
    for side in (-1.0, 1.0):
        gap = side * (jaw_m + finger)
        spot = (tip[0] + across[0] * gap, tip[1] + across[1] * gap, tip[2] - thick * 0.7)
        bodies.append(
            Body(f"finger {'left' if side > 0 else 'right'}", "box",
                 (finger, thick * 0.3, thick * 0.7), spot, rotation,
                 mass_kg=0.1, material=dark, parent="wrist", detail=detail)
        )  # fmt: skip
    return bodies
