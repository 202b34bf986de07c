"""Writing: what goes in comes out, with all that belongs to the clip, whole or not at all."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from openvoid.core.clip import Clip, ColorTags, Picture, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.media import atomic
from openvoid.media.avframe import plane_sizes
from openvoid.media.codecs import CODECS, default_codec
from openvoid.media.encode import VideoWriter, open_writer, stored_as
from openvoid.media.open import open_clip
from openvoid.media.pixels import layout_named
from tests.media.read_back import packets

Make = Callable[..., Path]


def save(clip: Clip, out: Path, codec: str | None = None) -> Clip:
    with open_writer(out, clip, codec or default_codec(out)) as writer:
        for picture in clip.pictures():
            writer.write(picture)
    return open_clip(out)


def same(one: Clip, two: Clip) -> bool:
    pairs = zip(one.pictures(), two.pictures(), strict=True)
    return all(
        np.array_equal(a, b)
        for mine, theirs in pairs
        for a, b in zip(mine.planes, theirs.planes, strict=True)
    )


class Noise:
    """A `PictureSource` of noise in any layout."""

    def __init__(self, name: str, height: int, width: int) -> None:
        layout = layout_named(name)
        assert layout is not None
        self.layout, self.size = layout, (height, width)

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        for index in range(start, stop):
            rng = np.random.default_rng(index)
            kind = np.uint8 if self.layout.bits <= 8 else np.uint16
            sizes = plane_sizes(self.layout, *self.size)
            planes = [rng.integers(0, 1 << self.layout.bits, size).astype(kind) for size in sizes]
            yield Picture(index, tuple(planes), self.layout)


def noise(name: str, height: int = 48, width: int = 64, length: int = 4) -> Clip:
    source = Noise(name, height, width)
    return Clip(Path("<noise>"), width, height, length, Fraction(25), source.layout, source)


@pytest.mark.parametrize("size", [(48, 64), (47, 63)])
@pytest.mark.parametrize(
    "name",
    [
        *("yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p12le"),
        *("yuv420p16le", "yuva420p", "yuva444p10le", "gray", "gray10le", "gray16le"),
        *("gbrp", "gbrap", "gbrp10le", "gbrp12le", "gbrp16le", "gbrap16le"),
    ],
)
def test_ffv1_is_bit_exact(tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    clip = noise(name, *size)
    read = save(clip, tmp_path / "a.mkv")
    assert read.layout.name == name
    assert same(clip, read)


class _Held:
    def __init__(self, pictures: list[Picture]) -> None:
        self.held = pictures

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        return iter(self.held[start:stop])


def _smooth(picture: Picture) -> Picture:
    """A gentle slope in every plane, legal in limited range."""
    top = 1 << picture.layout.bits
    planes = []
    for plane in picture.planes:
        y, x = np.mgrid[: plane.shape[0], : plane.shape[1]] / max(plane.shape)
        planes.append((top * (0.4 + 0.1 * x + 0.1 * y)).astype(plane.dtype))
    return Picture(picture.index, tuple(planes), picture.layout)


def _rgb(picture: Picture, clip: Clip) -> np.ndarray:
    from openvoid.media.pixels import to_rgb

    return to_rgb(picture, clip.color).astype(float)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(25), Fraction(60000, 1001)])
def test_rate_timecode_and_colour_survive(
    make_video: Make, tmp_path: Path, name: str, rate: Fraction
) -> None:
    tags = {"color_primaries": 9, "color_trc": 16, "colorspace": 9, "color_range": 1}
    path = make_video(
        "source.mov", codec="prores_ks", pixels="yuv422p10le", rate=rate, stream=tags,
        timecode="01:02:03:04", frames=30,
    )  # fmt: skip
    clip = open_clip(path)
    read = save(clip, tmp_path / name)
    assert (read.rate, read.length, read.timecode) == (rate, 30, "01:02:03:04")
    assert read.color == clip.color == ColorTags(9, 16, 9, False)
    part = save(clip.trimmed(10, 20), tmp_path / f"part-{name}")
    assert (part.length, part.timecode) == (10, "01:02:03:14")


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_full_range_and_pixel_shape_survive(make_video: Make, tmp_path: Path, name: str) -> None:
    stream = {"color_range": 2, "sample_aspect_ratio": Fraction(4, 3)}
    clip = open_clip(make_video("source.mp4", pixels="yuvj420p", stream=stream))
    read = save(clip, tmp_path / name, "h264")
    assert clip.color.full_range
    assert read.color.full_range
    assert read.source.sample_aspect == Fraction(4, 3)


def test_untagged_sd_keeps_its_colours_in_prores(make_video: Make, tmp_path: Path) -> None:
    clip = open_clip(make_video("a.mkv", codec="ffv1", pixels="yuv422p", options={"crf": "4"}))
    flat = [_smooth(picture) for picture in clip.pictures()]
    clip = replace(clip, source=_Held(flat))
    read = save(clip, tmp_path / "b.mov")
    true, seen = _rgb(flat[0], clip) / 255, next(read.frames()) / 65535
    assert np.abs(true - seen).max() < 0.02


@pytest.mark.parametrize("sound", ["aac", "pcm_s16le", "flac"])
@pytest.mark.parametrize("name", ["a.mov", "a.mkv", "a.mp4"])
def test_sound_is_copied_untouched(make_video: Make, tmp_path: Path, sound: str, name: str) -> None:
    source = make_video("source.mkv", frames=48, sound_s=2.2, sound=sound)
    clip = open_clip(source)
    if (sound, name) == ("flac", "a.mov"):
        with pytest.raises(OpenVoidError, match=r"sound does not go into \.mov"):
            save(clip, tmp_path / name, "h264")
        return
    assert save(clip, tmp_path / name, "h264").audio is not None
    before, after = packets(source), packets(tmp_path / name)
    assert [data for _, data in after] == [data for _, data in before]
    start = clip.audio_start_s - open_clip(tmp_path / name).audio_start_s
    times = [abs(one - two - start) for (one, _), (two, _) in zip(before, after, strict=True)]
    assert max(times) < Fraction(2, 1000)


@pytest.mark.parametrize("name", ["a.mov", "a.mkv", "a.mp4"])
def test_a_part_takes_its_own_sound(make_video: Make, tmp_path: Path, name: str) -> None:
    source = make_video("source.mov", frames=96, sound_s=4.0, sound="pcm_s16le")
    clip = open_clip(source)
    save(clip.trimmed(36, 60), tmp_path / name, "h264")
    whole = b"".join(data for _, data in packets(source))
    kept = packets(tmp_path / name)
    part = b"".join(data for _, data in kept)
    at = whole.index(part) / 2 / 48000
    first = float(kept[0][0] - open_clip(tmp_path / name).audio_start_s)
    assert at - first == pytest.approx(1.5, abs=0.002), "sound and picture moved apart"
    assert len(part) / 2 / 48000 == pytest.approx(1.0, abs=0.05)
    assert 0 <= first < 0.03


def test_sound_that_a_container_cannot_hold_is_refused(make_video: Make, tmp_path: Path) -> None:
    clip = open_clip(make_video("source.mov", frames=24, sound_s=1.0, sound="pcm_mulaw"))
    with pytest.raises(OpenVoidError, match=r"pcm_mulaw.*\.mkv"):
        save(clip, tmp_path / "a.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.mov"]


def test_the_same_input_gives_the_same_bytes(make_video: Make, tmp_path: Path) -> None:
    clip = open_clip(make_video("source.mp4", sound_s=0.5))
    for name in ("a.mkv", "b.mkv", "a.mp4", "b.mp4", "a.mov", "b.mov"):
        save(clip, tmp_path / name)
    for suffix in ("mkv", "mp4", "mov"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("name", "codec", "layout", "reason"),
    [
        ("a.mkv", "vhs", "yuv420p", "unknown codec 'vhs'"),
        ("a.mp4", "ffv1", "yuv420p", "does not go there"),
        ("a.mp4", "prores-hq", "yuv420p", "does not go there"),
        ("a.mp4", "h264", "gbrpf32le", "floating point"),
        ("a.mkv", "ffv1", "gbrpf16le", "floating point"),
        ("folder", "png", "gbrpf32le", "floating point"),
        ("a.mp4", "h264", "yuva420p", "alpha"),
        ("a.mov", "prores-hq", "gbrap", "alpha"),
        ("a.exr", "exr", "gbrp", "names one image"),
        ("a.png", "png", "gbrp", "names one image"),
        ("a.%04d.png", "exr", "gbrp", "does not end in .exr"),
        ("a.%04d.%04d.png", "png", "gbrp", "one place for the frame number"),
        ("no/such/folder/a.mkv", "ffv1", "gbrp", "no folder"),
        ("no/such/folder/images", "png", "gbrp", "no folder"),
    ],
)
def test_what_a_codec_cannot_do_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, codec: str, layout: str, reason: str
) -> None:
    form = layout_named(layout)
    assert form is not None
    clip = replace(noise("gbrp"), layout=form)
    with pytest.raises(OpenVoidError, match=reason), open_writer(tmp_path / name, clip, codec):
        pass
    assert list(tmp_path.iterdir()) == []


OUTS = ["a.mkv", "a.mp4", "a.mov", "images", "a.%04d.png", "a.%04d.exr"]


@pytest.mark.parametrize("out", OUTS)
@pytest.mark.parametrize("fault", [KeyboardInterrupt, ValueError])
def test_nothing_is_left_when_the_work_stops(
    tmp_path: Path, out: str, fault: type[BaseException]
) -> None:
    clip = noise("gbrp")

    def stopped() -> None:
        with open_writer(tmp_path / out, clip, default_codec(Path(out))) as writer:
            writer.write(next(clip.pictures()))
            assert not (tmp_path / out).exists()
            raise fault

    with pytest.raises(fault):
        stopped()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", OUTS)
def test_nothing_is_left_when_nothing_was_written(tmp_path: Path, out: str) -> None:
    with (
        pytest.raises(OpenVoidError, match="no frame"),
        open_writer(tmp_path / out, noise("gbrp"), default_codec(Path(out))),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", OUTS[:4])
def test_an_earlier_result_stays_until_the_new_one_is_whole(tmp_path: Path, out: str) -> None:
    clip = noise("gbrp")
    save(clip, tmp_path / out)
    begun = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError), open_writer(tmp_path / out, clip, default_codec(Path(out))):  # noqa: PT011
        raise ValueError
    assert sorted(tmp_path.rglob("*")) == begun
    assert save(clip.trimmed(0, 2), tmp_path / out).length == 2


@contextmanager
def small_files(size: int) -> Iterator[None]:
    """Within, no file of this process may grow beyond `size`: as near to a full disk as can be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("out", OUTS)
