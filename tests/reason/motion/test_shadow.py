"""The shadow of an object that stays."""

from __future__ import annotations

import numpy as np

from openvoid.reason.motion.shadow import ShadowLimits, cast_shadow
from openvoid.reason.motion.surfaces import SurfaceLimits, surfaces

HEIGHT, WIDTH = 180, 320
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


OBJECT, BESIDE = box(50, 140, 120, 170), box(100, 170, 122, 260)


def seen(times: tuple[float, float, float]) -> np.ndarray:
    """An object on a floor, and beside its foot the floor so many times as bright."""
    picture = np.full((HEIGHT, WIDTH, 3), (0.5, 0.55, 0.45), np.float32)
    picture[70:] = 0.7, 0.6, 0.5
    picture[BESIDE] *= np.array(times, np.float32)
    picture[OBJECT] = 0.2, 0.2, 0.6
    return picture


def found(picture: np.ndarray) -> np.ndarray:
    seen = surfaces(picture, OBJECT, EVERYWHERE, SurfaceLimits())
    return cast_shadow(picture, seen, OBJECT, ShadowLimits())


def test_a_long_shadow_is_the_floor_over_again_but_darker() -> None:
    shadow = found(seen((0.6, 0.62, 0.66)))
    assert shadow[BESIDE].mean() > 0.9
    assert (shadow & ~BESIDE).sum() < 0.4 * BESIDE.sum()


def test_what_is_of_another_hue_or_brighter_is_no_shadow() -> None:
    assert not found(seen((0.9, 0.5, 0.5))).any()
    assert not found(seen((1.3, 1.3, 1.3))).any()
    assert not found(seen((1.0, 1.0, 1.0))).any()


def test_a_large_shadow_that_hardly_meets_the_object_is_that_of_something_else() -> None:
    own, other = seen((1.0, 1.0, 1.0)), seen((1.0, 1.0, 1.0))
    own[box(72, 170, 122, 230)] *= np.float32(0.6)
    other[box(108, 171, 178, 250)] *= np.float32(0.6)
    assert found(own).any()
    assert not found(other).any()
