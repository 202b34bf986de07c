"""A person of capsules, who stands, turns, walks, and holds something in one hand or both.

Enters: a random generator, where the person stands, where the hands are, and how they move. Leaves:
a `Figure`. Proportions are those of drawing classes: eight heads to a body. Knows no story.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.figures import LIMB_KG, Drive, Figure, elbow, limb
from openvoid.synth.families.things import COLORS, pick, uniform
from openvoid.synth.rotation import turn, undo
from openvoid.synth.world import Body, Joint, Material, Vector

_At = Callable[[float, float, float], Vector]  # shares of the height: forward, sideways, up


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
    walks: Drive = (),
) -> Figure:
    """Somebody who stands at `foot`, turned to `facing` (radians from x), hands where told.

    One hand given is the nearer arm's; the other arm hangs. `turns`: at the waist, about z.
    `lifts`: both arms that hold, at the shoulder, upwards. `walks`: ahead, in metres.
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
    bodies = _legs(rng, at, tall, build, trousers, shoe)
    if walks:
        bodies = _walking(bodies, front, left, tall, walks)
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
    sides = _sides(at, hands)
    goals = [*hands, at(0.04, 0.19 * sides[1], 0.42)][:2]
    axis = (-left[0], -left[1], 0.0)
    for index, (side, goal) in enumerate(zip(sides, goals, strict=True)):
        drive = lifts if index < len(hands) else ()
        bodies += _arm(at, tall, side, goal, shirt, skin, axis, drive, build)
    hand = "left hand" if sides[0] > 0 else "right hand"
    grip = next(body.position for body in bodies if body.name == hand)
    return Figure(tuple(bodies), hand, grip, "person")


def _sides(at: _At, hands: Sequence[Vector]) -> tuple[float, float]:
    """Left (1) or right (-1) first: the arm that is nearer to the only hand given."""
    if len(hands) == 1:
        left, right = (math.dist(hands[0], at(0, 0.15 * side, 0.78)) for side in (1.0, -1.0))
        return (1.0, -1.0) if left <= right else (-1.0, 1.0)
    return (1.0, -1.0)


STEP_S, SWING = 0.62, 0.2  # a step of somebody with full hands: seconds, and radians either way


def pace_m_s(tall: float) -> float:
    """How fast such steps carry somebody of that height: the foot on the ground stays there."""
    return 2 * 0.46 * tall * math.sin(SWING) / STEP_S


def _walking(
    bodies: list[Body], front: Vector, left: Vector, tall: float, walks: Drive
) -> list[Body]:
    """Hips that slide ahead, and legs that swing from them for as long."""
    begin, end = walks[0][0], walks[-1][0]
    for (before, one), (after, other) in itertools.pairwise(walks):
        if one != other:
            begin = before if begin == walks[0][0] else begin
            end = after
    count = max(1, round((end - begin) / STEP_S))
    moving = []
    for body in bodies:
        if body.name == "hips":
            joint = Joint("slide", front, (0.0, 0.0, 0.0), damping=1.0, drive=walks)
            detail = body.detail.but(weightless=True, collides=False)
            moving.append(replace(body, mass_kg=8.0, joint=joint, detail=detail))
            continue
        side = 1.0 if body.name.startswith("left") else -1.0
        swing = [(0.0, 0.0), (begin + 1e-3, 0.0)]
        swing += [
            (begin + (end - begin) * (step + 0.5) / count, side * SWING * (-1) ** step)
            for step in range(count)
        ]
        swing.append((end + 0.2, 0.0))
        shut = body.detail.but(collides=False)
        if body.name.endswith("thigh"):
            half = body.size[1]
            own = turn(undo(body.rotation), (-left[0], -left[1], 0.0))
            joint = Joint("hinge", own, (0.0, 0.0, -half), damping=0.5, drive=tuple(swing))
            moving.append(replace(body, joint=joint, detail=shut))
        else:
            thigh = f"{body.name.split()[0]} thigh"
            moving.append(replace(body, parent=thigh, detail=shut))
    return moving


def _legs(
    rng: np.random.Generator, at: _At, tall: float, build: float, trousers: Material, shoe: Material
) -> list[Body]:
    hips = Body(
        "hips",
        "ellipsoid",
        (0.10 * tall * build, 0.105 * tall * build, 0.07 * tall),
        at(0, 0, 0.5),
        material=trousers,
        friction=0.8,
        detail=BodyDetail(noun="hips"),
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
    detail = BodyDetail(noun="head", weightless=True)
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
            detail=detail.but(noun="hair"),
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
            detail=BodyDetail(noun="hand", weightless=True),
        ),
    ]
