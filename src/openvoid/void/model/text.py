"""Text: the sentence that describes the scene after the removal -> embeddings, kept on disk.

Enters: prompts, the tokenizer and T5 encoder (loaded only if a prompt is new). Leaves: [1, S, D]
float32 embeddings, S tokens with padding, as these weights were trained with. They are kept in the
user's cache by content: the prompt, the encoder's hashes, the type of computation. Knows no
diffusion.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from openvoid.core.removal import Run
from openvoid.media.atomic import partial_file
from openvoid.media.cache import cache_folder
from openvoid.void.model.tensors import finite
from openvoid.void.model.tokenizer import reads
from openvoid.void.model.watch import Watch

MAX_TOKENS = 226
Encode = Callable[[list[str]], list[torch.Tensor]]


def embeddings(
    prompts: Sequence[str], identity: Mapping[str, Any], encode: Encode
) -> list[torch.Tensor]:
    """The embeddings [1, S, D] of each prompt; `encode` is called with those not yet known."""
    paths = {prompt: _path(prompt, identity) for prompt in prompts}
    known = {prompt: found for prompt in paths if (found := _read(paths[prompt])) is not None}
    missing = [prompt for prompt in paths if prompt not in known]
    if missing:
        for prompt, embedded in zip(missing, encode(missing), strict=True):
            known[prompt] = embedded
            _write(paths[prompt], embedded)
    return [known[prompt] for prompt in prompts]


@torch.no_grad()
def encode_with(
    tokenizer: Any,
    encoder: Any,
    prompts: Sequence[str],
    device: str,
    run: Run,
    watch: Watch = Watch(),
) -> list[torch.Tensor]:
    """Each prompt through T5, padded or cut to `MAX_TOKENS`; warns of what is cut or not read.

    Raises:
        OpenVoidError: the encoder gives numbers that are not finite.
    """
    embedded = []
    for prompt in run.track("text", prompts, len(prompts)):
        _warn_of(tokenizer, prompt, run)
        tokens = tokenizer(
            prompt,
            padding="max_length",
            max_length=MAX_TOKENS,
            truncation=True,
            add_special_tokens=True,
            return_tensors="pt",
        )
        hidden = encoder(tokens.input_ids.to(device))[0]  # padding is embedded like words
        embedded.append(watch.held(hidden.float().cpu(), "the prompt", "the text encoder"))
    return embedded


def _warn_of(tokenizer: Any, prompt: str, run: Run) -> None:
    if prompt.strip() and not reads(tokenizer, prompt):
        run.warn(f"the text encoder knows no word of the prompt {prompt!r}: it is not read")
    tokens = tokenizer(prompt, truncation=False, add_special_tokens=False).input_ids
    room = MAX_TOKENS - 1  # one is the end mark
    if len(tokens) > room:
        cut = tokenizer.decode(tokens[room:])
        run.warn(f"the prompt has {len(tokens) + 1} tokens, {MAX_TOKENS} are read; cut: {cut!r}")


def _path(prompt: str, identity: Mapping[str, Any]) -> Path:
    content = json.dumps([prompt, MAX_TOKENS, identity], sort_keys=True)
    return cache_folder() / "text" / f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.pt"


def _read(path: Path) -> torch.Tensor | None:
    try:
        found = torch.load(path, weights_only=True)
    except Exception:  # absent, or damaged in any way: it can be made again
        return None
    usable = isinstance(found, torch.Tensor) and found.dim() == 3 and finite(found)
    return found if usable else None


def _write(path: Path, embedded: torch.Tensor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial_file(path) as partial:
        torch.save(embedded, partial)
