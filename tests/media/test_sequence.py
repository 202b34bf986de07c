"""Image sequences: exact in, exact out, and a reason for every gap."""

from __future__ import annotations

import builtins
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.media.encode import open_writer
from openvoid.media.open import open_clip

oiio = pytest.importorskip("OpenImageIO")


def noise(kind: str, length: int = 3, height: int = 9, width: int = 14) -> np.ndarray:
    rng = np.random.default_rng(0)
    shape = (length, height, width, 3)
    if kind == "uint8":
        return rng.integers(0, 256, shape).astype(np.uint8)
    if kind == "uint16":
        return rng.integers(0, 65536, shape).astype(np.uint16)
    return (rng.normal(0.5, 2.0, shape) ** 3).astype(kind).astype(np.float32)


def save(clip: Clip, out: Path, codec: str) -> Clip:
    with open_writer(out, clip, codec) as writer:
        for picture in clip.pictures():
            writer.write(picture)
    return open_clip(out)


def save_png(path: Path, rgb: np.ndarray) -> None:
    assert cv2.imwrite(str(path), rgb[..., ::-1] if rgb.ndim == 3 else rgb)


def save_exr(path: Path, pixels: np.ndarray, half: bool = True, **attributes: Any) -> None:
    kind = oiio.HALF if half else oiio.FLOAT
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], pixels.shape[2], kind)
    if "channels" in attributes:
        spec.channelnames = attributes.pop("channels")
    if "window" in attributes:
        spec.full_x, spec.full_y, spec.full_width, spec.full_height = attributes.pop("window")
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), spec)
    assert output.write_image(np.ascontiguousarray(pixels, np.float32))
    assert output.close()


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
@pytest.mark.parametrize("out", ["folder", "shot.%04d.png", "shot.####.png", "shot_%d.png"])
def test_png_is_bit_exact(tmp_path: Path, kind: str, out: str) -> None:
    frames = noise(kind)
    read = save(clip_of(frames), tmp_path / out, "png")
    assert (read.length, read.layout.bits) == (3, np.dtype(kind).itemsize * 8)
    assert np.array_equal(read.window(0, 3), frames)
    assert np.array_equal(read.window(1, 3), frames[1:])
    assert not [path for path in tmp_path.rglob("*") if "partial" in path.name]


@pytest.mark.parametrize("kind", ["float16", "float32"])
def test_exr_keeps_half_and_float(tmp_path: Path, kind: str) -> None:
    frames = noise(kind)
    for index, frame in enumerate(frames):
        save_exr(tmp_path / f"a.{index}.exr", frame, half=kind == "float16")
    clip = open_clip(tmp_path / "a.%d.exr")
    assert clip.dtype == np.float32
    assert clip.layout.bits == np.dtype(kind).itemsize * 8
    assert np.array_equal(clip.window(0, 3), frames)
    read = save(clip, tmp_path / "b.%04d.exr", "exr")
    assert read.layout == clip.layout
    assert np.array_equal(read.window(0, 3), frames)
    header = oiio.ImageInput.open(str(tmp_path / "b.0000.exr")).spec()
    assert str(header.format) == ("half" if kind == "float16" else "float")


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_whole_numbers_survive_exr(tmp_path: Path, kind: str) -> None:
    frames = noise(kind)
    clip = clip_of(frames)
    read = save(clip, tmp_path / "a.%04d.exr", "exr")
    again = np.rint(read.window(0, 3) * clip.white).astype(frames.dtype)
    assert np.array_equal(again, frames)


def test_exr_alpha_gray_and_other_channels(tmp_path: Path) -> None:
    rgba = np.random.default_rng(0).random((6, 8, 4)).astype(np.float16).astype(np.float32)
    save_exr(tmp_path / "a.1.exr", rgba, channels=("R", "G", "B", "A"))
    clip = open_clip(tmp_path / "a.%d.exr")
    assert clip.layout.name == "gbrapf16le"
    read = save(clip, tmp_path / "out", "exr")
    planes = next(read.pictures()).planes
    assert all(np.array_equal(a, b) for a, b in zip(next(clip.pictures()).planes, planes))  # noqa: B905
    assert np.array_equal(planes[3], rgba[..., 3])

    save_exr(tmp_path / "y.1.exr", rgba[..., :1], channels=("Y",))
    gray = open_clip(tmp_path / "y.%d.exr")
    assert gray.layout.model == "gray"
    assert np.array_equal(next(gray.frames())[..., 2], rgba[..., 0])
    read = save(gray, tmp_path / "outy", "exr")
    assert np.array_equal(next(read.pictures()).planes[0], rgba[..., 0])

    save_exr(tmp_path / "z.1.exr", rgba, channels=("Z", "B", "G", "R"))
    mixed = open_clip(tmp_path / "z.%d.exr")
    assert np.array_equal(next(mixed.frames()), rgba[..., [3, 2, 1]])
    save_exr(tmp_path / "n.1.exr", rgba[..., :2], channels=("motion.x", "motion.y"))
    with pytest.raises(OpenVoidError, match="neither R, G, B nor Y"):
        open_clip(tmp_path / "n.%d.exr")


