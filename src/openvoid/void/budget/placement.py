"""Placement: put a part where the plan says, and take it away again.

In: a module as it was loaded (on the CPU), which part it is, a `Plan`. Out: the same module, ready
to be called with inputs on `Placement.device`. Leaving the `with` takes it off the device: hooks
gone, weights in main memory. Not known here: why the plan is what it is.

Only the transformer's weights are ever stored in fp8; norms and embeddings are kept as they are,
as diffusers has it. T5 must not be: it casts what goes into a layer to the type its weights are
stored in.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import torch
from torch import nn

from openvoid.core.errors import OpenVoidError
from openvoid.void.budget.plan import Plan
from openvoid.void.model import attention
from openvoid.void.model.parts import (
    BLOCKS,
    DTYPES,
    GIB,
    KEPT_FROM_FP8,
    forget_useless_caches,
    remember_caches,
)

PARTS = ("transformer", "text", "vae")
# diffusers' names of the hooks that offloading leaves on modules
_HOOKS = ("group_offloading", "layer_execution_tracker", "lazy_prefetch_group_offloading")


class Placement:
    """A part at work. Use as a context manager, or call `free`."""

    def __init__(self, module: Any, part: str, device: torch.device, offload: str) -> None:
        self.module, self.part, self.device = module, part, device
        self._offload = offload

    def __enter__(self) -> Any:
        return self.module

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.free()

    def free(self) -> None:
        """Off the device; weights that were stored in fp8 stay in fp8. Twice is once."""
        if getattr(self.module, "is_cache_enabled", False):
            self.module.disable_cache()  # its hooks lie around ours, and would call them on
        if self._offload != "none":
            for module in _offloaded(self.module, self.part):
                for hook in _HOOKS:
                    _registry(module).remove_hook(hook, recurse=True)
        if self.part == "vae":
            remember_caches(self.module)
        nn.Module.to(self.module, "cpu")
        self._offload = "none"
        if self.device.type == "cuda":
            torch.cuda.empty_cache()


def place(module: Any, part: str, plan: Plan) -> Placement:
    """Put a part where the plan says.

    A feature cache is to be enabled after this, so that what it skips is not brought in either.

    Args:
        part: "transformer", "text" or "vae".

    Raises:
        OpenVoidError: an attention back end that does not work here.
    """
    assert part in PARTS, part
    device = torch.device(plan.device)
    offload = {"transformer": plan.offload, "text": plan.text, "vae": "none"}[part]
    if part == "vae":
        forget_useless_caches(module)
    if part == "transformer":
        if plan.storage == "float8":
            store_in_fp8(module, DTYPES[plan.dtype])
        attention.use(module, plan.attention, device, DTYPES[plan.dtype])
        if plan.compile:
            _compile_blocks(module)
    if offload == "cpu":
        return Placement(module, part, torch.device("cpu"), "none")
    placed = Placement(module, part, device, offload)
    try:
        if offload == "none":
            nn.Module.to(module, device)
        else:
            _offload(module, part, offload, plan)
    except torch.OutOfMemoryError as error:
        placed.free()
        raise OpenVoidError(
            f"{device} has no room for the {part}", where="--vram", mend="a smaller budget"
        ) from error
    return placed


def enforce(plan: Plan) -> None:
    """Hold PyTorch to the budget, so that it gives memory back before it takes more.

    Only where a budget was given in GiB; the runtime's own share lies outside of what PyTorch
    counts.
    """
    device = torch.device(plan.device)
    if plan.budget_gib is None or device.type != "cuda":
        return
    from openvoid.void.budget.arrangements import RUNTIME_GIB

    whole = torch.cuda.get_device_properties(device).total_memory / GIB
    share = min(1.0, (plan.budget_gib - RUNTIME_GIB) / whole)
    torch.cuda.set_per_process_memory_fraction(share, device)


def store_in_fp8(transformer: Any, dtype: torch.dtype) -> None:
    """Weights of linear layers in 8 bits (e4m3), widened layer by layer as they are used."""
    from diffusers import hooks

    cast: Any = hooks.apply_layerwise_casting  # type: ignore[attr-defined]
    if not in_fp8(transformer):
        cast(transformer, DTYPES["float8"], dtype, KEPT_FROM_FP8)


def in_fp8(transformer: nn.Module) -> bool:
    """Whether it is stored so already."""
    return any(tensor.dtype == DTYPES["float8"] for tensor in transformer.parameters())


def _offload(module: Any, part: str, offload: str, plan: Plan) -> None:
    from diffusers import hooks

    apply: Any = hooks.apply_group_offloading  # type: ignore[attr-defined]
    # text is encoded once: page-locking all of it would take longer than copying it
    stream = plan.use_stream and part == "transformer"
    for target in _offloaded(module, part):
        apply(
            target,
            onload_device=torch.device(plan.device),
            offload_device=torch.device("cpu"),
            offload_type="block_level" if offload == "group" else "leaf_level",
            num_blocks_per_group=1 if offload == "group" else None,
            use_stream=stream,
            # memory of a block is given back when it is done, before the next but one comes in
            record_stream=False,
            low_cpu_mem_usage=not plan.pinned,
        )


def _offloaded(module: Any, part: str) -> list[Any]:
    """The modules whose children are lists of blocks: T5's lie one level down."""
    path = BLOCKS[part].rpartition(".")[0]
    return [module.get_submodule(path) if path else module]


def _registry(module: nn.Module) -> Any:
    from diffusers import hooks

    registry: Any = hooks.HookRegistry  # type: ignore[attr-defined]
    return registry.check_if_exists_or_initialize(module)


def _compile_blocks(transformer: Any) -> None:
    """The repeated block alone: one compilation serves all of them (regional compilation)."""
    for block in transformer.get_submodule(BLOCKS["transformer"]):
        block.compile()
