"""What all tests share: where the real clips are, and a maker of tiny videos."""

from __future__ import annotations

import os
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import settings

settings.register_profile("shared", deadline=None)  # a loaded machine is no defect
settings.load_profile("shared")
os.environ.setdefault("SVT_LOG", "0")  # the AV1 encoder talks
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the suite runs a process a core


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests decode is kept for them alone, never in the person's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENVOID_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hub")))  # `auto` chooses by weights
        patch.delenv("HF_HUB_CACHE", raising=False)
        patch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real clips, beside the repository or where OPENVOID_SHARED says."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    folder = Path(os.environ.get("OPENVOID_SHARED", beside))
    if not (folder / "clips").is_dir():
        pytest.skip("needs the shared clips: set OPENVOID_SHARED to their folder")
    return folder


def write_video(
    path: Path,
    *,
    frames: int = 12,
    size: tuple[int, int] = (48, 64),
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rate: Fraction = Fraction(24),
    options: Mapping[str, str] | None = None,
    stream: Mapping[str, Any] | None = None,
    times: Sequence[int] | None = None,
    timecode: str | None = None,
    sound_s: float = 0.0,
    sound: str = "aac",
    turn: tuple[float, bool, bool] | None = None,
    seed: int = 0,
) -> Path:
    """A small video of moving noise-on-gradient, with all that a test may want of it.

    `stream` sets attributes of the encoder; `times` are the frames' times in units of 1 / rate;
    `turn` is (degrees, hflip, vflip) of the display matrix.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    still = rng.integers(40, 200, (height, width + frames, 3)).astype(np.uint8)
    with av.open(str(path), "w") as output:
        video = output.add_stream(codec, rate=rate, options=dict(options or {}))
        video.width, video.height, video.pix_fmt = width, height, pixels
        for name, value in (stream or {}).items():
            setattr(video.codec_context, name, value)
        if timecode:
            video.metadata["timecode"] = timecode
        if turn:
            video.set_display_rotation(turn[0], hflip=turn[1], vflip=turn[2])
        audio = output.add_stream(sound, rate=48000) if sound_s else None
        if audio is not None:
            audio.layout = "mono"
            _write_sound(output, audio, sound_s)
        for index in range(frames):
            picture = np.ascontiguousarray(still[:, index : index + width])
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixels)
            frame.pts = index if times is None else times[index]
            frame.time_base = 1 / rate
            for name, value in (stream or {}).items():
                if name.startswith("color"):
                    setattr(frame, name, value)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


def _write_sound(output: Any, audio: Any, seconds: float) -> None:
    count = int(seconds * 48000)
    tone = np.random.default_rng(1).uniform(-0.5, 0.5, (1, count)).astype(np.float32)
    for start in range(0, count, 1024):
        samples = tone[:, start : start + 1024]
        if audio.format.name == "s16":
            samples = np.rint(samples * 30000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples), format=audio.format.name, layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        output.mux(audio.encode(frame))
    output.mux(audio.encode(None))


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """`make_video("name.mp4", frames=..., ...)` writes a small video into the test's folder."""

    def make(name: str, **settings: Any) -> Path:
        return write_video(tmp_path / name, **settings)

    return make


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where unfinished removals go during the test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("OPENVOID_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny random weights in the released layout; tests with it skip where torch is missing."""
    pytest.importorskip("diffusers")
    from tests.void.tiny import make_checkpoint

    return make_checkpoint(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="session")
def drawing() -> None:
    """Tests with it draw worlds; they skip where mujoco or off-screen OpenGL is missing."""
    from openvoid.core.errors import OpenVoidError
    from openvoid.synth.render.mujoco_renderer import MujocoRenderer

    try:
        MujocoRenderer.check()
    except OpenVoidError as error:
        pytest.skip(error.line())


@pytest.fixture(scope="session")
def tiny_sam(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Tiny random weights of SAM 2 and SAM 3, by name; skips where torch is missing."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests.select.sam.tiny_sam import make_sam2, make_sam3

    home = tmp_path_factory.mktemp("sam")
    return {"sam2": make_sam2(home / "sam2"), "sam3": make_sam3(home / "sam3")}


@pytest.fixture(scope="session")
def tiny_isnet(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A tiny network that sees what is red, by name; skips where onnxruntime is missing."""
    pytest.importorskip("onnxruntime")
    from tests.select.isnet.tiny_isnet import make_isnet

    return {"isnet": make_isnet(tmp_path_factory.mktemp("isnet") / "tiny.onnx")}


@pytest.fixture
def third_party(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The worked example of a third party's engine, "mean", installed as pip would."""
    source = Path(__file__).parent / "conformance" / "third_party"
    project = tomllib.loads((source / "pyproject.toml").read_text())["project"]
    installed = tmp_path_factory.mktemp("site-packages")
    info = installed / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(metadata)
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    for module in source.glob("*.py"):
        shutil.copy(module, installed)
    monkeypatch.syspath_prepend(str(installed))
    for module in source.glob("*.py"):
        monkeypatch.delitem(sys.modules, module.stem, raising=False)
    return installed
