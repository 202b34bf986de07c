"""Silhouettes that a person drew elsewhere: single pictures, numbered ones, videos.

Enters: what `--matte` names: a picture of one frame, or a whole sequence, white where the object
is. Leaves: `Matte` marks at the clip's own frames, and their silhouettes. An empty picture of a
sequence says that the object is not seen there. Knows no segmenter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.core.selection import Matte
from openvoid.media.masks import MATTE_THRESHOLD, matte_frames
from openvoid.media.open import open_clip
from openvoid.media.sequence import numbered

Mask = NDArray[np.bool_]
IN_VIDEO = re.compile(r"(.+)#(\d{1,8})")  # a frame of a video, as `mattes_of` names it


def read_matte(file: str, height: int, width: int, *, empty: bool = False) -> Mask:
    """A gray picture, white where the object is, as [H, W] bool.

    Args:
        file: the picture, or VIDEO#FRAME.
        empty: it may show nothing.

    Raises:
        OpenVoidError: it cannot be read, shows nothing, or has another size than the clip.
    """
    path, frame = _place(file)
    try:
        facts = path.stat()
        matte = _opened(path, (facts.st_size, facts.st_mtime_ns))
    except (OSError, OpenVoidError) as error:
        what = f"cannot be read as a picture: {error}"
        raise OpenVoidError(what, where=file, mend="a PNG, gray") from error
    if matte.size != (height, width):
        raise OpenVoidError(
            f"the matte is {matte.width}x{matte.height}",
            where=file,
            mend=f"the clip is {width}x{height}",
        )
    if frame >= matte.length:
        raise OpenVoidError(f"has no frame {frame}", where=str(path))
    mask = np.asarray(next(matte_frames(matte.trimmed(frame, frame + 1))) >= MATTE_THRESHOLD)
    if not (empty or mask.any()):
        raise OpenVoidError("the matte is empty", where=file, mend="white is the object")
    return mask


@lru_cache(maxsize=2)
def _opened(path: Path, stamp: tuple[int, int]) -> Clip:
    """A file as it is now; of a video all times are read, so it is opened once."""
    return open_clip(path, rate=Fraction(24))


def mattes_of(path: Path, clip: Clip) -> tuple[Matte, ...]:
    """A matte for each frame of a sequence, at the frames of the clip that they belong to.

    Numbers count where the clip has numbers too; else the first is the clip's first if there are as
    many, and numbers are frames from 0 if there are fewer.

    Raises:
        OpenVoidError: unreadable, of another size, or with frames that the clip does not have.
    """
    matte = open_clip(path, rate=Fraction(24))
    if matte.length == 1 < clip.length and not numbered(matte):
        mend = "FILE@FRAME: --matte roto.png@12"
        what = f"{str(path)!r} is not a matte with its frame"
        raise OpenVoidError(what, where="--matte", mend=mend)
    if matte.size != clip.size:
        raise OpenVoidError(
            f"the matte is {matte.width}x{matte.height}",
            where=str(path),
            mend=f"the clip is {clip.width}x{clip.height}",
        )
    files: Sequence[Path] = getattr(matte.source, "files", ())
    first = 0
    if numbered(matte) and (numbered(clip) or matte.length != clip.length):
        first = matte.first_frame - (clip.first_frame if numbered(clip) else 0)
    last = first + matte.length - 1
    if first < 0 or last >= clip.length:
        begin = clip.first_frame if numbered(clip) else 0
        raise OpenVoidError(
            f"has frames {matte.first_frame} to {matte.first_frame + matte.length - 1}",
            where=str(path),
            mend=f"the clip has frames {begin} to {begin + clip.length - 1}",
        )
    names = [str(file) for file in files] or [f"{path}#{at}" for at in range(matte.length)]
    return tuple(Matte(first + at, name) for at, name in enumerate(names))


def absent(mattes: Sequence[Matte], height: int, width: int) -> frozenset[int]:
    """Frames whose matte is empty; all mattes are looked at.

    Raises:
        OpenVoidError: as `read_matte`; every one of them is empty.
    """
    shown: dict[int, bool] = {}
    for matte in mattes:
        any_ = bool(read_matte(matte.file, height, width, empty=True).any())
        shown[matte.frame] = shown.get(matte.frame, False) or any_
    if shown and not any(shown.values()):
        read_matte(mattes[0].file, height, width)
    return frozenset(frame for frame, any_ in shown.items() if not any_)


def files_of_mattes(mattes: Sequence[Matte]) -> tuple[Path, ...]:
    """The files that are read for them, each once."""
    return tuple(dict.fromkeys(_place(matte.file)[0] for matte in mattes))


def mattes_hash(mattes: Sequence[Matte]) -> str:
    """What the files of mattes hold, in their order."""
    digest = hashlib.sha256()
    for path in files_of_mattes(mattes):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _place(file: str) -> tuple[Path, int]:
    found = IN_VIDEO.fullmatch(file)
    if found and not Path(file).exists():
        return Path(found[1]), int(found[2])
    return Path(file), 0
