"""Effects drawn over a frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from openvoid.core.effects import Effect, EffectKind, Effects, Place, Relation
from openvoid.core.quadmask import Region
from openvoid.show.overlay import overlay

SQUARE = ((0.5, 0.5), (0.8, 0.5), (0.8, 0.8), (0.5, 0.8))


def test_an_effect_is_drawn_where_it_is_and_told_below() -> None:
    frame = np.full((120, 160, 3), 100, np.uint8)
    labels = np.full((120, 160), Region.KEEP, np.uint8)
    labels[10:30, 10:30] = Region.PRIMARY
    goes = Place(1, ((0.1, 0.6), (0.3, 0.6), (0.3, 0.9)))
    ball = Effect(
        "ball", EffectKind.PHYSICAL, Relation.PUSHES, "It is hit.", (Place(1, SQUARE),), (goes,)
    )
    drawn = overlay(frame, labels, Effects((ball,)), 1)
    assert drawn.dtype == np.uint8
    assert drawn.shape[1] == 160
    assert drawn.shape[0] > 120
    assert (drawn[80, 100] != 100).any()
    assert drawn[20, 20, 0] > 100 > drawn[20, 20, 2]
    assert (frame == 100).all()
    asked = overlay(frame, labels, Effects((replace(ball, applied=False),)), 1)
    assert (asked[80, 105] == 100).all()  # nothing is tinted
    assert (asked[:120] != overlay(frame, labels, Effects(), 1)[:120]).any()
    elsewhere = overlay(frame, None, Effects((ball,)), 0)
    assert (elsewhere[:120] == 100).all()
    assert elsewhere.shape == drawn.shape
