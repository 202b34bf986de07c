"""Memory: which part lives where, for a budget instead of a mode.

In: a budget ("8", "24", "auto"), the configurations of a checkpoint, the work to be done, the
device. Out: a `Plan`: the fastest arrangement of each stage whose predicted peak stays under the
budget. `placement` carries it out. Not known here: weights, files, tensors.

The stages come one after another (text, encode, denoise, decode), each with its own part on the
device. Transformer: whole on the device; streamed from main memory block by block, the next block
under way while one computes; or layer by layer. Its weights are in the type of computation, or
stored in fp8 and widened as they are used; that changes the result a little, so it has to be
clearly faster to be chosen. Guidance: both branches in one batch, or one after the other. VAE: in
as few tiles as the budget allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import torch

from openvoid.core.errors import OpenVoidError
from openvoid.void.budget import cost
from openvoid.void.budget.arrangements import (
    RUNTIME_GIB,
    Arrangement,
    Machine,
    Work,
    text_ways,
    together_gib,
    transformer_ways,
    vae_ways,
)
from openvoid.void.budget.cost import NOMINAL, Seconds, Speed
from openvoid.void.model.parts import GIB, Configs, part_bytes

__all__ = ["Peaks", "Plan", "Work", "choose_device", "plan_for"]

FULL_SIZE_PARAMETERS = 200_000_000  # a transformer of more is not for a CPU, unless asked for
FP8_MUST_WIN = 1.15  # by this factor in time, since it changes the result
OFFLOAD_WORDS = {
    "none": "whole on the device",
    "group": "brought in block by block",
    "leaf": "brought in layer by layer",
    "cpu": "on the CPU",
}


@dataclass(frozen=True)
class Peaks:
    """The predicted peak of each stage on the device, in GiB, everything counted."""

    text: float
    encode: float
    denoise: float
    decode: float


@dataclass(frozen=True)
class Plan:
    """Which part lives where, and what that is predicted to take."""

    device: str
    dtype: str  # of computation, and of weights that are not in fp8
    budget_gib: float | None  # None: no limit
    least_gib: float  # of the plan that needs the least
    peaks: Peaks
    storage: str  # of the transformer's weights: "float32", "bfloat16", "float8"
    offload: str  # of the transformer: "none", "group" (block by block), "leaf" (layer by layer)
    use_stream: bool  # copies run beside the computation
    pinned: bool  # streamed weights wait in page-locked main memory
    branches_at_once: int
    encode_tiles: tuple[int, int]  # rows, columns
    decode_tiles: tuple[int, int]
    encode_rest: str  # device on which the caches of tiles at rest wait
    decode_rest: str
    text: str  # where the text encoder works: "none" (whole on the device), "group", "cpu"
    together: bool  # all parts fit side by side: nothing has to leave between stages
    host_gib: float  # main memory of one rank, for the part that needs most of it
    weights_gib: Mapping[str, float]  # of each part as it is stored
    seconds: Mapping[str, float]  # of each stage
    tokens: int  # of one window, with the text's
    attention: str = ""  # back end; "" is PyTorch's own choice
    compile: bool = False

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Plan:
        """The inverse of `dataclasses.asdict`, after a way through JSON."""
        pairs = {name: tuple(stored[name]) for name in ("encode_tiles", "decode_tiles")}
        return cls(**{**stored, **pairs, "peaks": Peaks(**stored["peaks"])})

    @property
    def peak_gib(self) -> float:
        """Of the whole run."""
        return max(asdict(self.peaks).values())

    @property
    def time(self) -> Seconds:
        """Of the whole run."""
        return Seconds(sum(self.seconds.values()))

    def lines(self) -> list[str]:
        """The plan for people."""
        limit = "" if self.budget_gib is None else f" of {self.budget_gib:.1f}"
        peaks = ", ".join(f"{stage} {peak:.1f}" for stage, peak in asdict(self.peaks).items())
        batch = ", both branches in one batch" if self.branches_at_once == 2 else ""
        return [
            f"memory: {self.peak_gib:.1f}{limit} GiB on {self.device} ({peaks}); "
            f"least possible {self.least_gib:.1f}",
            f"transformer: {self.weights_gib['transformer']:.1f} GiB in {self.storage}, "
            f"{OFFLOAD_WORDS[self.offload]}{batch}; {self.tokens} tokens a window",
            f"text encoder: {self.weights_gib['text']:.1f} GiB, {OFFLOAD_WORDS[self.text]}",
            f"VAE: {self.weights_gib['vae']:.1f} GiB, encodes in {_tiles(self.encode_tiles)}, "
            f"decodes in {_tiles(self.decode_tiles)}",
            f"main memory: {self.host_gib:.1f} GiB; computing takes {self.time.words()}",
        ]

    def facts(self) -> dict[str, Any]:
        """The plan for the report (JSON)."""
        rounded = {
            name: {key: round(number, 3) for key, number in value.items()}
            if isinstance(value, Mapping)
            else value
            for name, value in asdict(self).items()
        }
        return {**rounded, "peak_gib": round(self.peak_gib, 3)}


def choose_device() -> str:
    """The GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def plan_for(
    vram: str,
    configs: Configs,
    work: Work,
    device: str | torch.device,
    *,
    dtype: str = "",
    cpu_anyway: bool = False,
    attention: str = "",
    compile: bool = False,
    ranks: int = 1,
    speed: Speed | None = None,
    free_gib: float | None = None,
    host_free_gib: float | None = None,
) -> Plan:
    """The fastest plan within a budget.

    Args:
        vram: GiB, or "auto": what is free on the device. Nothing to act on where there is no GPU.
        dtype: of computation; bfloat16 on a GPU, float32 for tiny weights on a CPU.
        cpu_anyway: full-size weights on a CPU are what the person wants.
        ranks: processes on this machine, each with weights and a device of its own.
        speed, free_gib, host_free_gib: measured where they are not given.

    Raises:
        OpenVoidError: a budget that no plan keeps (with the least); more than the device has; no
            GPU for full-size weights (with how long it would take).
    """
    device = torch.device(device)
    machine = _machine(configs, device, dtype, ranks, speed, host_free_gib)
    if device.type == "cpu":
        _refuse_long_runs(configs, work, machine, cpu_anyway)
    budget = _budget(vram, device, free_gib)
    # chosen at a nominal speed: a measured one is never twice the same, and the plan must be
    stages = _stages(configs, work, replace(machine, speed=speed or NOMINAL))
    least = max(min(way.peak_gib for way in ways) for ways in stages.values())
    if budget is not None and least > budget:
        raise OpenVoidError(
            f"{budget:.1f} GiB is too little: the smallest plan for {work.latent_frames} latent "
            f"frames of {work.latent_height} x {work.latent_width} needs {least:.1f}",
            where="--vram",
            mend=f"--vram {ceil(10 * least) / 10:g} or more, or {_smaller(work)}",
        )
    timed = _stages(configs, work, machine)
    chosen = {stage: timed[stage][_fastest(ways, budget)] for stage, ways in stages.items()}
    return _plan(configs, work, machine, device, budget, least, chosen, attention, compile)


