"""Scene: the shot made small and held still, so that what changes is what moves by itself.

Enters: clip and track. Leaves: every frame on one canvas, as if the camera never moved, with the
object's silhouettes; and the way back, from a mask on the canvas to places in a frame. Pictures lie
in a scratch file, so memory does not grow with the clip. Knows nothing of causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip
from openvoid.core.effects import Place
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.contours import places_of
from openvoid.vision.camera import register
from openvoid.vision.fitting import Matrix, normal, transform
from openvoid.vision.working import EXPLAIN, prepare

MOST_PX = 1100  # long side of the canvas, for the sake of memory
SPECK_PX = 6  # on the canvas: smaller regions are rounding

Mask = NDArray[np.bool_]
Picture = NDArray[np.float32]  # [h, w, 3], 0..1 as a screen shows it


@dataclass(frozen=True)
class Scene:
    """A shot on a canvas. `to_canvas[t]` takes a small frame's pixels to the canvas."""

    length: int
    small: tuple[int, int]  # height, width of the small frames
    size: tuple[int, int]  # of the canvas
    to_canvas: tuple[Matrix, ...]
    locked: bool
    spread_px: float  # how far things are off that the camera model does not explain
    pictures: NDArray[np.uint8]  # [T, H, W, 3], on disk
    object: Track  # on the canvas

    def picture(self, index: int) -> Picture:
        return self.pictures[index].astype(np.float32) / np.float32(255)

    def seen(self, index: int) -> Mask:
        """Where the canvas shows something of that frame."""
        if self.locked:
            return np.ones(self.size, bool)
        white = np.full(self.small, 255, np.uint8)
        matrix = self.to_canvas[index]
        warped = cv2.warpPerspective(white, matrix, self.size[::-1], flags=cv2.INTER_NEAREST)
        return cv2.erode(warped, np.ones((5, 5), np.uint8), borderValue=0) > 0

    def in_frame(self, mask: Mask, index: int) -> Mask:
        """A mask on the canvas as the small frame has it."""
        if self.locked:
            return mask
        back = np.linalg.inv(self.to_canvas[index])
        size = self.small[::-1]
        return cv2.warpPerspective(mask.astype(np.uint8), back, size, flags=cv2.INTER_NEAREST) > 0

    def places(self, mask: Mask, index: int) -> tuple[Place, ...]:
        """A mask on the canvas as places in that frame."""
        shown = self.in_frame(mask, index)
        return places_of(shown, index, specks_px=SPECK_PX)

    def placed(self, shown: Iterable[tuple[int, Mask]]) -> tuple[Place, ...]:
        """Masks on the canvas, each with its frame, as places."""
        return tuple(place for index, mask in shown for place in self.places(mask, index))

    def base_px(self, frame: int) -> float:
        """The lowest row of the object, in the nearest frame that shows it: what it stands on."""
        seen = min(self.object.seen, key=lambda index: (abs(index - frame), index))
        return float(self.object.box(seen).bottom)

    @property
    def scale_px(self) -> float:
        """The short side of a small frame: the measure of all lengths."""
        return float(min(self.small))


def watch(clip: Clip, track: Track, run: Run) -> Scene:
    """Look through the clip once.

    Raises:
        OpenVoidError: clip and track do not fit, or the object is in no frame.
    """
    _check(clip, track)
    working = prepare(clip, EXPLAIN, run)
    small, frames = working.size, working.mapped()
    masks = Track.of(track.label, (_reduced_mask(mask, small) for mask in track))
    with run.timed("camera"):
        camera = register(_gray(frames, masks))
    if camera.warning is not None:
        run.warn(camera.warning)
    if camera.locked:
        return Scene(clip.length, small, small, tuple(camera.matrices), True, 0.0, frames, masks)
    to_first = tuple(np.linalg.inv(matrix) for matrix in camera.matrices)
    shift, size = _canvas(to_first, small)
    to_canvas = tuple(normal(shift @ matrix) for matrix in to_first)
    with run.timed("stabilise"):
        canvas = _stabilised(frames, to_canvas, size, run.scratch / "reason-canvas.bin")
        held = (
            cv2.warpPerspective(m.astype(np.uint8), h, size[::-1], flags=cv2.INTER_NEAREST) > 0
            for m, h in zip(masks, to_canvas, strict=True)
        )
        on_canvas = Track.of(track.label, held)
    spread = camera.spread_px
    return Scene(clip.length, small, size, to_canvas, False, spread, canvas, on_canvas)


def _check(clip: Clip, track: Track) -> None:
    mine, its = (clip.length, *clip.size), (len(track), track.height, track.width)
    if mine != its:
        raise OpenVoidError(f"clip and track differ in (frames, height, width): {mine}, {its}")
    if not track.seen:
        raise OpenVoidError("the track is empty: the object is in no frame")


def _reduced_mask(mask: Mask, small: tuple[int, int]) -> Mask:
    if mask.shape == small:
        return mask
    cover = cv2.resize(mask.astype(np.uint8) * 255, small[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(cover > 64, bool)


def _gray(frames: NDArray[np.uint8], masks: Track) -> Iterator[tuple[NDArray[np.uint8], Mask]]:
    """Gray frames, and where the object is not."""
    for index, mask in enumerate(masks):
        yield cv2.cvtColor(np.asarray(frames[index]), cv2.COLOR_RGB2GRAY), ~mask  # type: ignore[misc]


def _canvas(matrices: tuple[Matrix, ...], small: tuple[int, int]) -> tuple[Matrix, tuple[int, int]]:
    """First frame -> canvas, and the canvas' size: it holds all frames, within reason."""
    height, width = small
    corners = np.array([[0, 0], [width - 1, 0], [0, height - 1], [width - 1, height - 1]])
    spots = np.concatenate([transform(matrix, corners) for matrix in matrices])
    middle, reach = np.array([width, height]) / 2, 1.5 * max(small)
    low = np.maximum(np.floor(spots.min(axis=0)), middle - reach)
    high = np.minimum(np.ceil(spots.max(axis=0)), middle + reach)
    scale = min(1.0, MOST_PX / float((high - low + 1).max()))
    columns, rows = np.ceil((high - low + 1) * scale).astype(int)
    shift = np.array([[scale, 0, -low[0] * scale], [0, scale, -low[1] * scale], [0, 0, 1.0]])
    return shift, (int(rows), int(columns))


def _stabilised(
    frames: NDArray[np.uint8], to_canvas: tuple[Matrix, ...], size: tuple[int, int], path: Path
) -> NDArray[np.uint8]:
    canvas: Any = np.memmap(path, np.uint8, "w+", shape=(len(to_canvas), *size, 3))
    for index, matrix in enumerate(to_canvas):
        canvas[index] = cv2.warpPerspective(
            np.asarray(frames[index]), matrix, size[::-1], flags=cv2.INTER_LINEAR
        )
    return canvas
