"""A part gives the same numbers wherever it lies; fp8 gives nearly the same."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch.utils._pytree import tree_leaves  # noqa: E402

from openvoid.core.errors import OpenVoidError  # noqa: E402
from openvoid.void.budget.arrangements import RUNTIME_GIB, features_bytes  # noqa: E402
from openvoid.void.budget.placement import enforce, in_fp8, place  # noqa: E402
from openvoid.void.budget.plan import Plan, plan_for  # noqa: E402
from openvoid.void.model import attention  # noqa: E402
from openvoid.void.model.codec import Codec  # noqa: E402
from openvoid.void.model.parts import part_bytes  # noqa: E402
from tests.void import shapes  # noqa: E402

FP8 = torch.float8_e4m3fn


def plan(**changes: Any) -> Plan:
    """For a CPU that plays the device: everything but streams works there."""
    return dataclasses.replace(plan_for("auto", shapes.TINY, shapes.SMALL, "cpu"), **changes)


@torch.no_grad()
def called(model: Any, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return model(**shapes.given(dtype))[0]


@pytest.mark.parametrize(
    "changes",
    [{}, {"offload": "group"}, {"offload": "leaf"}, {"attention": "native"}],
    ids=["whole", "blocks", "layers", "attention"],
)
def test_the_transformer_gives_the_same_numbers_wherever_it_lies(changes: dict[str, str]) -> None:
    model = shapes.transformer()
    before = called(model)
    with place(model, "transformer", plan(**changes)) as placed:
        first, second = called(placed), called(placed)
    assert torch.equal(first, before)
    assert torch.equal(second, before)
    assert torch.equal(called(model), before)  # and after it was taken away again


def hooks_of(module: torch.nn.Module) -> set[str]:
    found = getattr(module, "_diffusers_hook", None)
    return set(found.hooks) if found else set()


def test_offloading_is_really_applied_and_undone() -> None:
    model = shapes.transformer()
    blocks = place(model, "transformer", plan(offload="group"))
    assert all("group_offloading" in hooks_of(block) for block in model.transformer_blocks)
    blocks.free()
    assert not any(hooks_of(module) for module in model.modules())
    layers = place(model, "transformer", plan(offload="leaf"))
    assert "group_offloading" in hooks_of(model.transformer_blocks[1].ff.net[2])
    layers.free()
    layers.free()  # twice is once
    assert not any(hooks_of(module) for module in model.modules())


@pytest.mark.parametrize("compute", [torch.float32, torch.bfloat16], ids=["fp32", "bf16"])
@pytest.mark.parametrize("offload", ["none", "group"])
def test_fp8_weights_change_the_result_by_little(compute: torch.dtype, offload: str) -> None:
    # e4m3 keeps 3 bits of the mantissa: weights are off by at most 1/16, by 1/40 on average
    model = shapes.transformer().to(compute)
    before = called(model, compute).float()
    dtype = "float32" if compute == torch.float32 else "bfloat16"
    with place(model, "transformer", plan(storage="float8", offload=offload, dtype=dtype)):
        after = called(model, compute)
        assert torch.equal(called(model, compute), after)  # no error adds up from call to call
    assert after.dtype == compute
    apart = (after.float() - before).square().mean().sqrt() / before.std()
    assert 0 < apart < 0.03


def test_fp8_leaves_norms_and_embeddings_alone_and_saves_what_the_plan_says() -> None:
    model = shapes.transformer()
    place(model, "transformer", plan(storage="float8")).free()
    stored = {name: tensor.dtype for name, tensor in model.named_parameters()}
    for name, dtype in stored.items():
        kept = "norm" in name or "patch_embed" in name or name.startswith("proj_out")
        assert dtype == (torch.float32 if kept else FP8), name
    held = sum(tensor.nbytes for tensor in model.parameters())
    assert (
        held == part_bytes("transformer", shapes.TINY.transformer_config, "float32", "float8").whole
    )
    assert in_fp8(model)
    assert in_fp8(place(model, "transformer", plan(storage="float8")).module)  # once more is fine


@pytest.mark.parametrize("text", ["none", "group", "cpu"])
def test_the_text_encoder_gives_the_same_numbers_wherever_it_lies(text: str) -> None:
    model = shapes.text_encoder()
    words = torch.arange(10)[None] + 3
    with torch.no_grad():
        before = model(words)[0]
        placed = place(model, "text", plan(text=text))
        after = model(words.to(placed.device))[0]
        hooked = hasattr(model.encoder.block[0], "_diffusers_hook")
        placed.free()
        assert torch.equal(model(words)[0], before)
    assert torch.equal(after, before)
    assert hooked is (text == "group")


def test_the_vae_forgets_caches_that_nothing_reads() -> None:
    model = shapes.vae()
    latents = torch.randn((1, 16, 6, 8, 12), generator=torch.Generator().manual_seed(0))
    before = torch.cat(list(Codec(model).decode(latents)), dim=2)
    with torch.no_grad():
        _, full = model.decoder(latents[:, :, :2])
        with place(model, "vae", plan()):
            after = torch.cat(list(Codec(model).decode(latents)), dim=2)
            _, lean = model.decoder(latents[:, :, :2])
        _, again = model.decoder(latents[:, :, :2])
    assert torch.equal(after, before)

    def held(caches: Any) -> int:
        if isinstance(caches, dict):
            return sum(held(part) for part in caches.values())
        return 0 if caches is None else int(caches.nbytes)

    assert held(lean) < 0.7 * held(full)
    assert held(again) == held(full)


def test_compiling_reaches_every_block(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[Any] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self: compiled.append(self))
    model = shapes.transformer()
    place(model, "transformer", plan(compile=True)).free()
    assert compiled == list(model.transformer_blocks)


def test_an_attention_back_end_that_does_not_work_is_refused_with_those_that_do() -> None:
    with pytest.raises(OpenVoidError, match=r"--attention: cannot use 'nope': unknown .*native"):
        place(shapes.transformer(), "transformer", plan(attention="nope"))
    missing = [name for name in attention.names() if attention.why_not(name, "cpu", torch.float32)]
    assert "xformers" in missing or "sage" in missing
    assert "native" in attention.working("cpu", torch.float32)
    assert not {"native_math", "flex"} & set(attention.names())


def test_another_attention_back_end_is_really_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers.models import attention_dispatch

    model = shapes.transformer()
    with place(model, "transformer", plan(attention="native")):
        used: list[Any] = []
        real = attention_dispatch.dispatch_attention_fn

        def spy(*args: Any, **words: Any) -> Any:
            used.append(words["backend"])
            return real(*args, **words)

        monkeypatch.setattr(attention_dispatch, "dispatch_attention_fn", spy)
        called(model)
    assert len(used) == 3
    with place(model, "transformer", plan()):
        called(model)
    assert len(used) == 3


def test_a_budget_is_enforced_where_one_was_given_for_a_gpu(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits: list[float] = []
    card = SimpleNamespace(total_memory=10 << 30)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: card)
    monkeypatch.setattr(
        torch.cuda, "set_per_process_memory_fraction", lambda share, device: limits.append(share)
    )
    enforce(plan(budget_gib=6.0))
    enforce(plan(device="cuda", budget_gib=None))
    assert limits == [], "there is no GPU, or no budget"
    enforce(plan(device="cuda", budget_gib=6.0))
    enforce(plan(device="cuda", budget_gib=60.0))
    assert limits == [pytest.approx((6 - RUNTIME_GIB) / 10), 1.0]


@pytest.mark.parametrize("offload", ["none", "group"])
def test_a_feature_cache_goes_with_the_placement_and_keeps_what_is_counted(offload: str) -> None:
    from diffusers import FirstBlockCacheConfig

    model = shapes.transformer()
    before = called(model)
    with place(model, "transformer", plan(offload=offload)):
        model.enable_cache(FirstBlockCacheConfig(threshold=1e6))  # skips whatever it may
        states = []
        for window in ("one", "other"):
            with model.cache_context(window):
                assert torch.equal(called(model), before)
                hook = model.transformer_blocks[0]._diffusers_hook.hooks["fbc_leader_block_hook"]
                states.append(hook.state_manager.get_state())
                assert torch.allclose(called(model), before, atol=1e-5)  # nothing has changed
    kept = [
        tensor
        for state in states
        for tensor in tree_leaves(vars(state))
        if isinstance(tensor, torch.Tensor)
    ]
    work = dataclasses.replace(shapes.SMALL, cached=4)  # two windows, two branches
    counted = features_bytes(shapes.TINY.transformer_config, "float32", work)
    assert sum(tensor.nbytes for tensor in kept) == pytest.approx(counted, rel=0.05)
    assert torch.equal(called(model), before)
    assert not any(hooks_of(module) for module in model.modules())
