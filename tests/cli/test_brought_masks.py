"""Masks, mattes and tracks as people bring them: read as meant, or refused with what mends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core.clip import clip_of
from openvoid.core.quadmask import Quadmask
from openvoid.media.encode import open_writer
from openvoid.media.masks import write_mattes, write_quadmask
from openvoid.media.open import open_clip
from openvoid.media.tracks import open_track

LENGTH, SIZE, RATE = 12, (48, 64), Fraction(25)


@pytest.fixture(autouse=True)
def shot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A block that walks over a soft ground, its matte and its quadmask, in many forms."""
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(3).uniform(0, 255, (*SIZE, 3)).astype(np.float32)
    ground = cv2.GaussianBlur(noise, (0, 0), 3)
    frames = np.repeat(ground[None], LENGTH, axis=0).astype(np.uint8)
    seen = np.zeros((LENGTH, *SIZE), bool)
    for index in range(LENGTH):
        seen[index, 18:30, 4 + 3 * index : 16 + 3 * index] = True
    frames[seen] = 240, 30, 30
    clip = clip_of(frames, RATE)
    for name, codec in (("shot.mkv", "ffv1"), ("shot.%04d.png", "png")):
        with open_writer(Path(name), clip, codec) as writer:
            for picture in clip.pictures():
                writer.write(picture)
    mattes = seen.astype(np.uint8) * np.uint8(255)
    write_mattes(mattes, Path("matte.mkv"), RATE)
    write_mattes(mattes[:1], Path("one.mkv"), RATE)
    write_quadmask(Quadmask.from_removed(seen), Path("mask.mkv"), RATE)
    write_quadmask(Quadmask.from_removed(seen[:1]), Path("logo.mkv"), RATE)
    return tmp_path


def pictures(path: str) -> np.ndarray:
    return np.stack(list(open_clip(path).frames()))


def numbered(folder: str, first: int, mattes: np.ndarray) -> str:
    """PNG of a quadmask, white kept, numbered from `first`."""
    Path(folder).mkdir()
    for index, matte in enumerate(mattes):
        assert cv2.imwrite(f"{folder}/m.{first + index:04}.png", matte)
    return folder


def footage(folder: str, first: int) -> str:
    Path(folder).mkdir()
    for index, frame in enumerate(open_clip("shot.mkv").frames()):
        assert cv2.imwrite(f"{folder}/s.{first + index:04}.png", frame[..., ::-1])
    return folder


# --- a matte where a quadmask is meant ----------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("remove", "shot.mkv", "--mask", "matte.mkv", "--out", "out.mkv"),
        ("mask", "grow", "matte.mkv", "--by", "2", "--out", "out.mkv"),
        ("mask", "convert", "matte.mkv", "--out", "out.mkv"),
    ],
)
def test_a_matte_is_no_quadmask(command: Callable[..., Any], words: tuple[str, ...]) -> None:
    done = command(*words)
    assert done.code == 2
    assert "openvoid mask convert matte.mkv --from-matte --out quadmask.mkv" in done.err
    assert not Path("out.mkv").exists()


def test_told_that_it_is_a_matte_it_is_read_as_one(command: Callable[..., Any]) -> None:
    for name, words in (("a.mkv", ("matte.mkv", "--from-matte")), ("b.mkv", ("mask.mkv",))):
        done = command("remove", "shot.mkv", "--mask", *words, "--out", name)
        assert done.code == 0, done.err
    assert np.array_equal(pictures("a.mkv"), pictures("b.mkv"))


def test_told_that_it_is_none_it_is_taken_at_its_word(command: Callable[..., Any]) -> None:
    done = command("remove", "shot.mkv", "-m", "matte.mkv", "--no-from-matte", "-o", "out.mkv")
    assert done.code == 0, done.err


# --- one mask for all frames --------------------------------------------------------------------


def test_one_mask_is_used_for_all_frames_where_that_is_said(command: Callable[..., Any]) -> None:
    refused = command("remove", "shot.mkv", "--mask", "logo.mkv", "--out", "out.mkv")
    assert refused.code == 2
    assert "--still" in refused.err
    done = command("remove", "shot.mkv", "--mask", "logo.mkv", "--still", "--out", "out.mkv")
    assert done.code == 0, done.err
    changed = (pictures("out.mkv") != pictures("shot.mkv")).any(axis=-1)
    assert not changed[:, 36:].any()
    assert command("remove", "shot.mkv", "-m", "mask.mkv", "--still", "-o", "x.mkv").code == 2


