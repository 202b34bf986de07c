"""Compose: track and effects -> quadmask.

Enters: where the object is, what else goes with it or because of it. Leaves: the quadmask, frame by
frame: belongings join the object; where an effect that is applied is now, and where it would be
without the object, the scene is affected. Knows no reasoner: effects that a person has corrected
compose the same way.

Regions are accurate to the pixel. Two options make masks as the published weights saw them in
training: affected cells of a coarse grid filled whole, and a first frame without affected cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from openvoid.core.effects import Effects, Place
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Labels, Quadmask, label, split
from openvoid.core.track import Silhouette, Track
from openvoid.reason.contours import mask_of


def compose(
    track: Track,
    effects: Effects,
    *,
    grid: int = 0,
    first_frame_kept: bool = False,
    min_confidence: float = 0.0,
) -> Quadmask:
    """The quadmask of a removal.

    Args:
        track: the object's silhouettes.
        effects: as a reasoner or a person tells them; what is not applied is left out.
        grid: snap what is affected to this many cells on the short side; 0: accurate to the pixel.
            The published weights were trained on 8.
        first_frame_kept: frame 0 never holds AFFECTED (what would be OVERLAP is PRIMARY), as in the
            published pipeline.
        min_confidence: effects less certain than this are left out.

    Raises:
        OpenVoidError: a place in a frame that the clip does not have.
    """
    told = effects.applied().affected
    trusted = [effect for effect in told if effect.confidence >= min_confidence]
    joined = _by_frame(len(track), ((each.noun, each.places) for each in effects.belongings))
    changed = _by_frame(len(track), ((each.noun, each.now + each.goes) for each in trusted))
    size = track.height, track.width

    def silhouettes() -> Iterator[Silhouette]:
        for index, mask in enumerate(track):
            yield mask | mask_of(joined.get(index, ()), *size)

    affected = (mask_of(changed.get(index, ()), *size) for index in range(len(track)))
    mask = Quadmask.from_removed(silhouettes(), affected)
    if grid:
        mask = mask.grid_snapped(grid)
    return mask.mapped(_first_kept) if first_frame_kept else mask


def _by_frame(length: int, things: Iterable[tuple[str, Sequence[Place]]]) -> dict[int, list[Place]]:
    found: dict[int, list[Place]] = {}
    for noun, places in things:
        for place in places:
            if not 0 <= place.frame < length:
                raise OpenVoidError(
                    f"{noun!r} has a place in frame {place.frame}",
                    mend=f"the clip has frames 0 to {length - 1}",
                )
            found.setdefault(place.frame, []).append(place)
    return found


def _first_kept(index: int, labels: Labels) -> Labels:
    if index > 0:
        return labels
    removed, affected = split(labels)
    return label(removed, np.zeros_like(affected))
