"""Real clips, small enough to be removed from in a test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import RGB_LAYOUTS, Picture
from openvoid.media.encode import open_writer
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.shotdir import read_shot
from tests.shot_folders import write_shot

WIDTH_PX = 960


def reduced(source: Path, target: Path) -> None:
    """A shot folder at most `WIDTH_PX` wide, with sound and rate as they were."""
    shot = read_shot(source)
    clip, quadmask = open_clip(shot.clip), open_quadmask(shot.quadmask)
    if clip.width <= WIDTH_PX:
        write_shot(target, shot.clip, shot.quadmask, shot.prompt)
        return
    height = round(clip.height * WIDTH_PX / clip.width / 2) * 2
    layout = RGB_LAYOUTS[np.dtype(np.uint8)]
    small = replace(clip, width=WIDTH_PX, height=height, layout=layout)
    target.mkdir()
    with open_writer(target / "input_video.mp4", small, "h264") as writer:
        for index, frame in enumerate(clip.frames()):
            pixels = cv2.resize(frame, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
            red, green, blue = np.moveaxis(pixels, -1, 0)
            writer.write(Picture(index, (green, blue, red), layout))
    write_shot(
        target,
        target / "input_video.mp4",
        quadmask.resized(height, WIDTH_PX),
        shot.prompt,
        clip.rate,
    )
