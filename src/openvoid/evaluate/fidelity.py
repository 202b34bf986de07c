"""PSNR and SSIM against the truth, region by region.

Enters: a result beside the truth. Leaves: `psnr.REGION` in dB and `ssim.REGION`. Every region's
pixels of all frames are taken together, so that a frame with a sliver of a region does not weigh
as much as one that is full of it. Knows no engine.

SSIM: Wang, Bovik, Sheikh, Simoncelli 2004, on BT.709 luma, with their Gaussian window (11 pixels,
sigma 1.5) and constants; the map is averaged over each region.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.judged import Judged
from openvoid.core.removal import Run
from openvoid.evaluate.regions import REGIONS, Means, pairs, regions_of

CEILING_DB = 60.0  # a quarter of a level of 255: beyond it nothing is seen, and means are swayed
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)  # BT.709
C1, C2 = 0.01**2, 0.03**2  # Wang et al. 2004, equations 13 and following, for a range of 1


class Psnr:
    """Peak signal to noise in dB, by region; 60 where nothing is seen to differ."""

    name = "psnr"
    better: ClassVar[Mapping[str, str]] = dict.fromkeys((f"psnr.{r}" for r in REGIONS), "higher")

    @dataclass(frozen=True)
    class Options:
        pass

    def __init__(self, options: Options) -> None:
        self.options = options

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        errors = Means()
        for result, truth, labels in pairs(judged):
            errors.add(((result - truth) ** 2).mean(axis=2), regions_of(labels))
        return {f"psnr.{region}": decibel(errors.of(region)) for region in REGIONS}


class Ssim:
    """Structural similarity of the luma, by region; 1 where nothing differs."""

    name = "ssim"
    better: ClassVar[Mapping[str, str]] = dict.fromkeys((f"ssim.{r}" for r in REGIONS), "higher")

    @dataclass(frozen=True)
    class Options:
        pass

    def __init__(self, options: Options) -> None:
        self.options = options

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        similarity = Means()
        for result, truth, labels in pairs(judged):
            similarity.add(ssim_map(result @ LUMA, truth @ LUMA), regions_of(labels))
        return {f"ssim.{region}": similarity.of(region) for region in REGIONS}


def decibel(mean_square: float) -> float:
    """10 log10(1 / mean squared error), white being 1.0; NaN stays NaN."""
    if math.isnan(mean_square):
        return math.nan
    floor = 10 ** (-CEILING_DB / 10)
    return 10 * math.log10(1 / max(mean_square, floor))


def ssim_map(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """SSIM [H, W] of two luma pictures [H, W] with white at 1.0."""

    def window(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return cv2.GaussianBlur(values, (11, 11), 1.5).astype(np.float32, copy=False)

    mean_l, mean_r = window(left), window(right)
    variance_l = window(left * left) - mean_l * mean_l
    variance_r = window(right * right) - mean_r * mean_r
    covariance = window(left * right) - mean_l * mean_r
    above = (2 * mean_l * mean_r + C1) * (2 * covariance + C2)
    below = (mean_l**2 + mean_r**2 + C1) * (variance_l + variance_r + C2)
    return (above / below).astype(np.float32)
