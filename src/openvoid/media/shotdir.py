"""A shot's folder: clip, quadmask and prompt together, as the published tools lay them out.

Enters: a folder with `input_video.mp4`, `quadmask_0.mp4` and `prompt.json` ({"bg": "the scene
after the removal"}). Leaves: their paths and the prompt. Other extensions of the clip and the mask
are read too, so that footage need not be converted first. Opens no video.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask
from openvoid.media.atomic import explained, partial_file
from openvoid.media.masks import write_quadmask

CLIP, QUADMASK, PROMPT = "input_video", "quadmask_0", "prompt.json"
_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".mxf", "")  # "": a folder of images


@dataclass(frozen=True)
class Shot:
    """What a shot folder holds."""

    clip: Path
    quadmask: Path
    prompt: str = ""


def is_shot(folder: Path) -> bool:
    """Whether a path is a folder with a clip named as in a shot folder."""
    return folder.is_dir() and _found(folder, CLIP) is not None


def clip_in(path: Path) -> Path:
    """The clip of a shot folder; any other path is a clip itself."""
    found = _found(path, CLIP) if path.is_dir() else None
    return found or path


def read_shot(folder: Path) -> Shot:
    """The parts of a shot folder. A missing prompt is an empty one.

    Raises:
        OpenVoidError: no clip or no quadmask in it, or a prompt that cannot be read.
    """
    if not folder.is_dir():
        raise OpenVoidError("no such folder", where=str(folder))
    clip, quadmask = _found(folder, CLIP), _found(folder, QUADMASK)
    if clip is None:
        raise OpenVoidError(f"holds no {CLIP}.mp4", where=str(folder))
    if quadmask is None:
        raise OpenVoidError(
            f"holds no {QUADMASK}.mp4", where=str(folder), mend="give a mask with --mask"
        )
    return Shot(clip, quadmask, _read_prompt(folder / PROMPT))


def write_shot(
    folder: Path, clip: Path, quadmask: Quadmask | Path, prompt: str, rate: Fraction = Fraction(24)
) -> Shot:
    """Make a shot folder: the clip is copied, the quadmask written losslessly.

    Args:
        clip: a video file. Only .mp4 is named as the published tools expect; others keep theirs.
        quadmask: labels, or a file that holds them and is copied.
        rate: of the quadmask's video, where it is written here.

    Raises:
        OpenVoidError: something cannot be read or written.
    """
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    target = folder / (CLIP + clip.suffix)
    _copied(clip, target)
    if isinstance(quadmask, Path):
        mask_target = folder / (QUADMASK + quadmask.suffix)
        _copied(quadmask, mask_target)
    else:
        mask_target = folder / (QUADMASK + ".mp4")
        write_quadmask(quadmask, mask_target, rate)
    with partial_file(folder / PROMPT) as partial, explained(folder / PROMPT):
        partial.write_text(json.dumps({"bg": prompt}, ensure_ascii=False) + "\n", encoding="utf-8")
    return Shot(target, mask_target, prompt)


def _found(folder: Path, stem: str) -> Path | None:
    paths = (folder / (stem + suffix) for suffix in _SUFFIXES)
    return next((path for path in paths if path.exists()), None)


def _copied(source: Path, target: Path) -> None:
    if not source.is_file():
        raise OpenVoidError("no such file", where=str(source))
    if target.exists() and source.samefile(target):
        return
    with partial_file(target) as partial, explained(target):
        shutil.copyfile(source, partial)


def _read_prompt(path: Path) -> str:
    if not path.exists():
        return ""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OpenVoidError("cannot be read as JSON", where=str(path)) from error
    prompt = data.get("bg", "") if isinstance(data, dict) else None
    if not isinstance(prompt, str):
        raise OpenVoidError('holds no text named "bg"', where=str(path))
    return prompt
