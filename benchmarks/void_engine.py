"""How much memory and time does the diffusion engine take, for every budget?

    python benchmarks/void_engine.py [--only 85|197 ...] [--table FILE] [--json FILE] [--tiny]

Full-size random weights (values do not change cost) at 384 x 672. On a GPU every budget's plan is
carried out under an enforced cap: the prompt and the clip are encoded, the transformer called a few
times (extrapolated to all steps), the clip decoded; the peak is what PyTorch reserved and what the
runtime took. Without a GPU it says so and checks the plans by arithmetic: bytes of the parts, and
the peaks, on meta tensors. `--tiny` tries the harness itself, on whatever there is.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")

import torch
from question import Finding, start
from torch import nn

from openvoid.void.budget import cost
from openvoid.void.budget.arrangements import RUNTIME_GIB, Machine, transformer_ways, vae_ways
from openvoid.void.budget.placement import place
from openvoid.void.budget.plan import Plan, Work, choose_device, plan_for
from openvoid.void.model.codec import Codec
from openvoid.void.model.parts import DTYPES, FULL_SIZE, GIB, Architecture, build, part_bytes

STEPS = 30
BUDGETS = ("8", "10", "12", "16", "24", "40")
EVERYTHING = "80"  # GiB: all parts side by side
WORKS = {
    85: Work(22, 48, 84, forwards=STEPS, frames=85),
    197: Work(50, 48, 84, forwards=STEPS, frames=197),
}
GOALS = {85: 8.0, 197: 10.0}  # GiB, at no more than twice the time of loading everything
MOST_TIMES, MOST_TIMES_AT_24 = 2.0, 1.1
CALLS = 3  # of the transformer, after one that does not count
HOST_GIB = 64.0  # main memory of the machine that plans are made for where there is no GPU

TINY = Architecture(
    {
        **FULL_SIZE.transformer_config,
        "num_attention_heads": 2,
        "attention_head_dim": 32,
        "num_layers": 2,
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
TINY_WORKS = {21: Work(6, 8, 12, text_tokens=9, forwards=2, frames=21)}


@dataclass(frozen=True)
class Row:
    """One budget's plan for one length; measured where there was a GPU, else predicted."""

    frames: int
    budget_gib: float
    plan: str
    predicted_gib: float
    peak_gib: float | None
    seconds: float
    measured: bool


def main(arguments: list[str] | None = None) -> int:
    """Every budget, every length; exit 0 where every goal is met, 1 where one is missed."""
    given = _parse(arguments)
    device = choose_device()
    configs = TINY if given.tiny else FULL_SIZE
    works = TINY_WORKS if given.tiny else WORKS
    run = device == "cuda" or given.tiny
    out: list[str] = [*heading(device, run), *weights(configs)]
    print("\n".join(out), flush=True)
    bench = Bench(configs, device) if run else None
    rows = []
    for frames, work in works.items():
        if given.only and frames not in given.only:
            continue
        for budget in (*BUDGETS, EVERYTHING):
            row = one(configs, work, budget, bench)
            if row is not None:
                rows.append(row)
                print(f"  {row.frames} frames, {row.plan}: {row.seconds:.0f} s", flush=True)
    told = ["", *table(rows)]
    if not given.tiny:
        told += ["", *ways(configs, works)]
    findings = [] if given.tiny else goals(rows)
    told += ["", f"{'':52}{'found':>12}{'goal':>12}"]
    for finding in findings:
        verdict = "pass" if finding.met else "FAIL"
        told.append(f"{finding.what:52}{finding.value:>12}{finding.target:>12}  {verdict}")
    print("\n".join(told))
    if given.table:
        given.table.write_text("\n".join([*out, *told]) + "\n")
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return 0 if all(finding.met for finding in findings) else 1


def heading(device: str, run: bool) -> list[str]:
    """What this is, and where it ran."""
    if device == "cuda":
        return [f"Measured on {torch.cuda.get_device_name()}, under an enforced cap.", ""]
    if run:
        return ["Tiny weights on the CPU: only the harness is tried.", ""]
    return [
        "No GPU here: nothing was run. Peaks are predicted on meta tensors, times from counted",
        f"operations for a GPU of {cost.NOMINAL.flops / 1e12:.0f} Tflop/s with copies of "
        f"{cost.NOMINAL.copies / 1e9:.0f} GB/s.",
        "",
    ]


def weights(configs: Architecture) -> list[str]:
    """Bytes of every part."""
    lines = [
        "| part | parameters | bf16 | fp8 | a block | page-locked |",
        "|---|---|---|---|---|---|",
    ]
    for part, config in _parts(configs):
        wide = part_bytes(part, config, "bfloat16")
        narrow = part_bytes(part, config, "bfloat16", "float8") if part == "transformer" else None
        lines.append(
            f"| {part} | {wide.parameters / 1e9:.2f} G | {wide.whole / GIB:.2f} GiB "
            f"| {'-' if narrow is None else f'{narrow.whole / GIB:.2f} GiB'} "
            f"| {wide.block / GIB:.3f} GiB x {wide.blocks} | {wide.pinned / GIB:.1f} GiB |"
        )
    return lines


