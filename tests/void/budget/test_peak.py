"""The meter of live memory counts what is alive, and nothing twice."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from openvoid.void.budget import activations  # noqa: E402
from openvoid.void.budget.peak import peak_bytes  # noqa: E402
from tests.void import shapes  # noqa: E402

MIB = 2**20


def empty(*shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


@settings(deadline=None, max_examples=20)
@given(steps=st.integers(1, 6), keep=st.booleans())
def test_a_chain_holds_two_links_or_all_of_them(steps: int, keep: bool) -> None:
    start = empty(256, 1024)  # 1 MiB

    def chain() -> list[torch.Tensor]:
        kept, link = [], start
        for _ in range(steps):
            link = link + 1
            if keep:
                kept.append(link)
        return kept

    # the start is held by us throughout; a link is freed once the next one is there
    expected = 1 + (steps if keep else min(2, steps))
    assert peak_bytes(chain, start) == expected * MIB


def test_views_and_what_is_done_in_place_cost_nothing() -> None:
    start = empty(256, 1024)

    def call() -> torch.Tensor:
        turned = start.transpose(0, 1)[:10].unflatten(1, (2, 128))
        start.add_(1).mul_(2)
        return turned

    assert peak_bytes(call, start, start.transpose(0, 1)) == MIB


def test_weights_and_their_views_are_not_counted() -> None:
    layer = torch.nn.Linear(1024, 256, device="meta")
    rows = empty(1, 1024)
    assert peak_bytes(lambda: layer(rows), rows) == rows.nbytes + 4 * 256


def test_attention_is_linear_in_tokens() -> None:
    def peak(tokens: int) -> int:
        heads = [empty(1, 8, tokens, 64) for _ in range(3)]
        call = torch.nn.functional.scaled_dot_product_attention
        return peak_bytes(lambda: call(*heads), heads)

    assert peak(2000) == 2 * peak(1000)
    assert peak(1000) < 4.1 * 8 * 1000 * 64 * 4
    heads = [empty(1, 8, 100, 64) for _ in range(3)]
    words = dict(zip(("query", "key", "value"), heads, strict=True))
    call = torch.nn.functional.scaled_dot_product_attention
    assert peak_bytes(lambda: call(**words), heads) == peak_bytes(lambda: call(*heads), heads)


def test_a_convolution_borrows_room_for_copies_of_its_input_and_output() -> None:
    layer = torch.nn.Conv3d(4, 8, 1, device="meta")
    picture = empty(1, 4, 2, 32, 32)
    assert peak_bytes(lambda: layer(picture), picture) == 2 * 3 * picture.nbytes


def test_a_norm_borrows_room_to_put_its_input_in_order() -> None:
    norm = torch.nn.GroupNorm(2, 64, device="meta")
    picture = empty(1, 64, 64, 64)
    plain = peak_bytes(lambda: norm(picture), picture)
    turned = peak_bytes(lambda: norm(picture.permute(0, 3, 1, 2)), picture)
    assert turned - plain == picture.nbytes


@pytest.mark.parametrize("branches", [1, 2])
def test_the_transformers_peak_is_the_one_a_real_run_has(branches: int) -> None:
    model, config = shapes.transformer(), shapes.TINY.transformer_config
    words = shapes.given()
    words = {
        name: value[:branches] if isinstance(value, torch.Tensor) else value
        for name, value in words.items()
    }
    tensors = [words["hidden_states"], words["encoder_hidden_states"], words["timestep"]]
    inputs = sum(tensor.nbytes for tensor in [*tensors, *words["image_rotary_emb"]])
    predicted = activations.transformer_bytes(config, "float32", (6, 12, 20), 7, branches) - inputs
    with torch.no_grad():
        model(**words)
        measured = allocated(lambda: model(**words))
    assert predicted == pytest.approx(measured, rel=0.01)


def allocated(call: Any) -> int:
    """The peak of what PyTorch's own allocator handed out during a call on the CPU."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(profile_memory=True, activities=activities) as profile:
        call()
    live = peak = 0
    events = [
        each for each in profile.profiler.kineto_results.events() if each.name() == "[memory]"
    ]
    for event in sorted(events, key=lambda each: each.start_ns()):
        live += event.nbytes()
        peak = max(peak, live)
    return peak
