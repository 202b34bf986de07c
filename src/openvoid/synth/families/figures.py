"""What figures are made of: limbs that are driven about their joints, and arms bent to a place.

Enters: points, radii, drives. Leaves: bodies; and `Figure`, what a person or a robot is to those
who tell a story. Limbs carry their own weight. Knows no story.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from openvoid.synth.detail import BodyDetail
from openvoid.synth.rotation import along, turn, undo
from openvoid.synth.world import Body, Joint, Material, Vector

Drive = tuple[tuple[float, float], ...]
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
        detail=BodyDetail(noun=noun, weightless=True),
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
