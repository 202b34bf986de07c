"""View: which window of each frame the model sees, and at what size.

Enters: clip and quadmask. Leaves: a window a frame, frames and labels at the working size, one at
a time. Knows neither model nor stitching.

The window has one size over the clip. Where it can stand still it does; else it follows the changed
region with as little acceleration as containing the region allows. It lies on whole clip pixels:
at 1:1 nothing is resampled, and sharpness does not breathe as the window moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import Clip, Frame
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask
from openvoid.vision.display import USUAL, Display

STEP = 16  # working sizes are multiples of this: 8 of the VAE times 2 of the patches
BUDGET_PX = 384 * 672  # what the released weights were trained at
CONTEXT = 0.5  # shown around the changed region, of its mean side, on every side
WIDEST = 2.4  # aspect of a whole frame beyond which it is squashed
CROP_ASPECTS = (4 / 3, 7 / 4)  # of cropped windows, long side over short
STILL_WITHIN = 1.2  # a window that stands still may be so much larger than one that follows
WORTH = 1.3  # `auto` crops where that gains so much resolution
MODES = ("whole", "crop", "auto")
EASE_FRAMES = 48  # how far the path of a window is thought on beyond the clip
PATH_ROUNDS = 1000


@dataclass(frozen=True)
class View:
    """What the model sees of a clip."""

    height: int  # working size
    width: int
    windows: tuple[Box, ...]  # one a frame, in clip pixels, all of one size
    look: Display

    @property
    def scale(self) -> float:
        """Clip pixels in a working pixel, along a side (geometric mean)."""
        window = self.windows[0]
        return float((window.height / self.height * window.width / self.width) ** 0.5)

    def seen(self, frame: Frame, index: int) -> NDArray[np.float32]:
        """A frame through its window [height, width, 3], by area, as the look shows it.

        Not clipped: values beyond 0..1 are the clip's own. What is no number is black.
        """
        window = numbers_only(frame[self.windows[index].slices])
        return reduced(self.look.shown(window), self.height, self.width)

    def frames(self, clip: Clip, start: int = 0) -> Iterator[NDArray[np.float32]]:
        """What the model sees, [height, width, 3] in 0..1, from frame `start` on."""
        for index, frame in enumerate(clip.frames(start), start):
            yield np.clip(self.seen(frame, index), 0, 1)

    def labels(self, quadmask: Quadmask) -> Quadmask:
        """The mask the model sees: label-wise, never a mixture; iterate for labels a frame."""
        return Quadmask.from_labels(
            quadmask.labels_in(index, window) for index, window in enumerate(self.windows)
        ).resized(self.height, self.width)

    def facts(self) -> dict[str, Any]:
        """What the report says of it."""
        tops, lefts = {box.top for box in self.windows}, {box.left for box in self.windows}
        return {
            "working_size": [self.height, self.width],
            "window": [self.windows[0].height, self.windows[0].width],
            "scale": round(self.scale, 3),
            "moves": len(tops) > 1 or len(lefts) > 1,
        }


def numbers_only(frame: Frame) -> Frame:
    """The frame, with black where a value is NaN or infinite: nothing was seen there.

    One such value would spread over whole frames, in resizing and in every norm of the model.
    """
    if frame.dtype.kind != "f":
        return frame
    seen = np.isfinite(frame)
    return frame if seen.all() else np.where(seen, frame, frame.dtype.type(0))


def choose_view(
    clip: Clip, quadmask: Quadmask, mode: str = "auto", size: tuple[int, int] | None = None
) -> View:
    """Whole frames, or a window around what changes, whichever is asked for or shows more.

    Args:
        mode: "whole", "crop", or "auto", which crops where that gains resolution.
        size: (height, width) of what the model sees; None: as many pixels as the weights were
            trained at. A whole frame is squashed into it, a window has its aspect.

    Raises:
        OpenVoidError: an unknown mode; a size that is not of multiples of 16.
    """
    if mode not in MODES:
        raise OpenVoidError(f"unknown frame mode {mode!r}", mend=f"one of: {', '.join(MODES)}")
    if size is not None and (min(size) < STEP or size[0] % STEP or size[1] % STEP):
        raise OpenVoidError(
            f"the model cannot work at {size[1]}x{size[0]}", mend=f"multiples of {STEP}"
        )
    look = Display.of(clip, USUAL)
    whole = _whole(clip, size, look)
    if mode == "whole":
        return whole
    crop = _cropped(clip, quadmask, size, look)
    least = WORTH if mode == "auto" else 1.0
    return crop if crop is not None and whole.scale >= least * crop.scale else whole


def reduced(picture: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """A picture at another size: by area where it shrinks, cubic where it grows."""
    if picture.shape[:2] == (height, width):
        return picture
    shrinks = picture.shape[0] >= height and picture.shape[1] >= width
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=how), np.float32)


# --- the window's size ------------------------------------------------------------------------


class _Needs(NamedTuple):
    """What must be shown, in clip pixels: first and last row or column of each frame's region."""

    low: NDArray[np.float64]  # [T, 2] (y, x); NaN where the mask is empty
    high: NDArray[np.float64]
    context_px: float


def _whole(clip: Clip, size: tuple[int, int] | None, look: Display) -> View:
    if size is None:
        aspect = float(np.clip(clip.width / clip.height, 1 / WIDEST, WIDEST))

        def cost(side: tuple[int, int]) -> float:
            off = abs(np.log(side[1] / side[0] / aspect))
            return float(off + 0.5 * abs(np.log(side[0] * side[1] / BUDGET_PX)))

        size = min(_sizes(), key=cost)
    return View(*size, (Box(0, 0, clip.height, clip.width),) * clip.length, look)


