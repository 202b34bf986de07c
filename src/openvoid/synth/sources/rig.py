"""Bones told against their rest pose -> the limbs of a plain figure, where they are.

Enters: poses of Mixamo's bones as HUMOTO's "up_bone" layout has them (at rest every bone points
up: its own y is the world's z), and a skeleton: each bone's parent, and where its head is from its
parent's, at rest (z up, the figure facing -y). Leaves: a `Limb` a bone that has length, with its
path. Forward kinematics: a bone's turn is its parent's times its own; its head is its parent's plus
the offset so turned. Lengths are those of a Mixamo figure 1.75 m tall, measured nowhere: a figure
like that, not the one that was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from openvoid.synth.rotation import along
from openvoid.synth.world import Vector

# what a bone's own axes are in the world, at rest: x is x, y is up, z is forward (-y)
UPRIGHT_BONE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True)
class Bone:
    """Whose child it is, and where its head is from there, at rest."""

    parent: str
    offset: Vector


@dataclass(frozen=True)
class Limb:
    """A piece of the figure and its path."""

    shape: str
    size: tuple[float, ...]
    covered: str  # "skin", "cloth", "trousers"
    path: np.ndarray  # float64 [T,7]: x y z, w x y z


def _side(sign: float, name: str) -> dict[str, Bone]:
    return {
        f"{name}Shoulder": Bone("Spine2", (sign * 0.06, 0.0, 0.11)),
        f"{name}Arm": Bone(f"{name}Shoulder", (sign * 0.12, 0.0, 0.0)),
        f"{name}ForeArm": Bone(f"{name}Arm", (sign * 0.275, 0.0, 0.0)),
        f"{name}Hand": Bone(f"{name}ForeArm", (sign * 0.27, 0.0, 0.0)),
        f"{name}HandMiddle1": Bone(f"{name}Hand", (sign * 0.09, 0.0, 0.0)),
        f"{name}UpLeg": Bone("Hips", (sign * 0.09, 0.0, -0.05)),
        f"{name}Leg": Bone(f"{name}UpLeg", (0.0, 0.0, -0.43)),
        f"{name}Foot": Bone(f"{name}Leg", (0.0, 0.0, -0.42)),
        f"{name}ToeBase": Bone(f"{name}Foot", (0.0, -0.13, -0.07)),
    }


SKELETON: Mapping[str, Bone] = {
    "Hips": Bone("", (0.0, 0.0, 0.98)),
    "Spine": Bone("Hips", (0.0, 0.0, 0.10)),
    "Spine1": Bone("Spine", (0.0, 0.0, 0.12)),
    "Spine2": Bone("Spine1", (0.0, 0.0, 0.13)),
    "Neck": Bone("Spine2", (0.0, 0.0, 0.16)),
    "Head": Bone("Neck", (0.0, 0.0, 0.09)),
    "HeadTop_End": Bone("Head", (0.0, 0.0, 0.18)),
    **_side(1.0, "Left"),
    **_side(-1.0, "Right"),
}
_PIECES = {  # from a bone's head to another's: radius, what covers it
    ("Hips", "Spine"): (0.13, "trousers"),
    ("Spine", "Spine1"): (0.125, "cloth"),
    ("Spine1", "Spine2"): (0.135, "cloth"),
    ("Spine2", "Neck"): (0.12, "cloth"),
    ("Neck", "Head"): (0.05, "skin"),
    ("Head", "HeadTop_End"): (0.095, "skin"),
}
for _name in ("Left", "Right"):
    _PIECES |= {
        (f"{_name}Shoulder", f"{_name}Arm"): (0.06, "cloth"),
        (f"{_name}Arm", f"{_name}ForeArm"): (0.05, "cloth"),
        (f"{_name}ForeArm", f"{_name}Hand"): (0.04, "skin"),
        (f"{_name}Hand", f"{_name}HandMiddle1"): (0.035, "skin"),
        (f"{_name}UpLeg", f"{_name}Leg"): (0.075, "trousers"),
        (f"{_name}Leg", f"{_name}Foot"): (0.055, "trousers"),
        (f"{_name}Foot", f"{_name}ToeBase"): (0.045, "skin"),
    }


def limbs(poses: Mapping[str, np.ndarray], skeleton: Mapping[str, Bone]) -> dict[str, Limb]:
    """The pieces of the figure; `poses` are [T,7] (w x y z, x y z) a bone, prefixes allowed."""
    heads = joints(poses, skeleton)
    made = {}
    for (start, stop), (radius, covered) in _PIECES.items():
        if start in heads and stop in heads:
            one, other = heads[start], heads[stop]
            length = float(np.linalg.norm(other[0] - one[0]))
            turned = np.array([along(_vector(row)) for row in other - one])
            path = np.concatenate([(one + other) / 2, turned], axis=1)
            made[start] = Limb("capsule", (radius, max(length / 2, 1e-3)), covered, path)
    return made


def joints(poses: Mapping[str, np.ndarray], skeleton: Mapping[str, Bone]) -> dict[str, np.ndarray]:
    """float64 [T,3]: where the head of each bone of the skeleton is, parents first."""
    told = {name.split(":")[-1]: values for name, values in poses.items()}
    frames = len(next(iter(told.values())))
    still = np.tile([1.0, 0, 0, 0, 0, 0, 0], (frames, 1))
    turns: dict[str, np.ndarray] = {}
    heads: dict[str, np.ndarray] = {}
    waiting = dict(skeleton)
    while waiting:
        ready = [name for name, bone in waiting.items() if bone.parent in ("", *heads)]
        if not ready:
            break  # the rest hangs on bones that are not there
        for name in ready:
            bone = waiting.pop(name)
            own = told.get(name, still)
            turn = UPRIGHT_BONE @ _matrices(own[:, :4]) @ UPRIGHT_BONE.T
            shift = own[:, 4:] @ UPRIGHT_BONE.T + np.array(bone.offset)
            if bone.parent:
                above = turns[bone.parent]
                heads[name] = heads[bone.parent] + np.einsum("tij,tj->ti", above, shift)
                turns[name] = above @ turn
            else:
                heads[name], turns[name] = shift, turn
    return heads


def _matrices(quaternions: np.ndarray) -> np.ndarray:
    """[T,4] unit (w, x, y, z) -> [T,3,3]."""
    w, x, y, z = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def _vector(row: np.ndarray) -> Vector:
    x, y, z = (float(part) for part in row)
    return (x, y, z) if abs(x) + abs(y) + abs(z) > 1e-9 else (0.0, 0.0, 1.0)
