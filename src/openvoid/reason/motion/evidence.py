"""Evidence: what has been seen of one shot, each thing looked for once, when first asked for.

Enters: a scene, and the limits that were chosen for it. Leaves: the same to every finder, with
whatever several of them need. A function of the evidence that is marked `once` is computed when the
first finder asks for it and kept, so finders may run in any order, or not at all. Each frame's
numbers are kept as well (`record`), so that a limit can be chosen by what was measured. Knows no
phenomenon.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from openvoid.core.removal import Run
from openvoid.reason.motion.limits import Limits
from openvoid.reason.motion.scene import Scene

T = TypeVar("T")
L = TypeVar("L", bound=Limits)


@dataclass(frozen=True, eq=False)
class Evidence:
    """One shot, and what is known of it by now."""

    scene: Scene
    rate: Fraction
    run: Run
    chosen: tuple[Limits, ...] = ()
    _known: dict[str, Any] = field(default_factory=dict, repr=False)
    _numbers: dict[str, list[float | None]] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def path(self) -> dict[int, tuple[float, float]]:
        """The object's middle (x, y) on the canvas in every frame that shows it."""
        path = {}
        for index in self.scene.object.seen:
            y, x = np.nonzero(self.scene.object[index])
            path[index] = (float(x.mean()), float(y.mean()))
        return path

    def limits(self, kind: type[L]) -> L:
        """A phenomenon's limits: those chosen for this shot, or the usual ones."""
        return next((each for each in self.chosen if isinstance(each, kind)), kind())

    def record(self, name: str, frame: int, value: float) -> None:
        """Keep a number about a frame: "phenomenon.what"."""
        row = self._numbers.setdefault(name, [None] * self.scene.length)
        row[frame] = round(float(value), 5)

    def statistics(self) -> dict[str, list[float | None]]:
        """All numbers, by name one a frame; None where a frame was not looked at."""
        return {name: list(row) for name, row in sorted(self._numbers.items())}


def once(look: Callable[[Evidence], T]) -> Callable[[Evidence], T]:
    """Mark a function of the evidence to be computed once a shot."""
    name = f"{look.__module__}.{look.__qualname__}"

    @functools.wraps(look)
    def known(evidence: Evidence) -> T:
        if name not in evidence._known:
            evidence._known[name] = look(evidence)
        found: T = evidence._known[name]
        return found

    return known
