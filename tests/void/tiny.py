"""Tiny random weights in the layout of the released folders: for tests, seconds instead of 30 GB.

folder/
  CogVideoX-Fun-V1.5-5b-InP/   transformer (33 channels), vae, text_encoder, ...
  void_pass1.safetensors       whole transformers with 48 channels
  void_pass2.safetensors
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BASE = "CogVideoX-Fun-V1.5-5b-InP"
TEXT_WIDTH = 24

TRANSFORMER: dict[str, Any] = {
    "num_attention_heads": 2,
    "attention_head_dim": 32,
    "in_channels": 33,
    "out_channels": 16,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "time_embed_dim": 32,
    "text_embed_dim": TEXT_WIDTH,
    "num_layers": 2,
    "dropout": 0.0,
    "attention_bias": True,
    "sample_width": 300,
    "sample_height": 300,
    "sample_frames": 81,
    "patch_size": 2,
    "patch_size_t": 2,
    "temporal_compression_ratio": 4,
    "max_text_seq_length": 226,
    "activation_fn": "gelu-approximate",
    "timestep_activation_fn": "silu",
    "norm_elementwise_affine": True,
    "norm_eps": 1e-5,
    "use_rotary_positional_embeddings": True,
    "use_learned_positional_embeddings": False,
    "patch_bias": False,
}
# what the base model's config holds beyond the arguments of the class
TRANSFORMER_EXTRA: dict[str, Any] = {
    "_class_name": "CogVideoXTransformer3DModel",
    "_diffusers_version": "0.30.1",
    "add_noise_in_inpaint_model": True,
}
VAE: dict[str, Any] = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ["CogVideoXDownBlock3D"] * 4,
    "up_block_types": ["CogVideoXUpBlock3D"] * 4,
    "block_out_channels": [8, 8, 16, 16],
    "latent_channels": 16,
    "layers_per_block": 1,
    "act_fn": "silu",
    "norm_eps": 1e-6,
    "norm_num_groups": 4,
    "temporal_compression_ratio": 4,
    "sample_height": 480,
    "sample_width": 720,
    "scaling_factor": 0.7,
    "shift_factor": None,
    "latents_mean": None,
    "latents_std": None,
    "force_upcast": True,
    "use_quant_conv": False,
    "use_post_quant_conv": False,
}
SCHEDULER: dict[str, Any] = {
    "_class_name": "CogVideoXDDIMScheduler",
    "_diffusers_version": "0.30.1",
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "clip_sample_range": 1.0,
    "sample_max_value": 1.0,
    "set_alpha_to_one": True,
    "steps_offset": 0,
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "snr_shift_scale": 1.0,
    "timestep_spacing": "trailing",
}
SENTENCES = (
    "a wooden table with a glass jar of water and a bowl of limes beside it",
    "an empty street in the evening, wet asphalt, soft light from the shop windows",
    "a guitar lies on the floor of a quiet room, the curtains move in the wind",
    "two children run along the beach while small waves roll over the sand",
    "the billiard balls stay where they are, nothing touches them on the green cloth",
    "a dog sleeps in front of the fire place, a red carpet under its paws",
)


def make_checkpoint(
    folder: Path,
    *,
    seed: int = 0,
    passes: Sequence[int] = (1, 2),
    dtype: str = "float32",
    transformer: Mapping[str, Any] | None = None,
    vae: Mapping[str, Any] | None = None,
    base: str = BASE,
) -> Path:
    """A tiny random checkpoint; gives the folder that holds the base and the VOID files.

    Args:
        passes: which VOID files are written.
        dtype: of all weights: "float32" or "bfloat16".
        transformer, vae: settings that differ from those above.
        base: the base folder's name; empty puts base and VOID files into one folder.
    """
    import torch

    torch_dtype = getattr(torch, dtype)
    home = folder / base
    home.mkdir(parents=True, exist_ok=True)
    settings = TRANSFORMER | dict(transformer or {})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        _save_model(home / "transformer", _transformer(settings), TRANSFORMER_EXTRA, torch_dtype)
        for number in passes:
            wide = _transformer(settings | {"in_channels": 48})
            _save_weights(folder / f"void_pass{number}.safetensors", wide, torch_dtype)
        _save_model(home / "vae", _vae(VAE | dict(vae or {})), {}, torch_dtype)
        words = make_tokenizer(home / "tokenizer")
        _save_text_encoder(home / "text_encoder", words, settings["text_embed_dim"], torch_dtype)
    _write(home / "scheduler" / "scheduler_config.json", SCHEDULER)
    _write(home / "model_index.json", {"_class_name": "CogVideoXPipeline"})
    return folder


def make_tokenizer(folder: Path) -> int:
    """A sentencepiece model of a few sentences, as T5 has it; gives its number of pieces."""
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES),
        model_writer=model,
        vocab_size=96,
        model_type="unigram",
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
        num_threads=1,
    )
    (folder / "spiece.model").write_bytes(model.getvalue())
    _write(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "T5Tokenizer",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": "<pad>",
            "extra_ids": 100,
            "model_max_length": 226,
            "legacy": True,
        },
    )
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue()).get_piece_size()


def _transformer(settings: Mapping[str, Any]) -> Any:
    from diffusers import CogVideoXTransformer3DModel

    return CogVideoXTransformer3DModel(**settings)


def _vae(settings: Mapping[str, Any]) -> Any:
    from diffusers import AutoencoderKLCogVideoX

    return AutoencoderKLCogVideoX(**settings)


def _save_model(folder: Path, model: Any, extra: Mapping[str, Any], dtype: Any) -> None:
    """Weights and config as diffusers names them."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {key: value for key, value in model.config.items() if not key.startswith("_")}
    _write(folder / "config.json", {"_class_name": type(model).__name__} | settings | dict(extra))
    _save_weights(folder / "diffusion_pytorch_model.safetensors", model, dtype)


def _save_weights(path: Path, model: Any, dtype: Any) -> None:
    from safetensors.torch import save_file

    state = {name: value.to(dtype).contiguous() for name, value in model.state_dict().items()}
    save_file(state, path, metadata={"format": "pt"})


def _save_text_encoder(folder: Path, words: int, width: int, dtype: Any) -> None:
    """A T5 encoder in two shards with their index, as transformers writes them."""
    from transformers import T5Config, T5EncoderModel

    config = T5Config(
        vocab_size=words + 100 + 4,
        d_model=width,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=3,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
    )
    model = T5EncoderModel(config).to(dtype)
    total = sum(value.numel() * value.element_size() for value in model.parameters())
    model.save_pretrained(folder, max_shard_size=total * 6 // 10)
    assert (folder / "model.safetensors.index.json").exists(), "the encoder must be sharded"


def _write(path: Path, data: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=2))
