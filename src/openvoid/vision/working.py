"""Working frames: the clip at a bounded size, 8 bits, on disk, read at random.

Enters: frames of any depth, one after another. Leaves: Lab and gray pictures [h, w] by index, and
the scale between them and native pixels. Knows nothing of objects. Memory stays flat: one frame.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame
from openvoid.core.removal import Run
from openvoid.vision.display import Display

Picture = NDArray[Any]  # [h, w, 3] uint8 RGB
LEAST_SIDE_PX = 20  # optical flow wants a few patches of 8 x 8


def displayed(frame: Frame, clip: Clip) -> NDArray[Any]:
    """A frame in 8 bits a channel, as a person would look at it."""
    return Display.of(clip).seen(frame)


@dataclass(frozen=True)
class Working:
    """All frames of a clip at working size, in an unnamed file that vanishes with the process."""

    height: int
    width: int
    native_height: int
    native_width: int
    length: int
    _file: Any

    def __enter__(self) -> Working:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def scale(self) -> float:
        """Working pixels for a native one."""
        return self.width / self.native_width

    @property
    def size(self) -> tuple[int, int]:
        return self.height, self.width

    def __getitem__(self, index: int) -> Picture:
        """RGB [h, w, 3]."""
        count = self.height * self.width * 3
        self._file.seek(index * count)
        return np.frombuffer(self._file.read(count), np.uint8).reshape(self.height, self.width, 3)

    def lab(self, index: int) -> NDArray[Any]:
        """Lab [h, w, 3], lightly smoothed against noise."""
        return cv2.cvtColor(cv2.GaussianBlur(self[index], (0, 0), 0.7), cv2.COLOR_RGB2LAB)

    def gray(self, index: int) -> NDArray[Any]:
        return cv2.cvtColor(self[index], cv2.COLOR_RGB2GRAY)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Native pixel -> working (x, y)."""
        across, along = self.width / self.native_width, self.height / self.native_height
        return (x + 0.5) * across - 0.5, (y + 0.5) * along - 0.5


def working_size(height: int, width: int, long_side_px: int) -> tuple[int, int]:
    """(height, width): no larger than asked for, and not too small for optical flow."""
    scale = min(1.0, long_side_px / max(height, width))
    scale = max(scale, LEAST_SIDE_PX / min(height, width))
    return max(LEAST_SIDE_PX, round(height * scale)), max(LEAST_SIDE_PX, round(width * scale))


def prepare(clip: Clip, long_side_px: int, run: Run) -> Working:
    """Decode the clip once, into working frames."""
    height, width = working_size(clip.height, clip.width, long_side_px)
    file = tempfile.TemporaryFile(dir=_folder(run.scratch))  # noqa: SIM115
    way = cv2.INTER_AREA if width < clip.width else cv2.INTER_LINEAR
    for frame in run.track("read", clip.frames(), clip.length):
        seen = displayed(frame, clip)
        if seen.shape[:2] != (height, width):
            seen = cv2.resize(seen, (width, height), interpolation=way)
        file.write(np.ascontiguousarray(seen).data)
    return Working(height, width, clip.height, clip.width, clip.length, file)


def _folder(scratch: Path) -> Path:
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch
