"""Transformer, rotary embedding, VAE: ours against the released reference, in float32."""

from __future__ import annotations

from typing import Any

import pytest

torch = pytest.importorskip("torch")

from openvoid.void.model.codec import Codec, encoded_frames  # noqa: E402
from openvoid.void.model.denoise import rotary  # noqa: E402


def test_the_rotary_embedding_is_theirs(reference: Any) -> None:
    cos, sin = rotary(reference.transformer().config, 6, 6, 10)
    assert reference.near(cos, reference.modules["rope_cos"])
    assert reference.near(sin, reference.modules["rope_sin"])


@torch.no_grad()
def test_the_transformer_gives_their_velocity(reference: Any) -> None:
    transformer, given = reference.transformer(), reference.modules
    velocity = transformer(
        hidden_states=given["transformer_in"],
        encoder_hidden_states=given["transformer_text"],
        timestep=given["transformer_t"],
        image_rotary_emb=rotary(transformer.config, 6, 6, 10),
        return_dict=False,
    )[0]
    assert reference.near(velocity, given["transformer_out"])


def test_encoding_gives_their_latents(reference: Any) -> None:
    vae = reference.vae()
    chunks = reference.modules["vae_in"].split(encoded_frames(21), dim=2)
    ours = torch.cat(list(Codec(vae).encode(chunks)), dim=2)
    assert reference.near(ours, reference.modules["vae_mode"] * vae.config.scaling_factor)


def test_six_latents_decode_to_their_21_frames(reference: Any) -> None:
    vae = reference.vae()
    chunks = list(Codec(vae).decode(reference.modules["vae_mode"] * vae.config.scaling_factor))
    assert [chunk.shape[2] for chunk in chunks] == [1, 8, 8, 4]
    assert reference.near(torch.cat(chunks, dim=2), reference.modules["vae_out"])


def test_22_latents_decode_to_85_frames(reference: Any) -> None:
    chunks = Codec(reference.vae()).decode(torch.zeros(1, 16, 22, 2, 2))
    assert sum(chunk.shape[2] for chunk in chunks) == 85


def test_the_stock_decoder_would_be_wrong(reference: Any) -> None:
    """Why `codec` exists: stock gives 24 frames of six latents."""
    with torch.no_grad():
        stock = reference.vae().decode(reference.modules["vae_mode"]).sample
    assert stock.shape[2] == 24


def test_a_second_clip_is_decoded_like_the_first(reference: Any) -> None:
    vae = reference.vae()
    codec, latents = Codec(vae), reference.modules["vae_mode"]
    first = torch.cat(list(codec.decode(latents)), dim=2)
    again = torch.cat(list(Codec(vae).decode(latents)), dim=2)  # the same VAE, wrapped once more
    assert torch.equal(first, again)
