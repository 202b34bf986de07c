"""Display: stored values <-> a picture as a screen shows it. The one curve of the whole project.

Enters: a clip, for its layout, its colour tags and, where it holds scene-linear floats, a few of
its frames. Leaves: pictures in which equal steps look about equal, 0..1 or 8 bit, and the way back.
Knows nothing of objects, cameras or networks.

Display-referred values (8 bit, SDR of any depth) are shown as they are, divided by white. All
others are first brought to linear light; BT.2020 primaries to those of BT.709 and sRGB; then
follows the sRGB curve (IEC 61966-2-1) and, above the knee, a logarithm that has the brightest value
at 1. The curve is odd and goes on beyond 0 and 1, so that every finite value comes back.

Scene-linear floats have no white: they are brought to a common exposure, found once a clip, so that
nothing depends on how bright a plate was stored. For integers nothing is decoded: what their codes
mean is fixed, and the brightest is that of the largest code.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip, Frame
from openvoid.core.errors import OpenVoidError
from openvoid.vision.transfer import FROM_BT2020, TO_BT2020, Transfer

KNEE = 0.6  # linear values above are compressed, where the clip is brighter than white
EVEN = 0.6  # where the brightest twentieth of a shot begins; the median of the project's SDR clips
USUAL = (0.2, 2.0)  # the same for what the released weights are shown: these are left as shot
SAMPLES = 5  # frames from which the exposure is found
DARK = 1e-6  # light below this is none
LOUDEST = 6.0e4  # below the largest float16
BY_TAG = {  # ITU-T H.273, table 3
    8: Transfer.LINEAR,
    9: Transfer.LOG100,
    10: Transfer.LOG316,
    16: Transfer.PQ,
    18: Transfer.HLG,
}
UNSPECIFIED, WIDE = 2, 9  # H.273: no transfer characteristics told; the primaries of BT.2020

Picture8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Display:
    """A curve from stored values to shown ones, and back."""

    white: float = 1.0  # the stored value that is code 1
    transfer: Transfer = Transfer.SRGB
    gain: float = 1.0  # what linear light is multiplied with first
    peak: float = 1.0  # the linear value, after the gain, that is shown as 1; at least 1
    wide: bool = False  # primaries of BT.2020

    @staticmethod
    def of(clip: Clip, usual: tuple[float, float] = (EVEN, EVEN)) -> Display:
        """How a clip is shown. Depends on the clip alone; its exposure is measured once.

        Args:
            usual: where the brightest twentieth of a scene-linear shot may begin; any other
                exposure is brought to the nearer of the two.

        Raises:
            OpenVoidError: the clip's `input_color` is unknown; a frame cannot be decoded.
        """
        transfer, wide = color_of(clip)
        if transfer is Transfer.SRGB:
            return _shared(clip.white)
        if transfer is not Transfer.LINEAR or not clip.layout.is_float:
            return _shared(clip.white, transfer, 1.0, max(1.0, transfer.brightest), wide)
        light = exposure_of(clip)
        gain = float(np.clip(light.level, *usual)) / light.level if light.level > DARK else 1.0
        return _shared(clip.white, transfer, gain, max(1.0, light.brightest * gain), wide)

    @property
    def plain(self) -> bool:
        """Whether values are shown as they are stored."""
        return self.transfer is Transfer.SRGB

    @property
    def unit(self) -> float:
        """The stored value that is white at the shot's own exposure: 1.0 to who computes in light.

        Of integers it is the largest code, whatever that means.
        """
        return self.white / self.gain

    @cached_property
    def of_units(self) -> Display:
        """The same curve for values that were divided by `unit`."""
        return replace(self, white=1.0, gain=1.0)

    def shown(self, frame: Frame) -> NDArray[np.float32]:
        """Stored values [..., 3] -> shown ones of the same shape; not clipped."""
        if self.plain:
            return frame.astype(np.float32) * np.float32(1 / self.white)
        light = self.transfer.light(frame.astype(np.float64) / self.white)
        if self.wide:
            light = light @ FROM_BT2020.T
        return self._encoded(light * self.gain).astype(np.float32)

    def stored(self, picture: NDArray[np.float32], dtype: np.dtype[Any]) -> Frame:
        """The inverse of `shown`; integers are rounded, and clipped to their range."""
        if self.plain:
            value: NDArray[Any] = picture * np.float32(self.white)
        else:
            light = self._decoded(picture.astype(np.float64)) / self.gain
            if self.wide:
                light = light @ TO_BT2020.T
            value = self.transfer.code(light) * self.white
        if dtype.kind == "f":
            return value.astype(dtype)
        return np.clip(np.rint(value), 0, self.white).astype(dtype)

    def seen(self, frame: Frame) -> Picture8:
        """A frame [..., 3] in 8 bits a channel, as a person looks at it; no number is black.

        Through tables, so within one level of `shown`.
        """
        integers = frame.dtype.kind == "u"
        if self.plain and frame.dtype == np.uint8:
            return frame
        if integers and not self.wide:
            return self._codes[frame]
        if self.plain:
            return _eight(self.shown(frame))
        if integers:
            light = self._lights[frame]
        else:
            light = self.transfer.light(frame.astype(np.float32) / np.float32(self.white))
        if self.wide:
            light = np.clip(light, -LOUDEST, LOUDEST) @ FROM_BT2020.T.astype(np.float32)
        light = np.clip(light * np.float32(self.gain), -LOUDEST, LOUDEST).astype(np.float16)
        return self._halves[light.view(np.uint16)]

    @cached_property
    def _codes(self) -> Picture8:
        """Every code of an integer clip as seen."""
        return _eight(self.shown(np.arange(int(self.white) + 1)[:, None])[:, 0])

    @cached_property
    def _lights(self) -> NDArray[np.float32]:
        """Every code of an integer clip as linear light."""
        codes = np.arange(int(self.white) + 1) / self.white
        return self.transfer.light(codes).astype(np.float32)

    @cached_property
    def _halves(self) -> Picture8:
        """Every float16 of linear light as seen, by its bits: finer than 8 bits can tell."""
        light = np.nan_to_num(np.arange(1 << 16, dtype=np.uint16).view(np.float16))
        return _eight(self._encoded(light.astype(np.float64)))

    def _encoded(self, light: NDArray[np.float64]) -> NDArray[np.float64]:
        """Linear light -> shown values: IEC 61966-2-1, a logarithm above the knee."""
        size = np.abs(light)
        low = np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)
        if self._slope > 0:
            start, reach = float(_curve(KNEE)), self._slope / _steepness(KNEE)
            high = start + self._slope * np.log1p(np.maximum(size - KNEE, 0) / reach)
            low = np.where(size > KNEE, high, low)
        return np.copysign(low, light)

    def _decoded(self, picture: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of `_encoded`."""
        size = np.abs(picture)
        low = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
        if self._slope > 0:
            start, reach = float(_curve(KNEE)), self._slope / _steepness(KNEE)
            high = KNEE + reach * np.expm1(np.maximum(size - start, 0) / self._slope)
            low = np.where(size > start, high, low)
        return np.copysign(low, picture)

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


