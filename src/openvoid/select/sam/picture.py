"""Pictures into SAM and logits out of it, as its processors do it, without torchvision.

Enters: native frames; logits at the decoder's size (a quarter of the model's). Leaves: normalised
pixels [3, size, size]; silhouettes at native size, whose edges lie on the picture's edges
(`refine`). Knows no model.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame
from openvoid.select.classical.matting import refined
from openvoid.select.seeds import Mask
from openvoid.vision.display import Display
from openvoid.vision.working import working_size

Logits = NDArray[np.float32]  # [h, w], above 0 where the object is
Small = NDArray[np.uint8]  # [size, size, 3] RGB
HOLE_PX = 16  # pixels of the decoder's: smaller holes are filled, smaller specks dropped
EDGE_SIZE_PX = 1024  # the long side at which edges are looked for
CHUNK = 32  # small pictures held at a time while time runs backward
FAR = 16.0  # logits beyond this say no more


def shrunk(frame: Frame, size: int, display: Display) -> Small:
    """A frame at the model's square size: bilinear, with the kernel as wide as the step."""
    import torch
    from torch.nn import functional

    seen = torch.from_numpy(np.ascontiguousarray(display.seen(frame)))
    planes = seen.permute(2, 0, 1)[None]
    small = functional.interpolate(
        planes, (size, size), mode="bilinear", align_corners=False, antialias=True
    )
    return small[0].permute(1, 2, 0).contiguous().numpy()


class Pictures:
    """Small pictures of marked frames, on disk, in an unnamed file that vanishes with the process.

    Both passes and the words ask for them, and finding one frame of a video can mean to decode
    hundreds.
    """

    def __init__(self, clip: Clip, size: int, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.clip, self.size = clip, size
        self._display = Display.of(clip)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._places: dict[int, int] = {}

    def __enter__(self) -> Pictures:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getitem__(self, frame: int) -> Small:
        if frame not in self._places:
            picture = next(self.clip.frames(frame, frame + 1))
            self.put(frame, shrunk(picture, self.size, self._display))
        self._file.seek(self._places[frame])
        found = np.frombuffer(self._file.read(3 * self.size**2), np.uint8)
        return found.reshape(self.size, self.size, 3).copy()

    def put(self, frame: int, small: Small) -> None:
        """Keep a picture that is at hand."""
        self._places[frame] = self._file.seek(0, 2)
        self._file.write(small.tobytes())

    def forward(self, start: int, stop: int | None = None) -> Iterator[tuple[int, Small]]:
        """Pictures from a frame to the clip's end, with their indices."""
        for frame, picture in enumerate(self.clip.frames(start, stop), start):
            yield frame, shrunk(picture, self.size, self._display)

    def backward(self, last: int) -> Iterator[tuple[int, Small]]:
        """Pictures before a frame, from there to the first; `CHUNK` of them are held."""
        for stop in range(last, 0, -CHUNK):
            held = list(self.forward(max(0, stop - CHUNK), stop))
            while held:
                yield held.pop()


def normalised(picture: Small, mean: tuple[float, ...], spread: tuple[float, ...]) -> Any:
    """8-bit RGB -> a tensor [1, 3, size, size], each channel less `mean`, over `spread`."""
    import torch

    planes = torch.from_numpy(picture).permute(2, 0, 1)[None].to(torch.float32) / 255
    level, step = (torch.tensor(each).reshape(1, 3, 1, 1) for each in (mean, spread))
    return ((planes - level) / step).contiguous()


def tidied(logits: Logits) -> Logits:
    """Small holes filled and small specks dropped, never more than half of all there is."""
    found = _switched(logits, logits <= 0, HOLE_PX, 0.1)
    inside = found > 0
    return _switched(found, inside, min(HOLE_PX, int(np.count_nonzero(inside)) // 2), -0.1)


def _switched(logits: Logits, where: Mask, largest_px: int, value: float) -> Logits:
    """Pieces of `where` that are no larger than this, set to a value."""
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(
        where.astype(np.uint8), connectivity=8
    )
    little = facts[:, cv2.CC_STAT_AREA] <= largest_px
    little[0] = False  # all that is not `where`
    if count < 2 or not little.any():
        return logits
    return np.where(little[pieces], np.float32(value), logits)


def silhouette(logits: Logits, frame: Frame, display: Display) -> Mask:
    """Where the object is, [H, W] at native size."""
    height, width = frame.shape[:2]
    if not (logits > 0).any():
        return np.zeros((height, width), bool)
    size = working_size(height, width, min(EDGE_SIZE_PX, max(height, width)))
    smooth = tidied(np.clip(logits, -FAR, FAR))
    mask = cv2.resize(smooth, size[::-1], interpolation=cv2.INTER_LINEAR) > 0
    small: Any = display.seen(frame)
    if small.shape[:2] != size:
        way = cv2.INTER_AREA if size[0] < height else cv2.INTER_LINEAR
        small = cv2.resize(small, size[::-1], interpolation=way)
    return refined(mask, frame, small, display)
