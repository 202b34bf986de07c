"""What is done with regions of a picture."""

from __future__ import annotations

import numpy as np

from openvoid.vision.masks import filled, grown


def test_gaps_and_holes_are_filled_but_not_what_the_edge_bounds() -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:40, 10:40] = True
    mask[15:35, 15:35] = False
    mask[20, 10:15] = False
    whole = filled(mask, 4)
    assert whole[10:40, 10:40].all()
    assert not filled(np.zeros((9, 9), bool), 3).any()
    assert not whole[45:].any()


def test_growing_far_and_near_agree() -> None:
    mask = np.zeros((61, 61), bool)
    mask[30, 30] = True
    for reach in (3, 8, 9, 20):
        rows, columns = np.nonzero(grown(mask, reach))
        assert rows.max() - 30 == reach
        assert columns.max() - 30 == reach
