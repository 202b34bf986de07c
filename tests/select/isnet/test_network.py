"""The network's file: what is taken, what is refused in one line, and what it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from openvoid.core.errors import OpenVoidError
from openvoid.select.isnet.network import Network
from tests.refusal import told
from tests.select.isnet.tiny_isnet import FLOAT16, make_isnet


def picture(height: int = 50, width: int = 90) -> np.ndarray:
    """Gray, with a red square in the middle."""
    made = np.full((height, width, 3), 120, np.uint8)
    made[10:40, 30:60] = (220, 40, 40)
    return made


@pytest.mark.parametrize("kind", [1, FLOAT16])
@pytest.mark.parametrize("size", [(50, 90), (100, 180), (400, 720)])
def test_it_answers_at_the_pictures_own_size(
    tmp_path: Path, kind: int, size: tuple[int, int]
) -> None:
    network = Network(make_isnet(tmp_path / "tiny.onnx", kind=kind))
    seen = network.see(picture(*size))
    assert seen.shape == size
    assert seen.dtype == np.float32
    assert seen[20, 45] > 0.9
    assert seen[-3, 3] < 0.1
    assert 0 <= seen.min() <= seen.max() <= 1


def test_the_same_picture_gives_the_same_answer(tmp_path: Path) -> None:
    path = make_isnet(tmp_path / "tiny.onnx")
    one, other = (Network(path).see(picture()) for _ in range(2))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("left", [0, 1, 40, -1, -20])
def test_a_file_cut_short_is_one_line(tmp_path: Path, left: int) -> None:
    path = make_isnet(tmp_path / "tiny.onnx")
    path.write_bytes(path.read_bytes()[:left])
    assert str(path) in told(lambda: Network(path))


def test_files_of_other_kinds_are_one_line(tmp_path: Path) -> None:
    path = tmp_path / "page.onnx"
    path.write_text("<html>no such page</html>")
    assert "is no ONNX file that can be run" in told(lambda: Network(path))
    assert "cannot be read" in told(lambda: Network(tmp_path))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"channels": 4}, "takes tensor(float) [1, 4, 64, 64]"),
        ({"side_px": 8}, "takes tensor(float) [1, 3, 8, 8]"),
        ({"side_px": 4096}, "takes tensor(float) [1, 3, 4096, 4096]"),
        ({"elsewhere": True}, "keeps its numbers in other files"),
    ],
)
def test_networks_that_are_not_this_one_are_told(
    tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    path = make_isnet(tmp_path / "other.onnx", **settings)
    assert says in told(lambda: Network(path))


def test_answers_that_are_no_foreground_are_told(tmp_path: Path) -> None:
    path = make_isnet(tmp_path / "odd.onnx", sigmoid=False)
    assert "not from 0 to 1" in told(lambda: Network(path).see(picture()))
    path = make_isnet(tmp_path / "nan.onnx", offset=float("nan"))
    assert "not finite" in told(lambda: Network(path).see(picture()))


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_one_line_or_still_a_network(tmp_path: Path, seed: int) -> None:
    path = make_isnet(tmp_path / "hurt.onnx")
    data, rng = bytearray(path.read_bytes()), np.random.default_rng(seed)
    for place in rng.integers(0, len(data), 3):
        data[place] = rng.integers(0, 256)
    path.write_bytes(bytes(data))
    try:
        line, seen = "", Network(path).see(picture())
    except OpenVoidError as error:
        line, seen = error.line(), np.zeros(1, np.float32)
    assert "\n" not in line
    assert np.isfinite(seen).all()


def test_without_the_extra_the_line_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    from openvoid.core import plugins

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    path = make_isnet(tmp_path / "tiny.onnx")
    line = told(lambda: plugins.construct("segmenter", "isnet", {"weights": str(path)}))
    assert "pip install 'openvoid[isnet]'" in line
