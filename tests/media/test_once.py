"""A clip that is decoded once is the same clip, picture for picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.media import once, video
from openvoid.media.once import decoded_once, picture_bytes
from openvoid.media.open import open_clip
from openvoid.media.reel import reels


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with every frame that the decoder gives."""
    count: list[int] = []
    decoding = video.decoding

    def counted(*given: Any) -> Iterator[Any]:
        for frame in decoding(*given):
            count.append(len(count))
            yield frame

    monkeypatch.setattr(video, "decoding", counted)
    return count


def same(one: Clip, other: Clip, start: int = 0, stop: int | None = None) -> bool:
    pairs = zip(one.pictures(start, stop), other.pictures(start, stop), strict=True)
    for left, right in pairs:
        assert (left.index, left.layout) == (right.index, right.layout)
        for was, now in zip(left.planes, right.planes, strict=True):
            assert was.dtype == now.dtype
            assert np.array_equal(was, now)
    frames = zip(one.frames(start, stop), other.frames(start, stop), strict=True)
    return all(np.array_equal(left, right) for left, right in frames)


@pytest.mark.parametrize(
    ("codec", "pixels"), [("libx264", "yuv420p"), ("libx264", "yuv422p10le"), ("ffv1", "gray")]
)
def test_the_same_pictures(
    cache: Path,
    make_video: Callable[..., Path],
    decoded: list[int],
    monkeypatch: pytest.MonkeyPatch,
    codec: str,
    pixels: str,
) -> None:
    monkeypatch.setattr(once, "WORTH", 0)
    clip = open_clip(make_video("clip.mkv", frames=9, size=(50, 66), codec=codec, pixels=pixels))
    seen = decoded_once(clip)
    assert seen is not clip
    list(seen.frames())
    assert same(clip, seen)
    assert same(clip, seen, 3, 7)
    del decoded[:]
    list(seen.pictures())
    list(decoded_once(open_clip(clip.path)).frames(2, 4))
    assert decoded == [0], "the first frame, on opening"


def test_only_a_whole_look_is_kept(
    cache: Path, make_video: Callable[..., Path], decoded: list[int]
) -> None:
    seen = decoded_once(open_clip(make_video("clip.mp4", frames=9)))
    list(seen.frames(0, 4))
    next(seen.frames())
    assert not list(reels().glob("*"))
    list(seen.frames())
    assert len(list(reels().iterdir())) == 1
    assert picture_bytes(seen) == 48 * 64 * 3 // 2


def test_a_part_is_read_from_the_whole(
    cache: Path, make_video: Callable[..., Path], decoded: list[int]
) -> None:
    clip = open_clip(make_video("clip.mp4", frames=9))
    list(decoded_once(clip).frames())
    del decoded[:]
    part = decoded_once(clip.trimmed(2, 7))
    assert len(list(part.frames())) == 5
    assert decoded == []
    assert same(clip.trimmed(2, 7), part)


def test_a_damaged_frame_is_decoded_again(cache: Path, make_video: Callable[..., Path]) -> None:
    clip = open_clip(make_video("clip.mp4", frames=9))
    seen = decoded_once(clip)
    list(seen.frames())
    (path,) = reels().iterdir()
    data = bytearray(path.read_bytes())
    data[4 * picture_bytes(clip) + 7] ^= 1
    path.write_bytes(bytes(data))
    assert [picture.index for picture in seen.pictures()] == list(range(9))
    assert not path.exists(), "it is made again"
    assert same(clip, seen)
    path.write_bytes(b"")
    assert same(clip, seen)


def test_clips_that_it_would_not_pay_for_stay_as_they_are(
    cache: Path, make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = clip_of(np.zeros((3, 8, 8, 3), np.uint8))
    assert decoded_once(memory) is memory
    raw = open_clip(make_video("raw.mkv", codec="rawvideo"))
    assert decoded_once(raw) is raw, "as large in its own file"
    clip = open_clip(make_video("clip.mp4"))
    assert decoded_once(clip) is not clip
    monkeypatch.setattr(once, "MOST_BYTES", clip.length * picture_bytes(clip) - 1)
    assert decoded_once(clip) is clip, "too large"
    monkeypatch.undo()


def test_a_disk_that_is_full_is_no_reason_to_stop(
    cache: Path, make_video: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = open_clip(make_video("clip.mp4", frames=9))
    monkeypatch.setattr(once, "FREE", 10**12)
    assert decoded_once(clip) is clip
    monkeypatch.setattr(once, "FREE", 2)
    cache.joinpath("frames").write_text("in the way")
    seen = decoded_once(clip)
    assert same(clip, seen)
