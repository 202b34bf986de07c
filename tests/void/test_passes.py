"""Both passes of a request, on tiny weights: what is kept, how it goes on, who shares the work."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.void.shots import tiny_request

torch = pytest.importorskip("torch")

from openvoid.core.removal import Run  # noqa: E402
from openvoid.vision.flow import make_flow  # noqa: E402
from openvoid.void import passes as module  # noqa: E402
from openvoid.void.budget.plan import Work, plan_for  # noqa: E402
from openvoid.void.model.checkpoint import locate  # noqa: E402
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
