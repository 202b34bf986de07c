"""Tiny random SAM 2 and SAM 3, saved as their repositories are: for tests, seconds on a CPU.

Random weights know no objects: what comes out is noise, but it comes the way real masks would.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz"

TRACKER: dict[str, Any] = {
    "memory_attention_hidden_size": 128,
    "memory_attention_num_layers": 1,
    "memory_attention_feed_forward_hidden_size": 32,
    "memory_attention_rope_feat_sizes": [4, 4],
    "memory_encoder_hidden_size": 128,
    "memory_encoder_output_channels": 64,
    "mask_downsampler_embed_dim": 128,
    "memory_fuser_embed_dim": 128,
    "memory_fuser_intermediate_dim": 32,
    "memory_fuser_num_layers": 1,
    "mask_decoder_config": {
        "hidden_size": 128,
        "mlp_dim": 32,
        "num_attention_heads": 2,
        "iou_head_hidden_dim": 32,
    },
}
PROMPTS = {"hidden_size": 128, "mask_input_channels": 4}
LEVELS = [[16, 16], [8, 8], [4, 4]]
HIERA = {
    "model_type": "sam2_vision_model",
    "backbone_config": {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [64, 64],
        "num_attention_heads": 1,
        "blocks_per_stage": [1, 1, 1, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 1, 1],
        "window_size_per_stage": [4, 4, 4, 4],
        "global_attention_blocks": [],
        "window_positional_embedding_background_size": [2, 2],
    },
    "backbone_channel_list": [64, 32, 16, 8],
    "backbone_feature_sizes": LEVELS,
    "fpn_hidden_size": 128,
}
VIT = {
    "model_type": "sam3_vision_model",
    "backbone_config": {
        "model_type": "sam3_vit_model",
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
        "window_size": 2,
        "global_attn_indexes": [1],
        "pretrain_image_size": 28,
    },
    "backbone_feature_sizes": LEVELS,
    "fpn_hidden_size": 128,
}
DETR = {"hidden_size": 128, "num_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def make_sam2(folder: Path, seed: int = 7) -> Path:
    """SAM 2 at 64 pixels, its memory and decoder whole."""
    from transformers import Sam2VideoConfig, Sam2VideoModel

    config = Sam2VideoConfig(
        vision_config=HIERA,
        prompt_encoder_config=PROMPTS | {"image_size": 64},
        image_size=64,
        **TRACKER,
    )
    return _saved(Sam2VideoModel, config, folder, seed)


def make_sam3(folder: Path, seed: int = 2) -> Path:
    """SAM 3 at 56 pixels, with a tokenizer of single letters."""
    from transformers import Sam3VideoConfig, Sam3VideoModel

    text = {
        "model_type": "clip_text_model",
        "vocab_size": 2 * len(LETTERS) + 2,
        "hidden_size": 32,
        "intermediate_size": 32,
        "projection_dim": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 32,
        "bos_token_id": 0,
        "eos_token_id": 1,
        "pad_token_id": 1,
    }
    detector = {
        "model_type": "sam3",
        "vision_config": VIT,
        "text_config": text,
        "geometry_encoder_config": DETR,
        "detr_encoder_config": DETR,
        "detr_decoder_config": DETR | {"num_queries": 6},
        "mask_decoder_config": {"hidden_size": 128, "num_attention_heads": 2},
    }
    tracker = {
        "model_type": "sam3_tracker_video",
        "vision_config": VIT,
        "prompt_encoder_config": PROMPTS | {"image_size": 56, "patch_size": 14},
        "image_size": 56,
        **TRACKER,
    }
    config = Sam3VideoConfig(detector_config=detector, tracker_config=tracker, low_res_mask_size=16)
    _tokenizer().save_pretrained(folder)
    return _saved(Sam3VideoModel, config, folder, seed)


def _tokenizer() -> Any:
    from transformers import CLIPTokenizer

    names = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{each}</w>" for each in LETTERS)]
    return CLIPTokenizer(vocab={name: number for number, name in enumerate(names)}, merges=[])


def _saved(kind: Any, config: Any, folder: Path, seed: int) -> Path:
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = kind(config)
        with torch.no_grad():
            for each in network.parameters():
                if each.ndim > 1:  # wide enough that pictures, marks and memories all matter
                    each.normal_(0, each[0].numel() ** -0.5)
            tracker = getattr(network, "tracker_model", network)
            tracker.mask_decoder.pred_obj_score_head.proj_out.bias += 2.0  # seen, mostly
    network.save_pretrained(folder)
    return folder
