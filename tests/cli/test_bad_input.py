"""Mistakes: each is one clear line and exit code 2, and nothing is left behind."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.media.encode import open_writer
from tests.cli.tiny_shots import listing, save_pictures, spawn, tiny_shot

FRAMES = 12


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good shot, and many kinds of bad ones beside it."""
    folder = tmp_path_factory.mktemp("bad")
    tiny = tiny_shot(folder, FRAMES)
    clip = clip_of(tiny.frames)
    for name, codec in (("good.mkv", "ffv1"), ("good.mp4", "h264"), ("good.mov", "prores-hq")):
        write(folder / name, clip, codec)
    for name in ("good.mkv", "good.mp4", "good.mov"):
        data = (folder / name).read_bytes()
        (folder / f"cut{name[-4:]}").write_bytes(data[: len(data) * 2 // 3])
    (folder / "noise.mov").write_bytes(np.random.default_rng(1).bytes(5000))
    (folder / "nothing.mov").write_bytes(b"")
    (folder / "words.txt").write_text("no video")
    (folder / "no_pictures").mkdir()
    save_pictures(folder / "large_mask", np.repeat(tiny.labels, 2, axis=2))
    save_pictures(folder / "short_mask", tiny.labels[:5])
    save_pictures(folder / "empty_mask", np.full_like(tiny.labels, 255))
    save_pictures(folder / "full_mask", np.zeros_like(tiny.labels))
    save_pictures(folder / "gray_mask", np.full_like(tiny.labels, 95))
    (folder / "there.mkv").write_bytes(b"mine")
    (folder / "broken.json").write_text("{")
    return folder


def write(out: Path, clip: Clip, codec: str) -> None:
    with open_writer(out, clip, codec) as writer:
        for picture in clip.pictures():
            writer.write(picture)


@pytest.fixture
def here(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it to stand in."""
    folder = tmp_path / "here"
    shutil.copytree(template, folder)
    monkeypatch.chdir(folder)
    return folder


GOOD = ["good.mkv", "--mask", "mask", "--out", "new.mkv"]
TABLE = {
    "missing clip": (["none.mov", *GOOD[1:]], "none.mov"),
    "missing mask": (["good.mkv", "--mask", "none.mkv", *GOOD[3:]], "none.mkv"),
    "no mask named": (["good.mkv", "--out", "new.mkv"], "no mask"),
    "no output named": (["good.mkv", "--mask", "mask"], "--out"),
    "not a video": (["noise.mov", *GOOD[1:]], "noise.mov"),
    "an empty file": (["nothing.mov", *GOOD[1:]], "nothing.mov"),
    "a text": (["words.txt", *GOOD[1:]], "words.txt"),
    "an empty folder": (["no_pictures", *GOOD[1:]], "no_pictures"),
    "truncated mkv": (["cut.mkv", *GOOD[1:]], "cut.mkv"),
    "truncated mp4": (["cut.mp4", *GOOD[1:]], "cut.mp4"),
    "truncated mov": (["cut.mov", *GOOD[1:]], "cut.mov"),
    "mask of another size": (["good.mkv", "--mask", "large_mask", *GOOD[3:]], "128x48"),
    "mask of another length": (["good.mkv", "--mask", "short_mask", *GOOD[3:]], "5 frames"),
    "mask that is none": (["good.mkv", "--mask", "clip", *GOOD[3:]], "not a quadmask"),
    "gray mask": (["good.mkv", "--mask", "gray_mask", *GOOD[3:]], "not a quadmask"),
    "empty mask": (["good.mkv", "--mask", "empty_mask", *GOOD[3:]], "empty"),
    "full mask": (["good.mkv", "--mask", "full_mask", *GOOD[3:]], "everything"),
    "range outside": ([*GOOD, "--range", "5-40"], "it has frames 0 to 11"),
    "range backwards": ([*GOOD, "--range", "9-3"], "--range"),
    "range of words": ([*GOOD, "--range", "all"], "--range"),
    "output exists": ([*GOOD[:3], "--out", "there.mkv"], "there.mkv"),
    "output is a folder that exists": ([*GOOD[:3], "--out", "clip"], "clip"),
    "output in no folder": ([*GOOD[:3], "--out", "no/such/new.mkv"], "no/such"),
    "output of no known kind": ([*GOOD[:3], "--out", "new.xyz"], "new.xyz"),
    "output over the clip": ([*GOOD[:3], "--out", "good.mkv"], "good.mkv"),
    "output over the clip on purpose": (
        [*GOOD[:3], "--out", "good.mkv", "--overwrite"],
        "good.mkv",
    ),
    "matte exists": ([*GOOD, "--matte", "there.mkv"], "there.mkv"),
    "patch over the output": ([*GOOD, "--patch", "new.mkv"], "new.mkv"),
    "unknown engine": ([*GOOD, "--engine", "magic"], "unknown engine 'magic' (known: "),
    "unknown option": ([*GOOD, "--wheels", "4"], "--wheels"),
    "unsupported codec": ([*GOOD, "--codec", "theora"], "theora"),
    "codec in the wrong file": ([*GOOD[:3], "--out", "new.mp4", "--codec", "png"], "png"),
    "no rate": ([*GOOD, "--rate", "quick"], "--rate"),
    "mask grown away": ([*GOOD, "--grow", "-30"], "empty"),
    "soft edge below zero": ([*GOOD, "--soft-edge", "-1"], "--soft-edge"),
    "effects missing": ([*GOOD, "--effects", "none.json"], "none.json"),
    "effects broken": ([*GOOD, "--effects", "broken.json"], "broken.json"),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_mistake_is_one_line_and_leaves_nothing(
    name: str, command: Callable[..., Any], here: Path, cache: Path, flat: Path
) -> None:
    words, wanted = TABLE[name]
    before = listing(here)
    done = command("remove", "--engine", "flat", *words)
    assert done.code == 2, done.err
    last = done.err.strip().splitlines()[-1]
    assert last.startswith("openvoid: error: ")
    assert wanted in last
    assert "Traceback" not in done.err
    assert len(last) < 300
    assert done.out == ""
    assert listing(here) == before
    assert not any(path.is_file() for path in cache.rglob("*"))


def test_the_good_shot_is_good(command: Callable[..., Any], here: Path, flat: Path) -> None:
    """Else the table above would prove nothing."""
    assert command("remove", *GOOD, "--engine", "flat").code == 0
    assert command("remove", *GOOD, "--engine", "flat", "--overwrite").code == 0


def test_machines_get_the_mistake_as_json(
    command: Callable[..., Any], here: Path, flat: Path
) -> None:
    done = command("remove", *TABLE["missing clip"][0], "--engine", "flat", "--json")
    assert done.code == 2
    assert set(done.json["error"]) == {"what", "where", "mend"}
    assert done.json["error"]["where"] == "none.mov"


# --- the disk ---------------------------------------------------------------------------------


@contextmanager
def mounted(folder: Path, size: str, read_only: bool = False) -> Iterator[Path]:
    """A small disk of its own, where we may mount one."""
    folder.mkdir()
    options = f"size={size}{',ro' if read_only else ''}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(command: Callable[..., Any], here: Path, flat: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "24k") as disk:
        done = command(
            "remove", *GOOD[:3], "--out", disk / "new.mkv", "--engine", "flat", "--quiet"
        )
        assert done.code == 2, done.err
        assert "full" in done.error
        assert listing(disk) == {}


def test_a_read_only_disk(
    command: Callable[..., Any], here: Path, flat: Path, tmp_path: Path
) -> None:
    with mounted(tmp_path / "disk", "1m", read_only=True) as disk:
        done = command(
            "remove", *GOOD[:3], "--out", disk / "new.mkv", "--engine", "flat", "--quiet"
        )
        assert done.code == 2, done.err
        assert "may not be written" in done.error


def test_a_folder_without_the_right_to_write(
    command: Callable[..., Any], here: Path, flat: Path
) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (here / "closed").mkdir(mode=0o555)
    done = command("remove", *GOOD[:3], "--out", "closed/new.mkv", "--engine", "flat", "--quiet")
    assert done.code == 2
    assert "permission denied" in done.error


def test_a_limit_on_the_size_of_files(here: Path, flat: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (16384, 16384))

    before = listing(here)
    process = spawn("remove", *GOOD, "--engine", "flat", "--quiet", preexec_fn=limit)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2, err
    assert err.startswith("openvoid: error: ")
    assert err.count("\n") == 1
    assert listing(here) == before


@pytest.mark.parametrize(
    ("number", "wanted"),
    [(errno.ENOSPC, "full"), (errno.EROFS, "read-only"), (errno.EACCES, "permission denied")],
)
def test_what_the_disk_says_while_writing(
    command: Callable[..., Any],
    here: Path,
    flat: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    wanted: str,
) -> None:
    """Where no disk can be mounted: the same, from the rename at the end."""
    rename = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if Path(target).name == "new.mkv":
            raise OSError(number, os.strerror(number), str(target))
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    before = listing(here)
    done = command("remove", *GOOD, "--engine", "flat", "--quiet")
    assert done.code == 2, done.err
    assert wanted in done.error
    assert listing(here) == before


def test_a_defect_of_ours_keeps_its_traceback(
    command: Callable[..., Any], here: Path, flat: Path
) -> None:
    text = (flat / "flat_engine.py").read_text()
    (flat / "flat_engine.py").write_text(text.replace("box = quadmask.box", "box = quadmask.bax"))
    before = listing(here)
    sys.modules.pop("flat_engine", None)
    done = command("remove", *GOOD, "--engine", "flat")
    assert done.code == 1
    told = [line for line in done.err.splitlines() if line.startswith("openvoid: ")]
    assert told[0].startswith("openvoid: defect: AttributeError: ")
    assert "Traceback" in done.err
    assert listing(here) == before
