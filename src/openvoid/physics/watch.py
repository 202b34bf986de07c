"""Watch: affected things one by one, with where each was while nothing had touched it.

Enters: effects, the track of the object, the size of the picture. Leaves: `Seen` for every thing
that may move: its silhouettes by frame, measured, in pixels of the clip. What is told as one and
lies apart is several things. Knows no camera and no future.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.track import Track
from openvoid.reason.contours import mask_of

Mask = NDArray[np.bool_]

PART = 0.1  # of what is told as one: smaller parts are crumbs of its outline. Chosen, not measured
UNDER_WAY = (Relation.STOPS,)
BORNE = (Relation.SUPPORTS, Relation.HOLDS)
STIRRED = (Relation.PUSHES, Relation.DEFORMS, Relation.DISTURBS)


@dataclass(frozen=True)
class Look:
    """One thing in one frame."""

    frame: int
    x: float  # of its middle, px
    y: float
    area_px: float
    low: float  # its lowest row, px
    whole: bool  # it touches no edge of the picture
    clear: bool  # and not the object
    fitted: bool = False  # an outline was fitted to what shows: its middle is known all the same
    plain: float = 0.0  # 0..1: how much its outline stands out, where that is known

    @property
    def side_px(self) -> float:
        """Of a square as large."""
        return float(np.sqrt(self.area_px))


@dataclass(frozen=True)
class Seen:
    """One thing, as far as the clip shows it undisturbed."""

    effect: int
    noun: str
    cause: Relation
    from_frame: int  # the first in which the object has to do with it
    looks: tuple[Look, ...]  # before that; of what is borne, in that
    shapes: tuple[tuple[Place, ...], ...]  # its silhouette in each look
    confidence: float
    region: tuple[Place, ...] = ()  # where it is since then, roughly
    seen: tuple[Place, ...] = ()  # outline and shadow in every frame that shows it
    shadows: tuple[tuple[Place, ...], ...] = ()  # in each look


def things(effects: Effects, track: Track, falls: Collection[int] = ()) -> Iterator[Seen]:
    """Every thing that may move, in the order of the effects.

    Args:
        falls: effects that are taken as borne, whatever their cause.
    """
    for number, effect in enumerate(effects.affected):
        if effect.kind is not EffectKind.PHYSICAL or not effect.applied or not effect.now:
            continue
        if effect.cause in BORNE or number in falls:
            first = min(place.frame for place in effect.now)
            held = [place for place in effect.now if place.frame == first]
            for part in _apart(held, track):
                yield from _one(number, effect, part, track)
        elif effect.cause in UNDER_WAY:
            yield from _one(number, effect, effect.before, track)
        elif effect.cause in STIRRED:
            yield from _one(number, effect, (), track)


def _one(number: int, effect: Effect, where: Iterable[Place], track: Track) -> Iterator[Seen]:
    by_frame: dict[int, list[Place]] = {}
    for place in where:
        by_frame.setdefault(place.frame, []).append(place)
    found = [(look(frame, by_frame[frame], track), by_frame[frame]) for frame in sorted(by_frame)]
    kept = [(told, tuple(shape)) for told, shape in found if told is not None]
    yield Seen(
        number,
        effect.noun,
        effect.cause,
        min(place.frame for place in effect.now),
        tuple(told for told, _ in kept),
        tuple(shape for _, shape in kept),
        effect.confidence,
        effect.now,
    )


def look(frame: int, where: Sequence[Place], track: Track) -> Look | None:
    """What a silhouette measures; None where it is not in the picture."""
    height, width = track.height, track.width
    mask = mask_of(where, height, width)
    if not mask.any():
        return None
    rows, columns = np.nonzero(mask)
    outside = any(min(pair) < 0 or max(pair) > 1 for place in where for pair in place.corners)
    edge = rows.min() == 0 or columns.min() == 0
    edge = edge or rows.max() == height - 1 or columns.max() == width - 1
    near = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    touches = bool((near & track[frame]).any()) if frame < len(track) else False
    return Look(
        frame,
        float(columns.mean()) + 0.5,
        float(rows.mean()) + 0.5,
        float(mask.sum()),
        float(rows.max()) + 1,
        not (edge or outside),
        not touches,
    )


def _apart(where: Sequence[Place], track: Track) -> Iterator[tuple[Place, ...]]:
    """What is told as one, its parts; crumbs go with the largest."""
    areas = [float(mask_of([place], track.height, track.width).sum()) for place in where]
    total = sum(areas)
    for place, area in zip(where, areas, strict=True):
        if area >= PART * total:
            yield (place,)
