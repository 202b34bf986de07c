"""The checkpoint: where its files lie, whether they are right, and how they become models.

Enters: a folder (or nothing: the hub's cache), adapters. Leaves: a `Checkpoint`, what is wrong with
it in one line, the files' hashes, and the models: on the CPU, strict, adapters fused. Weights that
have the wanted dtype stay mapped from their file and are never copied. Knows not how they are used.
The numbers behind it are numerics.md, "Names and sizes". Importing it needs no torch.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openvoid.core import facts
from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import NAME_LETTERS
from openvoid.core.removal import Progress, silent
from openvoid.media import digest
from openvoid.media.cache import at_home
from openvoid.void.model import folders, layout, lora, released, tensors, tokenizer
from openvoid.void.model.header import Entry, read_header

if TYPE_CHECKING:
    from diffusers import AutoencoderKLCogVideoX, CogVideoXTransformer3DModel
    from torch import Tensor, dtype
    from transformers import T5EncoderModel, T5Tokenizer

MODEL_FILES = {"transformer": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}
MODEL_FILES |= {"text_encoder": "model"}


@dataclass(frozen=True)
class Checkpoint:
    """Where every file lies; nothing is loaded."""

    base: Path  # a folder like CogVideoX-Fun-V1.5-5b-InP
    passes: Mapping[int, Path]  # 1 -> .../void_pass1.safetensors
    loras: tuple[tuple[Path, float], ...] = ()
    transformer_config: Mapping[str, Any] = field(default_factory=dict)
    vae_config: Mapping[str, Any] = field(default_factory=dict)
    text_config: Mapping[str, Any] = field(default_factory=dict)
    scheduler_config: Mapping[str, Any] = field(default_factory=dict)
    from_hub: bool = False

    @property
    def adds_noise(self) -> bool:
        """Whether the condition's video gets a little noise before it is encoded."""
        return bool(self.transformer_config.get("add_noise_in_inpaint_model", False))


@dataclass(frozen=True)
class Part:
    """One part of a checkpoint, checked."""

    name: str
    weights: int  # tensors
    parameters: int
    stored: str  # "BF16", or several
    size: int  # bytes


# --- where it is ------------------------------------------------------------------------------


def locate(weights: str = "", loras: Sequence[str] = ()) -> Checkpoint:
    """Find base and VOID files in a folder, or in the hub's cache where no folder is named."""
    root = at_home(weights, "the weights") if weights else None
    if root is not None and not root.is_dir():
        what = "is a file, not a folder" if root.is_file() else "there is no such folder"
        raise OpenVoidError(what, where=weights, mend="the folder that holds the weights")
    base = folders.base_in(root)
    found = {number: folders.void_in(root, base, number) for number in released.PASSES}
    parts = {
        part: _config_of(base, part, name, from_hub=root is None)
        for part, name in (
            ("transformer", "config.json"),
            ("vae", "config.json"),
            ("text_encoder", "config.json"),
            ("scheduler", "scheduler_config.json"),
        )
    }
    return Checkpoint(
        base,
        {number: path for number, path in found.items() if path is not None},
        tuple(lora.parse(text) for text in loras),
        parts["transformer"],
        parts["vae"],
        parts["text_encoder"],
        parts["scheduler"],
        from_hub=root is None,
    )


def _config_of(base: Path, part: str, name: str, *, from_hub: bool) -> dict[str, Any]:
    if not (base / part / name).is_file():
        mend = released.PULL if from_hub else f"{released.PULL} --to {base.parent}"
        raise OpenVoidError(f"lacks {part}/{name}", where=str(base), mend=mend)
    return layout.read_config(base / part / name)


def void_path(checkpoint: Checkpoint, number: int) -> Path:
    """The VOID file of a pass, or the line that says where to get it."""
    if number not in checkpoint.passes:
        to = "" if checkpoint.from_hub else f" --to {checkpoint.base.parent}"
        channels = checkpoint.transformer_config.get("in_channels")
        raise OpenVoidError(
            f"needs the VOID file {released.void_file(number)}: the base model alone "
            f"({channels} input channels) removes nothing",
            where=f"pass {number}",
            mend=f"{released.PULL} --pass {number}{to}",
        )
    return checkpoint.passes[number]


# --- whether it is right ----------------------------------------------------------------------


