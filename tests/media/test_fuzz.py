"""Damaged files of every kind: one clear line or a clip that reads, never a crash or a hang."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from tests.fuzz.mutations import mutated

Make = Callable[..., Path]
MUTATIONS = 12  # of each kind of file
KINDS = [
    ("a.mp4", {"codec": "libx264", "options": {"bf": "2", "g": "5"}, "sound_s": 0.3}),
    ("a.mkv", {"codec": "ffv1"}),
    ("a.mov", {"codec": "prores_ks", "pixels": "yuv422p10le"}),
    ("b.mp4", {"codec": "libx265", "options": {"x265-params": "log-level=none"}}),
    ("a.ts", {"codec": "libx264"}),
    ("a.avi", {"codec": "mjpeg", "pixels": "yuvj420p"}),
]


def read_all(path: Path) -> None:
    """Open, read through, read a part; only `OpenVoidError` may come of it, in one line."""
    with one_line_at_most():
        clip = open_clip(path)
        assert sum(1 for _ in clip.frames()) == clip.length
        for picture in clip.pictures(clip.length // 2, clip.length):
            assert len(picture.planes) >= 1


@contextmanager
def one_line_at_most() -> Iterator[None]:
    lines = []
    try:
        yield
    except OpenVoidError as error:
        lines.append(error.line())
    assert all(line and "\n" not in line for line in lines)


@pytest.mark.parametrize(("name", "settings"), KINDS, ids=[row[0] for row in KINDS])
def test_mutated_videos(make_video: Make, tmp_path: Path, name: str, settings: dict) -> None:
    data = make_video(name, frames=10, **settings).read_bytes()
    for seed in range(MUTATIONS):
        path = tmp_path / f"{seed}-{name}"
        path.write_bytes(mutated(data, np.random.default_rng(seed)))
        read_all(path)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".exr", ".dpx"])
def test_mutated_images(tmp_path: Path, suffix: str) -> None:
    oiio = pytest.importorskip("OpenImageIO")
    image = np.random.default_rng(0).random((32, 48, 3)).astype(np.float32)
    whole = tmp_path / f"whole{suffix}"
    spec = oiio.ImageSpec(48, 32, 3, oiio.HALF if suffix == ".exr" else oiio.UINT16)
    output = oiio.ImageOutput.create(str(whole))
    assert output.open(str(whole), spec)
    assert output.write_image(image)
    output.close()
    data = whole.read_bytes()
    for seed in range(MUTATIONS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / f"a.1{suffix}").write_bytes(mutated(data, np.random.default_rng(seed)))
        read_all(folder / f"a.1{suffix}")


def test_mutated_masks(make_video: Make, tmp_path: Path) -> None:
    data = make_video("a.mp4", frames=6, pixels="yuv444p", options={"qp": "0"}).read_bytes()
    for seed in range(MUTATIONS):
        path = tmp_path / f"{seed}.mp4"
        path.write_bytes(mutated(data, np.random.default_rng(seed)))
        with one_line_at_most():
            open_quadmask(path, matte=True)
