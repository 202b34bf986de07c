"""Folders of shots: which are found, and what is read of them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.evaluate.shots import Shot, find_shots, open_known
from tests.evaluate.tiny_truths import Scene, save_shot


def test_shots_are_found_below_a_folder_by_name(shots: Path, made: Scene) -> None:
    save_shot(shots / "deeper" / "still", made)
    (shots / ".hidden.partial").mkdir()
    (shots / ".hidden.partial" / "input_video.mp4").touch()
    assert [each.name for each in find_shots(shots)] == ["deeper-still", "one", "two"]
    assert [each.name for each in find_shots(shots / "one")] == ["one"]


def test_no_shots_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match="holds no shot folders"):
        find_shots(tmp_path)
    with pytest.raises(OpenVoidError, match="no such folder"):
        find_shots(tmp_path / "none")


def test_all_that_is_known_of_a_shot_is_read(shots: Path, made: Scene) -> None:
    judged = open_known(Shot("one", shots / "one"))
    np.testing.assert_array_equal(np.stack(list(judged.truth.frames())), made.truth)
    np.testing.assert_array_equal(np.stack(list(judged.source.frames())), made.source)
    np.testing.assert_array_equal(np.stack(list(judged.quadmask)), np.stack(list(made.quadmask)))
    (ball,) = judged.moved
    assert ball.name == "ball"
    np.testing.assert_array_equal(np.stack(list(ball.masks)), made.ball)
    np.testing.assert_allclose(ball.centres_px, made.moved().centres_px)


def test_a_shot_without_a_description_is_of_another_family(shots: Path) -> None:
    (shots / "one" / "world.json").unlink()
    one, two = find_shots(shots)
    assert (one.family, one.seed, one.warnings) == ("other", None, ())
    assert (two.family, two.warnings) == ("light", ())


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "null", '{"family": 3}', '{"family": "a", "seed": 1e400}', "\udcff"]
)
def test_a_description_that_cannot_be_read_counts_as_none_and_is_told(
    shots: Path, text: str
) -> None:
    (shots / "two" / "world.json").write_text(text, errors="surrogateescape")
    one, two = find_shots(shots)
    assert (one.family, one.seed, one.warnings) == ("collide", 1, ())
    assert (two.family, two.seed) == ("other", None)
    (told,) = two.warnings
    assert told.startswith("world.json cannot be read, counted as 'other': ")


@pytest.mark.parametrize("missing", ["tracks.json", "ids.mkv"])
def test_without_tracks_nothing_is_followed(shots: Path, missing: str) -> None:
    (shots / "one" / missing).unlink()
    assert open_known(Shot("one", shots / "one")).moved == ()


def test_the_digest_knows_all_that_is_judged_by(shots: Path) -> None:
    shot = Shot("one", shots / "one")
    seen = {shot.digest()}
    for name in ("input_video.mkv", "truth.mkv", "quadmask_0.mkv", "ids.mkv", "tracks.json"):
        path = shots / "one" / name
        path.write_bytes(path.read_bytes() + b" ")
        seen.add(shot.digest())
    (shots / "one" / "prompt.json").write_text(json.dumps({"bg": "else"}))
    seen.add(shot.digest())
    assert len(seen) == 7