def _stages(configs: Configs, work: Work, machine: Machine) -> dict[str, list[Arrangement]]:
    """Every way to arrange each stage; in an order that does not depend on the machine's speed."""
    return {
        "text": list(text_ways(configs, work, machine)),
        "encode": list(vae_ways(configs, work, machine, "encode")),
        "denoise": list(transformer_ways(configs, work, machine)),
        "decode": list(vae_ways(configs, work, machine, "decode")),
    }


def _smaller(work: Work) -> str:
    """What needs less memory."""
    return "no cached features" if work.cached else "a smaller working size"


def _plan(
    configs: Configs,
    work: Work,
    machine: Machine,
    device: torch.device,
    budget: float | None,
    least: float,
    chosen: Mapping[str, Arrangement],
    attention: str,
    compile: bool,
) -> Plan:
    denoise, text = chosen["denoise"], chosen["text"]
    part = part_bytes("transformer", configs.transformer_config, machine.dtype, denoise.storage)
    weights = {
        "transformer": part.whole,
        "text": part_bytes("text", configs.text_config, machine.dtype).whole,
        "vae": part_bytes("vae", configs.vae_config, machine.dtype).whole,
    }
    streamed = denoise.offload != "none" and machine.streams
    whole = denoise.offload == text.offload == "none"
    side_by_side = together_gib(configs, machine, chosen)
    pinned = part.pinned if streamed and machine.pinned else 0
    return Plan(
        device=str(device),
        dtype=machine.dtype,
        budget_gib=budget,
        least_gib=least,
        peaks=Peaks(**{stage: way.peak_gib for stage, way in chosen.items()}),
        storage=denoise.storage,
        offload=denoise.offload,
        use_stream=streamed,
        pinned=bool(pinned),
        branches_at_once=denoise.branches_at_once,
        encode_tiles=chosen["encode"].tiles,
        decode_tiles=chosen["decode"].tiles,
        encode_rest=str(device) if chosen["encode"].rest == "device" else "cpu",
        decode_rest=str(device) if chosen["decode"].rest == "device" else "cpu",
        text=text.offload,
        together=whole and (budget is None or side_by_side <= budget),
        host_gib=max(*weights.values(), weights["transformer"] + pinned) / GIB,
        weights_gib={name: size / GIB for name, size in weights.items()},
        seconds={stage: way.seconds for stage, way in chosen.items()},
        tokens=cost.tokens_of(configs.transformer_config, work.latents) + work.text_tokens,
        attention=attention,
        compile=compile,
    )


