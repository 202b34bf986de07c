"""The one door for footage: a video file, a folder of images or a numbered pattern -> Clip.

Knows only which reader a path belongs to.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from openvoid.core.clip import Clip
from openvoid.media.images import IMAGE_SUFFIXES
from openvoid.media.sequence import is_pattern, open_sequence
from openvoid.media.video import open_video


def open_clip(path: str | Path, *, rate: Fraction | None = None, input_color: str = "auto") -> Clip:
    """The footage at `path`, decoded as it is asked for.

    Args:
        path: a video file, a folder of images, `shot.%04d.exr` or `shot.####.exr`.
        rate: frames a second; for images (24 where they carry none), or to override a video's own.
        input_color: what the values mean to who looks at them, a name of `vision.transfer`;
            "auto": what the tags say. What is delivered keeps its tags.

    Raises:
        OpenVoidError: missing, unreadable, or of a kind that is not supported, with the reason.
    """
    path = Path(path)
    images = path.suffix.lower() in IMAGE_SUFFIXES or (is_pattern(path) and not path.exists())
    clip = open_sequence(path, rate) if images or path.is_dir() else open_video(path, rate)
    return replace(clip, input_color=input_color)
