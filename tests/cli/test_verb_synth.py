"""`openvoid synth`: shots, sheets, a stop, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from openvoid.core import plugins
from tests.cli.tiny_shots import spawn

SMALL = ("--size", "160x96", "--frames", "6")


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory, drawing: None) -> Path:
    from openvoid.cli.main import main

    out = tmp_path_factory.mktemp("synth") / "shots"
    words = ["synth", "--family", "collide,light", "--count", "2", *SMALL, "--quiet"]
    assert main([*words, "--out", str(out)]) == 0
    return out


def test_shots_and_a_manifest_are_made_and_told(
    command: Callable[..., Any], shots: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = command(*("synth", "--family", "collide,light", "--count", 2, *SMALL, "--out", shots))
    assert done.code == 0
    assert "made     0 shots" in done.out
    assert "2 were there" in done.out
    listed = json.loads((shots / "manifest.json").read_text())
    assert [each["file_path"] for each in listed] == ["collide-00000", "light-00000"]
    again = command(
        *("synth", "--family", "collide,light", "--count", 2, *SMALL, "--out", shots, "--json")
    )
    assert again.json["there"] == 2
    assert again.json["failed"] == {}


def test_a_dry_run_tells_worlds_and_makes_nothing(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    words = ("synth", "--family", "stack", "--count", 2, "--dry-run", "--out", tmp_path / "none")
    done = command(*words)
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == ["stack-00000", "stack-00001"]
    assert not (tmp_path / "none").exists()


def test_a_contact_sheet_of_shots(command: Callable[..., Any], shots: Path, tmp_path: Path) -> None:
    out = tmp_path / "sheet.png"
    words = ("synth", "preview", shots, "--columns", 2, "--width", 80, "--out", out)
    assert command(*words).code == 0
    height, width = cv2.imread(str(out)).shape[:2]
    assert height > 2 * 4 * 48  # two shots of four rows
    assert 160 < width < 200
    refused = command(*words)
    assert refused.code == 2
    assert "exists already" in refused.err
    assert command(*words, "--overwrite", "--family", "light").code == 0
    assert cv2.imread(str(out)).shape[0] < height


def test_a_contact_sheet_of_a_family(
    command: Callable[..., Any], drawing: None, tmp_path: Path
) -> None:
    out = tmp_path / "sheet.png"
    words = ("--family", "light", "--count", 1, *SMALL, "--columns", 2, "--out", out)
    assert command("synth", "preview", *words).code == 0
    assert out.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--family", "colide"), "--family: unknown family 'colide' (known: collide, support"),
        (("--size", "big"), "--size: 'big' is not a size"),
        (("--size", "20x20"), "--size: 20x20 cannot be drawn (sides from 64 to 4096 pixels)"),
        (("--fps", "0"), "--fps: '0' is not a frame rate"),
        (("--renderer", "crayon"), "unknown renderer 'crayon' (known: "),
        (("--truth", "half"), "--truth: 'half' (one of: pictures, all)"),
        (("--count", "0"), "count"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    command: Callable[..., Any], tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    done = command("synth", *words, "--out", tmp_path / "out")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert told in done.err
    assert not (tmp_path / "out").exists()


def test_missing_opengl_comes_with_its_command(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mujoco")
    monkeypatch.setenv("MUJOCO_GL", "osmesa")
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    done = command("synth", "--out", tmp_path / "out")
    assert done.code == 2
    assert "libOSMesa is missing (sudo apt-get install libosmesa6)" in done.err


def test_missing_mujoco_comes_with_its_command(
    command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mujoco", None)
    done = command("synth", "--out", tmp_path / "out")
    assert done.code == 2
    assert "pip install 'openvoid[synth]'" in done.err


def test_a_folder_without_shots_has_no_sheet(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command("synth", "preview", tmp_path, "--out", tmp_path / "sheet.png")
    assert done.code == 2
    assert "holds no invented shots (make some: openvoid synth --out DIR)" in done.err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stopped_batch_leaves_whole_shots_and_goes_on(
    drawing: None, shots: Path, tmp_path: Path, workers: str
) -> None:
    out = tmp_path / "shots"
    words = ("synth", "--family", "collide,light", "--count", "2", *SMALL, "--workers", workers)
    process = spawn(*words, "--out", str(out))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None and not out.exists():
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    if process.returncode == 130:
        assert "the same command continues it" in err
    assert not [each for each in out.iterdir() if each.name.startswith(".")]
    process = spawn(*words, "--out", str(out))
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert digests(out) == digests(shots)


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_doctor_tells_what_draws_worlds(command: Callable[..., Any], drawing: None) -> None:
    assert "mujoco" in plugins.names("renderer")
    assert "MuJoCo" in command("doctor").out
