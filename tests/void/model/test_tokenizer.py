"""Tokenizers that read nothing are refused before any prompt is embedded."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("sentencepiece")

from openvoid.core.errors import OpenVoidError
from openvoid.void.model import tokenizer
from tests.void.tiny import make_tokenizer

WORDS = 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_tokenizer(tmp_path / "tokenizer")
    return tmp_path / "tokenizer"


def refusal(folder: Path, words: int = WORDS) -> str:
    with pytest.raises(OpenVoidError) as caught:
        tokenizer.load(folder, words)
    line = caught.value.line()
    assert "\n" not in line
    return line


def learn(folder: Path, sentences: Sequence[str]) -> None:
    """A sentencepiece model of these sentences alone, in the place of the right one."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        vocab_size=20,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
        num_threads=1,
    )
    (folder / "spiece.model").write_bytes(model.getvalue())


def test_a_right_one_reads(folder: Path) -> None:
    loaded = tokenizer.load(folder, WORDS)
    assert tokenizer.reads(loaded, "a wooden table")
    assert not tokenizer.reads(loaded, "")
    assert not tokenizer.reads(loaded, "\u3042\u3044")  # letters it has never seen


@pytest.mark.parametrize("name", tokenizer.FILES)
def test_an_empty_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    assert refusal(folder) == f"{folder / name}: is empty (fetch it again)"


def test_one_that_knows_no_words_is_refused(folder: Path) -> None:
    learn(folder, ["\u3042\u3044\u3046", "\u3044\u3046"])
    line = refusal(folder)
    assert "spiece.model: makes no tokens of 'an empty room'" in line


@pytest.mark.parametrize("name", tokenizer.FILES)
@pytest.mark.parametrize("held", [b"{}", b"nothing of the kind", b"\xff" * 400])
def test_a_damaged_one_is_one_line(folder: Path, name: str, held: bytes) -> None:
    (folder / name).write_bytes(held)
    assert str(folder) in refusal(folder)


def test_a_missing_one_says_where_it_comes_from(folder: Path) -> None:
    (folder / "spiece.model").unlink()
    assert "lacks spiece.model (openvoid weights pull void)" in refusal(folder)


def test_more_words_than_the_encoder_knows_are_refused(folder: Path) -> None:
    assert "the text encoder knows 50" in refusal(folder, 50)
