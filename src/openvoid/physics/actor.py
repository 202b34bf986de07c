"""Actor: a thing that plays in a scene that is simulated, as the picture shows it.

Enters and leaves: what `setting` puts together. Knows neither view nor world.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import Place
from openvoid.core.fates import Fate, FateKind
from openvoid.physics.plain import start_of
from openvoid.physics.stage import Stage
from openvoid.physics.watch import Look, Seen

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Actor:
    """A thing of the scene; all places held still, px of the clip."""

    number: int  # of its fate
    seen: Seen
    fate: Fate | None  # None: it is kept, unless it is hit
    look: Look  # of which its picture is taken, in its own frame
    outline: Points  # [N, 2] of that
    middle: tuple[float, float]
    side_px: float
    course: Points | None = None  # [T, 2] of its middle
    foot: tuple[float, float] | None = None  # of what bore it
    parts: tuple[int, ...] = ()  # numbers of other fates, which are parts of this thing
    whole: bool = True  # nothing hides a part of it
    shadow: tuple[Place, ...] = ()
    everywhere: tuple[Place, ...] = ()

    def blank(self, frame: int, stage: Stage) -> Fate:
        """Of a kept thing that is hit in that frame."""
        return Fate(
            self.seen.noun,
            FateKind.KNOCKED,
            self.seen.effect,
            frame,
            self.seen.shapes[0],
            start_of(self.look, stage),
            confidence=self.seen.confidence,
            seen=self.everywhere,
            shadow=self.shadow,
        )
