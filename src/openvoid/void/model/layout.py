"""What the released weights must look like: names, numbers, every key with its shape.

Enters: configs, and the headers of safetensors files. Leaves: the expected layout, and what does
not fit, in words. The expected layout is that of diffusers' and transformers' own classes, built
without memory on the meta device (numerics.md, "Names and sizes"). Reads no weights and knows not
where the files lie. Importing it needs no torch.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openvoid.core import facts, limits
from openvoid.core.errors import OpenVoidError
from openvoid.core.facts import Facts
from openvoid.void.model.header import Entry

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS = 48  # noisy latent 16 | mask latent 16 | video latent 16
BASE_CHANNELS = 33
PATCH = 8  # columns of the patch projection for each channel: 2 x 2 x 2
DTYPES = ("BF16", "F16", "F32")

# Config entries that the numerics rest on. None: any number, but it must be there.
TRANSFORMER: dict[str, Any] = {
    "num_layers": None,
    "num_attention_heads": None,
    "attention_head_dim": None,
    "text_embed_dim": None,
    "out_channels": 16,
    "patch_size": 2,
    "patch_size_t": 2,
    "use_rotary_positional_embeddings": True,
}
VAE: dict[str, Any] = {
    "block_out_channels": None,
    "in_channels": 3,
    "out_channels": 3,
    "latent_channels": 16,
    "temporal_compression_ratio": 4,
    "scaling_factor": 0.7,
}
TEXT: dict[str, Any] = {"d_model": None, "num_layers": None, "vocab_size": None}
TEXT |= {"num_heads": None, "d_kv": None, "d_ff": None}
COUNTS = {"num_layers", "num_decoder_layers", "layers_per_block"}  # of what is built in a loop
WIDTHS = {"num_attention_heads", "attention_head_dim", "text_embed_dim", "time_embed_dim"}
WIDTHS |= {"in_channels", "out_channels", "norm_num_groups", "patch_size", "patch_size_t"}
WIDTHS |= {"d_model", "num_heads", "d_kv", "d_ff", "vocab_size", "max_text_seq_length"}
STAGES = {"block_out_channels"}  # a width each
SCHEDULER: dict[str, Any] = {  # numerics.md, "Sampling"
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "set_alpha_to_one": True,
    "clip_sample": False,
    "steps_offset": 0,
}
CLASSES = {
    "transformer": "CogVideoXTransformer3DModel",
    "vae": "AutoencoderKLCogVideoX",
    "text_encoder": "T5EncoderModel",
}


Header = Mapping[str, Entry]
Layout = Mapping[str, tuple[int, ...]]


def read_config(path: Path) -> dict[str, Any]:
    """A JSON object; what is not one is told with its name."""
    found = facts.read(path)
    found.fields()
    return dict(found.value)


def check_config(part: str, config: Mapping[str, Any], where: Path) -> None:
    """The part is of the right class and has the numbers that the numerics rest on."""
    wanted_class = CLASSES[part]
    told = Facts.of(config, str(where))
    found = told.at("_class_name", "").text() or wanted_class
    named = told.at("architectures", ()).rows()
    if named and "_class_name" not in told:
        found = named[0].text()
    if found != wanted_class:
        raise OpenVoidError(
            f"another architecture: {found}, expected {wanted_class}", where=str(where)
        )
    check_numbers(told)
    for name, wanted in {"transformer": TRANSFORMER, "vae": VAE, "text_encoder": TEXT}[
        part
    ].items():
        if name not in config:
            raise OpenVoidError(f"lacks {name}", where=str(where))
        if wanted is not None and config[name] != wanted:
            raise OpenVoidError(
                f"another architecture: {name} is {config[name]}, expected {wanted}",
                where=str(where),
            )
    channels = config.get("in_channels")
    if part == "transformer" and channels not in (BASE_CHANNELS, CHANNELS):
        raise OpenVoidError(
            f"another architecture: {channels} input channels, expected {BASE_CHANNELS} (base) "
            f"or {CHANNELS}",
            where=str(where),
        )


def check_numbers(config: Facts) -> None:
    """That a configuration asks for no model that could not be: this holds before it is built.

    Raises:
        OpenVoidError: a number that is no width or count, or a list where a number is expected.
    """
    for name, entry in config.fields().items():
        inside = entry.rows(1, limits.LAYERS) if name in STAGES else [entry]
        for each in inside:
            if each.value is None:
                continue  # what the class takes then, or refuses
            if name in COUNTS:
                each.whole(1, limits.LAYERS)
            elif name in STAGES or name in WIDTHS:
                each.whole(1, limits.WIDTH)
            elif isinstance(each.value, int) and not isinstance(each.value, bool):
                each.whole(-limits.WIDTH, limits.WIDTH)


def scheduler_settings(config: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The scheduler's settings as the numerics want them, and where the checkpoint differs."""
    notes = [
        f"scheduler: {name} is {config[name]}, taken as {wanted}"
        for name, wanted in (SCHEDULER | {"snr_shift_scale": 1.0}).items()
        if name in config and config[name] != wanted
    ]
    return dict(SCHEDULER), notes


