"""What counts as a difference between two renders, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.core.quadmask import Region
from openvoid.synth.regions import Threshold, above, labelled, tidied
from openvoid.synth.take import Drawn

LEVELS = Threshold()


def drawn(rgb: np.ndarray, ids: np.ndarray | None = None) -> Drawn:
    numbers = np.zeros(rgb.shape[:2], np.uint16) if ids is None else ids
    return Drawn(rgb, np.ones(rgb.shape[:2], np.float32), numbers)


def grey(height: int = 48, width: int = 64) -> np.ndarray:
    return np.full((height, width, 3), 120, np.uint8)


def test_a_ball_its_shadow_and_what_it_moved_get_their_labels() -> None:
    removed = grey()
    acting = grey()
    acting[20:28, 30:40] = 60  # where the moved thing is, half of it behind the ball
    full, ids = acting.copy(), np.zeros(removed.shape[:2], np.uint16)
    full[16:32, 20:35], ids[16:32, 20:35] = (250, 0, 0), 3
    full[34:40, 18:38] -= 50  # the shadow
    labels = labelled(drawn(full, ids), drawn(removed), drawn(acting), [3], LEVELS)
    assert np.all(labels[16:32, 20:30] == Region.PRIMARY)
    assert np.all(labels[20:28, 30:35] == Region.OVERLAP)
    assert np.all(labels[20:28, 35:40] == Region.AFFECTED)
    assert np.all(labels[34:40, 18:38] == Region.AFFECTED)
    assert np.all(labels[:15] == Region.KEEP)


def test_the_smooth_edge_belongs_to_the_object() -> None:
    full, ids = grey(), np.zeros((48, 64), np.uint16)
    full[10:20, 10:20], ids[10:20, 10:20] = 250, 1
    full[10:20, 20] = 180  # half covered; the middle of the pixel is not
    labels = labelled(drawn(full, ids), drawn(grey()), drawn(grey()), [1], LEVELS)
    assert np.all(labels[10:20, 10:21] == Region.PRIMARY)
    assert np.count_nonzero(labels != Region.KEEP) == 110


def test_a_faint_difference_counts_only_beside_a_clear_one() -> None:
    change = np.zeros((20, 40), np.uint8)
    change[5:15, 2:12] = LEVELS.weak + 1
    change[5:15, 20:30] = LEVELS.weak + 1
    change[9, 24] = LEVELS.strong + 1
    expected = np.zeros_like(change, bool)
    expected[5:15, 20:30] = True
    assert np.array_equal(above(change, LEVELS), expected)


def test_specks_go_and_pinholes_close() -> None:
    mask = np.zeros((384, 672), bool)
    mask[50, 50:52] = True
    mask[100:200, 100:200] = True
    mask[150, 150] = False
    found = tidied(mask)
    assert not found[40:60].any()
    assert found[100:200, 100:200].all()
    assert found.sum() == 100 * 100


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.2))
def test_what_is_kept_differs_by_little_and_every_region_holds_a_clear_difference(
    seed: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    one, other = grey(), grey()
    where = rng.random((48, 64)) < share
    other[where] += rng.integers(0, 40, (int(where.sum()), 1)).astype(np.uint8)
    labels = labelled(drawn(one), drawn(other), drawn(one), [1], LEVELS)
    apart = np.abs(one.astype(int) - other).max(axis=2)
    assert not (apart[labels == Region.KEEP] > LEVELS.strong).any()
    assert (labels == Region.AFFECTED).any() == (apart > LEVELS.strong).any()


@pytest.mark.parametrize(("noise", "weak", "strong"), [(0, 4, 10), (7, 7, 10), (20, 20, 20)])
def test_a_noisy_renderer_raises_the_thresholds(noise: int, weak: int, strong: int) -> None:
    class Noisy:
        threshold_levels = noise

    assert Threshold.of(Noisy()) == Threshold(weak, strong)
    assert Threshold.of(object()) == Threshold()