def _cropped(
    clip: Clip, quadmask: Quadmask, size: tuple[int, int] | None, look: Display
) -> View | None:
    """The smallest window that shows all that changes with context; None if none fits."""
    needs = _needs(quadmask)
    if np.isnan(needs.low).all():
        return None
    frame = np.array(clip.size, np.float64)
    region = np.nanmax(needs.high - needs.low, axis=0)
    still = np.nanmax(needs.high, axis=0) - np.nanmin(needs.low, axis=0)
    follows = _smallest(region + 2 * needs.context_px, frame, size)
    stands = _smallest(still + 2 * needs.context_px, frame, size)
    if follows is None:
        return None
    chosen = follows
    if stands is not None and stands[0] <= STILL_WITHIN * follows[0]:
        chosen = stands
    scale, (height, width) = chosen
    window = np.minimum(np.round(scale * np.array([height, width])), frame)
    corners = [_path(needs, axis, window[axis], frame[axis]) for axis in (0, 1)]
    down, across = (int(side) for side in window)
    places = zip(corners[0].tolist(), corners[1].tolist(), strict=True)
    boxes = (Box(y, x, y + down, x + across) for y, x in places)
    return View(height, width, tuple(boxes), look)


def _needs(quadmask: Quadmask) -> _Needs:
    boxes = [quadmask.box(index) for index in range(len(quadmask))]
    ends = [(np.nan,) * 4 if box.empty else tuple(map(float, box)) for box in boxes]
    edges = np.array(ends)  # [T, 4] top, left, bottom, right
    low, high = edges[:, :2], edges[:, 2:]
    if np.isnan(low).all():
        return _Needs(low, high, 0.0)
    return _Needs(low, high, CONTEXT * float(np.nanmax(high - low, axis=0).mean()))


def _smallest(
    wanted: NDArray[np.float64], frame: NDArray[np.float64], size: tuple[int, int] | None
) -> tuple[float, tuple[int, int]] | None:
    """Clip pixels in a working pixel (at least 1) and working size of the tightest window."""
    wanted = np.minimum(wanted, frame)
    short, long = CROP_ASPECTS
    found = []
    for side in [size] if size is not None else _sizes():
        aspect = side[1] / side[0] if frame[1] >= frame[0] else side[0] / side[1]
        if size is None and not short - 0.01 <= aspect <= long + 0.01:
            continue
        scale = max(1.0, float((wanted / side).max()))
        if (scale * np.array(side) <= frame + 0.5).all():
            found.append((scale, -aspect, side))  # the model's own aspect where all else is equal
    if not found:
        return None
    scale, _, side = min(found)
    return scale, side


def _sizes() -> list[tuple[int, int]]:
    """(height, width) with about as many pixels as the weights were trained at."""
    sides = range(STEP, BUDGET_PX // STEP, STEP)
    pairs = ((height, round(BUDGET_PX / height / STEP) * STEP) for height in sides)
    fits = (pair for pair in pairs if pair[1] and abs(pair[0] * pair[1] / BUDGET_PX - 1) < 0.06)
    return [pair for pair in fits if max(pair) / min(pair) <= WIDEST * 1.05]


# --- the window's path ------------------------------------------------------------------------


def _path(needs: _Needs, axis: int, window_px: float, frame_px: float) -> NDArray[np.int64]:
    """[T] where the window begins along an axis: smooth, region inside, inside the frame."""
    first, last = needs.low[:, axis], needs.high[:, axis]
    last_start = frame_px - window_px
    empty = np.isnan(first)
    spare = max(0.0, (window_px - float(np.nanmax(last - first))) / 2)
    margin = min(spare, needs.context_px)
    low = np.where(empty, 0, np.clip(last + margin - window_px, 0, last_start))
    high = np.where(empty, last_start, np.clip(first - margin, 0, last_start))
    high = np.maximum(low, high)
    if low.max() <= high.min():
        path = np.full(len(low), (low.max() + high.min()) / 2)
    else:
        path = smooth_path(low, high)
    hard_low = np.where(empty, 0, np.maximum(last - window_px, 0))
    hard_high = np.where(empty, last_start, np.minimum(first, last_start))
    return np.clip(np.round(path), hard_low, hard_high).astype(np.int64)


def smooth_path(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """The path [T] within low <= path <= high with about the least sum of squared acceleration.

    Alternating directions (Boyd et al. 2011): a step that is smooth, solved in the cosine basis,
    and a step that obeys the bounds, until they agree. The result obeys them exactly.
    """
    far = float(high.max() - low.min()) + 1
    free = np.full(EASE_FRAMES, far)
    low = np.concatenate([low.min() - free, low, low.min() - free])
    high = np.concatenate([high.max() + free, high, high.max() + free])
    count = len(low)
    angles = np.pi * np.arange(count + 1) / count
    stiffness = (2 - 2 * np.cos(angles)) ** 2  # of the second difference, squared
    path = np.clip(np.zeros(count), low, high)
    inner = slice(EASE_FRAMES, count - EASE_FRAMES)
    path[inner] = (low[inner] + high[inner]) / 2
    path[: inner.start], path[inner.stop :] = path[inner.start], path[inner.stop - 1]
    debt = np.zeros(count)
    for round_index in range(PATH_ROUNDS):
        weight = 1e-3 if round_index < PATH_ROUNDS // 2 else 1e-2  # agree roughly, then closely
        if round_index == PATH_ROUNDS // 2:
            debt *= 0.1
        wanted = path - debt
        spectrum = np.fft.rfft(np.concatenate([wanted, wanted[::-1]]))
        smooth = np.fft.irfft(spectrum * weight / (weight + stiffness), 2 * count)[:count]
        path = np.clip(smooth + debt, low, high)
        debt += smooth - path
    return path[inner]
