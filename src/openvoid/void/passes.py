"""Passes: from a request to the frames the model made, stage by stage, each kept on disk.

Enters: the request through its view, the checkpoint, the memory plan. Leaves: the made frames of a
pass. Text, condition, latents and frames lie in the engine's scratch folder, whole or not at all
(latents: to the last finished window), so the same request goes on where it was stopped. Knows
nothing of native resolution.

Pass 1 starts from white noise. Pass 2 starts from noise carried along the optical flow of what
pass 1 made (VOID, section 4; numerics: "Pass 2").
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from openvoid.core.removal import RemovalRequest, Run
from openvoid.media.atomic import partial_file
from openvoid.media.seal import seal, sealed
from openvoid.vision.flow import Flow, motions
from openvoid.void.budget.placement import enforce, place
from openvoid.void.budget.plan import Plan
from openvoid.void.model import checkpoint as weights
from openvoid.void.model.checkpoint import Checkpoint
from openvoid.void.model.codec import SCALE, Codec, encoded_frames
from openvoid.void.model.condition import conditions
from openvoid.void.model.denoise import Denoiser, Sampler, Text, cached
from openvoid.void.model.parts import DTYPES
from openvoid.void.model.text import embeddings, encode_with
from openvoid.void.model.watch import Watch
from openvoid.void.native.film import Film, Made
from openvoid.void.native.preview import Preview
from openvoid.void.native.view import View
from openvoid.void.sampling.latents import CHANNELS, Latents
from openvoid.void.sampling.loop import sample
from openvoid.void.sampling.presets import PassSettings
from openvoid.void.sampling.ranks import Spread, launch
from openvoid.void.sampling.warped_noise import warp_noise
from openvoid.void.sampling.windows import (
    Window,
    latents_of,
    padded_frames,
    reflected,
    windows_over,
)

Noise = Iterator[NDArray[np.float32]]


@dataclass(frozen=True)
class Job:
    """One pass's sampling: all that another process needs to take part in it."""

    checkpoint: Checkpoint
    number: int
    settings: PassSettings
    plan: Plan
    windows: tuple[Window, ...]
    shape: tuple[int, int]  # of a latent frame
    folder: Path
    condition: Path
    text: Path


@dataclass
class Passes:
    """Both passes of one request."""

    request: RemovalRequest
    view: View
    checkpoint: Checkpoint
    settings: Mapping[int, PassSettings]
    plan: Plan
    window_frames: int
    gpus: int
    preview: Path | None
    run: Run

    def __post_init__(self) -> None:
        self._frames = padded_frames(self.request.clip.length, self.window_frames)
        self._film = Film(self.request, self.view, self._frames)
        self._shape = self.view.height // SCALE, self.view.width // SCALE
        self._dtype = DTYPES[self.plan.dtype]
        self._watch = _watch(self.checkpoint, self.plan)
        enforce(self.plan)

    def first(self) -> Made:
        """Pass 1."""
        return self._pass(1, lambda: white_noise(self._latents, self._shape, self.request.seed))

    def second(self, first: Made, flow: Flow, degrade: float) -> Made:
        """Pass 2, from what pass 1 made."""
        return self._pass(2, lambda: self._warped(first, flow, degrade))

    @property
    def _latents(self) -> int:
        return latents_of(self._frames)

    def _pass(self, number: int, noise: Callable[[], Noise]) -> Made:
        folder = self.run.scratch / f"pass{number}"
        made = folder / "made.npy"
        if sealed(made):
            return Made(made)
        settings = self.settings[number]
        windows = windows_over(self._frames, self.window_frames, short_last=settings.as_reference)
        text, condition = self._text(settings, number), self._condition(settings)
        latents = Latents(folder, windows, self._shape)
        if not latents.begun or (settings.cache and latents.step < settings.steps):
            # cached features are not kept: such a pass begins anew
            latents.begin(self._held(noise(), number))
        job = Job(
            self.checkpoint,
            number,
            settings,
            self.plan,
            windows,
            self._shape,
            folder,
            condition,
            text,
        )
        self._denoise(job)
        return self._decode(Latents(folder, windows, self._shape), number, made)

    # --- stages -----------------------------------------------------------------------------------

    def _text(self, settings: PassSettings, number: int) -> Path:
        """The file of the prompt's embedding, and of the empty one where guidance needs it."""
        path = self.run.scratch / f"text{number}.pt"
        if not sealed(path):
            prompts = [self.request.prompt, *([""] if settings.guidance != 1 else [])]
            hashes = weights.hashes(self.checkpoint, (), self.run.progress)
            read = {name: sha for name, sha in hashes.items() if not name.startswith("vae")}
            identity = {**read, "dtype": self.plan.dtype}
            found = embeddings(prompts, identity, self._encode_text)
            with partial_file(path) as unfinished:
                torch.save(found, unfinished)
            seal(path)
        return path

    def _encode_text(self, prompts: Sequence[str]) -> list[torch.Tensor]:
        tokenizer, encoder = weights.load_text_encoder(self.checkpoint, self._dtype)
        placed = place(encoder, "text", self.plan)
        with placed as ready:
            return encode_with(tokenizer, ready, prompts, str(placed.device), self.run, self._watch)

    def _condition(self, settings: PassSettings) -> Path:
        """The file of the whole clip's condition [32, L, h, w]."""
        kind = f"{settings.levels}{'-as-reference' if settings.as_reference else ''}"
        path = self.run.scratch / f"condition{kind}.npy"
        if sealed(path):
            return path
        lengths = encoded_frames(self._frames)
        sigma = settings.sigma if self.checkpoint.adds_noise else 0.0
        generator = torch.Generator().manual_seed(self.request.seed % 2**63)
        chunks = partial(self._film.chunks, lengths, as_reference=settings.as_reference)
        shape = (2 * CHANNELS, self._latents, *self._shape)
        with (
            partial_file(path) as unfinished,
            place(weights.load_vae(self.checkpoint, self._dtype), "vae", self.plan) as vae,
        ):
            stored = open_memmap(unfinished, "w+", np.float32, shape)
            codec = Codec(
                vae,
                device=self.plan.device,
                tiles=self.plan.encode_tiles,
                rest=self.plan.encode_rest,
            )
            coded = conditions(
                codec, chunks, levels=settings.levels, sigma=sigma, generator=generator
            )
            start = 0
            for part in self.run.track("encode", coded, len(lengths)):
                where = f"encode, latents {start} to {start + part.shape[2] - 1}"
                self._watch.held(part, where, "the VAE")
                stored[:, start : start + part.shape[2]] = part[0].numpy()
                start += part.shape[2]
            stored.flush()
        seal(path)
        return path

    def _denoise(self, job: Job) -> None:
        stage = f"pass {job.number}"
        preview = Preview.of(self.preview, job.condition, self._film) if self.preview else None
        begun = Latents(job.folder, job.windows, job.shape)
        if begun.step >= job.settings.steps:
            return

        def tell(done: int, total: int) -> None:
            self.run.progress(stage, done, total)
            if preview is not None and done % len(job.windows) == 0 and done:
                preview.show(Latents(job.folder, job.windows, job.shape), job.number)

        kind = self.plan.device.partition(":")[0]
        with (
            self.run.timed(stage),
            launch(self.gpus, denoise, (job,), device=kind) as spread,
        ):
            denoise(spread, job, tell)

    def _decode(self, latents: Latents, number: int, path: Path) -> Made:
        count = self.request.clip.length
        with place(weights.load_vae(self.checkpoint, self._dtype), "vae", self.plan) as vae:
            codec = Codec(
                vae,
                device=self.plan.device,
                tiles=self.plan.decode_tiles,
                rest=self.plan.decode_rest,
            )
            chunks = (
                self._watch.held(chunk, f"decode {number}, part {part}", "the VAE")
                for part, chunk in enumerate(codec.decode(latents.all()), start=1)
            )
            frames = (frame for chunk in chunks for frame in pictures(chunk))
            told = self.run.track(f"decode {number}", itertools.islice(frames, count), count)
            return Made.keep(path, told, count)

    def _held(self, noise: Noise, number: int) -> Noise:
        for index, frame in enumerate(noise):
            self._watch.held(torch.from_numpy(frame), f"pass {number}, noise {index}", "the flow")
            yield frame

    def _warped(self, first: Made, flow: Flow, degrade: float) -> Noise:
        """Noise carried along what pass 1 made, for every latent frame of the padded clip."""
        frames = (first[index] for index in reflected(len(first), self._frames))
        moved = self.run.track("flow", motions(flow, frames), self._frames - 1)
        rng = np.random.default_rng([self.request.seed, 2])
        size = self.view.height, self.view.width
        return warp_noise(moved, size, self._shape, CHANNELS, rng, degrade=degrade)


