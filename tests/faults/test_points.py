"""A disk that fails: at every point the old result is whole or the new one is, and the same command
succeeds afterwards with the bytes of an undisturbed run.

The points are the calls that change what is on the disk (`disk.c`). The default run takes every few
of them; all are walked by `pytest -m slow tests/faults`, which also prints how many there are.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.quadmask import Quadmask
from openvoid.core.track import Track
from openvoid.media.masks import write_quadmask
from openvoid.media.open import open_clip
from openvoid.media.tracks import write_track
from tests.conftest import write_video

ROOT = Path(__file__).parents[2]
BOX = "--box", "20,16,36,32@0"
VERBS: dict[str, tuple[str, ...]] = {
    "remove": ("remove", "clip.mp4", "-m", "mask.mkv", "-o", "out.mkv", "--matte", "matte.mkv"),
    "remove to a pattern": ("remove", "clip.mp4", "-m", "mask.mkv", "-o", "y.%04d.png"),
    "remove what is pointed at": ("remove", "clip.mp4", *BOX, "-o", "out.mkv"),
    "select": ("select", "clip.mp4", *BOX, "-o", "track.mkv", "--save-marks", "marks.json"),
    "reason": ("reason", "clip.mp4", "--track", "seen.mkv", "-o", "mask2.mkv"),
}
WITHOUT_OVERWRITE = {
    "synth": (
        *("synth", "make", "--family", "collide", "--count", "1", "--frames", "4"),
        *("--size", "64x64", "--out", "shots"),
    ),
    "evaluate": ("evaluate", "run", "known", "--baseline", "copy", "--metric", "psnr", "-o", "res"),
}
KINDS = ("kill", "EIO", "ENOSPC", "EMFILE", "ESTALE", "ENOLCK")
TIMED = (".report.json", "results.json", "scores.json", "report.html", "results.md", ".log")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`disk.c`, compiled."""
    if not sys.platform.startswith("linux") or shutil.which("cc") is None:
        pytest.skip("needs Linux and a C compiler: sudo apt-get install gcc libc6-dev")
    path = tmp_path_factory.mktemp("disk") / "disk.so"
    source = Path(__file__).with_name("disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", path, source, "-ldl"], check=True)
    return path


