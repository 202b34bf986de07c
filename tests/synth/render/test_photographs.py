"""A user's photographs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.synth.render.photographs import Photographs
from openvoid.synth.render.textures import paint
from openvoid.synth.world import Material


def test_a_photograph_gives_the_pattern_and_keeps_the_colour(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    cv2.imwrite(str(tmp_path / "Wood_oak.png"), rng.integers(60, 200, (40, 50, 3), np.uint8))
    found = Photographs.found(str(tmp_path), "")
    wood = Material("wood", ((0.5, 0.2, 0.1), (0.3, 0.1, 0.05)), seed=3)
    painted = paint(wood, 64, 2)
    taken = found.instead(wood, painted)
    assert taken.shape == painted.shape
    assert not np.array_equal(taken, painted)
    assert taken.mean(axis=(0, 1)) == pytest.approx(painted.mean(axis=(0, 1)), abs=12)
    tiles = Material("tiles")
    assert found.instead(tiles, painted) is painted


def test_folders_without_anything_of_use_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match="no such file"):
        Photographs.found(str(tmp_path / "nowhere"), "")
    (tmp_path / "IMG_1.png").write_bytes(b"no picture")
    with pytest.raises(OpenVoidError, match="named after a kind"):
        Photographs.found(str(tmp_path), "")
    with pytest.raises(OpenVoidError, match="panorama"):
        Photographs.found("", str(tmp_path))
    (tmp_path / "wood.png").write_bytes(b"no picture")
    with pytest.raises(OpenVoidError, match="cannot be read"):
        Photographs.found(str(tmp_path), "").instead(
            Material("wood"), np.zeros((8, 8, 3), np.uint8)
        )
