"""A world, filmed three times: the clip, the truth, and the quadmask between them.

Enters: a `World` and a renderer. Leaves: a `Pair`, its quadmask, and a verdict on whether it is
worth keeping. The frames are in memory: about 9 bytes a pixel and frame for each of the three
takes. Knows no files and no renderer by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openvoid.core.plugins import Renderer
from openvoid.core.quadmask import Labels, Quadmask, Region
from openvoid.core.removal import Run
from openvoid.synth.physics.scene import closure
from openvoid.synth.physics.simulation import Motion, simulate
from openvoid.synth.regions import Threshold, above, distance, labelled
from openvoid.synth.take import ALL, Drawn, Take, takes
from openvoid.synth.world import World

SEEN_SHARE = 0.001  # of the picture the removed takes at least, where most of it is seen
CHANGED_SHARE = 0.0008  # of all pixels of the clip are affected at least,
MOST_SHARE = 0.6  # and in no frame are more than this removed or affected
SUNK_M = 0.02  # nothing sinks deeper into what is fixed
BY_SIGHT = ("light",)  # families in which nothing needs to go another way


@dataclass(frozen=True)
class Pair:
    """The three takes of one world, frame by frame, and the motions they are of."""

    world: World
    with_object: Motion
    without_object: Motion
    full: Sequence[Drawn]
    removed: Sequence[Drawn]
    acting: Sequence[Drawn]
    quadmask: Quadmask
    threshold: Threshold

    @property
    def gone(self) -> frozenset[str]:
        """Everything that is removed, with its parts."""
        return closure(self.world, frozenset(self.world.removed))


def film(world: World, renderer: Renderer[Take, Drawn], run: Run, *, depth: bool = True) -> Pair:
    """Simulate both worlds, draw all three takes, and label where they differ.

    Args:
        depth: it is wanted, too; without it, it may be missing.

    Raises:
        OpenVoidError: the world cannot be simulated or drawn.
    """
    with run.timed("simulate"):
        full = simulate(world)
        removed = simulate(world, frozenset(world.removed))
    drawn: dict[str, list[Drawn]] = {"full": [], "removed": [], "acting": []}
    with run.timed("render"):
        filmed = takes(world, full, removed, ALL if depth else frozenset(("ids",)))
        rolling = {name: renderer.render(take, run) for name, take in filmed.items()}
        for _ in range(world.frames):
            for name, frames in rolling.items():
                drawn[name].append(next(frames))
    with run.timed("mask"):
        threshold = Threshold.of(renderer)
        numbers = numbers_of(world, closure(world, frozenset(world.removed)))
        labels = (
            labelled(*three, numbers, threshold)
            for three in zip(drawn["full"], drawn["removed"], drawn["acting"], strict=True)
        )
        quadmask = Quadmask.from_labels(labels)
    return Pair(world, full, removed, **drawn, quadmask=quadmask, threshold=threshold)


def numbers_of(world: World, names: frozenset[str]) -> list[int]:
    """The instance numbers of bodies, as `Drawn.ids` has them."""
    return [index + 1 for index, name in enumerate(world.names) if name in names]


def verdict(pair: Pair) -> str:
    """Why the pair is not worth keeping; empty where it is. The first reason counts."""
    counts = np.array([_counts(labels) for labels in pair.quadmask])  # [T, 3]
    seen, changed, covered = counts.T
    whole = pair.world.size[0] * pair.world.size[1]
    sunk_m = max(
        float(motion.sunk_m.max(initial=0)) for motion in (pair.with_object, pair.without_object)
    )
    if sunk_m > SUNK_M:
        return "something sinks into what is fixed"
    if seen.max() < SEEN_SHARE * whole:
        return "the object is hardly seen"
    if changed.sum() < CHANGED_SHARE * whole * len(changed):
        return "the removal changes nothing visible"
    if covered.max() > MOST_SHARE * whole:
        return "the removal changes nearly everything"
    if pair.world.family not in BY_SIGHT and not _goes_another_way(pair):
        return "nothing that is seen goes another way"
    return ""


def _counts(labels: Labels) -> tuple[int, int, int]:
    """Pixels of the removed, pixels that are affected, and pixels that are either."""
    found = np.bincount(labels.ravel(), minlength=256)
    both = int(found[Region.OVERLAP])
    removed, affected = int(found[Region.PRIMARY]) + both, int(found[Region.AFFECTED]) + both
    return removed, affected, removed + affected - both


def _goes_another_way(pair: Pair) -> bool:
    """Whether the takes without the object in sight ever differ, by the object's action alone."""
    whole = pair.world.size[0] * pair.world.size[1]
    changed = (
        int(above(distance(one.rgb, other.rgb), pair.threshold).sum())
        for one, other in zip(pair.removed, pair.acting, strict=True)
    )
    return sum(changed) >= CHANGED_SHARE / 2 * whole * pair.world.frames
