"""What is in a clip: the content of its files counts; their names, places and times do not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.clip import clip_of
from openvoid.media import content
from openvoid.media.content import clip_hash, frames_name, spread
from openvoid.media.open import open_clip


def test_a_copy_has_the_same_fingerprint_and_a_touched_byte_another(
    make_video: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_video("clip.mkv")
    copy = shutil.copy(path, tmp_path / "elsewhere.mkv")
    os.utime(copy, (1, 1))
    first = clip_hash(open_clip(path))
    assert clip_hash(open_clip(copy)) == first
    assert clip_hash(open_clip(path).trimmed(2, 5)) == first, "the files are the same"
    clip = open_clip(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert clip_hash(clip) != first


def test_a_clip_is_read_once_until_its_file_is_another(
    make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = make_video("clip.mkv"), []
    whole = content.spread

    def heard(size: int, budget: int) -> Iterable[tuple[int, int]]:
        asked.append(size)
        return whole(size, budget)

    monkeypatch.setattr(content, "spread", heard)
    first = clip_hash(open_clip(path))
    assert clip_hash(open_clip(path).trimmed(1, 4)) == first
    assert len(asked) == 1
    os.utime(path, (1, 1))
    assert clip_hash(open_clip(path)) == first
    assert len(asked) == 2, "it might have been another"


def test_every_file_of_a_sequence_counts(tmp_path: Path) -> None:
    import cv2

    for index in range(4):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((8, 8, 3), index, np.uint8))
    first = clip_hash(open_clip(tmp_path))
    cv2.imwrite(str(tmp_path / "2.png"), np.full((8, 8, 3), 99, np.uint8))
    assert clip_hash(open_clip(tmp_path)) != first


def test_a_large_file_is_sampled_all_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "WHOLE_BYTES", 1 << 16)
    path = tmp_path / "large"
    clip = replace(clip_of([np.zeros((2, 2, 3), np.uint8)]), path=path)
    path.write_bytes(bytes(1 << 20))
    first = clip_hash(clip)
    path.write_bytes(bytes((1 << 20) + 1))
    assert clip_hash(clip) != first, "another size"
    for at in (0, (1 << 20) - 1):  # beginning and end are always read
        data = bytearray(1 << 20)
        data[at] = 1
        path.write_bytes(bytes(data))
        assert clip_hash(clip) != first


@given(st.integers(1, 10_000_000), st.integers(8192, 1_000_000))
def test_a_sample_stays_in_the_file_and_the_budget(size: int, budget: int) -> None:
    blocks = list(spread(size, budget))
    assert blocks[0][0] == 0
    if size <= budget:
        assert blocks[-1][0] < size <= sum(length for _, length in blocks)
    else:
        assert sum(length for _, length in blocks) <= budget
        assert blocks[-1][0] + blocks[-1][1] == size
        assert [start for start, _ in blocks] == sorted({start for start, _ in blocks})


def test_clips_in_memory_differ_by_their_frames() -> None:
    frames = np.zeros((40, 4, 4, 3), np.uint8)
    first = clip_hash(clip_of(frames))
    assert clip_hash(clip_of(frames.copy())) == first
    frames[0, 0, 0, 0] = 1
    assert clip_hash(clip_of(frames)) != first


def test_decoded_frames_are_known_by_content_and_time(
    make_video: Callable[..., Path], tmp_path: Path
) -> None:
    path = make_video("clip.mkv")
    name = frames_name(open_clip(path))
    assert name is not None
    assert frames_name(open_clip(path).trimmed(2, 5)) == name, "the files are the same"
    moved = Path(shutil.copy2(path, tmp_path / "elsewhere.mkv"))
    assert frames_name(open_clip(moved)) == name
    os.utime(moved, ns=(1, 1))
    assert frames_name(open_clip(moved)) != name, "of large files only a sample is read"
    assert frames_name(clip_of(np.zeros((2, 8, 8, 3), np.uint8))) is None
