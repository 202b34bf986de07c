"""The batch: what one failure costs, what is kept, what a stop leaves behind."""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.errors import Interrupted
from openvoid.core.judged import Judged
from openvoid.core.removal import Run
from openvoid.evaluate.bench import Metrics, Settings, evaluate, open_metrics
from openvoid.evaluate.contestants import Contestant, command
from openvoid.evaluate.fidelity import CEILING_DB
from openvoid.evaluate.scores import Score, run_folder
from openvoid.evaluate.shots import find_shots
from tests.evaluate.tiny_truths import Scene, save_clip

COPY = command("copy=cp {shot}/truth.mkv {out:mkv}")


def quiet(stage: str, done: int, total: int) -> None:
    pass


def run(
    shots: Path, out: Path, *contestants: Contestant, metrics: Metrics | None = None, **more: Any
) -> list[Score]:
    metrics = metrics or open_metrics(["psnr"], {})
    return evaluate(find_shots(shots), contestants, metrics, Settings(out, **more), quiet)


def counting(tmp_path: Path) -> tuple[Contestant, Path]:
    """A contestant that notes how often it ran."""
    log = tmp_path / "ran.txt"
    return command(f"counted=sh -c 'echo >> {log}; cp {{shot}}/truth.mkv {{out:mkv}}'"), log


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_perfect_program_scores_perfectly(shots: Path, tmp_path: Path) -> None:
    scores = run(shots, tmp_path / "out", COPY)
    assert [(each.shot, each.family, each.seed) for each in scores] == [
        ("one", "collide", 1),
        ("two", "light", 2),
    ]
    for score in scores:
        assert not score.error
        assert score.values["psnr.affected"] == score.values["psnr.whole"] == CEILING_DB
        assert score.seconds > 0
        assert score.frames == 12


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bad=sh -c 'echo no memory left; exit 3' {out}", "sh: exit status 3: no memory left"),
        ("bad=sh -c 'kill -9 $$' {out}", "sh: was ended by signal 9: it said nothing"),
        ("bad=/nowhere/tool {out}", "/nowhere/tool: cannot be run: No such file or directory"),
        ("bad=true {out}", "result.mp4: ended well but left no result"),
        ("bad=true {folder}", "{folder}: ended well but left nothing in its folder"),
        ("bad=sh -c 'echo no video > {out}'", "result.mp4: not a video, or cut off or damaged"),
        ("bad=cp {shot}/short.mkv {out:mkv}", "the result is 128x80 with 7 frames, the clip"),
        ("bad=cp {shot}/narrow.mkv {out:mkv}", "the result is 64x80 with 12 frames, the clip"),
    ],
)
def test_a_program_that_fails_is_one_line_and_the_others_go_on(
    shots: Path, made: Scene, tmp_path: Path, text: str, told: str
) -> None:
    save_clip(shots / "one" / "short.mkv", made.truth[:7])
    save_clip(shots / "one" / "narrow.mkv", made.truth[:, :, :64])
    shutil.copytree(shots / "one", shots / "three")
    shutil.rmtree(shots / "two")
    scores = run(shots, tmp_path / "out", command(text), COPY)
    for score in scores:
        if score.contestant == "bad":
            assert told in score.error
            assert "\n" not in score.error
            assert not score.values
        else:
            assert not score.error


def test_a_program_that_hangs_is_ended(shots: Path, tmp_path: Path) -> None:
    scores = run(
        shots, tmp_path / "out", command("slow=sh -c 'sleep 60' {out}"), COPY, timeout_s=0.3
    )
    assert [bool(each.error) for each in scores] == [True, False, True, False]
    assert scores[0].error == "sh: took longer than 0.3 s"


