"""What stands in a picture, without its shadow."""

from __future__ import annotations

import numpy as np

from openvoid.physics.standing import standing

HEIGHT, WIDTH = 160, 260
POST = slice(60, 110), slice(100, 124)
SHADOW = slice(100, 112), slice(124, 160)


def scene() -> np.ndarray:
    rng = np.random.default_rng(4)
    picture = np.full((HEIGHT, WIDTH, 3), (150, 120, 90), np.float64)
    picture[:40] = (120, 150, 190)
    picture[SHADOW] *= 0.55
    picture[POST] = (60, 160, 70)
    return np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)


def test_a_post_is_found_and_its_shadow_is_apart() -> None:
    (found,) = standing(scene(), np.zeros((HEIGHT, WIDTH), bool))
    post = np.zeros((HEIGHT, WIDTH), bool)
    post[POST] = True
    assert (found.thing & post).sum() / (found.thing | post).sum() > 0.85
    assert found.shadow[SHADOW].mean() > 0.7
    assert not found.thing[100:112, 130:160].any()


def test_dark_stripes_are_the_things_own() -> None:
    picture = scene()
    picture[76:86, 100:124] = (83, 66, 50)  # the ground's hue, darker: as a shadow would be
    (found,) = standing(picture, np.zeros((HEIGHT, WIDTH), bool))
    assert found.thing[78:84, 104:120].all()


def test_what_goes_elsewhere_is_not_found() -> None:
    taken = np.zeros((HEIGHT, WIDTH), bool)
    taken[55:115, 95:165] = True
    assert list(standing(scene(), taken)) == []
