"""How far things that were moved are from where they truly would be, in a world of our own.

Enters: the world's description, and fates. Leaves: of each thing that moves the median distance of
its middle from the true one, in its own sizes (square root of its area), and the same for leaving
it where the clip shows it. The world is simulated with the object and without it; nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from openvoid.core.clip import Clip
    from openvoid.core.fates import Fate, Fates
    from openvoid.synth.world import World

NEAR = 1.0  # of its size: so near its middle is that of the thing that is meant


@dataclass(frozen=True)
class Off:
    """A thing that moves."""

    noun: str  # its true one
    sizes: float
    untouched_sizes: float


def courses_off(world: Path, fates: Fates, clip: Clip) -> Iterator[Off]:
    """Of every thing that moves.

    Raises:
        OpenVoidError: mujoco is not installed; the description cannot be read.
    """
    from openvoid.synth.world import World

    told = World.from_json(world.read_text(), str(world))
    with_, without = _centres(told, ()), _centres(told, told.removed)
    nouns = {body.name: body.noun for body in told.bodies}
    for fate in fates.moving:
        side, start = (
            _side(fate, clip),
            np.array([fate.start.x * clip.width, fate.start.y * clip.height]),
        )
        away = {
            name: float(np.hypot(*(at[fate.start.frame] - start))) for name, at in with_.items()
        }
        away = {name: off for name, off in away.items() if name in without and off < NEAR * side}
        if not away:
            continue
        name = min(away, key=lambda each: away[each])
        frames = [pose.frame for pose in fate.poses]
        places = np.array([(pose.x * clip.width, pose.y * clip.height) for pose in fate.poses])
        true, clips = without[name][frames], with_[name][frames]
        sizes = [float(np.nanmedian(np.hypot(*(each - true).T))) / side for each in (places, clips)]
        yield Off(nouns[name], *sizes)


def _side(fate: Fate, clip: Clip) -> float:
    """Of a square as large as its silhouette, px."""
    area = 0.0
    for place in fate.shape:
        x, y = (np.array(place.corners) * (clip.width, clip.height)).T
        area += abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2
    return float(np.sqrt(max(1.0, area)))


def _centres(world: World, removed: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """[T, 2] px of the middle of every body that can move."""
    from openvoid.synth.camera import project
    from openvoid.synth.physics.simulation import simulate

    motion = simulate(world, frozenset(removed))
    fixed = {body.name for body in world.bodies if body.fixed}
    seen = [
        project(motion.poses[frame, :, :3].astype(np.float64), world.camera, frame, world.size)
        for frame in range(world.frames)
    ]
    places = np.stack(seen)[..., :2] + 0.5
    return {name: places[:, at] for at, name in enumerate(motion.names) if name not in fixed}
