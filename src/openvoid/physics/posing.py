"""Posing: how a thing that moves in the world looks in the picture, as its silhouette turned.

Enters: a body, its places and rotations, the view. Leaves: where its middle is, by how much it is
turned in the picture, and how large it is. What turns out of the picture's plane is drawn as it
looked before: only the part of the turn that lies in the plane is told.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openvoid.physics.body import Body, Form
from openvoid.physics.view import View

Points = NDArray[np.float64]

NARROWEST, WIDEST = 0.7, 1.2  # times: how far a turn out of the plane changes its size


def posed(body: Body, position: Points, rotation: Points, view: View) -> Points:
    """[T, 4]: x, y in pixels, degrees clockwise, and times as large as at first.

    Args:
        position, rotation: [T, 3] metres and [T, 4] (w, x, y, z); the body is unturned at first.
    """
    turns = matrices(rotation)
    anchors = position + turns @ (body.anchor - body.middle)
    places = view.project(anchors)
    first = view.project(body.anchor[None])[0]
    size = first[2] / places[:, 2]
    angle = np.zeros(len(position))
    if body.form is not Form.BALL:
        flat = np.stack([_corners(body, *each, view) for each in zip(position, turns, strict=True)])
        began = _corners(body, body.middle, np.eye(3), view)
        turned, wider = _alike(began, flat)
        angle = np.rad2deg(np.unwrap(turned))
        if body.form is Form.PRISM:
            size = size * np.clip(wider / size, NARROWEST, WIDEST)
    return np.column_stack([places[:, :2], angle, size])


def matrices(rotation: Points) -> Points:
    """[T, 3, 3] of [T, 4] (w, x, y, z)."""
    w, x, y, z = rotation.T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), -1, 0)


def _corners(body: Body, middle: Points, turn: Points, view: View) -> Points:
    """[N] complex: corners of its outline in the picture; a round thing shows always its axis and
    its width, however it is turned about the axis."""
    if body.form is Form.ROUND:
        axis = turn[:, 2]
        towards = middle - np.array([0, 0, view.height_m])
        across = np.cross(axis, towards)
        across = -across / max(1e-6, float(np.linalg.norm(across)))
        if across @ (1, 0, 0) < 0 and axis[2] > 0:
            across = -across
        radius, high = body.half[0], body.half[2]
        points = np.array(
            [
                middle + side * radius * across + up * high * axis
                for side in (-1, 1)
                for up in (-1, 1)
            ]
        )
    else:
        outline = np.insert(body.outline, 1, 0.0, axis=1)
        points = middle + outline @ turn.T
    seen = view.project(points)
    return seen[:, 0] + 1j * seen[:, 1]


def _alike(began: Points, now: Points) -> tuple[Points, Points]:
    """Turn in radians, and size, of the similarity that comes nearest to taking corners [N] to
    those of each frame [T, N]."""
    one = began - began.mean()
    other = now - now.mean(axis=1, keepdims=True)
    ratio = (np.conj(one) * other).sum(axis=1) / max(1e-9, float(np.square(np.abs(one)).sum()))
    return np.angle(ratio), np.maximum(1e-3, np.abs(ratio))
