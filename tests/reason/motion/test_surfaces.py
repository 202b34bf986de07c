"""The surfaces of a single picture, and the one that the object stands on."""

from __future__ import annotations

import numpy as np

from openvoid.reason.motion.surfaces import SurfaceLimits, softened, surfaces
from tests.reason.motion.rooms import EVERYWHERE, FLOOR, PILLAR, room
from tests.reason.motion.shots import box

RUG = box(110, 120, FLOOR + 20, 220)


def test_wall_and_floor_are_two_surfaces_and_the_object_stands_on_one() -> None:
    picture = room()
    picture[PILLAR], picture[RUG] = (0.2, 0.6, 0.3), (0.6, 0.15, 0.15)
    found = surfaces(picture, PILLAR, EVERYWHERE, SurfaceLimits())
    floor, wall, rug = (found.labels[spot] for spot in ((140, 30), (30, 30), (130, 170)))
    assert len({int(each) for each in (floor, wall, rug)} - {0}) == 3
    assert found.ground[140, 30]
    assert not found.ground[30, 30]
    assert not found.ground[130, 170]
    assert found.sizes[wall] > found.sizes[rug]


def test_the_object_and_edges_belong_to_no_surface() -> None:
    picture = room()
    picture[PILLAR] = 0.2, 0.6, 0.3
    found = surfaces(picture, PILLAR, EVERYWHERE, SurfaceLimits())
    assert not found.labels[PILLAR].any()
    assert not found.labels[90, 120:].any()  # where the wall ends


def test_a_small_surface_is_no_ground() -> None:
    picture = room()
    rug = box(116, 30, 154, 92)
    picture[PILLAR], picture[rug] = (0.2, 0.6, 0.3), (0.6, 0.15, 0.15)
    found = surfaces(picture, PILLAR, EVERYWHERE, SurfaceLimits())
    assert not (found.ground & rug).any()
    all_ = surfaces(picture, PILLAR, EVERYWHERE, SurfaceLimits(ground_share=0.001))
    assert (all_.ground & rug).sum() > 500


def test_what_is_not_free_does_not_bleed_into_what_is() -> None:
    picture = np.full((40, 60, 3), 0.5, np.float32)
    picture[:, 30:] = 1.0
    free = np.ones((40, 60), bool)
    free[:, 30:] = False
    assert np.allclose(softened(picture, free, 4.0)[:, :30], 0.5, atol=1e-5)
    assert softened(picture, np.ones_like(free), 4.0)[20, 28, 0] > 0.6
