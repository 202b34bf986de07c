"""A track gives back what was put in, and refuses what is no track."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from openvoid.core.box import EMPTY, Box
from openvoid.core.errors import OpenVoidError
from openvoid.core.track import Track

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, max_side=12))


@given(masks=MASKS)
def test_silhouettes_come_back_as_they_went_in(masks: np.ndarray) -> None:
    track = Track.of("cup", list(masks))
    assert np.array_equal(np.stack(list(track)), masks)
    assert (len(track), track.height, track.width) == masks.shape
    assert track.seen == tuple(np.flatnonzero(masks.any(axis=(1, 2))))
    assert track == Track.of("cup", list(masks)) != Track.of("mug", list(masks))


@given(masks=MASKS, data=st.data())
def test_a_part_is_the_track_of_those_frames(masks: np.ndarray, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(masks) - 1))
    stop = data.draw(st.integers(start + 1, len(masks)))
    sure = [0.5] * len(masks)
    part = Track.of("cup", list(masks), sure).trimmed(start, stop)
    assert part == Track.of("cup", list(masks[start:stop]), sure[start:stop])


def test_a_union_holds_both_and_the_lesser_confidence() -> None:
    left, right = np.zeros((2, 4, 6), bool), np.zeros((2, 4, 6), bool)
    left[0, 1, 2], right[0, 3, 4] = True, True
    both = Track.of("cup", list(left), [0.9, 0.8]).union(Track.of("hat", list(right), [0.5, 1]))
    assert both.confidence == (0.5, 0.8)
    assert both.label == "cup"
    assert both.box(0) == Box(1, 2, 4, 5)
    assert both.box(1) == EMPTY or both.box(1).empty
    assert np.array_equal(both[0], left[0] | right[0])
    with pytest.raises(OpenVoidError, match="differ"):
        both.union(both.trimmed(0, 1))


def test_a_change_reaches_every_frame() -> None:
    track = Track.of("cup", [np.eye(3, dtype=bool)] * 2, [0.2, 0.3])
    flipped = track.mapped(lambda index, mask: mask if index else ~mask)
    assert np.array_equal(flipped[0], ~np.eye(3, dtype=bool))
    assert np.array_equal(flipped[1], np.eye(3, dtype=bool))
    assert flipped.confidence == track.confidence


@pytest.mark.parametrize(
    ("masks", "sure"),
    [
        ([], None),
        ([np.zeros((2, 2), bool), np.zeros((2, 3), bool)], None),
        ([np.zeros((2, 2), np.uint8)], None),
        ([np.zeros((2, 2), bool)], [0.5, 0.5]),
        ([np.zeros((2, 2), bool)], [1.5]),
    ],
)
def test_what_is_no_track_is_refused(masks: list[np.ndarray], sure: list[float] | None) -> None:
    with pytest.raises(OpenVoidError):
        Track.of("cup", masks, sure)