def build(part: str, config: Mapping[str, Any]) -> Any:
    """The model of a part on the meta device: all shapes, no memory.

    Raises:
        OpenVoidError: a number in the config that no model has.
    """
    import torch

    check_numbers(Facts.of(config, f"{part}/config.json"))

    with torch.device("meta"):
        if part == "text_encoder":
            from transformers import T5Config, T5EncoderModel

            return T5EncoderModel(T5Config.from_dict(dict(config)))
        import diffusers

        Model: Any = getattr(diffusers, CLASSES[part])
        known = set(inspect.signature(Model.__init__).parameters) - {"self"}
        return Model(**{name: value for name, value in config.items() if name in known})


def expected(part: str, config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Every key of a part with its shape; the tied embedding of the text encoder counts once."""
    try:
        state = build(part, config).state_dict()
    except OpenVoidError:
        raise
    except Exception as error:  # a config that does not fit together raises anything
        raise OpenVoidError(f"{part}/config.json cannot be built: {error}") from error
    state.pop("encoder.embed_tokens.weight", None)
    return {name: tuple(value.shape) for name, value in state.items()}


def wide(config: Mapping[str, Any]) -> dict[str, Any]:
    """The base transformer's config as the VOID files want it: 48 input channels."""
    return dict(config) | {"in_channels": CHANNELS}


def check_kind(header: Header, wanted: Layout, where: Path) -> None:
    """A transformer's file is of this family, width, depth and number of channels."""
    family = "transformer_blocks.0.attn1.to_q.weight"
    if family not in header or "patch_embed.proj.weight" not in header:
        kinds = ", ".join(sorted({name.split(".")[0] for name in header})[:4])
        raise OpenVoidError(
            f"another architecture: its keys begin with {kinds or 'nothing'}, expected "
            f"patch_embed and transformer_blocks of {CLASSES['transformer']}",
            where=str(where),
        )
    found, right = _figures(header), _figures({k: Entry(v, "F32") for k, v in wanted.items()})
    if found == (*right[:2], BASE_CHANNELS):
        raise OpenVoidError(
            f"has {BASE_CHANNELS} input channels, as the base model: expected a VOID file, "
            f"which has {CHANNELS}",
            where=str(where),
            mend="openvoid weights pull void",
        )
    if found != right:
        text = "{} layers of width {} and {} input channels"
        raise OpenVoidError(
            f"another architecture: {text.format(*found)}, expected {text.format(*right)}",
            where=str(where),
        )


def _figures(header: Header) -> tuple[int, int, int]:
    """Layers, width, input channels."""
    blocks = [re.match(r"transformer_blocks\.(\d+)\.", name) for name in header]
    shape = header["patch_embed.proj.weight"].shape
    columns = shape[1] if len(shape) == 2 else shape[1] * PATCH  # a convolution: CogVideoX 1.0
    return 1 + max(int(found[1]) for found in blocks if found), shape[0], columns // PATCH


def oddities(header: Header, wanted: Layout) -> list[str]:
    """What is missing, what is of another shape or dtype, what is too much."""
    missing = [f"{name} is missing" for name in wanted if name not in header]
    wrong = [
        f"{name} is {list(header[name].shape)}, expected {list(shape)}"
        for name, shape in wanted.items()
        if name in header and header[name].shape != shape
    ]
    stored = [
        f"{name} is stored as {entry.dtype}, expected {', '.join(DTYPES)}"
        for name, entry in header.items()
        if name in wanted and entry.dtype not in DTYPES
    ]
    return (
        missing + wrong + stored + [f"{name} is unknown" for name in header if name not in wanted]
    )


def untied(header: Header) -> dict[str, Entry]:
    """A text encoder's header with its embedding under one name, however it is stored."""
    entries = dict(header)
    twin = entries.pop("encoder.embed_tokens.weight", None)
    if twin is not None:
        entries.setdefault("shared.weight", twin)
    return entries


def widen_patch_embed(base: Tensor, checkpoint: Tensor, *, latent_channels: int = 16) -> Tensor:
    """A patch projection of another width, brought to the model's: for training from the base.

    Keeps the checkpoint's first and last 16 channels (noisy and video latent); the middle (the
    mask) stays as it is in the model. Columns are channel-major: channel x p_t x p x p
    (numerics.md, "Names and sizes").

    Args:
        base: the model's own weight [width, channels x 8].
        checkpoint: the weight to take over [width, other channels x 8].
    """
    edge = latent_channels * PATCH
    if base.shape[0] != checkpoint.shape[0] or min(base.shape[1], checkpoint.shape[1]) < 2 * edge:
        raise OpenVoidError(
            f"a patch projection of {list(checkpoint.shape)} does not fit {list(base.shape)}"
        )
    if base.shape == checkpoint.shape:
        return checkpoint.to(base.dtype).clone()
    widened = base.clone()
    widened[:, :edge] = checkpoint[:, :edge]
    widened[:, -edge:] = checkpoint[:, -edge:]
    return widened
