"""Shot folders, as the published tools lay them out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.shotdir import is_shot, read_shot
from tests.shot_folders import write_shot


def disc() -> Quadmask:
    y, x = np.mgrid[:48, :64]
    return Quadmask.from_removed(
        [(y - 24) ** 2 + (x - 20 - index) ** 2 < 81 for index in range(12)]
    )


def test_a_shot_is_read(make_video: Callable[..., Path], tmp_path: Path) -> None:
    clip, folder = make_video("clip.mp4"), tmp_path / "shots" / "one"
    write_shot(folder, clip, disc(), "A bare table, nothing on it — naïve.")
    assert is_shot(folder)
    read = read_shot(folder)
    assert read.prompt == "A bare table, nothing on it — naïve."
    assert read.clip.read_bytes() == clip.read_bytes()
    assert open_quadmask(read.quadmask) == disc()
    assert open_clip(read.quadmask).rate == 24


def test_other_kinds_of_files_are_found(make_video: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "shot"
    folder.mkdir()
    make_video("shot/input_video.mov")
    make_video("shot/quadmask_0.mkv")
    shot = read_shot(folder)
    assert (shot.clip.suffix, shot.quadmask.suffix, shot.prompt) == (".mov", ".mkv", "")


def test_what_is_missing_is_told(make_video: Callable[..., Path], tmp_path: Path) -> None:
    folder = tmp_path / "shot"
    assert not is_shot(folder)
    with pytest.raises(OpenVoidError, match="no such folder"):
        read_shot(folder)
    folder.mkdir()
    assert not is_shot(folder)
    with pytest.raises(OpenVoidError, match="input_video"):
        read_shot(folder)
    make_video("shot/input_video.mp4")
    with pytest.raises(OpenVoidError, match="quadmask_0"):
        read_shot(folder)
    make_video("shot/quadmask_0.mp4")
    assert read_shot(folder).prompt == ""


@pytest.mark.parametrize("text", ["{", "[]", '{"bg": 3}', '"words"', "\udcff"])
def test_a_broken_prompt_is_refused(
    make_video: Callable[..., Path], tmp_path: Path, text: str
) -> None:
    folder = tmp_path / "shot"
    folder.mkdir()
    make_video("shot/input_video.mp4")
    make_video("shot/quadmask_0.mp4")
    (folder / "prompt.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(OpenVoidError, match=r"prompt\.json"):
        read_shot(folder)


def test_real_shots_are_read(shared: Path) -> None:
    shot = read_shot(shared / "clips" / "lime")
    assert shot.prompt == "A lime falls on the table."
    assert is_shot(shared / "clips" / "BigBen")
