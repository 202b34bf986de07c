"""A result beside the truth -> small pictures for the report: frames in a row, and where they err.

Enters: what is judged. Leaves: JPEG files in the run's folder, each a strip of a few frames:
`source.jpg` (the quadmask outlined), `truth.jpg`, `result.jpg`, `error.jpg` (mean absolute
difference of the colours; black agrees, white is `WORST` of white or more). Knows no numbers.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.judged import Judged
from openvoid.show.panels import Panel, outlined
from openvoid.show.picture import write_picture

FRAMES = 5
WIDTH_PX = 200  # of one frame
GAP_PX = 2
WORST = 0.4  # error of white shown as white
QUALITY = 82


def save_strips(judged: Judged, folder: Path) -> None:
    """Write the four strips."""
    times = chosen(judged.truth.length)
    truths = [picked(judged.truth, time) for time in times]
    results = [picked(judged.result, time) for time in times]
    sources = [
        outlined(small(picked(judged.source, time)), judged.quadmask[time]) for time in times
    ]
    errors = [heat(one, other) for one, other in zip(results, truths, strict=True)]
    write_strip(folder / "source.jpg", sources)
    write_strip(folder / "truth.jpg", [small(each) for each in truths])
    write_strip(folder / "result.jpg", [small(each) for each in results])
    write_strip(folder / "error.jpg", [small(each) for each in errors])


def chosen(length: int) -> list[int]:
    """Which frames are shown: spread evenly, the last included."""
    count = min(FRAMES, length)
    return sorted({round((index + 1) * length / count) - 1 for index in range(count)})


def picked(clip: Clip, time: int) -> Panel:
    """One frame, 8 bit."""
    (frame,) = clip.frames(time, time + 1)
    light = frame.astype(np.float32) / np.float32(clip.white)
    return np.rint(255 * np.clip(light, 0.0, 1.0)).astype(np.uint8)


def small(frame: Panel) -> Panel:
    """At the size of a strip's frame."""
    height, width = frame.shape[:2]
    size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
    method = cv2.INTER_AREA if width > WIDTH_PX else cv2.INTER_NEAREST
    return cv2.resize(frame, size, interpolation=method).astype(np.uint8)


def heat(result: Panel, truth: Panel) -> Panel:
    """Where two frames differ, as black, purple, orange, white."""
    error = cv2.absdiff(result, truth).astype(np.float32).mean(axis=2) / (255 * WORST)
    level = np.rint(255 * np.minimum(error, 1)).astype(np.uint8)
    colors = cv2.applyColorMap(level, cv2.COLORMAP_INFERNO)
    return np.ascontiguousarray(colors[..., ::-1]).astype(np.uint8)


def write_strip(path: Path, panels: list[Panel]) -> None:
    """Panels of one size beside each other, as JPEG."""
    gap = np.full((panels[0].shape[0], GAP_PX, 3), 255, np.uint8)
    parts = [part for panel in panels for part in (gap, panel)][1:]
    strip = np.concatenate(parts, axis=1)
    write_picture(strip, path, quality=QUALITY)
