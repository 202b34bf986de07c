"""`openvoid select`: marks in words, what is written, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.cli import marks
from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.selection import BoxMark, Matte, Point, Selection
from openvoid.media.encode import open_writer
from openvoid.media.tracks import open_track
from tests.cli.tiny_shots import listing


@pytest.fixture
def shot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `shot.mkv` (a red disc that moves right), a matte and files that are wrong."""
    rng = np.random.default_rng(5)
    ground = cv2.resize(rng.random((12, 16, 3)).astype(np.float32), (88, 64)) * 60 + 70
    rows, columns = np.mgrid[:64, :88]
    frames = []
    for index in range(4):
        disc = np.hypot(columns - 26 - 3 * index, rows - 32) < 11
        frames.append(np.where(disc[..., None], [215, 50, 40], ground).astype(np.uint8))
    clip = clip_of(frames)
    folder = tmp_path / "shot"
    folder.mkdir()
    with open_writer(folder / "shot.mkv", clip, "ffv1") as writer:
        for picture in clip.pictures():
            writer.write(picture)
    disc = np.hypot(columns - 26, rows - 32) < 11
    cv2.imwrite(str(folder / "matte.png"), disc.astype(np.uint8) * 255)
    (folder / "there.mkv").write_bytes(b"mine")
    (folder / "broken.json").write_text("{")
    (folder / "other.json").write_text('{"schema": "else"}')
    clicks = {"points_by_frame": {"0": [[26, 32]]}, "primary_points_by_frame": {"0": [[26, 32]]}}
    (folder / "segmentation_info.json").write_text(json.dumps(clicks))
    monkeypatch.chdir(folder)
    return folder


def test_words_become_marks() -> None:
    assert marks.point("2126,1099@7") == Point(7, 2126, 1099)
    assert marks.point(" 12.5 , 3 ", False) == Point(0, 12.5, 3, False)
    assert marks.box("1,2,30,40@5") == BoxMark(5, 1, 2, 30, 40)


def test_a_sheet_is_drawn_as_the_values_are_meant(command: Callable[..., Any], shot: Path) -> None:
    asked = ("select", "shot.mkv", "--point", "26,32@0")
    for name, words in (("a", ()), ("b", ("--input-color", "linear"))):
        out, sheet = shot / f"{name}.mkv", shot / f"{name}.png"
        done = command(*asked, "-o", out, "--preview", sheet, *words)
        assert done.code == 0, done.err
    one, two = (cv2.imread(str(shot / name)).astype(int) for name in ("a.png", "b.png"))
    assert (two - one).max() > 30  # linear light is shown brighter than its codes


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "a,b@0", "1,2@", "1,2@-1", "1,2@x", "1;2"])
def test_words_that_are_no_point_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(OpenVoidError, match="is not a point") as told:
        marks.point(text)
    assert "--point 640,360@0" in told.value.mend


def test_marks_are_saved_read_and_added_to(tmp_path: Path) -> None:
    (tmp_path / "m.png").write_bytes(b"")
    drawn = [marks.matte(f"{tmp_path / 'm.png'}@1")]
    first = marks.selection(["1,2@3"], ["4,5@3"], ["0,0,9,9@3"], drawn)
    marks.write_marks(first, tmp_path / "marks.json")
    assert json.loads((tmp_path / "marks.json").read_text())["mattes"][0]["file"] == "m.png"
    both = marks.selection(["6,7@9"], file=tmp_path / "marks.json")
    assert both.points == (Point(3, 1, 2), Point(3, 4, 5, False), Point(9, 6, 7))
    assert both.boxes == first.boxes
    assert both.mattes == (Matte(1, str(tmp_path / "m.png")),)
    assert marks.selection(words=" the red car ") == Selection(words="the red car")


def test_a_click_becomes_a_track_with_marks_and_a_sheet(
    command: Callable[..., Any], shot: Path
) -> None:
    done = command(
        *("select", "shot.mkv", "--point", "26,32@0", "--not", "70,10@0", "--out", "track.mkv"),
        *("--save-marks", "marks.json", "--preview", "sheet.png", "--json"),
    )
    assert done.code == 0, done.err
    track = open_track(shot / "track.mkv")
    assert len(track) == 4
    assert track[0][32, 26]
    assert track[3][32, 35]
    assert done.json["seen"] == 4
    assert done.json["doubtful"] == []
    assert cv2.imread(str(shot / "sheet.png")) is not None
    again = command("select", "shot.mkv", "--marks", "marks.json", "-o", "again.mkv")
    assert again.code == 0
    assert "seen" in again.out
    assert open_track(shot / "again.mkv") == track


