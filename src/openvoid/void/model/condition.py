"""Condition: what the transformer is told beside the noise, from frames and quadmask labels.

Enters: frames [T, H, W, 3] 0..1 and labels [T, H, W] at the working size. Leaves: the 32-channel
condition, mask latent | video latent (VOID, section 3; numerics: "Condition"). The only place that
flips the quadmask's polarity: to these weights 0 is removed and 1 is kept. Knows neither windows
nor sampling.

The overlap is removed like the object's own pixels: the training code inverted before it quantised,
so the released weights never saw a fourth level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Labels, Region
from openvoid.void.model.codec import Codec

AFFECTED = 128 / 255  # not 127: inverted as 255 - 127 before it was divided
LEVELS = {
    4: {Region.PRIMARY: 0.0, Region.OVERLAP: 63 / 255, Region.AFFECTED: AFFECTED},
    3: {Region.PRIMARY: 0.0, Region.OVERLAP: 0.0, Region.AFFECTED: AFFECTED},
    2: {Region.PRIMARY: 0.0, Region.OVERLAP: 0.0, Region.AFFECTED: 0.0},
}


def mask_values(labels: Labels, levels: int = 3) -> NDArray[np.float32]:
    """Labels of any shape -> what the weights expect: removed 0, affected 128/255, kept 1.

    Raises:
        OpenVoidError: a number of levels other than 2, 3 or 4.
    """
    if levels not in LEVELS:
        raise OpenVoidError(f"a mask of {levels} levels", mend="2, 3 or 4")
    table = np.ones(256, np.float32)
    for region, value in LEVELS[levels].items():
        table[region] = value
    return table[labels]


def video_tensor(frames: NDArray[np.float32]) -> torch.Tensor:
    """[T, H, W, 3] 0..1 -> [1, 3, T, H, W] in [-1, 1]."""
    return torch.from_numpy(frames).permute(3, 0, 1, 2)[None] * 2 - 1


def mask_tensor(labels: Labels, levels: int = 3) -> torch.Tensor:
    """[T, H, W] labels -> [1, 3, T, H, W], the same value in three channels, in [0, 1]."""
    values = torch.from_numpy(mask_values(labels, levels))
    return values[None, None].expand(-1, 3, -1, -1, -1)


def noised(video: torch.Tensor, sigma: float, generator: torch.Generator | None) -> torch.Tensor:
    """The video with the noise the base model was trained with; exactly -1 stays as it is."""
    if sigma == 0 or generator is None:
        return video
    noise = torch.randn(video.shape, generator=generator) * sigma
    return torch.where(video == -1, video, video + noise)


def conditions(
    codec: Codec,
    chunks: Callable[[], Iterable[tuple[NDArray[np.float32], Labels]]],
    *,
    levels: int = 3,
    sigma: float = 0.0,
    generator: torch.Generator | None = None,
) -> Iterator[torch.Tensor]:
    """The condition of a whole clip, in order: [1, 32, l, h, w], mask latent | video latent.

    `chunks` gives frames and labels, in the lengths that `codec.encoded_frames` tells, each time it
    is called. The clip is encoded in one run, windows take their slices of it: so the reference has
    it.
    """
    masks = codec.encode(mask_tensor(labels, levels) for _, labels in chunks())
    videos = codec.encode(noised(video_tensor(frames), sigma, generator) for frames, _ in chunks())
    for mask, video in zip(masks, videos, strict=True):
        yield torch.cat([mask, video], dim=1)


# --- as the reference prepares them, for parity ---------------------------------------------------


def area_resized(frames: NDArray[Any], size: tuple[int, int]) -> NDArray[np.float32]:
    """[T, H, W, C] 0..255 -> [T, h, w, C] 0..255: the mean over whole pixels that touch a cell."""
    planes = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    small = functional.interpolate(planes, size=size, mode="area")
    return small.permute(0, 2, 3, 1).numpy()


def area_labels(values: NDArray[np.uint8], size: tuple[int, int]) -> Labels:
    """Mask samples [T, H, W] resized as a picture and quantised after: a fringe of false labels.

    What was averaged to 31 or less is PRIMARY, to 95 OVERLAP, to 191 AFFECTED, else KEEP.
    """
    small = area_resized(values[..., None], size)[..., 0]
    bounds = np.array([31, 95, 191], np.float32)
    regions = np.array([Region.PRIMARY, Region.OVERLAP, Region.AFFECTED, Region.KEEP], np.uint8)
    return regions[np.searchsorted(bounds, small, side="left")]
