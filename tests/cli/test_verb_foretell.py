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
from openvoid.media.tracks import write_track
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
