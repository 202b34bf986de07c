"""A third-party reasoner: whatever lies right below the object's box is its shadow."""

from __future__ import annotations

from dataclasses import dataclass

from openvoid.core.clip import Clip
from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.track import Track


class BelowReasoner:
    """A shadow as high as a share of the object."""

    name = "below"

    @dataclass(frozen=True)
    class Options:
        share: float = option(0.5, "height of the shadow, of the object's", low=0.0, high=1.0)

    def __init__(self, options: Options) -> None:
        self.options = options

    def explain(self, clip: Clip, track: Track, run: Run) -> Effects:
        """One shadow, in every frame that shows the object."""
        places = []
        for index in run.track("look", track.seen, len(track.seen)):
            box = track.box(index)
            left, right = box.left / clip.width, box.right / clip.width
            top = box.bottom / clip.height
            low = (box.bottom + self.options.share * box.height) / clip.height
            places.append(Place(index, ((left, top), (right, top), (right, low), (left, low))))
        shadow = Effect(
            "shadow",
            EffectKind.ARTEFACT,
            Relation.CASTS,
            "it lies below",
            tuple(places),
            source=self.name,
        )
        return Effects((shadow,), background="An empty ground.")
