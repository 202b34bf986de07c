"""A request is cut, grown and checked before anything runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask, Region
from openvoid.core.request import default_soft_edge_px, request_of

HEIGHT, WIDTH, LENGTH = 18, 24, 6


def clip() -> Clip:
    frames = [np.full((HEIGHT, WIDTH, 3), index, np.uint8) for index in range(LENGTH)]
    return replace(clip_of(frames), first_frame=1001)


def mask(size: int = 4, length: int = LENGTH) -> Quadmask:
    frames = np.full((length, HEIGHT, WIDTH), Region.KEEP, np.uint8)
    frames[:, 6 : 6 + size, 8 : 8 + size] = Region.PRIMARY
    return Quadmask.from_labels(frames)


def test_a_range_goes_by_the_numbers_a_person_knows() -> None:
    request = request_of(clip(), mask(), numbers=(1002, 1004), prompt="p", seed=3)
    assert (request.clip.length, len(request.quadmask)) == (3, 3)
    assert request.clip.first_frame == 1002
    assert [int(frame[0, 0, 0]) for frame in request.clip.frames()] == [1, 2, 3]
    assert (request.prompt, request.seed, request.start) == ("p", 3, 0)


def test_one_frame_is_a_range() -> None:
    assert request_of(clip(), mask(), numbers=(1001, 1001)).clip.length == 1


def test_a_mask_of_the_range_alone_is_taken() -> None:
    part = mask().trimmed(1, 4)
    assert request_of(clip(), part, numbers=(1002, 1004)).quadmask == part


def test_the_mask_is_grown() -> None:
    assert request_of(clip(), mask(), grow_px=2).quadmask == mask().grown(2)


def test_the_soft_edge_goes_by_the_height() -> None:
    heights = (18, 270, 1080, 2160)
    assert [default_soft_edge_px(height) for height in heights] == [4, 4, 18, 36]
    assert request_of(clip(), mask()).soft_edge_px == 4
    assert request_of(clip(), mask(), soft_edge_px=0).soft_edge_px == 0


@pytest.mark.parametrize(
    ("masks", "asked", "said"),
    [
        (mask(), {"numbers": (0, 3)}, "it has frames 1001 to 1006"),
        (mask(), {"numbers": (1003, 1007)}, "range 1003-1007 is not in the clip"),
        (mask(), {"numbers": (1004, 1002)}, "range 1004-1002 is not in the clip"),
        (mask(length=5), {}, "the mask has 5 frames, the clip 6"),
        (mask(length=5), {"numbers": (1001, 1002)}, "the mask has 5 frames, the clip 6"),
        (mask().resized(9, 12), {}, "the mask is 12x9, the clip 24x18"),
        (mask(0), {}, "the mask is empty: there is nothing to remove"),
        (mask(), {"grow_px": -4}, "the mask is empty once it is grown by -4 px"),
        (mask(), {"grow_px": 18}, "the mask covers everything once it is grown by 18 px"),
        (mask(), {"grow_px": 19}, "grow_px is 19 (from -18 to 18)"),
        (mask(), {"seed": 2**63}, "seed is"),
        (mask(), {"soft_edge_px": 19}, "soft_edge_px is 19 (from 0 to 18)"),
    ],
)
def test_what_cannot_run_is_refused(masks: Quadmask, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(OpenVoidError) as raised:
        request_of(clip(), masks, **asked)
    assert said in raised.value.line()


def test_a_mask_that_covers_some_frames_wholly_is_taken() -> None:
    frames = [np.full((HEIGHT, WIDTH), Region.PRIMARY, np.uint8)] * (LENGTH - 1)
    covered = Quadmask.from_labels([*frames, np.full((HEIGHT, WIDTH), Region.KEEP, np.uint8)])
    assert request_of(clip(), covered).quadmask == covered
    with pytest.raises(OpenVoidError, match="covers everything"):
        request_of(clip(), covered, numbers=(1001, 1003))


@pytest.mark.parametrize("size", [(1, 1), (2, 64), (3, 3), (64, 1)])
def test_the_usual_soft_edge_fits_pictures_of_any_size(size: tuple[int, int]) -> None:
    labels = np.full((2, *size), Region.KEEP, np.uint8)
    labels[0] = Region.PRIMARY
    frames = [np.zeros((*size, 3), np.uint8)] * 2
    request = request_of(clip_of(frames), Quadmask.from_labels(labels))
    assert request.soft_edge_px == min(*size, 4)
