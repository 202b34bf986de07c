"""`foretell`: from track and effects to where things would be, to be read and corrected."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from openvoid.core.fates import Fates
from openvoid.media.codecs import CODECS
from openvoid.media.encode import write_video
from openvoid.media.masks import write_quadmask
from openvoid.media.tracks import write_track
from openvoid.reason.compose import compose
from tests.physics.rolling import Shot, stopped


@pytest.fixture(scope="module")
def shot() -> Shot:
    return stopped()


@pytest.fixture
def asked(shot: Shot, tmp_path: Path) -> tuple[str | Path, ...]:
    """The words of the verb, but for --out."""
    clip, track, effects = (tmp_path / name for name in ("clip.mkv", "track.mkv", "effects.json"))
    with write_video(clip, shot.clip, CODECS["ffv1"]) as writer:
        for picture in shot.clip.pictures():
            writer.write(picture)
    write_track(shot.track, track, Fraction(24))
    effects.write_text(json.dumps(shot.effects.to_json()))
    return "foretell", clip, "--track", track, "--effects", effects


def test_a_stopped_ball_is_told_to_go_on(
    command: Callable[..., Any], asked: tuple[str | Path, ...], tmp_path: Path
) -> None:
    out = tmp_path / "fates.json"
    done = command(*asked, "--out", out)
    assert done.code == 0, done.err
    fates = Fates.from_json(json.loads(out.read_text()))
    assert [each.kind for each in fates.moving] == ["go on"]
    (line,) = (line for line in done.out.splitlines() if line.startswith("foretold"))
    assert f"1  {fates.moving[0].noun}: go on" in line
    facts = command(*asked, "--out", out, "--overwrite", "--json").json
    assert Fates.from_json(facts["fates"]) == fates


def test_where_nothing_is_affected_nothing_moves(
    command: Callable[..., Any], asked: tuple[str | Path, ...], tmp_path: Path
) -> None:
    effects = Path(asked[-1])
    effects.write_text(json.dumps(json.loads(effects.read_text()) | {"affected": []}))
    done = command(*asked, "--out", tmp_path / "fates.json")
    assert "nothing moves" in done.out
    assert Fates.from_json(json.loads((tmp_path / "fates.json").read_text())) == Fates()


@pytest.mark.parametrize("how", ["no mover of that name", "effects that are none", "over an input"])
def test_what_is_wrong_is_one_line(
    command: Callable[..., Any], asked: tuple[str | Path, ...], tmp_path: Path, how: str
) -> None:
    out, more = tmp_path / "fates.json", ()
    if how == "no mover of that name":
        more = "--mover", "nobody"
    elif how == "effects that are none":
        Path(asked[-1]).write_text("[]")
    else:
        out, more = Path(asked[-1]), ("--overwrite",)
    done = command(*asked, "--out", out, *more)
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "fates.json").exists()


def told_fates(
    command: Callable[..., Any], asked: tuple[str | Path, ...], tmp_path: Path
) -> tuple[Path, dict[str, Any]]:
    out = tmp_path / "mine.json"
    command(*asked, "--out", out)
    return out, json.loads(out.read_text())


def test_fates_that_a_person_corrected_are_drawn(
    command: Callable[..., Any], shot: Shot, asked: tuple[str | Path, ...], tmp_path: Path
) -> None:
    out, told = told_fates(command, asked, tmp_path)
    for pose in told["things"][0]["poses"]:
        pose["y"] -= 0.1
    out.write_text(json.dumps(told))
    mask = tmp_path / "mask.mkv"
    fates = Fates.from_json(told)
    write_quadmask(compose(shot.track, shot.effects, fates), mask, Fraction(24))
    moved = []
    for more in ((), ("--fates", out)):
        clean = tmp_path / f"clean{len(more)}.mkv"
        done = command("remove", asked[1], "--mask", mask, *more, "--out", clean, "--json")
        assert done.code == 0, done.err
        moved.append(done.json["shares"]["moved"])
    assert moved[0] == 0 < moved[1]


def test_explain_draws_courses(
    command: Callable[..., Any], asked: tuple[str | Path, ...], tmp_path: Path
) -> None:
    out, _ = told_fates(command, asked, tmp_path)
    sheets = []
    for more in ((), ("--fates", out)):
        picture = tmp_path / f"{len(more)}.png"
        done = command("explain", *asked[1:], *more, "--out", picture)
        assert done.code == 0, done.err
        sheets.append(picture.read_bytes())
    assert sheets[0] != sheets[1]


@pytest.mark.parametrize("how", ["of no effect", "outside the clip", "two of one frame", "a mover"])
def test_fates_that_do_not_fit_are_one_line(
    command: Callable[..., Any], asked: tuple[str | Path, ...], tmp_path: Path, how: str
) -> None:
    out, told = told_fates(command, asked, tmp_path)
    (thing,) = told["things"]
    if how == "of no effect":
        thing["effect"] = 7
    elif how == "outside the clip":
        thing["poses"][-1]["frame"] = 99
    elif how == "two of one frame":
        thing["poses"].append(dict(thing["poses"][-1]))
    out.write_text(json.dumps(told))
    more = ("--mover", "plain") if how == "a mover" else ()
    verb = ("remove", asked[1], "--track", asked[3], *more) if more else ("explain", *asked[1:])
    done = command(*verb, "--fates", out, "--out", tmp_path / "new.png")
    assert done.code == 2
    assert len(done.err.strip().splitlines()) == 1
    assert not (tmp_path / "new.png").exists()
