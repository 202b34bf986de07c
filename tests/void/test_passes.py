"""Both passes of a request, on tiny weights: what is kept, how it goes on, who shares the work."""

from __future__ import annotations

import dataclasses
import itertools
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.void.shots import tiny_request

torch = pytest.importorskip("torch")

from openvoid.core.clip import clip_of  # noqa: E402
from openvoid.core.errors import OpenVoidError  # noqa: E402
from openvoid.core.removal import Run  # noqa: E402
from openvoid.vision.flow import make_flow  # noqa: E402
from openvoid.void import passes as module  # noqa: E402
from openvoid.void.budget.plan import Work, plan_for  # noqa: E402
from openvoid.void.model.checkpoint import locate  # noqa: E402
from openvoid.void.model.codec import Codec  # noqa: E402
from openvoid.void.model.denoise import Denoiser  # noqa: E402
from openvoid.void.model.watch import Watch  # noqa: E402
from openvoid.void.native.view import choose_view  # noqa: E402
from openvoid.void.passes import Passes, white_noise  # noqa: E402
from openvoid.void.sampling.presets import settings_of  # noqa: E402

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def build(tiny_weights: Path, tmp_path: Path) -> Any:
    """`build(folder=..., frames=..., **changes of a row)` gives `Passes`."""

    def make(
        folder: str = "scratch",
        frames: int = 9,
        progress: Any = lambda *_: None,
        gpus: int = 1,
        **row: Any,
    ) -> Passes:
        checkpoint = locate(str(tiny_weights))
        request = tiny_request(frames)
        view = choose_view(request.clip, request.quadmask, "whole", (48, 64))
        rows = {number: settings_of("standard", number) for number in (1, 2)}
        rows = {
            number: dataclasses.replace(each, **{"steps": 2, **row})
            for number, each in rows.items()
        }
        plan = plan_for("auto", checkpoint, Work(4, 6, 8, branches=2), "cpu")
        plan = dataclasses.replace(plan, branches_at_once=1)
        scratch = tmp_path / folder
        scratch.mkdir(exist_ok=True)
        run = Run(scratch, progress)
        return Passes(request, view, checkpoint, rows, plan, 13, gpus, None, run)

    return make


def frames_of(made: Any) -> Any:
    return np.stack([made[index] for index in range(len(made))])


def test_as_many_frames_come_out_as_went_in(build: Any) -> None:
    for frames in (1, 9, 14):
        made = build(f"{frames}", frames).first()
        assert frames_of(made).shape == (frames, 48, 64, 3)
        assert made[0].min() >= 0
        assert made[0].max() <= 1


def test_the_same_seed_gives_the_same_frames_and_another_does_not(build: Any) -> None:
    first, again, other = build("a"), build("b"), build("c")
    other.request = dataclasses.replace(other.request, seed=8)
    expected = frames_of(first.first())
    assert np.array_equal(expected, frames_of(again.first()))
    assert not np.array_equal(expected, frames_of(other.first()))


@pytest.mark.parametrize(
    "change", [{"levels": 2}, {"sigma": 0.0}, {"as_reference": True}, {"guidance": 3.0}]
)
def test_every_setting_of_a_row_changes_something(build: Any, change: dict[str, Any]) -> None:
    plain, changed = build("plain").first(), build("changed", **change).first()
    assert not np.array_equal(frames_of(plain), frames_of(changed))


def test_pass_2_starts_from_noise_that_followed_pass_1(build: Any) -> None:
    passes = build("flow")
    first = passes.first()
    second = passes.second(first, make_flow("dis"), 0.0)
    assert frames_of(second).shape == frames_of(first).shape
    still = build("still")
    still_first = frames_of(first)
    still_first[:] = still_first[:1]
    other = still.second(_Frames(still_first), make_flow("dis"), 0.0)
    assert not np.array_equal(frames_of(second), frames_of(other))
    degraded = build("degraded").second(first, make_flow("dis"), 0.5)
    assert not np.array_equal(frames_of(second), frames_of(degraded))


class _Frames:
    """Frames in memory, as `Made` gives them from disk."""

    def __init__(self, frames: Any) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> Any:
        return self._frames[index]


def test_a_pass_cut_off_between_two_windows_goes_on_there(build: Any) -> None:
    expected = frames_of(build("straight", 21).first())
    seen: list[int] = []

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "pass 1":
            seen.append(done)
            if done == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build("cut", 21, stop).first()
    later: list[int] = []
    resumed = build("cut", 21, lambda stage, done, _: stage == "pass 1" and later.append(done))
    assert np.array_equal(frames_of(resumed.first()), expected)
    assert later[0] == 3, "it did not go on from the last finished window"


