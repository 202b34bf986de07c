"""The four real clips from the command line, at most 960 pixels wide, with the default engine.

Each is removed once a session, in a process of its own, as a person would; then its result is
looked at from all sides.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from openvoid.core.quadmask import Region, dilate
from openvoid.core.request import default_soft_edge_px
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from openvoid.media.shotdir import read_shot
from tests.cli.real_shots import reduced
from tests.cli.tiny_shots import listing

LONG = [pytest.param(name, marks=pytest.mark.slow) for name in ("BigBen", "lime")]
CLIPS = (*LONG, "ducky-float", "moving_ball")


@dataclass(frozen=True)
class Removed:
    """A shot, and what became of it."""

    shot: Path  # folder
    clip: Path
    mask: Path
    folder: Path  # holds nothing but the deliverables
    facts: dict[str, Any]  # what --json told

    @property
    def master(self) -> Path:
        return self.folder / "clean.mkv"

    @property
    def report(self) -> Any:
        return json.loads((self.folder / "clean.mkv.report.json").read_text())


@pytest.fixture(scope="session", params=CLIPS)
def removed(
    request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory
) -> Removed:
    folder = tmp_path_factory.mktemp(request.param)
    reduced(shared / "clips" / request.param, folder / "shot")
    (folder / "out").mkdir()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "openvoid.cli.main", "remove", str(folder / "shot")),
            *("--out", str(folder / "out" / "clean.mkv")),
            *("--matte", str(folder / "out" / "matte.mkv"), "--json"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        env=os.environ | {"OPENVOID_CACHE": str(folder / "cache")},
    )
    assert done.returncode == 0, done.stderr
    shot = read_shot(folder / "shot")
    return Removed(
        folder / "shot", shot.clip, shot.quadmask, folder / "out", json.loads(done.stdout)
    )


def test_nothing_but_the_deliverables_appears(removed: Removed) -> None:
    assert set(listing(removed.folder)) == {"clean.mkv", "clean.mkv.report.json", "matte.mkv"}
    assert removed.facts["master"] == str(removed.master)


def test_length_size_rate_and_colour_are_the_sources(removed: Removed) -> None:
    source, result = open_clip(removed.clip), open_clip(removed.master)
    assert (result.length, result.size, result.rate) == (source.length, source.size, source.rate)
    assert result.layout == source.layout
    assert result.color == source.color


def test_sound_is_the_sources_packet_for_packet(removed: Removed) -> None:
    assert sound(removed.master) == sound(removed.clip)


def sound(path: Path) -> list[bytes]:
    with av.open(path) as container:
        if not container.streams.audio:
            return []
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def planes(removed: Removed) -> Iterator[tuple[Any, Any, Any]]:
    """Labels, source planes and result planes of every frame."""
    mask, source, result = (
        open_quadmask(removed.mask),
        open_clip(removed.clip),
        open_clip(removed.master),
    )
    for labels, before, after in zip(mask, source.pictures(), result.pictures(), strict=True):
        yield labels, before.planes, after.planes


def test_what_is_kept_is_the_source_bit_for_bit(removed: Removed) -> None:
    mask = open_quadmask(removed.mask)
    soft_px = default_soft_edge_px(mask.height)
    for labels, before, after in planes(removed):
        may_change = dilate(labels != Region.KEEP, soft_px)
        for stored, given in zip(before, after, strict=True):
            down = labels.shape[0] // stored.shape[0], labels.shape[1] // stored.shape[1]
            blocks = may_change.reshape(stored.shape[0], down[0], stored.shape[1], down[1]).any(
                axis=(1, 3)
            )
            assert np.array_equal(stored[~blocks], given[~blocks])


def test_what_was_removed_is_new(removed: Removed) -> None:
    changed = [
        np.abs(before[0].astype(int) - after[0])[labels != Region.KEEP].mean()
        for labels, before, after in planes(removed)
        if (labels != Region.KEEP).any()
    ]
    assert np.mean(changed) > 2.0


def test_the_matte_shows_exactly_what_changed(removed: Removed) -> None:
    matte = open_clip(removed.folder / "matte.mkv")
    for picture, (labels, before, after) in zip(matte.pictures(), planes(removed), strict=True):
        (alpha,) = picture.planes
        assert (alpha[labels != Region.KEEP] == 255).all()
        assert np.array_equal(before[0][alpha == 0], after[0][alpha == 0])


def test_the_report_accounts_for_every_pixel(removed: Removed) -> None:
    shares = removed.report["shares"]
    assert set(shares) == {"kept", "seen", "synthesised", "moved"}
    assert sum(shares.values()) == pytest.approx(1)
    gone = 1 - open_quadmask(removed.mask).shares()[Region.KEEP]
    assert gone <= 1 - shares["kept"] < gone + 0.15
    assert removed.facts["shares"] == pytest.approx(shares)


def test_a_contact_sheet_can_be_made_of_it(
    removed: Removed, command: Callable[..., Any], tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.png"
    done = command("compare", removed.shot, removed.master, "--out", sheet, "--json")
    assert done.code == 0, done.err
    assert cv2.imread(str(sheet)).shape[1] == 3 * 480 + 4 * 4
    assert done.json["regions"]["inside"]["psnr_db"] < done.json["regions"]["outside"]["psnr_db"]
