"""No verb writes over what it reads, over a person's own files, or where another one is writing."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_video
from tests.evaluate.tiny_truths import save_shot, scene

CLICK = ("--point", "26,32@0")


@pytest.fixture
def place(tmp_path: Path, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clip, a track of it and a quadmask, under short names; and the folder to stand in."""
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "c.mp4", frames=4, size=(48, 64))
    assert command("select", "c.mp4", "--box", "20,16,36,32@0", "-o", "t.mkv").code == 0
    assert command("reason", "c.mp4", "--track", "t.mkv", "-o", "m.mkv").code == 0
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


OVER_AN_INPUT = [
    ("select", "c.mp4", *CLICK, "-o", "c.mp4"),
    ("select", "c.mp4", *CLICK, "-o", "new.mkv", "--save-marks", "c.mp4"),
    ("reason", "c.mp4", "--track", "t.mkv", "-o", "c.mp4"),
    ("reason", "c.mp4", "--track", "t.mkv", "-o", "t.mkv"),
    ("reason", "c.mp4", "--track", "t.mkv", "-o", "new.mkv", "--effects-out", "c.mp4"),
    ("reason", "c.mp4", "--track", "t.mkv", "-o", "new.mkv", "--effects-out", "t.mkv"),
    ("explain", "c.mp4", "--track", "t.mkv", "--effects", "m.effects.json", "-o", "c.mp4"),
    ("compare", "c.mp4", "m.mkv", "--mode", "side", "-o", "c.mp4"),
    ("mask", "grow", "m.mkv", "--by", "1", "-o", "m.mkv"),
    ("mask", "convert", "m.mkv", "-o", "m.mkv"),
    ("mask", "snap", "m.mkv", "-o", "./m.mkv"),
    ("remove", "c.mp4", "-m", "m.mkv", "-o", "c.mp4"),
    ("remove", "c.mp4", "-m", "m.mkv", "-o", "m.mkv"),
    ("remove", "c.mp4", "-m", "m.mkv", "-o", "new.mkv", "--matte", "m.mkv"),
    ("remove", "c.mp4", *CLICK, "-o", "c.mp4"),
]


@pytest.mark.parametrize("words", OVER_AN_INPUT, ids=" ".join)
def test_what_is_read_is_never_written(
    place: Path, command: Callable[..., Any], words: tuple[str, ...]
) -> None:
    before = contents(place)
    done = command(*words, "--overwrite")
    assert done.code == 2
    assert "would overwrite the input" in done.error
    assert contents(place) == before


@pytest.mark.parametrize("name", ["track.mkv", "selection.json", "quadmask.mkv"])
def test_a_person_s_own_files_in_the_folder_of_marks_stay(
    place: Path, command: Callable[..., Any], name: str
) -> None:
    folder = place / "s"
    folder.mkdir()
    shutil.copy(place / "c.mp4", folder / name)
    before = contents(folder)
    clip = folder / name if name.endswith(".mkv") else place / "c.mp4"
    done = command("remove", clip, *CLICK, "-o", "out.mkv", "--marks-folder", folder)
    assert done.code == 2
    assert "would be replaced" in done.error
    assert contents(folder) == before
    assert not (place / "out.mkv").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("select", "c.mp4", *CLICK, "-o", "new.mkv"),
        ("reason", "c.mp4", "--track", "t.mkv", "-o", "new.mkv"),
        ("explain", "c.mp4", "--track", "t.mkv", "-o", "new.png"),
        ("compare", "c.mp4", "c.mp4", "-o", "new.png"),
        ("mask", "convert", "m.mkv", "-o", "new.mkv"),
        ("remove", "c.mp4", "-m", "m.mkv", "-o", "new.mkv"),
    ],
    ids=lambda words: words[0],
)
def test_a_second_comer_is_told_who_writes_there(
    place: Path, command: Callable[..., Any], words: tuple[str, ...]
) -> None:
    from openvoid.media.lease import lease_path, leased

    out = place / words[words.index("-o") + 1]
    with leased([out]):
        done = command(*words)
        assert done.code == 2
        assert "another process" in done.error
        assert "process" in done.error
        assert len(done.err.strip().splitlines()) == 1
    assert not out.exists()
    assert command(*words).code == 0
    assert not lease_path(out).exists()


def test_a_report_that_could_not_be_written_is_refused_before_the_work(
    place: Path, command: Callable[..., Any]
) -> None:
    words = ("remove", "c.mp4", "-m", "m.mkv", "-o", "o.mkv", "--overwrite")
    assert command(*words).code == 0
    before = (place / "o.mkv").read_bytes()
    (place / "o.mkv.report.json").unlink()
    (place / "o.mkv.report.json").mkdir()
    (place / "o.mkv.report.json" / "mine").write_text("x")
    done = command(*words, "--grow", "6")
    assert done.code == 2
    assert "o.mkv.report.json" in done.error
    assert (place / "o.mkv").read_bytes() == before


@pytest.mark.parametrize("prompt", ["\ud800", "a\x00b"])
def test_odd_letters_in_a_prompt_do_not_cost_the_result(
    place: Path, command: Callable[..., Any], prompt: str
) -> None:
    words = ("remove", "c.mp4", "-m", "m.mkv", "-o", "o.mkv")
    assert command(*words).code == 0
    done = command(*words, "--overwrite", "--prompt", prompt)
    assert done.code in (0, 2)
    assert json.loads((place / "o.mkv.report.json").read_text())


@pytest.mark.skipif(sys.platform == "darwin", reason="names are UTF-8 there")
def test_a_name_that_is_not_utf_8_is_read_all_the_same(
    place: Path, command: Callable[..., Any]
) -> None:
    odd = place / b"caf\xe9.mp4".decode("utf-8", "surrogateescape")
    shutil.copy(place / "c.mp4", odd)
    assert command("remove", "c.mp4", "-m", "m.mkv", "-o", "o.mkv").code == 0
    before = (place / "o.mkv").read_bytes()
    done = command("remove", odd, "-m", "m.mkv", "-o", "o.mkv", "--overwrite")
    assert done.code == 0
    assert (place / "o.mkv").read_bytes() == before
    assert json.loads((place / "o.mkv.report.json").read_text())


def test_a_folder_of_shots_or_of_an_evaluation_has_one_owner(
    tmp_path: Path, command: Callable[..., Any]
) -> None:
    from openvoid.media.lease import leased

    known = tmp_path / "known"
    save_shot(known / "one", scene(), "collide", 1)
    evaluation = ("evaluate", "run", known, "--engine", "", "--baseline", "copy")
    evaluation += ("--metric", "psnr", "-o", tmp_path / "res")
    synth = ("synth", "make", "--family", "collide", "--count", "1", "--out", tmp_path / "shots")
    for words, out in ((evaluation, tmp_path / "res"), (synth, tmp_path / "shots")):
        with leased([out]):
            done = command(*words)
        assert done.code == 2
        assert "is being made by another process" in done.error


@pytest.mark.parametrize("name", ["..", ".", ".hidden"])
def test_a_contestant_is_no_place(tmp_path: Path, command: Callable[..., Any], name: str) -> None:
    known = tmp_path / "known"
    save_shot(known / "one", scene(), "collide", 1)
    before = sorted(path for path in known.rglob("*"))
    told = f"{name}=cp {{video}} {{out}}"
    done = command("evaluate", "run", known, "--engine", "", "--command", told, "-o", known)
    assert done.code == 2
    assert sorted(path for path in known.rglob("*")) == before
