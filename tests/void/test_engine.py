"""The void engine as a plug-in: its options, its plan, its order, its errors."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.void.shots import QUICK, tiny_request
from tests.void.tiny import make_checkpoint

pytest.importorskip("torch")

from openvoid.core import plugins
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.removal import RemovalRequest, Run

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def filled(tiny_weights: Path, tmp_path: Path) -> Any:
    """`filled(request, **options)` gives (bytes of all fills, the run)."""
    count = iter(range(100))

    def fill(request: RemovalRequest | None = None, **options: Any) -> tuple[bytes, Run]:
        settings = {"weights": str(tiny_weights), "passes": "1", **QUICK, **options}
        engine = plugins.construct("engine", "void", settings)
        folder = tmp_path / f"scratch{next(count)}"
        folder.mkdir()
        run = Run(folder)
        fills = list(engine.fill(request or tiny_request(), run))
        return b"".join(fill.rgb.tobytes() for fill in fills), run

    return fill


@pytest.mark.parametrize(
    "change",
    [
        {"preset": "fast", "steps": 0},
        {"passes": "2"},
        {"steps": 3},
        {"frame": "whole"},
        {"size": "64x80"},
        {"window": 5},
        {"detail": True},
    ],
    ids=str,
)
def test_an_option_changes_the_result(filled: Any, change: dict[str, Any]) -> None:
    assert filled(**change)[0] != filled()[0]


def test_degrade_changes_pass_2(filled: Any) -> None:
    assert filled(passes="2")[0] != filled(passes="2", degrade=0.5)[0]


def test_auto_tells_the_score_and_obeys_it(filled: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from openvoid.void.native import morphing

    expected = {needed: filled(passes="2" if needed else "1")[0] for needed in (True, False)}
    for needed in (True, False):
        found = morphing.Morphing(2.0 if needed else 0.5, {}, (), "a test")
        monkeypatch.setattr(morphing, "detect", lambda frames, *_, f=found: list(frames) and f)
        result, run = filled(passes="auto")
        assert result == expected[needed]
        assert run.notes["morphing"] == {"score": found.score, "needed": needed, "why": "a test"}


def test_the_real_detector_is_asked(filled: Any) -> None:
    _, run = filled(passes="auto")
    assert run.notes["morphing"]["score"] >= 0


def test_the_effects_sentence_is_the_prompt_where_none_was_given(filled: Any) -> None:
    sentence = "an empty room with a window"
    said = tiny_request(prompt=sentence)
    silent = tiny_request(prompt="")
    meant = dataclasses.replace(silent, effects=Effects(background=sentence))
    assert filled(said)[0] == filled(meant)[0]
    result, run = filled(silent)
    assert result != filled(said)[0]
    assert any("no prompt" in line for line in run.warnings)


def test_an_adapter_changes_the_result(filled: Any, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    name = "transformer.transformer_blocks.0.attn1.to_q"
    generator = torch.Generator().manual_seed(0)
    path = tmp_path / "style.safetensors"
    save_file(
        {
            f"{name}.lora_A.weight": torch.randn(4, 64, generator=generator),
            f"{name}.lora_B.weight": torch.randn(64, 4, generator=generator),
        },
        path,
    )
    assert filled(lora=f"{path}:0.8")[0] != filled()[0]


def test_a_preview_is_drawn(filled: Any, tmp_path: Path) -> None:
    filled(preview=str(tmp_path / "preview.png"))
    assert (tmp_path / "preview.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_try_keeps_the_plan_of_the_first(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openvoid.void.budget import plan

    settings = {"weights": str(tiny_weights), "passes": "1", **QUICK}
    engine = plugins.construct("engine", "void", settings)
    first = [fill.rgb.tobytes() for fill in engine.fill(tiny_request(), Run(tmp_path))]
    monkeypatch.setattr(plan, "plan_for", None)
    again = [fill.rgb.tobytes() for fill in engine.fill(tiny_request(), Run(tmp_path))]
    assert first == again


def test_the_outlook_tells_sizes_windows_steps_and_memory(tiny_weights: Path) -> None:
    options = {"weights": str(tiny_weights), "window": 13, "size": "48x64"}
    told = plugins.construct("engine", "void", options).outlook(tiny_request(21))
    assert told["frames"]["in_clip"] == 21
    assert told["frames"]["padded"] == 21
    assert told["frames"]["windows"] == 2
    assert told["frames"]["tokens_a_window"] == 2 * 3 * 4 + 226
    assert told["pass 1"]["steps"] == 30
    assert told["pass 2"]["made"] == "where pass 1 morphs"
    assert any("GiB" in line for line in told["plan"])


def test_weights_are_hashed_by_name(tiny_weights: Path) -> None:
    plugin = plugins.find("engine", "void")
    one, two = "void_pass1.safetensors", "void_pass2.safetensors"
    for passes, files in (("1", {one}), ("2", {one, two}), ("auto", {one, two})):
        options = plugins.check_options(plugin, {"weights": str(tiny_weights), "passes": passes})
        found = plugin.weights(options)
        assert files == {name for name in found if name.startswith("void")}
        assert all(len(sha) == 64 for sha in found.values())


def test_without_the_second_pass_s_file_auto_says_what_is_missing(tmp_path: Path) -> None:
    weights = make_checkpoint(tmp_path / "one", passes=(1,))
    plugin = plugins.find("engine", "void")
    with pytest.raises(OpenVoidError, match=r"void_pass2.safetensors.*weights pull void --pass 2"):
        plugin.weights(plugins.check_options(plugin, {"weights": str(weights)}))
    assert plugin.weights(plugins.check_options(plugin, {"weights": str(weights), "passes": "1"}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": "48"}, "HEIGHTxWIDTH"),
        ({"size": "50x64"}, "multiples of 16"),
        ({"window": 20}, "such as"),
        ({"attention": "nothing"}, "attention"),
        ({"vram": "lots"}, "vram"),
    ],
    ids=str,
)
def test_a_mistake_is_one_clear_line(filled: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(OpenVoidError) as caught:
        filled(**options)
    assert words in caught.value.line()


def test_the_module_can_be_looked_at_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from openvoid.core import plugins\n"
        "print(plugins.find('engine', 'void').name)\n"
        "plugins.construct('engine', 'void')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stdout.strip() == "void"
    assert "pip install 'openvoid[void]'" in ran.stderr


def test_float_and_deep_clips_keep_their_type(filled: Any) -> None:
    from openvoid.core.clip import clip_of

    request = tiny_request()
    deep = [frame.astype(np.uint16) * 257 for frame in request.clip.frames()]
    assert len(filled(dataclasses.replace(request, clip=clip_of(deep)))[0]) == 2 * len(filled()[0])


# --- numbers ------------------------------------------------------------------------------------


def spoilt(tiny_weights: Path, tmp_path: Path, file: str) -> Path:
    """The tiny weights, with bytes 0xff for the data of one file."""
    folder = Path(shutil.copytree(tiny_weights, tmp_path / "spoilt"))
    held = (folder / file).read_bytes()
    start = 8 + int.from_bytes(held[:8], "little")
    (folder / file).write_bytes(held[:start] + b"\xff" * (len(held) - start))
    return folder


@pytest.mark.parametrize("passes", ["1", "2"])
def test_weights_that_are_not_finite_are_refused_before_the_work_and_at_it(
    filled: Any, tiny_weights: Path, tmp_path: Path, passes: str
) -> None:
    folder = spoilt(tiny_weights, tmp_path, f"void_pass{passes}.safetensors")
    plugin = plugins.find("engine", "void")
    options = {"weights": str(folder), "passes": passes}
    with pytest.raises(OpenVoidError) as before:
        plugin.weights(plugins.check_options(plugin, options))
    with pytest.raises(OpenVoidError) as during:
        filled(**options)
    assert f"void_pass{passes}.safetensors" in before.value.line()
    assert "holds numbers that are not finite" in before.value.line()
    assert during.value.line() == before.value.line()


@pytest.mark.parametrize("detail", [False, True])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_pixel_that_is_no_number_never_comes_out(filled: Any, detail: bool, value: float) -> None:
    from openvoid.core.clip import clip_of

    request = tiny_request()
    frames = [frame.astype(np.float32) / 255 for frame in request.clip.frames()]
    for index, frame in enumerate(frames):
        frame[36, 16 + 5 * index] = value  # in the hole
        frame[28, 16 + 5 * index] = value  # within its soft edge
        frame[70, 90] = value  # far away
    clip = clip_of(frames, request.clip.rate)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result, _ = filled(dataclasses.replace(request, clip=clip), detail=detail)
    assert np.isfinite(np.frombuffer(result, np.float32)).all()


def test_weights_that_overflow_while_computing_end_the_pass_at_its_step(
    filled: Any, tiny_weights: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(tiny_weights, tmp_path / "large"))
    path = folder / "void_pass1.safetensors"
    state = load_file(path)
    state["proj_out.weight"][:] = 3e38  # finite, as float32 and as bfloat16
    save_file(state, path)
    with pytest.raises(OpenVoidError) as caught:
        filled(weights=str(folder))
    line = caught.value.line()
    assert line.startswith("pass 1, step 1 of 2, window 1 of 1: the model gave numbers that are")
    assert "openvoid weights check" in line
