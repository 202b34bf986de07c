"""Background: what the scene looks like where a frame shows something else.

Enters: a clip at working size. Leaves: the camera (`vision.camera`), and for a window of any frame
how unlike each pixel is what other frames show at the same place of the scene. Knows no marks.

Other frames are brought into the window by the camera; what stands there in most of them is the
background. A pixel is held against the range of its neighbourhood there (three by three), so that
an edge that the camera misses by a pixel is no difference. Where depth varies or waters move, more
is unlike; how much that says is for `evidence` to learn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.select.classical.motion import summed
from openvoid.select.classical.window import Window
from openvoid.select.seeds import Mask
from openvoid.vision.camera import Registration, register
from openvoid.vision.masks import nanmedian
from openvoid.vision.working import Working

Map = NDArray[Any]  # [h, w] float32
Matrix = NDArray[Any]  # [3, 3] float64
CAMERA_PX = 400  # long side at which the camera is followed
AWAY = (6, -6, 12, -12, 24, -24, 48, -48, 18, -18, 36, -36)  # frames that are looked at, best first
APART = 3  # divides them: of the frames near one, the camera is followed in every third
SAMPLES = 6
LEAST_SAMPLES = 2
KEPT_FRAMES = 64  # pictures that are held: those that a step looks at again, up to 24 away
KEPT_WINDOWS = 6
NEARBY: NDArray[np.uint8] = np.ones((3, 3), np.uint8)

Known = Callable[[int], Mask | None]  # where the object is in a frame, if that is known already


class Scene:
    """The frames of one clip, its camera, and what lies behind."""

    def __init__(
        self, working: Working, *, first: int = 0, last: int | None = None, every: int = 1
    ) -> None:
        """`first`, `last`: the frames that may be looked at, both included; `every`: of so many
        from `first` on the camera is known in one."""
        self.working, self._every = working, every
        self.first, self.last = first, working.length - 1 if last is None else last
        self.lab = lru_cache(maxsize=KEPT_FRAMES)(working.lab)
        self.gray = lru_cache(maxsize=KEPT_FRAMES)(working.gray)
        self._seen: dict[tuple[int, Window], tuple[NDArray[Any], NDArray[Any]]] = {}
        self._camera: Registration | None = None
        self._shrink = min(1.0, CAMERA_PX / max(working.size))

    def nearby(self, frame: int, reach: int) -> Scene:
        """The same, as if only the frames around one were there: what is found in them does not
        depend on the others."""
        first, last = max(self.first, frame - reach), min(self.last, frame + reach)
        first += (frame - first) % APART  # the camera is asked for from there on
        near = Scene(self.working, first=first, last=last, every=APART)
        near.lab, near.gray = self.lab, self.gray
        return near

    @property
    def camera(self) -> Registration:
        """Found when it is first asked for."""
        if self._camera is None:
            numbers = range(self.first, self.last + 1, self._every)
            frames = (self._small(index) for index in numbers)
            self._camera = register(frames)
        return self._camera

    def seen(self, frame: int, window: Window) -> tuple[NDArray[Any], NDArray[Any]]:
        """Lab and gray of a frame in a window; the last few are kept."""
        if (frame, window) not in self._seen:
            if len(self._seen) == KEPT_WINDOWS:
                del self._seen[next(iter(self._seen))]
            self._seen[frame, window] = window.of(self.lab(frame)), window.of(self.gray(frame))
        return self._seen[frame, window]

    def _small(self, index: int) -> tuple[NDArray[np.uint8], Mask]:
        gray = self.working.gray(index)
        size = tuple(max(1, round(side * self._shrink)) for side in gray.shape[::-1])
        small = np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
        return small, np.ones(small.shape, bool)

    def between(self, source: int, target: int) -> Matrix:
        """The homography from one frame to another, in working pixels."""
        steps = [(frame - self.first) // self._every for frame in (source, target)]
        small = self.camera.between(steps[0], steps[1])
        size = self.working.size
        across = round(size[1] * self._shrink) / size[1]
        along = round(size[0] * self._shrink) / size[0]
        grow = np.array([[across, 0, (across - 1) / 2], [0, along, (along - 1) / 2], [0, 0, 1]])
        return np.asarray(np.linalg.inv(grow) @ small @ grow)

    def brought(self, source: int, target: int, window: Window) -> tuple[NDArray[Any], Mask]:
        """Lab of a frame as the camera of another would see it, in a window; and where it does."""
        matrix = self.between(target, source) @ window.matrix
        shown = cv2.warpPerspective(
            self.lab(source),
            matrix,
            window.size[::-1],
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(0, 0, 0),
        )
        return shown, shown[..., 1] > 0  # no colour has an a of 0 in Lab

    def unlike(self, target: int, window: Window, known: Known = lambda _: None) -> Map:
        """How far each pixel is from the background, 0..765; NaN where none was seen."""
        lab, _ = self.seen(target, window)
        found: list[Map] = []
        for away in AWAY:
            other = target + away
            if not self.first <= other <= self.last or len(found) == SAMPLES:
                continue
            shown, seen = self.brought(other, target, window)
            low, high = cv2.erode(shown, NEARBY), cv2.dilate(shown, NEARBY)
            each = summed(cv2.max(cv2.subtract(low, lab), cv2.subtract(lab, high)))
            mask = known(other)
            if mask is not None and mask.any():
                seen = seen & ~self._brought_mask(mask, other, target, window)
            each[~seen] = np.nan
            found.append(each)
        if len(found) < LEAST_SAMPLES:
            return np.full(window.size, np.nan, np.float32)
        middle = nanmedian(np.stack(found))
        unknown = np.isnan(middle)
        middle[unknown] = 0
        calm = cv2.blur(middle, (3, 3))
        calm[unknown] = np.nan
        return np.asarray(calm, np.float32)

    def _brought_mask(self, mask: Mask, source: int, target: int, window: Window) -> Mask:
        matrix = self.between(target, source) @ window.matrix
        grown = cv2.dilate(mask.astype(np.uint8), NEARBY)
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpPerspective(grown, matrix, window.size[::-1], flags=flags) > 0)
