"""How cameras and objects move. Functions of time, which runs from 0 to 1 over a clip.

Enters: places in world pixels. Leaves: paths (a place for a time) and cameras (a matrix from
window pixels to world pixels for a time). Pure arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""[3, 3]: window pixels => world pixels."""
Path = Callable[[float], tuple[float, float]]
Camera = Callable[[float], Matrix]


def wander(
    centre: tuple[float, float],
    sweep_px: tuple[float, float],
    shake_px: float,
    degrees: float,
    zoom: tuple[float, float] = (1.0, 1.0),
    tilt: float = 0.0,
    window: tuple[int, int] = (540, 960),
) -> Camera:
    """A handheld camera: a sweep, shake, a slight roll, zoom and, with `tilt`, perspective."""

    def camera(time: float) -> Matrix:
        turns = 6.2832 * time
        ease = time * time * (3.0 - 2.0 * time) - 0.5
        shake_x = np.sin(2.3 * turns + 0.4) + 0.5 * np.sin(5.1 * turns + 1.0)
        shake_y = np.sin(1.9 * turns + 2.0) + 0.5 * np.sin(4.3 * turns)
        x = centre[0] + sweep_px[0] * ease + shake_px * shake_x + 0.37
        y = centre[1] + sweep_px[1] * ease + shake_px * 0.7 * shake_y + 0.21
        angle = np.radians(degrees) * (np.sin(1.3 * turns) + 0.4 * np.sin(3.7 * turns + 0.7))
        scale = zoom[0] + (zoom[1] - zoom[0]) * time
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        lean = tilt * np.sin(1.1 * turns) / window[1]
        home = np.array([[1, 0, -window[1] / 2], [0, 1, -window[0] / 2], [0, 0, 1]])
        lens = np.array([[1, 0, 0], [0, 1, 0], [lean, 0.6 * lean, 1]])
        place = np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1]])
        return np.asarray(place @ lens @ home, np.float64)

    return camera


def to_and_fro(
    centre: tuple[float, float], by_px: float, rounds: float, window: tuple[int, int] = (540, 960)
) -> Camera:
    """A camera that pans quickly, turns, and pans back."""

    def camera(time: float) -> Matrix:
        x = centre[0] + by_px * np.sin(6.2832 * rounds * time) + 0.37 - window[1] / 2
        return np.array([[1, 0, x], [0, 1, centre[1] - window[0] / 2], [0, 0, 1.0]])

    return camera


def line(
    start: tuple[float, float], end: tuple[float, float], times: tuple[float, float] = (0.0, 1.0)
) -> Path:
    """Straight on, at constant speed between two times; it goes on at that speed outside them."""

    def path(time: float) -> tuple[float, float]:
        share = (time - times[0]) / (times[1] - times[0])
        return (
            start[0] + (end[0] - start[0]) * share,
            start[1] + (end[1] - start[1]) * share,
        )

    return path


def swing(centre: tuple[float, float], by_px: tuple[float, float], rounds: float) -> Path:
    """To and fro."""

    def path(time: float) -> tuple[float, float]:
        angle = 6.2832 * rounds * time
        return centre[0] - by_px[0] * np.cos(angle), centre[1] + by_px[1] * np.sin(2.0 * angle)

    return path


def stop_half_way(
    start: tuple[float, float], rest: tuple[float, float], end: tuple[float, float]
) -> Path:
    """Comes, stands still from a quarter to three quarters of the time, goes."""

    def path(time: float) -> tuple[float, float]:
        if time < 0.25:
            return line(start, rest, (0.0, 0.25))(time)
        return rest if time < 0.75 else line(rest, end, (0.75, 1.0))(time)

    return path
