"""Quaternions (w, x, y, z) as tuples: turning, joining, undoing, and pointing an axis somewhere.

Enters and leaves: floats. Knows nothing of bodies. The formulas are Hamilton's product and its
consequences, as in any textbook.
"""

from __future__ import annotations

import math

from openvoid.synth.world import UPRIGHT, Quaternion, Vector


def about(axis: Vector, angle: float) -> Quaternion:
    """A turn by `angle` radians about an axis of any length."""
    length = math.hypot(*axis)
    sine = math.sin(angle / 2) / length
    return (math.cos(angle / 2), axis[0] * sine, axis[1] * sine, axis[2] * sine)


def join(after: Quaternion, before: Quaternion) -> Quaternion:
    """First `before`, then `after`: Hamilton's product."""
    aw, ax, ay, az = after
    bw, bx, by, bz = before
    return (
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    )


def undo(rotation: Quaternion) -> Quaternion:
    """The inverse of a unit quaternion."""
    w, x, y, z = rotation
    return (w, -x, -y, -z)


def turn(rotation: Quaternion, point: Vector) -> Vector:
    """A point, turned about the origin."""
    _, x, y, z = join(join(rotation, (0.0, *point)), undo(rotation))
    return (x, y, z)


def place(position: Vector, rotation: Quaternion, point: Vector) -> Vector:
    """Where a point of a body's own frame is in the world."""
    x, y, z = turn(rotation, point)
    return (position[0] + x, position[1] + y, position[2] + z)


def within(position: Vector, rotation: Quaternion, point: Vector) -> Vector:
    """The inverse of `place`: a point of the world in the body's own frame."""
    away = (point[0] - position[0], point[1] - position[1], point[2] - position[2])
    return turn(undo(rotation), away)


def along(direction: Vector) -> Quaternion:
    """The shortest turn that brings a body's z axis into a direction."""
    length = math.hypot(*direction)
    x, y, z = (part / length for part in direction)
    if z < -1 + 1e-12:
        return (0.0, 1.0, 0.0, 0.0)
    if z > 1 - 1e-15:
        return UPRIGHT
    scale = math.sqrt(2 * (1 + z))
    return (scale / 2, -y / scale, x / scale, 0.0)