def check(
    checkpoint: Checkpoint, passes: Sequence[int] = released.PASSES, progress: Progress = silent
) -> tuple[Part, ...]:
    """Hold every key, shape and dtype against the expected layout, then look at every number.

    No model is made. A file is looked through once; it is remembered until it changes.

    Raises:
        OpenVoidError: one line that names the first of what is missing or odd, and how many.
    """
    files = {number: void_path(checkpoint, number) for number in passes}
    _check_configs(checkpoint)
    tokenizer.load(checkpoint.base / "tokenizer", checkpoint.text_config["vocab_size"])
    wide = layout.expected("transformer", layout.wide(checkpoint.transformer_config))
    parts = []
    for number, path in files.items():
        parts.append(_check_part(f"pass {number}", (path,), wide))
    for name in ("vae", "text_encoder"):
        paths = shards(checkpoint.base / name, MODEL_FILES[name])
        wanted = layout.expected(name, _config(checkpoint, name))
        parts.append(_check_part(name, paths, wanted))
    layouts = _layouts(checkpoint) if checkpoint.loras else {}
    for path, strength in checkpoint.loras:
        for part in layouts:
            lora.check(path, strength, part, layouts)
    for _, path in _weights(checkpoint, passes):
        tensors.check(path, progress)
    return tuple(parts)


def notes(checkpoint: Checkpoint) -> list[str]:
    """What is unusual but does no harm."""
    return layout.scheduler_settings(checkpoint.scheduler_config)[1]


def _check_configs(checkpoint: Checkpoint) -> None:
    for part in layout.CLASSES:
        where = checkpoint.base / part / "config.json"
        layout.check_config(part, _config(checkpoint, part), where)
    width, text = checkpoint.transformer_config["text_embed_dim"], checkpoint.text_config["d_model"]
    if width != text:
        raise OpenVoidError(
            f"the text encoder's width is {text}, the transformer wants {width}",
            where=str(checkpoint.base / "text_encoder"),
        )


def _check_part(name: str, paths: Sequence[Path], wanted: layout.Layout) -> Part:
    header: dict[str, Entry] = {}
    for path in paths:
        header |= read_header(path)
    where = paths[0] if len(paths) == 1 else paths[0].parent
    if name == "text_encoder":
        header = layout.untied(header)
    if name.startswith("pass"):
        layout.check_kind(header, wanted, where)
    _refuse(layout.oddities(header, wanted), len(wanted), where)
    counts = [math.prod(shape) for shape in wanted.values()]
    stored = sorted({entry.dtype for entry in header.values()})
    size = sum(path.stat().st_size for path in paths)
    return Part(name, len(header), sum(counts), ", ".join(stored), size)


def _refuse(odd: Sequence[str], of: int, where: Path) -> None:
    if odd:
        more = f"; and {len(odd) - 3} more" if len(odd) > 3 else ""
        raise OpenVoidError(
            f"{len(odd)} of {of} weights do not fit: {'; '.join(odd[:3])}{more}", where=str(where)
        )


def shards(folder: Path, stem: str) -> tuple[Path, ...]:
    """The files of a model: one, or those that its index lists, all of them there."""
    index = folder / f"{stem}.safetensors.index.json"
    if not index.is_file():
        single = folder / f"{stem}.safetensors"
        if not single.is_file():
            raise OpenVoidError(f"lacks {single.name}", where=str(folder), mend=released.PULL)
        return (single,)
    listed = facts.read(index).at("weight_map", {}).fields().values()
    if not listed:
        raise OpenVoidError("lists no weights", where=str(index))
    paths = tuple(folder / name for name in sorted({each.text(NAME_LETTERS) for each in listed}))
    lost = [path.name for path in paths if not path.is_file()]
    if lost:
        raise OpenVoidError(f"lacks {', '.join(lost)}", where=str(folder), mend=released.PULL)
    return paths


def hashes(
    checkpoint: Checkpoint, passes: Sequence[int] = released.PASSES, progress: Progress = silent
) -> dict[str, str]:
    """File name -> SHA-256, of all that a run with these passes reads."""
    return {name: digest.sha256(path, progress) for name, path in _files(checkpoint, passes)}


