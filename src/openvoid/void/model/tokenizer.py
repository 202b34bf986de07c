"""The tokenizer of the text encoder: read, and tried on a few words before it is trusted.

Enters: its folder, and how many words the encoder knows. Leaves: transformers' `T5Tokenizer`, or
the one line that says what is wrong with it. An empty or foreign one raises nothing by itself: it
makes the same tokens of every prompt, and the model is told nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openvoid.core.errors import OpenVoidError
from openvoid.void.model import released

if TYPE_CHECKING:
    from transformers import T5Tokenizer

FILES = ("spiece.model", "tokenizer.json")
TRIED = "an empty room"


def files(folder: Path) -> list[Path]:
    """What it is made of; at least one of `FILES`.

    Raises:
        OpenVoidError: there is none, or one is empty.
    """
    held = [folder / name for name in FILES if (folder / name).is_file()]
    if not held:
        raise OpenVoidError(f"lacks {FILES[0]}", where=str(folder), mend=released.PULL)
    for path in held:
        if not path.stat().st_size:
            raise OpenVoidError("is empty", where=str(path), mend="fetch it again")
    return held


def load(folder: Path, words: int) -> T5Tokenizer:
    """The tokenizer. `words`: how many the text encoder knows.

    Raises:
        OpenVoidError: it is missing, empty, damaged, another encoder's, or reads no words.
    """
    from transformers import T5Tokenizer

    held = files(folder)
    try:
        tokenizer = T5Tokenizer.from_pretrained(folder, local_files_only=True)
        read = reads(tokenizer, TRIED)
    except Exception as error:  # a damaged file raises anything
        told = " ".join(str(error).split()) or type(error).__name__
        raise OpenVoidError(f"cannot be read: {told}", where=str(folder)) from error
    if len(tokenizer) > words:
        raise OpenVoidError(
            f"has {len(tokenizer)} words, the text encoder knows {words}", where=str(folder)
        )
    if not read:
        raise OpenVoidError(
            f"makes no tokens of {TRIED!r}: no prompt would be read",
            where=str(held[0]),
            mend="fetch it again",
        )
    return tokenizer


def reads(tokenizer: Any, prompt: str) -> bool:
    """Whether anything of a prompt arrives: unknown words and marks do not count."""
    tokens = tokenizer(prompt, truncation=False, add_special_tokens=False).input_ids
    return bool(tokenizer.decode(tokens, skip_special_tokens=True).strip())
