"""Match: the colours of a made picture brought to those of the source around the hole.

Enters: made and source at the working size, where the source is kept, over a few frames. Leaves:
the made picture, its slow colour and contrast shifts taken out, its boiling calmed. A video VAE and
a sampler shift colours a little and slowly; whatever differs more is something the model changed on
purpose, and does not count. Knows no native pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

COARSE = 4  # colours are compared at a quarter of the working size
GAINS = (0.85, 1.18)  # contrast is corrected at most so much
CALM = 0.02  # a spread of values below this tells little of contrast
LOOSE = 3.0  # robust deviations from which a difference is the model's purpose
FLOOR = 0.004  # a deviation smaller than this is none
SLOW_PX = 2.0  # what is left is smoothed over this, coarse pixels
MOST = 0.12  # a shift is never larger
STILL = (0.006, 0.010)  # made frames that differ by less here show one thing, and are averaged
STILL_PX = 1.5


class Sample(NamedTuple):
    """One frame at the coarse size."""

    shot: Picture  # [h, w, 3]
    made: Picture
    weight: NDArray[np.float32]  # [h, w] 1 where wholly kept


def sample(shot: Picture, made: Picture, kept: NDArray[np.bool_]) -> Sample:
    """What is compared of a frame; `kept` [h, w] leaves out the hole and its soft surroundings."""
    height, width = kept.shape
    size = max(1, width // COARSE), max(1, height // COARSE)
    small = [
        np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32)
        for part in (np.clip(shot, 0, 1), made, kept.astype(np.float32))
    ]
    return Sample(small[0], small[1], (small[2] > 0.999).astype(np.float32))


def matched(made: Picture, samples: Sequence[Sample], shares: Sequence[float]) -> Picture:
    """The made picture [h, w, 3] in the source's colours.

    Args:
        samples: of the frame and its neighbours in time.
        shares: how much each of them counts.
    """
    if not any(part.weight.any() for part in samples):
        return made
    shot, model = (np.stack([part[which] for part in samples]) for which in (0, 1))  # [k, h, w, 3]
    weight = np.stack([share * part.weight for part, share in zip(samples, shares, strict=True)])
    field = np.zeros(shot.shape[1:], np.float32)
    result = made.copy()
    for channel in range(3):
        gain, shift, left, counts = _line(model[..., channel], shot[..., channel], weight)
        field[..., channel] = _field((left * counts).sum(axis=0), counts.sum(axis=0))
        result[..., channel] = gain * made[..., channel] + shift
    size = made.shape[1], made.shape[0]
    result += np.clip(cv2.resize(field, size, interpolation=cv2.INTER_CUBIC), -MOST, MOST)
    return result


def steadied(made: Picture, others: Sequence[Picture], shares: Sequence[float]) -> Picture:
    """The made picture [h, w, 3], its boiling calmed by other frames where they look the same.

    The limit lies below what an eye can tell, so that nothing that moves is smeared.
    """
    total, weight = made.copy(), np.ones((*made.shape[:2], 1), np.float32)
    for other, share in zip(others, shares, strict=True):
        away = _blur(np.abs(other - made).max(axis=-1), STILL_PX)
        same = share * np.clip((STILL[1] - away) / (STILL[1] - STILL[0]), 0, 1)[..., None]
        total += same * other
        weight += same
    return np.asarray(total / weight, np.float32)


def _line(
    made: NDArray[np.float32], shot: NDArray[np.float32], weight: NDArray[np.float32]
) -> tuple[float, float, NDArray[np.float32], NDArray[np.float32]]:
    """shot = gain made + shift, robustly; what is left of it, and what it counts for, [k, h, w]."""
    counts, gain, shift = weight, 1.0, 0.0
    left = shot - made
    for _ in range(4):
        total = float(counts.sum())
        if total <= 0:
            break
        x, y = float((counts * made).sum()) / total, float((counts * shot).sum()) / total
        spread = float((counts * (made - x) ** 2).sum()) / total
        common = float((counts * (made - x) * (shot - y)).sum()) / total
        gain = float(np.clip((common + CALM**2) / (spread + CALM**2), *GAINS))
        shift = y - gain * x
        left = shot - gain * made - shift
        off = np.abs(left)
        usual = max(FLOOR, 1.4826 * float(np.median(off[weight > 0])))
        counts = weight * np.clip(2 - off / (LOOSE * usual), 0, 1)
    return gain, shift, left.astype(np.float32), counts.astype(np.float32)


def _field(total: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """A smooth [h, w] field through weighted sums, carried into where the weight is 0."""
    field = _spread(_blur(total, SLOW_PX), _blur(weight, SLOW_PX))
    return _blur(field, SLOW_PX / 2)


def _spread(total: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """total / weight where that is known well, from ever coarser pictures where it is not.

    Pull and push (Gortler et al. 1996): smooth inside the hole, like a membrane.
    """
    height, width = total.shape
    if height * width == 1:
        return np.asarray(total / np.maximum(weight, 1e-6), np.float32)
    size = -(-width // 2), -(-height // 2)
    half = [cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (total, weight)]
    coarse = _spread(np.asarray(half[0], np.float32), np.asarray(half[1], np.float32))
    under = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    known = np.clip(weight * 2, 0, 1)
    own = total / np.maximum(weight, 1e-6)
    return np.asarray(known * own + (1 - known) * under, np.float32)


def _blur(plane: NDArray[np.float32], sigma_px: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), np.float32)
