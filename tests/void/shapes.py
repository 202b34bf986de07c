"""A model of a few thousand numbers, and a full-size one without any, for the tests of memory."""

from __future__ import annotations

from typing import Any

import torch

from openvoid.void.budget.arrangements import Work
from openvoid.void.model.parts import FULL_SIZE, Architecture

TINY = Architecture(
    {
        **FULL_SIZE.transformer_config,
        "num_attention_heads": 2,
        "attention_head_dim": 32,
        "num_layers": 3,
        "time_embed_dim": 32,
        "text_embed_dim": 24,
    },
    {
        **FULL_SIZE.vae_config,
        "block_out_channels": [8, 8, 16, 16],
        "layers_per_block": 1,
        "norm_num_groups": 4,
    },
    {
        **FULL_SIZE.text_config,
        "d_model": 24,
        "d_ff": 48,
        "d_kv": 8,
        "num_heads": 3,
        "num_layers": 2,
        "vocab_size": 96,
    },
)
SMALL = Work(6, 12, 20, text_tokens=7, branches=2, forwards=8, frames=21)
SHORT = Work(22, 48, 84, forwards=30, frames=85)  # 384 x 672, 85 frames
LONG = Work(50, 48, 84, forwards=30, frames=197)


def transformer(seed: int = 0) -> Any:
    import diffusers

    model: Any = diffusers.CogVideoXTransformer3DModel
    torch.manual_seed(seed)
    return model(**TINY.transformer_config).eval()


def vae(seed: int = 0) -> Any:
    import diffusers

    model: Any = diffusers.AutoencoderKLCogVideoX
    torch.manual_seed(seed)
    return model(**TINY.vae_config).eval()


def text_encoder(seed: int = 0) -> Any:
    from transformers import T5Config, T5EncoderModel

    torch.manual_seed(seed)
    return T5EncoderModel(T5Config(**TINY.text_config)).eval()


def given(dtype: torch.dtype = torch.float32) -> dict[str, Any]:
    """What the tiny transformer is called with: two branches of `SMALL`."""
    noise = torch.Generator().manual_seed(1)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=noise).to(dtype)

    return {
        "hidden_states": random(2, 6, 48, 12, 20),
        "encoder_hidden_states": random(2, 7, 24),
        "timestep": torch.tensor([500, 500]),
        "image_rotary_emb": (random(180, 32).float(), random(180, 32).float()),
        "return_dict": False,
    }