# --- numbers ------------------------------------------------------------------------------------


@pytest.fixture
def quadmask() -> np.ndarray:
    return 255 - np.stack([picture.planes[0] for picture in open_clip("matte.mkv").pictures()])


def test_masks_go_by_the_numbers_of_the_clip(
    command: Callable[..., Any], quadmask: np.ndarray
) -> None:
    clip, mask = footage("clip", 1001), numbered("mask", 1005, quadmask[4:8])
    done = command("remove", clip, "--mask", mask, "--out", "out")
    assert done.code == 0, done.err
    changed = (pictures("out") != pictures("shot.mkv")).any(axis=(1, 2, 3))
    assert np.flatnonzero(changed).tolist() == [4, 5, 6, 7]


def test_masks_with_other_numbers_go_by_their_order(
    command: Callable[..., Any], quadmask: np.ndarray
) -> None:
    clip, mask = footage("clip", 1001), numbered("mask", 0, quadmask)
    done = command("remove", clip, "--mask", mask, "--out", "out")
    assert done.code == 0, done.err


def test_masks_that_leave_the_clip_are_refused(
    command: Callable[..., Any], quadmask: np.ndarray
) -> None:
    clip, mask = footage("clip", 1001), numbered("mask", 1003, quadmask)
    done = command("remove", clip, "--mask", mask, "--out", "out")
    assert done.code == 2
    assert "1003 to 1014, the clip 1001 to 1012" in done.err


def test_a_missing_number_is_told(command: Callable[..., Any], quadmask: np.ndarray) -> None:
    clip, mask = footage("clip", 1001), numbered("mask", 1001, quadmask)
    Path("mask/m.1005.png").unlink()
    done = command("remove", clip, "--mask", mask, "--out", "out")
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert "1005" in done.err


# --- a track goes the same way as a click -------------------------------------------------------


def test_a_track_is_explained_composed_and_filled(command: Callable[..., Any]) -> None:
    words = ("remove", "shot.mkv", "--track", "matte.mkv", "--out", "out.mkv")
    done = command(*words)
    assert done.code == 0, done.err
    folder = Path("out.mkv.marks")
    assert {"track.mkv", "effects.json", "quadmask.mkv"} <= {path.name for path in folder.iterdir()}
    assert open_track(folder / "track.mkv") == open_track("matte.mkv")
    assert json.loads(Path("out.mkv.report.json").read_text())["engine"] == "plate"
    effects = (folder / "effects.json").read_bytes()
    assert command(*words, "--overwrite").code == 0
    assert (folder / "effects.json").read_bytes() == effects


def test_a_track_of_other_frames_is_refused(command: Callable[..., Any]) -> None:
    done = command("remove", "shot.mkv", "--track", "one.mkv", "--out", "out.mkv")
    assert done.code == 2
    assert not Path("out.mkv").exists()
    both = command("remove", "shot.mkv", "--track", "matte.mkv", "--point", "9,9@0", "-o", "o.mkv")
    assert both.code == 2


# --- mattes to begin with -----------------------------------------------------------------------


def test_a_whole_sequence_of_mattes_is_the_track(command: Callable[..., Any]) -> None:
    done = command("select", "shot.mkv", "--matte", "matte.mkv", "--out", "track.mkv")
    assert done.code == 0, done.err
    drawn, found = open_track("matte.mkv"), open_track("track.mkv")
    assert all(np.array_equal(found[index], drawn[index]) for index in range(LENGTH))


def test_mattes_on_some_frames_are_keys(command: Callable[..., Any], quadmask: np.ndarray) -> None:
    clip, keys = footage("clip", 1001), Path("keys")
    keys.mkdir()
    for index in (0, 1, 2):
        cv2.imwrite(str(keys / f"k.{1001 + index}.png"), 255 - quadmask[index])
    done = command("select", clip, "--matte", "keys/k.####.png", "--out", "track.mkv")
    assert done.code == 0, done.err
    drawn, found = open_track("matte.mkv"), open_track("track.mkv")
    for index in range(LENGTH):
        union = (drawn[index] | found[index]).sum()
        assert (drawn[index] & found[index]).sum() > 0.8 * union, index
