"""`openvoid evaluate`: the whole way from shots to the report, and what a person can get wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.tiny_shots import Done, listing
from tests.evaluate.tiny_truths import FRAMES, save_clip, save_shot, scene

Command = Callable[..., Done]


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = tmp_path / "shots"
    save_shot(folder / "one", scene(3), "collide", 1)
    save_shot(folder / "two", scene(4), "light", 2)
    return folder


def results(out: Path) -> Any:
    return json.loads((out / "results.json").read_text())


def test_engine_baselines_and_a_program_side_by_side(
    command: Command, shots: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    perfect = "perfect=cp {shot}/truth.mkv {out:mkv}"
    words = ("--baseline", "copy,telea,median", "--command", perfect, "--metric", "psnr,trajectory")
    done = command("evaluate", shots, *words, "--out", out)
    assert done.code == 0, done.err
    data = results(out)
    assert [each["name"] for each in data["contestants"]] == [
        *("copy", "telea", "median", "plate", "perfect")
    ]
    assert len(data["scores"]) == 10
    means = data["means"]["all"]
    assert means["perfect"]["psnr.whole"]["mean"] == 60
    assert means["perfect"]["trajectory.iou"]["mean"] == 1
    for who in ("copy", "telea", "median", "plate"):
        assert means[who]["psnr.whole"]["mean"] < 40
        assert means[who]["trajectory.iou"]["mean"] < 0.5
    assert means["plate"]["peak_mib"]["mean"] > 20
    assert "| perfect | 2 |" in (out / "results.md").read_text()
    assert "<svg" in (out / "report.html").read_text()
    assert "perfect" in done.out


def test_the_same_command_goes_on_and_ends_the_same(
    command: Command, shots: Path, tmp_path: Path
) -> None:
    words = (shots, "--engine", "", "--baseline", "copy", "--metric", "psnr", "--quiet")
    assert command("evaluate", *words, "--out", tmp_path / "out").code == 0
    first = (tmp_path / "out" / "results.json").read_bytes()
    assert command("evaluate", *words, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "results.json").read_bytes() == first
    assert command("evaluate", *words, "--out", tmp_path / "other").code == 0
    assert timeless(results(tmp_path / "other")) == timeless(results(tmp_path / "out"))


def timeless(data: Any) -> Any:
    """Without what a machine's mood decides."""
    if isinstance(data, dict):
        moody = ("seconds", "seconds_a_frame", "peak_mib")
        return {key: timeless(value) for key, value in data.items() if key not in moody}
    return [timeless(each) for each in data] if isinstance(data, list) else data


def test_failures_are_told_and_the_rest_is_measured(
    command: Command, shots: Path, tmp_path: Path
) -> None:
    save_clip(shots / "one" / "truth.mkv", scene().truth[:5])
    fails = "fails=sh -c 'echo no weights; exit 1' {out}"
    words = ("--engine", "", "--baseline", "copy", "--command", fails, "--metric", "psnr")
    done = command("evaluate", shots, *words, "--out", tmp_path / "out", "--json", "--quiet")
    assert done.code == 1
    assert [(f["contestant"], f["shot"]) for f in done.json["failures"]] == [
        *(("copy", "one"), ("fails", "one"), ("fails", "two"))
    ]
    assert f"the truth is 128x80 with 5 frames, the clip 128x80 with {FRAMES}" in done.out
    assert done.json["failures"][2]["error"] == "sh: exit status 1: no weights"
    assert done.json["means"]["copy"]["psnr.whole"]["shots"] == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere",), "nowhere: no such folder"),
        (("{shots}", "--engine", "", "--baseline", ""), "nothing to evaluate"),
        (("{shots}", "--engine", "plaet"), "plaet"),
        (("{shots}", "--baseline", "mean"), "unknown baseline 'mean'"),
        (("{shots}", "--metric", "psnrr"), "psnrr"),
        (("{shots}", "--command", "tool {video}"), "must name either {out} or {folder}"),
        (("{shots}", "--made", "farm=nowhere"), "no such folder"),
        (("{shots}", "--family", "water"), "no shot of water (there is: collide, light)"),
        (("{shots}", "--engine", "", "--options", "--x 1", "--baseline", "copy"), "--options"),
        (("worlds-1", "--family", "fire", "--worlds", "{shots}"), "no 'fire' in worlds-1"),
    ],
)
def test_mistakes_are_one_line(
    command: Command, shots: Path, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    filled = [word.replace("{shots}", str(shots)) for word in words]
    done = command("evaluate", *filled, "--out", tmp_path / "out", "--quiet")
    assert done.code == 2
    assert told in done.error
    assert not [path for path in listing(tmp_path / "out") if Path(path).suffix]


def test_families_and_numbers_can_be_chosen(command: Command, shots: Path, tmp_path: Path) -> None:
    save_shot(shots / "three", scene(5), "light", 3)
    base = ("--engine", "", "--baseline", "copy", "--metric", "psnr", "--quiet")
    for more, wanted in (
        (("--family", "light"), ["three", "two"]),
        (("--limit", "1"), ["one", "three"]),
        (("--family", "light", "--limit", "1"), ["three"]),
    ):
        out = tmp_path / "-".join(wanted)
        assert command("evaluate", shots, *base, *more, "--out", out).code == 0
        assert [score["shot"] for score in results(out)["scores"]] == wanted


def test_options_reach_the_engine(
    command: Command, shots: Path, tmp_path: Path, flat: Path
) -> None:
    from openvoid.media.open import open_clip

    words = ("--engine", "flat", "--options", "--level 200", "--metric", "psnr", "--limit", "1")
    out = tmp_path / "out"
    assert command("evaluate", shots, *words, "--out", out, "--quiet").code == 0
    frame = next(iter(open_clip(out / "runs/flat/one/result.mkv").frames()))
    assert abs(int(frame[40, 67, 0]) - 200) <= 1


def test_a_study_is_made_and_counted(command: Command, shots: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "out", tmp_path / "study.html"
    base = ("--engine", "", "--baseline", "copy,telea", "--metric", "psnr", "--quiet")
    assert command("evaluate", shots, *base, "--out", out).code == 0
    done = command("evaluate", "study", out, "--shots", shots, "--out", page)
    assert done.code == 0
    assert "2 shots" in done.out
    assert "exists already" in command("evaluate", "study", out, "--out", page).error
    data = page.read_text().partition("const DATA = ")[2].partition(";\n")[0]
    names = [list(shot["results"]) for shot in json.loads(data)["shots"]]
    chosen = [{"shot": "x", "order": each, "choice": each[0]} for each in names]
    told = {"schema": "openvoid.answers/1", "reviewer": "anna", "answers": chosen}
    (tmp_path / "anna.json").write_text(json.dumps(told))
    done = command("evaluate", "tally", out, "--answers", tmp_path / "anna.json", "--json")
    assert sum(share["chosen"] for share in done.json["shares"]) == 2
    assert {share["contestant"] for share in done.json["shares"]} == {"copy", "telea"}
