"""The three parts of the model as shapes without numbers, and what each weighs.

In: the configurations (dicts) of a checkpoint. Out: the modules on the meta device, exactly those
that the weights are loaded into, and bytes read off them; so tiny checkpoints get tiny plans.
Not known here: files, devices, activations.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import torch
from torch import nn

from openvoid.void.model import layout

GIB = 2**30
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float8": torch.float8_e4m3fn}
# kept as they are where weights are stored in fp8; diffusers' own choice for this transformer:
# embeddings and norms are small and lose the most
KEPT_FROM_FP8 = ("pos_embed", "patch_embed", "norm", "^proj_in$", "^proj_out$")
BLOCKS = {"transformer": "transformer_blocks", "text": "encoder.block"}


class Configs(Protocol):
    """Where the configurations come from: a `Checkpoint`, or an `Architecture`."""

    @property
    def transformer_config(self) -> Mapping[str, Any]: ...
    @property
    def vae_config(self) -> Mapping[str, Any]: ...
    @property
    def text_config(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Architecture:
    """Configurations alone, without a checkpoint."""

    transformer_config: Mapping[str, Any]
    vae_config: Mapping[str, Any]
    text_config: Mapping[str, Any]


# CogVideoX-Fun-V1.5-5b-InP with the VOID transformers' 48 input channels (numerics: "Names and
# sizes"): 5.57 G parameters, 11.1 GB in bf16; T5 v1.1 XXL's encoder 4.76 G; the VAE 0.22 G
FULL_SIZE = Architecture(
    transformer_config={
        "num_attention_heads": 48,
        "attention_head_dim": 64,
        "in_channels": 48,
        "out_channels": 16,
        "num_layers": 42,
        "time_embed_dim": 512,
        "text_embed_dim": 4096,
        "attention_bias": True,
        "sample_width": 300,
        "sample_height": 300,
        "sample_frames": 81,
        "patch_size": 2,
        "patch_size_t": 2,
        "patch_bias": False,
        "use_rotary_positional_embeddings": True,
    },
    vae_config={
        "block_out_channels": [128, 256, 256, 512],
        "layers_per_block": 3,
        "latent_channels": 16,
        "norm_num_groups": 32,
        "scaling_factor": 0.7,
    },
    text_config={
        "d_model": 4096,
        "d_ff": 10240,
        "d_kv": 64,
        "num_heads": 64,
        "num_layers": 24,
        "vocab_size": 32128,
        "feed_forward_proj": "gated-gelu",
    },
)


@dataclass(frozen=True)
class PartBytes:
    """What a part weighs in the type it is stored in."""

    parameters: int  # a count, not bytes
    whole: int
    block: int  # the largest of its repeated blocks; 0 where it has none
    blocks: int  # how many
    outside: int  # what belongs to no block
    leaf: int  # the largest single layer of a block, in the type of computation
    pinned: int  # page-locked main memory that the blocks need: every tensor a power of two


def part_bytes(part: str, config: Mapping[str, Any], dtype: str, storage: str = "") -> PartBytes:
    """Bytes of "transformer", "text" or "vae"; `storage` "float8" stores what may be in fp8."""
    return _part_bytes(part, frozen(config), dtype, storage or dtype)


@lru_cache(maxsize=64)
def _part_bytes(part: str, config: str, dtype: str, storage: str) -> PartBytes:
    module = build(part, json.loads(config), dtype)
    leaves = [
        _weight(leaf)
        for block in _blocks(part, module)[:1]
        for leaf in block.modules()
        if not list(leaf.children())
    ]
    if storage == "float8":
        from diffusers import hooks

        cast: Any = hooks.apply_layerwise_casting  # type: ignore[attr-defined]
        cast(module, DTYPES["float8"], DTYPES[dtype], KEPT_FROM_FP8)
    blocks = [_weight(block) for block in _blocks(part, module)]
    whole = _weight(module)
    pinned = sum(
        _power_of_two(tensor.numel() * tensor.element_size())
        for block in _blocks(part, module)
        for tensor in block.parameters()
    )
    return PartBytes(
        parameters=sum(tensor.numel() for tensor in module.parameters()),
        whole=whole,
        block=max(blocks, default=0),
        blocks=len(blocks),
        outside=whole - sum(blocks),
        leaf=max(leaves, default=0),
        pinned=pinned,
    )


def build(part: str, config: Mapping[str, Any], dtype: str, layers: int | None = None) -> Any:
    """A part on the meta device, ready to be called; with `layers` blocks instead of its own."""
    name = "text_encoder" if part == "text" else part
    made = layout.build(name, config if layers is None else {**config, "num_layers": layers})
    nn.Module.to(made, DTYPES[dtype])  # not the model's own `to`, which warns of what is not there
    return made.eval()


def _blocks(part: str, module: nn.Module) -> list[nn.Module]:
    return list(module.get_submodule(BLOCKS[part]).children()) if part in BLOCKS else []


def _weight(module: nn.Module) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in module.parameters())


def _power_of_two(size: int) -> int:
    return 1 << max(0, size - 1).bit_length()


def frozen(config: Mapping[str, Any]) -> str:
    """A configuration as a word that can be remembered by."""
    return json.dumps(dict(config), sort_keys=True, default=str)


def forget_useless_caches(vae: nn.Module) -> None:
    """Half of the convolution caches' bytes belong to 1 x 1 x 1 convolutions, which need none.

    diffusers' causal convolution keeps the last `time - 1` frames of its input for the next chunk;
    of one frame in time it keeps everything and never looks at it. The result is the same bits.
    """
    for module in vae.modules():
        if getattr(module, "time_kernel_size", None) == 1:
            module.forward = _without_cache(module.conv)


def remember_caches(vae: nn.Module) -> None:
    """Undo `forget_useless_caches`."""
    for module in vae.modules():
        if getattr(module, "time_kernel_size", None) == 1:
            module.__dict__.pop("forward", None)


def _without_cache(conv: Any) -> Callable[..., tuple[torch.Tensor, None]]:
    def forward(inputs: torch.Tensor, conv_cache: Any = None) -> tuple[torch.Tensor, None]:
        return conv(inputs), None

    return forward
