"""How long it takes: operations counted, the device's speed measured, one divided by the other.

In: configurations, sizes, a device. Out: floating-point operations of each part (a multiplication
and an addition are two), a device's speed by a short matrix product and a short copy, and seconds
with an honest range. Not known here: memory, plans (see `memory`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from openvoid.void.model.codec import DECODE_LATENTS, ENCODE_FRAMES, SCALE
from openvoid.void.model.parts import DTYPES, build, frozen

SPREAD = 1.7  # the true time lies within this factor of the estimate, either way
# Shares of a large matrix product's speed that the parts reach. The transformer's follows from the
# published time of the reference (numerics: "Cost of the reference": 134 s, 70 of them start-up,
# on an A100 at 230 Tflop/s); the convolutions' is a guess.
TRANSFORMER_SHARE = 0.6
VAE_SHARE = 0.3
MEASURE_S = 0.15


@dataclass(frozen=True)
class Speed:
    """What a device does in a second."""

    flops: float  # of a large matrix product in the type of computation
    copies: float  # bytes from page-locked main memory to the device
    memory: float  # bytes within the device's own memory


# an A100 at PCIe 4 x16, for plans made where there is no device to measure
NOMINAL = Speed(flops=230e12, copies=22e9, memory=1.4e12)


@dataclass(frozen=True)
class Seconds:
    """A time, and the range it will lie in."""

    likely: float

    @property
    def low(self) -> float:
        return self.likely / SPREAD

    @property
    def high(self) -> float:
        return self.likely * SPREAD

    def words(self) -> str:
        """ "about 4 min (2 to 7)", in the largest fitting unit."""
        units = [(86400.0, "days"), (3600.0, "h"), (60.0, "min"), (1.0, "s")]
        size, unit = next((each for each in units if self.likely >= 1.5 * each[0]), units[-1])
        return (
            f"about {_short(self.likely / size)} {unit} "
            f"({_short(self.low / size)} to {_short(self.high / size)})"
        )


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def tokens_of(config: Mapping[str, Any], latents: tuple[int, int, int]) -> int:
    """Video tokens of one window of (frames, height, width) latents."""
    patch, patch_t = config.get("patch_size", 2), config.get("patch_size_t") or 1
    frames, height, width = latents
    return int(-(-frames // patch_t) * (height // patch) * (width // patch))


def transformer_flops(
    config: Mapping[str, Any], latents: tuple[int, int, int], text_tokens: int
) -> int:
    """Of one forward pass over one window, one branch.

    A layer takes 24 N h^2 + 4 N^2 h for N tokens of h channels: 8 N h^2 for queries, keys, values
    and output, 16 N h^2 for the feed-forward part, 4 N^2 h for attention (Narayanan et al. 2021,
    "Efficient large-scale language model training", appendix; forward pass alone).
    """
    wide = config["num_attention_heads"] * config["attention_head_dim"]
    video = tokens_of(config, latents)
    tokens = video + text_tokens
    layer = 24 * tokens * wide**2 + 4 * tokens**2 * wide
    patch = config.get("patch_size", 2) ** 2 * (config.get("patch_size_t") or 1)
    ends = 2 * video * wide * patch * (config["in_channels"] + config.get("out_channels", 16))
    words = 2 * text_tokens * wide * config["text_embed_dim"]
    return int(config["num_layers"] * layer + ends + words)


def text_flops(config: Mapping[str, Any], tokens: int) -> int:
    """Of one prompt: twice the weights that every token passes, and attention."""
    inner = config["num_heads"] * config["d_kv"]
    layer = 4 * config["d_model"] * inner + 3 * config["d_model"] * config["d_ff"]
    attention = 2 * tokens * inner
    return int(2 * tokens * config["num_layers"] * (layer + attention))


def encode_flops(config: Mapping[str, Any], latents: tuple[int, int, int]) -> float:
    """Of encoding a whole window once, in one tile."""
    frames, height, width = latents
    return _vae_flops(frozen(config), "encode") * (4 * frames - 3) * height * width


def decode_flops(config: Mapping[str, Any], latents: tuple[int, int, int]) -> float:
    """Of decoding a whole window, in one tile."""
    frames, height, width = latents
    return _vae_flops(frozen(config), "decode") * frames * height * width


@lru_cache(maxsize=16)
def _vae_flops(config: str, way: str) -> float:
    """Counted on the meta device: a frame (encode) or latent frame (decode), a latent pixel."""
    vae = build("vae", json.loads(config), "bfloat16")
    side = 8  # latents
    if way == "decode":
        coder, count, grow, channels = vae.decoder, DECODE_LATENTS, 1, vae.config.latent_channels
    else:
        coder, count, grow, channels = vae.encoder, ENCODE_FRAMES, SCALE, vae.config.in_channels
    chunk = torch.empty(
        (1, channels, count, grow * side, grow * side), dtype=DTYPES["bfloat16"], device="meta"
    )
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        coder(chunk)
    return counter.get_total_flops() / (count * side * side)


@lru_cache(maxsize=16)
def measure(name: str, dtype: str) -> Speed:
    """The speed of a device ("cuda:1"), in about half a second; once a process."""
    device = torch.device(name)
    side = 4096 if device.type != "cpu" else 1024
    left, right = (torch.ones((side, side), dtype=DTYPES[dtype], device=device) for _ in range(2))
    product = _rate(device, lambda: left @ right) * 2 * side**3
    size = 2**27 if device.type != "cpu" else 2**25
    inside = torch.zeros(size, dtype=torch.uint8, device=device)
    memory = _rate(device, inside.clone) * 2 * size
    if device.type == "cpu":
        return Speed(product, memory, memory)
    outside = torch.zeros(size, dtype=torch.uint8, pin_memory=device.type == "cuda")
    copies = _rate(device, lambda: inside.copy_(outside, non_blocking=True)) * size
    return Speed(product, copies, memory)


def _rate(device: torch.device, work: Callable[[], Any]) -> float:
    """Times a second; the first ones do not count."""
    work()
    work()
    _wait(device)
    begun, count = time.perf_counter(), 0
    while (spent := time.perf_counter() - begun) < MEASURE_S:
        work()
        _wait(device)
        count += 1
    return count / spent


def _wait(device: torch.device) -> None:
    if device.type != "cpu":
        torch.accelerator.synchronize(device)