def _fastest(ways: Sequence[Arrangement], budget: float | None) -> int:
    """Which of those within the budget; the earlier one of two that are alike."""
    fitting = [
        (way.seconds * (1.0 if way.exact else FP8_MUST_WIN), number)
        for number, way in enumerate(ways)
        if budget is None or way.peak_gib <= budget
    ]
    return min(fitting)[1]


def _machine(
    configs: Configs,
    device: torch.device,
    dtype: str,
    ranks: int,
    speed: Speed | None,
    host_free_gib: float | None,
) -> Machine:
    tiny = _parameters(configs) <= FULL_SIZE_PARAMETERS
    if not dtype:
        dtype = "float32" if device.type == "cpu" and tiny else "bfloat16"
    present = device.type == "cpu" or torch.accelerator.is_available()
    if speed is None:
        speed = cost.measure(str(device), dtype) if present else NOMINAL
    part = part_bytes("transformer", configs.transformer_config, dtype)
    host = _host_free_gib() if host_free_gib is None else host_free_gib
    # while the blocks are page-locked, the weights they come from are still there
    pinned = host >= 1.05 * ranks * (part.whole + part.pinned) / GIB
    return Machine(device.type, dtype, speed, pinned)


def _refuse_long_runs(configs: Configs, work: Work, machine: Machine, cpu_anyway: bool) -> None:
    if cpu_anyway or _parameters(configs) <= FULL_SIZE_PARAMETERS:
        return
    flops = work.forwards * cost.transformer_flops(
        configs.transformer_config, work.latents, work.text_tokens
    )
    took = Seconds(flops / (cost.TRANSFORMER_SHARE * machine.speed.flops))
    raise OpenVoidError(
        f"no GPU was found, and on this CPU it would take {took.words()}",
        mend="use a machine with a CUDA GPU, or add --cpu-anyway",
    )


def _parameters(configs: Configs) -> int:
    return part_bytes("transformer", configs.transformer_config, "bfloat16").parameters


def _budget(vram: str, device: torch.device, free_gib: float | None) -> float | None:
    """GiB, the runtime's own included; None where there is no GPU to keep within."""
    asked = None if vram == "auto" else _number(vram)
    if device.type == "cpu":
        return None
    if free_gib is None and torch.cuda.is_available():
        # asking makes the runtime take its share, which plans count as well
        free_gib = torch.cuda.mem_get_info(device)[0] / GIB + RUNTIME_GIB
    if asked is None and free_gib is None:
        raise OpenVoidError(
            f"cannot tell how much memory {device} has", where="--vram", mend="give it in GiB"
        )
    if asked is not None and free_gib is not None and asked > free_gib:
        raise OpenVoidError(
            f"{asked:g} GiB is more than {device} has free, {free_gib:.1f} GiB",
            where="--vram",
            mend="less, or auto; or end what else runs there",
        )
    return free_gib if asked is None else asked


def _number(vram: str) -> float:
    try:
        asked = float(vram)
    except ValueError:
        asked = 0.0
    if not 0 < asked < 10000:
        raise OpenVoidError(f"{vram!r} is no budget", where="--vram", mend="GiB, or auto")
    return asked


def _host_free_gib() -> float:
    """Main memory that can still be had; Linux says so, elsewhere all of it is taken for free."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 / GIB
    except OSError:
        pass
    return float("inf")


def _tiles(grid: tuple[int, int]) -> str:
    return "one piece" if grid == (1, 1) else f"{grid[0]} x {grid[1]} tiles"
