"""The segmenters `sam2` and `sam3`: marks (SAM 3: words too) -> track, with released weights.

Enters: a clip and what a person marked. Leaves: a track over the whole clip at native size. The
memory runs forward from the first marked frame and backward from the last one (`sam_stream`);
between them both have an opinion, and the surer one counts more. Words become silhouettes on every
n-th frame, and those are marks like others. Memory does not grow with the clip but for compressed
logits and the compressed track. torch and transformers are imported when one is made.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import option
from openvoid.core.removal import Progress, Run, silent
from openvoid.core.selection import Selection
from openvoid.core.track import Silhouette, Track
from openvoid.select.sam import weights as sam_weights
from openvoid.select.sam.marks import Marks, anchors_of, marks_of
from openvoid.select.sam.picture import FAR, Logits, Pictures, silhouette
from openvoid.select.seeds import obeyed, read_matte
from openvoid.vision.display import Display

if TYPE_CHECKING:
    from openvoid.select.sam.model import SamModel
    from openvoid.select.sam.stream import Sighting

RUNTIME = ("torch", "transformers", "safetensors")
EXTRA = "sam"
STEPS = 127 / FAR  # of a kept logit
SIZES = {"large": "sam2", "base-plus": "sam2-base-plus", "small": "sam2-small", "tiny": "sam2-tiny"}
Anchors = Mapping[int, Callable[[], Marks]]


@dataclass(frozen=True)
class Options:
    """Settings of SAM 2."""

    size: str = option("large", "Which of the released sizes.", choices=tuple(SIZES))
    weights: str = option("", "Folder of the weights; else where `weights pull` put them.")
    device: str = option("auto", "auto, cpu, cuda, cuda:1, ...")
    precision: str = option(
        "auto",
        "Of the weights; auto: bfloat16 on a GPU, else float32.",
        choices=("auto", "float32", "bfloat16", "float16"),
    )


class Sam2Segmenter:
    """SAM 2.1: points, boxes, strokes and mattes, followed by a memory; wants a GPU."""

    name: ClassVar[str] = "sam2"
    words: ClassVar[bool] = False
    Options: ClassVar[type[Any]] = Options

    def __init__(self, options: Any) -> None:
        """Imports what is heavy and loads the weights: what is missing is told here."""
        _import_runtime()
        self._options, self._folder = options, self._found(options)
        self._model = self._loaded()

    @classmethod
    def weights(cls, options: Any, progress: Progress = silent) -> Mapping[str, str]:
        """File name -> SHA-256 of the weights that these options would use.

        Raises:
            OpenVoidError: they are missing, incomplete or of another architecture.
        """
        return sam_weights.hashes(cls._found(options), progress)

    @classmethod
    def needs(cls, options: Any) -> str:
        """The commands that bring extra and weights; empty where both lie here."""
        lacking = [] if all(map(find_spec, RUNTIME)) else [f"pip install 'openvoid[{EXTRA}]'"]
        try:
            cls._found(options)
        except OpenVoidError as error:
            name = SIZES[options.size]
            lacking.append(f"{sam_weights.PULL} {name} ({sam_weights.RELEASED[name].size})")
            if options.weights:
                lacking[-1] = error.line()
        return ", then: ".join(lacking)

    @classmethod
    def _found(cls, options: Any) -> Path:
        return sam_weights.locate(SIZES[options.size], options.weights)

    def _loaded(self) -> SamModel:
        from openvoid.select.sam.model import load_sam2

        return load_sam2(self._folder, self._options.device, self._options.precision)

    def track(self, clip: Clip, selection: Selection, run: Run) -> Track:
        """Where the marked object is in every frame.

        Raises:
            OpenVoidError: marks that cannot be meant; a matte that cannot be read; nothing found.
        """
        selection.check(clip.length, clip.height, clip.width, words=self.words)
        for matte in selection.mattes:
            read_matte(matte.file, clip.height, clip.width)
        run.note(self.name, {"weights": dict(self.weights(self._options, run.progress))})
        with Pictures(clip, self._model.size, run.scratch) as pictures:
            anchors = self._anchors(pictures, selection, run)
            if not anchors:
                raise OpenVoidError(
                    f"nothing in the clip is found for the words {selection.words!r}",
                    mend="other words, or --point X,Y@FRAME",
                )
            following = _Following(self._model, pictures, selection, anchors, run)
            following.begin()
        drawn = run.track("refine", following.silhouettes(), clip.length)
        track = Track.of("object", drawn, following.confidence)
        if not track.seen:
            raise OpenVoidError("nothing was found where the marks are")
        return track

    def _anchors(self, pictures: Pictures, selection: Selection, run: Run) -> Anchors:
        """Frame -> its marks, of all frames that say where the object is."""
        return {each: _marks(pictures, selection, each) for each in anchors_of(selection)}


@dataclass(frozen=True)
class WordOptions:
    """Settings of SAM 3."""

    weights: str = option("", "Folder of the weights; else where `weights pull` put them.")
    device: str = option("auto", "auto, cpu, cuda, cuda:1, ...")
    precision: str = option(
        "auto",
        "Of the weights; auto: bfloat16 on a GPU, else float32.",
        choices=("auto", "float32", "bfloat16", "float16"),
    )
    every: int = option(8, "Words are looked for in every n-th frame.", low=1, high=1000)
    sure: float = option(0.5, "How sure it must be that words name a thing.", low=0.0, high=1.0)


class Sam3Segmenter(Sam2Segmenter):
    """SAM 3: as `sam2`, and by words; wants a GPU."""

    name: ClassVar[str] = "sam3"
    words: ClassVar[bool] = True
    Options: ClassVar[type[Any]] = WordOptions

    @classmethod
    def _found(cls, options: Any) -> Path:
        return sam_weights.locate("sam3", options.weights)

    def _loaded(self) -> SamModel:
        from openvoid.select.sam.model import load_sam3

        return load_sam3(self._folder, self._options.device, self._options.precision)

    def _anchors(self, pictures: Pictures, selection: Selection, run: Run) -> Anchors:
        marked = super()._anchors(pictures, selection, run)
        if not selection.words:
            return marked
        from openvoid.select.sam.words import Named

        named = Named(self._model, pictures, selection, self._options.sure)
        looked = marked or range(0, pictures.clip.length, self._options.every)
        return {**marked, **named.look(frozenset(looked), run)}


class _Following:
    """What the passes say of each frame, until it is drawn."""

    def __init__(
        self, model: SamModel, pictures: Pictures, selection: Selection, anchors: Anchors, run: Run
    ) -> None:
        self._model, self._pictures, self._clip = model, pictures, pictures.clip
        self._selection, self._anchors, self._run = selection, anchors, run
        self._remarks = frozenset(selection.frames) - frozenset(anchors)
        self._kept: dict[int, tuple[float, bytes]] = {}
        self._shape = (0, 0)

    @property
    def confidence(self) -> list[float]:
        """For each frame, how sure what is said of it is: that it is there, or that it is not."""
        scores = np.array([self._kept[each][0] for each in range(self._clip.length)])
        return [float(each) for each in 1 / (1 + np.exp(-np.abs(np.clip(scores, -30, 30))))]

    def begin(self) -> None:
        """Forward from the first anchor, backward from the last."""
        first, last, length = min(self._anchors), max(self._anchors), self._clip.length
        total = length - first + last
        forward, backward = self._pictures.forward(first), self._pictures.backward(last)
        done = 0
        self._run.progress("follow", done, total)
        for reverse, pictures in ((False, forward), (True, backward)):
            for seen in self._stream().run(pictures, reverse=reverse):
                self._keep(seen)
                done += 1
                self._run.progress("follow", done, total)

    def _stream(self) -> Any:
        from openvoid.select.sam.stream import Stream

        return Stream(
            self._model,
            self._clip.length,
            tuple(self._anchors),
            self._remarks,
            self._asked,
            self._pictures.__getitem__,
        )

    def _asked(self, frame: int) -> Marks:
        marks = self._anchors.get(frame) or _marks(self._pictures, self._selection, frame)
        return marks()

    def _keep(self, seen: Sighting) -> None:
        """Said once, it counts; said twice, the surer counts more."""
        logits, score = np.clip(seen.logits, -FAR, FAR), seen.score
        if seen.frame in self._kept:
            other, before = self[seen.frame], self._kept[seen.frame][0]
            logits, score = joined((logits, score), (other, before))
        self._shape = (logits.shape[0], logits.shape[1])
        steps = np.rint(logits * STEPS).astype(np.int8)
        self._kept[seen.frame] = (score, zlib.compress(steps.tobytes(), 1))

    def __getitem__(self, frame: int) -> Logits:
        steps = np.frombuffer(zlib.decompress(self._kept[frame][1]), np.int8)
        return steps.reshape(self._shape).astype(np.float32) / np.float32(STEPS)

    def silhouettes(self) -> Iterator[Silhouette]:
        """Native silhouettes in order; mattes as they were given, other marks obeyed."""
        given: dict[int, list[str]] = {}
        for matte in self._selection.mattes:
            given.setdefault(matte.frame, []).append(matte.file)
        display = Display.of(self._clip)
        for frame, picture in enumerate(self._clip.frames()):
            if frame in given:
                size = picture.shape[:2]
                mask = np.any([read_matte(file, *size) for file in given[frame]], 0)
            else:
                mask = silhouette(self[frame], picture, display)
            yield obeyed(mask, self._selection, frame)


def joined(one: tuple[Logits, float], other: tuple[Logits, float]) -> tuple[Logits, float]:
    """Two opinions on a frame, logits and score each: agreeing, they are mixed by how sure they
    are; where one sees the object and the other does not, the surer is believed."""
    if (one[1] > 0) != (other[1] > 0):
        return max(one, other, key=lambda each: abs(each[1]))
    sure = 1 / (1 + np.exp(-np.abs(np.clip([one[1], other[1]], -30, 30))))
    share = float(sure[0] / sure.sum())
    return (
        (share * one[0] + (1 - share) * other[0]).astype(np.float32),
        share * one[1] + (1 - share) * other[1],
    )


def _marks(pictures: Pictures, selection: Selection, frame: int) -> Callable[[], Marks]:
    return lambda: marks_of(selection, frame, pictures.clip.size, pictures.size)


def _import_runtime() -> None:
    from importlib import import_module

    for library in RUNTIME:
        try:
            import_module(library)
        except ImportError as error:
            error.extra = EXTRA  # type: ignore[attr-defined]  # whose install line is told
            raise
