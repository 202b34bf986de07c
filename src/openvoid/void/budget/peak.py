"""How much memory a forward pass holds at its worst moment, found without running it.

In: a module on the meta device (shapes without numbers) and what it is called with. Out: the peak
of the bytes alive at once, weights apart, as a CUDA device would hold them. Meta tensors cost
nothing, so this runs at full size on any machine, in well under a second.

Every operation is seen as PyTorch dispatches it; a tensor counts from the operation that made it
until nothing refers to its storage. Added to that is what operations borrow while they run and
give back (`_borrowed`). Not known here: the CUDA context, fragmentation, the weights: see `memory`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

_ATEN = torch.ops.aten
_NORMS = (_ATEN.native_layer_norm.default, _ATEN.native_group_norm.default)


def peak_bytes(call: Callable[[], Any], *held: Any) -> int:
    """The most bytes alive at once during `call`, among what it makes and `held`.

    Args:
        call: runs a module on meta tensors. What it returns stays alive until the end.
        held: tensors, nested in any way, that are alive throughout: inputs, caches.
    """
    meter = _Meter()
    meter.hold(held)
    with torch.no_grad(), _FusedAttention(), meter:
        kept = call()
    del kept
    return meter.peak


class _Meter(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of live storages."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live, self.peak = 0, 0
        self._known: dict[int, weakref.finalize[..., Any]] = {}

    def hold(self, tensors: Any) -> None:
        """Count these, and everything that shares their storage, once."""
        for leaf in tree_leaves(tensors):
            if isinstance(leaf, Tensor):
                self._count(leaf)
        self.peak = max(self.peak, self.live)

    def _count(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key = storage._cdata
        if key in self._known:
            return
        size = storage.nbytes()
        self.live += size
        self._known[key] = weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        del self._known[key]
        self.live -= size

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        known = {id(leaf) for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)}
        for leaf in tree_leaves(out):
            if isinstance(leaf, Tensor) and id(leaf) not in known and not _is_weight(leaf, args):
                self._count(leaf)
        self.peak = max(self.peak, self.live + _borrowed(func, args, out))
        return out


def _is_weight(tensor: Tensor, args: tuple[Any, ...]) -> bool:
    """Whether it is a view of a parameter: weights are counted elsewhere."""
    storage = tensor.untyped_storage()._cdata
    return any(
        isinstance(leaf, torch.nn.Parameter) and leaf.untyped_storage()._cdata == storage
        for leaf in tree_leaves(args)
    )


def _borrowed(func: Any, args: tuple[Any, ...], out: Any) -> int:
    """Bytes that an operation takes on a CUDA device and gives back when it is done."""
    if func is _ATEN.convolution.default:
        # cuDNN computes in channels-last: copies of input and output, where memory allows
        return _bytes(args[0]) + _bytes(out)
    if func in _NORMS and not args[0].is_contiguous():
        return _bytes(args[0])  # made contiguous first
    return 0


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


class _FusedAttention(TorchFunctionMode):
    """Attention as the fused kernels have it, memory linear in tokens (FlashAttention, Dao 2022).

    On the meta device PyTorch would take the plain form, with its tokens x tokens matrix.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func is torch.nn.functional.scaled_dot_product_attention:
            query, _, value = (
                args[:3] if len(args) >= 3 else (kwargs["query"], None, kwargs["value"])
            )
            # [B, heads, tokens, channels], and the logarithm of every row's sum
            out = query.new_empty((*query.shape[:-1], value.shape[-1]))
            rows = query.new_empty(query.shape[:-1], dtype=torch.float32)
            del rows
            return out
        return func(*args, **(kwargs or {}))
