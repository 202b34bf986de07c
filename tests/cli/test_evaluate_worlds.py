"""A standard set, made on demand and judged: the same way as worlds-1, with tiny worlds."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from openvoid.evaluate import split
from openvoid.evaluate.split import Split, digest
from openvoid.synth.families import describe
from tests.cli.tiny_shots import Done, listing

Command = Callable[..., Done]
SIZE, LENGTH, RATE = (96, 160), 8, Fraction(12)
WORLDS = (("collide", 1), ("light", 1))


@pytest.fixture
def tiny_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The set `tiny-worlds`: two worlds, very small."""
    rows = {
        world: digest(describe(*world, size=SIZE, frames=LENGTH, rate=RATE).to_json())
        for world in WORLDS
    }
    monkeypatch.setitem(split.SPLITS, "tiny-worlds", Split("tiny-worlds", rows, SIZE, LENGTH, RATE))


@pytest.fixture
def opengl() -> None:
    """Skips where nothing can be drawn."""
    from openvoid.core import plugins
    from openvoid.core.errors import OpenVoidError

    os.environ.setdefault("MUJOCO_GL", "osmesa")
    try:
        plugins.construct("renderer", "mujoco").close()
    except OpenVoidError as error:
        pytest.skip(error.line())


WORDS = ("--baseline", "copy,median", "--engine", "", "--metric", "psnr,ssim,flicker,trajectory")


def test_a_set_is_made_judged_and_not_made_again(
    command: Command,
    tmp_path: Path,
    opengl: None,
    tiny_worlds: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("openvoid.synth.dataset.verdict", lambda pair: "")  # tiny, so what
    worlds, out = tmp_path / "worlds", tmp_path / "out"
    line = ("evaluate", "tiny-worlds", *WORDS, "--worlds", worlds, "--out", out)
    done = command(*line)
    assert done.code == 0, done.err
    data = json.loads((out / "results.json").read_text())
    assert data["title"] == "tiny-worlds"
    assert [(s["shot"], s["family"], s["seed"]) for s in data["scores"]][::2] == [
        *(("collide-00001", "collide", 1), ("light-00001", "light", 1))
    ]
    assert not any(score["error"] for score in data["scores"])
    means = data["means"]["all"]
    assert means["copy"]["psnr.primary"]["mean"] < 30 < means["copy"]["psnr.keep"]["mean"]
    before = listing(worlds)
    assert command(*line, "--limit", "1").code == 0
    assert listing(worlds) == before


def test_a_rejected_world_is_told_and_the_others_are_judged(
    command: Command,
    tmp_path: Path,
    opengl: None,
    tiny_worlds: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "openvoid.synth.dataset.verdict",
        lambda pair: "nothing changes" if pair.world.family == "collide" else "",
    )
    out = tmp_path / "out"
    line = ("evaluate", "tiny-worlds", *WORDS, "--worlds", tmp_path / "worlds", "--out", out)
    done = command(*line, "--metric", "psnr")
    assert done.code == 0
    assert "warning: collide 1 of tiny-worlds could not be made: nothing changes" in done.err
    assert json.loads((out / "results.json").read_text())["title"] == "tiny-worlds, 1 of 2 shots"


def test_a_version_that_describes_other_worlds_is_told(
    command: Command, tmp_path: Path, tiny_worlds: None
) -> None:
    made = split.SPLITS["tiny-worlds"]
    split.SPLITS["tiny-worlds"] = Split("tiny-worlds", dict.fromkeys(made.worlds, "0" * 16))
    done = command("evaluate", "tiny-worlds", *WORDS, "--out", tmp_path / "out", "--quiet")
    assert done.code == 2
    assert "2 of 2 worlds are not those of tiny-worlds: collide 1, light 1" in done.error
