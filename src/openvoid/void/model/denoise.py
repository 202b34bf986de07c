"""Denoise: the transformer as one normal form, and the sampler's steps.

Enters: diffusers' `CogVideoXTransformer3DModel` and one window: noisy latents [1, 16, L, h, w], the
condition [1, 32, L, h, w], text [1, S, D]. Leaves: the clean latents it predicts, `D(x_t, t, cond)
-> x0`, float32 on the CPU; and from predictions the next latents. Knows no windows and no files.

The network predicts velocity v = sqrt(a) e - sqrt(1 - a) x0 (Salimans & Ho 2022, eq. 9), so
x0 = sqrt(a) x_t - sqrt(1 - a) v, with a the cumulated alpha. Guidance is linear in v, hence the
same in x0. All arithmetic outside the network is float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from diffusers import CogVideoXDDIMScheduler, DDIMScheduler
from diffusers.models.embeddings import get_3d_rotary_pos_embed

from openvoid.core.errors import OpenVoidError
from openvoid.void.model.layout import SCHEDULER

MOST_STEPS = 1000  # that the noise schedule has

SAMPLERS: Mapping[str, Any] = {  # with this schedule they agree to 1e-6
    "ddim": DDIMScheduler,
    "cogvideox-ddim": partial(CogVideoXDDIMScheduler, snr_shift_scale=1.0),
}


class Sampler:
    """The noise schedule, and one step from a prediction. Deterministic: no noise is added."""

    def __init__(self, name: str, steps: int) -> None:
        """Raises `OpenVoidError` for an unknown sampler or a number of steps it cannot take."""
        if name not in SAMPLERS:
            raise OpenVoidError(f"unknown sampler {name!r}", mend=f"one of: {', '.join(SAMPLERS)}")
        if not 1 <= steps <= MOST_STEPS:
            raise OpenVoidError(f"{steps} sampling steps", mend=f"from 1 to {MOST_STEPS}")
        self._scheduler: Any = SAMPLERS[name](**{**SCHEDULER, "prediction_type": "sample"})
        self._scheduler.set_timesteps(steps)
        self.times: list[int] = [int(time) for time in self._scheduler.timesteps]

    def alpha(self, time: int) -> torch.Tensor:
        """Cumulated alpha at a time: 1 is clean, 0 is noise alone."""
        return self._scheduler.alphas_cumprod[time]

    def step(self, x_t: torch.Tensor, time: int, x0: torch.Tensor) -> torch.Tensor:
        """The latents one step on, from the predicted clean ones."""
        stepped: torch.Tensor = self._scheduler.step(x0, time, x_t, return_dict=False)[0]
        return stepped


@dataclass(frozen=True)
class Text:
    """What is said of the scene: [1, S, D] embeddings, and of nothing, for guidance."""

    prompt: torch.Tensor
    negative: torch.Tensor | None = None


class Denoiser:
    """D(x_t, t, cond) -> x0 for one window, by a transformer that lies where it will run."""

    def __init__(
        self,
        transformer: Any,
        sampler: Sampler,
        *,
        device: str = "cpu",
        guidance: float = 1.0,
        batched: bool = True,
    ) -> None:
        """`batched`: both branches of guidance in one forward; else in turn, in half the memory."""
        self._transformer, self._sampler, self._device = transformer, sampler, device
        self._guidance, self._batched = guidance, batched
        self._dtype = _compute_dtype(transformer)
        self._rotary: dict[tuple[int, int, int], tuple[torch.Tensor, torch.Tensor]] = {}

    @property
    def branches(self) -> int:
        """Forwards that a prediction needs: two with guidance."""
        return 1 if self._guidance == 1 else 2

    @torch.no_grad()
    def __call__(
        self, x_t: torch.Tensor, time: int, condition: torch.Tensor, text: Text, name: str = "0"
    ) -> torch.Tensor:
        """Guided prediction. `name` tells windows apart where features are cached."""
        if self.branches == 1:
            return self._clean(x_t, time, condition, text.prompt, name)
        assert text.negative is not None
        if self._batched:
            both = torch.cat([text.negative, text.prompt])
            pair = torch.cat([x_t, x_t]), torch.cat([condition, condition])
            without, given = self._clean(pair[0], time, pair[1], both, name).chunk(2)
        else:
            without = self._clean(x_t, time, condition, text.negative, f"{name} without")
            given = self._clean(x_t, time, condition, text.prompt, f"{name} given")
        return self.guided(without, given)

    @torch.no_grad()
    def branch(
        self, x_t: torch.Tensor, time: int, condition: torch.Tensor, text: torch.Tensor, name: str
    ) -> torch.Tensor:
        """One branch's prediction, for machines that share the branches among them."""
        return self._clean(x_t, time, condition, text, name)

    def guided(self, without: torch.Tensor, given: torch.Tensor) -> torch.Tensor:
        """Classifier-free guidance (Ho & Salimans 2022, eq. 6)."""
        return without + self._guidance * (given - without)

    def _clean(
        self, x_t: torch.Tensor, time: int, condition: torch.Tensor, text: torch.Tensor, name: str
    ) -> torch.Tensor:
        latents = torch.cat([x_t, condition], dim=1).permute(0, 2, 1, 3, 4)  # => [B, L, 48, h, w]
        batch, length, _, height, width = latents.shape
        caching = getattr(self._transformer, "is_cache_enabled", False)
        with self._transformer.cache_context(name) if caching else nullcontext():
            velocity = self._transformer(
                hidden_states=latents.to(self._device, self._dtype),
                encoder_hidden_states=text.to(self._device, self._dtype),
                timestep=torch.full((batch,), time, device=self._device),
                image_rotary_emb=self._rotary_of(length, height, width),
                return_dict=False,
            )[0]
        v = velocity.float().cpu().permute(0, 2, 1, 3, 4)  # => [B, 16, L, h, w]
        alpha = self._sampler.alpha(time)
        return alpha.sqrt() * x_t - (1 - alpha).sqrt() * v

    def _rotary_of(self, length: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        shape = (length, height, width)
        if shape not in self._rotary:
            embedded = rotary(self._transformer.config, *shape)
            self._rotary[shape] = embedded[0].to(self._device), embedded[1].to(self._device)
        return self._rotary[shape]


def rotary(config: Any, latents: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotary embedding (cos, sin), [tokens, head size], of a window of latents [L, h, w]."""
    patch, pair = config.patch_size, config.patch_size_t
    base = config.sample_height // patch, config.sample_width // patch
    cos, sin = get_3d_rotary_pos_embed(
        config.attention_head_dim,
        None,
        (height // patch, width // patch),
        -(-latents // pair),
        grid_type="slice",
        max_size=base,
    )
    return cos, sin


def cached(transformer: Any, threshold: float) -> None:
    """Skip all but the first block where its output hardly changed since the step before."""
    if threshold > 0:
        from diffusers import FirstBlockCacheConfig

        config: Any = FirstBlockCacheConfig
        transformer.enable_cache(config(threshold=threshold))


def _compute_dtype(transformer: Any) -> torch.dtype:
    """The type in which it computes: that of its norms, which storage in 8 bits leaves alone."""
    for name, parameter in transformer.named_parameters():
        if "norm" in name:
            return parameter.dtype
    return next(transformer.parameters()).dtype
