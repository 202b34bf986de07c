"""Harvest: the pixels that donors will lend, cut out once at the clip's own size.

Enters: clip, survey, donor plan. Leaves: for every donor frame one crop on disk, which covers all
that any target may ask of it. One decode in order, no seeking, no frame held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import Clip, Frame
from openvoid.core.removal import Run
from openvoid.plate.survey import Proxy, Survey
from openvoid.vision.fitting import transform
from openvoid.vision.store import ArrayStore

MARGIN_PX = 4  # proxy pixels around what registration predicts, for local alignment


@dataclass(frozen=True)
class Harvest:
    """Crops of the clip, by frame."""

    boxes: NDArray[np.int32]  # [T, 4], each a `Box`
    crops: ArrayStore

    def crop(self, index: int) -> tuple[Box, Frame]:
        """Where the crop of a frame lies in it, and its pixels [h, w, 3] in the clip's type."""
        return Box(*self.boxes[index].tolist()), self.crops[index]


def clip_box(box: Box, proxy: Proxy, height: int, width: int) -> Box:
    """The clip pixels under a box of proxy pixels."""
    return Box(
        max(0, int(np.floor(box.top * proxy.scale_y))),
        max(0, int(np.floor(box.left * proxy.scale_x))),
        min(height, int(np.ceil(box.bottom * proxy.scale_y))),
        min(width, int(np.ceil(box.right * proxy.scale_x))),
    )


def harvest(
    clip: Clip,
    look: Survey,
    wanted: Iterable[Box],
    donors: NDArray[np.int32],
    run: Run,
    margin_px: int = MARGIN_PX,
    besides: NDArray[np.int32] | None = None,
) -> Harvest:
    """Cut out of every donor what its targets want.

    Args:
        wanted: the targets' proxy boxes.
        besides: [T, 4] proxy boxes of what each frame is asked for besides.
    """
    boxes = _donor_boxes(look, wanted, donors, margin_px)
    if besides is not None:
        for row, box in zip(boxes, besides, strict=True):
            row[:] = Box(*row.tolist()).union(Box(*box.tolist()))
    for row in boxes:
        row[:] = clip_box(Box(*row.tolist()), look.proxy, clip.height, clip.width)
    path = run.scratch / "harvest.bin"
    if not ArrayStore.exists(path):
        _cut(clip, boxes, path, run)
    return Harvest(boxes, ArrayStore.reading(path))


def _donor_boxes(
    look: Survey, wanted: Iterable[Box], donors: NDArray[np.int32], margin_px: int
) -> NDArray[np.int32]:
    """What is asked of each frame, a `Box` of proxy pixels in each row [T, 4]."""
    height, width = look.proxy.height, look.proxy.width
    frame = Box(0, 0, height, width)
    boxes = np.zeros((len(donors), 4), np.int32)
    for index, box in enumerate(wanted):
        if box.empty:
            continue
        corners = np.array(
            [[x, y] for x in (box.left, box.right) for y in (box.top, box.bottom)], float
        )
        for donor in donors[index][donors[index] >= 0]:
            seen = transform(look.registration.between(index, int(donor)), corners)
            (left, top), (right, bottom) = np.floor(seen.min(axis=0)), np.ceil(seen.max(axis=0))
            place = Box(int(top), int(left), int(bottom), int(right)).intersect(frame)
            asked = Box(*boxes[donor].tolist())
            boxes[donor] = asked.union(place.grown(margin_px, height, width))
    return boxes


def _cut(clip: Clip, boxes: NDArray[np.int32], path: Path, run: Run) -> None:
    with ArrayStore.writing(path) as crops:
        frames = run.track("harvest", clip.frames(), clip.length)
        for box, frame in zip(boxes, frames, strict=True):
            crop = frame[Box(*box.tolist()).slices]
            crops.append(np.nan_to_num(crop) if crop.dtype.kind == "f" else crop)
