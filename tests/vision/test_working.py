"""Working copies: what a stage sees, made in one decode, kept, and made again where damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import Run
from openvoid.core.selection import Point, Selection
from openvoid.marking import mark
from openvoid.media import video
from openvoid.media.open import open_clip
from openvoid.media.reel import reels
from openvoid.removal import remove
from openvoid.vision.working import EXPLAIN, FOLLOW, PLATE, Small, prepare, reduced

SMALLER = (Small(40, "seen", 20), Small(32, "seen"), Small(24, "values"))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many frames each use of the decoder gave; opening a clip looks at its first one."""
    counts: list[int] = []
    decoding = video.decoding

    def counted(*given: Any) -> Iterator[Any]:
        counts.append(0)
        mine = len(counts) - 1
        for frame in decoding(*given):
            counts[mine] += 1
            yield frame

    monkeypatch.setattr(video, "decoding", counted)
    return counts


def whole(passes: list[int]) -> int:
    return sum(count > 1 for count in passes)


def shot(path: Path, frames: int = 12, size: tuple[int, int] = (96, 160)) -> Path:
    """A bright ball that crosses a textured ground."""
    rng = np.random.default_rng(3)
    ground = cv2.GaussianBlur(rng.uniform(0, 200, (*size, 3)).astype(np.float32), (0, 0), 2)
    ground = cv2.normalize(ground, None, 20, 120, cv2.NORM_MINMAX).astype(np.uint8)  # type: ignore[call-overload]
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=Fraction(24), options={"crf": "10"})
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        for index in range(frames):
            picture = ground.copy()
            cv2.circle(picture, (30 + 8 * index, 50), 14, (240, 60, 40), -1)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_a_copy_is_the_frames_reduced(tmp_path: Path, kind: type) -> None:
    rng = np.random.default_rng(0)
    clip = clip_of([(rng.random((60, 90, 3)) * 200).astype(kind) for _ in range(4)])
    for small in (*SMALLER, Small(1000, "values")):
        with prepare(clip, small, Run(tmp_path)) as working:
            assert len(working) == 4
            assert max(working.size) == min(90, small.side_px)
            for index, frame in enumerate(clip.frames()):
                wanted = reduced(frame, clip, working.size, small.look)
                assert np.array_equal(working[index], wanted)
                assert np.array_equal(working.mapped()[index], wanted)
    assert not reels().exists() or not list(reels().glob("*memory*"))


def test_eight_bits_look_the_same_in_every_way() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    clip = clip_of([frame])
    looks = [reduced(frame, clip, (25, 35), look) for look in ("seen", "values")]
    assert np.array_equal(looks[0], cv2.resize(frame, (35, 25), interpolation=cv2.INTER_AREA))
    assert all(np.array_equal(looks[0], look) for look in looks)


def test_deep_values_reach_the_stages_within_bounds() -> None:
    frame = np.array([[[np.nan, np.inf, -np.inf], [0.18, 1.0, 30.0]]], np.float32)
    clip = clip_of([frame])
    values = reduced(frame, clip, (1, 2), "values")
    assert values.dtype == np.float16
    assert np.isnan(values[0, 0]).all()  # nobody saw it
    assert np.isfinite(values[0, 1]).all()
    shown = reduced(frame, clip, (1, 2), "seen")
    assert shown.dtype == np.uint8
    assert shown[0, 0, 0] == 0
    assert shown[0, 1, 0] < shown[0, 1, 1] <= shown[0, 1, 2]


def test_one_look_makes_the_copies_of_the_stages_after_it(
    cache: Path, make_video: Callable[..., Path], passes: list[int], tmp_path: Path
) -> None:
    clip = open_clip(make_video("clip.mp4", frames=8, size=(800, 1000)))
    del passes[:]
    first = prepare(clip, FOLLOW, Run(tmp_path))
    assert passes == [8]
    later = [prepare(open_clip(clip.path), small, Run(tmp_path)) for small in (EXPLAIN, PLATE)]
    assert whole(passes) == 1
    assert [max(copy.size) for copy in (first, *later)] == [720, 480, 640]
    odd = prepare(clip, replace(FOLLOW, side_px=100), Run(tmp_path))
    assert whole(passes) == 2
    assert odd.size == (80, 100)


def test_a_part_of_the_clip_is_read_from_the_copy_of_the_whole(
    cache: Path, make_video: Callable[..., Path], passes: list[int], tmp_path: Path
) -> None:
    clip = open_clip(make_video("clip.mp4", frames=8))
    entire = prepare(clip, PLATE, Run(tmp_path))
    part = prepare(clip.trimmed(3, 6), PLATE, Run(tmp_path))
    assert whole(passes) == 1
    assert len(part) == 3
    assert np.array_equal(part[0], entire[3])
    assert np.array_equal(part.mapped()[2], entire[5])


@pytest.mark.parametrize("damage", ["cut", "touched", "emptied"])
def test_a_damaged_copy_is_made_again(
    cache: Path, make_video: Callable[..., Path], passes: list[int], tmp_path: Path, damage: str
) -> None:
    clip = open_clip(make_video("clip.mp4", frames=8))
    was = prepare(clip, PLATE, Run(tmp_path)).mapped().copy()
    (path,) = reels().iterdir()
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(bytes(data) if damage == "touched" else data[: 900 if damage == "cut" else 0])
    assert np.array_equal(prepare(clip, PLATE, Run(tmp_path)).mapped(), was)
    assert whole(passes) == 2
    assert np.array_equal(prepare(clip, PLATE, Run(tmp_path)).mapped(), was)
    assert whole(passes) == 2


def test_another_clip_under_the_same_name_is_looked_at_anew(
    cache: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    first = prepare(open_clip(make_video("clip.mp4")), PLATE, Run(tmp_path))
    other = prepare(open_clip(make_video("clip.mp4", seed=7)), PLATE, Run(tmp_path))
    assert not np.array_equal(first.mapped(), other.mapped())


def test_a_cache_that_cannot_be_written_is_told(
    cache: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    (cache / "frames").write_text("in the way")
    with pytest.raises(OpenVoidError, match=r"scratch data.*OPENVOID_CACHE"):
        prepare(open_clip(make_video("clip.mp4")), PLATE, Run(tmp_path))


def test_a_removal_by_a_click_decodes_the_clip_twice(
    cache: Path, passes: list[int], tmp_path: Path
) -> None:
    path = shot(tmp_path / "shot.mp4")
    length = open_clip(path).length
    del passes[:]
    run_all(open_clip(path), tmp_path / "one")
    assert [count for count in passes if count > 1] == [length, length], "to look, to deliver"
    del passes[:]
    run_all(open_clip(path), tmp_path / "two")
    assert [count for count in passes if count > 1] == [length], "to deliver"
    assert (tmp_path / "one.mkv").read_bytes() == (tmp_path / "two.mkv").read_bytes()


def run_all(clip: Clip, out: Path) -> None:
    """What `openvoid remove CLIP --point` does."""
    found = mark(clip, Selection(points=(Point(0, 30, 50),)), out.with_suffix(".marks"))
    remove(clip, found.quadmask, out.with_suffix(".mkv"), effects=found.effects)
