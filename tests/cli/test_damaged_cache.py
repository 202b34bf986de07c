"""What is kept for resuming is not trusted: whatever a disk did to it, the bytes are the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import openvoid
from openvoid import OpenVoidError, Quadmask, Selection, open_clip
from tests.conftest import write_video

DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "zeroed": lambda data: bytes(len(data)),
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "five flipped": lambda data: bytes(
        each ^ 255 if at in {len(data) * part // 6 for part in range(1, 6)} else each
        for at, each in enumerate(data)
    ),
}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mp4", frames=8, size=(64, 96))


def quadmask() -> Quadmask:
    removed = np.zeros((8, 64, 96), bool)
    for index in range(8):
        removed[index, 20:36, 10 + 6 * index : 26 + 6 * index] = True
    return Quadmask.from_removed(removed, removed & False)


def stopped(clip: Path, out: Path) -> None:
    """A removal with everything on the disk, that was stopped after three frames."""

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "rebuild" and done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        openvoid.remove(clip, quadmask(), out, progress=stop)


def files(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("how", DAMAGE)
def test_any_damaged_file_of_a_stopped_removal_counts_as_absent(
    clip: Path, tmp_path: Path, cache: Path, how: str
) -> None:
    out, before = tmp_path / "out.mkv", tmp_path / "before"
    openvoid.remove(clip, quadmask(), tmp_path / "whole.mkv")
    shutil.rmtree(cache)
    stopped(clip, out)
    shutil.copytree(cache, before)
    names = files(before)
    assert {"fills", "harvest.bin", "holes.bin", "camera.json"} <= {name.name for name in names}
    for name in names:
        shutil.rmtree(cache)
        shutil.copytree(before, cache)
        (cache / name).write_bytes(DAMAGE[how]((cache / name).read_bytes()))
        openvoid.remove(clip, quadmask(), out, overwrite=True)
        assert out.read_bytes() == (tmp_path / "whole.mkv").read_bytes(), name


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_folder_of_marks_is_made_again_or_refused_never_mixed(
    clip: Path, tmp_path: Path, how: str
) -> None:
    from openvoid.core.selection import BoxMark
    from openvoid.marking import mark
    from openvoid.workspace.fingerprint import mask_hash

    marks, before = tmp_path / "marks", tmp_path / "before"
    box = Selection(boxes=(BoxMark(0, 16, 20, 32, 36),))
    whole = mark(open_clip(clip), box, marks)
    shutil.copytree(marks, before)
    for name in ("track.mkv", "track.json", "quadmask.mkv", "selection.json", "made_by.json"):
        shutil.rmtree(marks)
        shutil.copytree(before, marks)
        (marks / name).write_bytes(DAMAGE[how]((marks / name).read_bytes()))
        if name in ("track.mkv", "quadmask.mkv", "selection.json"):  # perhaps a person's
            with pytest.raises(OpenVoidError, match="would be replaced"):
                mark(open_clip(clip), box, marks)
            continue
        found = mark(open_clip(clip), box, marks)
        assert found.track == whole.track, name
        assert mask_hash(found.quadmask) == mask_hash(whole.quadmask), name
