"""PSNR of two clips: its definition, its regions, and what cannot be compared."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.cli.measure import Comparison, check_alike, pairs, psnr_db, unit
from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask

FRAMES = np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3)).astype(np.uint8)
LABELS = np.full((3, 20, 30), 255, np.uint8)
LABELS[1:, 4:9, 5:15] = 0
MASK = Quadmask.from_labels(LABELS)


def compared(other: np.ndarray, mask: Quadmask | None = None) -> Comparison:
    found = Comparison()
    for index, left, right in pairs(clip_of(FRAMES), clip_of(other)):
        found.add(index, left, right, mask)
    return found


@given(error=st.integers(1, 40))
def test_psnr_is_its_definition(error: int) -> None:
    dark = np.minimum(FRAMES, 200)
    found = Comparison()
    for index in range(3):
        found.add(index, unit(dark[index], 255.0), unit(dark[index] + np.uint8(error), 255.0), None)
    assert found.regions["whole"].psnr_db == pytest.approx(20 * math.log10(255 / error), abs=1e-3)


def test_what_is_identical_is_infinite_and_what_is_not_there_is_nan() -> None:
    found = compared(FRAMES, MASK)
    assert [found.regions[name].psnr_db for name in ("inside", "outside")] == [math.inf, math.inf]
    assert math.isnan(psnr_db(0.0, 0))


def test_inside_and_outside_are_told_apart_exactly() -> None:
    other = FRAMES.copy()
    other[2, 4:9, 5:15] ^= 8
    found = compared(other, MASK)
    assert found.regions["outside"].psnr_db == math.inf
    # frames 1 and 2 hold 50 pixels of mask each; half of those samples are off by 8
    wanted = 10 * math.log10(255**2 / (64 / 2))
    assert found.regions["inside"].psnr_db == pytest.approx(wanted, abs=1e-4)
    assert found.regions["inside"].worst_frame == 2
    assert found.regions["whole"].samples == FRAMES.size


def test_bit_depths_are_compared_at_one_white() -> None:
    deep = FRAMES.astype(np.uint16) * 257
    assert compared(deep).regions["whole"].psnr_db > 120


def test_what_does_not_fit_is_refused() -> None:
    clip = clip_of(FRAMES)
    with pytest.raises(OpenVoidError, match="30x19"):
        check_alike(clip, clip_of(FRAMES[:, :19]))
    with pytest.raises(OpenVoidError, match=r"2 frames.*--range"):
        check_alike(clip, clip_of(FRAMES[:2]))
    with pytest.raises(OpenVoidError, match="with 2 frames"):
        check_alike(clip, clip, MASK.trimmed(0, 2))
