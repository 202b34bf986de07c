"""The light that an object sheds which stays."""

from __future__ import annotations

import cv2
import numpy as np

from openvoid.reason.motion import lamp
from openvoid.reason.motion.surfaces import SurfaceLimits, surfaces

HEIGHT, WIDTH, FLOOR = 180, 320, 120
EVERYWHERE = np.ones((HEIGHT, WIDTH), bool)


def room() -> np.ndarray:
    """A greenish wall over a gray floor, both a little uneven."""
    rng = np.random.default_rng(4)
    picture = np.full((HEIGHT, WIDTH, 3), (0.5, 0.55, 0.45), np.float32)
    picture[70:] = 0.5, 0.48, 0.46
    uneven = cv2.resize(rng.random((HEIGHT // 8, WIDTH // 8)).astype(np.float32), (WIDTH, HEIGHT))
    return np.asarray(picture + 0.02 * uneven[..., None])


def box(top: int, left: int, bottom: int, right: int) -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


OBJECT = box(85, 150, FLOOR, 175)


def lit(colour: tuple[float, float, float], light: tuple[float, float, float]) -> np.ndarray:
    """An object of a colour, and the light that falls from it on the floor."""
    picture = room()
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    field = np.exp(-(((y - FLOOR) / 0.4) ** 2 + (x - 162) ** 2) / 75**2) * (y >= 70)
    picture += (field[..., None] * light).astype(np.float32)
    picture[OBJECT] = colour
    return picture


def shed(picture: np.ndarray) -> np.ndarray:
    found = surfaces(picture, OBJECT, EVERYWHERE, SurfaceLimits())
    return lamp.shed(picture, found, OBJECT, EVERYWHERE, lamp.LampLimits())


def test_a_bright_thing_tints_the_floor_around_it() -> None:
    found = shed(lit((0.2, 0.8, 0.3), (-0.05, 0.12, -0.02)))
    assert found[FLOOR + 4 : FLOOR + 20, 130:200].mean() > 0.9
    assert not found[:60].any()
    assert not found[FLOOR:, :20].any()


def test_a_shadow_of_something_else_within_the_tint_is_tinted_too() -> None:
    picture = lit((0.2, 0.8, 0.3), (-0.05, 0.12, -0.02))
    picture[128:136, 185:215] *= 0.6
    assert shed(picture)[128:136, 185:215].mean() > 0.9


def test_a_lamp_brightens_the_floor_around_it() -> None:
    found = shed(lit((1.0, 1.0, 1.0), (0.25, 0.25, 0.24)))
    assert found[FLOOR + 4 : FLOOR + 20, 130:200].mean() > 0.9
    assert not found[:60].any()


def test_a_plain_thing_sheds_nothing_and_a_dark_one_is_no_lamp() -> None:
    for colour in ((0.2, 0.8, 0.3), (1.0, 1.0, 1.0)):
        assert not shed(lit(colour, (0.0, 0.0, 0.0))).any()
    bright_floor = lit((0.2, 0.2, 0.2), (0.25, 0.25, 0.24))
    assert not shed(bright_floor).any()


def test_a_floor_that_darkens_to_the_back_is_not_lit_by_the_object() -> None:
    picture = room()
    picture *= np.linspace(0.8, 1.3, HEIGHT, dtype=np.float32)[:, None, None]
    picture[OBJECT] = 1.0, 1.0, 1.0
    assert not shed(picture).any()


def lamp_lit(patterned: float = 0.0) -> np.ndarray:
    """A lamp's light on a floor with a pattern, by its fall-off, and a dark stripe across."""
    picture = room()
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    away = np.hypot((y - FLOOR) / 0.4, x - 162) / 35
    picture += (0.25 / (1 + away**2) * (y >= 70))[..., None]
    picture += patterned * np.sin(x / 3)[..., None]
    picture[OBJECT] = 0.2
    picture[85:95, 150:175] = 1.0
    return picture


def test_a_lamps_light_is_followed_to_where_it_can_no_longer_be_measured() -> None:
    found = shed(lamp_lit(patterned=0.01))
    assert found[FLOOR : FLOOR + 10, 90:240].mean() > 0.95
    assert not found[:60].any()


def test_a_shadow_in_a_lamps_light_is_lit_and_what_stands_before_the_lamp_is_not() -> None:
    picture = lamp_lit()
    picture[128:134, 190:230] *= 0.6
    picture[110:150, 100:125] = 0.7, 0.1, 0.1
    found = shed(picture)
    assert found[128:134, 190:230].mean() > 0.9
    assert found[116:146, 104:121].mean() < 0.1
