"""Working copies: the clip made small in one decode, on disk, read at random.

Enters: a clip of any depth. Leaves: small frames by index, and the scale between them and native
pixels. The stages look at the same shot at different sizes; the first that looks makes the copies
of those that come after it in the same pass. They are kept in the cache by the clip's content
(`media.reel`), so that the next stage, or the next command, decodes nothing; those of a clip in
memory live in the run's scratch folder, without a name. Knows nothing of objects. Memory stays
flat: one frame.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.media.content import frames_name
from openvoid.media.reel import Recorder, Reel, Torn, covering, place, recording, reels
from openvoid.vision.display import Display

Picture = NDArray[Any]  # [h, w, 3] RGB; uint8, or for `values` of deep clips float16, 1 for white
LEAST_SIDE_PX = 20  # optical flow wants a few patches of 8 x 8
MOST = 6e4  # of a reduced frame's values: below the largest float16
MEND = "free some space, or set OPENVOID_CACHE to a folder on another disk"


@dataclass(frozen=True)
class Small:
    """How small a stage looks at a clip, and in which values; what those are says `reduced`."""

    side_px: int  # the long side, at most
    look: str  # "seen" or "values"
    least_px: int = 8  # no side is smaller


FOLLOW = Small(720, "seen", LEAST_SIDE_PX)
EXPLAIN = Small(480, "seen")  # the size at which every limit of reason.motion was set
PLATE = Small(640, "values")
ORDER = FOLLOW, EXPLAIN, PLATE  # in which the stages look


def displayed(frame: Frame, clip: Clip) -> NDArray[Any]:
    """A frame in 8 bits a channel, as a person would look at it."""
    return Display.of(clip).seen(frame)


def reduced(
    frame: Frame, clip: Clip, size: tuple[int, int], look: str, seen: Frame | None = None
) -> Picture:
    """A native frame made small: the one place where it is decided what a stage looks at.

    Args:
        size: (height, width) to leave.
        look: "seen", in 8 bits as a screen shows it; "values", the clip's own: uint8 for 8 bit,
            else float16 with 1.0 for the display's unit, NaN where a value below it is not finite.
        seen: the frame as `displayed` gives it, where that is known.
    """
    if look == "seen":
        return _resized(displayed(frame, clip) if seen is None else seen, size)
    unit, unseen = Display.of(clip).unit, None
    if frame.dtype.kind == "f":  # a value that is none must not spread to its neighbours
        frame = frame * np.float32(1 / unit)
        unseen = np.asarray(~np.isfinite(frame).all(axis=-1))
        frame, unit = np.nan_to_num(frame, posinf=MOST, neginf=-MOST), 1.0
    small = _resized(frame, size)
    if small.dtype == np.uint8:
        return small
    values = np.clip(small.astype(np.float32) / unit, -MOST, MOST).astype(np.float16)
    if unseen is not None and unseen.any():
        values[_resized(unseen.astype(np.float32), size) > 0] = np.nan
    return values


def _resized(frame: Frame, size: tuple[int, int]) -> Frame:
    if frame.shape[:2] == size:
        return frame
    way = cv2.INTER_LINEAR if size[1] > frame.shape[1] else cv2.INTER_AREA
    return cv2.resize(frame, size[::-1], interpolation=way)


@dataclass(frozen=True)
class Working:
    """All frames of a clip at one size, on disk."""

    height: int
    width: int
    native_height: int
    native_width: int
    length: int
    _reel: Reel
    _first: int = 0  # of the clip's frame 0 in the reel

    def __enter__(self) -> Working:
        return self

    def __exit__(self, *_: object) -> None:
        self._reel.close()

    def __len__(self) -> int:
        return self.length

    @property
    def scale(self) -> float:
        """Working pixels for a native one."""
        return self.width / self.native_width

    @property
    def size(self) -> tuple[int, int]:
        return self.height, self.width

    def __getitem__(self, index: int) -> Picture:
        """RGB [h, w, 3]."""
        try:
            return self._reel[self._first + index][0]
        except Torn as error:
            mend = "run the same command again: it is then made anew"
            where = str(reels())
            raise OpenVoidError("the working copy was damaged", where=where, mend=mend) from error

    def mapped(self) -> NDArray[Any]:
        """All frames as [T, h, w, 3], on disk."""
        return self._reel.mapped()[self._first : self._first + self.length]

    def lab(self, index: int) -> NDArray[Any]:
        """Lab [h, w, 3], lightly smoothed against noise."""
        return cv2.cvtColor(cv2.GaussianBlur(self[index], (0, 0), 0.7), cv2.COLOR_RGB2LAB)

    def gray(self, index: int) -> NDArray[Any]:
        return cv2.cvtColor(self[index], cv2.COLOR_RGB2GRAY)

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Native pixel -> working (x, y)."""
        across, along = self.width / self.native_width, self.height / self.native_height
        return (x + 0.5) * across - 0.5, (y + 0.5) * along - 0.5


