"""`openvoid synth import`: shots of assets and of recordings; what cannot be used is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.synth.sources.asset_files import asset, sequence

SMALL = ("--count", 1, "--size", "160x96", "--frames", "12")


@pytest.mark.usefixtures("drawing")
def test_shots_are_made_of_assets_and_a_broken_one_is_passed_over(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    for name in ("Box", "Crate"):
        asset(tmp_path / "gso" / name)
    (tmp_path / "gso" / "Broken.tar.gz").write_bytes(b"not an archive")
    done = command("synth", "import", "kubric", tmp_path / "gso", *SMALL, "--out", tmp_path / "out")
    assert done.code == 0
    assert "made     kubric-00000" in done.out
    assert done.out.count("passed over") <= 1
    shot = tmp_path / "out" / "kubric-00000"
    assert json.loads((shot / "world.json").read_text())["family"] == "kubric"
    assert (shot / "quadmask_0.mp4").exists()


@pytest.mark.usefixtures("drawing")
def test_a_shot_is_made_of_a_recording(command: Callable[..., Any], tmp_path: Path) -> None:
    sequence(tmp_path / "humoto")
    words = ("synth", "import", "humoto", tmp_path / "humoto", *SMALL)
    assert "made     humoto-00000" in command(*words, "--out", tmp_path / "out").out


def test_a_folder_without_any_is_one_line(command: Callable[..., Any], tmp_path: Path) -> None:
    pytest.importorskip("mujoco", reason="mujoco is not installed")
    done = command("synth", "import", "humoto", tmp_path, *SMALL, "--out", tmp_path / "out")
    assert done.code == 2
    assert "holds no HUMOTO sequences" in done.err
    assert done.err.count("\n") == 1
