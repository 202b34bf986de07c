"""Film: what the model is given and what it made, on disk, frame by frame.

Enters: the request, seen through its view. Leaves: padded chunks for the encoder; made frames as
16-bit samples that can be read in any order. So memory does not grow with the clip's length. Knows
no model.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from openvoid.core.quadmask import Labels
from openvoid.core.removal import RemovalRequest
from openvoid.media.atomic import partial_file
from openvoid.media.seal import seal
from openvoid.void.model.condition import area_labels, area_resized
from openvoid.void.native.view import View, numbers_only
from openvoid.void.sampling.windows import reflected

Picture = NDArray[np.float32]
DEPTH = 65535  # samples of made frames


@dataclass(frozen=True)
class Film:
    """A clip and its mask, as the model sees them."""

    request: RemovalRequest
    view: View
    frames: int  # after padding

    def chunks(
        self, lengths: Iterable[int], *, as_reference: bool = False
    ) -> Iterator[tuple[Picture, Labels]]:
        """Frames [t, H, W, 3] 0..1 and labels [t, H, W] in chunks of these lengths."""
        pairs = self._pairs(as_reference)
        for length in lengths:
            chunk = list(itertools.islice(pairs, length))
            yield np.stack([frame for frame, _ in chunk]), np.stack([mask for _, mask in chunk])

    def _pairs(self, as_reference: bool) -> Iterator[tuple[Picture, Labels]]:
        """Padded: once through the clip and, where it is short, back and forth."""
        clip, run = self.request.clip, list(reflected(self.request.clip.length, self.frames))
        masks = self.view.labels(self.request.quadmask)
        seen: dict[int, tuple[Picture, Labels]] = {}
        keep = set(run[clip.length :])
        for index, frame in enumerate(clip.frames()):
            if as_reference:
                pair = self._reference(frame, index)
            else:
                pair = np.clip(self.view.seen(frame, index), 0, 1), masks[index]
            if index in keep:
                seen[index] = pair
            yield pair
        for index in run[clip.length :]:
            yield seen[index]

    def _reference(self, frame: NDArray[np.generic], index: int) -> tuple[Picture, Labels]:
        """Resized as the reference does it: by area, masks like pictures."""
        window, size = self.view.windows[index], (self.view.height, self.view.width)
        seen = numbers_only(frame[window.slices])
        shown = np.clip(self.view.look.shown(seen), 0, 1) * 255
        labels = self.request.quadmask.labels_in(index, window)
        return area_resized(shown[None], size)[0] / 255, area_labels(labels[None], size)[0]


class Made:
    """The frames a pass made [n, H, W, 3], read in any order as float32 0..1."""

    def __init__(self, path: Path) -> None:
        self._frames: NDArray[np.uint16] = np.load(path, mmap_mode="r")

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Picture:
        return self._frames[index].astype(np.float32) / np.float32(DEPTH)

    @staticmethod
    def keep(path: Path, frames: Iterable[Picture], count: int) -> Made:
        """Write `count` frames (0..1)."""
        stored: NDArray[np.uint16] | None = None
        with partial_file(path) as partial:
            for index, frame in enumerate(frames):
                if stored is None:
                    stored = open_memmap(partial, "w+", np.uint16, (count, *frame.shape))
                stored[index] = np.rint(np.clip(frame, 0, 1) * DEPTH)
            assert stored is not None
            if isinstance(stored, np.memmap):
                stored.flush()
        seal(path)
        return Made(path)
