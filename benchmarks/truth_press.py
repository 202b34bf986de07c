"""A weight that comes down on something soft, rendered: what is affected, and was seen for moments.

Enters: the seed of a world of the family `press`, and when its effect is marked. Leaves: a `Scene`
whose truth is the same world simulated without the weight. The camera is locked, and the weight
touches at frame 3 or 4: all that is known of the place is in the frames before. Knows no engine.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from footage import still_map
from truth_scene import Scene

from openvoid.core import plugins
from openvoid.core.quadmask import Quadmask, Region
from openvoid.core.removal import Run
from openvoid.synth.families import describe
from openvoid.synth.pair import film

FRAMES = 36


@dataclass(frozen=True)
class Press:
    """One case. `late`: before this frame the effect (a shadow, by then) is not marked."""

    name: str
    what: str
    seed: int
    late: int = 0
    least_db: float = 34.0
    size: tuple[int, int] = (288, 512)


CASES = (
    Press("press", "rendered: a weight sinks into a cushion from frame 3 on", 1369471746),
    Press(
        "press-late",
        "the same, its shadow not marked before it lands: seen for two frames as it is",
        1369471746,
        late=4,
    ),
)


def build(case: Press) -> Scene:
    """The scene of a case, the same every time."""
    world = describe("press", case.seed, size=case.size, frames=FRAMES, rate=Fraction(12))
    places, goals = world.camera.positions[:1] * FRAMES, world.camera.targets[:1] * FRAMES
    camera = replace(world.camera, path="locked", positions=places, targets=goals)
    with tempfile.TemporaryDirectory() as folder:
        renderer = plugins.construct("renderer", "mujoco")
        pair = film(replace(world, camera=camera), renderer, Run(Path(folder)), depth=False)
    shown = np.stack([drawn.rgb for drawn in pair.full])
    truth = np.stack([drawn.rgb for drawn in pair.removed])
    labels = np.stack(list(pair.quadmask))
    early = labels[: case.late]
    early[early == Region.AFFECTED] = Region.KEEP
    early[early == Region.OVERLAP] = Region.PRIMARY
    hole = labels != Region.KEEP
    alike = [cv2.absdiff(*both).max(axis=-1) <= 2 for both in zip(shown, truth, strict=True)]
    seen = np.broadcast_to((~hole & np.stack(alike)).any(axis=0), hole.shape)
    rests = np.broadcast_to(still_map(truth), hole.shape)
    mask = Quadmask.from_labels(labels)
    return Scene(case.name, False, shown, truth, mask, hole, rests, seen, None, case.least_db)
