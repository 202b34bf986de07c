"""Attention back ends: the one heavy operation of the transformer, computed by another kernel.

In: a transformer, a back end's name. Out: the same transformer with that back end in every block,
or one line saying why not. The kernels are those that diffusers dispatches to. Its own
`set_attention_backend` does nothing to this transformer, whose processor calls PyTorch directly; so
the processor here does the same computation and hands the product to diffusers' dispatch.
"""

from __future__ import annotations

from typing import Any

import torch

from openvoid.core.errors import OpenVoidError

_NOT_LINEAR = {"flex", "native_math"}  # hold tokens x tokens: no plan counts on that
_DOWNLOADED = "_hub"  # fetched when asked for by name, not when they are listed


def names() -> list[str]:
    """Every back end diffusers knows of, without the underscores of those it calls private."""
    members: Any = _dispatch().AttentionBackendName
    return sorted({member.value.lstrip("_") for member in members} - _NOT_LINEAR)


def working(device: torch.device | str, dtype: torch.dtype) -> list[str]:
    """Those that give the right numbers on this device; what would be downloaded is not tried."""
    here = torch.device(device)
    tried = [name for name in names() if not name.endswith(_DOWNLOADED)]
    return [name for name in tried if not why_not(name, here, dtype)]


def why_not(name: str, device: torch.device | str, dtype: torch.dtype) -> str:
    """Why a back end cannot be used here; empty where it can: a small product is tried."""
    if name not in names():
        return "unknown"
    dispatch = _dispatch()
    noise = torch.Generator().manual_seed(0)
    # [B, tokens, heads, channels]
    query, key, value = (
        torch.randn((1, 32, 2, 64), generator=noise).to(device, dtype) for _ in range(3)
    )
    try:
        backend = _backend(name)
        dispatch._check_attention_backend_requirements(backend)
        if name.endswith(_DOWNLOADED):
            dispatch._maybe_download_kernel_for_backend(backend)
        found = dispatch.dispatch_attention_fn(query, key, value, backend=backend)
        expected = dispatch.dispatch_attention_fn(query, key, value, backend=_backend("native"))
    except Exception as error:  # whatever a kernel says: it cannot be used here
        return (str(error) or type(error).__name__).strip().splitlines()[0]
    # quantised kernels are within a few hundredths
    apart = float((found - expected).abs().max())
    return "" if apart < 0.1 else f"its result is off by {apart:.2g}"


def use(transformer: Any, name: str, device: torch.device | str, dtype: torch.dtype) -> None:
    """Compute attention by that back end from now on; "" restores diffusers' own processor.

    `device` and `dtype` are those the transformer will work with.

    Raises:
        OpenVoidError: unknown, or it does not work here; those that do are listed.
    """
    from diffusers.models import attention_processor

    if not name:
        own: Any = attention_processor.CogVideoXAttnProcessor2_0
        transformer.set_attn_processor(own())
        return
    reason = why_not(name, device, dtype)
    if reason:
        known = ", ".join(working(device, dtype))
        raise OpenVoidError(
            f"cannot use {name!r}: {reason}", where="--attention", mend=f"here work: {known}"
        )
    transformer.set_attn_processor(Dispatched(_backend(name)))


class Dispatched:
    """CogVideoX's attention: text and video in one sequence, normed queries and keys, rotary
    embedding of the video's."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def __call__(
        self,
        attn: Any,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        image_rotary_emb: Any = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        from diffusers.models.embeddings import apply_rotary_emb

        text = encoder_hidden_states.shape[1]
        both = torch.cat([encoder_hidden_states, hidden_states], dim=1)  # [B, tokens, channels]
        # => [B, tokens, heads, channels]
        query, key, value = (
            project(both).unflatten(-1, (attn.heads, -1))
            for project in (attn.to_q, attn.to_k, attn.to_v)
        )
        query = query if attn.norm_q is None else attn.norm_q(query)
        key = key if attn.norm_k is None else attn.norm_k(key)
        if image_rotary_emb is not None:
            turn: Any = apply_rotary_emb
            for part in (query, key):
                part[:, text:] = turn(part[:, text:], image_rotary_emb, sequence_dim=1)
        mixed = _dispatch().dispatch_attention_fn(
            query, key, value, attn_mask=attention_mask, backend=self.backend
        )
        mixed = attn.to_out[1](attn.to_out[0](mixed.flatten(2)))
        return mixed[:, text:], mixed[:, :text]


def _backend(name: str) -> Any:
    members: Any = _dispatch().AttentionBackendName
    return next(member for member in members if member.value.lstrip("_") == name)


def _dispatch() -> Any:
    from diffusers.models import attention_dispatch

    return attention_dispatch
