"""Headers, configs and expected layouts: what does not fit is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

import torch

from openvoid.core.errors import OpenVoidError
from openvoid.void.model import layout
from openvoid.void.model.header import Entry
from tests.void.tiny import SCHEDULER, TRANSFORMER, VAE

FULL = TRANSFORMER | {
    "num_attention_heads": 48,
    "attention_head_dim": 64,
    "num_layers": 42,
    "time_embed_dim": 512,
    "text_embed_dim": 4096,
}


def test_the_full_size_layout_is_what_was_released() -> None:
    """42 layers, 5.6 billion parameters, 11.1 GB in bfloat16 (numerics.md)."""
    wanted = layout.expected("transformer", layout.wide(FULL))
    count = sum(torch.Size(shape).numel() for shape in wanted.values())
    assert wanted["patch_embed.proj.weight"] == (3072, 48 * 8)
    assert 11.05e9 < 2 * count < 11.2e9
    assert 5.5e9 < count < 5.6e9


def test_fields_that_the_class_does_not_know_do_no_harm() -> None:
    config = TRANSFORMER | {"add_noise_in_inpaint_model": True, "_class_name": "x", "invented": 3}
    assert layout.expected("transformer", config) == layout.expected("transformer", TRANSFORMER)


@pytest.mark.parametrize(
    ("part", "config", "told"),
    [
        ("transformer", {"_class_name": "WanTransformer3DModel"}, "WanTransformer3DModel"),
        ("transformer", TRANSFORMER | {"patch_size_t": None}, "patch_size_t is None, expected 2"),
        ("transformer", TRANSFORMER | {"in_channels": 16}, "16 input channels"),
        ("transformer", TRANSFORMER | {"out_channels": 32}, "out_channels is 32, expected 16"),
        ("vae", VAE | {"scaling_factor": 1.15258426}, "scaling_factor is 1.15258426, expected 0.7"),
        ("vae", VAE | {"latent_channels": 8}, "latent_channels is 8, expected 16"),
        ("vae", {"_class_name": "AutoencoderKLWan"}, "expected AutoencoderKLCogVideoX"),
        ("text_encoder", {"architectures": ["UMT5EncoderModel"]}, "UMT5EncoderModel"),
    ],
)
def test_another_architecture_says_what_was_found_and_expected(
    part: str, config: dict[str, Any], told: str
) -> None:
    with pytest.raises(OpenVoidError) as caught:
        layout.check_config(part, config, Path("config.json"))
    assert "another architecture" in caught.value.line()
    assert told in caught.value.line()


@pytest.mark.parametrize("name", ["num_layers", "num_attention_heads", "text_embed_dim"])
def test_a_number_that_is_not_told_is_not_guessed(name: str) -> None:
    config = {key: value for key, value in TRANSFORMER.items() if key != name}
    with pytest.raises(OpenVoidError, match=f"lacks {name}"):
        layout.check_config("transformer", config, Path("config.json"))


def test_the_scheduler_is_as_the_numerics_want_it_and_says_where_it_was_not() -> None:
    settings, notes = layout.scheduler_settings(SCHEDULER)
    assert notes == []
    assert {name: SCHEDULER[name] for name in settings} == settings
    changed, notes = layout.scheduler_settings(
        SCHEDULER | {"timestep_spacing": "leading", "snr_shift_scale": 3.0, "whatever": 1}
    )
    assert changed == settings
    assert [note.split()[1] for note in notes] == ["timestep_spacing", "snr_shift_scale"]


def test_what_is_odd_is_counted_by_kind() -> None:
    wanted = {"a": (2,), "b": (3, 3), "c": (1,)}
    header = {
        "b": Entry((3, 4), "BF16"),
        "c": Entry((1,), "I8"),
        "d": Entry((1,), "F32"),
    }
    assert layout.oddities(header, wanted) == [
        "a is missing",
        "b is [3, 4], expected [3, 3]",
        "c is stored as I8, expected BF16, F16, F32",
        "d is unknown",
    ]


def test_a_tied_embedding_may_have_either_name() -> None:
    entry = Entry((5, 3), "F32")
    for names in (
        ("shared.weight",),
        ("encoder.embed_tokens.weight",),
        ("shared.weight", "encoder.embed_tokens.weight"),
    ):
        assert layout.untied(dict.fromkeys(names, entry)) == {"shared.weight": entry}
