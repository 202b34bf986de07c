"""What the parts need beside their weights while they work, at their worst moment.

In: configurations, sizes, types. Out: bytes, read off the real modules on the meta device by
`live.peak_bytes`. Not known here: devices, budgets; which tile sizes there are.

For orientation, at full size in bf16, one hidden state being tokens x 3072 x 2 bytes:
- a transformer block holds 13 hidden states at its worst, in the rotary embedding: text and video
  side by side, queries, keys, values, and float32 copies of one of them; feed-forward holds fewer
  (4 + 4 + 3). Blocks come one after another, so two of them tell the peak of 42.
- the decoder's last stage works on 256 channels x 8 frames of the full picture: seven such tensors
  and the convolution caches of the chunk before and of this one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from math import ceil
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from openvoid.void.budget.peak import peak_bytes
from openvoid.void.model.codec import DECODE_LATENTS, ENCODE_FRAMES, SCALE
from openvoid.void.model.parts import DTYPES, build, forget_useless_caches, frozen

MEASURED_SIDE = 16  # latents, of the tile at which the VAE is metered


def transformer_bytes(
    config: Mapping[str, Any],
    dtype: str,
    latents: tuple[int, int, int],
    text_tokens: int,
    branches: int,
) -> int:
    """Of one forward pass over `branches` windows of (frames, height, width) latents."""
    return _transformer_bytes(frozen(config), dtype, latents, text_tokens, branches)


@lru_cache(maxsize=64)
def _transformer_bytes(
    config: str, dtype: str, latents: tuple[int, int, int], text_tokens: int, branches: int
) -> int:
    settings = json.loads(config)
    model = build("transformer", settings, dtype, layers=min(2, settings.get("num_layers", 30)))
    frames, height, width = latents
    patch, patch_t = model.config.patch_size, model.config.patch_size_t or 1
    tokens = -(-frames // patch_t) * (height // patch) * (width // patch)
    rotary = [_empty(tokens, model.config.attention_head_dim) for _ in range(2)]
    given = {
        "hidden_states": _empty(
            branches, frames, model.config.in_channels, height, width, dtype=dtype
        ),
        "encoder_hidden_states": _empty(
            branches, text_tokens, model.config.text_embed_dim, dtype=dtype
        ),
        "timestep": torch.empty(branches, dtype=torch.int64, device="meta"),
        "image_rotary_emb": rotary if model.config.use_rotary_positional_embeddings else None,
    }
    return peak_bytes(lambda: model(**given, return_dict=False), given)


def encode_bytes(config: Mapping[str, Any], dtype: str, height: int, width: int) -> int:
    """Of encoding one chunk of a tile of (height, width) latents.

    The first chunk is the longest, 8 frames and the rest of the length by 8, which is 5 where the
    latents are even; those after it are shorter, but carry the caches of the one before.
    """
    return _share(_vae_bytes(frozen(config), dtype, "encode"), height, width)


def decode_bytes(config: Mapping[str, Any], dtype: str, height: int, width: int) -> int:
    """Of decoding one chunk, two latents = eight frames, of a tile of (height, width) latents."""
    return _share(_vae_bytes(frozen(config), dtype, "decode"), height, width)


def cache_bytes(config: Mapping[str, Any], dtype: str, way: str, height: int, width: int) -> int:
    """Of the convolution caches that one tile carries from chunk to chunk."""
    return _share(_cache_bytes(frozen(config), dtype, way), height, width)


def _share(measured: int, height: int, width: int) -> int:
    """Everything in the VAE grows with the picture's area."""
    return ceil(measured * height * width / MEASURED_SIDE**2)


@lru_cache(maxsize=32)
def _vae_bytes(config: str, dtype: str, way: str) -> int:
    coder, first, later = _coder(config, dtype, way)
    alone = peak_bytes(lambda: coder(first), first)
    with torch.no_grad():
        _, caches = coder(later)
    return max(alone, peak_bytes(lambda: coder(later, conv_cache=caches), later, caches))


@lru_cache(maxsize=32)
def _cache_bytes(config: str, dtype: str, way: str) -> int:
    coder, _, later = _coder(config, dtype, way)
    with torch.no_grad():
        _, caches = coder(later)
    return sum(leaf.nbytes for leaf in tree_leaves(caches) if isinstance(leaf, torch.Tensor))


def _coder(config: str, dtype: str, way: str) -> tuple[Any, torch.Tensor, torch.Tensor]:
    """Encoder or decoder, as it is placed; its first chunk; a chunk in the middle of the clip."""
    vae = build("vae", json.loads(config), dtype)
    forget_useless_caches(vae)
    side = MEASURED_SIDE
    if way == "decode":
        chunk = _empty(1, vae.config.latent_channels, DECODE_LATENTS, side, side, dtype=dtype)
        return vae.decoder, chunk, chunk
    channels, sides = vae.config.in_channels, (SCALE * side, SCALE * side)
    first = _empty(1, channels, ENCODE_FRAMES + 5, *sides, dtype=dtype)
    return vae.encoder, first, _empty(1, channels, ENCODE_FRAMES, *sides, dtype=dtype)


def text_bytes(config: Mapping[str, Any], dtype: str, tokens: int) -> int:
    """Of encoding one prompt: the scores of every head, in two types, and the wide layer."""
    size = DTYPES[dtype].itemsize
    scores = config["num_heads"] * tokens * tokens * 3 * (size + 4)
    wide = tokens * (6 * config["d_model"] + 4 * config["d_ff"]) * size
    return int(scores + wide)


def _empty(*shape: int, dtype: str = "float32") -> torch.Tensor:
    return torch.empty(shape, dtype=DTYPES[dtype], device="meta")
