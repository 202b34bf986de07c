"""What a segmenter that offers candidates promises about them, for every one that is installed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import HasCandidates
from openvoid.core.removal import Run
from openvoid.core.selection import Selection
from openvoid.marking import find_candidates, find_track
from tests.conformance.test_segmenters import ON_FIRST, shot

OFFERING = ("classical", "isnet")


Who = dict[str, Any]  # the segmenter's name and options, as `find_track` takes them


@pytest.fixture(params=OFFERING)
def who(request: pytest.FixtureRequest) -> Who:
    name, options = str(request.param), {}
    if name == "isnet":
        options = {"weights": str(request.getfixturevalue("tiny_isnet")[name])}
    return {"segmenter": name, "options": options}


@pytest.fixture
def offering(who: Who) -> HasCandidates:
    made = plugins.construct("segmenter", who["segmenter"], who["options"])
    assert isinstance(made, HasCandidates)
    return made


def test_they_are_ordered_of_one_frame_and_of_the_clips_size(
    offering: HasCandidates, tmp_path: Path
) -> None:
    found = offering.candidates(shot(), ON_FIRST, Run(tmp_path))
    assert 1 <= len(found) <= 3
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    assert {each.frame for each in found} == {0}
    assert all(each.silhouette.shape == (64, 88) and each.silhouette[32, 26] for each in found)
    assert all(0 <= value <= 1 for each in found for value in each.cues.values())


def test_the_first_is_what_is_followed_and_another_one_if_it_is_chosen(
    offering: HasCandidates, who: Who, tmp_path: Path
) -> None:
    found = offering.candidates(shot(), ON_FIRST, Run(tmp_path))
    for number, each in enumerate(found, start=1):
        track = find_track(shot(), replace(ON_FIRST, candidate=number), **who)
        assert np.array_equal(track[0], each.silhouette)


def test_what_is_asked_for_stands_first(offering: HasCandidates, tmp_path: Path) -> None:
    for what in ("part", "object"):
        found = offering.candidates(shot(), replace(ON_FIRST, grow_to=what), Run(tmp_path))
        kinds = [each.what for each in found]
        assert kinds == sorted(kinds, key=lambda kind: kind != what)


def test_a_number_beyond_the_last_is_refused(
    offering: HasCandidates, who: Who, tmp_path: Path
) -> None:
    with pytest.raises(OpenVoidError, match="there is no candidate 9"):
        offering.candidates(shot(), replace(ON_FIRST, candidate=9), Run(tmp_path))
    with pytest.raises(OpenVoidError, match="there is no candidate 10"):
        find_track(shot(), replace(ON_FIRST, candidate=10), **who)


@pytest.mark.usefixtures("third_party")
def test_a_segmenter_that_offers_none_says_so() -> None:
    for ask in (find_candidates, find_track):
        with pytest.raises(OpenVoidError, match="offers no candidates"):
            ask(shot(), replace(ON_FIRST, candidate=2), segmenter="still")


def test_words_alone_are_no_marks(offering: HasCandidates, tmp_path: Path) -> None:
    with pytest.raises(OpenVoidError, match="words"):
        offering.candidates(shot(), Selection(words="disc"), Run(tmp_path))
