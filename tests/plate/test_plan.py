"""Donors: chosen in takes, never from where nothing is shown, the same however a shot is cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.plate import plan as planning
from openvoid.plate.plan import plan


def crossing(count: int, cells: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """A hole of `width` cells that crosses a row of cells."""
    needed = np.zeros((count, cells), bool)
    for index in range(count):
        left = round(index * (cells - width) / (count - 1))
        needed[index, left : left + width] = True
    return needed, ~needed


def still(count: int) -> np.ndarray:
    return np.zeros((count, 2))


def test_one_take_serves_a_crossing_and_runs_along() -> None:
    needed, shown = crossing(40, 80, 8)
    donors = plan(needed, shown, still(40))
    first = donors[:, 0]
    for index, donor in enumerate(first):
        assert donor >= 0
        assert (needed[index] & ~shown[donor]).sum() == 0
    assert np.abs(np.diff(first)).tolist().count(1) >= 37  # a frame a frame, but for one change


def test_what_no_frame_shows_has_no_donor() -> None:
    needed = np.ones((5, 6), bool)
    assert (plan(needed, ~needed, still(5)) == -1).all()


def test_a_second_take_covers_what_the_first_leaves() -> None:
    needed = np.ones((6, 4), bool)
    shown = np.zeros((6, 4), bool)
    needed[4:] = False
    shown[4, :2] = True
    shown[5, 2:] = True
    donors = plan(needed, shown, still(6))
    assert {4, 5} <= set(donors[0].tolist())


def test_a_near_camera_is_preferred() -> None:
    needed = np.zeros((9, 3), bool)
    needed[4] = True
    shown = np.ones((9, 3), bool)
    shown[4] = False
    places = np.zeros((9, 2))
    places[:4, 0] = 2.0
    assert plan(needed, shown, places)[4, 0] > 4


@settings(max_examples=40, deadline=None)
@given(data=st.data(), count=st.integers(1, 12), cells=st.integers(1, 10))
def test_donors_give_what_is_needed(data: st.DataObject, count: int, cells: int) -> None:
    bits = st.lists(st.booleans(), min_size=count * cells, max_size=count * cells)
    needed = np.array(data.draw(bits)).reshape(count, cells)
    shown = np.array(data.draw(bits)).reshape(count, cells) & ~needed
    donors = plan(needed, shown, still(count))
    for index in range(count):
        left = needed[index].copy()
        for donor in donors[index][donors[index] >= 0]:
            left &= ~shown[donor]
        could = needed[index] & shown.any(axis=0)
        if could.any():
            assert left.sum() < needed[index].sum()


def test_chunks_join_without_a_break(monkeypatch: object) -> None:
    needed, shown = crossing(60, 120, 6)
    whole = plan(needed, shown, still(60))
    original = planning.CHUNK
    try:
        planning.CHUNK = 16
        cut = plan(needed, shown, still(60))
    finally:
        planning.CHUNK = original
    for index in range(60):
        assert (needed[index] & ~shown[cut[index, 0]]).sum() == 0
    jumps = (np.abs(np.diff(cut[:, 0])) != 1).sum()
    assert jumps <= (np.abs(np.diff(whole[:, 0])) != 1).sum() + 4
