"""How each spot looks while the object is away from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openvoid.reason.motion.background import BackgroundLimits, distance_px, undisturbed
from tests.reason.motion.shots import LENGTH, NOTHING, box, locked, pattern


def test_behind_what_passes_the_ground_is_known_and_calm(tmp_path: Path) -> None:
    masks = [box(60, 10 + 12 * index, 100, 30 + 12 * index) for index in range(LENGTH)]
    pictures = [np.where(mask[..., None], 0.9, pattern()) for mask in masks]
    usual = undisturbed(locked(pictures, masks, tmp_path).scene, BackgroundLimits())
    assert usual.known.all()
    assert np.abs(usual.picture - pattern()).max() < 0.01
    assert usual.noise.max() < 0.02


def test_where_the_object_never_leaves_nothing_is_known(tmp_path: Path) -> None:
    mask = box(60, 100, 100, 140)
    pictures = [np.where(mask[..., None], 0.9, pattern())] * LENGTH
    usual = undisturbed(locked(pictures, [mask] * LENGTH, tmp_path).scene, BackgroundLimits())
    assert not usual.known[mask].any()
    assert usual.known[box(0, 0, 50, 90)].all()


def test_what_is_restless_is_known_to_be(tmp_path: Path) -> None:
    mask = box(60, 100, 100, 140)
    pictures = [np.where(mask[..., None], 0.9, pattern()) for _ in range(LENGTH)]
    pictures = [picture.astype(np.float32) for picture in pictures]
    for index, picture in enumerate(pictures):
        picture[box(0, 0, 30, 30)] = 0.3 + 0.1 * (index % 5)
    usual = undisturbed(locked(pictures, [mask] * LENGTH, tmp_path).scene, BackgroundLimits())
    assert np.median(usual.noise[box(0, 0, 30, 30)]) > 5 * np.median(usual.noise[110:, 150:])


def test_distance_is_that_to_the_object_and_endless_without_one(tmp_path: Path) -> None:
    mask = box(60, 100, 100, 140)
    scene = locked([pattern()] * 2, [mask, NOTHING], tmp_path).scene
    away = distance_px(scene, 0)
    assert (away[mask] == 0).all()
    assert 15 < away[80, 160] < 21
    assert np.isinf(distance_px(scene, 1)).all()
