"""Codes mean the light that the standards say, and come back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openvoid.vision.transfer import FROM_BT2020, TO_BT2020, Transfer

WITH_TOE = [each for each in Transfer if each not in (Transfer.LOG100, Transfer.LOG316)]


@pytest.mark.parametrize(
    ("transfer", "code", "light"),
    [
        (Transfer.PQ, 0.5807, 1.0),  # ITU-R BT.2408, table 1: HDR reference white, 203 cd/m^2
        (Transfer.PQ, 0.3803, 26 / 203),  # ... gray card, 26 cd/m^2
        (Transfer.PQ, 1.0, 10000 / 203),
        (Transfer.PQ, 0.508078, 100 / 203),  # ST 2084: 100 cd/m^2
        (Transfer.HLG, 0.75, 1.0),  # ITU-R BT.2408: reference white
        (Transfer.HLG, 0.38, 0.18),  # ... gray card
        (Transfer.HLG, 1.0, 1 / 0.26496),  # ITU-R BT.2100: E = 1
        (Transfer.HLG, 0.5, 1 / 12 / 0.26496),
        (Transfer.LOG100, 0.5, 0.1),  # H.273: V = 1 + log10(L) / 2
        (Transfer.LOG316, 0.2, 0.01),  # H.273: V = 1 + log10(L) / 2.5
        (Transfer.LOGC3, 0.391, 0.18),  # ARRI: middle gray is code 400 of 1023
        (Transfer.LOGC3, 0.092809, 0.0),
        (Transfer.SLOG3, 420 / 1023, 0.18),  # Sony: gray
        (Transfer.SLOG3, 598 / 1023, 0.90),  # ... white
        (Transfer.SLOG3, 95 / 1023, 0.0),  # ... black
    ],
)
def test_published_values(transfer: Transfer, code: float, light: float) -> None:
    assert transfer.light(np.array([code]))[0] == pytest.approx(light, rel=1e-2, abs=1e-6)
    assert transfer.code(np.array([light]))[0] == pytest.approx(code, abs=2e-3)


@pytest.mark.parametrize("transfer", Transfer)
def test_every_code_of_16_bits_comes_back_in_order(transfer: Transfer) -> None:
    codes = np.arange(65536) / 65535
    light = transfer.light(codes)
    assert (np.diff(light) >= 0).all()
    assert light[0] < light[-1] == pytest.approx(transfer.brightest)
    assert np.array_equal(np.rint(transfer.code(light) * 65535), np.arange(65536))


@given(light=st.floats(-0.01, 30), transfer=st.sampled_from(WITH_TOE))
def test_every_light_comes_back(light: float, transfer: Transfer) -> None:
    back = transfer.light(transfer.code(np.array([light])))[0]
    assert back == pytest.approx(light, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("transfer", Transfer)
def test_what_is_no_number_is_none_afterwards_and_the_type_stays(transfer: Transfer) -> None:
    light = transfer.light(np.array([np.nan, 0.5], np.float32))
    assert light.dtype == np.float32
    assert np.isnan(light[0])
    assert np.isfinite(light[1])


def test_white_is_white_in_both_primaries() -> None:
    assert np.allclose(FROM_BT2020 @ [1, 1, 1], 1)
    assert np.allclose(TO_BT2020 @ FROM_BT2020, np.eye(3))
    red = FROM_BT2020 @ [1, 0, 0]  # ITU-R BT.2407: outside of BT.709
    assert red == pytest.approx([1.6605, -0.1246, -0.0182], abs=1e-3)
