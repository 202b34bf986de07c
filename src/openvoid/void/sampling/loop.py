"""Sampling: one pass over a clip of any length, window by window, step by step.

Enters: a denoiser, the windows, each window's condition, the text, and latents that begin as noise.
Leaves: the latents, clean. Temporal multidiffusion (Bar-Tal et al. 2023): in every step each window
is predicted, overlaps are cross-faded, and all take the step together. Where several ranks work,
windows and branches of guidance are shared among them. Knows neither frames nor files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

from openvoid.void.model.denoise import Denoiser, Sampler, Text
from openvoid.void.model.watch import Watch
from openvoid.void.sampling.latents import Latents
from openvoid.void.sampling.ranks import Alone, Spread
from openvoid.void.sampling.windows import Window

Condition = Callable[[int], torch.Tensor]
"""Number of a window -> its condition [1, 32, l, h, w]."""


class _Job(NamedTuple):
    """One forward: a window, and which branch of guidance; None: both, as the denoiser likes."""

    window: int
    branch: int | None


def sample(
    denoiser: Denoiser,
    sampler: Sampler,
    windows: Sequence[Window],
    condition: Condition,
    text: Text,
    latents: Latents,
    *,
    fade_stepped: bool = False,
    spread: Spread | None = None,
    name: str = "sampling",
    watch: Watch = Watch(),
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Run a pass to its end, from where `latents` stand.

    Args:
        name: of the pass, where something is told of it.
        tell: windows done, of all steps.

    Raises:
        OpenVoidError: a prediction is not finite; it is not kept.
    """
    spread = spread or Alone()
    shared = spread.size > 1 and denoiser.branches > 1
    at_once = max(1, spread.size // denoiser.branches) if shared else spread.size
    total = len(sampler.times) * len(windows)
    tell(latents.step * len(windows) + latents.window, total)
    while latents.step < len(sampler.times):
        time = sampler.times[latents.step]

        def work(job: _Job, time: int = time) -> torch.Tensor:
            given = latents.noisy(windows[job.window]), time, condition(job.window)
            if job.branch is None:
                return denoiser(*given, text, name=str(job.window))
            said = (text.negative, text.prompt)[job.branch]
            assert said is not None
            return denoiser.branch(*given, said, f"{job.window} {job.branch}")

        while latents.window < len(windows):
            batch = range(latents.window, min(latents.window + at_once, len(windows)))
            branches: Sequence[int | None] = (0, 1) if shared else (None,)
            parts = spread.map(
                work, [_Job(window, branch) for window in batch for branch in branches]
            )
            if shared:
                pairs = zip(parts[::2], parts[1::2], strict=True)
                parts = [denoiser.guided(without, given) for without, given in pairs]
            for window, part in zip(batch, parts, strict=True):
                place = f"{name}, step {latents.step + 1} of {len(sampler.times)}"
                watch.held(part, f"{place}, window {window + 1} of {len(windows)}")
            latents.put(parts)
            tell(latents.step * len(windows) + latents.window, total)
        latents.advance(
            lambda x_t, x0, time=time: sampler.step(x_t, time, x0),  # type: ignore[misc]
            fade_stepped=fade_stepped,
        )