def one(configs: Architecture, work: Work, budget: str, bench: Bench | None) -> Row | None:
    """One budget for one length; None where the device has not so much."""
    if bench is None:
        free, speed, device = float(EVERYTHING), cost.NOMINAL, "cuda"
    else:
        free, speed, device = bench.free_gib, bench.speed, bench.device
    if float(budget) > free and budget != EVERYTHING:
        return None
    plan = plan_for(
        "auto" if float(budget) > free else budget,
        configs,
        work,
        device,
        speed=speed,
        free_gib=free,
        host_free_gib=HOST_GIB,
    )
    if bench is not None and bench.device == "cpu":  # tiny: every way is tried
        plan = replace(plan, offload="group" if float(budget) < 16 else "none")
    peak, seconds = (None, plan.time.likely) if bench is None else bench.run(plan, work)
    return Row(
        work.frames,
        plan.budget_gib or float(budget),
        words(plan),
        plan.peak_gib,
        peak,
        seconds,
        bench is not None,
    )


def words(plan: Plan) -> str:
    """A plan in a cell of a table."""
    streamed = {"none": "whole", "group": "blocks", "leaf": "layers"}[plan.offload]
    tiles = " ".join(
        f"{rows}x{columns}" for rows, columns in (plan.encode_tiles, plan.decode_tiles)
    )
    text = {"none": "whole", "group": "blocks", "cpu": "CPU"}[plan.text]
    return f"{plan.storage} {streamed}, T5 {text}, VAE {tiles}"