BROKEN = {
    "no truth": (lambda shot: (shot / "truth.mkv").unlink(), "holds no truth.mkv"),
    "torn truth": (
        lambda shot: (shot / "truth.mkv").write_bytes(b"\x1a\x45\xdf\xa3 torn"),
        "truth.mkv: not a video, or cut off or damaged",
    ),
    "no mask": (lambda shot: (shot / "quadmask_0.mkv").unlink(), "holds no quadmask_0.mp4"),
    "tracks": (lambda shot: (shot / "tracks.json").write_text("{}"), "cannot be read as tracks"),
    "ids": (lambda shot: (shot / "ids.mkv").write_bytes(b"?"), "ids.mkv: not a video"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_shot_is_one_line_and_the_others_go_on(
    shots: Path, tmp_path: Path, how: str
) -> None:
    spoil, told = BROKEN[how]
    spoil(shots / "one")  # type: ignore[no-untyped-call]
    counted, log = counting(tmp_path)
    bad, good = run(shots, tmp_path / "out", counted)
    assert told in bad.error
    assert "\n" not in bad.error
    assert not good.error
    assert log.read_text() == "\n"  # no engine's time is spent on a broken shot


def test_a_truth_of_another_length_is_told(shots: Path, made: Scene, tmp_path: Path) -> None:
    save_clip(shots / "one" / "truth.mkv", made.truth[:9])
    bad, _ = run(shots, tmp_path / "out", COPY)
    assert "the truth is 128x80 with 9 frames, the clip 128x80 with 12 frames" in bad.error


def test_a_description_that_cannot_be_read_is_told(shots: Path, tmp_path: Path) -> None:
    (shots / "two" / "world.json").write_text("null")
    one, two = run(shots, tmp_path / "out", COPY)
    assert not one.warnings
    assert any("counted as 'other'" in line for line in two.warnings)


class Defective:
    name = "defective"
    better: Mapping[str, str] = {}

    def measure(self, judged: Judged, run: Run) -> Mapping[str, float]:
        raise ZeroDivisionError("by nothing")


def test_a_defect_of_a_metric_ends_one_run_and_leaves_its_trace(
    shots: Path, tmp_path: Path
) -> None:
    metrics = Metrics({"defective": Defective()}, {"defective": {}}, {})  # type: ignore[dict-item]
    scores = run(shots, tmp_path / "out", COPY, metrics=metrics)
    assert {each.error for each in scores} == {"a defect of ours: ZeroDivisionError: by nothing"}
    trace = run_folder(tmp_path / "out", "copy", "one") / "defect.txt"
    assert "in measure" in trace.read_text()


def test_one_bad_shot_among_many_costs_one_line(made: Scene, shots: Path, tmp_path: Path) -> None:
    for index in range(40):
        (shots / f"bad{index:02}").mkdir()
        (shots / f"bad{index:02}" / "input_video.mkv").write_bytes(b"no video")
    scores = run(shots, tmp_path / "out", COPY)
    assert len(scores) == 42
    assert sum(not each.error for each in scores) == 2


def test_a_metric_without_its_weights_is_told_and_not_skipped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENVOID_LPIPS", str(tmp_path / "none"))
    metrics = open_metrics(["psnr", "lpips"], {})
    assert list(metrics.usable) == ["psnr"]
    assert "LPIPS has no weights here" in metrics.absent["lpips"]


# --- what is kept ---------------------------------------------------------------------------------


def test_what_was_made_is_not_made_again(shots: Path, tmp_path: Path) -> None:
    counted, log = counting(tmp_path)
    first = run(shots, tmp_path / "out", counted)
    assert run(shots, tmp_path / "out", counted) == first
    assert log.read_text().count("\n") == 2
    run(shots, tmp_path / "out", counted, resume=False)
    assert log.read_text().count("\n") == 4


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        '"text"',
        "[" * 100_000,
        '{"frames": {}}',
        '{"values": {"psnr": "high"}}',
        "bytes",
    ],
)
def test_a_score_that_is_damaged_is_made_again(shots: Path, tmp_path: Path, text: str) -> None:
    counted, log = counting(tmp_path)
    first = run(shots, tmp_path / "out", counted)
    path = run_folder(tmp_path / "out", "counted", "one") / "scores.json"
    if text.startswith("{"):
        text = json.dumps(json.loads(path.read_text()) | json.loads(text))
    path.write_bytes(text.encode() if text != "bytes" else path.read_bytes()[:40] + b"\xff\0")
    second = run(shots, tmp_path / "out", counted)
    assert [each.values for each in second] == [each.values for each in first]
    assert not any(each.error for each in second)
    assert log.read_text().count("\n") == 3


def test_another_metric_measures_the_results_that_are_there(shots: Path, tmp_path: Path) -> None:
    counted, log = counting(tmp_path)
    first = run(shots, tmp_path / "out", counted)
    more = open_metrics(["psnr", "ssim"], {})
    second = run(shots, tmp_path / "out", counted, metrics=more)
    assert log.read_text().count("\n") == 2
    for old, new in zip(first, second, strict=True):
        assert new.values["ssim.whole"] == pytest.approx(1)
        assert replace(new, values=old.values) == old


def test_a_changed_shot_is_made_again(shots: Path, made: Scene, tmp_path: Path) -> None:
    counted, log = counting(tmp_path)
    run(shots, tmp_path / "out", counted)
    (shots / "one" / "prompt.json").write_text(json.dumps({"bg": "something else"}))
    run(shots, tmp_path / "out", counted)
    assert log.read_text().count("\n") == 3


