"""The void engine from the command line, on real clips, with tiny random weights, both passes.

The result is noise where the object was; everything around it must be what it was.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from openvoid.core.quadmask import Region, dilate
from openvoid.core.request import default_soft_edge_px
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from tests.cli.real_shots import reduced
from tests.cli.tiny_shots import listing

CLIPS = {"lime": 46, "ducky-float": 62}
OPTIONS = [
    "--engine",
    "void",
    "--size",
    "48x80",
    "--steps",
    "2",
    "--passes",
    "2",
    "--device",
    "cpu",
]

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("void")


@pytest.fixture(scope="module")
def command(home: Path, tiny_weights: Path) -> Command:
    """`openvoid remove WORDS` with the tiny weights, in a process of its own."""
    weights = str(tiny_weights)

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            started(home, weights, *words), env=environment(home), capture_output=True, text=True
        )

    return run


def started(home: Path, weights: str, *words: str | Path) -> list[str]:
    main = [sys.executable, "-m", "openvoid.cli.main", "remove"]
    return [*main, *map(str, words), *OPTIONS, "--weights", weights]


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "OPENVOID_CACHE": str(home / "cache"), "HF_HUB_OFFLINE": "1"}


@pytest.fixture(
    scope="module", params=[pytest.param("lime", marks=pytest.mark.slow), "ducky-float"]
)
def removed(
    request: pytest.FixtureRequest, shared: Path, home: Path, command: Command
) -> dict[str, Any]:
    """A shot at most 960 pixels wide, and what became of it."""
    name = request.param
    shot, folder = home / name, home / f"{name} out"
    reduced(shared / "clips" / name, shot)
    folder.mkdir()
    ran = command(shot, "--out", folder / "clean.mkv", "--json")
    assert ran.returncode == 0, ran.stderr
    return {
        "name": name,
        "shot": shot,
        "master": folder / "clean.mkv",
        "folder": folder,
        "told": ran.stderr,
        "facts": json.loads(ran.stdout),
        "report": json.loads((folder / "clean.mkv.report.json").read_text()),
    }


def sound(path: Path) -> list[bytes]:
    """Packets of every sound stream."""
    with av.open(str(path)) as file:
        audio = file.streams.audio
        return [bytes(packet) for packet in file.demux(*audio) if packet.size] if audio else []


def test_frames_rate_size_and_sound_are_what_they_were(removed: dict[str, Any]) -> None:
    source = open_clip(removed["shot"] / "input_video.mp4")
    result = open_clip(removed["master"])
    assert result.length == source.length == CLIPS[removed["name"]]
    assert result.rate == source.rate
    assert result.size == source.size
    assert sound(removed["master"]) == sound(removed["shot"] / "input_video.mp4")
    assert bool(sound(removed["master"])) == (removed["name"] == "ducky-float")


def test_what_is_kept_is_kept_bit_for_bit_and_what_is_removed_changed(
    removed: dict[str, Any],
) -> None:
    source = open_clip(removed["shot"] / "input_video.mp4")
    result, mask = open_clip(removed["master"]), open_quadmask(removed["shot"] / "quadmask_0.mp4")
    soft_px = default_soft_edge_px(source.height)
    changed = pixels = 0
    pairs = zip(source.pictures(), result.pictures(), mask, strict=True)
    for index, (before, after, labels) in enumerate(pairs):
        if index % 7:
            continue
        gone = labels != Region.KEEP
        differs = before.planes[0] != after.planes[0]
        assert not (differs & ~dilate(gone, soft_px + 1)).any()
        changed, pixels = changed + int((differs & gone).sum()), pixels + int(gone.sum())
    assert changed > 0.5 * pixels


def test_the_report_says_which_weights_and_how(removed: dict[str, Any]) -> None:
    report = removed["report"]
    assert set(report["weights"]) >= {"void_pass1.safetensors", "void_pass2.safetensors"}
    assert all(len(sha) == 64 for sha in report["weights"].values())
    assert report["notes"]["model"]["preset"] == "standard"
    assert report["notes"]["memory"]["plan"]["device"] == "cpu"
    assert report["notes"]["native"]["working_size"] == [48, 80]


def test_every_stage_told_its_progress_and_no_debris_is_left(removed: dict[str, Any]) -> None:
    for stage in ("encode", "pass 1", "decode 1", "flow", "pass 2", "decode 2", "stitch"):
        assert stage in removed["told"], stage
        assert stage in removed["facts"]["timings_s"], stage
    assert sorted(listing(removed["folder"])) == ["clean.mkv", "clean.mkv.report.json"]


def test_a_dry_run_tells_the_plan_and_writes_nothing(
    removed: dict[str, Any], command: Command, home: Path
) -> None:
    ran = command(removed["shot"], "--out", home / "never.mkv", "--dry-run", "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["outlook"]["frames"]["in_clip"] == CLIPS[removed["name"]]
    assert told["outlook"]["frames"]["padded"] == 85
    assert not (home / "never.mkv").exists()
    plain = command(removed["shot"], "--out", home / "never.mkv", "--dry-run")
    assert "tokens a window" in plain.stdout


def test_stopped_in_pass_1_it_leaves_nothing_and_the_same_command_gives_the_same_bytes(
    removed: dict[str, Any], command: Command, home: Path, tiny_weights: Path
) -> None:
    if removed["name"] != "ducky-float":
        pytest.skip("once is enough")
    folder = home / "stopped"
    folder.mkdir()
    words = (removed["shot"], "--out", folder / "clean.mkv", "--range", "0-20")
    whole = command(removed["shot"], "--out", home / "whole.mkv", "--range", "0-20")
    assert whole.returncode == 0, whole.stderr
    process = subprocess.Popen(
        started(home, str(tiny_weights), *words),
        env=environment(home),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("pass 1"):
            break
    process.send_signal(2)
    rest = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "the same command continues it" in rest
    assert not listing(folder)
    again = command(*words)
    assert again.returncode == 0, again.stderr
    assert "encode" not in again.stderr, "it was encoded a second time"
    assert frames(folder / "clean.mkv") == frames(home / "whole.mkv")


def frames(path: Path) -> list[bytes]:
    return [np.ascontiguousarray(frame).tobytes() for frame in open_clip(path).frames()]


def test_weights_that_are_not_here_are_one_line_with_the_command(
    shared: Path, home: Path, tmp_path: Path
) -> None:
    words = ["remove", str(shared / "clips" / "ducky-float"), "--out", str(tmp_path / "c.mkv")]
    ran = subprocess.run(
        [sys.executable, "-m", "openvoid.cli.main", *words, "--engine", "void"],
        env={**environment(home), "HF_HOME": str(tmp_path / "empty")},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert "openvoid weights pull void" in ran.stderr
    assert not list(tmp_path.glob("c.mkv*"))
