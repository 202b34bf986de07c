"""Ctrl-C: a clean stop, nothing beside the output, and the same command goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.media.open import open_clip
from tests.cli.tiny_shots import listing, spawn, tiny_shot

FRAMES = 40


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    tiny_shot(folder, FRAMES)
    return folder


def words(folder: Path, out: str = "new.mkv") -> list[str]:
    return [
        *("remove", str(folder / "clip"), "--mask", str(folder / "mask")),
        *("--out", str(folder / out), "--engine", "flat"),
    ]


UNFINISHED = "removals"  # in the cache; small frames of the clip are kept beside it


def stopped(process: subprocess.Popen[str], cache: Path, number: int) -> tuple[int, str]:
    """Send the signal once some frames are made and kept."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        kept = sum(size for size in listing(cache / UNFINISHED).values() if size > 0)
        if kept > 2000 or process.poll() is not None:
            break
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_removal_goes_on_with_the_same_command(
    shot: Path,
    cache: Path,
    flat: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    code: int,
) -> None:
    before = listing(shot)
    monkeypatch.setenv("FLAT_PAUSE_S", "0.2")
    ended, err = stopped(spawn(*words(shot)), cache, number)
    assert ended == code, err
    assert err.splitlines()[-1] == "openvoid: stopped; the same command continues it"
    assert "Traceback" not in err
    assert listing(shot) == before

    monkeypatch.setenv("FLAT_PAUSE_S", "0")
    assert finished(words(shot)) == 0
    notes: dict[str, Any] = json.loads((shot / "new.mkv.report.json").read_text())["notes"]
    assert 0 < notes["began_at"] < FRAMES
    assert finished(words(shot, "whole.mkv")) == 0
    assert same_pixels(shot / "new.mkv", shot / "whole.mkv")
    assert not any(path.is_file() for path in (cache / UNFINISHED).rglob("*"))


def test_no_resume_begins_anew(
    shot: Path, cache: Path, flat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAT_PAUSE_S", "0.2")
    stopped(spawn(*words(shot)), cache, signal.SIGINT)
    monkeypatch.setenv("FLAT_PAUSE_S", "0")
    assert finished([*words(shot), "--no-resume"]) == 0
    assert json.loads((shot / "new.mkv.report.json").read_text())["notes"]["began_at"] == 0


def test_a_stopped_comparison_leaves_nothing(shot: Path, cache: Path) -> None:
    for copy in range(9):  # long enough to be stopped
        for index in range(FRAMES):
            name = f"{FRAMES * (copy + 1) + index:04}.png"
            (shot / "clip" / name).symlink_to(shot / "clip" / f"{index:04}.png")
    before = listing(shot)
    process = spawn(
        *("compare", str(shot / "clip"), str(shot / "clip"), "--width", "1600"),
        *("--out", str(shot / "side.mp4"), "--mode", "side"),
    )
    while process.poll() is None and listing(shot) == before:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "openvoid: stopped; nothing was left behind"
    assert listing(shot) == before


def finished(line: list[str]) -> int:
    process = spawn(*line)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return process.returncode


def same_pixels(one: Path, other: Path) -> bool:
    pairs = zip(open_clip(one).pictures(), open_clip(other).pictures(), strict=True)
    return all(
        np.array_equal(a, b)
        for left, right in pairs
        for a, b in zip(left.planes, right.planes, strict=True)
    )
