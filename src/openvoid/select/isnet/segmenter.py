"""The segmenter `isnet`: marks -> track, with a small network's weights; no torch, no GPU.

Enters: a clip and what a person marked. Leaves: a track over the whole clip at native size. The
network looks at the marked frames (`first_look`), at key frames between and where what is carried
is doubtful (`following`); `classical`'s carrier follows in between and decides where the network
sees nothing. Edges are refined at native size as `classical` does it. Memory does not grow with the
clip but for the compressed track. onnxruntime is imported when one is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, ClassVar

from openvoid.core.candidate import Candidate
from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import option
from openvoid.core.removal import Progress, Run, silent
from openvoid.core.selection import Selection
from openvoid.core.track import Track
from openvoid.select.classical.segmenter import check, followed, offers
from openvoid.select.isnet import weights as isnet_weights
from openvoid.select.isnet.following import Following
from openvoid.select.isnet.network import EXTRA, Network
from openvoid.vision.working import FOLLOW, prepare


@dataclass(frozen=True)
class Options:
    """Settings of IS-Net."""

    weights: str = option(
        "", "The .onnx file; else what `weights pull isnet` or `weights add isnet` brought."
    )
    working_size: int = option(
        720, "Long side, in pixels, at which the object is followed.", low=64, high=4096
    )
    every: int = option(
        24, "Frames between two looks, where nothing is doubtful.", low=1, high=10000
    )


class IsnetSegmenter:
    """IS-Net: what stands out around the marks, followed by colours, edges and motion."""

    name: ClassVar[str] = "isnet"
    Options: ClassVar[type[Any]] = Options

    def __init__(self, options: Any) -> None:
        """Imports what is heavy and loads the weights: what is missing is told here."""
        self._options, self._network = options, Network(isnet_weights.locate(options.weights))

    @classmethod
    def weights(cls, options: Any, progress: Progress = silent) -> Mapping[str, str]:
        """File name -> SHA-256 of the weights that these options would use.

        Raises:
            OpenVoidError: they are missing, or were changed since they came.
        """
        held = isnet_weights.held(options.weights, progress)
        return {held.path.name: held.sha256}

    @classmethod
    def needs(cls, options: Any) -> str:
        """The commands that bring extra and weights; empty where both lie here."""
        lacking = [] if find_spec("onnxruntime") else [f"pip install 'openvoid[{EXTRA}]'"]
        try:
            isnet_weights.locate(options.weights)
        except OpenVoidError as error:
            line = f"{isnet_weights.PULL} ({isnet_weights.SIZE})"
            lacking.append(error.line() if options.weights else line)
        return ", then: ".join(lacking)

    def track(self, clip: Clip, selection: Selection, run: Run) -> Track:
        """Where the marked object is in every frame.

        Raises:
            OpenVoidError: marks that cannot be meant; a matte that cannot be read; nothing found.
        """
        check(clip, selection)
        held = isnet_weights.held(self._options.weights, run.progress)
        told = {"weights": {held.path.name: held.sha256}}
        run.note(self.name, told | {"licence": held.licence, "source": held.source})
        small = replace(FOLLOW, side_px=self._options.working_size)
        with prepare(clip, small, run) as working:
            following = Following(working, selection, self._network, self._options.every, run)
            return followed(clip, working, following, selection, run)

    def candidates(self, clip: Clip, selection: Selection, run: Run) -> list[Candidate]:
        """What the marks may mean in the frame that says most, best first.

        Raises:
            OpenVoidError: as `track`.
        """
        check(clip, selection)
        small = replace(FOLLOW, side_px=self._options.working_size)
        with prepare(clip, small, run) as working:
            following = Following(working, selection, self._network, self._options.every, run)
            frame, found = following.first, following.choices()
            return offers(clip, selection, frame, working[frame], found)
