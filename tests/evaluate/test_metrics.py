"""Every metric against a value computed by hand, and against what it must see."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openvoid.core import plugins
from openvoid.core.clip import clip_of
from openvoid.core.errors import OpenVoidError
from openvoid.core.judged import Judged
from openvoid.core.quadmask import Quadmask, Region
from openvoid.core.removal import Run
from openvoid.evaluate import vmaf
from openvoid.evaluate.fidelity import CEILING_DB, ssim_map
from openvoid.evaluate.regions import REGIONS, boundary_px, regions_of
from tests.evaluate.tiny_truths import FRAMES, RADIUS, Scene, course, room, scene, with_ball


@pytest.fixture(scope="module")
def tiny() -> Scene:
    return scene()


def measured(name: str, judged: Judged, tmp_path: Path, **options: Any) -> dict[str, float]:
    metric = plugins.construct("metric", name, options)
    values = dict(metric.measure(judged, Run(tmp_path)))
    assert set(values) == set(metric.better)
    return values


def plain(result: float, truth: float, labels: np.ndarray[Any, Any], frames: int = 2) -> Judged:
    """Two clips of one gray each (of 255), under one frame of labels."""
    clips = [
        clip_of(np.full((frames, *labels.shape, 3), level, np.uint8)) for level in (result, truth)
    ]
    return Judged(clips[0], clips[1], clips[1], Quadmask.from_labels([labels] * frames))


def quarters() -> np.ndarray[Any, Any]:
    """A frame of 40x40 with one region a quarter."""
    labels = np.full((40, 40), Region.KEEP, np.uint8)
    labels[:20, :20], labels[:20, 20:] = Region.PRIMARY, Region.OVERLAP
    labels[20:, :20] = Region.AFFECTED
    return labels


# --- regions ------------------------------------------------------------------------------------


def test_the_four_labels_share_out_the_frame_and_the_boundary_lies_on_the_edge() -> None:
    regions = regions_of(quarters())
    for name in ("primary", "overlap", "affected", "keep"):
        assert np.count_nonzero(regions[name]) == 400
    assert regions["whole"].all()
    assert boundary_px(384) == 4
    assert boundary_px(40) == 2
    # the edge lies between the rows 19 and 20
    assert np.flatnonzero(regions["boundary"][:, 30]).tolist() == [18, 19, 20, 21]


# --- psnr and ssim ------------------------------------------------------------------------------


def test_psnr_of_an_error_of_51_levels_is_13_98_decibels(tmp_path: Path) -> None:
    values = measured("psnr", plain(151, 100, quarters()), tmp_path)
    for region in REGIONS:
        assert values[f"psnr.{region}"] == pytest.approx(10 * math.log10(25), abs=1e-4)


def test_psnr_looks_at_each_region_alone(tmp_path: Path) -> None:
    labels = quarters()
    judged = plain(100, 100, labels)
    frames = np.full((2, 40, 40, 3), 100, np.uint8)
    frames[:, labels == Region.AFFECTED] = 151
    values = measured("psnr", Judged(clip_of(frames), *_rest(judged)), tmp_path)
    assert values["psnr.affected"] == pytest.approx(10 * math.log10(25), abs=1e-4)
    assert values["psnr.whole"] == pytest.approx(10 * math.log10(100), abs=1e-4)
    assert values["psnr.keep"] == values["psnr.primary"] == CEILING_DB


def _rest(judged: Judged) -> tuple[Any, Any, Quadmask]:
    return judged.truth, judged.source, judged.quadmask


def test_ssim_of_two_grays_is_the_luminance_term_alone(tmp_path: Path) -> None:
    values = measured("ssim", plain(51, 102, quarters()), tmp_path)
    wanted = (2 * 0.2 * 0.4 + 1e-4) / (0.2**2 + 0.4**2 + 1e-4)
    for region in REGIONS:
        assert values[f"ssim.{region}"] == pytest.approx(wanted, abs=1e-3)


def test_ssim_of_a_negative_is_below_zero() -> None:
    picture = np.random.default_rng(0).uniform(0, 1, (32, 32)).astype(np.float32)
    assert float(ssim_map(1 - picture, picture).mean()) < -0.5


@pytest.mark.parametrize("name", ["psnr", "ssim"])
def test_a_region_that_is_not_there_has_no_number(name: str, tmp_path: Path) -> None:
    labels = np.full((40, 40), Region.KEEP, np.uint8)
    values = measured(name, plain(100, 100, labels), tmp_path)
    assert math.isnan(values[f"{name}.affected"])
    assert math.isnan(values[f"{name}.boundary"])
    assert values[f"{name}.keep"] == values[f"{name}.whole"] > 0


# --- all together -------------------------------------------------------------------------------


def test_a_perfect_result_scores_perfectly(tiny: Scene, tmp_path: Path) -> None:
    judged = tiny.judged(tiny.truth)
    for region in REGIONS:
        assert measured("psnr", judged, tmp_path)[f"psnr.{region}"] == CEILING_DB
        assert measured("ssim", judged, tmp_path)[f"ssim.{region}"] == pytest.approx(1, abs=1e-5)
    assert measured("trajectory", judged, tmp_path, every=1) == {
        "trajectory.found": 1.0,
        "trajectory.error_px": 0.0,
        "trajectory.error": 0.0,
        "trajectory.iou": 1.0,
    }
    assert measured("flicker", judged, tmp_path) == {
        "flicker.hole": 1.0,
        "flicker.boundary": 1.0,
        "flicker.levels": 0.0,
    }


def test_a_blurred_hole_is_seen_where_it_is(tiny: Scene, tmp_path: Path) -> None:
    blurred = tiny.truth.copy()
    for index, labels in enumerate(tiny.quadmask):
        soft = cv2.GaussianBlur(blurred[index], (0, 0), 4)
        blurred[index][labels != Region.KEEP] = soft[labels != Region.KEEP]
    judged = tiny.judged(blurred)
    psnr, ssim = (measured(name, judged, tmp_path) for name in ("psnr", "ssim"))
    assert psnr["psnr.affected"] < 25
    assert psnr["psnr.keep"] == CEILING_DB
    assert ssim["ssim.affected"] < 0.8 < ssim["ssim.keep"]


# --- trajectory ---------------------------------------------------------------------------------


def rolled(offset_px: int) -> np.ndarray[Any, Any]:
    """The truth with its ball so many pixels behind."""
    background = room()
    return np.stack(
        [with_ball(background, course(index) - offset_px)[0] for index in range(FRAMES)]
    )


def disc_iou(offset_px: int) -> float:
    _, here = with_ball(room(), 60)
    _, there = with_ball(room(), 60 - offset_px)
    return float((here & there).sum() / (here | there).sum())


@pytest.mark.parametrize("offset_px", [3, 8, 14])
def test_a_ball_that_lags_is_measured_to_the_pixel(
    tiny: Scene, tmp_path: Path, offset_px: int
) -> None:
    values = measured("trajectory", tiny.judged(rolled(offset_px)), tmp_path, every=1)
    assert values["trajectory.found"] == 1
    assert values["trajectory.error_px"] == pytest.approx(offset_px)
    assert values["trajectory.error"] == pytest.approx(offset_px / tiny.truth.shape[1])
    assert values["trajectory.iou"] == pytest.approx(disc_iou(offset_px), abs=1e-9)


def test_a_ball_that_is_gone_is_not_found(tiny: Scene, tmp_path: Path) -> None:
    empty = np.repeat(room()[None], FRAMES, axis=0)
    values = measured("trajectory", tiny.judged(empty), tmp_path)
    assert values["trajectory.found"] == values["trajectory.iou"] == 0
    assert math.isnan(values["trajectory.error_px"])
    assert values["trajectory.error"] == 0.25


def test_nothing_removed_leaves_the_ball_behind(tiny: Scene, tmp_path: Path) -> None:
    values = measured("trajectory", tiny.judged(tiny.source), tmp_path)
    assert values["trajectory.found"] > 0.8
    assert values["trajectory.error_px"] > 15
    assert values["trajectory.iou"] < 0.2


def test_a_little_noise_moves_no_ball(tiny: Scene, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    noisy = tiny.truth + rng.normal(0, 4, tiny.truth.shape)
    noisy = np.clip(noisy, 0, 255).astype(np.uint8)
    values = measured("trajectory", tiny.judged(noisy), tmp_path)
    assert values["trajectory.found"] == 1
    assert values["trajectory.error_px"] < 0.5
    assert values["trajectory.iou"] > 0.98


def test_half_a_ball_has_half_the_mask(tiny: Scene, tmp_path: Path) -> None:
    half = tiny.truth.copy()
    half[:, 49:] = room()[49:]
    values = measured("trajectory", tiny.judged(half), tmp_path)
    assert values["trajectory.error_px"] < 5
    assert 0.3 < values["trajectory.iou"] < 0.75


def test_the_number_of_frames_looked_at_is_an_option(tiny: Scene, tmp_path: Path) -> None:
    late = tiny.truth.copy()
    late[1::2] = rolled(8)[1::2]  # wrong in the odd frames alone
    every, even = (
        measured("trajectory", tiny.judged(late), tmp_path, every=n)["trajectory.error_px"]
        for n in (1, 2)
    )
    assert even == 0 < every


def test_without_moved_things_there_is_nothing_to_measure(tiny: Scene, tmp_path: Path) -> None:
    judged = Judged(clip_of(tiny.truth), *_rest(tiny.judged(tiny.truth)))
    assert all(math.isnan(value) for value in measured("trajectory", judged, tmp_path).values())


# --- flicker ------------------------------------------------------------------------------------


def test_a_hole_that_jumps_by_20_levels_flickers_by_20_levels(tmp_path: Path) -> None:
    labels = quarters()
    truth = np.repeat(room()[None, :40, :40], 6, axis=0)
    result = truth.astype(int)
    result[1::2, labels != Region.KEEP] += np.where(truth[0, labels != Region.KEEP] < 128, 20, -20)
    clips = [clip_of(each.astype(np.uint8)) for each in (result, truth, truth)]
    judged = Judged(*clips, Quadmask.from_labels([labels] * 6))
    values = measured("flicker", judged, tmp_path)
    assert values["flicker.levels"] == pytest.approx(20, abs=0.01)
    assert values["flicker.hole"] == pytest.approx((20 + 0.5) / 0.5, abs=0.05)
    assert values["flicker.boundary"] > 5


@settings(max_examples=10, deadline=None)
@given(level=st.integers(1, 30))
def test_a_constant_error_does_not_flicker(level: int) -> None:
    labels = quarters()
    truth = np.repeat(room()[None, :40, :40], 3, axis=0)
    wrong = truth.copy()
    wrong[:, labels != Region.KEEP] //= 2
    wrong[:, labels != Region.KEEP] += level
    clips = [clip_of(each) for each in (wrong, truth, truth)]
    judged = Judged(*clips, Quadmask.from_labels([labels] * 3))
    assert measured("flicker", judged, Path())["flicker.hole"] == pytest.approx(1)


@pytest.mark.parametrize("flow", ["fast", "medium"])
@pytest.mark.parametrize("size", [(1, 1), (9, 11), (12, 200), (24, 320)])
def test_low_and_small_pictures_flicker_as_well(
    size: tuple[int, int], flow: str, tmp_path: Path
) -> None:
    truth = np.repeat(np.resize(room(), (*size, 3))[None], 3, axis=0)
    labels = np.full(size, Region.AFFECTED, np.uint8)
    judged = Judged(*(clip_of(truth) for _ in range(3)), Quadmask.from_labels([labels] * 3))
    hole = measured("flicker", judged, tmp_path, flow=flow)["flicker.hole"]
    assert hole == 1 or (math.isnan(hole) and size == (1, 1))


def test_a_frozen_hole_in_a_moving_picture_is_not_calm(tmp_path: Path) -> None:
    wide = cv2.resize(room(), (512, 160), interpolation=cv2.INTER_CUBIC)
    truth = np.stack([wide[:, 3 * index : 3 * index + 256] for index in range(8)])
    labels = np.full((160, 256), Region.KEEP, np.uint8)
    labels[40:120, 80:180] = Region.AFFECTED
    frozen = truth.copy()
    frozen[:, labels != Region.KEEP] = truth[0][labels != Region.KEEP]
    clips = [clip_of(each) for each in (frozen, truth, truth)]
    judged = Judged(*clips, Quadmask.from_labels([labels] * 8))
    for flow in ("fast", "medium"):
        assert measured("flicker", judged, tmp_path, flow=flow)["flicker.hole"] > 1.5


# --- vmaf ---------------------------------------------------------------------------------------


@pytest.fixture
def forget() -> Any:
    """What was found before is looked for again."""
    vmaf.find_ffmpeg.cache_clear()
    yield
    vmaf.find_ffmpeg.cache_clear()


def test_vmaf_sees_a_blur(tiny: Scene, tmp_path: Path, forget: None) -> None:
    try:
        vmaf.find_ffmpeg()
    except OpenVoidError as error:
        pytest.skip(error.line())
    soft = np.stack([cv2.GaussianBlur(frame, (0, 0), 3) for frame in tiny.truth])
    perfect, blurred = (
        measured("vmaf", tiny.judged(frames), tmp_path)["vmaf.whole"]
        for frames in (tiny.truth, soft)
    )
    assert perfect > 90 > 70 > blurred
    assert not list(tmp_path.iterdir())


def program(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\nimport json, sys\nfrom pathlib import Path\n{text}")
    path.chmod(0o755)
    return path


LISTS = "if '-filters' in sys.argv: print(' .. libvmaf  VV->V'); sys.exit()\n"


def test_vmaf_is_the_mean_that_ffmpeg_tells(
    tiny: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget: None
) -> None:
    told = "json.dumps({'pooled_metrics': {'vmaf': {'mean': 61.5}}})"
    fake = program(tmp_path / "ffmpeg", f"{LISTS}Path('vmaf.json').write_text({told})\n")
    monkeypatch.setenv("OPENVOID_FFMPEG", str(fake))
    (tmp_path / "scratch").mkdir()
    judged = tiny.judged(tiny.truth)
    assert measured("vmaf", judged, tmp_path / "scratch") == {"vmaf.whole": 61.5}


def test_an_ffmpeg_that_fails_is_one_line(
    tiny: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget: None
) -> None:
    fake = program(tmp_path / "ffmpeg", f"{LISTS}print('no model', file=sys.stderr); sys.exit(1)\n")
    monkeypatch.setenv("OPENVOID_FFMPEG", str(fake))
    with pytest.raises(OpenVoidError, match="libvmaf failed: no model"):
        measured("vmaf", tiny.judged(tiny.truth), tmp_path)


def test_without_libvmaf_the_command_that_brings_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget: None
) -> None:
    monkeypatch.setattr(vmaf, "_candidates", lambda: iter([program(tmp_path / "ffmpeg", "")]))
    with pytest.raises(OpenVoidError, match="pip install imageio-ffmpeg"):
        plugins.construct("metric", "vmaf")


# --- lpips --------------------------------------------------------------------------------------


def save_weights(path: Path, tensors: dict[str, np.ndarray[Any, Any]]) -> None:
    """The .safetensors format, written by hand."""
    import json

    header, data = {}, b""
    for name, tensor in tensors.items():
        raw = tensor.astype("<f4").tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        data += raw
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray[Any, Any]]:
    """AlexNet's layout with few channels and random values."""
    rng = np.random.default_rng(0)
    sizes = {0: (8, 3, 11), 3: (12, 8, 5), 6: (16, 12, 3), 8: (12, 16, 3), 10: (12, 12, 3)}
    tensors = {}
    for index, (layer, (out, into, side)) in enumerate(sizes.items()):
        scale = 1 / math.sqrt(into * side * side)
        tensors[f"features.{layer}.weight"] = rng.normal(0, scale, (out, into, side, side))
        tensors[f"features.{layer}.bias"] = rng.normal(0, 0.1, out)
        tensors[f"lin{index}.model.1.weight"] = rng.uniform(0, 1, (1, out, 1, 1))
    save_weights(tmp_path / "alex.safetensors", tensors)
    monkeypatch.setenv("OPENVOID_LPIPS", str(tmp_path / "alex.safetensors"))
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def test_lpips_is_nothing_for_a_perfect_result_and_grows_with_blur(
    tiny: Scene, tmp_path: Path, weights: Any
) -> None:
    soft, softer = (
        np.stack([cv2.GaussianBlur(frame, (0, 0), sigma) for frame in tiny.truth])
        for sigma in (1, 4)
    )
    found = [
        measured("lpips", tiny.judged(frames), tmp_path, every=3)["lpips.whole"]
        for frames in (tiny.truth, soft, softer)
    ]
    assert found[0] == 0 < found[1] < found[2]


