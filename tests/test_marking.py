"""From marks to a quadmask: every artefact is kept, taken up again, and corrections win."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Region
from openvoid.core.removal import Told
from openvoid.core.selection import Point, Selection
from openvoid.core.track import Track
from openvoid.marking import (
    Composing,
    Marked,
    find_effects,
    find_track,
    mark,
)
from openvoid.media.masks import open_quadmask
from openvoid.media.tracks import open_track
from openvoid.reason.applied import Decisions
from openvoid.workspace.shelf import Shelf

pytestmark = pytest.mark.usefixtures("third_party", "cache")
AT = Selection((Point(2, 20, 12),))


@pytest.fixture
def clip() -> Clip:
    rng = np.random.default_rng(1)
    return clip_of(list(rng.integers(0, 255, (5, 40, 64, 3), np.uint8)), Fraction(25))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, third_party: Path) -> list[str]:
    """Names of the plug-ins that worked, in order."""
    from openvoid.core import plugins

    told: list[str] = []
    for kind, name, method in (("segmenter", "still", "track"), ("reasoner", "below", "explain")):
        plugin = plugins.find(kind, name)
        real = getattr(plugin, method)

        def spied(self: Any, *given: Any, name: str = name, real: Any = real) -> Any:
            told.append(name)
            return real(self, *given)

        monkeypatch.setattr(plugin, method, spied)
    assert "still_segmenter" in sys.modules
    return told


def marked(clip: Clip, folder: Path, selection: Selection = AT, **asked: Any) -> Marked:
    return mark(clip, selection, folder, segmenter="still", reasoners=("below",), **asked)


def test_marks_become_a_quadmask_and_every_artefact_is_kept(clip: Clip, tmp_path: Path) -> None:
    found = marked(clip, tmp_path / "marks")
    labels = found.quadmask[4]
    assert labels[12, 20] == Region.PRIMARY
    assert labels[20, 20] == Region.AFFECTED
    assert labels[30, 20] == labels[12, 50] == Region.KEEP
    folder = tmp_path / "marks"
    assert open_track(folder / "track.mkv") == found.track
    assert open_quadmask(folder / "quadmask.mkv") == found.quadmask
    assert Effects.from_json(json.loads((folder / "effects.json").read_text())) == found.effects
    assert Selection.from_json(json.loads((folder / "selection.json").read_text())) == AT
    assert found.effects.background == "An empty ground."


def test_the_same_request_is_not_worked_on_twice(
    clip: Clip, tmp_path: Path, calls: list[str]
) -> None:
    first = marked(clip, tmp_path)
    again = marked(clip, tmp_path)
    assert calls == ["still", "below"]
    assert (again.track, again.effects, again.quadmask) == (
        first.track,
        first.effects,
        first.quadmask,
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"selection": Selection((Point(2, 30, 12),))}, ["still", "below"]),
        ({"segmenter_options": {"radius_px": 4.0}}, ["still", "below"]),
        ({"reasoner_options": {"below": {"share": 0.2}}}, ["below"]),
        ({"composing": Composing(grid=8)}, []),
        ({"resume": False}, ["still", "below"]),
    ],
)
def test_only_what_another_request_changes_is_made_again(
    asked: dict[str, Any], expected: list[str], clip: Clip, tmp_path: Path, calls: list[str]
) -> None:
    before = marked(clip, tmp_path).quadmask
    calls.clear()
    after = marked(clip, tmp_path, **asked).quadmask
    assert calls == expected
    assert (after == before) is ("resume" in asked)
    assert open_quadmask(tmp_path / "quadmask.mkv") == after


def test_another_meaning_of_the_values_is_another_request(
    clip: Clip, tmp_path: Path, calls: list[str]
) -> None:
    marked(clip, tmp_path)
    marked(replace(clip, input_color="linear"), tmp_path)
    assert calls == ["still", "below"] * 2


def test_a_person_s_correction_is_used_and_never_overwritten(clip: Clip, tmp_path: Path) -> None:
    marked(clip, tmp_path)
    path = tmp_path / "effects.json"
    corrected = json.loads(path.read_text())
    corrected["affected"] = []
    path.write_text(json.dumps(corrected))
    assert marked(clip, tmp_path).quadmask.shares()[Region.AFFECTED] == 0
    other = marked(clip, tmp_path, Selection((Point(2, 30, 12),)))
    assert other.quadmask.shares()[Region.AFFECTED] > 0
    assert json.loads((tmp_path / "effects.corrected.json").read_text()) == corrected


def test_a_decision_stands_when_the_effects_are_looked_for_again(
    clip: Clip, tmp_path: Path, calls: list[str]
) -> None:
    before = marked(clip, tmp_path)
    no = marked(clip, tmp_path, decisions=Decisions(reject=frozenset({1})))
    assert no.quadmask.shares()[Region.AFFECTED] == 0 < before.quadmask.shares()[Region.AFFECTED]
    assert marked(clip, tmp_path).quadmask == no.quadmask
    again = marked(clip, tmp_path, resume=False)
    assert again.effects.affected[0].by_person
    assert again.quadmask == no.quadmask
    other = marked(clip, tmp_path, Selection((Point(2, 50, 12),)))  # another object
    assert other.quadmask.shares()[Region.AFFECTED] > 0
    with pytest.raises(OpenVoidError, match="there is no effect 7"):
        marked(clip, tmp_path, decisions=Decisions(accept=frozenset({7})))


def test_a_correction_that_cannot_be_read_is_told(clip: Clip, tmp_path: Path) -> None:
    marked(clip, tmp_path)
    (tmp_path / "effects.json").write_text('{"schema": "openvoid.effects/2", "affected": 3}')
    with pytest.raises(OpenVoidError, match=r"effects\.json"):
        marked(clip, tmp_path)


def test_edits_handed_in_win_over_reasoners(clip: Clip) -> None:
    track = find_track(clip, AT, segmenter="still")
    found = find_effects(clip, track, reasoners=("below",))
    (shadow,) = found.affected
    denied = Effects((replace(shadow, source="person", confidence=0.0),))
    assert find_effects(clip, track, reasoners=("below",), edited=denied).affected == ()
    assert find_effects(clip, track, reasoners=(), edited=found) == found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"selection": Selection((Point(2, 64, 12),))}, "outside the picture"),
        ({"selection": Selection(words="the disc")}, "words"),
        ({"segmenter_options": {"radius_px": -1.0}}, "radius_px"),
        ({"segmenter_options": {"radius_px": 0.0}}, "nothing was found at the marks"),
        ({"reasoner_options": {"below": {"shade": 1.0}}}, "no option 'shade'"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_leaves_nothing(
    asked: dict[str, Any], said: str, clip: Clip, tmp_path: Path
) -> None:
    with pytest.raises(OpenVoidError) as caught:
        marked(clip, tmp_path / "marks", **asked)
    assert said in caught.value.line()
    assert not (tmp_path / "marks" / "quadmask.mkv").exists()


def test_a_track_of_another_clip_is_refused(clip: Clip) -> None:
    short = Track.of("disc", [np.ones((40, 64), bool)])
    with pytest.raises(OpenVoidError, match="make the track from the same frames"):
        find_effects(clip, short, reasoners=("below",))


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "marks").write_text("")
    with pytest.raises(OpenVoidError, match="is a file"):
        Shelf(tmp_path / "marks")


def test_what_auto_was_is_told_and_kept_as_its_own_name(tmp_path: Path) -> None:
    rows, columns = np.mgrid[:64, :96]
    disc = np.hypot(columns - 40, rows - 30) < 12
    frame = np.where(disc[..., None], (200, 40, 40), (60, 90, 70)).astype(np.uint8)
    shot, at, told = clip_of([frame] * 2, Fraction(25)), Selection((Point(0, 40, 30),)), Told()
    assert find_track(shot, at, told=told) == find_track(shot, at, segmenter="classical")
    assert told.notes["segmenter"].startswith("classical; isnet finds more: ")
    found = mark(shot, at, tmp_path / "marks", reasoners=())
    assert found.told.notes["segmenter"].startswith("classical; ")
    kept = json.loads((tmp_path / "marks" / "track.json").read_text())
    assert kept["segmenter"] == "classical"
