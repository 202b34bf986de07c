"""`reason`, `explain` and `remove --point`: from marks to the result, with corrections."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from openvoid.core.quadmask import Region
from openvoid.core.track import Track
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.tracks import write_track
from tests.cli.tiny_shots import listing

pytestmark = pytest.mark.usefixtures("third_party", "flat")
POINT = ("--point", "20,12@1", "--segmenter", "still", "--reasoner", "below")


@pytest.fixture
def track(tiny: Any, tmp_path: Path) -> Path:
    """A disc in every frame of the tiny clip."""
    clip = open_clip(tiny.clip)
    rows, columns = np.mgrid[: clip.height, : clip.width]
    disc = np.hypot(rows - 12, columns - 20) < 6
    write_track(Track.of("disc", [disc] * clip.length), tmp_path / "track.mkv", Fraction(24))
    return tmp_path / "track.mkv"


def test_reason_writes_the_quadmask_and_effects_to_correct(
    command: Callable[..., Any], tiny: Any, track: Path, tmp_path: Path
) -> None:
    out = tmp_path / "quadmask.mkv"
    asked = ("reason", tiny.clip, "--track", track, "--out", out)
    facts = command(*asked, "--reasoner", "below", "--json").json
    labels = open_quadmask(out)[1]
    assert (labels[12, 20], labels[20, 20]) == (Region.PRIMARY, Region.AFFECTED)
    effects = tmp_path / "quadmask.effects.json"
    assert json.loads(effects.read_text()) == facts["effects"]
    assert facts["effects"]["affected"][0]["why"] == "it lies below"
    corrected = json.loads(effects.read_text()) | {"affected": []}
    effects.write_text(json.dumps(corrected))
    done = command(*asked[:5], tmp_path / "again.mkv", "--reasoner", "none", "--effects", effects)
    assert done.code == 0, done.err
    assert "nothing else" in done.out
    assert open_quadmask(tmp_path / "again.mkv").shares()[Region.AFFECTED] == 0


@pytest.mark.parametrize(
    ("flags", "changed"),
    [
        (("--grid", "4"), lambda before, after: after[0] > before[0]),
        (("--first-frame-kept",), lambda before, after: after[0] < before[0]),
        (("--share", "0.1"), lambda before, after: after[0] < before[0]),
        (("--min-confidence", "1"), lambda before, after: after[0] == before[0]),
        (("--reject", "1"), lambda before, after: after[0] == 0 < before[0]),
    ],
)
def test_every_flag_of_the_mask_changes_it(
    flags: tuple[str, ...],
    changed: Callable[[list[float], list[float]], bool],
    command: Callable[..., Any],
    tiny: Any,
    track: Path,
    tmp_path: Path,
) -> None:
    shares = []
    for name, more in (("before.mkv", ()), ("after.mkv", flags)):
        out = tmp_path / name
        done = command(
            "reason", tiny.clip, "--track", track, "-o", out, "--reasoner", "below", *more
        )
        assert done.code == 0, done.err
        shares.append([open_quadmask(out).shares()[Region.AFFECTED]])
    assert changed(*shares)


def test_remove_does_all_of_it_in_one_go_and_keeps_what_it_concluded(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    out = tmp_path / "clean.mkv"
    asked = ("remove", tiny.clip, *POINT, "--out", out, "--engine", "flat", "--soft-edge", "0")
    done = command(*asked)
    assert done.code == 0, done.err
    assert "it lies below" in done.out
    folder = tmp_path / "clean.mkv.marks"
    assert {path.name for path in folder.iterdir()} >= {
        "selection.json",
        "track.mkv",
        "effects.json",
        "quadmask.mkv",
    }
    frame, before = (next(iter(open_clip(path).frames(1, 2))) for path in (out, tiny.clip))
    assert np.all(np.abs(frame[20, 20].astype(int) - 77) <= 2)
    assert np.array_equal(frame[40, 50], before[40, 50])
    report = json.loads((tmp_path / "clean.mkv.report.json").read_text())
    assert report["settings"]["effects"]["affected"][0]["noun"] == "shadow"
    assert report["settings"]["prompt"] == "An empty ground."


def test_a_correction_between_two_tries_is_obeyed(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    asked = ("remove", tiny.clip, *POINT, "--engine", "flat", "--marks-folder", tmp_path / "m")
    assert command(*asked, "--out", tmp_path / "one.mkv").code == 0
    path = tmp_path / "m" / "effects.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"affected": []}))
    facts = command(*asked, "--out", tmp_path / "two.mkv", "--json").json
    assert facts["marks"] == str(tmp_path / "m")
    assert open_quadmask(tmp_path / "m" / "quadmask.mkv").shares()[Region.AFFECTED] == 0


def test_a_rejected_effect_is_told_with_its_number_and_accepted_by_it(
    command: Callable[..., Any], tiny: Any, track: Path, tmp_path: Path
) -> None:
    asked = ("reason", tiny.clip, "--track", track, "--reasoner", "below")
    told = command(*asked, "-o", tmp_path / "no.mkv", "--reject", "1").out
    assert "not applied" in told
    assert "1  shadow" in told
    effects = tmp_path / "no.effects.json"
    assert json.loads(effects.read_text())["affected"][0]["applied"] is False
    still = command(*asked, "-o", tmp_path / "still.mkv", "--effects", effects)
    assert "you rejected it" in still.out
    done = command(*asked, "-o", tmp_path / "yes.mkv", "--effects", effects, "--accept", "all")
    assert done.code == 0, done.err
    shares = [open_quadmask(tmp_path / f"{name}.mkv").shares() for name in ("no", "still", "yes")]
    assert [each[Region.AFFECTED] > 0 for each in shares] == [False, False, True]
    refused = command(
        "remove", tiny.clip, "-m", tiny.mask, "-o", tmp_path / "x.mkv", "--accept", "1"
    )
    assert "needs marks" in refused.err
    wrong = command(*asked, "-o", tmp_path / "x.mkv", "--accept", "7")
    assert wrong.code == 2
    assert "there is no effect 7" in wrong.err
    assert not (tmp_path / "x.mkv").exists()


def test_explain_draws_what_was_concluded(
    command: Callable[..., Any], tiny: Any, track: Path, tmp_path: Path
) -> None:
    mask = tmp_path / "mask.mkv"
    command("reason", tiny.clip, "--track", track, "-o", mask, "--reasoner", "below")
    effects = tmp_path / "mask.effects.json"
    plain, told = tmp_path / "plain.png", tmp_path / "told.png"
    asked = ("explain", tiny.clip, "--track", track, "--frames", "2", "--width", "320")
    assert command(*asked, "-o", plain).code == 0
    done = command(*asked, "--effects", effects, "-o", told)
    assert done.code == 0, done.err
    assert not np.array_equal(cv2.imread(str(plain)), cv2.imread(str(told)))
    assert "exists already" in command(*asked, "-o", told).err


def test_what_values_mean_may_be_told(
    command: Callable[..., Any], tiny: Any, track: Path, tmp_path: Path
) -> None:
    plain, log = tmp_path / "plain.png", tmp_path / "log.png"
    asked = ("explain", tiny.clip, "--track", track, "--frames", "1")
    assert command(*asked, "-o", plain).code == 0
    assert command(*asked, "--input-color", "slog3", "-o", log).code == 0
    apart = cv2.imread(str(log)).astype(int) - cv2.imread(str(plain))
    assert np.abs(apart).max() > 20
    made, again = tmp_path / "a.mkv", tmp_path / "b.mkv"
    for out, words in ((made, ()), (again, ("--input-color", "slog3"))):
        done = command("remove", tiny.clip, "-m", tiny.mask, "-o", out, "--engine", "flat", *words)
        assert done.code == 0, done.err
        report = json.loads(out.with_name(f"{out.name}.report.json").read_text())
        assert report["source"]["clip"]["input_color"] == (words or (0, "auto"))[1]
    assert made.read_bytes() == again.read_bytes()  # for looking only
    refused = command(*asked, "--input-color", "vlog", "-o", tmp_path / "no.png")
    assert refused.code == 2
    assert "logc3" in refused.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--reasoner", "nobody"), "unknown reasoner 'nobody'"),
        (("--reasoner", "below,below"), "is not a list of names"),
        (("--reasoner", "none"), "nobody is asked"),
        (("--reasoner", "below", "--effects", "nowhere.json"), "nowhere.json"),
        (("--reasoner", "vlm"), "--vlm-url"),
        (("--reasoner", "below", "--min-confidence", "2"), "min-confidence"),
        (("--reasoner", "below", "--reject", "one"), "is no list of numbers"),
    ],
)
def test_reason_tells_in_one_line_what_it_cannot_do(
    words: tuple[str, ...],
    said: str,
    command: Callable[..., Any],
    tiny: Any,
    track: Path,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out" / "mask.mkv"
    out.parent.mkdir()
    done = command("reason", tiny.clip, "--track", track, "--out", out, *words)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert said in done.err
    assert not listing(out.parent)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--point", "2000,12@1"), "outside the picture"),
        (("--point", "20,12@99"), "frame 99 is not in the clip"),
        (("--point", "20,12@1", "--not", "20,12@1"), "both on and off"),
        (("--point", "here"), "is not a point"),
        (("--point", "20,12@1", "--words", "a disc"), "words ('a disc')"),
        (("--point", "20,12@1", "--dry-run"), "needs a mask"),
        (("--point", "20,12@1", "--mask", "mask.mkv"), "do not go together"),
        (("--point", "20,12@1", "--radius-px", "0"), "nothing was found"),
    ],
)
def test_remove_tells_in_one_line_what_cannot_be_marked(
    words: tuple[str, ...], said: str, command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    out = folder / "clean.mkv"
    which = ("--segmenter", "still", "--reasoner", "below")
    done = command("remove", tiny.clip, "--out", out, "--engine", "flat", "-q", *which, *words)
    assert (done.code, len(done.err.splitlines())) == (2, 1)
    assert said in done.err
    assert not listing(folder)


def test_a_track_of_another_clip_is_refused(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    write_track(Track.of("disc", [np.ones((9, 9), bool)]), tmp_path / "t.mkv", Fraction(24))
    asked = ("reason", tiny.clip, "--track", tmp_path / "t.mkv", "--reasoner", "below")
    done = command(*asked, "--out", tmp_path / "mask.mkv")
    assert done.code == 2
    assert "the track is 9x9 with 1 frames" in done.err
