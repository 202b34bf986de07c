"""The spine, end to end, with the worked example of a third party's engine."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import openvoid
from openvoid.core.clip import ArraySource, Clip, clip_of
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.quadmask import Quadmask, Region, dilate
from openvoid.core.removal import Fill, Run
from openvoid.core.request import default_soft_edge_px
from openvoid.media.open import open_clip
from openvoid.removal import Removal, in_order, remove
from openvoid.workspace.fingerprint import mask_hash

pytestmark = pytest.mark.usefixtures("third_party", "cache")

HEIGHT, WIDTH, LENGTH, SOFT_PX = 48, 64, 12, 2


def quadmask(length: int = LENGTH, height: int = HEIGHT, width: int = WIDTH) -> Quadmask:
    """A box that walks to the right, its shadow below; the last frame is empty."""
    frames = []
    for index in range(length):
        labels = np.full((height, width), Region.KEEP, np.uint8)
        if index < length - 1:
            labels[10:20, 5 + 3 * index : 15 + 3 * index] = Region.PRIMARY
            labels[18:24, 8 + 3 * index : 18 + 3 * index] = Region.AFFECTED
        frames.append(labels)
    return Quadmask.from_labels(frames)


def save_mask(mask: Quadmask, folder: Path) -> Path:
    folder.mkdir(parents=True)
    for index, labels in enumerate(mask):
        assert cv2.imwrite(str(folder / f"{index:04}.png"), labels)
    return folder


def planes_of(path: Path) -> list[list[np.ndarray]]:
    return [list(picture.planes) for picture in open_clip(path).pictures()]


def kept_samples(mask: np.ndarray, plane: np.ndarray, soft_px: int) -> np.ndarray:
    """Samples of a plane of which no pixel may change."""
    kept = ~dilate(mask != Region.KEEP, soft_px)
    rows, columns = -(-kept.shape[0] // plane.shape[0]), -(-kept.shape[1] // plane.shape[1])
    padded = np.pad(
        kept, ((0, -kept.shape[0] % rows), (0, -kept.shape[1] % columns)), constant_values=True
    )
    return padded.reshape(plane.shape[0], rows, plane.shape[1], columns).all(axis=(1, 3))


def listing(folder: Path) -> dict[str, bytes | None]:
    """Every file below, with its content: to see that nothing was left behind or changed."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@dataclass(frozen=True)
class Shot:
    folder: Path
    clip: Path
    mask: Path

    def remove(self, out: str, **more: Any) -> Any:
        settings: dict[str, Any] = {"engine": "mean", "soft_edge_px": SOFT_PX, **more}
        return remove(self.clip, self.mask, self.folder / out, **settings)


@pytest.fixture
def shot(make_video: Callable[..., Path], tmp_path: Path) -> Shot:
    clip = make_video("clip.mp4", frames=LENGTH, sound_s=0.5, timecode="01:00:00:00")
    return Shot(tmp_path, clip, save_mask(quadmask(), tmp_path / "mask"))


# --- what is kept is kept -----------------------------------------------------------------------

