"""Who is compared: what a command may say, and what it becomes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.evaluate.contestants import baseline, check_names, command, engine, made

VALUES = {
    "video": "/a b/clip.mp4",
    "mask": "/m.mkv",
    "shot": "/s",
    "prompt": "it's {out}",
    "out": "/o",
    "folder": "/f",
}


def test_places_are_filled_in_once_and_no_shell_sees_them() -> None:
    tool = command("tool --clip={video} {mask} 'two words' {out:mkv} {prompt}")
    words = ["tool", "--clip=/a b/clip.mp4", "/m.mkv", "two words", "/o", "it's {out}"]
    assert tool.command(VALUES) == words
    assert tool.result_name() == "result.mkv"
    assert tool.name == "tool"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mine=tool {out}", "mine"),
        ("/usr/bin/some-tool.py {out}", "some-tool"),
        ("python x.py --a=b {out}", "python"),
        ("a=b=c {out}", "a"),
    ],
)
def test_a_command_is_called_as_it_says_or_as_its_program(text: str, name: str) -> None:
    assert command(text).name == name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("mine=", "it must name either"),
        ("tool {video}", "it must name either"),
        ("tool {out} {folder}", "it must name either"),
        ("tool {vide} {out}", "{vide} stands for nothing"),
        ("tool {out:gif}", "{out:gif} stands for nothing"),
        ("tool {video:mkv} {out}", "{video:mkv} stands for nothing"),
        ("tool 'half {out}", "No closing quotation"),
    ],
)
def test_a_bad_command_is_one_line_with_an_example(text: str, why: str) -> None:
    with pytest.raises(OpenVoidError) as caught:
        command(text)
    assert why in caught.value.line()
    assert "tool {video} {mask} {out}" in caught.value.line()


def test_an_engine_runs_through_the_command_line_with_its_own_flags() -> None:
    words = engine("plate", ["--camera", "affine"]).command(VALUES)
    assert words[:4] == [sys.executable, "-m", "openvoid.cli.main", "remove"]
    assert words[-2:] == ["--camera", "affine"]
    with pytest.raises(OpenVoidError, match="holds braces"):
        engine("plate", ["{out}"])


def test_results_made_elsewhere_need_a_name_and_a_folder(tmp_path: Path) -> None:
    assert made(f"farm={tmp_path}").made == tmp_path
    for text in ("farm", f"={tmp_path}", "farm="):
        with pytest.raises(OpenVoidError, match="is not NAME=FOLDER"):
            made(text)
    with pytest.raises(OpenVoidError, match="no such folder"):
        made(f"farm={tmp_path / 'none'}")


def test_names_must_differ_and_there_must_be_one() -> None:
    check_names([baseline("copy"), baseline("telea")])
    with pytest.raises(OpenVoidError, match="two contestants are called 'copy'"):
        check_names([baseline("copy"), command("copy=tool {out}")])
    with pytest.raises(OpenVoidError, match="nothing to evaluate"):
        check_names([])


def test_an_unknown_baseline_lists_the_known() -> None:
    with pytest.raises(OpenVoidError, match="one of copy, telea, median, nearest"):
        baseline("mean")


def test_the_same_contestant_on_another_machine_has_the_same_settings() -> None:
    assert str(Path(sys.executable).parent) not in str(baseline("copy").settings)
