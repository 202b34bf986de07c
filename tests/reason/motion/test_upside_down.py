"""The image below an object that stays: as far as the surface shows it, and no farther."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from openvoid.reason.motion.scene import Scene
from openvoid.reason.motion.upside_down import UpsideDownLimits, below, shown
from tests.reason.motion.shots import HEIGHT, WIDTH, box, locked

LENGTH, LINE, SHORE = 8, 80, 92


def post(index: int) -> np.ndarray:
    """A post that nods: its upper part leans to the side."""
    return box(40, 100, LINE, 124) | box(24, 100 + 2 * index, 44, 124 + 2 * index)


def image(index: int) -> np.ndarray:
    """What the water shows of it, below the shore."""
    turned = np.zeros((HEIGHT, WIDTH), bool)
    turned[LINE : LINE + 60] = post(index)[LINE - 60 : LINE][::-1]
    turned[:SHORE] = False
    return turned


def scene(folder: Path, mirror: bool) -> Scene:
    rng = np.random.default_rng(4)
    pictures, masks = [], []
    stones = cv2.resize(rng.random((20, 30, 3)).astype(np.float32), (WIDTH, HEIGHT))
    for index in range(LENGTH):
        picture = 0.4 + 0.3 * stones
        picture[SHORE:] = 0.6, 0.65, 0.7
        picture += 0.004 * rng.standard_normal(picture.shape).astype(np.float32)
        colours = np.full_like(picture, 0.2)
        colours[40:] = 0.9, 0.85, 0.8
        colours[60:] = 0.3, 0.5, 0.2
        if mirror:
            turned = np.zeros_like(picture)
            turned[LINE : LINE + 60] = colours[LINE - 60 : LINE][::-1]
            where = image(index)
            picture[where] = 0.5 * picture[where] + 0.5 * turned[where]
        masks.append(post(index))
        picture[masks[-1]] = colours[masks[-1]]
        pictures.append(picture)
    return locked(pictures, masks, folder).scene


def test_an_image_ends_where_the_water_ends_and_moves_as_the_object_does(tmp_path: Path) -> None:
    limits, seen = UpsideDownLimits(), scene(tmp_path, mirror=True)
    found = below(seen, limits)
    assert found is not None
    for index in (0, LENGTH - 1):
        mask, truth = shown(seen, index, found, limits), image(index)
        assert mask[truth].mean() > 0.85
        assert (mask & ~truth).sum() < 0.25 * truth.sum()


def test_without_an_image_there_is_none(tmp_path: Path) -> None:
    assert below(scene(tmp_path, mirror=False), UpsideDownLimits()) is None


def test_what_is_no_more_restless_than_the_surface_is_no_image(tmp_path: Path) -> None:
    seen = scene(tmp_path, mirror=True)
    found = below(seen, UpsideDownLimits())
    assert found is not None
    assert not shown(seen, 0, found, UpsideDownLimits(noises=1e3)).any()
