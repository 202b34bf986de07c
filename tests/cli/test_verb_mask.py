"""`openvoid mask`: what it tells of a mask, what it writes, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openvoid.core.quadmask import Quadmask, Region
from openvoid.media.masks import open_quadmask
from openvoid.media.open import open_clip
from tests.cli.tiny_shots import listing, save_pictures


def test_inspect_tells_size_shares_and_that_it_is_lossless(
    command: Callable[..., Any], tiny: Any
) -> None:
    facts = command("mask", "inspect", tiny.mask, "--json").json
    assert (facts["width"], facts["height"], facts["frames"]) == (64, 48, 4)
    for region in Region:
        wanted = np.count_nonzero(tiny.labels == region) / tiny.labels.size
        assert facts["shares"][region.name.lower()] == pytest.approx(wanted)
    assert facts["levels"] == {
        "lossless": True,
        "distinct": 4,
        "stray_share": 0.0,
        "values": [0, 63, 127, 255],
    }
    assert (facts["first_frame"], facts["last_frame"], facts["empty_frames"]) == (0, 3, 0)
    page = command("mask", "inspect", tiny.mask).out
    assert "lossless, as 0 63 127 255" in page
    assert "64x48" in page


def test_inspect_tells_noise_from_levels(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    noisy = tiny.labels.astype(int)
    noisy[:, ::7, ::5] += np.where(noisy[:, ::7, ::5] > 128, -9, 9)
    save_pictures(tmp_path / "noisy", noisy.astype(np.uint8))
    facts = command("mask", "inspect", tmp_path / "noisy", "--json").json
    assert not facts["levels"]["lossless"]
    assert 0.005 < facts["levels"]["stray_share"] < 0.05
    assert "lossy, " in command("mask", "inspect", tmp_path / "noisy").out


@pytest.mark.parametrize("name", ["mask.mkv", "mask.mp4", "mask"])
def test_convert_keeps_every_label_in_every_format(
    command: Callable[..., Any], tiny: Any, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out" / name
    out.parent.mkdir()
    done = command("mask", "convert", tiny.mask, "--out", out, "--rate", "23.976")
    assert done.code == 0, done.err
    assert open_quadmask(out) == Quadmask.from_labels(tiny.labels)
    if out.suffix:
        assert open_clip(out).rate == Fraction(24000, 1001)
    assert listing(out.parent).keys() >= {name}


def test_a_video_masks_rate_is_kept(command: Callable[..., Any], tiny: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "first.mkv", tmp_path / "second.mkv"
    command("mask", "convert", tiny.mask, "--out", first, "--rate", "50")
    command("mask", "grow", first, "--by", "1", "--out", second)
    assert open_clip(second).rate == 50


def test_mattes_become_a_quadmask(command: Callable[..., Any], tiny: Any, tmp_path: Path) -> None:
    removed = (tiny.labels == 0) | (tiny.labels == 63)
    affected = (tiny.labels == 127) | (tiny.labels == 63)
    save_pictures(tmp_path / "object", removed.astype(np.uint8) * 255)
    save_pictures(tmp_path / "shadow", affected.astype(np.uint8) * 255)
    alone, both = tmp_path / "alone.mkv", tmp_path / "both.mkv"
    command("mask", "convert", tmp_path / "object", "--from-matte", "--out", alone)
    assert open_quadmask(alone) == Quadmask.from_removed(removed)
    command(
        *("mask", "convert", tmp_path / "object", "--from-matte"),
        *("--affected", tmp_path / "shadow", "--out", both),
    )
    assert open_quadmask(both) == Quadmask.from_labels(tiny.labels)


def test_size_chooses_labels_and_never_mixes_them(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    out = tmp_path / "large.mkv"
    assert command("mask", "convert", tiny.mask, "--size", "128x96", "--out", out).code == 0
    assert np.array_equal(open_quadmask(out)[2], np.kron(tiny.labels[2], np.ones((2, 2), np.uint8)))


def test_grow_and_snap_do_what_the_words_say(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    source = Quadmask.from_labels(tiny.labels)
    command("mask", "grow", tiny.mask, "--by", "3", "--out", tmp_path / "grown.mkv")
    command("mask", "grow", tiny.mask, "--by", "-2", "--out", tmp_path / "shrunk.mkv")
    command("mask", "snap", tiny.mask, "--cells", "6", "--out", tmp_path / "snapped.mkv")
    assert open_quadmask(tmp_path / "grown.mkv") == source.grown(3)
    assert open_quadmask(tmp_path / "shrunk.mkv") == source.grown(-2)
    assert open_quadmask(tmp_path / "snapped.mkv") == source.grid_snapped(6)
    assert source.grid_snapped(6) not in (source, source.grid_snapped(8))


def test_a_matte_taken_for_a_quadmask_is_noticed(
    command: Callable[..., Any], tiny: Any, tmp_path: Path
) -> None:
    save_pictures(tmp_path / "matte", (tiny.labels == 0).astype(np.uint8) * 255)
    assert "--from-matte" in command("mask", "inspect", tmp_path / "matte").out


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["inspect", "none.mkv"], "none.mkv"),
        (["inspect", "clip"], "not a quadmask"),
        (["convert", "mask", "--out", "there.mkv"], "there.mkv: exists already (--overwrite"),
        (["convert", "mask", "--out", "new.mkv", "--size", "wide"], "--size: 'wide' is not a size"),
        (["convert", "mask", "--out", "new.mkv", "--affected", "mask"], "only beside --from-matte"),
        (["convert", "mask", "--out", "new.gif"], "new.gif"),
        (["convert", "mask", "--out", "no/new.mkv"], "no/new.mkv"),
        (["grow", "mask", "--out", "new.mkv"], "Missing option '--by'"),
        (["snap", "mask", "--out", "new.mkv", "--cells", "0"], "'--cells'"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    command: Callable[..., Any],
    tiny: Any,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    wanted: str,
) -> None:
    folder = tiny.clip.parent
    (folder / "there.mkv").write_bytes(b"mine")
    monkeypatch.chdir(folder)
    before = listing(folder)
    done = command("mask", *words)
    assert done.code == 2
    assert wanted in done.error
    assert listing(folder) == before