@pytest.mark.parametrize("size", [0, 2000])
def test_a_disk_that_takes_no_more_is_one_clear_line(tmp_path: Path, out: str, size: int) -> None:
    clip = noise("gbrp", 120, 160, 6)
    with pytest.raises(OpenVoidError) as caught, small_files(size):
        save(clip, tmp_path / out)
    assert out in caught.value.line()
    assert "\n" not in caught.value.line()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EACCES, "denied")],
)
def test_faults_of_the_disk_are_told_in_words(code: int, words: str) -> None:
    with pytest.raises(OpenVoidError, match=words), atomic.explained(Path("a.mkv")):
        raise OSError(code, os.strerror(code))
    with pytest.raises(OpenVoidError, match=words), atomic.explained(Path("a.mkv")):
        raise av.error.FFmpegError(code, os.strerror(code))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("out", OUTS)
def test_a_read_only_folder_is_refused(tmp_path: Path, out: str) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    with pytest.raises(OpenVoidError, match="denied"):
        save(noise("gbrp"), folder / out)


def test_a_folder_is_not_written_over_by_a_video(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").mkdir()
    with pytest.raises(OpenVoidError, match="is a folder"):
        save(noise("gbrp"), tmp_path / "a.mkv")


def test_clips_in_memory_can_be_written(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (3, 32, 48, 3)).astype(np.uint8)
    read = save(clip_of(frames, Fraction(12)), tmp_path / "a.mkv")
    assert np.array_equal(read.window(0, 3), frames)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
def test_an_encoder_on_a_full_disk_says_nothing_of_its_own(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = noise("yuv420p", 64, 64, 40)
    codec = CODECS[default_codec(Path(name))]
    layout, color = stored_as(codec, clip)
    writer = VideoWriter(Path("/dev/full"), tmp_path / name, clip, codec, layout, color)

    def write_all() -> None:
        for picture in clip.pictures():
            writer.write(picture)
        writer.finish()

    with pytest.raises(OpenVoidError, match="the disk is full"):
        write_all()
    writer.abandon()
    assert capfd.readouterr() == ("", "")


def test_a_size_that_a_codec_does_not_take_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    with (
        pytest.raises(OpenVoidError, match="FFV1 does not take pictures of 16000x6000"),
        open_writer(out, noise("gbrp", 6000, 16000), "ffv1"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
