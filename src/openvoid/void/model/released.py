"""What is released for the engine: the base model and the VOID files, where, and which of them.

Enters: which passes. Leaves: names, and what the hub offers of them (`media.hub` fetches it).
"""

from __future__ import annotations

from collections.abc import Sequence

from openvoid.media import hub

BASE_REPO = "alibaba-pai/CogVideoX-Fun-V1.5-5b-InP"
VOID_REPO = "netflix/void-model"
BASE_NAME, VOID_NAME = "CogVideoX-Fun-V1.5-5b-InP", "void-model"
PULL = "openvoid weights pull void"
PASSES = (1, 2)
# The VOID files are whole transformers, so the base's own (11 GB) is for training only.
BASE_FILES = (
    "LICENSE*",
    "README.md",
    "scheduler/*.json",
    "text_encoder/*.json",
    "text_encoder/*.safetensors",
    "tokenizer/*",
    "transformer/config.json",
    "vae/*.json",
    "vae/*.safetensors",
)
BASE_TRANSFORMER = ("transformer/*.safetensors", "transformer/*.json")


def void_file(pass_number: int) -> str:
    """The released file of a pass."""
    return f"void_pass{pass_number}.safetensors"


def offers(passes: Sequence[int] = PASSES, *, whole_base: bool = False) -> tuple[hub.Offer, ...]:
    """Ask the hub for files, sizes, hashes and licences."""
    patterns = BASE_FILES + (BASE_TRANSFORMER if whole_base else ())
    base = hub.offer(BASE_REPO, patterns, ("transformer/config.json", "vae/config.json"))
    files = tuple(void_file(number) for number in passes)
    return base, hub.offer(VOID_REPO, (*files, "LICENSE*", "README.md"), files)
