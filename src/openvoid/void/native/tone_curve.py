"""Look: clip values <-> what the model is shown, a display-like picture in 0..1.

Enters: a clip's stored values. Leaves: values in which equal steps look about equal, and the way
back. Integers are display values already: divided by white. Scene-linear floats have no largest
value: they are brought to a common exposure, put through the sRGB curve (IEC 61966-2-1) and, above
the knee, a logarithm that has the clip's brightest value at 1. The curve is odd and goes on beyond
0 and 1, so that every finite value comes back. Knows nothing of frames in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame

KNEE = 0.6  # linear values above are compressed, where the clip is brighter than white
USUAL = (0.2, 2.0)  # the brightest twentieth of a shot begins here; other exposures are corrected
SAMPLES = 5  # frames from which exposure and peak are taken
LINEAR = (2, 8)  # transfer characteristics of ITU-T H.273: unspecified, linear


@dataclass(frozen=True)
class Look:
    """A curve from stored values to shown ones, and back."""

    white: float = 1.0
    linear: bool = False
    gain: float = 1.0  # what linear values are multiplied with first
    peak: float = 1.0  # the linear value, after the gain, that is shown as 1; at least 1

    def shown(self, frame: Frame) -> NDArray[np.float32]:
        """Stored values -> shown ones of the same shape; not clipped."""
        if not self.linear:
            return frame.astype(np.float32) * np.float32(1 / self.white)
        value = frame.astype(np.float64) * self.gain
        size = np.abs(value)
        low = np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
        if self._slope > 0:
            start, reach = float(_curve(KNEE)), self._slope / _steepness(KNEE)
            high = start + self._slope * np.log1p(np.maximum(size - KNEE, 0) / reach)
            low = np.where(size > KNEE, high, low)
        return np.copysign(low, value).astype(np.float32)

    def stored(self, picture: NDArray[np.float32], dtype: np.dtype[Any]) -> Frame:
        """The inverse of `shown`; integers are rounded, and clipped to their range."""
        if not self.linear:
            value = picture * np.float32(self.white)
            if dtype.kind == "f":
                return value.astype(dtype)
            return np.clip(np.rint(value), 0, self.white).astype(dtype)
        size = np.abs(picture.astype(np.float64))
        low = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
        if self._slope > 0:
            start, reach = float(_curve(KNEE)), self._slope / _steepness(KNEE)
            high = KNEE + reach * np.expm1(np.maximum(size - start, 0) / self._slope)
            low = np.where(size > start, high, low)
        return (np.copysign(low, picture) / self.gain).astype(dtype)

    @cached_property
    def _slope(self) -> float:
        """Steepness of the logarithm, so that `peak` is shown as 1; 0 where it is not needed."""
        if self.peak <= 1:
            return 0.0
        room, reach = 1 - float(_curve(KNEE)), (self.peak - KNEE) * _steepness(KNEE)
        low, high = 1e-6, 1e3
        for _ in range(80):  # rises with the slope: halve the interval
            middle = (low * high) ** 0.5
            rises = middle * float(np.log1p(reach / middle)) < room
            low, high = (middle, high) if rises else (low, middle)
        return low


def look_at(clip: Clip) -> Look:
    """How a clip is shown to the model. Depends on the clip alone."""
    if not clip.layout.is_float or clip.color.transfer not in LINEAR:
        return Look(clip.white)
    brightest, twentieth = 0.0, []
    for index in np.unique(np.linspace(0, clip.length - 1, SAMPLES).round().astype(int)):
        frame = next(iter(clip.frames(int(index), int(index) + 1)))
        values = frame[np.isfinite(frame).all(axis=-1)].max(axis=-1, initial=0.0)
        if values.size:
            brightest = max(brightest, float(values.max()))
            twentieth.append(float(np.percentile(values, 95)))
    bright = max(twentieth, default=0.0)
    gain = float(np.clip(bright, *USUAL)) / bright if bright > 1e-6 else 1.0
    return Look(clip.white, True, gain, max(1.0, brightest * gain))


def _curve(value: float) -> float:
    return float(1.055 * value ** (1 / 2.4) - 0.055)


def _steepness(value: float) -> float:
    return float(1.055 / 2.4 * value ** (1 / 2.4 - 1))
