"""Tracks survive their files, and a matte from elsewhere is a track too."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from openvoid.core.errors import OpenVoidError
from openvoid.core.track import Track
from openvoid.media.masks import write_mattes
from openvoid.media.tracks import open_track, write_track

RATE = Fraction(24000, 1001)


def some_track() -> Track:
    masks = np.zeros((5, 32, 48), bool)
    for index in range(1, 5):
        masks[index, 4 : 10 + index, 7 : 20 + index] = True
    return Track.of("red cup", list(masks), [0.0, 0.25, 0.5, 0.75, 1.0])


@pytest.mark.parametrize("name", ["track.mkv", "track.mp4", "track"])
def test_a_track_comes_back_as_it_was_written(name: str, tmp_path: Path) -> None:
    write_track(some_track(), tmp_path / name, RATE, {"segmenter": "classical"})
    assert open_track(tmp_path / name) == some_track()
    assert json.loads((tmp_path / "track.json").read_text())["segmenter"] == "classical"


def test_a_matte_from_elsewhere_is_a_track(tmp_path: Path) -> None:
    write_mattes((mask * np.uint8(255) for mask in some_track()), tmp_path / "m.mkv", RATE)
    (tmp_path / "m.json").write_text('{"schema": "theirs"}')
    found = open_track(tmp_path / "m.mkv", label="cup")
    assert found == Track.of("cup", list(some_track()))


def test_an_empty_track_and_facts_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    write_mattes(iter([np.zeros((16, 16), np.uint8)] * 2), tmp_path / "none.mkv", RATE)
    with pytest.raises(OpenVoidError, match="the track is empty"):
        open_track(tmp_path / "none.mkv")
    write_track(some_track(), tmp_path / "track.mkv", RATE)
    (tmp_path / "track.json").write_text('{"schema": "openvoid.track/1", "confidence": [1]}')
    with pytest.raises(OpenVoidError, match="does not fit"):
        open_track(tmp_path / "track.mkv")
