"""The void engine: the released diffusion weights, two passes, at the clip's own size.

Choose what the model sees, plan the memory, make pass 1, make pass 2 where pass 1 morphs, stitch
what was made back into native frames. Each step's module says how; this file is the order of the
steps, and the only one of the package that can be imported without torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from openvoid.core import plugins
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import Engine, option
from openvoid.core.removal import Fill, Progress, RemovalRequest, Run, silent
from openvoid.media.seal import read_facts, write_facts
from openvoid.void.sampling.presets import NAMES, PassSettings, settings_of
from openvoid.void.sampling.windows import padded_frames, window_latents, windows_over

if TYPE_CHECKING:
    from openvoid.void.budget.plan import Plan
    from openvoid.void.model.checkpoint import Checkpoint
    from openvoid.void.native.view import View
    from openvoid.void.passes import Passes

REFERENCE_SIZE = (384, 672)
RUNTIME = ("torch", "diffusers", "transformers", "safetensors", "sentencepiece")


class VoidEngine:
    """Invents what the scene would have been, with the released VOID weights; wants a GPU."""

    name: ClassVar[str] = "void"

    @dataclass(frozen=True)
    class Options:
        """What a person may set."""

        weights: str = option("", "folder of the weights; else where `weights pull` put them")
        lora: str = option("", "adapters, with strengths: style.safetensors:0.8,other.safetensors")
        preset: str = option("standard", "what the time goes into", choices=NAMES)
        passes: str = option(
            "auto", "auto makes the second where the first morphs", choices=("auto", "1", "2")
        )
        steps: int = option(0, "sampling steps of each pass; 0: the preset's", low=0, high=1000)
        vram: str = option("auto", "GiB of GPU memory to stay under: 8, 12, 16, 24, ... or auto")
        frame: str = option(
            "auto", "what the model sees of a frame", choices=("auto", "whole", "crop")
        )
        size: str = option("", "what it works at: HEIGHTxWIDTH; else about 384x672")
        window: int = option(85, "frames it sees at a time: 8 j + 5", low=5, high=197)
        detail: bool = option(True, "lend background that was seen elsewhere its native pixels")
        flow: str = option("dis", "optical flow for pass 2", choices=("dis", "raft"))
        degrade: float = option(0.0, "share of fresh noise in pass 2's warped noise", low=0, high=1)
        device: str = option("auto", "auto, cpu, cuda, cuda:1, ...")
        gpus: int = option(1, "GPUs that share windows and branches of guidance", low=1, high=64)
        attention: str = option("", "attention back end, as diffusers names them")
        compile: bool = option(False, "compile the transformer's blocks first")
        cpu_anyway: bool = option(False, "let full-size weights run on the CPU, for days")
        preview: str = option("", "a PNG that shows what is coming, renewed after every step")

    def __init__(self, options: Options) -> None:
        """Imports what is heavy: a missing library is told here."""
        from importlib import import_module

        for library in RUNTIME:
            import_module(library)
        self.options = options

    @classmethod
    def weights(cls, options: Options, progress: Progress = silent) -> Mapping[str, str]:
        """File name -> SHA-256 of all weights that these options would use.

        Raises:
            OpenVoidError: they are missing, incomplete, of another architecture or not finite.
        """
        from openvoid.void.model import checkpoint as files

        found = _located(options)
        files.check(found, _numbers(options), progress)
        return files.hashes(found, _numbers(options), progress)

    def fill(self, request: RemovalRequest, run: Run) -> Iterator[Fill]:
        """One fill a frame; see `core.plugins.Engine`."""
        from openvoid.void.native.stitch import stitch

        request = _described(request, run)
        passes = self._passes(request, run)
        made = passes.first()
        if self._wants_second(request, passes.view, made, run):
            made = passes.second(made, self._flow(passes.plan), self.options.degrade)
        plate = None
        if self.options.detail:
            plate = _Plate(plugins.construct("engine", "plate"), request, run).fills
        yield from stitch(request, passes.view, made.__getitem__, plate, run)

    def outlook(self, request: RemovalRequest) -> dict[str, Any]:
        """What `fill` would do: sizes, windows, steps, memory, time. Loads no weights."""
        found, view = _located(self.options), self._view(request)
        plan = self._plan(found, request, view)
        windows = self._windows(request)
        passes = {
            f"pass {number}": {
                "steps": settings.steps,
                "guidance": settings.guidance,
                "made": "where pass 1 morphs" if self._maybe(number) else "always",
            }
            for number, settings in self._settings().items()
        }
        facts = view.facts()
        return {
            "view": {
                **facts,
                "working_size": "x".join(map(str, facts["working_size"])),
                "window": "x".join(map(str, facts["window"])),
            },
            "frames": {
                "in_clip": request.clip.length,
                "padded": padded_frames(request.clip.length, self.options.window),
                "windows": windows,
                "tokens_a_window": plan.tokens,
            },
            **passes,
            "plan": plan.lines(),
        }

    # --- what the options come to -----------------------------------------------------------------

    def _passes(self, request: RemovalRequest, run: Run) -> Passes:
        from openvoid.void.passes import Passes

        found, view = _located(self.options), self._view(request)
        plan = self._same_plan(run.scratch / "plan.json", found, request, view)
        run.note("memory", {"peak_gib": round(plan.peak_gib, 2), "plan": plan.facts()})
        run.note("model", {"preset": self.options.preset, "windows": self._windows(request)})
        return Passes(
            request,
            view,
            found,
            self._settings(),
            plan,
            self.options.window,
            self.options.gpus,
            Path(self.options.preview) if self.options.preview else None,
            run,
        )

    def _settings(self) -> dict[int, PassSettings]:
        rows = {
            number: settings_of(self.options.preset, number) for number in _numbers(self.options)
        }
        if self.options.steps:
            return {number: replace(row, steps=self.options.steps) for number, row in rows.items()}
        return rows

    def _view(self, request: RemovalRequest) -> View:
        from openvoid.void.native.view import choose_view

        size, mode = _size(self.options.size), self.options.frame
        if self.options.preset == "reference":
            size, mode = size or REFERENCE_SIZE, "whole" if mode == "auto" else mode
        return choose_view(request.clip, request.quadmask, mode, size)

    def _windows(self, request: RemovalRequest) -> int:
        window = self.options.window
        window_latents(window)  # refuses what no window has, before it is padded to
        return len(windows_over(padded_frames(request.clip.length, window), window))

    def _same_plan(
        self, path: Path, found: Checkpoint, request: RemovalRequest, view: View
    ) -> Plan:
        """The plan of an earlier try: with other tiles, what is left would have other bytes."""
        from openvoid.void.budget.plan import Plan

        known = read_facts(path)
        if known is not None:
            return Plan.from_json(known)
        plan = self._plan(found, request, view)
        write_facts(path, asdict(plan))
        return plan

    def _plan(self, found: Checkpoint, request: RemovalRequest, view: View) -> Plan:
        from openvoid.void.budget.plan import Work, choose_device, plan_for
        from openvoid.void.model.codec import SCALE

        options, settings = self.options, self._settings()
        windows = self._windows(request)
        branches = {number: 1 if row.guidance == 1 else 2 for number, row in settings.items()}
        work = Work(
            latent_frames=window_latents(options.window),
            latent_height=view.height // SCALE,
            latent_width=view.width // SCALE,
            branches=max(branches.values()),
            forwards=sum(row.steps * branches[n] * windows for n, row in settings.items()),
            frames=padded_frames(request.clip.length, options.window),
            prompts=max(branches.values()),
            passes=len(settings),
            cached=max(windows * branches[n] if row.cache else 0 for n, row in settings.items()),
        )
        return plan_for(
            options.vram,
            found,
            work,
            choose_device() if options.device == "auto" else options.device,
            cpu_anyway=options.cpu_anyway,
            attention=options.attention,
            compile=options.compile,
            ranks=options.gpus,
        )

    def _flow(self, plan: Plan) -> Any:
        from openvoid.vision.flow import make_flow

        return make_flow(self.options.flow, device=plan.device)

    def _maybe(self, number: int) -> bool:
        return number == 2 and self.options.passes == "auto"

    def _wants_second(self, request: RemovalRequest, view: View, made: Any, run: Run) -> bool:
        if self.options.passes != "auto":
            return self.options.passes == "2"
        from openvoid.vision.flow import make_flow
        from openvoid.void.native.morphing import detect

        labels = view.labels(request.quadmask)
        frames = (made[index] for index in range(len(made)))
        told = run.track("look for morphing", frames, len(made))
        found = detect(told, labels, make_flow("dis"))
        facts = {"score": round(found.score, 3), "needed": found.needed, "why": found.why}
        run.note("morphing", facts)
        return found.needed


class _Plate:
    """The plate engine at work on the same request, in a corner of our scratch folder."""

    def __init__(self, engine: Engine, request: RemovalRequest, run: Run) -> None:
        folder = run.scratch / "plate"
        folder.mkdir(exist_ok=True)
        self._engine, self._request = engine, request
        self._run = Run(folder, run.progress, warnings=run.warnings, timings_s=run.timings_s)
        run.note("plate", self._run.notes)

    def fills(self, start: int) -> Iterator[Fill]:
        """Its fills from a frame on."""
        return self._engine.fill(replace(self._request, start=start), self._run)


def _described(request: RemovalRequest, run: Run) -> RemovalRequest:
    """With the scene in words, from the effects where no prompt was given."""
    if not request.prompt and request.effects is not None:
        request = replace(request, prompt=request.effects.background)
    if not request.prompt:
        run.warn("no prompt: the scene after the removal in a sentence makes the result better")
    return request


def _located(options: VoidEngine.Options) -> Checkpoint:
    from openvoid.void.model.checkpoint import locate

    return locate(options.weights, [each for each in options.lora.split(",") if each.strip()])


def _numbers(options: VoidEngine.Options) -> tuple[int, ...]:
    return (1,) if options.passes == "1" else (1, 2)


def _size(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise OpenVoidError(f"{text!r} is no size", where="--size", mend="HEIGHTxWIDTH: 384x672")
    return int(match[1]), int(match[2])
