"""`openvoid demo`: the whole job on our own example, and what it says about it is so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from openvoid.cli import demo
from openvoid.cli.measure import Comparison, pairs
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.shotdir import read_shot
from tests.cli.tiny_shots import listing


def test_the_demo_comes_close_to_the_truth(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command("demo", "--out", tmp_path / "demo", "--json")
    assert done.code == 0, done.err
    facts = done.json
    assert facts["psnr_inside_db"] > 32
    assert facts["psnr_inside_db"] > facts["psnr_untouched_db"] + 15
    assert set(listing(tmp_path / "demo")) == {
        "result.mkv",
        "result.mkv.report.json",
        "comparison.png",
    }
    assert cv2.imread(facts["comparison"]).shape[1] == 3 * 480 + 4 * 4

    example = demo.EXAMPLES / demo.EXAMPLE
    mask = open_quadmask(read_shot(example).quadmask)
    found = Comparison()
    for index, truth, ours in pairs(open_clip(example / "truth.mp4"), open_clip(facts["master"])):
        found.add(index, truth, ours, mask)
    assert found.regions["inside"].psnr_db == pytest.approx(facts["psnr_inside_db"])


def test_a_shot_without_its_truth_is_refused(command: Callable[..., Any], tmp_path: Path) -> None:
    done = command("demo", "--example", tmp_path, "--out", tmp_path / "demo")
    assert done.code == 2
    assert "no shot with its truth" in done.error
    assert listing(tmp_path) == {}
