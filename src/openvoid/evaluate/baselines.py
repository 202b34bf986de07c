"""What every engine must beat: removals that anyone can write in an hour.

Enters: a clip and its quadmask. Leaves: frames, 8 bit. `copy` removes nothing; `telea` fills every
frame on its own (OpenCV, Telea 2004); `median` takes the temporal median of what was kept, and
`nearest` the nearest frame in time that kept the pixel, both without following the camera, and
Telea's where nothing was kept. Nothing is moved along a new course. Run as a program:

    python -m openvoid.evaluate.baselines NAME VIDEO MASK OUT.mkv
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import Box
from openvoid.core.clip import Clip, Frame, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask, Region

TELEA_RADIUS_PX = 5
MARGIN_PX = 12  # of known pixels around a hole

Frames = Iterator[NDArray[np.uint8]]


def copy(clip: Clip, quadmask: Quadmask) -> Frames:
    """The source as it is: what it costs to do nothing."""
    return (eight_bit(frame, clip.white) for frame in clip.frames())


def telea(clip: Clip, quadmask: Quadmask) -> Frames:
    """Every frame on its own, from its surroundings."""
    for index, frame in enumerate(copy(clip, quadmask)):
        yield inpaint(frame, quadmask[index] != Region.KEEP, quadmask.box(index))


def median(clip: Clip, quadmask: Quadmask) -> Frames:
    """The temporal median of what was kept; Telea where nothing was."""
    seen = _ever_hidden(clip, quadmask)
    samples = seen.samples.astype(np.uint16)
    samples[seen.hidden] = 999  # sorted behind everything kept
    samples.sort(axis=0)
    kept = (~seen.hidden).sum(axis=0)
    middle = np.clip((kept - 1) // 2, 0, None)[None, :, None]
    plate = np.take_along_axis(samples, middle, axis=0)[0]
    for index, frame in enumerate(copy(clip, quadmask)):
        yield _filled(frame, quadmask, index, seen, plate.astype(np.uint8), kept > 0)


def nearest(clip: Clip, quadmask: Quadmask) -> Frames:
    """The nearest frame in time that kept the pixel, the earlier of two; Telea where none did."""
    seen = _ever_hidden(clip, quadmask)
    length, pixels = seen.hidden.shape
    times = np.arange(length)[:, None]
    before = np.maximum.accumulate(np.where(seen.hidden, -2 * length, times), axis=0)
    after = np.minimum.accumulate(np.where(seen.hidden, 3 * length, times)[::-1], axis=0)[::-1]
    taken = np.where(times - before <= after - times, before, after)
    known = (taken >= 0) & (taken < length)
    for index, frame in enumerate(copy(clip, quadmask)):
        at = np.clip(taken[index], 0, length - 1)
        plate = seen.samples[at, np.arange(pixels)]
        yield _filled(frame, quadmask, index, seen, plate, known[index])


BASELINES: dict[str, Callable[[Clip, Quadmask], Frames]] = {
    kind.__name__: kind for kind in (copy, telea, median, nearest)
}


def inpaint(frame: NDArray[np.uint8], hole: NDArray[np.bool_], box: Box) -> NDArray[np.uint8]:
    """The frame [H, W, 3] with its hole, which lies in the box, filled by Telea's method."""
    if not hole.any():
        return frame
    result, reach = frame.copy(), box.grown(MARGIN_PX, *hole.shape).slices
    mask = hole[reach].astype(np.uint8)
    result[reach] = cv2.inpaint(
        np.ascontiguousarray(frame[reach]), mask, TELEA_RADIUS_PX, cv2.INPAINT_TELEA
    )
    return result


def eight_bit(frame: Frame, white: float) -> NDArray[np.uint8]:
    """A frame with white at 255."""
    if frame.dtype == np.uint8:
        return frame
    return np.rint(np.clip(frame / white, 0, 1) * 255).astype(np.uint8)


class _Seen(NamedTuple):
    """The pixels that are ever hidden: where, their samples [T, N, 3], when hidden [T, N]."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    samples: NDArray[np.uint8]
    hidden: NDArray[np.bool_]


def _ever_hidden(clip: Clip, quadmask: Quadmask) -> _Seen:
    ever = np.zeros(clip.size, bool)
    for labels in quadmask:
        ever |= labels != Region.KEEP
    rows, columns = np.nonzero(ever)
    samples = np.stack([frame[rows, columns] for frame in copy(clip, quadmask)])
    hidden = np.stack([labels[rows, columns] != Region.KEEP for labels in quadmask])
    return _Seen(rows, columns, samples, hidden)


def _filled(
    frame: NDArray[np.uint8],
    quadmask: Quadmask,
    index: int,
    seen: _Seen,
    plate: NDArray[np.uint8],
    known: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """The frame with what is hidden in it taken from `plate` [N, 3], or by Telea if not known."""
    result, missing = frame.copy(), np.zeros(frame.shape[:2], bool)
    take = seen.hidden[index] & known
    result[seen.rows[take], seen.columns[take]] = plate[take]
    lost = seen.hidden[index] & ~known
    missing[seen.rows[lost], seen.columns[lost]] = True
    return inpaint(result, missing, quadmask.box(index))


def main(words: Sequence[str]) -> int:
    """Make one baseline's result."""
    from openvoid.media.encode import open_writer
    from openvoid.media.masks import open_quadmask
    from openvoid.media.open import open_clip

    name, video, mask, out = words
    try:
        clip, quadmask = open_clip(video), open_quadmask(mask)
        if (len(quadmask), quadmask.height, quadmask.width) != (clip.length, *clip.size):
            raise OpenVoidError("the mask has another length or size than the clip", where=mask)
        made = BASELINES[name](clip, quadmask)
        first = next(copy(clip, quadmask))
        with open_writer(Path(out), clip_of([first], clip.rate), "ffv1") as writer:
            for index, frame in enumerate(made):
                picture = next(clip_of([frame], clip.rate).pictures())
                writer.write(type(picture)(index, picture.planes, picture.layout))
    except OpenVoidError as error:
        print(error.line(), file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
