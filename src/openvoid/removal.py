"""The spine: clip -> quadmask -> fill -> composite -> deliverables.

Enters: a clip, its quadmask, the name of an engine, where the result goes. Leaves: the deliverables
and what is known about them. First everything is checked; then the engine's fills flow through a
journal into the source's own pictures. The same call after an interruption goes on where it was
and gives the same bytes. Knows no engine but by name, and holds no more than a few frames.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from openvoid import filling
from openvoid.by_scene import AUTO
from openvoid.core import plugins
from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fates
from openvoid.core.plugins import Engine, HasOutlook
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import (
    Fill,
    Origin,
    Progress,
    Provenance,
    RemovalRequest,
    RemovalResult,
    Run,
    silent,
)
from openvoid.deliver.background import Background
from openvoid.deliver.composite import Compositor
from openvoid.deliver.destination import check_free, destination
from openvoid.deliver.package import Package
from openvoid.deliver.provenance import clip_facts, key_of, mask_facts, provenance_of, witnessed
from openvoid.deliver.report import plain
from openvoid.deliver.witness import Witness
from openvoid.layers import moving
from openvoid.media.content import files_of
from openvoid.media.once import decoded_once
from openvoid.media.outputs import owned
from openvoid.shot import open_shot
from openvoid.workspace.journal import Journal
from openvoid.workspace.scratch import scratch


def remove(
    clip: str | Path | Clip,
    mask: str | Path | Quadmask | None,
    out: str | Path,
    *,
    engine: str = "plate",
    options: Mapping[str, Any] | None = None,
    from_matte: bool | None = None,
    still: bool = False,
    prompt: str | None = None,
    rate: Fraction | None = None,
    input_color: str = "auto",
    codec: str | None = None,
    range: tuple[int, int] | None = None,
    grow_px: int = 0,
    seed: int = 0,
    soft_edge_px: int | None = None,
    effects: Effects | None = None,
    fates: Fates | None = None,
    cuts: str = AUTO,
    matte: str | Path | None = None,
    patch: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = True,
    progress: Progress = silent,
) -> RemovalResult:
    """Remove what the mask shows from a clip; what it keeps stays as it was, bit for bit.

    Args:
        clip: a video, images, a `Clip`, or a shot folder (which brings mask and prompt along).
        mask: the quadmask, with as many frames as the clip (or as `range`); None: the shot's own.
        out: the new shot: .mp4, .mov, .mkv, a folder, or a pattern such as clean.%04d.exr.
        engine: what makes the new pixels, by plug-in name; `options` are its own.
        from_matte, still: how the mask is meant; see `shot.open_shot`.
        prompt: the scene after the removal, for engines that read.
        rate: frames a second, where the files of `clip` do not say; a `Clip` has its own.
        input_color: what their values mean to who looks at them; see `media.open.open_clip`.
        codec: a name in `media.codecs.CODECS`; None: what the name of `out` asks for.
        range: first and last frame to deliver, both included, by the clip's own frame numbers.
        grow_px: how much larger the mask is made first (negative: smaller).
        seed: the same seed gives the same bytes.
        soft_edge_px: how far blur and penumbra may reach outside the mask; None: by height.
        effects: what else the object causes, for engines that ask for it.
        fates: where affected things go: they are drawn there.
        cuts: where new scenes begin: "auto", "none", or frames from 0 and dissolves: "16,40-55".
        matte: also write what changed, in gray. patch: also write the new pixels, as RGBA.
        overwrite: replace deliverables that exist.
        resume: go on where an earlier try of the same request was stopped.
        progress: told (stage, done, total), always from the calling thread.

    Raises:
        OpenVoidError: something about the request is wrong, or the disk fails; nothing is left
            beside `out`.
    """
    begun = time.perf_counter()
    plugin = plugins.find("engine", engine)
    engine_options = plugins.check_options(plugin, options or {})
    shot = open_shot(clip, mask, prompt, rate, input_color, from_matte, still)
    request = shot.request(range, grow_px, seed, soft_edge_px, effects, fates)
    to = destination(out, codec=codec, matte=matte, patch=patch, inputs=shot.files())
    check_free(to, request.clip, request.quadmask, overwrite)
    asked: dict[str, Any] = {"engine": engine, "options": asdict(engine_options)}
    asked |= {"grow_px": grow_px, "codec": to.codec} | ({"cuts": cuts} if cuts != AUTO else {})
    provenance = replace(
        provenance_of(request, asked, shot.mask_path),
        weights=plugins.weights_of(plugin, engine_options, progress),
    )
    with (
        Witness(files_of(request.clip)) as witness,
        scratch(key_of(provenance, request, plugin), resume=resume) as folder,
        owned(to.paths, overwrite, to.files(request.clip), what="this shot") as transaction,
        Journal(folder / "fills", request.clip.dtype) as journal,
        Package(request.clip, to, transaction) as package,
    ):
        filler = plugins.construct("engine", engine, options)  # may load much: all else is checked
        run = _run(folder / "engine", journal, progress)
        removal = Removal(request, filler, run, journal, package, begun, cuts)
        removal.work()
        result = removal.result(witnessed(provenance, witness.sha256()))
        witness.check()
        package.report(result)
    return result


def outlook(
    clip: str | Path | Clip,
    mask: str | Path | Quadmask | None,
    *,
    engine: str = "plate",
    options: Mapping[str, Any] | None = None,
    from_matte: bool | None = None,
    still: bool = False,
    prompt: str | None = None,
    rate: Fraction | None = None,
    input_color: str = "auto",
    range: tuple[int, int] | None = None,
    grow_px: int = 0,
    seed: int = 0,
    soft_edge_px: int | None = None,
    effects: Effects | None = None,
    fates: Fates | None = None,
) -> dict[str, Any]:
    """What `remove` would do, without doing it: the request's facts, and the engine's own plan.

    Raises:
        OpenVoidError: as `remove` would, for all that shows before the work.
    """
    shot = open_shot(clip, mask, prompt, rate, input_color, from_matte, still)
    request = shot.request(range, grow_px, seed, soft_edge_px, effects, fates)
    filler = plugins.construct("engine", engine, options)
    facts: dict[str, Any] = {
        "clip": clip_facts(request.clip),
        "mask": mask_facts(request.quadmask, shot.mask_path),
        "engine": engine,
    }
    if isinstance(filler, HasOutlook):
        facts["outlook"] = filler.outlook(request)
    told: dict[str, Any] = plain(facts)
    return told


@dataclass
class Removal:
    """One removal at work: the engine fills in the calling thread, a second one delivers."""

    request: RemovalRequest
    engine: Engine
    run: Run
    journal: Journal
    package: Package
    begun: float  # when the call was made, by `time.perf_counter`
    cuts: str = AUTO
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(Origin), np.int64))
    done: int = 0  # frames delivered
    busy_s: float = 0.0  # spent on delivering

    def __post_init__(self) -> None:
        self._before_s = dict(self.run.timings_s)  # of earlier tries

    def work(self) -> None:
        """Fill and deliver every frame."""
        total = self.request.clip.length
        with Background(self.deliver) as line, closing(self.fills()) as fills:
            for fill in fills:
                self._clock()
                line.put((fill, _notes(self.run)))
                self.run.progress("deliver", self.done, total)
        self.run.progress("deliver", self.done, total)
        flushing = time.perf_counter()
        self.package.finish()
        self.busy_s += time.perf_counter() - flushing
        self._clock()

    def fills(self) -> Generator[Fill, None, None]:
        """Those of earlier tries first, then the engine's."""
        start, length = self.journal.length, self.request.clip.length
        if start:
            self.run.note("resumed_at_frame", start)
        yield from self.journal.fills()
        if start < length:
            clip = decoded_once(self.request.clip)
            request = replace(self.request, clip=clip, start=start)
            made = moving.fills(request, self._filled)
            yield from in_order(made, start, length, self.engine.name)

    def _filled(self, request: RemovalRequest) -> Generator[Fill, None, None]:
        yield from filling.fills(self.engine, request, self.run, self.cuts)

    def deliver(self, fills: Iterator[tuple[Fill, dict[str, Any]]]) -> None:
        """Put each fill into the untouched picture and write it; in the second thread."""
        request, known = self.request, self.journal.length
        compositor = Compositor(
            request.clip, request.quadmask, request.soft_edge_px, self.engine.name
        )
        pictures = request.clip.pictures()
        for fill, notes in fills:
            begun = time.perf_counter()
            frame = compositor.composite(next(pictures), fill)
            if fill.frame >= known:
                self.journal.append(fill, notes)
            self.package.write(frame)
            self.counts += frame.counts
            self.done += 1
            self.busy_s += time.perf_counter() - begun

    def result(self, provenance: Provenance) -> RemovalResult:
        """What is known once the work is done."""
        to, pixels = self.package.to, self.counts.sum()
        return RemovalResult(
            master=to.master,
            report=to.report,
            provenance=replace(provenance, timings_s=dict(self.run.timings_s)),
            shares={origin.name.lower(): float(self.counts[origin] / pixels) for origin in Origin},
            notes=plain(self.run.notes),
            warnings=tuple(self.run.warnings),
            matte=to.matte,
            patch=to.patch,
        )

    def _clock(self) -> None:
        """Note the time spent so far, in this try and the earlier ones."""
        spent_s = {"deliver": self.busy_s, "total": time.perf_counter() - self.begun}
        for name, now_s in spent_s.items():
            self.run.timings_s[name] = self._before_s.get(name, 0.0) + now_s


def in_order(fills: Iterator[Fill], start: int, length: int, engine: str) -> Iterator[Fill]:
    """An engine's fills, if they are one a frame from `start` to the end.

    Raises:
        OpenVoidError: they are not.
    """
    expected = start
    for fill in fills:
        if fill.frame != expected or expected == length:
            raise _broken(engine, f"gave frame {fill.frame}, frame {expected} of {length} was due")
        yield fill
        expected += 1
    if expected < length:
        raise _broken(engine, f"stopped before frame {expected} of {length}")


def _broken(engine: str, how: str) -> OpenVoidError:
    mend = "a defect of that engine; please report it"
    return OpenVoidError(f"engine {engine!r} broke its promise: it {how}", mend=mend)


# --- what is told of it -------------------------------------------------------------------------


def _run(folder: Path, journal: Journal, progress: Progress) -> Run:
    """A run that knows what earlier tries noted."""
    folder.mkdir(exist_ok=True)
    return Run(folder, progress, **journal.notes)


def _notes(run: Run) -> dict[str, Any]:
    """The constructor's arguments of `_run`, as JSON."""
    noted: dict[str, Any] = plain(
        {"notes": run.notes, "warnings": run.warnings, "timings_s": run.timings_s}
    )
    return noted
