"""From prepared frames to the decoded clip: both passes, one window and several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from openvoid.core.quadmask import Region  # noqa: E402
from openvoid.void.model.codec import Codec, encoded_frames  # noqa: E402
from openvoid.void.model.condition import conditions  # noqa: E402
from openvoid.void.model.denoise import Denoiser, Sampler, Text  # noqa: E402
from openvoid.void.sampling.latents import Latents  # noqa: E402
from openvoid.void.sampling.loop import sample  # noqa: E402
from openvoid.void.sampling.presets import PRESETS  # noqa: E402
from openvoid.void.sampling.windows import Window, frames_of, latents_of, layout  # noqa: E402

STEPS = 4


def condition(reference: Any, frames: int, levels: int) -> Any:
    """Ours, from the first frames as their loader gave them: video 0..1, mask 1 where removed."""
    video = reference.pipeline["lime_video"][0].permute(1, 2, 3, 0).numpy()
    carried = np.rint(reference.pipeline["lime_mask"][0, 0].numpy() * 255)
    labels = np.full(carried.shape, Region.KEEP, np.uint8)
    for value, region in ((255, Region.PRIMARY), (192, Region.OVERLAP), (128, Region.AFFECTED)):
        labels[carried == value] = region

    def chunks() -> Iterator[tuple[Any, Any]]:
        start = 0
        for length in encoded_frames(frames):
            yield video[start : start + length], labels[start : start + length]
            start += length

    return torch.cat(list(conditions(Codec(reference.vae()), chunks, levels=levels)), dim=2)


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("pass1_condition", 3),
        ("pass1_long_first_condition", 3),
        ("pass2_condition", 3),
        ("pass2_asreleased_condition", 2),
    ],
)
def test_the_condition_is_theirs(reference: Any, name: str, levels: int) -> None:
    ours = condition(reference, 21, levels)
    for theirs in reference.tensor(name):  # pass 2 holds it twice, for the two branches
        assert reference.near(ours[0], theirs)


def run(
    reference: Any,
    folder: Path,
    windows: Sequence[Window],
    row: str,
    *,
    levels: int,
    batched: bool,
    fade_stepped: bool,
) -> Any:
    """The final latents of a pass over the first frames."""
    settings = PRESETS[row]
    sampler = Sampler(settings.sampler, STEPS)
    denoiser = Denoiser(
        reference.transformer(), sampler, guidance=settings.guidance, batched=batched
    )
    whole = condition(reference, frames_of(windows[-1].stop), levels)
    given = reference.pipeline
    text = Text(given["prompt_embeds"], given["negative_prompt_embeds"])
    latents = Latents(folder, windows, (6, 10))
    latents.begin(given["latents"][0, : windows[-1].stop].numpy())
    sample(
        denoiser,
        sampler,
        windows,
        lambda number: whole[:, :, windows[number].slice],
        text,
        latents,
        fade_stepped=fade_stepped,
    )
    return latents.all()


@pytest.mark.parametrize(
    ("name", "row", "levels"),
    [
        ("pass1", "reference-pass1", 3),
        ("pass2", "reference-pass2", 3),
        ("pass2", "pass2", 3),
        ("pass2_asreleased", "reference-pass2", 2),
    ],
)
@pytest.mark.parametrize("batched", [True, False])
def test_a_pass_over_one_window_is_theirs(
    reference: Any, tmp_path: Path, name: str, row: str, levels: int, batched: bool
) -> None:
    ours = run(
        reference,
        tmp_path,
        layout(6, 6),
        row,
        levels=levels,
        batched=batched,
        fade_stepped=True,
    )
    assert reference.near(ours, reference.tensor(f"{name}_final_latents"))
    assert reference.near(decoded(reference, ours), reference.pipeline[f"{name}_out"])


@pytest.mark.parametrize("fade_stepped", [True, False])
def test_a_pass_over_several_windows_is_theirs(
    reference: Any, tmp_path: Path, fade_stepped: bool
) -> None:
    windows = layout(latents_of(37), 6, 4, short_last=True)
    assert len(windows) == 3
    ours = run(
        reference,
        tmp_path,
        windows,
        "reference-pass1",
        levels=3,
        batched=True,
        fade_stepped=fade_stepped,
    )
    assert reference.near(ours, reference.tensor("pass1_long_final_latents"))
    assert reference.near(decoded(reference, ours), reference.pipeline["pass1_long_out"])


def decoded(reference: Any, latents: Any) -> Any:
    frames = torch.cat(list(Codec(reference.vae()).decode(latents)), dim=2)
    return (frames / 2 + 0.5).clamp(0, 1)