SOURCES = {
    "8 bit 4:2:0": ("clip.mp4", {"codec": "libx264", "pixels": "yuv420p"}),
    "8 bit 4:2:0 of odd size": ("clip.mkv", {"codec": "ffv1", "size": (47, 63)}),
    "10 bit 4:2:2": ("clip.mov", {"codec": "prores_ks", "pixels": "yuv422p10le"}),
    "10 bit 4:2:0": ("clip.mkv", {"codec": "ffv1", "pixels": "yuv420p10le"}),
    "12 bit RGB": ("clip.mkv", {"codec": "ffv1", "pixels": "gbrp12le"}),
    "16 bit 4:4:4": ("clip.mkv", {"codec": "ffv1", "pixels": "yuv444p16le"}),
    "8 bit RGB": ("clip.mkv", {"codec": "ffv1", "pixels": "bgr0"}),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_kept_samples_are_identical_in_a_lossless_master(
    kind: str, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    name, settings = SOURCES[kind]
    height, width = settings.get("size", (HEIGHT, WIDTH))
    clip = make_video(name, frames=LENGTH, **settings)
    mask, out = quadmask(LENGTH, height, width), tmp_path / "out.mkv"
    result = remove(clip, mask, out, engine="mean", soft_edge_px=SOFT_PX)
    assert result.master == out
    changed = 0
    for labels, old, new in zip(mask, planes_of(clip), planes_of(out), strict=True):
        for before, after in zip(old, new, strict=True):
            kept = kept_samples(labels, before, SOFT_PX)
            assert before.dtype == after.dtype
            assert before[kept].tobytes() == after[kept].tobytes()
            changed += np.count_nonzero(before != after)
    assert changed > 1000


@pytest.mark.parametrize(
    ("suffix", "dtype"), [(".png", np.uint8), (".png", np.uint16), (".exr", None)]
)
def test_image_sequences_keep_depth_numbers_and_samples(
    suffix: str, dtype: Any, tmp_path: Path
) -> None:
    frames = np.random.default_rng(0).random((LENGTH, HEIGHT, WIDTH, 3))
    (tmp_path / "in").mkdir()
    for index, frame in enumerate(frames):
        path = tmp_path / "in" / f"shot.{1001 + index}{suffix}"
        if dtype is None:
            _write_exr(path, (frame * 8).astype(np.float16))
        else:
            assert cv2.imwrite(str(path), (frame * np.iinfo(dtype).max).astype(dtype))
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / f"clean.%04d{suffix}"
    remove(
        tmp_path / "in", quadmask(), out, engine="mean", soft_edge_px=SOFT_PX, range=(1003, 1007)
    )
    names = [path.name for path in sorted((tmp_path / "out").glob("*" + suffix))]
    assert names == [f"clean.{number}{suffix}" for number in range(1003, 1008)]
    old, new = planes_of(tmp_path / "in")[2:7], planes_of(out)
    for index in range(5):
        kept = kept_samples(quadmask()[index + 2], old[index][0], SOFT_PX)
        for before, after in zip(old[index], new[index], strict=True):
            assert before[kept].tobytes() == after[kept].tobytes()
            assert (before != after).any()


def _write_exr(path: Path, frame: np.ndarray) -> None:
    oiio = pytest.importorskip("OpenImageIO")
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), oiio.ImageSpec(WIDTH, HEIGHT, 3, oiio.HALF))
    assert output.write_image(np.ascontiguousarray(frame.astype(np.float32)))
    output.close()


# --- deliverables -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("out", "codec", "stored"),
    [
        ("out.mp4", None, "h264"),
        ("out.mov", None, "prores"),
        ("out.mov", "prores-4444", "prores"),
        ("out.mkv", None, "ffv1"),
        ("out.mkv", "h264", "h264"),
    ],
)
def test_every_codec_keeps_sound_rate_and_timecode(
    shot: Shot, out: str, codec: str | None, stored: str
) -> None:
    import av

    result = shot.remove(out, codec=codec, range=(2, 9))
    clip = open_clip(result.master)
    assert (clip.length, clip.rate, clip.timecode) == (8, Fraction(24), "01:00:00:02")
    with av.open(str(result.master)) as container:
        assert container.streams.video[0].codec_context.name.startswith(stored)
        assert len(container.streams.audio) == 1


def test_a_folder_becomes_images(shot: Shot) -> None:
    result = shot.remove("clean")
    assert len(list(result.master.iterdir())) == LENGTH
    assert result.report == shot.folder / "clean.report.json"


@pytest.mark.parametrize(("matte", "patch"), [("new.mkv", "new_rgba.mkv"), ("new", "new_rgba")])
def test_matte_and_patch_say_exactly_what_changed(
    make_video: Callable[..., Path], tmp_path: Path, matte: str, patch: str
) -> None:
    clip = make_video("clip.mkv", codec="ffv1", pixels="bgr0", frames=LENGTH)
    out = tmp_path / "out.mkv"
    asked = {"matte": tmp_path / matte, "patch": tmp_path / patch}
    result = remove(clip, quadmask(), out, engine="mean", soft_edge_px=SOFT_PX, **asked)
    assert (result.matte, result.patch) == (tmp_path / matte, tmp_path / patch)
    mattes, patches = planes_of(tmp_path / matte), planes_of(tmp_path / patch)
    assert len(mattes) == len(patches) == LENGTH
    for index, (old, new) in enumerate(zip(planes_of(clip), planes_of(out), strict=True)):
        changed = np.any([a != b for a, b in zip(old, new, strict=True)], axis=0)
        assert not (changed & (mattes[index][0] == 0)).any()
        assert (mattes[index][0] == 255)[quadmask()[index] != Region.KEEP].all()
        alpha = patches[index][3] / 255
        for before, after, paint in zip(old, new, patches[index], strict=False):
            over = (1 - alpha) * before + alpha * paint
            assert np.abs(over - after).max() <= 1.0


