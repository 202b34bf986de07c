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

from openvoid.core.effects import Effect, Effects, Place
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import REACH, SEAM, Fate, Fates
from openvoid.core.quadmask import Labels, Quadmask, dilate, label, split
from openvoid.core.track import Silhouette, Track
from openvoid.reason.contours import mask_of


def compose(
    track: Track,
    effects: Effects,
    fates: Fates | None = None,
    *,
    grid: int = 0,
    first_frame_kept: bool = False,
    min_confidence: float = 0.0,
) -> Quadmask:
    """The quadmask of a removal.

    Args:
        track: the object's silhouettes.
        effects: as a reasoner or a person tells them; what is not applied is left out.
        fates: where they go; a thing whose course is known has that, and room for its shadow, in
            the place of the region in which it may be.
        grid: snap what is affected to this many cells on the short side; 0: accurate to the pixel.
            The published weights were trained on 8.
        first_frame_kept: frame 0 never holds AFFECTED (what would be OVERLAP is PRIMARY), as in the
            published pipeline.
        min_confidence: effects less certain than this are left out.

    Raises:
        OpenVoidError: a place in a frame that the clip does not have.
    """
    size = track.height, track.width
    joined = _by_frame(len(track), ((each.noun, each.places) for each in effects.belongings))
    size = track.height, track.width
    told = [
        (number, each)
        for number, each in enumerate(effects.affected)
        if each.applied and each.confidence >= min_confidence
    ]
    moving = fates.moving if fates is not None else ()
    known = {fate.effect for fate in moving}
    changed = _by_frame(
        len(track), ((each.noun, each.now + each.goes) for at, each in told if at not in known)
    )
    courses = []
    for at, each in told:
        if at in known:
            fitted, rest = _since(at, each, moving)
            courses += [(each.noun, fitted, SEAM), (each.noun, rest, REACH)]
    for fate in moving:
        everything = (*fate.places(*size), *fate.shadows(*size))
        courses.append((fate.noun, everything, SEAM if fate.seen else REACH))
    roomy = [(_by_frame(len(track), [each[:2]]), each[2]) for each in courses]

    def silhouettes() -> Iterator[Silhouette]:
        for index, mask in enumerate(track):
            yield mask | mask_of(joined.get(index, ()), *size)

    def affected() -> Iterator[Silhouette]:
        for index in range(len(track)):
            mask = mask_of(changed.get(index, ()), *size)
            for course, room in roomy:
                if index in course:
                    mask |= _with_room(mask_of(course[index], *size), room)
            yield mask

    mask = Quadmask.from_removed(silhouettes(), affected())
    if grid:
        mask = mask.grid_snapped(grid)
    return mask.mapped(_first_kept) if first_frame_kept else mask


def _since(
    number: int, effect: Effect, moving: Sequence[Fate]
) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Where an effect is to be filled: where its things were followed, and, in other frames, the
    region in which it was seen."""
    fitted = tuple(
        place
        for fate in moving
        if fate.effect == number
        for place in fate.seen
        if place.frame >= fate.from_frame
    )
    known = {place.frame for place in fitted}
    return fitted, tuple(place for place in effect.now if place.frame not in known)


def _with_room(thing: Silhouette, room: float) -> Silhouette:
    """A thing and what it may darken around it, so much of its side."""
    return dilate(thing, 1 + round(room * float(np.sqrt(thing.sum()))))


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
