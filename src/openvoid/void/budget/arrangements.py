"""Every way to arrange a part for its stage, with its predicted peak and time.

In: configurations, the work, the device's speed. Out: `Arrangement`s; `memory` picks among them.

A stage's peak is what the runtime takes for itself + the weights that lie on the device + what the
pass holds at its worst moment (`activations`), with a share for fragmentation. Its time is the
operations by the device's speed (`cost`), and copies where nothing hides them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openvoid.void.budget import activations, cost
from openvoid.void.budget.cost import Speed
from openvoid.void.model.codec import TILE_OVERLAP
from openvoid.void.model.parts import DTYPES, GIB, Configs, PartBytes, part_bytes

RUNTIME_GIB = 0.7  # CUDA context, kernels, cuBLAS workspaces: 0.5 to 0.6 on data-centre GPUs
FRAGMENTED = 1.10  # memory reserved, by memory in use, of activations
STREAMING = ("cuda", "xpu")  # devices that copy while they compute
PAGED = 3.0  # slower than page-locked memory: copies from ordinary memory
PINNED_ANEW = 5.0  # slower: memory that is page-locked at every copy
LAYER_WAIT_S = 1e-4  # lost at every layer that is brought in on its own
LAYERS_A_BLOCK = 12  # that hold weights
FEATURES = 3  # hidden states that a first-block cache keeps: the first block's output, what it
# added, what all the others added
ONE_BY_ONE = 1.01  # a batch of two is a little quicker than two of one
GRIDS = ((1, 1), (1, 2), (2, 2), (2, 3), (3, 3), (3, 4), (4, 4), (4, 6), (6, 6))  # short, long side


@dataclass(frozen=True)
class Work:
    """What is to be done, as far as memory and time depend on it."""

    latent_frames: int  # of one window; even
    latent_height: int
    latent_width: int
    text_tokens: int = 226
    branches: int = 1  # 2 with guidance
    forwards: int = 30  # of the transformer in all: passes x steps x windows x branches
    frames: int = 85  # of the whole clip
    prompts: int = 1
    passes: int = 1
    cached: int = 0  # windows x branches, of one rank, whose features a first-block cache keeps

    @property
    def latents(self) -> tuple[int, int, int]:
        """(frames, height, width) of one window."""
        return self.latent_frames, self.latent_height, self.latent_width


@dataclass(frozen=True)
class Machine:
    """Where it is to be done."""

    kind: str  # of device: "cuda", "cpu", ...
    dtype: str  # of computation
    speed: Speed
    pinned: bool = True  # main memory suffices to page-lock what is streamed

    @property
    def streams(self) -> bool:
        return self.kind in STREAMING


@dataclass(frozen=True)
class Arrangement:
    """One way to hold a part during its stage. Only what concerns that stage is set."""

    peak_gib: float
    seconds: float
    storage: str = ""  # of weights
    offload: str = "none"  # "none", "group" (block by block), "leaf" (layer by layer), "cpu"
    branches_at_once: int = 1
    tiles: tuple[int, int] = (1, 1)  # rows, columns
    rest: str = "device"  # where caches of tiles at rest wait: "device", "cpu"

    @property
    def exact(self) -> bool:
        """Whether weights are used as they were loaded."""
        return self.storage != "float8"


def gib(weights: int, activation: int) -> float:
    """The peak of a stage on the device."""
    return RUNTIME_GIB + (weights + FRAGMENTED * activation) / GIB


def transformer_ways(configs: Configs, work: Work, machine: Machine) -> Iterator[Arrangement]:
    """Storage x offload x branches in one batch."""
    storages = [machine.dtype] if machine.kind == "cpu" else [machine.dtype, "float8"]
    offloads = ["none"] if machine.kind == "cpu" else ["none", "group", "leaf"]
    flops = cost.transformer_flops(configs.transformer_config, work.latents, work.text_tokens)
    for at_once in range(work.branches, 0, -1):
        held = activations.transformer_bytes(
            configs.transformer_config, machine.dtype, work.latents, work.text_tokens, at_once
        )
        held += features_bytes(configs.transformer_config, machine.dtype, work)
        compute = at_once * flops / (cost.TRANSFORMER_SHARE * machine.speed.flops)
        if at_once < work.branches:
            compute *= ONE_BY_ONE
        for storage in storages:
            part = part_bytes("transformer", configs.transformer_config, machine.dtype, storage)
            # up: read 1 byte, write 2; down again: read 2, write 1
            widening = 6 * part.parameters / machine.speed.memory if storage == "float8" else 0.0
            for offload in offloads:
                call = _call_seconds(part, offload, compute + widening, machine)
                yield Arrangement(
                    peak_gib=gib(_resident(part, offload, storage, machine), held),
                    seconds=call * work.forwards / at_once,
                    storage=storage,
                    offload=offload,
                    branches_at_once=at_once,
                )


def features_bytes(config: Mapping[str, Any], dtype: str, work: Work) -> int:
    """What a first-block cache keeps on the device from step to step, of every window."""
    tokens = cost.tokens_of(config, work.latents) + work.text_tokens
    hidden = tokens * config["num_attention_heads"] * config["attention_head_dim"]
    return int(work.cached * FEATURES * hidden * DTYPES[dtype].itemsize)


def _resident(part: PartBytes, offload: str, storage: str, machine: Machine) -> int:
    """Bytes of weights on the device at once."""
    # a layer in the type of computation, and its fp8 form anew, before the wide one is gone
    widened = part.leaf * 3 // 2 if storage == "float8" else 0
    if offload == "none":
        return part.whole + widened
    if offload == "group":  # with streams the next block comes in while one computes
        return part.outside + part.block * (2 if machine.streams else 1) + widened
    return part.outside + part.leaf * (3 if machine.streams else 2) + widened


def _call_seconds(part: PartBytes, offload: str, compute: float, machine: Machine) -> float:
    """Of one call of the transformer."""
    if offload == "none":
        return compute
    moved = (part.whole - part.outside) / machine.speed.copies
    waits = LAYER_WAIT_S * LAYERS_A_BLOCK * part.blocks if offload == "leaf" else 0.0
    if not machine.streams:  # in, computed, and back out
        return compute + 2 * PAGED * moved + waits
    moved *= 1.0 if machine.pinned else PINNED_ANEW
    return max(compute, moved) + moved / max(1, part.blocks) + waits


def text_ways(configs: Configs, work: Work, machine: Machine) -> Iterator[Arrangement]:
    """Whole on the device, block by block, or on the CPU. Used once, then gone."""
    part = part_bytes("text", configs.text_config, machine.dtype)
    held = activations.text_bytes(configs.text_config, machine.dtype, work.text_tokens)
    flops = work.prompts * cost.text_flops(configs.text_config, work.text_tokens)
    compute = flops / (cost.TRANSFORMER_SHARE * machine.speed.flops)
    moved = PAGED * part.whole / machine.speed.copies
    yield Arrangement(gib(part.whole, held), compute + moved, machine.dtype)
    if machine.kind != "cpu":
        grouped = gib(part.outside + part.block, held)
        seconds = compute + 2 * work.prompts * moved
        yield Arrangement(grouped, seconds, machine.dtype, "group")
        yield Arrangement(RUNTIME_GIB, flops / 1e11, machine.dtype, "cpu")


def vae_ways(configs: Configs, work: Work, machine: Machine, way: str) -> Iterator[Arrangement]:
    """In more and more tiles, their caches on the device or not; `way`: "encode" or "decode"."""
    part = part_bytes("vae", configs.vae_config, machine.dtype)
    count, height, width = work.latents
    clips = max(1.0, work.frames / (4 * count - 3))
    encode = way == "encode"
    flops_of = cost.encode_flops if encode else cost.decode_flops
    flops = clips * flops_of(configs.vae_config, work.latents)
    flops *= 2 if encode else work.passes  # the video and the mask; the result of every pass
    chunks = clips * count / 2 * (2 if encode else work.passes)
    bytes_of = activations.encode_bytes if encode else activations.decode_bytes
    for tiles in grids(height, width):
        sides = tile_side(height, tiles[0]), tile_side(width, tiles[1])
        parts = tiles[0] * tiles[1]
        share = parts * sides[0] * sides[1] / (height * width)
        seconds = share * flops / (cost.VAE_SHARE * machine.speed.flops)
        peak = gib(part.whole, bytes_of(configs.vae_config, machine.dtype, *sides))
        if parts == 1:
            yield Arrangement(peak, seconds, machine.dtype, tiles=tiles)
            continue
        caches = activations.cache_bytes(configs.vae_config, machine.dtype, way, *sides)
        beside = (parts - 1) * caches / GIB
        yield Arrangement(peak + beside, seconds, machine.dtype, tiles=tiles)
        moves = 2 * PAGED * parts * chunks * caches / machine.speed.copies
        yield Arrangement(peak, seconds + moves, machine.dtype, tiles=tiles, rest="cpu")


def grids(height: int, width: int) -> list[tuple[int, int]]:
    """(rows, columns) that a latent picture may be cut into, the longer side more often."""
    turned = [grid if height <= width else grid[::-1] for grid in GRIDS]
    return [grid for grid in turned if grid[0] * 4 <= height and grid[1] * 4 <= width] or [(1, 1)]


def tile_side(length: int, count: int) -> int:
    """The longest side of a tile, overlap included, in latents: as `codec` cuts."""
    if count == 1:
        return length
    reach = 2 * max(1, round(TILE_OVERLAP * length / count / 2))
    seams = 1 if count == 2 else 2  # of a tile in the middle
    return min(length, -(-length // count) + 1 + seams * reach)


def together_gib(configs: Configs, machine: Machine, chosen: Mapping[str, Arrangement]) -> float:
    """The peak where all parts stay on the device side by side."""
    weights = {
        "text": part_bytes("text", configs.text_config, machine.dtype).whole,
        "vae": part_bytes("vae", configs.vae_config, machine.dtype).whole,
        "denoise": part_bytes(
            "transformer", configs.transformer_config, machine.dtype, chosen["denoise"].storage
        ).whole,
    }
    own = {"text": "text", "encode": "vae", "denoise": "denoise", "decode": "vae"}
    return max(
        way.peak_gib + (sum(weights.values()) - weights[own[stage]]) / GIB
        for stage, way in chosen.items()
    )
