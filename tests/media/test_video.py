"""Reading video: every frame exactly, or a reason."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest

from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.media.open import open_clip
from tests.media.read_back import decoded

Make = Callable[..., Path]
QUIET = {"x265-params": "log-level=none:keyint=8:bframes=3"}
CODECS = [
    ("a.mp4", "yuv420p", {"codec": "libx264", "options": {"bf": "3", "g": "8"}}),
    ("a.mkv", "yuv420p10le", {"codec": "libx264", "pixels": "yuv420p10le"}),
    ("b.mp4", "yuv420p", {"codec": "libx265", "options": QUIET}),
    ("b.mkv", "yuv420p10le", {"codec": "libx265", "pixels": "yuv420p10le", "options": QUIET}),
    ("c.mov", "yuv422p10le", {"codec": "prores_ks", "pixels": "yuv422p10le"}),
    (
        "d.mov",
        "yuv422p",
        {
            "codec": "dnxhd",
            "pixels": "yuv422p",
            "size": (128, 256),
            "options": {"profile": "dnxhr_hq"},
        },
    ),
    (
        "e.mxf",
        "yuv422p10le",
        {
            "codec": "dnxhd",
            "pixels": "yuv422p10le",
            "size": (128, 256),
            "options": {"profile": "dnxhr_hqx"},
        },
    ),
    ("f.mkv", "yuv420p", {"codec": "ffv1"}),
    ("g.mkv", "gbrp16le", {"codec": "ffv1", "pixels": "gbrp16le"}),
    ("h.mp4", "yuv420p", {"codec": "libsvtav1", "size": (64, 64)}),
    ("i.ts", "yuv420p", {"codec": "libx264", "options": {"bf": "2", "g": "6"}}),
    ("j.webm", "yuv420p", {"codec": "libvpx-vp9"}),
    ("k.avi", "yuv420p", {"codec": "libx264", "options": {"bf": "2"}}),
    ("l.h264", "yuv420p", {"codec": "libx264", "options": {"bf": "2"}}),
]


def same(clip: Clip, start: int, stop: int, reference: Any) -> bool:
    pictures = list(clip.pictures(start, stop))
    assert [picture.index for picture in pictures] == list(range(start, stop))
    return all(
        np.array_equal(mine, true)
        for picture in pictures
        for mine, true in zip(picture.planes, reference[picture.index], strict=True)
    )


@pytest.mark.parametrize(("name", "layout", "settings"), CODECS, ids=[row[0] for row in CODECS])
def test_every_codec_reads_exactly_from_any_frame(
    make_video: Make, name: str, layout: str, settings: dict[str, Any]
) -> None:
    path = make_video(name, frames=20, **settings)
    clip, reference = open_clip(path), decoded(path)
    assert (clip.length, clip.layout.name, clip.rate) == (20, layout, 24)
    assert same(clip, 0, 20, reference)
    for start in range(1, 20, 3):
        assert same(clip, start, min(20, start + 2), reference)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25)])
@pytest.mark.parametrize("frames", [3, 30])
def test_the_rate_stays_exact(make_video: Make, name: str, rate: Fraction, frames: int) -> None:
    assert open_clip(make_video(name, rate=rate, frames=frames)).rate == rate


def test_the_rate_can_be_given(make_video: Make) -> None:
    path = make_video("a.mp4", times=[0, 1, 2, 5, 9, 12, 13, 14, 20, 21, 22, 23])
    assert open_clip(path, rate=Fraction(25)).rate == 25


def test_open_gops_and_b_frames_are_sought_exactly(make_video: Make) -> None:
    options = {"bf": "3", "g": "8", "x264-params": "open-gop=1"}
    path = make_video("a.mp4", frames=40, options=options)
    clip, reference = open_clip(path), decoded(path)
    assert all(same(clip, at, at + 1, reference) for at in range(40))


def test_edit_lists_are_obeyed(make_video: Make, tmp_path: Path) -> None:
    whole, cut = make_video("a.mp4", frames=30, options={"bf": "2", "g": "8"}), tmp_path / "b.mp4"
    with av.open(str(whole)) as source, av.open(str(cut), "w") as output:
        stream = source.streams.video[0]
        target = output.add_stream_from_template(stream)
        shift = round(10 / (24 * stream.time_base))
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
                packet.stream = target
                output.mux(packet)
    clip, reference = open_clip(cut), decoded(whole)[10:]
    assert clip.length == 20
    assert all(same(clip, at, at + 1, reference) for at in range(20))


@pytest.mark.parametrize(
    ("turn", "upright"),
    [
        ((-90, False, False), lambda plane: np.rot90(plane, -1)),
        ((90, False, False), lambda plane: np.rot90(plane)),
        ((180, False, False), lambda plane: plane[::-1, ::-1]),
        ((0, True, False), lambda plane: plane[:, ::-1]),
        ((0, False, True), lambda plane: plane[::-1]),
    ],
)
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p"])
def test_turned_video_is_set_upright(
    make_video: Make, turn: tuple[float, bool, bool], upright: Callable[[Any], Any], pixels: str
) -> None:
    path = make_video("a.mp4", frames=2, turn=turn, pixels=pixels, size=(48, 64))
    clip, reference = open_clip(path), decoded(path)
    picture = next(clip.pictures())
    assert picture.planes[0].shape == clip.size == upright(reference[0][0]).shape
    assert all(
        np.array_equal(plane, upright(true))
        for plane, true in zip(picture.planes, reference[0], strict=True)
    )
    assert next(clip.frames()).shape == (*clip.size, 3)
    if pixels == "yuv422p" and abs(turn[0]) == 90:
        assert clip.layout.name == picture.layout.name == "yuv440p"


def test_alpha_and_odd_sizes_are_read(make_video: Make) -> None:
    alpha = open_clip(make_video("a.mov", codec="prores_ks", pixels="yuva444p10le"))
    assert alpha.layout.alpha
    assert len(next(alpha.pictures()).planes) == 4
    odd = open_clip(make_video("b.mkv", codec="ffv1", size=(47, 63)))
    assert next(odd.frames()).shape == (47, 63, 3)
    assert next(odd.pictures()).planes[1].shape == (24, 32)


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "layout"),
    [
        ("a.mkv", "ffv1", "bgr0", "gbrp"),
        ("a.mkv", "ffv1", "bgra", "gbrap"),
        ("a.avi", "rawvideo", "uyvy422", "yuv422p"),
        ("a.avi", "png", "rgb48be", "gbrp16le"),
        ("a.mov", "v210", "yuv422p10le", "yuv422p10le"),
        ("a.avi", "rawvideo", "nv12", "yuv420p"),
    ],
)
def test_packed_formats_become_planar_without_loss(
    make_video: Make, name: str, codec: str, pixels: str, layout: str
) -> None:
    path = make_video(name, codec=codec, pixels=pixels, frames=3)
    clip = open_clip(path)
    assert clip.layout.name == layout
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        if layout == "yuv420p":
            y, uv = (
                np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                for plane in frame.planes
            )
            expected = [y[:, :64], uv[:, 0:64:2], uv[:, 1:64:2]]
        elif layout.startswith("gbr"):
            count, kind = (3, np.dtype(">u2")) if pixels == "rgb48be" else (4, np.dtype("u1"))
            rows = np.frombuffer(frame.planes[0], kind).reshape(48, -1)[:, : 64 * count]
            channels = rows.reshape(48, 64, count)
            order = {"bgr0": (1, 0, 2), "bgra": (1, 0, 2, 3), "rgb48be": (1, 2, 0)}[pixels]
            expected = [channels[..., at] for at in order]
        elif pixels == "uyvy422":
            rows = np.frombuffer(frame.planes[0], np.uint8).reshape(48, -1)[:, :128]
            expected = [rows[:, 1::2], rows[:, 0::4], rows[:, 2::4]]
        else:
            expected = list(decoded(path)[0])
    for plane, true in zip(next(clip.pictures()).planes, expected, strict=True):
        assert np.array_equal(plane, true)


def test_colour_tags_sound_and_timecode_are_told(make_video: Make) -> None:
    tags = {"color_primaries": 9, "color_trc": 16, "colorspace": 9, "color_range": 1}
    path = make_video(
        "a.mov",
        codec="prores_ks",
        pixels="yuv422p10le",
        stream=tags,
        sound_s=0.5,
        timecode="01:02:03:04",
    )
    clip = open_clip(path)
    color = clip.color
    assert (color.primaries, color.transfer, color.matrix, color.full_range) == (9, 16, 9, False)
    assert clip.timecode == "01:02:03:04"
    assert clip.audio == path
    full = open_clip(make_video("b.mp4", pixels="yuvj420p", stream={"color_range": 2}))
    assert full.color.full_range
    assert full.layout.name == "yuv420p"


def test_a_late_start_is_where_the_sound_is_told_to_be(make_video: Make) -> None:
    clip = open_clip(make_video("a.mp4", times=list(range(24, 36)), sound_s=2.0))
    assert clip.audio_start_s == 1
    assert clip.length == 12


REFUSED = [
    ("variable frame rate", {"times": [0, 1, 2, 5, 6, 7, 9, 10, 11, 12, 14, 15]}),
    ("variable frame rate: frame 5", {"times": [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]}),
    ("interlaced", {"options": {"x264-params": "interlaced=1"}}),
    ("turned by an angle", {"turn": (45, False, False)}),
]


@pytest.mark.parametrize(("reason", "settings"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_not_supported_is_refused_with_the_reason(
    make_video: Make, reason: str, settings: dict[str, Any]
) -> None:
    path = make_video("a.mp4", **settings)
    with pytest.raises(OpenVoidError, match=reason) as caught:
        open_clip(path)
    assert "\n" not in caught.value.line()
    assert str(path) in caught.value.line()


def test_a_turned_odd_size_with_halved_chroma_is_refused(make_video: Make) -> None:
    path = make_video("a.mp4", codec="libvpx-vp9", size=(47, 63), turn=(180, False, False))
    with pytest.raises(OpenVoidError, match="odd size 63x47"):
        open_clip(path)


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("a.mp4", {"stream": {"colorspace": 8}}, "matrix 8"),
        ("a.nut", {"codec": "rawvideo", "pixels": "xyz12le"}, "pixel format xyz12le"),
    ],
)
def test_colour_that_cannot_be_shown_is_refused(
    make_video: Make, name: str, settings: dict[str, Any], reason: str
) -> None:
    path = make_video(name, **settings)
    with pytest.raises(OpenVoidError, match=reason) as caught:
        open_clip(path)
    assert str(path) in caught.value.line()


def test_names_may_hold_anything(
    make_video: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_video("a.mp4", frames=3)
    monkeypatch.chdir(tmp_path)
    for name in ("take 1: 50% 'best'?.mp4", "#2, %n.mp4", "http:a.mp4", "naïve é.mp4"):
        path.rename(name)
        path = Path(name)
        assert sum(1 for _ in open_clip(name).pictures()) == 3


def test_not_videos_are_refused(make_video: Make, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "words.mp4").write_text("these are words, not pictures\n" * 20)
    (tmp_path / "words.txt").write_text("these are words, not pictures\n" * 20)
    sound = tmp_path / "sound.wav"
    with av.open(str(sound), "w") as output:
        stream = output.add_stream("pcm_s16le", rate=48000, layout="mono")
        samples = np.zeros((1, 4800), np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = 48000
        output.mux(stream.encode(frame))
    for name in ("missing.mp4", "empty.mp4", "words.mp4", "words.txt", "sound.wav"):
        with pytest.raises(OpenVoidError, match=name):
            open_clip(tmp_path / name)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.ts"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_off_is_refused_or_reads_to_the_end(
    make_video: Make, tmp_path: Path, name: str, share: float
) -> None:
    path = make_video(name, frames=30, options={"crf": "10"})
    data = path.read_bytes()
    cut = tmp_path / f"cut{path.suffix}"
    cut.write_bytes(data[: int(len(data) * share)])
    if name == "a.ts":  # a broadcast stream has no end that could be missed
        try:
            clip = open_clip(cut)
        except OpenVoidError:
            return
        assert clip.length < 30
        return
    with pytest.raises(OpenVoidError, match=r"cut off|damaged|decoded"):
        open_clip(cut)


def test_a_cut_file_with_its_index_first_names_the_frame(make_video: Make, tmp_path: Path) -> None:
    path, front = make_video("a.mp4", frames=30, options={"crf": "10"}), tmp_path / "front.mp4"
    with (
        av.open(str(path)) as source,
        av.open(str(front), "w", options={"movflags": "faststart"}) as output,
    ):
        target = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = target
                output.mux(packet)
    assert open_clip(front).length == 30
    data = front.read_bytes()
    front.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(OpenVoidError, match=r"cut off or damaged at frame \d+"):
        open_clip(front)


def test_an_abandoned_iterator_closes_its_file(make_video: Make) -> None:
    path = make_video("a.mp4")
    clip = open_clip(path)

    def is_open() -> bool:
        return any(entry.path == str(path) for entry in psutil.Process().open_files())

    pictures, frames = clip.pictures(2), clip.frames()
    next(pictures)
    next(frames)
    assert is_open()
    del pictures, frames
    assert not is_open()


def test_real_clips_read_whole(shared: Path) -> None:
    expected = {"BigBen": (360, 544, 50), "ducky-float": (720, 1296, 62)}
    for name, (height, width, length) in expected.items():
        clip = open_clip(shared / "clips" / name / "input_video.mp4")
        assert (clip.height, clip.width, clip.length, clip.rate) == (height, width, length, 12)
        assert sum(1 for _ in clip.pictures()) == length