def test_what_is_made_is_not_made_again(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = frames_of(build("kept").first())
    monkeypatch.setattr(module, "denoise", None)
    monkeypatch.setattr(module.weights, "load_vae", None)
    assert np.array_equal(frames_of(build("kept").first()), expected)


def test_a_pass_with_cached_features_begins_anew(build: Any) -> None:
    """Features are not kept on disk: gone on in the middle, it would give other bytes."""
    expected = frames_of(build("straight", 21, cache=0.5, steps=3).first())

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "pass 1" and done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build("cut", 21, stop, cache=0.5, steps=3).first()
    assert np.array_equal(frames_of(build("cut", 21, cache=0.5, steps=3).first()), expected)


def test_a_feature_cache_changes_the_result(build: Any) -> None:
    plain = frames_of(build("plain", steps=3).first())
    assert not np.array_equal(plain, frames_of(build("cached", cache=1e9, steps=3).first()))


@pytest.mark.parametrize("guidance", [1.0, 6.0])
def test_two_processes_give_the_bits_of_one(build: Any, guidance: float) -> None:
    """Windows, and with guidance the branches, are shared; the latents stay the same."""
    alone = build("alone", 21, guidance=guidance)
    together = build("together", 21, gpus=2, guidance=guidance)
    assert np.array_equal(frames_of(alone.first()), frames_of(together.first()))


def test_white_noise_of_a_latent_frame_depends_on_its_number_alone() -> None:
    short, long = list(white_noise(2, (4, 5), 3)), list(white_noise(6, (4, 5), 3))
    assert all(np.array_equal(a, b) for a, b in zip(short, long, strict=False))
    assert not np.array_equal(long[0], long[1])


def test_the_prompt_is_read(build: Any) -> None:
    one, two = build("one"), build("two")
    two.request = dataclasses.replace(two.request, prompt="a different place altogether")
    assert not np.array_equal(frames_of(one.first()), frames_of(two.first()))


# --- numbers ------------------------------------------------------------------------------------


def refusal(passes: Passes) -> str:
    def both() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # numpy's, of what it casts
            passes.second(passes.first(), make_flow("dis"), 0.5)

    with pytest.raises(OpenVoidError) as caught:
        both()
    line = caught.value.line()
    assert "numbers that are not finite" in line
    assert "openvoid weights check" in line
    assert "\n" not in line
    return line


def break_from(call: int, value: float, method: Any) -> Any:
    """The method, whose result holds one such value from its n-th call on (0, 1, ...)."""
    calls = itertools.count()

    def broken(self: Any, *given: Any, **named: Any) -> Any:
        made = method(self, *given, **named)
        if next(calls) >= call:
            made[..., -1, -1] = value
        return made

    return broken


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("call", "place"),
    [
        (0, "pass 1, step 1 of 2, window 1 of 2: the model"),
        (3, "pass 1, step 2 of 2, window 2 of 2: the model"),
        (6, "pass 2, step 2 of 2, window 1 of 2: the model"),
    ],
)
def test_a_prediction_that_is_not_finite_names_its_pass_and_step(
    build: Any, monkeypatch: pytest.MonkeyPatch, value: float, call: int, place: str
) -> None:
    method = Denoiser.__call__
    monkeypatch.setattr(Denoiser, "__call__", break_from(call, value, method))
    assert refusal(build("broken", 21)).startswith(place)
    monkeypatch.undo()
    after = build("broken", 21)  # what was kept before is whole: the run goes on from there
    assert np.array_equal(frames_of(after.first()), frames_of(build("plain", 21).first()))


@pytest.mark.parametrize(
    ("method", "call", "place"),
    [
        ("_encode", 0, "encode, latents 0 to 3: the VAE"),
        ("_decode", 0, "decode 1, part 1: the VAE"),
        ("_decode", 1, "decode 1, part 2: the VAE"),
    ],
)
def test_what_the_vae_gives_is_looked_at(
    build: Any, monkeypatch: pytest.MonkeyPatch, method: str, call: int, place: str
) -> None:
    whole, calls = getattr(Codec, method), itertools.count()

    def broken(self: Any, *given: Any) -> Any:
        made, kept = whole(self, *given)
        return (made * float("nan") if next(calls) >= call else made), kept

    monkeypatch.setattr(Codec, method, broken)
    assert refusal(build("broken")).startswith(place)
    assert not (build("broken").run.scratch / "pass1" / "made.npy").exists()


def test_noise_that_is_not_finite_is_told(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = module.warp_noise

    def broken(*given: Any, **named: Any) -> Any:
        yield from (frame / np.float32(0) for frame in whole(*given, **named))

    monkeypatch.setattr(module, "warp_noise", broken)
    with np.errstate(all="ignore"):
        assert refusal(build("broken")).startswith("pass 2, noise 0: the flow gave")


def test_the_remedy_fits_the_run() -> None:
    plain = Watch.of((), "bfloat16", "bfloat16").mend
    assert "openvoid weights check" in plain
    assert "--lora" not in plain
    assert "--vram" not in plain
    other = Watch.of(("an adapter",), "bfloat16", "float8").mend
    assert "leave out --lora or lower its strength" in other
    assert "give more --vram, so that weights are bfloat16, not float8" in other


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("as_reference", [False, True])
def test_a_pixel_that_is_no_number_is_black_to_the_model(
    build: Any, value: float, as_reference: bool
) -> None:
    def made(folder: str, pixel: float) -> Any:
        passes = build(folder, as_reference=as_reference)
        frames = [frame.astype(np.float32) / 255 for frame in passes.request.clip.frames()]
        frames[4][40, 30] = pixel
        clip = clip_of(frames, passes.request.clip.rate)
        changed = dataclasses.replace(passes.request, clip=clip)
        view = choose_view(clip, changed.quadmask, "whole", (48, 64))
        passes = dataclasses.replace(passes, request=changed, view=view)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return frames_of(passes.first())

    assert np.array_equal(made("odd", value), made("black", 0.0))