def _files(checkpoint: Checkpoint, passes: Sequence[int]) -> Iterator[tuple[str, Path]]:
    yield from _weights(checkpoint, passes)
    for path in tokenizer.files(checkpoint.base / "tokenizer"):
        yield f"tokenizer/{path.name}", path
    for path, strength in checkpoint.loras:
        yield f"lora/{path.name}:{strength:g}", path


def _weights(checkpoint: Checkpoint, passes: Sequence[int]) -> Iterator[tuple[str, Path]]:
    for number in passes:
        yield released.void_file(number), void_path(checkpoint, number)
    for part in ("vae", "text_encoder"):
        for path in shards(checkpoint.base / part, MODEL_FILES[part]):
            yield f"{part}/{path.name}", path


# --- how it becomes models --------------------------------------------------------------------


def load_transformer(
    checkpoint: Checkpoint, pass_number: int, dtype: dtype
) -> CogVideoXTransformer3DModel:
    """The transformer of a pass: 48 input channels, adapters fused, evaluating, on the CPU."""
    path = void_path(checkpoint, pass_number)
    layout.check_config(
        "transformer", checkpoint.transformer_config, checkpoint.base / "transformer/config.json"
    )
    config = layout.wide(checkpoint.transformer_config)
    _check_part(f"pass {pass_number}", (path,), layout.expected("transformer", config))
    return _loaded("transformer", config, (path,), dtype, _adapters(checkpoint, "transformer"))


def load_vae(checkpoint: Checkpoint, dtype: dtype) -> AutoencoderKLCogVideoX:
    """The video VAE, evaluating, on the CPU."""
    config = checkpoint.vae_config
    layout.check_config("vae", config, checkpoint.base / "vae" / "config.json")
    paths = shards(checkpoint.base / "vae", MODEL_FILES["vae"])
    _check_part("vae", paths, layout.expected("vae", config))
    return _loaded("vae", config, paths, dtype)


def load_text_encoder(checkpoint: Checkpoint, dtype: dtype) -> tuple[T5Tokenizer, T5EncoderModel]:
    """The tokenizer and the T5 encoder, evaluating, on the CPU."""
    config = checkpoint.text_config
    layout.check_config("text_encoder", config, checkpoint.base / "text_encoder" / "config.json")
    words = tokenizer.load(checkpoint.base / "tokenizer", config["vocab_size"])
    paths = shards(checkpoint.base / "text_encoder", MODEL_FILES["text_encoder"])
    _check_part("text_encoder", paths, layout.expected("text_encoder", config))
    adapters = _adapters(checkpoint, "text_encoder")
    return words, _loaded("text_encoder", config, paths, dtype, adapters)


Adapters = Callable[[dict[str, "Tensor"]], None]


def _loaded(
    part: str,
    config: Mapping[str, Any],
    paths: Sequence[Path],
    dtype: dtype,
    adapters: Adapters | None = None,
) -> Any:
    """Map the files, hand their tensors to a model that has no memory of its own."""
    state = {name: value for path in paths for name, value in tensors.read(path, dtype)}
    if adapters is not None:
        adapters(state)
    if part == "text_encoder":
        twins = ("shared.weight", "encoder.embed_tokens.weight")
        state |= dict.fromkeys(twins, next(state[name] for name in twins if name in state))
    model = layout.build(part, config)
    model.load_state_dict(state, strict=True, assign=True)
    if part == "text_encoder":
        model.tie_weights()
    assert not any(each.is_meta for each in (*model.parameters(), *model.buffers()))
    return model.eval().requires_grad_(False)


def _adapters(checkpoint: Checkpoint, part: str) -> Adapters | None:
    """What fuses the adapters into a state, in the order given."""
    if not checkpoint.loras:
        return None
    layouts = _layouts(checkpoint)

    def fuse(state: dict[str, Tensor]) -> None:
        for path, strength in checkpoint.loras:
            lora.fuse(state, path, strength, part, layouts)

    return fuse


def _layouts(checkpoint: Checkpoint) -> dict[str, layout.Layout]:
    wide = layout.wide(checkpoint.transformer_config)
    return {
        "transformer": layout.expected("transformer", wide),
        "text_encoder": layout.expected("text_encoder", checkpoint.text_config),
    }


def _config(checkpoint: Checkpoint, part: str) -> Mapping[str, Any]:
    return {
        "transformer": checkpoint.transformer_config,
        "vae": checkpoint.vae_config,
        "text_encoder": checkpoint.text_config,
    }[part]
