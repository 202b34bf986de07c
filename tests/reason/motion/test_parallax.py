"""A thing that stands still seems to lean over where the camera travels."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from openvoid.core.removal import Run
from openvoid.core.track import Track
from openvoid.reason.motion import parallax
from openvoid.reason.motion.evidence import Evidence
from openvoid.reason.motion.scene import Scene
from tests.reason.motion.shots import HEIGHT, WIDTH, box


def test_what_stands_only_leans_over_as_the_camera_travels(tmp_path: Path) -> None:
    tall = box(40, 100, 130, 120)
    lying = np.eye(3)
    track = Track.of("post", [tall, _leaning(tall, 0.2), _leaning(tall, 0.4), _leaning(tall, 0.5)])
    pictures = np.zeros((4, HEIGHT, WIDTH, 3), np.uint8)
    size = HEIGHT, WIDTH
    scene = Scene(4, size, size, (lying,) * 4, False, 0.1, pictures, track)
    evidence = Evidence(scene, Fraction(24), Run(tmp_path))
    assert parallax.stands(evidence)
    again = parallax.upright(track[3], evidence, 3)
    assert (again & tall).sum() > 0.85 * tall.sum()
    moved = Track.of("post", [np.roll(tall, 20 * index, axis=1) for index in range(4)])
    scene = Scene(4, size, size, (lying,) * 4, False, 0.1, pictures, moved)
    assert not parallax.stands(Evidence(scene, Fraction(24), Run(tmp_path)))


def _leaning(mask: np.ndarray, lean: float) -> np.ndarray:
    rows = [np.roll(row, round(lean * (129 - number))) for number, row in enumerate(mask)]
    return np.asarray(rows)
