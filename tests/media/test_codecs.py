"""The table of codecs: every row is true, and what each writes is read back. A new row needs no
new line here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from openvoid.core.clip import Clip, ColorTags, Picture
from openvoid.core.errors import OpenVoidError
from openvoid.media.avframe import plane_sizes
from openvoid.media.codecs import CODECS, CONTAINERS, LOSSLESS_H264, Codec, default_codec
from openvoid.media.encode import open_writer
from openvoid.media.images import WRITERS
from openvoid.media.open import open_clip
from openvoid.media.pixels import layout_named, to_rgb

ROWS = list(CODECS.values())
PLACES = [(codec, suffix) for codec in ROWS for suffix in codec.suffixes]
SIZES = [(48, 64), (47, 63)]
LAYOUTS = ["yuv420p", "yuv444p", "yuv422p10le", "yuv444p12le", "gray", "gbrp", "gbrp16le"]
LAYOUTS += ["yuva444p10le", "gbrap", "gbrap16le"]
FLOATS = ["gbrpf16le", "gbrapf32le"]
RATE = Fraction(24000, 1001)


def named(row: object) -> str:
    return row.name if isinstance(row, Codec) else str(row)


class Slope:
    """A `PictureSource`: a gentle slope in every plane that moves a little, legal in any range."""

    def __init__(self, name: str, size: tuple[int, int]) -> None:
        layout = layout_named(name)
        assert layout is not None
        self.layout, self.size = layout, size

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        for index in range(start, stop):
            yield Picture(index, tuple(self._planes(index)), self.layout)

    def _planes(self, index: int) -> Iterator[np.ndarray]:
        layout = self.layout
        for number, size in enumerate(plane_sizes(layout, *self.size)):
            y, x = np.mgrid[: size[0], : size[1]] / max(size)
            share = 0.4 + 0.1 * x + 0.1 * y + 0.01 * index + 0.02 * number
            if layout.is_float:  # halves are held as what they are read as
                yield share.astype(np.float16).astype(np.float32)
            else:
                yield (share * (1 << layout.bits)).astype(f"uint{8 if layout.bits <= 8 else 16}")


def slope(name: str, size: tuple[int, int] = SIZES[0]) -> Clip:
    source = Slope(name, size)
    return Clip(
        Path("<slope>"), size[1], size[0], 4, RATE, source.layout, source,
        ColorTags(full_range=source.layout.model != "yuv"), timecode="01:02:03:04",
    )  # fmt: skip


def written(clip: Clip, codec: Codec, suffix: str, folder: Path) -> Clip:
    out = folder / (f"a{suffix}" if codec.encoder else f"a.%04d{suffix}")
    with open_writer(out, clip, codec.name) as writer:
        for picture in clip.pictures():
            writer.write(picture)
    return open_clip(out)


def colours(clip: Clip) -> np.ndarray:
    """RGB [T, H, W, 3] with white at 1.0."""
    frames = [to_rgb(picture, clip.color).astype(np.float64) for picture in clip.pictures()]
    return np.stack(frames) / clip.white


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("pixels", LAYOUTS + FLOATS)
@pytest.mark.parametrize(("codec", "suffix"), PLACES, ids=named)
def test_what_is_written_is_read_back(
    tmp_path: Path, codec: Codec, suffix: str, pixels: str, size: tuple[int, int]
) -> None:
    clip = slope(pixels, size)
    layout = clip.layout
    if (layout.alpha and not codec.alpha) or (layout.is_float and not codec.floating):
        with pytest.raises(OpenVoidError, match="cannot hold"):
            written(clip, codec, suffix, tmp_path)
        assert list(tmp_path.iterdir()) == []
        return
    read = written(clip, codec, suffix, tmp_path)
    assert (read.length, read.size) == (clip.length, size)
    off = np.abs(colours(clip) - colours(read))
    half_a_level = 0 if layout.is_float else 0.5 / ((1 << layout.bits) - 1)  # EXR may hold halves
    assert off.max() <= (half_a_level if codec.lossless else 0.05)
    assert off.mean() < 0.01
    assert read.layout.alpha == layout.alpha
    if layout.alpha:
        alphas = zip(clip.pictures(), read.pictures(), strict=True)
        assert max(np.abs(_alpha(mine) - _alpha(theirs)).max() for mine, theirs in alphas) < 0.01


def _alpha(picture: Picture) -> np.ndarray:
    layout = picture.layout
    return picture.planes[-1] / (1.0 if layout.is_float else (1 << layout.bits) - 1)


@pytest.mark.parametrize(("codec", "suffix"), PLACES, ids=named)
def test_deep_samples_stay_as_deep_as_the_row_says(
    tmp_path: Path, codec: Codec, suffix: str
) -> None:
    read = written(slope("gbrp16le"), codec, suffix, tmp_path)
    depths = [form.bits for name in codec.pixels if (form := layout_named(name))]
    assert read.layout.bits >= max(depths, default=16)


@pytest.mark.parametrize(
    ("codec", "suffix"), [place for place in PLACES if place[0].encoder], ids=named
)
def test_rate_timecode_and_colour_survive(tmp_path: Path, codec: Codec, suffix: str) -> None:
    clip = replace(slope("yuv422p10le"), color=ColorTags(9, 16, 9, False))
    read = written(clip, codec, suffix, tmp_path)
    assert (read.rate, read.timecode, read.color) == (RATE, "01:02:03:04", clip.color)
    full = replace(clip, color=ColorTags(1, 1, 1, True))
    read = written(full, codec, suffix, tmp_path)
    assert read.color.full_range == (codec.full_range or not codec.pixels)
    assert np.abs(colours(full) - colours(read)).max() < 0.05


@pytest.mark.parametrize("codec", [codec for codec in ROWS if codec.holds_mattes], ids=named)
def test_a_matte_keeps_every_value(tmp_path: Path, codec: Codec) -> None:
    layout = layout_named("gray")
    assert layout is not None
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    clip = replace(slope("gray", (16, 16)), color=ColorTags(full_range=True), length=1)
    clip = replace(clip, source=_Still(Picture(0, (ramp,), layout)))
    read = written(clip, codec, codec.suffixes[0], tmp_path)
    assert np.array_equal(next(read.pictures()).planes[0], ramp)


class _Still:
    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    def pictures(self, start: int, stop: int) -> Iterator[Picture]:
        return iter([self.picture][start:stop])


@pytest.mark.parametrize("codec", [*ROWS, LOSSLESS_H264], ids=lambda codec: codec.title)
def test_a_row_agrees_with_the_encoder(codec: Codec) -> None:
    assert codec.name == codec.name.lower()
    assert codec.title
    assert codec.suffixes
    assert 0 < codec.bytes_a_sample <= 4
    if not codec.encoder:
        assert not codec.options
        assert set(codec.suffixes) <= set(WRITERS)
        return
    assert set(codec.suffixes) <= set(CONTAINERS)
    offered = {form.name for form in av.codec.Codec(codec.encoder, "w").video_formats or []}
    assert set(codec.pixels) <= offered
    forms = [layout_named(name) for name in codec.pixels]
    assert all(form is not None and form.model == "yuv" for form in forms)
    if codec.pixels:
        assert codec.alpha == any(form is not None and form.alpha for form in forms)
    else:
        assert codec.lossless


def test_names_ask_for_codecs() -> None:
    assert all(codec.name == name for name, codec in CODECS.items())
    names = {"a.mp4": "h264", "a.MOV": "prores-hq", "a.mkv": "ffv1", "a.%04d.exr": "exr",
             "a.####.png": "png", "folder": "png"}  # fmt: skip
    assert {name: default_codec(Path(name)) for name in names} == names
    with_alpha = {"a.mp4": "h264", "a.mov": "prores-4444", "a.mkv": "ffv1", "folder": "png"}
    assert {name: default_codec(Path(name), alpha=True) for name in with_alpha} == with_alpha
    with pytest.raises(OpenVoidError, match=r"\.wmv"):
        default_codec(Path("a.wmv"))
    for suffix in (*CONTAINERS, *WRITERS):
        assert suffix in CODECS[default_codec(Path(f"a{suffix}"))].suffixes


def test_the_help_and_the_doctor_name_every_codec() -> None:
    from openvoid.cli.doctor import examine
    from openvoid.cli.reference import help_of

    told, told_by_doctor = " ".join(help_of(["remove"]).split()), examine()["codecs"]
    for codec in ROWS:
        assert codec.name in told
        if codec.encoder:
            assert codec.title in told_by_doctor[codec.encoder]["for"]
            assert told_by_doctor[codec.encoder]["found"]
