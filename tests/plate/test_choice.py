"""What moves behind the hole is carried; where the donors are right they stay."""

from __future__ import annotations

import numpy as np
import pytest

from openvoid.core.removal import Run
from openvoid.plate.carry import fetched_from
from openvoid.plate.choice import Chosen, chosen, lay
from openvoid.plate.plan import plan
from openvoid.plate.propagate import Rebuilt, around, lay_donors
from openvoid.plate.survey import Survey
from openvoid.plate.trails import Candidate, trails_of
from tests.plate.passing import LENGTH, passer, shot

INDEX = 5


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> tuple[Survey, Rebuilt, Rebuilt, Chosen]:
    """A frame from its donors alone, and with what is carried."""
    folder = tmp_path_factory.mktemp("passing")
    look, _, _ = shot(folder, [passer(index) for index in range(LENGTH)])
    trails = trails_of(look, 2, Run(folder))
    assert trails is not None
    donors = plan(*look.places(), np.zeros((LENGTH, 2)))[INDEX]
    plain = around(look, INDEX, 2)
    assert plain is not None
    plain.remember()
    lay_donors(look, plain, INDEX, donors, 2)
    found = chosen(look, look.frame, plain, trails.candidates(INDEX, plain.box))
    assert found is not None
    anew = plain.afresh()
    lay(look, anew, INDEX, found)
    lay_donors(look, anew, INDEX, donors, 2)
    return look, plain, anew, found


def test_the_thing_behind_is_whole(laid: tuple[Survey, Rebuilt, Rebuilt, Chosen]) -> None:
    _, plain, anew, _ = laid
    real = passer(INDEX)[anew.box.slices] / 255
    off = [np.abs(each.picture - real)[anew.hole].mean() for each in (plain, anew)]
    assert off[1] < 0.02
    assert off[1] < 0.3 * off[0]


def test_layers_say_where_their_pixels_are(laid: tuple[Survey, Rebuilt, Rebuilt, Chosen]) -> None:
    look, _, anew, found = laid
    carried = [layer for layer in anew.layers if layer.flow is not None]
    assert (sum(layer.share.astype(int) for layer in carried) == found.share).all()
    for layer in carried:
        assert layer.flow is not None
        y, x = np.nonzero(layer.share)
        there = np.stack([x, y], -1) + (anew.box.left, anew.box.top) + layer.flow[y, x]
        assert np.abs(there - found.source[y, x, 1:]).max() < 1e-2  # the camera is locked
        assert (found.source[y, x, 0] == layer.donor).all()
    shown = fetched_from(look.frame, found.source, found.share)
    assert np.allclose(shown[found.share], found.picture[found.share], atol=1e-5)


def test_donors_that_are_right_are_not_replaced(
    laid: tuple[Survey, Rebuilt, Rebuilt, Chosen],
) -> None:
    look, plain, _, _ = laid
    there = np.ones(plain.hole.shape, bool)
    y, x = np.nonzero(there)
    place = np.stack([x + plain.box.left, y + plain.box.top], -1).reshape(*there.shape, 2)
    source = np.dstack([np.full(there.shape, 0), place + 6]).astype(np.float32)
    flow, age = np.full((*there.shape, 2), 6, np.float32), np.full(there.shape, 5, np.float32)
    plain.again = plain.target.copy()  # the donors show the ring as it is
    plain.shown = there
    assert chosen(look, look.frame, plain, [Candidate(source, there, there, flow, age)]) is None
