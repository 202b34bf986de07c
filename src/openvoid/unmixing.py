"""Unmixing: the frames of a dissolve or a fade as one of its two scenes alone would have them.

Enters: a removal, a scene of it, and what goes over into it or out of it. Leaves: the scene's
removal with those frames added that are mostly its own picture, the other one taken out of them, as
donors: what an object hides in all of a scene's own frames may be seen in its dissolve. Where the
other picture is not known they are masked; where the kept pixels are no mixture of two pictures,
because the camera or things move, nothing is lent. Knows no engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame, Picture
from openvoid.core.quadmask import Labels, Quadmask, Region
from openvoid.core.removal import RemovalRequest
from openvoid.core.scenes import Span
from openvoid.transitions import HOLDS, Values, values_of, way_between

MOST = 0.5  # of the other picture in what is lent: taking it out doubles what noise there is


@dataclass(frozen=True)
class Still:
    """One frame's values, and where they are known: where it keeps what it shows."""

    values: Values
    known: NDArray[np.bool_]  # [H, W]

    @classmethod
    def of(cls, request: RemovalRequest, index: int) -> Still:
        frame = next(iter(request.clip.frames(index, index + 1)))
        return cls(values_of(frame), _kept(request.quadmask[index]))

    def plain(self) -> Still:
        """The one colour that is mostly kept, known everywhere."""
        colour = np.median(self.values[self.known], axis=0).astype(np.float32)
        return Still(np.broadcast_to(colour, self.values.shape), np.ones_like(self.known))


@dataclass(frozen=True)
class Lent:
    """Frames of the whole clip of which the other picture is a known part."""

    ways: dict[int, float]  # frame -> share of the other picture
    other: Still

    @classmethod
    def of(cls, request: RemovalRequest, frames: range, own: Still, other: Still) -> Lent:
        """Those of the `frames`, in order away from the scene, that are mixtures of the two."""
        ways: dict[int, float] = {}
        for index in frames:
            shown = Still.of(request, index)
            counts = shown.known & own.known & other.known
            if not counts.any():
                break
            parts = (each.values[counts] for each in (own, other, shown))
            way, off = way_between(*parts)
            if not 0 <= way <= MOST or off > HOLDS * request.clip.white:
                break
            ways[index] = way
        return cls(ways, other)

    def taken_out(self, index: int, frame: Frame, white: float) -> Frame:
        """A frame without the other picture; what is not known of that is left as it is."""
        way = self.ways[index]
        clean = (values_of(frame) - way * self.other.values) / (1 - way)
        clean = np.where(self.other.known[..., None], clean, frame)
        if frame.dtype.kind != "f":
            clean = np.clip(np.rint(clean), 0, white)
        return clean.astype(frame.dtype)

    def masked(self, labels: Labels) -> Labels:
        """A frame's labels, with what stays a mixture."""
        unknown = ~self.other.known & (labels == Region.KEEP)
        return np.where(unknown, np.uint8(Region.PRIMARY), labels)


@dataclass(frozen=True)
class _Source:
    """A scene's frames with those that are lent to it; frame 0 is `first` of the clip."""

    clip: Clip
    first: int
    lent: tuple[Lent, ...] = field(repr=False)

    def frames(self, start: int, stop: int) -> Iterator[Frame]:
        first = self.first
        for index, frame in enumerate(self.clip.frames(first + start, first + stop), first + start):
            lent = _lender(self.lent, index)
            yield lent.taken_out(index, frame, self.clip.white) if lent else frame

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        raise NotImplementedError("these frames are looked at, never delivered")


def with_lent(request: RemovalRequest, scene: Span, lent: tuple[Lent, ...]) -> RemovalRequest:
    """The removal in a scene, its first frame the first that is lent; `start` is the scene's."""
    frames = [*range(scene.start, scene.stop), *(index for each in lent for index in each.ways)]
    first, stop = min(frames), max(frames) + 1
    part = request.clip.trimmed(first, stop)
    clip = replace(part, path=Path("<memory>"), offset=0, source=_Source(request.clip, first, lent))

    def labels() -> Iterator[Labels]:
        for index in range(first, stop):
            found, lender = request.quadmask[index], _lender(lent, index)
            yield lender.masked(found) if lender else found

    effects = request.effects and request.effects.trimmed(first, stop)
    mask = Quadmask.from_labels(labels())
    return replace(request, clip=clip, quadmask=mask, effects=effects, start=scene.start - first)


def _lender(lent: tuple[Lent, ...], index: int) -> Lent | None:
    return next((each for each in lent if index in each.ways), None)


def _kept(labels: Labels) -> NDArray[np.bool_]:
    return np.asarray(labels == Region.KEEP)