def test_exr_windows_are_obeyed(tmp_path: Path) -> None:
    pixels = np.ones((4, 5, 3), np.float32)
    save_exr(tmp_path / "a.1.exr", pixels, window=(-2, -1, 10, 8))
    frame = next(open_clip(tmp_path / "a.%d.exr").frames())
    assert frame.shape == (8, 10, 3)
    assert frame.sum() == 60
    assert (frame[1:5, 2:7] == 1).all()


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_dpx_keeps_its_codes(tmp_path: Path, bits: int) -> None:
    codes = np.random.default_rng(0).integers(0, 1 << bits, (6, 8, 3)).astype(np.uint16)
    spec = oiio.ImageSpec(8, 6, 3, oiio.UINT8 if bits == 8 else oiio.UINT16)
    spec.attribute("oiio:BitsPerSample", bits)
    spec.attribute("dpx:FrameRate", 23.976)
    output = oiio.ImageOutput.create(str(tmp_path / "a.0001.dpx"))
    assert output.open(str(tmp_path / "a.0001.dpx"), spec)
    top = (1 << bits) - 1
    full = codes.astype(np.uint8) if bits == 8 else np.rint(codes * (65535 / top)).astype(np.uint16)
    assert output.write_image(full)
    output.close()
    clip = open_clip(tmp_path / "a.####.dpx")
    assert (clip.layout.bits, clip.rate, clip.first_frame) == (bits, Fraction(24000, 1001), 1)
    planes = next(clip.pictures()).planes
    assert all(np.array_equal(planes[at], codes[..., c]) for at, c in enumerate((1, 2, 0)))


@pytest.mark.parametrize("suffix", [".tif", ".tiff", ".png"])
@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_tiff_and_png_are_read_exactly(tmp_path: Path, suffix: str, kind: str) -> None:
    frames = noise(kind)
    for index, frame in enumerate(frames):
        save_png(tmp_path / f"shot_v002.{index + 1001}{suffix}", frame)
    clip = open_clip(tmp_path)
    assert (clip.first_frame, clip.length, clip.rate) == (1001, 3, 24)
    assert np.array_equal(clip.window(0, 3), frames)
    assert clip.trimmed(1, 3).first_frame == 1002
    assert open_clip(tmp_path, rate=Fraction(25)).rate == 25


def test_gray_and_alpha_png(tmp_path: Path) -> None:
    gray = noise("uint16")[0, ..., 0]
    save_png(tmp_path / "g.png", gray)
    clip = open_clip(tmp_path / "g.png")
    assert (clip.length, clip.layout.name) == (1, "gray16le")
    assert np.array_equal(next(clip.frames())[..., 1], gray)
    read = save(clip, tmp_path / "gray", "png")
    assert np.array_equal(next(read.pictures()).planes[0], gray)
    rgba = np.random.default_rng(1).integers(0, 256, (6, 8, 4)).astype(np.uint8)
    assert cv2.imwrite(str(tmp_path / "a.png"), rgba[..., [2, 1, 0, 3]])
    read = save(open_clip(tmp_path / "a.png"), tmp_path / "alpha", "png")
    assert read.layout.name == "gbrap"
    again = cv2.imread(str(tmp_path / "alpha" / "alpha.0000.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(again[..., [2, 1, 0, 3]], rgba)


def test_first_frame_rate_and_timecode_go_round(tmp_path: Path) -> None:
    from dataclasses import replace

    clip = replace(
        clip_of(noise("float32"), Fraction(24000, 1001)), first_frame=1001, timecode="10:59:59:23"
    )
    read = save(clip, tmp_path / "a.%05d.exr", "exr")
    assert (tmp_path / "a.01001.exr").exists()
    assert (read.first_frame, read.rate) == (1001, Fraction(24000, 1001))
    assert read.timecode == "10:59:59:23"
    drop = replace(clip, rate=Fraction(30000, 1001), timecode="00:00:59;29")
    assert save(drop, tmp_path / "d.%d.exr", "exr").timecode == "00:00:59;29"
    assert open_clip(tmp_path / "d.1002.exr").timecode == "00:01:00;02"


def test_missing_frames_are_named(tmp_path: Path) -> None:
    for number in (7, 8, 11, 12):
        save_png(tmp_path / f"a.{number:04}.png", noise("uint8")[0])
    for path in (tmp_path, tmp_path / "a.%04d.png"):
        with pytest.raises(OpenVoidError, match=r"2 of frames 7 to 12 are missing: 9, 10"):
            open_clip(path)


def test_a_folder_must_hold_one_sequence(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match="no images"):
        open_clip(tmp_path)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.0001.png").write_bytes(b"")
    for name in ("a.0001.png", "a.0002.png", "b.0001.png"):
        save_png(tmp_path / name, noise("uint8")[0])
    with pytest.raises(OpenVoidError, match=r"several sequences: a\.#\.png, b\.#\.png"):
        open_clip(tmp_path)
    (tmp_path / "b.0001.png").unlink()
    assert open_clip(tmp_path).length == 2


@pytest.mark.parametrize("name", ["no.%04d.png", "no.png", "gone/shot.%04d.exr", "gone/a.exr"])
def test_what_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OpenVoidError, match=r"no such|no image"):
        open_clip(tmp_path / name)


def test_images_must_be_alike(tmp_path: Path) -> None:
    frames = noise("uint8")
    save_png(tmp_path / "a.1.png", frames[0])
    save_png(tmp_path / "a.2.png", frames[1][:, :-2])
    save_png(tmp_path / "a.3.png", noise("uint16")[0])
    clip = open_clip(tmp_path)
    with pytest.raises(OpenVoidError, match=r"a\.2\.png: is 12x9, the first image is 14x9"):
        clip.window(0, 2)
    with pytest.raises(OpenVoidError, match=r"a\.3\.png: is gbrp16le, the first image is gbrp"):
        clip.window(2, 3)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".exr", ".dpx"])
