"""A glimpse takes what an earlier one has looked at, and is let go when it is not needed."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from openvoid.vision.glimpse import Glimpse


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Only what nothing refers to is let go, as between two collections."""
    gc.disable()
    yield
    gc.enable()


def picture(index: int) -> NDArray[np.uint8]:
    return np.full((36, 64, 3), index, np.uint8)


@pytest.mark.usefixtures("no_collector")
def test_a_glimpse_is_let_go_at_once() -> None:
    """Else a clip's looks add up: 1.7 KiB a frame."""
    glimpse = Glimpse(picture, 0, 4)
    assert glimpse.even(2).shape == (36, 64)
    let_go = weakref.ref(glimpse)
    del glimpse
    assert let_go() is None


def test_what_an_earlier_one_has_is_not_looked_at_again() -> None:
    seen: list[int] = []

    def counted(index: int) -> NDArray[np.uint8]:
        seen.append(index)
        return picture(index)

    first = Glimpse(counted, 0, 4)
    second = Glimpse(counted, 2, 6, first)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert (second.look(3) == first.look(3)).all()
    assert second.look(5).mean() == pytest.approx(5 / 255)
