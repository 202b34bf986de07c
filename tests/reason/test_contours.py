"""Masks become polygons and come back."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.quadmask import dilate
from openvoid.reason.contours import mask_of, places_of


def disc(height: int, width: int, y: float, x: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return np.asarray(np.hypot(rows - y, columns - x) < radius)


@st.composite
def masks(draw: st.DrawFn) -> np.ndarray:
    """Noise, or discs with discs taken out: parts, holes, and parts within holes."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    if draw(st.booleans()):
        return np.asarray(rng.random((height, width)) < draw(st.floats(0, 1)))
    mask = np.zeros((height, width), bool)
    for turn in range(draw(st.integers(1, 6))):
        y, x, radius = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(0, 20)
        part = disc(height, width, y, x, radius)
        mask = mask & ~part if turn % 2 else mask | part
    return mask


@given(masks())
@settings(max_examples=80, deadline=None)
def test_without_a_tolerance_the_same_mask_comes_back_to_the_pixel(mask: np.ndarray) -> None:
    assert np.array_equal(mask_of(places_of(mask, 0, tolerance_px=0), *mask.shape), mask)


@given(masks())
@settings(max_examples=80, deadline=None)
def test_with_a_tolerance_only_pixels_at_the_edge_differ(mask: np.ndarray) -> None:
    back = mask_of(places_of(mask, 0), *mask.shape)
    wide = np.pad(mask, 3)  # the picture's border is an edge too
    edge = (dilate(wide, 2) & ~dilate(wide, -2))[3:-3, 3:-3]
    assert not ((back != mask) & ~edge).any()


def test_a_disc_keeps_its_area_and_takes_few_corners() -> None:
    mask = disc(480, 640, 200, 300, 90)
    places = places_of(mask, 3)
    assert [place.frame for place in places] == [3]
    assert len(places[0].corners) < 120
    back = mask_of(places, 480, 640)
    assert (back != mask).sum() < 0.004 * mask.sum()


def test_a_ring_keeps_its_hole_as_one_polygon() -> None:
    ring = disc(60, 60, 30, 30, 25) & ~disc(60, 60, 30, 30, 12)
    places = places_of(ring, 0)
    assert len(places) == 1
    assert not mask_of(places, 60, 60)[30, 30]


def test_specks_are_left_out_and_pinholes_filled() -> None:
    mask = disc(60, 60, 30, 30, 20)
    mask[30, 30] = False
    mask[2, 2] = True
    back = mask_of(places_of(mask, 0, specks_px=4), 60, 60)
    assert back[30, 30]
    assert not back[2, 2]


def test_places_mean_the_same_region_at_any_size() -> None:
    small = disc(90, 160, 40, 70, 25)
    large = mask_of(places_of(small, 0), 900, 1600)
    assert abs(large.mean() - small.mean()) < 0.003


def test_a_polygon_may_lie_partly_or_wholly_outside_the_picture() -> None:
    half = Place(0, ((-0.5, -0.5), (0.5, -0.5), (0.5, 1.5), (-0.5, 1.5)))
    beyond = Place(0, ((1.5, 0.1), (2.0, 0.1), (2.0, 0.9)))
    mask = mask_of([half, beyond], 10, 20)
    assert mask[:, :10].all()
    assert not mask[:, 10:].any()


def test_nothing_and_everything_have_places() -> None:
    assert places_of(np.zeros((9, 7), bool), 0) == ()
    full = np.ones((9, 7), bool)
    assert mask_of(places_of(full, 0), 9, 7).all()


def test_places_survive_json() -> None:
    places = places_of(disc(50, 70, 20, 30, 15), 4)
    effects = Effects((Effect("cup", EffectKind.PHYSICAL, Relation.PUSHES, now=places),))
    assert Effects.from_json(effects.to_json()) == effects
