"""Silhouettes that a person drew elsewhere, at the clip's own frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.core.selection import Matte
from openvoid.media.masks import write_mattes
from openvoid.media.mattes import absent, files_of_mattes, mattes_hash, mattes_of, read_matte
from openvoid.media.open import open_clip

SIZE = 24, 32


def drawn(index: int) -> np.ndarray:
    """Empty on frame 2."""
    picture = np.zeros(SIZE, np.uint8)
    picture[4:12, 2 + index : 10 + index] = 0 if index == 2 else 255
    return picture


def sequence(folder: Path, first: int, count: int, suffix: str = ".png") -> Path:
    folder.mkdir()
    for index in range(count):
        assert cv2.imwrite(str(folder / f"m.{first + index:04}{suffix}"), drawn(index))
    return folder


def footage(tmp_path: Path, first: int, count: int) -> Clip:
    return open_clip(sequence(tmp_path / f"clip{first}", first, count))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "m.mkv"
    write_mattes([drawn(index) for index in range(5)], path, Fraction(24))
    return path


def test_numbers_of_a_sequence_are_those_of_the_clip(tmp_path: Path) -> None:
    mattes = mattes_of(sequence(tmp_path / "m", 1003, 3), footage(tmp_path, 1001, 8))
    assert [matte.frame for matte in mattes] == [2, 3, 4]
    assert np.array_equal(read_matte(mattes[1].file, *SIZE), drawn(1) > 0)


def test_a_video_as_long_as_the_clip_goes_by_its_frames(tmp_path: Path, video: Path) -> None:
    mattes = mattes_of(video, footage(tmp_path, 1001, 5))
    assert [matte.frame for matte in mattes] == [0, 1, 2, 3, 4]
    assert np.array_equal(read_matte(mattes[3].file, *SIZE), drawn(3) > 0)
    assert files_of_mattes(mattes) == (video,)


def test_what_the_clip_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match="1001 to 1008"):
        mattes_of(sequence(tmp_path / "m", 1007, 4), footage(tmp_path, 1001, 8))


def test_empty_frames_say_that_it_is_not_seen(tmp_path: Path, video: Path) -> None:
    mattes = mattes_of(video, footage(tmp_path, 1, 5))
    assert absent(mattes, *SIZE) == {2}
    with pytest.raises(OpenVoidError, match="the matte is empty"):
        absent(mattes[2:3], *SIZE)


def test_other_pictures_are_other_mattes(tmp_path: Path) -> None:
    path = tmp_path / "m.png"
    cv2.imwrite(str(path), drawn(0))
    before = mattes_hash([Matte(0, str(path))])
    cv2.imwrite(str(path), drawn(1))
    assert mattes_hash([Matte(0, str(path))]) != before


def test_exr_mattes_are_read(tmp_path: Path) -> None:
    oiio = pytest.importorskip("OpenImageIO")
    path = str(tmp_path / "m.0001.exr")
    out = oiio.ImageOutput.create(path)
    out.open(path, oiio.ImageSpec(SIZE[1], SIZE[0], 3, oiio.HALF))
    out.write_image(np.repeat((drawn(0) / 255)[..., None], 3, axis=-1).astype(np.float32))
    out.close()
    assert np.array_equal(read_matte(path, *SIZE), drawn(0) > 0)