_shared = lru_cache(maxsize=16)(Display)  # so that tables are made once, not once a frame


def color_of(clip: Clip) -> tuple[Transfer, bool]:
    """What a clip's values mean, and whether their primaries are those of BT.2020.

    As its tags say (ITU-T H.273), or as a person said (`input_color`). Untagged floats are linear.

    Raises:
        OpenVoidError: `input_color` is unknown.
    """
    wide = clip.color.primaries == WIDE
    if clip.input_color == "auto":
        if clip.layout.is_float and clip.color.transfer == UNSPECIFIED:
            return Transfer.LINEAR, wide
        return BY_TAG.get(clip.color.transfer, Transfer.SRGB), wide
    try:
        transfer = Transfer(clip.input_color)
    except ValueError as error:
        known = ", ".join(["auto", *Transfer])
        raise OpenVoidError(
            f"unknown input color {clip.input_color!r}",
            where=str(clip.path),
            mend=f"one of: {known}",
        ) from error
    return transfer, wide or transfer in (Transfer.PQ, Transfer.HLG)  # BT.2100 has no others


# --- exposure -----------------------------------------------------------------------------------


class Exposure(NamedTuple):
    """How bright a shot was stored, in linear light; both 0 where nothing is seen."""

    level: float  # where the brightest twentieth begins, in the brightest frame looked at
    brightest: float


_exposures: dict[int, tuple[weakref.ref[Clip], Exposure]] = {}  # by the clip's identity


def exposure_of(clip: Clip) -> Exposure:
    """How bright a clip of scene-linear floats is, from a few frames; found once a clip."""
    known = _exposures.get(id(clip))
    if known is not None and known[0]() is clip:
        return known[1]
    found = _measured(clip)
    number = id(clip)
    _exposures[number] = weakref.ref(clip, lambda _: _exposures.pop(number, None)), found
    return found


def _measured(clip: Clip) -> Exposure:
    """From the brightest channel of each pixel; what is no number counts nowhere."""
    brightest, twentieth = 0.0, 0.0
    for index in np.unique(np.linspace(0, clip.length - 1, SAMPLES).round().astype(int)):
        frame = next(iter(clip.frames(int(index), int(index) + 1)))
        red, green, blue = np.moveaxis(frame, -1, 0)
        values = np.maximum(np.maximum(red, green), np.maximum(blue, 0))
        values = values[np.isfinite(frame).all(axis=-1)]
        if values.size:
            brightest = max(brightest, float(values.max()))
            twentieth = max(twentieth, float(np.percentile(values, 95)))
    level = twentieth if twentieth > DARK else brightest  # lights on black: the lights
    return Exposure(level, brightest)


def _eight(shown: NDArray[Any]) -> Picture8:
    """Shown values -> 8 bit, clipped; no number is black."""
    return np.rint(255 * np.clip(np.nan_to_num(shown, posinf=1.0), 0, 1)).astype(np.uint8)


def _curve(value: float) -> float:
    return float(1.055 * value ** (1 / 2.4) - 0.055)


def _steepness(value: float) -> float:
    return float(1.055 / 2.4 * value ** (1 / 2.4 - 1))
