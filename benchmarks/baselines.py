"""What the plate engine must beat: three fills that anyone can write in an hour.

Enters: a request. Leaves: fills, as an engine's. Telea (OpenCV) a frame on its own; the temporal
median of what was kept, unregistered; the nearest frame in time that kept the pixel, unregistered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.quadmask import Region
from openvoid.core.removal import Fill, Origin, RemovalRequest, Run
from openvoid.evaluate.baselines import inpaint


class Telea:
    """Every frame on its own, from its surroundings."""

    name = "telea"

    def fill(self, request: RemovalRequest, run: Run) -> Iterator[Fill]:
        for index, frame in enumerate(request.clip.frames()):
            box = request.quadmask.box(index)
            hole = request.quadmask[index] != Region.KEEP
            yield _filled(index, box, inpaint(frame, hole, box), hole)


class Median:
    """The temporal median of what was kept; Telea where nothing was."""

    name = "median"

    def fill(self, request: RemovalRequest, run: Run) -> Iterator[Fill]:
        frames, holes = _all(request)
        plate, known = _median(frames, holes)
        for index, (frame, hole) in enumerate(zip(frames, holes, strict=True)):
            box = request.quadmask.box(index)
            copied = np.where((hole & known)[..., None], plate, frame)
            yield _filled(index, box, inpaint(copied, hole & ~known, box), hole)


class Nearest:
    """The nearest frame in time that kept the pixel; Telea where none did."""

    name = "nearest"

    def fill(self, request: RemovalRequest, run: Run) -> Iterator[Fill]:
        frames, holes = _all(request)
        for index in range(len(frames)):
            copied, missing = frames[index].copy(), holes[index].copy()
            for other in sorted(range(len(frames)), key=lambda other: abs(other - index)):
                take = missing & ~holes[other]
                copied[take] = frames[other][take]
                missing &= ~take
                if not missing.any():
                    break
            box = request.quadmask.box(index)
            yield _filled(index, box, inpaint(copied, missing, box), holes[index])


BASELINES: dict[str, type[Any]] = {kind.name: kind for kind in (Telea, Median, Nearest)}


def _filled(index: int, box: Box, frame: NDArray[np.uint8], hole: NDArray[np.bool_]) -> Fill:
    if box.empty:
        return Fill.nothing(index, frame.dtype)
    alpha = hole[box.slices].astype(np.float32)
    origin = np.where(alpha > 0, np.uint8(Origin.SEEN), np.uint8(Origin.KEPT))
    return Fill(index, box, frame[box.slices], alpha, origin)


def _all(request: RemovalRequest) -> tuple[list[NDArray[np.uint8]], list[NDArray[np.bool_]]]:
    holes = [labels != Region.KEEP for labels in request.quadmask]
    return list(request.clip.frames()), holes


def _median(
    frames: list[NDArray[np.uint8]], holes: list[NDArray[np.bool_]]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Median [H, W, 3] of the kept samples of every pixel that is ever hidden, and where any is."""
    rows, columns = np.nonzero(np.any(holes, axis=0))
    samples = np.stack([frame[rows, columns] for frame in frames]).astype(np.uint16)  # [T, N, 3]
    hidden = np.stack([hole[rows, columns] for hole in holes])
    samples[hidden] = 999  # sorted behind everything kept
    samples.sort(axis=0)
    kept = (~hidden).sum(axis=0)
    middle = np.clip((kept - 1) // 2, 0, None)[None, :, None]
    plate, known = frames[0].copy(), np.ones(frames[0].shape[:2], bool)
    median = np.take_along_axis(samples, middle, axis=0)[0]
    plate[rows, columns] = np.minimum(median, 255).astype(np.uint8)
    known[rows, columns] = kept > 0
    return plate, known
