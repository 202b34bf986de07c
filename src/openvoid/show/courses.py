"""Where things would go, drawn over a frame: ghosts of their course, how sure it is, the horizon.

Enters: a panel and the fates. Leaves: the panel with them. A thing is drawn where it would be in
that frame, its ghosts in others faintly; the circle around it holds four fifths of a mover's
guesses. The horizon is that which the mover took.
"""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.core.fates import Fates
from openvoid.show.panels import Panel

GHOSTS = 8  # of each course
COLOURS = ((255, 230, 60), (90, 220, 255), (255, 130, 220), (150, 255, 120))
HORIZON = (255, 255, 255)
FAINT = 0.45
DASH_PX = 12


def with_courses(panel: Panel, fates: Fates, frame: int) -> Panel:
    """A panel [h, w, 3] with what the fates say of that frame and of others."""
    height, width = panel.shape[:2]
    drawn, faint = panel.copy(), panel.copy()
    for number, fate in enumerate(fates.moving):
        colour = COLOURS[number % len(COLOURS)]
        frames = np.linspace(fate.poses[0].frame, fate.poses[-1].frame, GHOSTS).round().tolist()
        for place in fate.places(height, width):
            if place.frame in frames or place.frame == frame:
                corners = np.round(np.array(place.corners) * (width, height)).astype(np.int32)
                into = drawn if place.frame == frame else faint
                cv2.polylines(into, [corners], True, colour, 2 if into is drawn else 1, cv2.LINE_AA)
        way = [(pose.x * width, pose.y * height) for pose in fate.poses]
        line = np.round(np.array(way)).astype(np.int32)
        cv2.polylines(faint, [line], False, colour, 1, cv2.LINE_AA)
        for pose in fate.poses:
            if pose.frame == frame and pose.spread > 0:
                at = round(pose.x * width), round(pose.y * height)
                cv2.circle(drawn, at, max(1, round(pose.spread * height)), colour, 1, cv2.LINE_AA)
    changed = (faint != panel).any(axis=-1) & (drawn == panel).all(axis=-1)
    mixed = panel.astype(np.float32) * FAINT + faint.astype(np.float32) * (1 - FAINT)
    drawn[changed] = np.rint(mixed[changed]).astype(np.uint8)
    _draw_horizon(drawn, fates)
    return drawn


def _draw_horizon(panel: Panel, fates: Fates) -> None:
    share = fates.extra.get("horizon")
    if not isinstance(share, (int, float)) or not 0 < share < 1:
        return
    row = round(share * panel.shape[0])
    for left in range(0, panel.shape[1], 2 * DASH_PX):
        cv2.line(panel, (left, row), (left + DASH_PX, row), HORIZON, 1)
