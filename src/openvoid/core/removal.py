"""What is asked of an engine, what it gives back, and the record that is kept of it.

`RemovalRequest` goes to an engine; it yields one `Fill` a frame; `deliver` puts the fills into the
untouched source and writes `RemovalResult`. `Run` is the thread through all stages: progress,
notes, warnings, scratch space. Knows no engine and no files but the scratch folder's path.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from openvoid.core.box import EMPTY, Box
from openvoid.core.clip import Clip, Frame
from openvoid.core.effects import Effects
from openvoid.core.fates import Fates
from openvoid.core.quadmask import Quadmask

T = TypeVar("T")


class Origin(IntEnum):
    """Where a pixel of the result comes from."""

    KEPT = 0
    SEEN = 1  # seen elsewhere in the shot
    SYNTHESISED = 2  # no frame saw it
    MOVED = 3  # the shot's own, carried elsewhere


@dataclass(frozen=True)
class Fill:
    """New pixels for one frame, inside one box; empty box: the frame stays as it is.

    `rgb` [h, w, 3] has the clip's type; `alpha` [h, w] float32 is 1 where it replaces the source, 0
    where the source stays, between in soft edges; `origin` [h, w] uint8 holds `Origin`.
    """

    frame: int
    box: Box
    rgb: Frame
    alpha: NDArray[np.float32]
    origin: NDArray[np.uint8]

    def laid_over(self, picture: NDArray[np.float32]) -> None:
        """Put it into its frame [H, W, 3], given in float32, in place."""
        alpha, part = self.alpha[..., None], picture[self.box.slices]
        picture[self.box.slices] = part * (1 - alpha) + self.rgb.astype(np.float32) * alpha

    @classmethod
    def nothing(cls, frame: int, dtype: np.dtype[Any]) -> Fill:
        """The frame needs no new pixel."""
        no_alpha, no_origin = np.zeros((0, 0), np.float32), np.zeros((0, 0), np.uint8)
        return cls(frame, EMPTY, np.zeros((0, 0, 3), dtype), no_alpha, no_origin)


@dataclass(frozen=True)
class RemovalRequest:
    """One removal, ready to run: the clip and its quadmask have the same frames and size."""

    clip: Clip
    quadmask: Quadmask
    prompt: str = ""  # the scene after the removal; engines without text ignore it
    seed: int = 0
    effects: Effects | None = None
    fates: Fates | None = None  # where affected things go; drawn over what the engine fills
    soft_edge_px: int = 0  # how far outside the mask an engine may go for blur and penumbra
    start: int = 0  # the first frame still to be made; smaller ones were made by an earlier run


@dataclass(frozen=True)
class Provenance:
    """What was done, with what, so that it can be repeated and told."""

    engine: str
    settings: Mapping[str, Any]
    seed: int
    versions: Mapping[str, str]
    weights: Mapping[str, str] = field(default_factory=dict)  # file name -> SHA-256
    source: Mapping[str, Any] = field(default_factory=dict)
    timings_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class RemovalResult:
    """Where the deliverables are, and what is known about them."""

    master: Path
    report: Path
    provenance: Provenance
    shares: Mapping[str, float]  # share of all pixels, by origin
    notes: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    matte: Path | None = None
    patch: Path | None = None


Progress = Callable[[str, int, int], None]
"""Called with (stage, done, total) after each step of a stage."""


def silent(stage: str, done: int, total: int) -> None:
    """A `Progress` that tells nobody."""


@dataclass
class Run:
    """One run of the pipeline: who hears of progress, what was noted, where scratch files go."""

    scratch: Path  # exists, private to this removal, kept between tries of the same request
    progress: Progress = silent
    notes: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    timings_s: dict[str, float] = field(default_factory=dict)

    def note(self, name: str, value: Any) -> None:
        """A fact for the report; plain JSON values only."""
        self.notes[name] = value

    def warn(self, text: str) -> None:
        """Something the person should know; each text is told once."""
        if text not in self.warnings:
            self.warnings.append(text)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add up the time a stage takes, where `track` does not."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            spent_s = time.perf_counter() - begun
            self.timings_s[stage] = self.timings_s.get(stage, 0.0) + spent_s

    def track(self, stage: str, items: Iterable[T], total: int, done: int = 0) -> Iterator[T]:
        """Pass items through, telling progress after each and adding up the time they took."""
        self.progress(stage, done, total)
        begun = time.perf_counter()
        for item in items:
            yield item
            done += 1
            now = time.perf_counter()
            self.timings_s[stage] = self.timings_s.get(stage, 0.0) + now - begun
            begun = now
            self.progress(stage, done, total)


@dataclass
class Told:
    """What was noted on the way: for the report and the person."""

    notes: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    timings_s: dict[str, float] = field(default_factory=dict)


def run_of(folder: Path, progress: Progress, told: Told | None) -> Run:
    """A run whose notes, warnings and times are those of `told`."""
    told = told or Told()
    return Run(folder, progress, told.notes, told.warnings, told.timings_s)
