"""A robot's arm with a gripper, on a foot or on wheels.

Enters: a random generator, where it stands, and the way of its wrist. Leaves: a `Figure`. Its two
links are as long as each other, so that their angles follow from one triangle. Knows no story.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.families.figures import Drive, Figure, limb
from openvoid.synth.families.things import COLORS, pick, uniform
from openvoid.synth.rotation import about
from openvoid.synth.world import Body, Joint, Material, Vector


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
    shut = BodyDetail(collides=False, weightless=True)
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
                detail=shut.but(noun="wheel"),
            )
        )
    return bodies


def _fingers(tip: Vector, across: Vector, jaw_m: float, thick: float, dark: Material) -> list[Body]:
    """A bar, and a finger down from each of its ends."""
    rotation = about((0, 0, 1), math.atan2(across[1], across[0]))
    finger = thick * 0.18
    detail = BodyDetail(noun="gripper", collides=False, weightless=True)
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