# --- what every rank does ----------------------------------------------------------------------


def denoise(
    spread: Spread, job: Job, tell: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Sample one pass, this rank's share of it."""
    plan = job.plan if spread.size == 1 else replace(job.plan, device=_device_of(job.plan, spread))
    enforce(plan)
    condition = np.load(job.condition, mmap_mode="r")
    text = Text(*torch.load(job.text, weights_only=True))
    sampler = Sampler(job.settings.sampler, job.settings.steps)
    latents = Latents(job.folder, job.windows, job.shape)
    if spread.rank:
        latents = latents.copied(job.folder / f"rank{spread.rank}")
    transformer = weights.load_transformer(job.checkpoint, job.number, DTYPES[plan.dtype])
    with ExitStack() as stack:
        ready = stack.enter_context(place(transformer, "transformer", plan))
        cached(ready, job.settings.cache)
        denoiser = Denoiser(
            ready,
            sampler,
            device=plan.device,
            guidance=job.settings.guidance,
            batched=plan.branches_at_once == 2,
        )
        sample(
            denoiser,
            sampler,
            job.windows,
            lambda number: torch.from_numpy(condition[:, job.windows[number].slice].copy())[None],
            text,
            latents,
            fade_stepped=job.settings.as_reference,
            spread=spread,
            name=f"pass {job.number}",
            watch=_watch(job.checkpoint, job.plan),
            tell=tell,
        )


def white_noise(latents: int, shape: tuple[int, int], seed: int) -> Noise:
    """[16, h, w] a latent frame; a frame's noise depends on seed and number alone."""
    for index in range(latents):
        rng = np.random.default_rng([seed, 1, index])
        yield rng.standard_normal((CHANNELS, *shape), np.float32)


def pictures(chunk: torch.Tensor) -> Iterator[NDArray[np.float32]]:
    """[1, 3, t, H, W] in [-1, 1] -> frames [H, W, 3] in 0..1."""
    frames = (chunk[0] / 2 + 0.5).clamp(0, 1).permute(1, 2, 3, 0)  # => [T, H, W, 3]
    yield from frames.contiguous().numpy()


def _watch(checkpoint: Checkpoint, plan: Plan) -> Watch:
    return Watch.of(checkpoint.loras, plan.dtype, plan.storage)


def _device_of(plan: Plan, spread: Spread) -> str:
    return f"{plan.device}:{spread.rank}" if plan.device == "cuda" else plan.device
