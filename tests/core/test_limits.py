"""Limits: what may be is taken, what may not is one line."""

from __future__ import annotations

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import PICTURE_PX, SIDE_PX, check_count, check_picture


@pytest.mark.parametrize("size", [(1, 1), (1, SIDE_PX), (SIDE_PX, 1), (8192, 16384), (4320, 7680)])
def test_pictures_up_to_16k_are_taken(size: tuple[int, int]) -> None:
    check_picture(*size)


@pytest.mark.parametrize(
    "size", [(0, 5), (5, -1), (1, SIDE_PX + 1), (16384, PICTURE_PX // 16384 + 1), (2**31, 10**400)]
)
def test_others_are_refused_in_one_line(size: tuple[int, int]) -> None:
    with pytest.raises(OpenVoidError, match=r"^a\.png: a picture of .* \(sides from 1 to"):
        check_picture(*size, where="a.png")


def test_a_count_is_held_to_its_range() -> None:
    check_count("grid", 8, 1, 256)
    for value in (0, 257, 10**5000, -(10**5000)):
        with pytest.raises(OpenVoidError, match=r"grid is .* \(from 1 to 256\)") as caught:
            check_count("grid", value, 1, 256)
        assert len(caught.value.line()) < 80
