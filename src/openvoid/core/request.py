"""What a person asks for -> a `RemovalRequest` that can run, or one clear error.

Enters: a clip, its quadmask and numbers as a person gives them. Leaves: clip and mask of one size
and length, cut to the range, the mask grown. Knows no files.
"""

from __future__ import annotations

import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fates
from openvoid.core.quadmask import Quadmask, Region
from openvoid.core.removal import RemovalRequest
from openvoid.core.track import Track

MAX_SEED = 2**63 - 1


def request_of(
    clip: Clip,
    quadmask: Quadmask,
    *,
    prompt: str = "",
    numbers: tuple[int, int] | None = None,
    grow_px: int = 0,
    seed: int = 0,
    soft_edge_px: int | None = None,
    effects: Effects | None = None,
    fates: Fates | None = None,
) -> RemovalRequest:
    """The request for the frames with these numbers (first and last, both included).

    The mask may have the clip's frames, or those of the range alone.

    Raises:
        OpenVoidError: mask and clip differ in size or length; the range leaves the clip; the mask
            is empty or covers everything; a number is out of its range.
    """
    side = min(clip.size)
    if soft_edge_px is None:
        soft_edge_px = min(default_soft_edge_px(clip.height), side)
    _check_number("grow_px", grow_px, -side, side)
    _check_number("soft_edge_px", soft_edge_px, 0, side)
    _check_number("seed", seed, 0, MAX_SEED)
    whole = clip
    clip, quadmask = _trimmed(clip, quadmask, numbers)
    first = clip.offset - whole.offset
    if fates is not None:
        fates.check(whole.length, effects)
    courses = fates.trimmed(first, first + clip.length) if fates is not None else None
    _check_mask(quadmask)
    grown = quadmask.grown(grow_px)
    if grow_px:
        _check_mask(grown, f" once it is grown by {grow_px} px")
    done = effects.applied() if effects is not None else None
    return RemovalRequest(clip, grown, prompt, seed, done, courses, soft_edge_px)


def default_soft_edge_px(height: int) -> int:
    """How far blur and penumbra reach outside a mask, usually."""
    return max(4, round(height / 60))


def check_fits(clip: Clip, track: Track) -> None:
    """A track of this clip.

    Raises:
        OpenVoidError: it has another length or size.
    """
    if (len(track), track.height, track.width) != (clip.length, *clip.size):
        raise OpenVoidError(
            f"the track is {track.width}x{track.height} with {len(track)} frames, "
            f"the clip {clip.width}x{clip.height} with {clip.length}",
            where=str(clip.path),
            mend="make the track from the same frames",
        )


def _check_number(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise OpenVoidError(f"{name} is {value}", mend=f"from {low} to {high}")


def _trimmed(
    clip: Clip, quadmask: Quadmask, numbers: tuple[int, int] | None
) -> tuple[Clip, Quadmask]:
    """Both, cut to the range."""
    where = str(clip.path)
    if (quadmask.height, quadmask.width) != clip.size:
        raise OpenVoidError(
            f"the mask is {quadmask.width}x{quadmask.height}, the clip {clip.width}x{clip.height}",
            where=where,
            mend="make the mask at the clip's size",
        )
    start, stop = 0, clip.length
    if numbers is not None:
        first, last = clip.first_frame, clip.first_frame + clip.length - 1
        if not first <= numbers[0] <= numbers[1] <= last:
            raise OpenVoidError(
                f"range {numbers[0]}-{numbers[1]} is not in the clip",
                where=where,
                mend=f"it has frames {first} to {last}",
            )
        start, stop = numbers[0] - first, numbers[1] - first + 1
    if len(quadmask) == clip.length:
        return clip.trimmed(start, stop), quadmask.trimmed(start, stop)
    if len(quadmask) == stop - start:
        return clip.trimmed(start, stop), quadmask
    one = len(quadmask) == 1
    raise OpenVoidError(
        f"the mask has {len(quadmask)} frame{'' if one else 's'}, the clip {clip.length}",
        where=where,
        mend="--still, if it is meant for all of them"
        if one
        else "make the mask from the same frames",
    )


def _check_mask(quadmask: Quadmask, when: str = "") -> None:
    frames = range(len(quadmask))
    if all(quadmask.box(index).empty for index in frames):
        raise OpenVoidError(f"the mask is empty{when}: there is nothing to remove")
    if not any(keeps_something(quadmask, index) for index in frames):
        raise OpenVoidError(
            f"the mask covers everything{when}: nothing is left to go by",
            mend="black is removed, white is kept; perhaps it is inverted",
        )


def keeps_something(quadmask: Quadmask, index: int) -> bool:
    """Whether a frame has a pixel to go by."""
    box = quadmask.box(index)
    whole = (box.height, box.width) == (quadmask.height, quadmask.width)
    return not whole or bool(np.any(quadmask[index] == Region.KEEP))
