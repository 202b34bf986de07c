"""LPIPS (Zhang et al. 2018) with AlexNet, region by region, where its weights are present.

Enters: a result beside the truth; weights in one .safetensors file, named as torchvision names
AlexNet's (`features.0.weight`, ...) and LPIPS its linear layers (`lin0.model.1.weight`, ...).
Leaves: `lpips.REGION`, the distance map averaged over the region. Needs no torch: five small
convolutions in numpy, about 0.3 s a frame at 672x384, so it looks at every few frames only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts
from openvoid.core.judged import Judged
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.evaluate.regions import REGIONS, Means, pairs, regions_of
from openvoid.media.cache import cache_folder

FILE = "lpips-alex.safetensors"
MOST_BYTES = 1 << 30  # the file has 10 MB
SHIFT = np.array([-0.030, -0.088, -0.188], np.float32)  # of pictures in -1 .. 1, as published
SCALE = np.array([0.458, 0.448, 0.450], np.float32)
# AlexNet: layer, stride, padding, whether a pooling (3, stride 2) comes before it
LAYERS = ((0, 4, 2, False), (3, 1, 2, True), (6, 1, 1, True), (8, 1, 1, False), (10, 1, 1, False))

Weights = Mapping[str, NDArray[np.float32]]
Picture = NDArray[np.float32]


class Lpips:
    """Learned perceptual distance (AlexNet), by region; 0 where nothing differs."""

    name = "lpips"
    better: ClassVar[Mapping[str, str]] = dict.fromkeys((f"lpips.{r}" for r in REGIONS), "lower")

    @dataclass(frozen=True)
    class Options:
        every: int = option(4, "look at every so many frames", low=1, high=100)

    def __init__(self, options: Options) -> None:
        self.every, self.weights = options.every, load_weights(weights_path())

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        distances = Means()
        for index, (result, truth, labels) in enumerate(pairs(judged)):
            if index % self.every == 0:
                distances.add(distance_map(result, truth, self.weights), regions_of(labels))
        return {f"lpips.{region}": distances.of(region) for region in REGIONS}


def weights_path() -> Path:
    """The file that OPENVOID_LPIPS names, else the one in our cache folder."""
    given = os.environ.get("OPENVOID_LPIPS")
    return Path(given) if given else cache_folder() / FILE


def load_weights(path: Path) -> Weights:
    """Every tensor of a .safetensors file of float32 (its format is a JSON header and raw data).

    Raises:
        OpenVoidError: it is missing, unreadable, or lacks a layer.
    """
    if not path.is_file():
        mend = "put the weights there, or name them in OPENVOID_LPIPS; see docs/evaluate.md"
        raise OpenVoidError("LPIPS has no weights here", where=str(path), mend=mend)
    data = facts.bytes_of(path, MOST_BYTES)
    try:
        start = 8 + int.from_bytes(data[:8], "little")
        header = facts.loads(data[8:start]).fields()
        found = {
            name: _tensor(data[start:], each)
            for name, each in header.items()
            if name != "__metadata__" and each.at("dtype").text() == "F32"
        }
    except (ValueError, OpenVoidError) as error:
        raise OpenVoidError("cannot be read as safetensors", where=str(path)) from error
    needed = [f"features.{layer}.{part}" for layer, *_ in LAYERS for part in ("weight", "bias")]
    needed += [f"lin{index}.model.1.weight" for index in range(len(LAYERS))]
    missing = [name for name in needed if name not in found]
    if missing:
        raise OpenVoidError(f"lacks {', '.join(missing)} (float32)", where=str(path))
    return found


def distance_map(left: Picture, right: Picture, weights: Weights) -> Picture:
    """LPIPS at every pixel [H, W] of two pictures [H, W, 3] with white at 1.0."""
    height, width = left.shape[:2]
    total = np.zeros((height, width), np.float32)
    stacks = (features(left, weights), features(right, weights))
    for index, (one, other) in enumerate(zip(*stacks, strict=True)):
        weight = weights[f"lin{index}.model.1.weight"].ravel()
        difference = ((_normal(one) - _normal(other)) ** 2) @ weight  # [h, w]
        total += cv2.resize(difference, (width, height), interpolation=cv2.INTER_LINEAR)
    return total


def features(picture: Picture, weights: Weights) -> list[Picture]:
    """The five rectified layers [h, w, channels] of AlexNet."""
    values = ((2 * picture - 1) - SHIFT) / SCALE
    found = []
    for layer, stride, padding, pooled in LAYERS:
        if pooled:
            values = sliding_window_view(values, (3, 3), (0, 1))[::2, ::2].max(axis=(3, 4))
        kernel, bias = (weights[f"features.{layer}.{part}"] for part in ("weight", "bias"))
        values = np.pad(values, ((padding, padding), (padding, padding), (0, 0)))
        windows = sliding_window_view(values, kernel.shape[2:], (0, 1))[::stride, ::stride]
        # [h, w, in, kh, kw] x [out, in, kh, kw] -> [h, w, out]
        values = np.maximum(np.tensordot(windows, kernel, ((2, 3, 4), (1, 2, 3))) + bias, 0)
        found.append(values.astype(np.float32))
    return found


def _normal(values: Picture) -> Picture:
    norm = np.sqrt((values**2).sum(axis=2, keepdims=True))
    return (values / (norm + 1e-10)).astype(np.float32)


def _tensor(data: bytes, entry: Facts) -> NDArray[np.float32]:
    begin, end = (each.whole(0, MOST_BYTES) for each in entry.at("data_offsets").rows(2, 2))
    shape = [side.whole(0, MOST_BYTES) for side in entry.at("shape").rows(most=8)]
    return np.frombuffer(data[begin:end], np.float32).reshape(shape)
