"""Contact sheets and comparison videos: what they show, where, and that they tell the truth."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.cli.compare import compared
from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import silent
from openvoid.media.open import open_clip
from openvoid.show import panels
from openvoid.show.comparison import View

FRAMES = np.random.default_rng(1).integers(60, 190, (10, 40, 60, 3)).astype(np.uint8)
LABELS = np.full((10, 40, 60), 255, np.uint8)
LABELS[4:8, 10:30, 20:40] = 0
MASK = Quadmask.from_labels(LABELS)
CLIP = clip_of(FRAMES, Fraction(24000, 1001))
GAP, CAPTION = panels.GAP_PX, panels.CAPTION_PX


def read(path: Path) -> np.ndarray[Any, Any]:
    return cv2.imread(str(path))[:, :, ::-1]


def panel(picture: np.ndarray[Any, Any], row: int, column: int) -> np.ndarray[Any, Any]:
    """One panel of a sheet whose panels are 60 x 40."""
    top = GAP + row * (40 + CAPTION + GAP) + CAPTION
    left = GAP + column * (60 + GAP)
    return picture[top : top + 40, left : left + 60]


def test_a_sheet_shows_both_and_their_difference(tmp_path: Path) -> None:
    other = FRAMES.copy()
    other[:, 5:9] += 10
    out = tmp_path / "sheet.png"
    compared(CLIP, clip_of(other), None, out, View(frames=2, width_px=60, gain=4), silent)
    picture = read(out)
    assert picture.shape == (2 * (62 + GAP) + GAP, 3 * (60 + GAP) + GAP, 3)
    assert np.array_equal(panel(picture, 0, 0), FRAMES[2])
    assert np.array_equal(panel(picture, 0, 1), other[2])
    assert np.array_equal(panel(picture, 1, 1), other[7])
    apart = panel(picture, 0, 2)
    assert (apart[10:] == 128).all()
    assert (apart[5:9] == 128 + 40).all()


def test_every_panel_has_its_own_caption(tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    compared(CLIP, CLIP, None, out, View("side", frames=2, width_px=60), silent)
    picture = read(out)
    captions = [picture[GAP + row * (62 + GAP) :][:CAPTION, GAP : GAP + 60] for row in (0, 1)]
    assert all((caption > 150).any() for caption in captions)
    assert not np.array_equal(*captions)  # 2 and 7


def test_with_a_mask_frames_come_from_where_it_shows_something(tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    compared(CLIP, CLIP, MASK, out, View("side", frames=4, width_px=60), silent)
    picture = read(out)
    assert np.array_equal(panel(picture, 0, 1), FRAMES[4])
    assert np.array_equal(panel(picture, 3, 1), FRAMES[7])
    outlined = panel(picture, 0, 0)
    red = (outlined == panels.OUTLINE[0]).all(axis=2)
    assert red[10, 20:40].all()
    assert not red[15:25, 25:35].any()
    assert np.array_equal(outlined[~red], FRAMES[4][~red])


def test_a_short_clip_gives_each_frame_once(tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    compared(CLIP.trimmed(0, 2), CLIP.trimmed(0, 2), None, out, View("side", frames=9), silent)
    height = round(40 * 480 / 60)
    assert read(out).shape[0] == GAP + 2 * (height + CAPTION + GAP)


def test_a_comparison_video_keeps_rate_and_length_and_shows_both(tmp_path: Path) -> None:
    out = tmp_path / "side.mkv"  # lossless
    told: list[tuple[str, int, int]] = []
    compared(CLIP, CLIP, None, out, View("side"), lambda *step: told.append(step))
    clip = open_clip(out)
    assert (clip.length, clip.rate) == (10, Fraction(24000, 1001))
    assert clip.size == (62, 124)
    frame = next(clip.frames(3, 4))
    assert np.array_equal(frame[CAPTION:, :60], FRAMES[3])
    assert np.array_equal(frame[CAPTION:, 64:], FRAMES[3])
    assert told[0] == ("compare", 0, 10)
    assert told[-1] == ("compare", 10, 10)


def test_the_verb_measures_inside_and_outside(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    done = command("compare", tiny.clip, tiny.clip, "--mask", tiny.mask)
    assert done.code == 0
    assert [line.split()[:2] for line in done.out.splitlines()[1:]] == [
        ["inside", "identical"],
        ["outside", "identical"],
        ["whole", "identical"],
    ]
    facts = command("compare", tiny.clip, tiny.clip, "-m", tiny.mask, "--json").json
    assert facts["regions"]["inside"]["psnr_db"] == "infinite"


def test_the_verb_refuses_what_exists_and_what_does_not_fit(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    out = tmp_path / "sheet.png"
    out.write_bytes(b"mine")
    done = command("compare", tiny.clip, tiny.clip, "--out", out)
    assert (done.code, out.read_bytes()) == (2, b"mine")
    assert "exists already (--overwrite" in done.error
    assert command("compare", tiny.clip, tiny.clip, "--out", out, "--overwrite").code == 0
    assert out.read_bytes() != b"mine"
    done = command("compare", tiny.clip, tmp_path / "none.mov")
    assert done.code == 2
    assert "none.mov" in done.error


def test_a_part_is_compared_with_the_frames_it_shows(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    part = tmp_path / "part"
    part.mkdir()
    for index in (1, 2):
        (part / f"{index:04}.png").write_bytes((tiny.clip / f"{index:04}.png").read_bytes())
    assert command("compare", tiny.clip, part).code == 2
    done = command("compare", tiny.clip, part, "--range", "1-2", "--mask", tiny.mask, "--json")
    assert done.json["regions"]["whole"]["psnr_db"] == "infinite"
    assert (
        command("compare", tiny.clip, part, "--range", "0-1", "--json").json["regions"]["whole"][
            "psnr_db"
        ]
        != "infinite"
    )


@pytest.mark.parametrize("mode", ["side", "difference"])
def test_a_video_too_large_to_look_at_is_refused_before_it_is_drawn(
    tmp_path: Path, mode: str
) -> None:
    out = tmp_path / "out.mkv"
    with pytest.raises(OpenVoidError, match="too large") as refused:
        compared(CLIP, CLIP, None, out, View(mode, width_px=8000), silent)
    assert "give a smaller --width" in refused.value.line()
    assert list(tmp_path.iterdir()) == []
