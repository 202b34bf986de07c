"""Masks from every kind of file come back on their four exact levels, or are refused."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import LEVELS, Quadmask, Region
from openvoid.media.masks import open_quadmask, write_mattes, write_quadmask

RATE = Fraction(12)


def labels(length: int = 6, height: int = 60, width: int = 80) -> np.ndarray:
    """A disc that moves right, over a square that is affected."""
    y, x = np.mgrid[:height, :width]
    frames = np.full((length, height, width), Region.KEEP, np.uint8)
    for index, frame in enumerate(frames):
        removed = (y - height // 2) ** 2 + (x - 15 - 6 * index) ** 2 < 12**2
        affected = (abs(y - height // 2 - 8) < 12) & (abs(x - width // 2) < 16)
        frame[affected] = Region.AFFECTED
        frame[removed] = Region.PRIMARY
        frame[removed & affected] = Region.OVERLAP
    return frames


TRUE = Quadmask.from_labels(labels())


def encode(path: Path, frames: np.ndarray, codec: str, pixels: str, **settings: str) -> Path:
    """Gray frames stored exactly as given in the luma plane."""
    with av.open(str(path), "w") as output:
        full = settings.pop("full", "") == "yes"
        stream = output.add_stream(codec, rate=12, options=settings)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], pixels
        stream.codec_context.color_range = 2 if full else 1
        for index, values in enumerate(frames):
            frame = av.VideoFrame(frames.shape[2], frames.shape[1], pixels)
            for at, plane in enumerate(frame.planes):
                rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                rows[:] = 128
                if at == 0:
                    rows[: values.shape[0], : values.shape[1]] = values
            frame.color_range = 2 if full else 1
            frame.pts, frame.time_base = index, Fraction(1, 12)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def limited(frames: np.ndarray) -> np.ndarray:
    return np.rint(16 + frames * (219 / 255)).astype(np.uint8)


@pytest.mark.parametrize("out", ["a.mkv", "a.mp4", "folder", "a.%04d.png"])
@pytest.mark.parametrize("size", [(60, 80), (47, 63)])
def test_every_kind_of_mask_file_goes_round(
    tmp_path: Path, out: str, size: tuple[int, int]
) -> None:
    mask = Quadmask.from_labels(labels(4, *size))
    write_quadmask(mask, tmp_path / out, RATE)
    assert open_quadmask(tmp_path / out) == mask


def test_the_mp4_is_what_the_published_tools_write(tmp_path: Path) -> None:
    write_quadmask(TRUE, tmp_path / "a.mp4", RATE)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        assert (stream.codec.name, frame.format.name, stream.average_rate) == (
            "h264",
            "yuv444p",
            12,
        )
        rows = np.frombuffer(frame.planes[0], np.uint8).reshape(-1, frame.planes[0].line_size)
        assert np.unique(rows[:60, :80]).tolist() == [16, 70, 125, 235]
    seen = cv2.VideoCapture(str(tmp_path / "a.mp4")).read()[1]
    assert np.abs(seen[..., 1].astype(int) - TRUE[0]).max() <= 1


@pytest.mark.parametrize("stored", ["limited", "full"])
@pytest.mark.parametrize("tagged", ["limited", "full"])
@pytest.mark.parametrize(
    ("name", "codec", "pixels", "options"),
    [
        ("a.mp4", "libx264", "yuv444p", {"qp": "0"}),
        ("a.mp4", "libx264", "yuv420p", {"crf": "23"}),
        ("a.mp4", "libx264", "yuv420p", {"crf": "30"}),
        ("a.mkv", "ffv1", "gray", {}),
    ],
)
def test_either_range_under_either_tag(
    tmp_path: Path,
    stored: str,
    tagged: str,
    name: str,
    codec: str,
    pixels: str,
    options: dict[str, str],
) -> None:
    frames = labels() if stored == "full" else limited(labels())
    settings = {**options, **({"full": "yes"} if tagged == "full" else {})}
    mask = open_quadmask(encode(tmp_path / name, frames, codec, pixels, **settings))
    wrong = np.mean([np.mean(mask[index] != TRUE[index]) for index in range(len(TRUE))])
    assert wrong == 0 if "crf" not in options else wrong < 0.01


def test_not_a_quadmask_is_refused_with_the_share(tmp_path: Path) -> None:
    x = np.arange(80) + np.zeros((60, 1), int)
    slope = np.stack([(x * 3).astype(np.uint8)] * 3)
    for path in (
        encode(tmp_path / "a.mp4", slope, "libx264", "yuv444p", qp="0"),
        encode(tmp_path / "a.mkv", slope, "ffv1", "gray", full="yes"),
    ):
        with pytest.raises(OpenVoidError, match=r"not a quadmask: \d+\.\d% of frame 0") as caught:
            open_quadmask(path)
        assert str(path) in caught.value.line()


def test_a_matte_becomes_the_object(tmp_path: Path) -> None:
    silhouettes = np.where(labels() == Region.PRIMARY, 255, 0).astype(np.uint8)
    write_mattes(silhouettes, tmp_path / "a.mkv", RATE)
    encode(tmp_path / "a.mp4", limited(silhouettes), "libx264", "yuv444p", qp="0")
    write_mattes(silhouettes, tmp_path / "pngs", RATE)
    for name in ("a.mkv", "a.mp4", "pngs"):
        mask = open_quadmask(tmp_path / name, matte=True)
        expected = np.where(silhouettes > 0, Region.PRIMARY, Region.KEEP)
        assert all(np.array_equal(a, b) for a, b in zip(mask, expected, strict=True))


def test_masks_as_pngs_of_any_kind(tmp_path: Path) -> None:
    for index, frame in enumerate(labels()):
        gray, wide = tmp_path / "gray", tmp_path / "wide"
        colour, wrong = tmp_path / "colour", tmp_path / "wrong"
        for folder in (gray, wide, colour, wrong):
            folder.mkdir(exist_ok=True)
        cv2.imwrite(str(gray / f"{index}.png"), frame)
        cv2.imwrite(str(wide / f"{index}.png"), frame.astype(np.uint16) * 257)
        cv2.imwrite(str(colour / f"{index}.png"), np.dstack([frame] * 3))
        cv2.imwrite(str(wrong / f"{index}.png"), frame // 4 * 3)
    for folder in (gray, wide, colour):
        assert open_quadmask(folder) == TRUE
    with pytest.raises(OpenVoidError, match="not a quadmask"):
        open_quadmask(wrong)


@given(
    levels=st.lists(st.sampled_from(LEVELS.tolist()), min_size=12, max_size=12),
    off=st.lists(st.integers(-20, 20), min_size=12, max_size=12),
)
@settings(max_examples=20, deadline=None)
def test_samples_near_a_level_are_snapped(
    tmp_path_factory: pytest.TempPathFactory, levels: list[int], off: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("snap")
    true = np.array(levels, np.uint8).reshape(3, 4)
    noisy = np.clip(true.astype(int) + np.array(off).reshape(3, 4), 0, 255).astype(np.uint8)
    cv2.imwrite(str(folder / "0.png"), cv2.cvtColor(noisy, cv2.COLOR_GRAY2BGR))
    assert np.array_equal(open_quadmask(folder, sure=True)[0], true)


def test_masks_of_uneven_rate_are_read_by_frame(make_video: Callable[..., Path]) -> None:
    path = make_video("a.mp4", times=[0, 1, 2, 9, 10, 30], frames=6)
    assert len(open_quadmask(path, matte=True)) == 6


@pytest.mark.parametrize(
    ("name", "reason"), [("a.mov", "no mask is written as .mov"), ("gone/a.mkv", "no folder")]
)
def test_masks_go_only_where_they_can(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(OpenVoidError, match=reason):
        write_quadmask(TRUE, tmp_path / name, RATE)
    with pytest.raises(OpenVoidError, match="no frames"):
        write_mattes([], tmp_path / "a.mkv", RATE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["BigBen", "ducky-float", "lime", "moving_ball"])
def test_real_masks_are_exact(shared: Path, name: str) -> None:
    path = shared / "clips" / name / "quadmask_0.mp4"
    mask = open_quadmask(path)
    wanted = {16: Region.PRIMARY, 70: Region.OVERLAP, 125: Region.AFFECTED, 235: Region.KEEP}
    with av.open(str(path)) as container:
        count = 0
        for index, frame in enumerate(container.decode(video=0)):
            count += 1
            if index % 15:
                continue
            plane = frame.planes[0]
            rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            stored = rows[: frame.height, : frame.width]
            for level, region in wanted.items():
                assert np.array_equal(stored == level, mask[index] == region)
        assert count == len(mask)
