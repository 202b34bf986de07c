"""Transfer characteristics: what the codes of a clip mean in light.

Enters: codes, 1.0 for the largest of an integer clip. Leaves: linear light, 1.0 for diffuse white
(a gray card has 0.18), and the way back. Knows no clip and no exposure.

- `log100`, `log316`: ITU-T H.273, transfer characteristics 9 and 10
- `pq`: SMPTE ST 2084, display light; white is 203 cd/m^2 (ITU-R BT.2408)
- `hlg`: ARIB STD-B67, scene light (no OOTF); white is the code 0.75 (ITU-R BT.2408)
- `logc3`: ARRI LogC3 at EI 800 (ARRI, "ALEXA Log C Curve", 2011), full-range codes
- `slog3`: Sony S-Log3 (Sony, "Technical Summary for S-Gamut3.Cine/S-Log3", 2014), full-range codes
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]  # float32 or float64, of any shape

TO_BT2020 = np.array(  # linear BT.709 (and sRGB) -> linear BT.2020: ITU-R BT.2087, M2
    [[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]]
)
FROM_BT2020 = np.linalg.inv(TO_BT2020)
LEAST_LIGHT = 1e-10  # a pure logarithm has no code for darkness


class Transfer(StrEnum):
    """What codes mean. `SRGB` stands for all values that are fit for a screen as they are."""

    SRGB = "srgb"
    LINEAR = "linear"
    LOG100 = "log100"
    LOG316 = "log316"
    PQ = "pq"
    HLG = "hlg"
    LOGC3 = "logc3"
    SLOG3 = "slog3"

    def light(self, code: Values) -> Values:
        """Codes -> linear light, of the same type and shape."""
        with np.errstate(over="ignore", invalid="ignore"):  # what is no number stays none
            return _CURVES[self].light(code)

    def code(self, light: Values) -> Values:
        """Linear light -> codes."""
        with np.errstate(over="ignore", invalid="ignore"):
            return _CURVES[self].code(light)

    @cached_property
    def brightest(self) -> float:
        """The light of the largest code."""
        return float(self.light(np.ones(1))[0])


class _Curve(NamedTuple):
    light: Callable[[Values], Values]
    code: Callable[[Values], Values]


def _same(values: Values) -> Values:
    return values


def _odd(curve: Callable[[Values], Values]) -> Callable[[Values], Values]:
    """A curve of what is not negative, goes on below as its mirror image."""

    def both(values: Values) -> Values:
        mirrored: Values = np.copysign(curve(np.abs(values)), values)
        return mirrored

    return both


def _logarithm(decades: float) -> _Curve:
    """V = 1 + log10(L) / decades."""

    def light(code: Values) -> Values:
        lit: Values = np.power(10, decades * (code - 1))
        return lit

    def code(lit: Values) -> Values:
        return 1 + np.log10(np.maximum(lit, LEAST_LIGHT)) / decades

    return _Curve(light, code)


# --- SMPTE ST 2084, equations 4.1 and 5.1 --------------------------------------------------------

M1, M2 = 2610 / 16384, 2523 / 4096 * 128
C1, C2, C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
PQ_WHITE = 203 / 10000  # of the largest code's 10,000 cd/m^2


def _pq_light(code: Values) -> Values:
    root = np.minimum(code, 1) ** (1 / M2)  # the curve ends at 10,000 cd/m^2
    lit: Values = (np.maximum(root - C1, 0) / (C2 - C3 * root)) ** (1 / M1) / PQ_WHITE
    return lit


def _pq_code(light: Values) -> Values:
    power = (light * PQ_WHITE) ** M1
    code: Values = ((C1 + C2 * power) / (1 + C3 * power)) ** M2
    return code


# --- ARIB STD-B67, as in ITU-R BT.2100 table 5 ---------------------------------------------------

A, B, C = 0.17883277, 0.28466892, 0.55991073
HLG_WHITE = float((np.exp((0.75 - C) / A) + B) / 12)


def _hlg_light(code: Values) -> Values:
    high = (np.exp((np.maximum(code, 0.5) - C) / A) + B) / 12
    lit: Values = np.where(code <= 0.5, code**2 / 3, high) / HLG_WHITE
    return lit


def _hlg_code(light: Values) -> Values:
    scene = light * HLG_WHITE
    high = A * np.log(np.maximum(12 * scene, 1) - B) + C
    code: Values = np.where(scene <= 1 / 12, np.sqrt(3 * scene), high)
    return code


# --- of camera makers ----------------------------------------------------------------------------

LOGC3 = (0.010591, 5.555556, 0.052272, 0.247190, 0.385537, 5.367655, 0.092809)
SLOG3_LINEAR = (171.2102946929 - 95) / 0.01125


def _logc3_light(code: Values) -> Values:
    cut, a, b, c, d, e, f = LOGC3
    lit: Values = np.where(code > e * cut + f, (10 ** ((code - d) / c) - b) / a, (code - f) / e)
    return lit


def _logc3_code(light: Values) -> Values:
    cut, a, b, c, d, e, f = LOGC3
    high = c * np.log10(a * np.maximum(light, cut) + b) + d
    code: Values = np.where(light > cut, high, e * light + f)
    return code


def _slog3_light(code: Values) -> Values:
    level = code * 1023
    high = 10 ** ((level - 420) / 261.5) * (0.18 + 0.01) - 0.01
    lit: Values = np.where(level >= 171.2102946929, high, (level - 95) / SLOG3_LINEAR)
    return lit


def _slog3_code(light: Values) -> Values:
    high = 420 + np.log10((np.maximum(light, 0.01125) + 0.01) / (0.18 + 0.01)) * 261.5
    code: Values = np.where(light >= 0.01125, high, light * SLOG3_LINEAR + 95) / 1023
    return code


_CURVES = {
    Transfer.SRGB: _Curve(_same, _same),
    Transfer.LINEAR: _Curve(_same, _same),
    Transfer.LOG100: _logarithm(2.0),
    Transfer.LOG316: _logarithm(2.5),
    Transfer.PQ: _Curve(_odd(_pq_light), _odd(_pq_code)),
    Transfer.HLG: _Curve(_odd(_hlg_light), _odd(_hlg_code)),
    Transfer.LOGC3: _Curve(_logc3_light, _logc3_code),
    Transfer.SLOG3: _Curve(_slog3_light, _slog3_code),
}
