"""Track: where one thing is, over a whole clip, and how sure that is.

Enters: silhouettes, a frame at a time. Leaves: the same at random access, held packed (about 5 kB
a frame at 4K), so that a long shot stays at hand. Knows no files
(`media.tracks` reads and writes them) and no segmenter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.errors import OpenVoidError
from openvoid.core.packed import PackedMask

Silhouette = NDArray[np.bool_]
"""[H, W] bool, True where the thing is."""


@dataclass(frozen=True)
class Track:
    """Silhouettes [T, H, W] of one thing, and a confidence (0..1) for each frame.

    Made by `Track.of`. Immutable; an empty frame is one where the thing is not seen.
    """

    label: str
    height: int
    width: int
    confidence: tuple[float, ...]
    _frames: tuple[PackedMask, ...]

    @classmethod
    def of(
        cls,
        label: str,
        masks: Iterable[Silhouette],
        confidence: Sequence[float] | None = None,
    ) -> Track:
        """From silhouettes in the order of frames; without confidences every frame is sure.

        Raises:
            OpenVoidError: no frames, frames of several sizes, or not one confidence (0..1) a frame.
        """
        frames: list[PackedMask] = []
        size: tuple[int, int] | None = None
        for index, mask in enumerate(masks):
            size = size or (mask.shape[0], mask.shape[1])
            if mask.shape != size or mask.dtype != np.bool_:
                raise OpenVoidError(f"silhouette {index} is {mask.dtype} {mask.shape}, not {size}")
            frames.append(PackedMask.of(mask))
        if size is None:
            raise OpenVoidError("the track has no frames")
        sure = tuple(confidence) if confidence is not None else (1.0,) * len(frames)
        if len(sure) != len(frames) or not all(0 <= each <= 1 for each in sure):
            raise OpenVoidError("a track needs one confidence from 0 to 1 for each frame")
        return cls(label, size[0], size[1], sure, tuple(frames))

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Silhouette:
        """The silhouette [H, W] in one frame, a fresh array."""
        return self._frames[index].mask()

    def __iter__(self) -> Iterator[Silhouette]:
        return (self[index] for index in range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Track):
            return NotImplemented
        mine = (self.label, self.height, self.width, self.confidence, len(self))
        theirs = (other.label, other.height, other.width, other.confidence, len(other))
        return mine == theirs and all(
            np.array_equal(self[index], other[index]) for index in range(len(self))
        )

    def __hash__(self) -> int:
        return hash((self.label, self.height, self.width, self._frames))

    def box(self, index: int) -> Box:
        """The smallest box around the thing in a frame; empty where it is not seen."""
        return self._frames[index].box

    @property
    def seen(self) -> tuple[int, ...]:
        """Frames in which it is seen, in order."""
        return tuple(index for index, each in enumerate(self._frames) if not each.box.empty)

    def mapped(self, change: Callable[[int, Silhouette], Silhouette]) -> Track:
        """Every silhouette changed by a function of its index and itself."""
        return self.of(
            self.label, (change(index, self[index]) for index in range(len(self))), self.confidence
        )

    def trimmed(self, start: int, stop: int) -> Track:
        frames, sure = self._frames[start:stop], self.confidence[start:stop]
        return Track(self.label, self.height, self.width, sure, frames)

    def union(self, other: Track) -> Track:
        """Where either is; the label stays, the lesser confidence counts.

        Raises:
            OpenVoidError: they differ in length or size.
        """
        mine, theirs = (len(self), self.height, self.width), (len(other), other.height, other.width)
        if mine != theirs:
            raise OpenVoidError(f"tracks differ in (frames, height, width): {mine} and {theirs}")
        sure = [min(pair) for pair in zip(self.confidence, other.confidence, strict=True)]
        both = (self[index] | other[index] for index in range(len(self)))
        return self.of(self.label, both, sure)
