"""A shot's folder: clip, quadmask and prompt together, as the published tools lay them out.

Enters: a folder with `input_video.mp4`, `quadmask_0.mp4` and `prompt.json` ({"bg": "the scene
after the removal"}). Leaves: their paths and the prompt. Other extensions of the clip and the mask
are read too, so that footage need not be converted first. Opens no video.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError

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


def _found(folder: Path, stem: str) -> Path | None:
    paths = (folder / (stem + suffix) for suffix in _SUFFIXES)
    return next((path for path in paths if path.exists()), None)


def _read_prompt(path: Path) -> str:
    if not path.exists():
        return ""
    return facts.read(path).at("bg", "").text()