def test_prores_and_exr_patches_can_be_written(shot: Shot) -> None:
    pytest.importorskip("OpenImageIO")
    assert open_clip(shot.remove("a.mkv", patch=shot.folder / "a.mov").patch).layout.alpha
    patch = shot.remove("b.mkv", patch=shot.folder / "b.%04d.exr").patch
    green, *_, alpha = planes_of(patch)[0]
    assert alpha.max() == 1
    assert green[alpha == 0].max() == 0, "colours are multiplied by alpha"


def test_shares_count_every_pixel(shot: Shot) -> None:
    shares = shot.remove("out.mkv", soft_edge_px=0).shares
    filled = np.mean([labels != Region.KEEP for labels in quadmask()])
    assert sum(shares.values()) == pytest.approx(1)
    assert shares == pytest.approx(
        {"kept": 1 - filled, "seen": 0, "synthesised": filled, "moved": 0}
    )


def test_a_clip_and_a_mask_in_memory(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (LENGTH, HEIGHT, WIDTH, 3)).astype(np.uint8)
    result = remove(clip_of(frames), quadmask(), tmp_path / "out.mkv", engine="mean")
    assert result.provenance.source["mask"]["path"] is None
    kept = kept_samples(quadmask()[3], frames[3, ..., 0], default_soft_edge_px(HEIGHT))
    assert np.array_equal(planes_of(tmp_path / "out.mkv")[3][0][kept], frames[3, ..., 1][kept])


def test_the_public_name_works_whoever_imported_first(shot: Shot) -> None:
    openvoid.remove(shot.clip, shot.mask, shot.folder / "a.mkv", engine="mean")
    first, then = "from openvoid import remove as a", "from openvoid.remove import remove as b"
    for lines in ((first, then), (then, first), ("import openvoid.remove", first, then)):
        same = "import openvoid; from openvoid.removal import remove as c"
        code = "; ".join([*lines, same, "assert a is b is c is openvoid.remove"])
        subprocess.run([sys.executable, "-c", code], check=True)


# --- options: each changes something ------------------------------------------------------------


def test_every_setting_changes_the_result(shot: Shot) -> None:
    plain = shot.remove("plain.mkv")
    same = shot.remove("same.mkv")
    assert same.master.read_bytes() == plain.master.read_bytes()
    for index, change in enumerate(
        [
            {"seed": 5},
            {"grow_px": 3},
            {"grow_px": -2},
            {"soft_edge_px": 6},
            {"options": {"ring_px": 3}},
            {"options": {"grain": 0.2}},
            {"range": (0, 10)},
            {"codec": "h264"},
        ]
    ):
        other = shot.remove(f"other{index}.mkv", **change)
        assert other.master.read_bytes() != plain.master.read_bytes(), change


