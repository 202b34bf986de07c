"""Windows: how any number of frames is laid out for a model that sees 85 of them at a time.

Enters: numbers of frames. Leaves: the padded length, which frame stands where, the windows of
latents, and the weights with which overlapping windows are cross-faded. Numbers and arrays only:
knows no model.

A latent sequence of L frames stands for 4 (L - 1) + 1 frames: the first latent for one, each other
for four. The transformer takes latents in pairs, so L is even and frames come as 8 j + 5
(numerics: "Length").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from openvoid.core.errors import OpenVoidError

STRIDE = 4  # frames a latent stands for
PAIR = 2  # latents the transformer takes together
WINDOW_FRAMES = 85
OVERLAP_LATENTS = 4


def latents_of(frames: int) -> int:
    """Latents that stand for so many frames (4 k + 1)."""
    return (frames - 1) // STRIDE + 1


def frames_of(latents: int) -> int:
    """The inverse of `latents_of`."""
    return (latents - 1) * STRIDE + 1


def padded_frames(frames: int, window_frames: int = WINDOW_FRAMES) -> int:
    """The length to which a clip is padded: at least a window, and an even number of latents."""
    length = max(frames, window_frames)
    latents = -(-(length - 1) // STRIDE) + 1
    return frames_of(latents + latents % PAIR)


def reflected(frames: int, total: int) -> Iterator[int]:
    """Frame numbers 0, 1, ... to `total`, running back and forth: the last frame comes twice."""
    cycle = [*range(frames), *reversed(range(frames))]
    return (cycle[index % len(cycle)] for index in range(total))


@dataclass(frozen=True)
class Window:
    """Latents `start` <= index < `stop` of the padded clip."""

    start: int
    stop: int
    rise: int = 0  # latents at its start that the window before has too
    fall: int = 0  # latents at its end that the window after has too

    @property
    def slice(self) -> slice:
        """Its latents."""
        return slice(self.start, self.stop)

    @property
    def weights(self) -> list[float]:
        """Of its latents where windows overlap, not normalised: 1/5 .. 4/5 over four.

        Where a latent both rises and falls, falling counts: so the reference has it.
        """
        weights = [1.0] * (self.stop - self.start)
        for index in range(self.rise):
            weights[index] = (index + 1) / (self.rise + 1)
        for index in range(self.fall):
            weights[-index - 1] = (index + 1) / (self.fall + 1)
        return weights


def layout(
    latents: int, window: int, overlap: int = OVERLAP_LATENTS, *, short_last: bool = False
) -> tuple[Window, ...]:
    """Windows that cover all latents, each beginning `window - overlap` after the one before.

    The last one is slid back to full length; with `short_last` it is cut off instead, as the
    reference does.

    Raises:
        OpenVoidError: a window or an overlap that the transformer cannot take.
    """
    if window < PAIR or window % PAIR or not 0 <= overlap < window or overlap % PAIR:
        raise OpenVoidError(
            f"windows of {window} latents that overlap by {overlap}",
            mend="both are even, the overlap is smaller than the window",
        )
    spans: list[tuple[int, int]] = []
    start = 0
    while not spans or spans[-1][1] < latents:
        stop = min(start + window, latents)
        spans.append((start if short_last else max(0, stop - window), stop))
        start += window - overlap
    shared = [before[1] - after[0] for before, after in pairwise(spans)]
    return tuple(
        Window(*span, rise, fall)
        for span, rise, fall in zip(spans, [0, *shared], [*shared, 0], strict=True)
    )


def windows_over(
    frames: int, window_frames: int = WINDOW_FRAMES, *, short_last: bool = False
) -> tuple[Window, ...]:
    """The windows over a padded clip of so many frames.

    Raises:
        OpenVoidError: no window has so many frames.
    """
    latents, window = latents_of(frames), window_latents(window_frames)
    overlap = min(OVERLAP_LATENTS, window - PAIR)
    return layout(latents, min(window, latents), overlap, short_last=short_last)


def window_latents(frames: int) -> int:
    """Latents of a window of so many frames.

    Raises:
        OpenVoidError: no window has so many frames.
    """
    if frames < 5 or padded_frames(frames, frames) != frames:
        below = max(5, frames - (frames - 5) % 8)
        raise OpenVoidError(
            f"a window of {frames} frames", mend=f"8 j + 5 frames, such as {below} or {below + 8}"
        )
    return latents_of(frames)