def small_shot(start: Path) -> Path:
    """A new folder with what the verbs read, and earlier results that they replace."""
    start.mkdir()
    clip = write_video(start / "clip.mp4", frames=4, size=(48, 64))
    removed = np.zeros((4, 48, 64), bool)
    removed[:, 16:32, 20:36] = True
    quadmask = Quadmask.from_removed(removed, removed & False)
    rate = open_clip(clip).rate
    for name in ("mask.mkv", "mask2.mkv", "out.mkv", "matte.mkv", "track.mkv"):
        write_quadmask(quadmask, start / name, rate)
    write_track(Track.of("thing", list(removed)), start / "seen.mkv", rate)
    for number in range(4):
        (start / f"y.{number:04}.png").write_bytes(b"old")
    for name in ("marks.json", "out.mkv.report.json", "mask2.effects.json", "y.report.json"):
        (start / name).write_text("{}")
    return start


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with such a one in it, as `start`."""
    return small_shot(tmp_path / "start").parent


def walked(library: Path, root: Path, kind: str, step: int, verb: Sequence[str]) -> list[Any]:
    """What came of every `step`-th point; first, of no fault at all."""
    words = [sys.executable, "-m", "tests.faults.walk", library, kind, 1, step, root, *verb]
    more = {"LD_PRELOAD": str(library), "MUJOCO_GL": "osmesa", "OPENVOID_THREADS": "1"}
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    ended = subprocess.run(
        [str(word) for word in words],
        env={**os.environ, **more, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def lasting(files: dict[str, str]) -> dict[str, str]:
    """Without what tells of times, which are never the same."""
    return {name: told for name, told in files.items() if not name.endswith(TIMED)}


def delivered(files: dict[str, str]) -> dict[str, str]:
    """Without the folder of marks, where what was found is kept to go on from."""
    return {name: told for name, told in files.items() if ".marks/" not in name}


def judge(undisturbed: dict[str, Any], tried: dict[str, Any], old: dict[str, str]) -> None:
    """One point: whole before or after, told in a line, and made good by the same command."""
    new, after = undisturbed["after"], tried["after"]
    where = f"point {tried['at']}, {tried['call']}: {tried['said'][-500:]}"
    assert tried["code"] in (0, 2, -9), where
    if tried["code"] == 0:
        assert lasting(after) == lasting(new), where
    elif tried["code"] == 2:
        assert delivered(after) == old, where
        assert len(tried["said"].strip().splitlines()) == 1, where
        assert "Traceback" not in tried["said"], where
    else:
        for name, told in lasting(old).items():
            assert after.get(name) in (told, new.get(name)), f"{where}: {name} is torn"
    assert tried["again"] == 0, f"{where}: again: {tried['again_said'][-500:]}"
    assert lasting(tried["left"]) == lasting(new), f"{where}: afterwards"


def check(library: Path, root: Path, kind: str, step: int, verb: Sequence[str]) -> int:
    undisturbed, *tried = walked(library, root, kind, step, verb)
    assert undisturbed["code"] == 0, undisturbed["said"]
    assert len(tried) > 1
    for each in tried:
        judge(undisturbed, each, undisturbed["before"])
    return int(undisturbed["points"])


@pytest.mark.parametrize("kind", ["kill", "EIO"])
@pytest.mark.parametrize("verb", VERBS)
def test_at_some_points(library: Path, root: Path, verb: str, kind: str) -> None:
    check(library, root, kind, 17, (*VERBS[verb], "--overwrite", "-q"))


@pytest.mark.parametrize("step", [12, pytest.param(1, marks=pytest.mark.slow)])
def test_another_click_between_leaves_no_track_to_the_first(
    library: Path, root: Path, step: int
) -> None:
    first, other = (
        ("remove", "clip.mp4", "--box", box, "-o", "out.mkv", "--overwrite", "-q")
        for box in ("20,16,36,32@0", "4,4,20,20@0")
    )
    prepared = walked(library, root, "ESTALE", 10**6, first)[0]
    assert prepared["code"] == 0, prepared["said"]
    shutil.rmtree(root / "start")
    shutil.copytree(root / "work", root / "start")
    _, *tried = walked(library, root, "ESTALE", step, (*other, "--", *first))
    assert len(tried) > 3
    for each in tried:
        assert each["again"] == 0, each["again_said"]
        assert each["left"]["out.mkv"] == prepared["left"]["out.mkv"], each["at"]
    print(f"\na click, another, the first: {len(tried)} points")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", VERBS)
def test_at_every_point(library: Path, root: Path, verb: str, kind: str) -> None:
    points = check(library, root, kind, 1, (*VERBS[verb], "--overwrite", "-q"))
    print(f"\n{verb}, {kind}: {points} points")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", WITHOUT_OVERWRITE)
def test_at_every_point_of_what_goes_on_with_a_folder(
    library: Path, root: Path, shot_with_truth: Path, verb: str, kind: str
) -> None:
    shutil.copytree(shot_with_truth, root / "start" / "known")
    undisturbed, *tried = walked(library, root, kind, 1, (*WITHOUT_OVERWRITE[verb], "-q"))
    assert undisturbed["code"] == 0, undisturbed["said"]
    for each in tried:
        assert each["code"] in (0, 1, 2, -9), each["said"]
        assert "Traceback" not in each["said"], each["said"]
        assert each["again"] == 0, each["again_said"]
        assert lasting(each["left"]) == lasting(undisturbed["after"]), each["at"]
    print(f"\n{verb}, {kind}: {undisturbed['points']} points")


@pytest.fixture
def shot_with_truth(tmp_path: Path) -> Path:
    """A folder of one tiny shot whose truth is known."""
    from tests.evaluate.tiny_truths import save_shot, scene

    folder = tmp_path / "known"
    save_shot(folder / "one", scene(), "collide", 1)
    return folder