def table(rows: list[Row]) -> list[str]:
    """One line a row, times held against loading everything."""
    lines = [
        "| frames | budget | plan | predicted peak | measured peak | time | of everything |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        whole = next(each for each in reversed(rows) if each.frames == row.frames)
        peak = "-" if row.peak_gib is None else f"{row.peak_gib:.2f} GiB"
        lines.append(
            f"| {row.frames} | {row.budget_gib:.0f} GiB | {row.plan} | {row.predicted_gib:.2f} GiB "
            f"| {peak} | {row.seconds:.0f} s | {row.seconds / whole.seconds:.2f} |"
        )
    return lines


def ways(configs: Architecture, works: dict[int, Work]) -> list[str]:
    """Every arrangement there is, by arithmetic."""
    machine = Machine("cuda", "bfloat16", cost.NOMINAL)
    lines = ["| frames | stage | arrangement | peak | time |", "|---|---|---|---|---|"]
    for frames, work in works.items():
        two = replace(work, branches=2, forwards=2 * STEPS)
        stages = [
            ("denoise, no guidance", transformer_ways(configs, work, machine)),
            ("denoise, guidance", transformer_ways(configs, two, machine)),
            ("encode", vae_ways(configs, work, machine, "encode")),
            ("decode", vae_ways(configs, work, machine, "decode")),
        ]
        for stage, found in stages:
            for way in found:
                if stage in ("encode", "decode"):
                    what = f"{way.tiles[0]} x {way.tiles[1]}, caches on the {way.rest}"
                else:
                    what = f"{way.storage}, {way.offload}, {way.branches_at_once} at once"
                cost_of = f"{way.peak_gib:.2f} GiB | {way.seconds:.0f} s"
                lines.append(f"| {frames} | {stage} | {what} | {cost_of} |")
    return lines


def goals(rows: list[Row]) -> list[Finding]:
    """What the issue asks for on one data-centre GPU."""
    found = []
    for frames, gib in GOALS.items():
        mine = [row for row in rows if row.frames == frames]
        whole = mine[-1] if mine else None
        for row in mine:
            most = {gib: MOST_TIMES, 24.0: MOST_TIMES_AT_24}.get(row.budget_gib)
            if most is None or whole is None:
                continue
            peak = row.predicted_gib if row.peak_gib is None else row.peak_gib
            what = f"{frames} frames, {row.budget_gib:.0f} GiB"
            met = peak <= row.budget_gib
            found.append(
                Finding(f"{what}: peak", f"{peak:.2f} GiB", f"<= {row.budget_gib:.0f}", met)
            )
            times = row.seconds / whole.seconds
            found.append(
                Finding(f"{what}: time", f"x {times:.2f}", f"<= {most:.1f}", times <= most)
            )
    return found


class Bench:
    """Holds random weights in main memory and carries plans out."""

    def __init__(self, configs: Architecture, device: str) -> None:
        self.configs, self.device = configs, device
        self.dtype = "bfloat16" if device == "cuda" else "float32"
        self.free_gib, self.runtime_gib = float(EVERYTHING), RUNTIME_GIB
        if device == "cuda":
            torch.zeros(1, device=device)
            free, total = torch.cuda.mem_get_info()
            self.free_gib = free / GIB + RUNTIME_GIB
            self.runtime_gib = max(0.0, (total - free - torch.cuda.memory_reserved()) / GIB)
        self.speed = cost.measure(device, self.dtype)
        self.made: dict[str, Any] = {}

    def run(self, plan: Plan, work: Work) -> tuple[float, float]:
        """Peak in GiB, and seconds of a whole run: one prompt, two encodings, all steps, one
        decoding."""
        with self._capped(plan), torch.no_grad():
            spent = self._text(plan, work) + self._encode(plan, work)
            spent += self._denoise(plan, work) + self._decode(plan, work)
            if self.device != "cuda":
                return 0.0, spent
            torch.cuda.synchronize()
            return torch.cuda.max_memory_reserved() / GIB + self.runtime_gib, spent

    def _text(self, plan: Plan, work: Work) -> float:
        ids = torch.ones((1, work.text_tokens), dtype=torch.int64)
        placed = place(self._part("text"), "text", plan)
        spent = self._timed(lambda: placed.module(ids.to(placed.device)))
        placed.free()
        return spent

    def _encode(self, plan: Plan, work: Work) -> float:
        shape = (1, 3, work.frames, 8 * work.latent_height, 8 * work.latent_width)
        with place(self._part("vae"), "vae", plan) as vae:
            codec = Codec(vae, device=plan.device, tiles=plan.encode_tiles, rest=plan.encode_rest)
            return 2 * self._timed(lambda: codec.encode(torch.zeros(shape)))

    def _decode(self, plan: Plan, work: Work) -> float:
        shape = (1, 16, work.latent_frames, work.latent_height, work.latent_width)
        with place(self._part("vae"), "vae", plan) as vae:
            codec = Codec(vae, device=plan.device, tiles=plan.decode_tiles, rest=plan.decode_rest)
            return self._timed(lambda: [0 for _ in codec.decode(torch.zeros(shape))])

    def _denoise(self, plan: Plan, work: Work) -> float:
        part = "transformer fp8" if plan.storage == "float8" else "transformer"
        config, dtype = self.configs.transformer_config, DTYPES[self.dtype]
        tokens = cost.tokens_of(config, work.latents)
        device = torch.device(plan.device)
        rotary = torch.zeros((tokens, config["attention_head_dim"]), device=device)
        batch = plan.branches_at_once
        latents = (batch, work.latent_frames, 48, work.latent_height, work.latent_width)
        prompt = (batch, work.text_tokens, config["text_embed_dim"])
        with place(self._part(part), "transformer", plan) as transformer:

            def call() -> Any:
                return transformer(
                    hidden_states=torch.zeros(latents, dtype=dtype, device=device),
                    encoder_hidden_states=torch.zeros(prompt, dtype=dtype, device=device),
                    timestep=torch.full((batch,), 500, device=device),
                    image_rotary_emb=(rotary, rotary),
                    return_dict=False,
                )

            call()  # the first one learns the order in which blocks come
            spent = self._timed(lambda: [call() for _ in range(CALLS)]) / CALLS
        return spent * work.forwards / batch

    def _part(self, name: str) -> Any:
        """Random weights in main memory; the one stored in fp8 is another one."""
        if name not in self.made:
            part = name.split()[0]
            config = dict(_parts(self.configs))[part]
            self.made[name] = filled(build(part, config, self.dtype))
        return self.made[name]

    def _timed(self, work: Callable[[], Any]) -> float:
        begun = time.perf_counter()
        work()
        if self.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - begun

    @contextmanager
    def _capped(self, plan: Plan) -> Iterator[None]:
        """PyTorch gets the budget less what the runtime has taken, and fails beyond."""
        if self.device != "cuda":
            yield
            return
        total = torch.cuda.get_device_properties(0).total_memory / GIB
        limit = (plan.budget_gib or total) - self.runtime_gib
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.set_per_process_memory_fraction(min(1.0, limit / total))
        try:
            yield
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)


def filled(module: nn.Module) -> nn.Module:
    """A module of the meta device, with small random numbers in main memory."""
    noise = 0.02 * torch.randn(2**22, generator=torch.Generator().manual_seed(0))
    module.to_empty(device="cpu")
    for tensor in [*module.parameters(), *module.buffers()]:
        flat = tensor.data.view(-1)
        for begin in range(0, flat.numel(), noise.numel()):
            piece = flat[begin : begin + noise.numel()]
            piece.copy_(noise[: piece.numel()])
    return module


def _parts(configs: Architecture) -> list[tuple[str, Any]]:
    return [
        ("transformer", configs.transformer_config),
        ("text", configs.text_config),
        ("vae", configs.vae_config),
    ]


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", action="append", type=int, choices=[85, 197])
    parser.add_argument("--tiny", action="store_true", help="tiny weights: tries the harness")
    parser.add_argument("--table", type=Path, help="file for the tables")
    parser.add_argument("--json", type=Path, help="file for all numbers")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    start(main)