def test_words_and_effects_reach_the_engine(shot: Shot, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []

    def fill(self: Any, request: Any, run: Run) -> Iterator[Fill]:
        heard.append(request)
        raise RuntimeError("heard")

    import mean_engine  # type: ignore[import-not-found]

    monkeypatch.setattr(mean_engine.MeanEngine, "fill", fill)
    effects = Effects(background="a table")
    with pytest.raises(RuntimeError, match="heard"):
        shot.remove("out.mkv", prompt="an empty table", effects=effects, seed=9, soft_edge_px=None)
    (request,) = heard
    assert (request.prompt, request.effects, request.seed) == ("an empty table", effects, 9)
    assert request.soft_edge_px == default_soft_edge_px(HEIGHT)
    assert (request.start, request.clip.length) == (0, LENGTH)


def test_a_range_takes_a_mask_of_the_clip_or_of_the_range(shot: Shot) -> None:
    part = quadmask().trimmed(3, 7)
    one = shot.remove("one.mkv", range=(3, 6))
    two = remove(
        shot.clip, part, shot.folder / "two.mkv", engine="mean", soft_edge_px=2, range=(3, 6)
    )
    assert one.master.read_bytes() == two.master.read_bytes()
    assert one.provenance.settings["range"] == [3, 6]


def test_progress_is_told_from_the_calling_thread_and_ends(shot: Shot) -> None:
    import threading

    told: list[tuple[str, int, int]] = []

    def progress(stage: str, done: int, total: int) -> None:
        assert threading.current_thread() is threading.main_thread()
        told.append((stage, done, total))

    shot.remove("out.mkv", progress=progress)
    delivered = [done for stage, done, _ in told if stage == "deliver"]
    assert delivered == sorted(delivered)
    assert ("deliver", LENGTH, LENGTH) in told
    assert ("mean", LENGTH, LENGTH) in told


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    def peak(length: int) -> int:
        def frame(index: int) -> np.ndarray:
            return np.full((180, 320, 3), index % 251, np.uint8)

        clip = clip_of([frame(0)])
        clip = replace(clip, length=length, source=ArraySource(frame, clip.layout))
        mask = quadmask(length, 180, 320 + 3 * length)
        mask = Quadmask.from_labels(labels[:, :320] for labels in mask)
        tracemalloc.start()
        remove(clip, mask, tmp_path / f"{length}.mkv", engine="mean")
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(4)  # imports
    assert peak(90) < 1.2 * peak(30) + 200_000


# --- the report ---------------------------------------------------------------------------------

REPORT = {
    "schema": None,
    "master": None,
    "matte": None,
    "patch": None,
    "engine": None,
    "settings": {
        *("engine", "options", "grow_px", "codec", "prompt", "range", "soft_edge_px", "effects")
    },
    "seed": None,
    "versions": {"openvoid", "python", "numpy", "opencv", "av"},
    "weights": set(),
    "source": {"clip", "mask"},
    "timings_s": {"read", "scenes", "mean", "deliver", "total"},
    "shares": {"kept", "seen", "synthesised", "moved"},
    "notes": {"ring_px"},
    "warnings": None,
}


def test_the_report_is_complete_and_true(shot: Shot) -> None:
    result = shot.remove("out.mkv", seed=4, prompt="nothing there", matte=shot.folder / "m.mkv")
    assert result.report == shot.folder / "out.mkv.report.json"
    report = json.loads(result.report.read_text())
    assert list(report) == list(REPORT)
    for name, inner in REPORT.items():
        assert inner is None or set(report[name]) == set(inner), name
    assert report["schema"] == "openvoid.report/1"
    assert report["matte"] == "m.mkv"
    assert report["settings"]["options"] == {"ring_px": 8, "grain": 0.01}
    assert report["source"]["clip"] == {
        "path": shot.clip.name,
        "content": report["source"]["clip"]["content"],
        "sha256": hashlib.sha256(shot.clip.read_bytes()).hexdigest(),
        "width": WIDTH,
        "height": HEIGHT,
        "first_frame": 0,
        "length_frames": LENGTH,
        "rate": "24",
        "pixels": "yuv420p",
        "bits": 8,
        "color": report["source"]["clip"]["color"],
        "input_color": "auto",
        "timecode": "01:00:00:00",
        "audio": True,
    }
    assert report["source"]["mask"]["sha256"] == mask_hash(quadmask())
    assert sum(report["source"]["mask"]["shares"].values()) == pytest.approx(1)
    assert sum(report["shares"].values()) == pytest.approx(1)
    assert all(value >= 0 for value in report["timings_s"].values())
    assert report["versions"]["openvoid"] == openvoid.__version__


def test_the_report_is_the_same_each_time_but_for_the_timings(shot: Shot) -> None:
    one = json.loads(shot.remove("out.mkv").report.read_text())
    two = json.loads(shot.remove("out.mkv", overwrite=True).report.read_text())
    assert one.pop("timings_s") != two.pop("timings_s")
    assert one == two


# --- interruption -------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from openvoid.remove import remove
clip, mask, out, how, after = sys.argv[1:]

def progress(stage, done, total):
    if stage == "deliver" and done >= int(after):
        os.kill(os.getpid(), getattr(signal, how))

remove(clip, mask, out, engine="mean", soft_edge_px=2, progress=progress)
"""


def interrupt(shot: Shot, third_party: Path, how: str, after: int, out: str = "out.mkv") -> int:
    words = [sys.executable, "-c", KILLED, shot.clip, shot.mask, shot.folder / out, how, str(after)]
    environment = {**os.environ, "PYTHONPATH": str(third_party)}
    return subprocess.run(words, env=environment, capture_output=True, check=False).returncode


@pytest.mark.parametrize(("how", "after"), [("SIGKILL", 1), ("SIGKILL", 7), ("SIGINT", 5)])
def test_the_same_command_goes_on_and_gives_the_same_bytes(
    shot: Shot, third_party: Path, cache: Path, how: str, after: int
) -> None:
    whole = shot.remove("whole.mkv")
    assert interrupt(shot, third_party, how, after) != 0
    assert not (shot.folder / "out.mkv").exists()
    assert len(list((cache / "removals").iterdir())) >= 1
    result = shot.remove("out.mkv")
    assert result.master.read_bytes() == whole.master.read_bytes()
    assert LENGTH > result.notes["resumed_at_frame"] >= after
    assert list((cache / "removals").iterdir()) == []
    report = json.loads(result.report.read_text())
    told = json.loads(whole.report.read_text())
    for each in (report, told):
        each["notes"].pop("resumed_at_frame", None)
        del each["timings_s"], each["master"]
    assert report == told


def test_ctrl_c_leaves_nothing_beside_the_result(shot: Shot, third_party: Path) -> None:
    before = listing(shot.folder)
    assert interrupt(shot, third_party, "SIGINT", 4) == -signal.SIGINT
    assert listing(shot.folder) == before


@dataclass
class Stopping:
    """Stops the removal by an exception once `after` frames were delivered."""

    after: int
    error: type[BaseException] = KeyboardInterrupt

    def __call__(self, stage: str, done: int, total: int) -> None:
        if stage == "deliver" and done >= self.after:
            raise self.error


def started_at(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collects the `start` of every request that the engine gets."""
    import mean_engine

    starts: list[int] = []
    fill = mean_engine.MeanEngine.fill

    def spy(self: Any, request: Any, run: Run) -> Iterator[Fill]:
        starts.append(request.start)
        return fill(self, request, run)  # type: ignore[no-any-return]

    monkeypatch.setattr(mean_engine.MeanEngine, "fill", spy)
    return starts


def test_only_missing_frames_are_asked_of_the_engine(
    shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = started_at(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        shot.remove("out.mkv", progress=Stopping(4))
    with pytest.raises(KeyboardInterrupt):
        shot.remove("out.mkv", progress=Stopping(8))
    shot.remove("out.mkv")
    assert starts[0] == 0
    assert 4 <= starts[1] < starts[2] < LENGTH


def test_another_request_does_not_take_it_up(shot: Shot, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = started_at(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        shot.remove("out.mkv", progress=Stopping(4))
    changes: list[dict[str, Any]] = [
        {"seed": 1},
        {"prompt": "else"},
        {"grow_px": 1},
        {"soft_edge_px": 3},
        {"options": {"ring_px": 9}},
        {"range": (0, 10)},
        {"effects": Effects(background="x")},
        {"resume": False},
    ]
    for index, change in enumerate(changes):
        shot.remove(f"out{index}.mkv", **change)
    assert starts == [0] * (1 + len(changes))


def test_another_name_or_codec_for_the_result_does_take_it_up(
    shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = started_at(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        shot.remove("out.mkv", progress=Stopping(4))
    shot.remove("other.mp4", matte=shot.folder / "m.mkv")
    assert starts[1] >= 4


def test_a_changed_clip_or_mask_is_another_request(
    shot: Shot, monkeypatch: pytest.MonkeyPatch, make_video: Callable[..., Path]
) -> None:
    starts = started_at(monkeypatch)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            shot.remove("out.mkv", progress=Stopping(4))
    make_video("clip.mp4", frames=LENGTH, seed=1)  # the same name, another content
    with pytest.raises(KeyboardInterrupt):
        shot.remove("out.mkv", progress=Stopping(4))
    picture = cv2.imread(str(shot.mask / "0001.png"), cv2.IMREAD_UNCHANGED)
    picture[40, 40] = 0
    cv2.imwrite(str(shot.mask / "0001.png"), picture)
    shot.remove("out.mkv")
    first, *again, changed_clip, changed_mask = starts  # again: not where all was filled at once
    assert first == changed_clip == changed_mask == 0
    assert all(start >= 4 for start in again)


def test_when_all_was_filled_the_engine_is_not_asked_again(
    shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = shot.remove("whole.mkv")
    starts = started_at(monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr(Removal, "result", lambda self, provenance: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            shot.remove("out.mkv")
    result = shot.remove("out.mkv")
    assert starts == [0]
    assert result.master.read_bytes() == whole.master.read_bytes()
    assert result.notes == {**whole.notes, "resumed_at_frame": LENGTH}


def test_two_at_once_are_refused(shot: Shot) -> None:
    def again(stage: str, done: int, total: int) -> None:
        with pytest.raises(OpenVoidError, match="by another process"):
            shot.remove("other.mkv")

    shot.remove("out.mkv", progress=again)
    assert not (shot.folder / "other.mkv").exists()


# --- mistakes: one clear error, nothing left behind ----------------------------------------------


def inverted(shot: Shot) -> Path:
    return save_mask(
        Quadmask.from_labels([np.zeros((HEIGHT, WIDTH), np.uint8)] * LENGTH), shot.folder / "full"
    )


def empty(shot: Shot) -> Path:
    keep = np.full((HEIGHT, WIDTH), 255, np.uint8)
    return save_mask(Quadmask.from_labels([keep] * LENGTH), shot.folder / "empty")


def gradient(shot: Shot) -> Path:
    folder = shot.folder / "gradient"
    folder.mkdir()
    picture = np.tile(np.arange(WIDTH, dtype=np.uint8) * 4, (HEIGHT, 1))
    for index in range(LENGTH):
        cv2.imwrite(str(folder / f"{index:04}.png"), picture)
    return folder


MISTAKES: dict[str, tuple[str, Callable[[Shot], dict[str, Any]]]] = {
    "no such clip": ("no such file", lambda shot: {"clip": shot.folder / "nothing.mp4"}),
    "no such mask": ("no such file", lambda shot: {"mask": shot.folder / "nothing.mkv"}),
    "no mask": ("no mask was given", lambda shot: {"mask": None}),
    "clip is no video": ("mask", lambda shot: {"clip": _text(shot)}),
    "mask of another size": (
        "the mask is 32x24, the clip 64x48",
        lambda shot: {"mask": quadmask().resized(24, 32)},
    ),
    "mask of another length": (
        "the mask has 5 frames, the clip 12",
        lambda shot: {"mask": quadmask(5)},
    ),
    "not a quadmask": ("not a quadmask", lambda shot: {"mask": gradient(shot)}),
    "empty mask": ("nothing to remove", lambda shot: {"mask": empty(shot)}),
    "mask empty in the range": ("nothing to remove", lambda shot: {"range": (11, 11)}),
    "mask shrunk to nothing": ("once it is grown by -20 px", lambda shot: {"grow_px": -20}),
    "mask covers everything": ("covers everything", lambda shot: {"mask": inverted(shot)}),
    "range outside": ("it has frames 0 to 11", lambda shot: {"range": (3, 12)}),
    "range backwards": ("range 5-3 is not in the clip", lambda shot: {"range": (5, 3)}),
    "seed below 0": ("seed is -1", lambda shot: {"seed": -1}),
    "grown too far": ("grow_px is 49", lambda shot: {"grow_px": 49}),
    "soft edge below 0": ("soft_edge_px is -1", lambda shot: {"soft_edge_px": -1}),
    "unknown engine": ("unknown engine 'nobody' (known: ", lambda shot: {"engine": "nobody"}),
    "unknown option": ("no option 'strength'", lambda shot: {"options": {"strength": 1}}),
    "option out of range": ("from 1 to 100", lambda shot: {"options": {"ring_px": 0}}),
    "unknown codec": ("unknown codec 'divx'", lambda shot: {"codec": "divx"}),
    "unknown suffix": (".avi", lambda shot: {"out": shot.folder / "out.avi"}),
    "codec and suffix": ("ffv1 does not go", lambda shot: _out(shot, "out.mp4", codec="ffv1")),
    "no such folder": ("does not exist", lambda shot: {"out": shot.folder / "no" / "out.mkv"}),
    "exists": ("exists already", lambda shot: {"out": _text(shot, "out.mkv")}),
    "is the clip": ("the input", lambda shot: {"out": shot.clip, "overwrite": True}),
    "is the mask": ("the input", lambda shot: {"out": shot.mask, "overwrite": True}),
    "matte is the mask": ("the input", lambda shot: {"matte": shot.mask, "overwrite": True}),
    "matte of a lossy kind": ("for a matte", lambda shot: {"matte": shot.folder / "m.mp4"}),
    "matte is the result": (
        "two outputs have the same name",
        lambda shot: {"matte": shot.folder / "out.mkv"},
    ),
}


def _out(shot: Shot, name: str, **more: Any) -> dict[str, Any]:
    return {"out": shot.folder / name, **more}


def _text(shot: Shot, name: str = "mask.txt") -> Path:
    path = shot.folder / name
    path.write_text("not a video")
    return path


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_line_and_leaves_nothing(
    shot: Shot, cache: Path, mistake: str
) -> None:
    said, change = MISTAKES[mistake]
    asked = {"clip": shot.clip, "mask": shot.mask, "out": shot.folder / "out.mkv", "engine": "mean"}
    asked |= change(shot)
    before = listing(shot.folder)
    with pytest.raises(OpenVoidError) as raised:
        remove(**asked)  # type: ignore[arg-type]
    assert said in raised.value.line()
    assert "\n" not in raised.value.line()
    assert listing(shot.folder) == before
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_results_in_a_pattern_do_not_replace_frames_of_the_clip(tmp_path: Path) -> None:
    clip = save_mask(quadmask(), tmp_path / "clip")
    with pytest.raises(OpenVoidError, match="would overwrite the input"):
        remove(clip, quadmask(), clip / "%04d.png", engine="mean", overwrite=True)


def test_a_pattern_takes_only_the_frames_it_writes(shot: Shot) -> None:
    first = shot.remove("out.%04d.png", range=(0, 3))
    with pytest.raises(OpenVoidError, match=r"out.0003.png: exists already"):
        shot.remove("out.%04d.png", range=(3, 6))
    first.report.unlink()
    shot.remove("out.%04d.png", range=(4, 6))
    assert len(list(shot.folder.glob("out.*.png"))) == 7


def test_a_folder_that_may_not_be_written(shot: Shot, monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: "ro" not in str(path) and access(path, mode)
    )
    (shot.folder / "ro").mkdir()
    with pytest.raises(OpenVoidError, match="may not be written"):
        shot.remove("ro/out.mkv")


def test_a_disk_that_is_too_small(shot: Shot, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    before = listing(shot.folder)
    with pytest.raises(OpenVoidError, match=r"are needed here.*another disk"):
        shot.remove("out.mkv")
    assert listing(shot.folder) == before


def test_a_disk_that_fills_up_half_way(shot: Shot, monkeypatch: pytest.MonkeyPatch) -> None:
    from openvoid.deliver.package import Package

    write, before = Package.write, listing(shot.folder)

    def full(self: Package, frame: Any) -> None:
        if frame.fill.frame == 6:
            raise OSError(28, "No space left on device")
        write(self, frame)

    with monkeypatch.context() as patched:
        patched.setattr(Package, "write", full)
        with pytest.raises(OSError, match="No space left"):
            shot.remove("out.mkv", matte=shot.folder / "m.mkv", patch=shot.folder / "p.mkv")
    assert listing(shot.folder) == before
    assert shot.remove("out.mkv").notes["resumed_at_frame"] == 7


def test_parts_that_appeared_go_again_if_the_master_fails(
    shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, before = Path.replace, listing(shot.folder)

    def fails(self: Path, target: Path) -> Path:
        if Path(target).name == "out.mkv":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fails)
    with pytest.raises(OpenVoidError, match="disk is full"):
        shot.remove("out.mkv", matte=shot.folder / "m.mkv", patch=shot.folder / "p")
    assert listing(shot.folder) == before


def test_overwriting_replaces_all(shot: Shot) -> None:
    first = shot.remove("out.mkv").master.read_bytes()
    with pytest.raises(OpenVoidError, match=r"exists already.*--overwrite"):
        shot.remove("out.mkv", seed=1)
    (shot.folder / "out.mkv").unlink()
    with pytest.raises(OpenVoidError, match=r"out.mkv.report.json: exists already"):
        shot.remove("out.mkv", seed=1)
    assert shot.remove("out.mkv", seed=1, overwrite=True).master.read_bytes() != first


# --- engines that break their word ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([0, 1, 3], "gave frame 3, frame 2 of 4 was due"),
        ([1], "gave frame 1, frame 0 of 4 was due"),
        ([0, 1], "stopped before frame 2 of 4"),
        ([0, 1, 2, 3, 4], "gave frame 4, frame 4 of 4 was due"),
        ([0, 0], "gave frame 0, frame 1 of 4 was due"),
    ],
)
def test_fills_out_of_order_are_refused(frames: list[int], said: str) -> None:
    fills = (Fill.nothing(frame, np.dtype(np.uint8)) for frame in frames)
    with pytest.raises(OpenVoidError, match=said):
        list(in_order(fills, 0, 4, "careless"))


def test_a_fill_that_breaks_the_promise_is_not_kept(
    shot: Shot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mean_engine

    make, before = mean_engine.MeanEngine._fill, listing(shot.folder)

    def careless(self: Any, request: Any, index: int, frame: Any) -> Fill:
        fill = make(self, request, index, frame)
        return replace(fill, alpha=fill.alpha * np.float32(0.99)) if index == 4 else fill  # type: ignore[no-any-return]

    with monkeypatch.context() as patched:
        patched.setattr(mean_engine.MeanEngine, "_fill", careless)
        with pytest.raises(
            OpenVoidError, match="engine 'mean' broke its promise in frame 4: alpha"
        ):
            shot.remove("out.mkv")
    assert listing(shot.folder) == before
    assert shot.remove("out.mkv").notes["resumed_at_frame"] == 4


def test_a_shot_folder_brings_mask_and_prompt(shot: Shot) -> None:
    from openvoid.media.masks import write_quadmask
    from tests.shot_folders import write_shot

    folder = shot.folder / "shot"
    write_quadmask(quadmask(), shot.folder / "mask.mkv", Fraction(24))
    write_shot(folder, shot.clip, shot.folder / "mask.mkv", "an empty room")
    result = remove(folder, None, shot.folder / "out.mkv", engine="mean", soft_edge_px=SOFT_PX)
    assert result.provenance.settings["prompt"] == "an empty room"
    assert result.provenance.source["mask"]["sha256"] == mask_hash(quadmask())


def test_a_rate_is_for_files_and_an_opened_clip_has_its_own(shot: Shot) -> None:
    made = {"engine": "mean", "soft_edge_px": SOFT_PX, "rate": Fraction(25)}
    result = remove(shot.clip, shot.mask, shot.folder / "out.mkv", **made)
    assert result.provenance.source["clip"]["rate"] == "25"
    assert open_clip(result.master).rate == 25
    with pytest.raises(OpenVoidError, match="takes no other rate"):
        remove(open_clip(shot.clip), shot.mask, shot.folder / "two.mkv", **made)


def test_an_untouched_frame_is_never_copied_through_rgb(shot: Shot) -> None:
    result = shot.remove("out.mkv")
    for old, new in zip(planes_of(shot.clip)[-1], planes_of(result.master)[-1], strict=True):
        assert np.array_equal(old, new)


def test_a_trimmed_clip_is_taken_as_it_is(shot: Shot) -> None:
    clip: Clip = open_clip(shot.clip).trimmed(2, 8)
    mask = quadmask().trimmed(2, 8)
    one = remove(clip, mask, shot.folder / "one.mkv", engine="mean", soft_edge_px=SOFT_PX)
    two = shot.remove("two.mkv", range=(2, 7))
    assert planes_of(one.master)[0][0].tobytes() == planes_of(two.master)[0][0].tobytes()
    assert one.provenance.settings["range"] == [2, 7]


def test_a_clip_that_changes_while_it_is_worked_on_gives_no_result(shot: Shot) -> None:
    before = listing(shot.folder)

    def touch(stage: str, done: int, total: int) -> None:
        if stage == "deliver" and done >= LENGTH // 2:  # the second thread may skip a number
            os.utime(shot.clip, (1, 1))

    with pytest.raises(OpenVoidError, match="was changed while it was worked on"):
        shot.remove("out.mkv", progress=touch)
    assert listing(shot.folder) == before