@pytest.mark.parametrize("damage", ["empty", "words", "cut"])
def test_damaged_images_are_refused(tmp_path: Path, suffix: str, damage: str) -> None:
    path = tmp_path / f"a.0001{suffix}"
    if suffix in (".exr", ".dpx"):
        image = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
        spec = oiio.ImageSpec(64, 64, 3, oiio.HALF if suffix == ".exr" else oiio.UINT16)
        output = oiio.ImageOutput.create(str(path))
        assert output.open(str(path), spec)
        assert output.write_image(image)
        output.close()
    else:
        save_png(path, noise("uint8", 1, 64, 64)[0])
    data = path.read_bytes()
    path.write_bytes(
        {"empty": b"", "words": b"words " * 300, "cut": data[: len(data) // 3]}[damage]
    )
    with pytest.raises(OpenVoidError, match=r"a\.0001"):
        open_clip(tmp_path).window(0, 1)


def test_an_exr_whose_header_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), oiio.ImageSpec(8, 8, 3, oiio.HALF))
    assert output.write_image(np.zeros((8, 8, 3), np.float32))
    output.close()
    data = path.read_bytes()
    damaged = data.replace(b"\0compression\0", b"\0com\xff\0\0\0sion\0")
    assert damaged != data
    path.write_bytes(damaged)
    with pytest.raises(OpenVoidError, match=r"a\.exr: cannot be read, or is damaged"):
        open_clip(path)


def test_a_png_with_one_wrong_byte_is_refused(tmp_path: Path) -> None:
    save_png(tmp_path / "a.png", noise("uint8", 1, 64, 64)[0])
    data = bytearray((tmp_path / "a.png").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(OpenVoidError, match="damaged"):
        open_clip(tmp_path / "a.png")


def test_without_openimageio_the_install_line_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_exr(tmp_path / "a.1.exr", np.zeros((4, 4, 3)))
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "OpenImageIO":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OpenVoidError, match=r"pip install 'openvoid\[vfx\]'"):
        open_clip(tmp_path)


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "precious.txt").write_text("keep me")
    with pytest.raises(OpenVoidError, match="holds other files"):
        save(clip_of(noise("uint8")), folder, "png")
    assert (folder / "precious.txt").read_text() == "keep me"
    (folder / "precious.txt").unlink()
    save(clip_of(noise("uint8")), folder, "png")
    assert save(clip_of(noise("uint8")[:2]), folder, "png").length == 2


def test_the_same_exr_gives_the_same_bytes(tmp_path: Path) -> None:
    clip = clip_of(noise("float32"))
    save(clip, tmp_path / "a.%d.exr", "exr")
    save(clip, tmp_path / "b.%d.exr", "exr")
    assert (tmp_path / "a.0.exr").read_bytes() == (tmp_path / "b.0.exr").read_bytes()
