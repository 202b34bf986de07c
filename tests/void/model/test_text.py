"""Prompts: embedded once, kept by content, cut with a warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from openvoid.core.errors import OpenVoidError  # noqa: E402
from openvoid.core.removal import Run  # noqa: E402
from openvoid.void.model.checkpoint import load_text_encoder, locate  # noqa: E402
from openvoid.void.model.text import MAX_TOKENS, embeddings, encode_with  # noqa: E402
from openvoid.void.model.watch import Watch  # noqa: E402


class Counted:
    """An encoder that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, prompts: list[str]) -> list[Any]:
        self.asked += prompts
        return [torch.full((1, 3, 2), float(len(prompt))) for prompt in prompts]


def test_a_prompt_is_encoded_once_for_an_encoder(cache: Path) -> None:
    encoder = Counted()
    first = embeddings(["a room", ""], {"sha": "1"}, encoder)
    again = embeddings(["", "a room"], {"sha": "1"}, encoder)
    assert encoder.asked == ["a room", ""]
    assert torch.equal(first[0], again[1])
    embeddings(["a room"], {"sha": "2"}, encoder)
    assert encoder.asked == ["a room", "", "a room"], "another encoder's embedding was taken"
    assert len(list((cache / "text").iterdir())) == 3


def test_a_damaged_file_is_made_again(cache: Path) -> None:
    encoder = Counted()
    embeddings(["a room"], {}, encoder)
    (path,) = (cache / "text").iterdir()
    path.write_bytes(b"not a tensor")
    assert torch.equal(embeddings(["a room"], {}, encoder)[0], torch.full((1, 3, 2), 6.0))
    assert len(encoder.asked) == 2


def test_nothing_is_kept_of_an_encoder_that_failed(cache: Path) -> None:
    def fail(prompts: list[str]) -> list[Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embeddings(["a room"], {}, fail)
    assert not (cache / "text").exists()


@pytest.fixture(scope="module")
def parts(tiny_weights: Path) -> Any:
    return load_text_encoder(locate(str(tiny_weights)), torch.float32)


def test_every_prompt_has_226_tokens_padding_included(parts: Any, tmp_path: Path) -> None:
    run = Run(tmp_path)
    short, empty = encode_with(*parts, ["an empty room", ""], "cpu", run)
    assert short.shape == empty.shape == (1, MAX_TOKENS, parts[1].config.d_model)
    assert not torch.equal(short, empty)
    assert run.warnings == []


def test_a_long_prompt_is_cut_and_the_warning_says_what(parts: Any, tmp_path: Path) -> None:
    run = Run(tmp_path)
    words = "a table and a chair " * 80 + "and a wonderful lamp"
    (long,) = encode_with(*parts, [words], "cpu", run)
    assert long.shape[1] == MAX_TOKENS
    (warning,) = run.warnings
    assert "226 are read" in warning
    assert "lamp" in warning


def test_an_embedding_that_is_not_finite_is_told_and_not_kept(
    parts: Any, tmp_path: Path, cache: Path
) -> None:
    class Broken:
        def __call__(self, tokens: Any) -> Any:
            return (torch.full((*tokens.shape, 2), float("inf")),)

    def encode(prompts: list[str]) -> list[Any]:
        return encode_with(parts[0], Broken(), prompts, "cpu", Run(tmp_path), Watch("a remedy"))

    with pytest.raises(OpenVoidError) as caught:
        embeddings(["a room"], {}, encode)
    assert caught.value.line() == (
        "the prompt: the text encoder gave numbers that are not finite (a remedy)"
    )
    assert not (cache / "text").exists()


def test_a_kept_embedding_that_is_not_finite_is_made_again(cache: Path) -> None:
    encoder = Counted()
    embeddings(["a room"], {}, encoder)
    (path,) = (cache / "text").iterdir()
    torch.save(torch.full((1, 3, 2), float("nan")), path)
    assert torch.equal(embeddings(["a room"], {}, encoder)[0], torch.full((1, 3, 2), 6.0))


def test_a_prompt_of_unknown_letters_is_told(parts: Any, tmp_path: Path) -> None:
    run = Run(tmp_path)
    encode_with(*parts, ["\u3042\u3044", " ", "an empty room"], "cpu", run)
    (warning,) = run.warnings
    assert "knows no word of the prompt '\u3042\u3044'" in warning