def test_lpips_is_what_torch_makes_of_the_same_weights(tiny: Scene, weights: Any) -> None:
    torch = pytest.importorskip("torch")
    from torch.nn import functional

    from openvoid.evaluate.lpips import LAYERS, SCALE, SHIFT, distance_map

    left, right = (frames[3].astype(np.float32) / 255 for frames in (tiny.truth, tiny.source))
    size, total = left.shape[:2], torch.zeros(left.shape[:2])

    def stack(picture: Any) -> list[Any]:
        values = torch.from_numpy(((2 * picture - 1) - SHIFT) / SCALE).permute(2, 0, 1)[None]
        found = []
        for layer, stride, padding, pooled in LAYERS:
            values = functional.max_pool2d(values, 3, 2) if pooled else values
            kernel, bias = (
                torch.from_numpy(weights[f"features.{layer}.{part}"]) for part in ("weight", "bias")
            )
            values = functional.relu(functional.conv2d(values, kernel, bias, stride, padding))
            found.append(values)
        return found

    for index, (one, other) in enumerate(zip(stack(left), stack(right), strict=True)):
        units = [each / (each.norm(dim=1, keepdim=True) + 1e-10) for each in (one, other)]
        lin = torch.from_numpy(weights[f"lin{index}.model.1.weight"])
        map_ = functional.conv2d((units[0] - units[1]) ** 2, lin)
        total += functional.interpolate(map_, size=size, mode="bilinear")[0, 0]
    np.testing.assert_allclose(distance_map(left, right, weights), total.numpy(), atol=2e-4)


def test_missing_and_broken_lpips_weights_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "alex.safetensors"
    monkeypatch.setenv("OPENVOID_LPIPS", str(path))
    with pytest.raises(OpenVoidError, match="LPIPS has no weights here"):
        plugins.construct("metric", "lpips")
    path.write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    with pytest.raises(OpenVoidError, match="cannot be read as safetensors"):
        plugins.construct("metric", "lpips")
    save_weights(path, {"features.0.weight": np.zeros((2, 3, 11, 11))})
    with pytest.raises(OpenVoidError, match=r"lacks features\.0\.bias"):
        plugins.construct("metric", "lpips")


def test_the_radius_of_the_tiny_ball_is_enough_for_the_metrics() -> None:
    assert math.pi * RADIUS**2 > 200
