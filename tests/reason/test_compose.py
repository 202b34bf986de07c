"""Track and effects become a quadmask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from openvoid.core.effects import Belonging, Effect, EffectKind, Effects, Place, Relation
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Region, split
from openvoid.core.track import Track
from openvoid.reason.compose import compose

HEIGHT, WIDTH, LENGTH = 48, 64, 4


def block(frame: int, left: int, top: int, right: int, bottom: int) -> Place:
    """A rectangle in pixels of the small clip."""
    x = left / WIDTH, right / WIDTH
    y = top / HEIGHT, bottom / HEIGHT
    return Place(frame, ((x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])))


def track() -> Track:
    masks = np.zeros((LENGTH, HEIGHT, WIDTH), bool)
    masks[:, 10:20, 10:20] = True
    return Track.of("cup", masks)


def shadow(*, confidence: float = 1.0) -> Effect:
    now = tuple(block(index, 15, 15, 30, 25) for index in range(LENGTH))
    return Effect("shadow", EffectKind.ARTEFACT, Relation.CASTS, "", now, confidence=confidence)


def test_regions_are_exact_to_the_pixel() -> None:
    labels = compose(track(), Effects((shadow(),)))[2]
    assert (labels[15:20, 15:20] == Region.OVERLAP).all()
    assert (labels[15:25, 20:30] == Region.AFFECTED).all()
    assert (labels[10:15, 10:20] == Region.PRIMARY).all()
    assert (labels != Region.KEEP).sum() == 100 + 150 - 25


def test_without_effects_only_the_object_is_removed() -> None:
    mask = compose(track(), Effects())
    assert set(np.unique(mask[0])) == {Region.PRIMARY, Region.KEEP}


def test_where_a_thing_would_go_is_affected_too() -> None:
    ball = Effect("ball", EffectKind.PHYSICAL, Relation.STOPS, goes=(block(1, 40, 5, 50, 15),))
    mask = compose(track(), Effects((ball,)))
    assert (mask[1][5:15, 40:50] == Region.AFFECTED).all()
    assert not (mask[2] == Region.AFFECTED).any()
    changed = [bool((labels == Region.AFFECTED).any()) for labels in mask]
    assert changed == [False, True, False, False]


def test_belongings_join_the_object() -> None:
    hat = Belonging("hat", (block(0, 12, 4, 18, 10),))
    mask = compose(track(), Effects(belongings=(hat,)))
    assert (mask[0][4:10, 12:18] == Region.PRIMARY).all()
    assert (mask[1][4:10, 12:18] == Region.KEEP).all()


def test_the_grid_fills_cells_that_are_hit() -> None:
    exact, snapped = (
        compose(track(), Effects((shadow(),))),
        compose(track(), Effects((shadow(),)), grid=8),
    )
    assert snapped == exact.grid_snapped(8)
    assert (split(snapped[0])[1] & ~split(exact[0])[1]).any()
    assert not (split(exact[0])[1] & ~split(snapped[0])[1]).any()


def test_the_first_frame_can_be_kept_free_of_affected() -> None:
    mask = compose(track(), Effects((shadow(),)), grid=8, first_frame_kept=True)
    assert set(np.unique(mask[0])) == {Region.PRIMARY, Region.KEEP}
    assert (mask[1] == Region.AFFECTED).any()


def test_unsure_effects_are_left_out_on_request() -> None:
    effects = Effects((shadow(confidence=0.3),))
    assert not (compose(track(), effects, min_confidence=0.5)[0] == Region.AFFECTED).any()
    assert (compose(track(), effects, min_confidence=0.3)[0] == Region.AFFECTED).any()


def test_what_is_only_asked_about_changes_nothing() -> None:
    effects = Effects((replace(shadow(), applied=False),))
    assert compose(track(), effects) == compose(track(), Effects())


def test_a_place_beyond_the_clip_is_told_by_its_noun() -> None:
    ball = Effect("ball", EffectKind.PHYSICAL, Relation.STOPS, now=(block(9, 0, 0, 5, 5),))
    with pytest.raises(OpenVoidError, match="'ball' has a place in frame 9"):
        compose(track(), Effects((ball,)))


def test_the_same_effects_compose_at_another_size() -> None:
    large = Track.of("cup", (np.kron(mask, np.ones((3, 3), bool)) for mask in track()))
    small = compose(track(), Effects((shadow(),)))
    mask = compose(large, Effects((shadow(),)))
    assert np.array_equal(mask[1][1::3, 1::3], small[1])
