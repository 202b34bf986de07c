"""From effects to fates: kept, taken up again, corrected by a person, and part of the mask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fates
from openvoid.core.quadmask import Region
from openvoid.core.removal import Told
from openvoid.foretelling import fates_kept, find_fates
from openvoid.media.open import open_clip
from openvoid.reason.compose import compose
from openvoid.removal import remove
from openvoid.workspace.shelf import Shelf
from tests.physics.rolling import MEETS, Shot, ball_x, disc_at, stopped

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture(scope="module")
def shot() -> Shot:
    return stopped()


def kept(shot: Shot, folder: Path, mover: str = "plain") -> Fates:
    shelf, told = Shelf(folder), Told()
    with shelf.owned():
        asked = mover, None, "none"
        return fates_kept(
            shot.clip, shot.track, shot.effects, shelf, asked, True, lambda *_: None, told
        )


def test_no_mover_moves_nothing(shot: Shot, tmp_path: Path) -> None:
    assert find_fates(shot.clip, shot.track, shot.effects) == Fates()
    assert kept(shot, tmp_path / "marks", "none") == Fates()
    assert not (tmp_path / "marks" / "fates.json").exists()


def test_fates_are_kept_and_a_correction_of_them_counts(shot: Shot, tmp_path: Path) -> None:
    folder = tmp_path / "marks"
    first = kept(shot, folder)
    assert first.moving
    data = json.loads((folder / "fates.json").read_text())
    assert Fates.from_json(data) == first
    data["things"][0]["poses"] = data["things"][0]["poses"][:2]
    (folder / "fates.json").write_text(json.dumps(data))
    assert len(kept(shot, folder).things[0].poses) == 2


def test_a_correction_that_cannot_be_read_is_told(shot: Shot, tmp_path: Path) -> None:
    folder = tmp_path / "marks"
    kept(shot, folder)
    (folder / "fates.json").write_text("{}")
    with pytest.raises(OpenVoidError, match="fates of schema"):
        kept(shot, folder)


def test_a_mover_that_is_not_there_is_named(shot: Shot) -> None:
    with pytest.raises(OpenVoidError, match="unknown mover"):
        find_fates(shot.clip, shot.track, shot.effects, mover="rigid-body-of-nobody")


def test_the_mask_holds_the_course_and_where_the_thing_is_now(shot: Shot) -> None:
    fates = find_fates(shot.clip, shot.track, shot.effects, mover="plain", cuts="none")
    mask = compose(shot.track, shot.effects, fates)
    late = mask[MEETS + 3]
    assert (late[disc_at(ball_x(MEETS + 3))] != Region.KEEP).all()
    assert (late[disc_at(ball_x(MEETS))] != Region.KEEP).all()
    assert not (mask[MEETS - 1] == Region.AFFECTED).any()
    assert (late[:, : int(ball_x(MEETS)) - 30] == Region.KEEP).all()


def test_a_removal_draws_it_tells_so_and_is_another_request(shot: Shot, tmp_path: Path) -> None:
    fates = find_fates(shot.clip, shot.track, shot.effects, mover="plain", cuts="none")
    mask = compose(shot.track, shot.effects, fates)
    asked: dict[str, Any] = {"cuts": "none", "effects": shot.effects}
    moved = remove(shot.clip, mask, tmp_path / "moved.mkv", fates=fates, **asked)
    still = remove(shot.clip, mask, tmp_path / "still.mkv", **asked)
    assert moved.shares["moved"] > 0 == still.shares["moved"]
    assert moved.provenance.settings["fates"] == fates.to_json()
    assert "fates" not in still.provenance.settings
    late = MEETS + 4
    one, other = (
        next(iter(open_clip(each.master).frames(late, late + 1))) for each in (moved, still)
    )
    ball = disc_at(ball_x(late), larger=0.8)
    assert np.abs(one[ball].astype(int) - shot.truth[late][ball]).mean() < 6
    assert np.abs(other[ball].astype(int) - shot.truth[late][ball]).mean() > 40