def test_a_failed_run_is_tried_again(shots: Path, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    late = command(f"late=sh -c 'test -e {flag} && cp {{shot}}/truth.mkv {{out:mkv}}'")
    assert all(each.error for each in run(shots, tmp_path / "out", late))
    flag.touch()
    assert not any(each.error for each in run(shots, tmp_path / "out", late))


def test_results_can_be_discarded(shots: Path, tmp_path: Path) -> None:
    run(shots, tmp_path / "out", COPY, keep_results=False)
    left = files(tmp_path / "out" / "runs" / "copy" / "one")
    strips = {"source.jpg", "truth.jpg", "result.jpg", "error.jpg"}
    assert left == {"scores.json", "log.txt"} | strips


def test_results_made_elsewhere_are_judged_and_judged_again_when_they_change(
    shots: Path, made: Scene, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    save_clip(elsewhere / "one.mkv", made.truth)
    who = Contestant("farm", "made", made=elsewhere)
    one, two = run(shots, tmp_path / "out", who)
    assert one.values["psnr.whole"] == CEILING_DB
    assert math.isnan(one.seconds)
    assert "holds no result called two" in two.error
    save_clip(elsewhere / "one.mkv", made.source)
    assert run(shots, tmp_path / "out", who)[0].values["psnr.whole"] < 30
    assert (elsewhere / "one.mkv").exists()


def test_a_program_may_leave_images_in_a_folder(shots: Path, made: Scene, tmp_path: Path) -> None:
    import cv2

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index, frame in enumerate(made.truth):
        cv2.imwrite(str(pictures / f"{index:04}.png"), frame[..., ::-1])
    scores = run(shots, tmp_path / "out", command(f"images=cp -r {pictures} {{folder}}/frames"))
    assert [each.error for each in scores] == ["", ""]
    assert scores[0].values["psnr.whole"] == CEILING_DB


# --- order, threads, stops ------------------------------------------------------------------------


def without_cost(scores: list[Score]) -> list[Score]:
    return [replace(each, seconds=0.0, peak_mib=0.0) for each in scores]


def test_the_same_again_and_in_parallel_gives_the_same_numbers(shots: Path, tmp_path: Path) -> None:
    blur = command(f"copy=cp {shots}/one/input_video.mkv {{out:mkv}}")
    metrics = open_metrics(["psnr", "ssim", "flicker", "trajectory"], {})
    found = [
        without_cost(run(shots, tmp_path / name, blur, metrics=metrics, workers=workers))
        for name, workers in (("a", 1), ("b", 1), ("c", 3))
    ]
    assert found[0] == found[1] == found[2]
    strips = [(tmp_path / name / "runs/copy/one/error.jpg").read_bytes() for name in "abc"]
    assert strips[0] == strips[1] == strips[2]


def test_a_stopped_batch_ends_its_programs(shots: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(Interrupted):
        run(shots, tmp_path / "out", command("slow=sh -c 'sleep 60' {out}"), workers=2, stop=stop)
    assert not files(tmp_path / "out")


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from tests.evaluate.test_bench import COPY, quiet, run
from openvoid.evaluate.contestants import command
run(Path({shots!r}), Path({out!r}), COPY, command("slow=sh -c 'touch {flag}; sleep 60' {{out}}"))
"""


def test_ctrl_c_leaves_what_is_finished_and_nothing_else(shots: Path, tmp_path: Path) -> None:
    out, flag = tmp_path / "out", tmp_path / "flag"
    more = {"tests": str(Path(__file__).parents[2]), "shots": str(shots), "out": str(out)}
    text = PROGRAM.format(flag=flag, **more)
    process = subprocess.Popen([sys.executable, "-c", text], stderr=subprocess.PIPE)
    while not flag.exists() and process.poll() is None:
        threading.Event().wait(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert {path.parts[:3] for path in map(Path, files(out))} == {("runs", "copy", "one")}
    assert not list(out.rglob(".*"))


def test_numbers_survive_their_file(shots: Path, tmp_path: Path) -> None:
    metrics = open_metrics(["psnr", "trajectory"], {})
    first = run(shots, tmp_path / "out", COPY, metrics=metrics)
    second = run(shots, tmp_path / "out", COPY, metrics=metrics)
    assert [each.values for each in first] == [each.values for each in second]
    assert np.isfinite(first[0].seconds)
    assert first == second
