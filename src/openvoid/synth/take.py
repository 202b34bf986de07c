"""A take: one filming of a world; and what a renderer draws of it, frame by frame.

Enters: a world, how its bodies moved, and who is hidden. Leaves: nothing by itself; a renderer
(group "openvoid.renderers") makes one `Drawn` a frame of it. Three takes make a pair (VOID,
arXiv 2604.02296, section 3.2):

    full     everything is there
    removed  the object was taken out and the world simulated again: what would have happened
    acting   the object is hidden in the motion of the first: gone from the picture, still acting

A hidden body leaves no picture, no shadow, no reflection and no light; only what it does to others
remains. Knows no engine and no renderer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from openvoid.synth.world import World

if TYPE_CHECKING:
    from openvoid.synth.physics.simulation import Motion


ALL = frozenset(("ids", "depth"))


@dataclass(frozen=True)
class Take:
    """What is filmed: bodies that `motion` does not name, or that are hidden, are not there."""

    world: World
    motion: Motion
    hidden: frozenset[str] = frozenset()
    wanted: frozenset[str] = ALL  # of "ids" and "depth"; a renderer may give what is not, or not


@dataclass(frozen=True)
class Drawn:
    """One frame. `ids` is 0 for the background and i + 1 for body i of `world.bodies`.

    What the take did not want may be left out: [0, 0].
    """

    rgb: NDArray[np.uint8]  # [H, W, 3]
    depth: NDArray[np.float32]  # [H, W] metres along the view axis; infinite on the background
    ids: NDArray[np.uint16]  # [H, W]


def takes(
    world: World, full: Motion, removed: Motion, wanted: frozenset[str] = ALL
) -> dict[str, Take]:
    """The three takes of a pair, by name; of the last, the picture alone is of use."""
    gone = frozenset(world.removed)
    return {
        "full": Take(world, full, wanted=wanted),
        "removed": Take(world, removed, gone, wanted),
        "acting": Take(world, full, gone, frozenset()),
    }
