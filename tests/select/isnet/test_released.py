"""The released weights, where they lie beside the shared clips: what one click finds in a frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from openvoid.core.removal import Run
from openvoid.core.selection import Point, Selection
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.select.isnet.segmenter import IsnetSegmenter, Options
from openvoid.select.isnet.weights import KNOWN, held
from tests.select.moving_shapes import overlap


@pytest.fixture
def released(shared: Path) -> Path:
    path = shared / "models" / "isnet_small.onnx"
    if not path.is_file():
        pytest.skip("needs the released weights in the shared folder")
    return path


def test_the_file_is_known_by_its_hash(released: Path) -> None:
    found = held(str(released))
    assert found.known
    assert found.source == KNOWN[found.sha256][0]


def test_one_click_finds_the_whole_thing(shared: Path, released: Path, tmp_path: Path) -> None:
    folder = shared / "clips" / "lime"
    clip = open_clip(folder / "input_video.mp4").trimmed(0, 3)
    truth = np.asarray(open_quadmask(folder / "quadmask_0.mp4")[0])
    truth = (truth == 0) | (truth == 63)
    rows, columns = np.nonzero(truth)
    marks = Selection(points=(Point(0, float(columns.mean()), float(rows.mean())),))
    segmenter = IsnetSegmenter(Options(weights=str(released)))
    best = segmenter.candidates(clip, marks, Run(tmp_path))[0]
    assert overlap(best.silhouette, truth) > 0.95