@pytest.mark.parametrize(
    "words",
    [
        ["--box", "12,18,40,46@0"],
        ["--matte", "matte.png@0"],
        ["--marks", "segmentation_info.json"],
        ["--point", "35,32@3", "--working-size", "80"],
    ],
)
def test_every_kind_of_mark_and_the_segmenters_options_are_taken(
    command: Callable[..., Any], shot: Path, words: list[str]
) -> None:
    done = command("select", "shot.mkv", *words, "--out", "track.mkv", "--quiet")
    assert done.code == 0, done.err
    assert done.out == ""
    assert open_track(shot / "track.mkv")[2][32, 32]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], "nothing says where the object is (--point X,Y@FRAME)"),
        (["--not", "5,5@0"], "nothing says where the object is"),
        (["--point", "5"], "--point: '5' is not a point"),
        (["--not", "5"], "--not: '5' is not a point"),
        (["--box", "5,5@1"], "--box: '5,5@1' is not a box"),
        (["--box", "9,9,5,5@0"], "the box on frame 0 is empty"),
        (["--point", "500,5@0"], "(500, 5) on frame 0 is outside the picture (it is 88x64)"),
        (["--point", "5,5@4"], "frame 4 is not in the clip (frames 0 to 3)"),
        (["--point", "5,5@0", "--not", "5,5@0"], "is marked both on and off"),
        (["--point", "5,5@0", "--box", "20,20,40,40@0"], "is outside the box"),
        (["--matte", "matte.png"], "is not a matte with its frame"),
        (["--matte", "none.png@0"], "none.png: no such file"),
        (["--matte", "broken.json@0"], "broken.json: cannot be read as a picture"),
        (["--marks", "none.json"], "none.json: cannot be read"),
        (["--marks", "broken.json"], "broken.json: cannot be read: it is not JSON"),
        (["--marks", "other.json"], "other.json: selection of schema 'else'"),
        (["--words", "the disc"], "words ('the disc') are not understood here"),
        (["--point", "26,32@0", "--segmenter", "nobody"], "unknown segmenter 'nobody'"),
        (["--point", "26,32@0", "--preview", "sheet.gif"], "sheet.gif: is no picture"),
        (["--point", "26,32@0", "--save-marks", "new.json"], "two outputs have the same name"),
        (["--point", "26,32@0", "--save-marks", "there.mkv"], "there.mkv: exists already"),
        (["--point", "26,32@0", "--preview", "no/sheet.png"], "the folder does not exist"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    command: Callable[..., Any], shot: Path, words: list[str], wanted: str
) -> None:
    before = listing(shot)
    done = command("select", "shot.mkv", "--out", "new.mkv", *words)
    assert done.code == 2
    assert wanted in done.error
    assert listing(shot) == before


@pytest.mark.parametrize("out", ["there.mkv", "new.mov", "no/new.mkv"])
def test_a_track_goes_where_it_may_and_as_what_it_can_be(
    command: Callable[..., Any], shot: Path, out: str
) -> None:
    before = listing(shot)
    assert command("select", "shot.mkv", "--point", "26,32@0", "--out", out).code == 2
    assert listing(shot) == before


def test_overwrite_replaces_a_track(command: Callable[..., Any], shot: Path) -> None:
    words = ["select", "shot.mkv", "--point", "26,32@0", "--out", "there.mkv", "--overwrite"]
    assert command(*words).code == 0
    assert len(open_track(shot / "there.mkv")) == 4


def test_a_glance_draws_what_may_be_meant_and_follows_nothing(
    command: Callable[..., Any], shot: Path
) -> None:
    done = command("select", "shot.mkv", "--point", "26,32@0", "--glance", "look.png", "--json")
    assert done.code == 0, done.err
    assert cv2.imread(str(shot / "look.png")) is not None
    assert done.json["frame"] == 0
    assert done.json["candidates"][0]["candidate"] == 1
    assert not (shot / "look.json").exists()
    told = command("select", "shot.mkv", "--point", "26,32@0", "--glance", "again.png")
    assert "candidate 1" in told.out
    for words, wanted in (
        (["--glance", "look.gif"], "look.gif: is no picture"),
        (["--glance", "look.png"], "look.png: exists already"),
        ([], "nothing says where the track goes"),
        (["-o", "track.mkv", "--candidate", "9"], "there is no candidate 9"),
        (["-o", "track.mkv", "--grow-to", "moon"], "cannot grow to 'moon'"),
    ):
        refused = command("select", "shot.mkv", "--point", "26,32@0", *words)
        assert refused.code == 2
        assert wanted in refused.err


def test_the_choice_is_kept_with_the_marks(tmp_path: Path) -> None:
    chosen = marks.selection(["1,2@3"], candidate=2, grow_to="part")
    marks.write_marks(chosen, tmp_path / "marks.json")
    again = marks.selection(file=tmp_path / "marks.json")
    assert (again.candidate, again.grow_to) == (2, "part")
    assert marks.selection(file=tmp_path / "marks.json", candidate=1).candidate == 1
