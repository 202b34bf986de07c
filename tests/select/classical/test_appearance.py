"""Colours tell object from rest, by place where they must."""

from __future__ import annotations

import numpy as np

from openvoid.select.classical.appearance import Appearance, Colours, Palette
from openvoid.vision.flow import pixel_grid


def halves() -> tuple[np.ndarray, np.ndarray]:
    """On the left red is the object and gray is not; on the right it is the other way round."""
    lab = np.zeros((120, 240, 3), np.uint8)
    red, gray = (120, 180, 170), (120, 128, 128)
    mask = np.zeros((120, 240), np.float32)
    lab[:60, :120], lab[60:, :120] = red, gray
    lab[:60, 120:], lab[60:, 120:] = gray, red
    mask[:60] = 1
    return lab, mask


def test_colours_alone_know_the_object_where_it_has_its_own() -> None:
    lab, mask = halves()
    left = np.s_[:, :120]
    colours = Colours.of(Palette.of(lab), lab[left], mask[left], 1 - mask[left])
    odds = colours.odds(lab[left])
    assert (odds[:60] > 2).all()
    assert (odds[60:] < -2).all()


def test_neighbourhoods_know_what_the_whole_cannot_tell() -> None:
    lab, mask = halves()
    colours = Colours.of(Palette.of(lab), lab, mask, 1 - mask)
    assert np.abs(colours.odds(lab)).max() < 0.1
    y, x = (
        each - middle for each, middle in zip(pixel_grid(120, 240)[::-1], (60, 120), strict=True)
    )
    look = Appearance(colours, 28.0, 120.0)
    look.learn(lab, mask, 1 - mask, y, x)
    odds = look.odds(lab, y, x)
    far = np.ones((120, 240), bool)
    far[:, 80:160] = False
    right = (odds > 0) == (mask > 0.5)
    assert right[far].mean() > 0.99


def test_a_colour_never_seen_is_undecided() -> None:
    lab, mask = halves()
    colours = Colours.of(Palette.of(lab), lab, mask, 1 - mask)
    y, x = pixel_grid(120, 240)[::-1]
    look = Appearance(colours, 28.0, 120.0)
    look.learn(lab, mask, 1 - mask, y - 60, x - 120)
    green = np.full((120, 240, 3), (200, 60, 200), np.uint8)
    assert np.abs(look.odds(green, y - 60, x - 120)).max() < 0.5


def test_the_marked_frame_is_never_forgotten_and_what_is_around_sooner_than_the_object() -> None:
    lab, mask = halves()
    colours = Colours.of(Palette.of(lab), lab, mask, 1 - mask)
    y, x = pixel_grid(120, 240)[::-1]
    look = Appearance(colours, 28.0, 120.0)
    look.learn(lab, mask, 1 - mask, y - 60, x - 120)
    first = look.odds(lab, y - 60, x - 120)
    for _ in range(9):
        look.learn(lab, 1 - mask, mask, y - 60, x - 120)  # all the other way round
    turned = look.odds(lab, y - 60, x - 120)
    assert (turned * first < 0).mean() > 0.8
    assert np.abs(turned[first > 2]).mean() < np.abs(first[first > 2]).mean()