def working_size(
    height: int, width: int, long_side_px: int, least_px: int = LEAST_SIDE_PX
) -> tuple[int, int]:
    """(height, width): no larger than asked for, and not too small for optical flow."""
    shrink = min(max(1.0, max(height, width) / long_side_px), min(height, width) / least_px)
    return max(least_px, round(height / shrink)), max(least_px, round(width / shrink))


def prepare(clip: Clip, small: Small, run: Run) -> Working:
    """The clip at working size, from the cache, or by decoding it once.

    Raises:
        OpenVoidError: the clip cannot be decoded; the disk is full.
    """
    name = frames_name(clip)
    if name is None:
        reel, first = _in_memory(clip, small, run), clip.offset
    else:
        reel, first = _kept(clip, small, name) or _made(clip, small, name, run)
    size = working_size(clip.height, clip.width, small.side_px, small.least_px)
    return Working(*size, clip.height, clip.width, clip.length, reel, clip.offset - first)


def _kept(clip: Clip, small: Small, name: str) -> tuple[Reel, int] | None:
    found = covering(name, _what(clip, small), clip.offset, clip.offset + clip.length)
    if found is not None and not found[0].whole():
        found[0].discard()
        return None
    return found


def _made(clip: Clip, small: Small, name: str, run: Run) -> tuple[Reel, int]:
    """Decode the clip once, into this copy and those that the next stages will ask for."""
    later = ORDER[ORDER.index(small) + 1 :] if small in ORDER else ORDER[1:]
    wanted = {_what(clip, each): each for each in (small, *later)}  # of a small clip all are one
    with ExitStack() as stack:
        bounds = clip.offset, clip.offset + clip.length
        made = [
            (each, stack.enter_context(recording(place(name, what, *bounds))))
            for what, each in wanted.items()
        ]
        _record(clip, made, run)
    kept, error = _kept(clip, small, name), made[0][1].error
    if kept is None:
        why = error.strerror if error is not None else "it was changed while it was written"
        raise OpenVoidError(
            f"the working copy cannot be kept: {why}", where=str(reels()), mend=MEND
        )
    return kept


def _in_memory(clip: Clip, small: Small, run: Run) -> Reel:
    """The copy of a clip that is in no file: in one without a name, gone with the process."""
    run.scratch.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(tempfile.TemporaryFile(dir=run.scratch))  # noqa: SIM115
    _record(clip, [(small, recorder)], run)
    return recorder.reel()


def _record(clip: Clip, made: Sequence[tuple[Small, Recorder]], run: Run) -> None:
    """One pass over the clip. What the first of the copies wants must be kept, the rest may."""
    size = {each: working_size(*clip.size, each.side_px, each.least_px) for each, _ in made}
    for frame in run.track("read", clip.frames(), clip.length):
        seen = displayed(frame, clip) if any(each.look == "seen" for each, _ in made) else None
        for each, recorder in made:
            recorder.append((reduced(frame, clip, size[each], each.look, seen),))
        if (error := made[0][1].error) is not None:
            raise OpenVoidError(
                f"cannot write scratch data: {error.strerror}", where=str(reels()), mend=MEND
            ) from error


def _what(clip: Clip, small: Small) -> str:
    """A copy's name among those of one clip: its size, and how the clip's values were taken."""
    height, width = working_size(*clip.size, small.side_px, small.least_px)
    display = Display.of(clip)
    alike = display.plain and clip.dtype == np.uint8  # seen and stored values are the same
    look = "values" if alike else small.look
    shown = hashlib.sha256(repr(display).encode()).hexdigest()[:8]
    return f"{width}x{height}-{look}-{shown}"
