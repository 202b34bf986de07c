"""Shot folders, made for tests as the published tools lay them out."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

from openvoid.core.quadmask import Quadmask
from openvoid.media.masks import write_quadmask
from openvoid.media.shotdir import CLIP, PROMPT, QUADMASK


def write_shot(
    folder: Path, clip: Path, quadmask: Quadmask | Path, prompt: str, rate: Fraction = Fraction(24)
) -> None:
    """The clip copied, unless it lies there, the quadmask copied or written without loss."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (CLIP + clip.suffix)
    if clip != target:
        shutil.copyfile(clip, target)
    if isinstance(quadmask, Path):
        shutil.copyfile(quadmask, folder / (QUADMASK + quadmask.suffix))
    else:
        write_quadmask(quadmask, folder / f"{QUADMASK}.mp4", rate)
    text = json.dumps({"bg": prompt}, ensure_ascii=False)
    (folder / PROMPT).write_text(text, encoding="utf-8")
