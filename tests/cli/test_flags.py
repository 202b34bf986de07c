"""A plug-in's options become flags: their type, range and help, and what was chosen alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openvoid.cli import flags
from openvoid.cli import remove as verb


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, flat: Path) -> Callable[..., dict[str, Any]]:
    """The verb `remove` with the flags of `flat`, told only what it would be called with."""
    from openvoid.cli.main import main

    heard: dict[str, Any] = {}

    def run(**values: Any) -> None:
        heard.update(values)

    run.__signature__ = inspect.signature(verb.remove, eval_str=True)  # type: ignore[attr-defined]
    monkeypatch.setattr(verb, "remove", run)

    def call(*words: str) -> dict[str, Any]:
        heard.clear()
        assert main(["remove", "clip.mov", "-o", "out.mkv", "--engine", "flat", *words]) == 0
        assert heard["options"].keys() == {"engine"}
        return heard | {"options": heard["options"]["engine"]["flat"]}

    return call


def test_only_what_was_chosen_is_passed_on(asked: Callable[..., dict[str, Any]]) -> None:
    assert asked()["options"] == {}
    assert asked("--level", "5", "--mood", "wild")["options"] == {"level": 5, "mood": "wild"}
    assert asked("--proud", "--share", "0.7")["options"] == {"proud": True, "share": 0.7}
    assert asked("--no-proud", "--level", "77")["options"] == {}


def test_a_name_the_verb_uses_itself_gets_the_engines_name(
    asked: Callable[..., dict[str, Any]],
) -> None:
    heard = asked("--seed", "8", "--flat-seed", "9")
    assert (heard["seed"], heard["options"]) == (8, {"seed": 9})


def test_marks_bring_the_options_of_who_follows_and_explains_them(
    command: Callable[..., Any], third_party: Path
) -> None:
    which = ("--segmenter", "still", "--reasoner", "below")
    page = command("remove", *which, "--help").out
    for text in ("Options of the segmenter 'still'", "--radius-px", "--share"):
        assert text in page
    assert "--radius-px" not in command("remove", "--help").out


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--level", "300"], "'--level': Input should be less than or equal to 255"),
        (["--level", "high"], "'--level'"),
        (["--mood", "sad"], "'--mood'"),
        (["--share", "-1"], "'--share'"),
        (["--reach", "5"], "No such option: --reach"),
    ],
)
def test_values_out_of_range_are_one_line(
    command: Callable[..., Any], flat: Path, words: list[str], wanted: str
) -> None:
    done = command("remove", "clip.mov", "-o", "out.mkv", "--engine", "flat", *words)
    assert done.code == 2
    assert wanted in done.error


def test_the_help_page_shows_the_options_of_the_engine_that_is_named(
    command: Callable[..., Any], flat: Path
) -> None:
    page = command("remove", "--engine=flat", "--help")
    assert page.code == 0
    for text in ("Options of the engine 'flat'", "--level", "calm|wild", "--flat-seed", "[either]"):
        assert text in page.out


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], "plate"),
        (["--engine", "flat"], "flat"),
        (["--engine=flat", "x"], "flat"),
        (["--engine", "a", "--engine", "b"], "b"),
        (["--engine"], "plate"),
    ],
)
def test_the_engine_is_read_before_the_words_are_parsed(words: list[str], wanted: str) -> None:
    assert flags.chosen(words, "--engine", "plate") == wanted
