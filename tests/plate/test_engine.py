"""The whole engine on shots whose truth is known; the rest is in the conformance tests."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from openvoid.core.clip import Clip, clip_of
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import Origin, RemovalRequest, Run
from openvoid.plate.engine import PlateEngine
from tests.plate.worlds import crossing, filmed, handheld, texture


def removed(
    clip: Clip, mask: Quadmask, folder: Path, soft_px: int = 2, camera: str = "auto"
) -> tuple[list[np.ndarray], list[np.ndarray], Run]:
    """Result frames, origins (whole frames) and the run."""
    run = Run(folder)
    frames, origins = [], []
    source = clip.frames()
    engine = PlateEngine(PlateEngine.Options(camera=camera))
    for fill in engine.fill(RemovalRequest(clip, mask, soft_edge_px=soft_px), run):
        frame, origin = next(source).astype(np.float64), np.zeros(clip.size, np.uint8)
        if not fill.box.empty:
            part, alpha = frame[fill.box.slices], fill.alpha[..., None]
            frame[fill.box.slices] = part * (1 - alpha) + fill.rgb * alpha
            origin[fill.box.slices] = fill.origin
        frames.append(frame)
        origins.append(origin)
    return frames, origins, run


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def psnr(a: np.ndarray, b: np.ndarray, white: float) -> float:
    return float(10 * np.log10(white**2 / (((a - b) ** 2).mean() + 1e-12)))


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_a_locked_shot_comes_back_exactly(tmp_path: Path, kind: str) -> None:
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[kind]
    still = texture(120, 180)
    shown, mask = crossing([still] * 14, lambda index: (10 + 12 * index, 60), radius=10)
    deep = [(frame.astype(np.float64) * scale).astype(kind) for frame in shown]
    clip = clip_of(deep)
    frames, origins, run = removed(clip, mask, tmp_path)
    truth = (still.astype(np.float64) * scale).astype(kind).astype(np.float64)
    for frame, origin in zip(frames, origins, strict=True):
        assert np.abs(frame - truth).max() <= 1e-6 * clip.white
        assert not (origin == Origin.SYNTHESISED).any()
    assert run.notes["camera"]["model"] == "locked"


def test_a_handheld_shot_comes_back_well(tmp_path: Path) -> None:
    truth = filmed(texture(260, 340), [handheld(index) for index in range(16)], (160, 240))
    shown, mask = crossing(truth, lambda index: (10 + 15 * index, 80))
    frames, _, run = removed(clip_of(shown), mask, tmp_path)
    assert run.notes["camera"]["model"] != "locked"
    inside = [labels != 255 for labels in mask]
    result = np.concatenate([f[m] for f, m in zip(frames, inside, strict=True)])
    real = np.concatenate([f[m] for f, m in zip(truth, inside, strict=True)]).astype(float)
    assert psnr(result, real, 255) > 34


def test_what_no_frame_saw_is_synthesised_and_stands_still(tmp_path: Path) -> None:
    shown, mask = crossing([texture(120, 180)] * 6, lambda index: (90, 60))
    frames, origins, _ = removed(clip_of(shown), mask, tmp_path)
    for frame, origin in zip(frames, origins, strict=True):
        hole = mask[0] != 255
        assert (origin[hole] == Origin.SYNTHESISED).all()
        assert np.abs(frame - frames[0]).max() <= 1
        assert not (np.abs(frame[hole] - (230, 30, 40)).max(axis=-1) < 40).any()  # no ball


def test_penumbra_outside_the_mask_is_taken_along(tmp_path: Path) -> None:
    still = texture(120, 180)
    shown, mask = crossing([still] * 14, lambda index: (10 + 12 * index, 60), radius=10)
    blurred = []
    for index, frame in enumerate(shown):
        rows, columns = np.indices(frame.shape[:2])
        distance = np.hypot(rows - 60, columns - 10 - 12 * index) - 10
        shade = np.where(distance > 0, 0.5 * np.clip(1 - distance / 5, 0, 1), 0)[..., None]
        blurred.append((frame * (1 - shade)).astype(np.uint8))
    with_reach, _, _ = removed(clip_of(blurred), mask, made(tmp_path / "a"), soft_px=7)
    without, _, _ = removed(clip_of(blurred), mask, made(tmp_path / "b"), soft_px=0)
    ring = [np.abs(blurred[5].astype(int) - still).max(axis=-1) > 8][0] & (mask[5] == 255)
    assert (
        psnr(with_reach[5][ring], still[ring], 255) > psnr(without[5][ring], still[ring], 255) + 8
    )
    assert np.array_equal(without[5][mask[5] == 255], blurred[5][mask[5] == 255])


def test_parallax_is_aligned_locally(tmp_path: Path) -> None:
    world = texture(150, 500)
    columns, rows = np.meshgrid(np.arange(240, dtype=np.float32), np.arange(150, dtype=np.float32))
    truth = []
    for index in range(14):  # how far a place moves depends on where it is: no plane does that
        shift = index * (1.5 + 0.5 * np.sin(rows / 150 * 6 + columns / 240 * 3))
        truth.append(cv2.remap(world, columns + 60 + shift, rows, cv2.INTER_CUBIC))
    shown, mask = crossing(truth, lambda index: (20 + 15 * index, 75), radius=12)
    inside = np.stack([labels != 255 for labels in mask])

    def quality(camera: str) -> float:
        folder = made(tmp_path / camera)
        frames, _, _ = removed(clip_of(shown), mask, folder, camera=camera)
        return psnr(np.stack(frames)[inside], np.stack(truth)[inside].astype(float), 255)

    assert quality("parallax") > max(40, quality("homography") + 3)  # which carries what is near


def test_the_camera_option_is_obeyed(tmp_path: Path) -> None:
    truth = filmed(texture(260, 340), [handheld(index) for index in range(8)], (160, 240))
    shown, mask = crossing(truth, lambda index: (20 + 25 * index, 80))
    for camera in ("locked", "affine", "homography", "parallax"):
        _, _, run = removed(clip_of(shown), mask, made(tmp_path / camera), camera=camera)
        assert run.notes["camera"]["model"] == camera


def linear(frames: list[np.ndarray], times: float) -> list[np.ndarray]:
    """8-bit frames as scene-linear light, so many times as bright."""
    return [((frame / 255.0) ** 2.2 * times).astype(np.float32) for frame in frames]


@pytest.mark.parametrize("shot", ["shaken", "parallax", "unseen"])
def test_how_bright_a_plate_was_stored_makes_no_difference(tmp_path: Path, shot: str) -> None:
    cameras = [np.eye(3) if shot == "unseen" else handheld(index) for index in range(10)]
    truth = filmed(texture(260, 340), cameras, (96, 160))
    place = (80, 48) if shot == "unseen" else None
    shown, mask = crossing(truth, lambda index: place or (10 + 15 * index, 48), radius=10)
    camera = "parallax" if shot == "parallax" else "auto"
    inside = np.stack([labels != 255 for labels in mask])

    def filled(times: float) -> tuple[np.ndarray, np.ndarray, Run]:
        clip, folder = clip_of(linear(shown, times)), made(tmp_path / f"{times}")
        frames, origins, run = removed(clip, mask, folder, camera=camera)
        return np.stack(frames) / times, np.stack(origins), run

    usual, origin, run = filled(1.0)
    if shot != "unseen":
        real = np.stack(linear(truth, 1.0))
        assert psnr(usual[inside], real[inside], 1.0) > 32
    for power in (-9, 3):
        frames, origins, told = filled(2.0**power)
        assert np.array_equal(frames, usual)
        assert np.array_equal(origins, origin)
        assert told.notes["camera"] == run.notes["camera"]
    for times in (0.002, 7.3):  # rounded otherwise, and no more than that
        frames, _, told = filled(times)
        assert told.notes["camera"]["model"] == run.notes["camera"]["model"]
        assert psnr(frames[inside], usual[inside], 1.0) > 55


def test_no_number_in_a_plate_disturbs_nothing_but_itself(tmp_path: Path) -> None:
    truth = filmed(texture(260, 340), [handheld(index) for index in range(10)], (96, 160))
    shown, mask = crossing(truth, lambda index: (10 + 15 * index, 48), radius=10)
    clean = linear(shown, 1.0)
    bad = [frame.copy() for frame in clean]
    for frame in bad:
        frame[5, 7], frame[90, 150] = np.nan, np.inf
    inside = np.stack([labels != 255 for labels in mask])
    one, _, _ = removed(clip_of(clean), mask, made(tmp_path / "clean"))
    two, _, run = removed(clip_of(bad), mask, made(tmp_path / "bad"))
    assert run.notes["camera"]["frames_without_features"] == []
    assert psnr(np.stack(two)[inside], np.stack(one)[inside], 1.0) > 45


def test_what_no_frame_shows_is_told_where_it_is_much(tmp_path: Path) -> None:
    frames = [texture(96, 160)] * 6
    for name, step, told in (("stays", 0, True), ("goes", 12, False)):
        shown, mask = crossing(frames, lambda index, step=step: (50 + step * index, 48), 8)
        (tmp_path / name).mkdir()
        run = Run(tmp_path / name)
        request = RemovalRequest(clip_of(shown), mask, soft_edge_px=2)
        list(PlateEngine(PlateEngine.Options()).fill(request, run))
        assert any("made up" in warning for warning in run.warnings) is told
        assert (run.notes["never_seen"] > 0.25) is told
