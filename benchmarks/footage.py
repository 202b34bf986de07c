"""Real clips for the benchmarks, and which of their pixels stand still.

Enters: the name of a clip in the shared folder. Leaves: its frames, reduced, in memory, and the
map of what never moves. Knows nothing of objects, cameras or engines.
"""

from __future__ import annotations

import os
from functools import lru_cache
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.errors import OpenVoidError

Frames = NDArray[np.uint8]
"""[T, H, W, 3] RGB."""
Crop = tuple[int, int, int, int]
"""Left, top, width, height."""

MOST_DEVIATION = 1.5  # of a blurred pixel over time, in levels of 255, where nothing moves
MOST_STRAY = 6.0  # of a blurred pixel from its median, in any frame


def shared_folder() -> Path:
    """Where the real clips are: OPENVOID_SHARED, or `shared` beside the repository."""
    named = os.environ.get("OPENVOID_SHARED")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "clips").is_dir():
        raise OpenVoidError(
            "the real clips are not here", where=str(folder), mend="set OPENVOID_SHARED"
        )
    return folder


def matte(
    file: str, name: str, width: int, crop: Crop | None = None, most: int = 999, first: int = 0
) -> NDArray[np.bool_]:
    """[T, H, W]: where a matte that lies beside a clip is not black, a little grown."""
    cover = footage(name, width, crop, most, first, file).max(axis=-1) > 20
    return np.stack([cv2.dilate(each.astype(np.uint8), np.ones((7, 7))) > 0 for each in cover])


@lru_cache(maxsize=2)
def footage(
    name: str,
    width: int,
    crop: Crop | None = None,
    most: int = 999,
    first: int = 0,
    file: str = "input_video",
) -> Frames:
    """Frames of a shared clip: cropped to (left, top, width, height), then reduced by area.

    At most so many, from the `first` on.
    """
    frames: list[NDArray[np.uint8]] = []
    with av.open(str(_folder(name) / f"{file}.mp4")) as container:
        container.streams.video[0].thread_type = "AUTO"
        for decoded in islice(container.decode(video=0), first, None):
            picture = np.asarray(decoded.to_ndarray(format="rgb24"), np.uint8)
            if crop is not None:
                left, top, across, down = crop
                picture = picture[top : top + down, left : left + across]
            height = 2 * round(picture.shape[0] * width / picture.shape[1] / 2)
            if width != picture.shape[1]:
                reduced = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
                picture = np.asarray(reduced, np.uint8)
            frames.append(picture)
            if len(frames) == most:
                break
    return np.stack(frames)


def _folder(name: str) -> Path:
    """Of a clip, in whichever of the shared sets it lies."""
    folders = [shared_folder() / part / name for part in ("clips", "clips-2")]
    return next((folder for folder in folders if folder.is_dir()), folders[0])


@lru_cache(maxsize=8)
def still_footage(
    name: str, width: int, crop: Crop | None = None, most: int = 999
) -> NDArray[np.bool_]:
    """`still_map` of the footage of the same name, remembered."""
    return still_map(footage(name, width, crop, most))


def still_map(frames: Frames) -> NDArray[np.bool_]:
    """[H, W]: where nothing moves over the whole clip; noise, which blurring removes, may stay."""
    side = 5 if frames.shape[2] <= 960 else 9
    greys = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32) for frame in frames)
    grey = np.stack([cv2.blur(picture, (side, side)) for picture in greys])
    strayed = np.zeros(frames.shape[1:3], np.uint8)
    for top in range(0, frames.shape[1], 64):  # strips: a median over all frames is large
        strip = grey[:, top : top + 64]
        away = np.abs(strip - np.median(strip, axis=0)).max(axis=0)
        strayed[top : top + 64] = (away > MOST_STRAY) | (strip.std(axis=0) > MOST_DEVIATION)
    # Single specks are noise; what is left is grown, because motion has soft edges.
    specks = cv2.morphologyEx(strayed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.dilate(specks, np.ones((9, 9), np.uint8)) == 0)
