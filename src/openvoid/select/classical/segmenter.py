"""The segmenter `classical`: marks -> track, without weights.

Enters: a clip and what a person marked, or silhouettes that are known in some frames. Leaves: a
track over the whole clip at native size. The first silhouette is found (`initial_silhouette`) and
followed to both ends of the clip (`following`, `propagation`); edges are refined at native size
(`matting`). Memory does not grow with the clip but for the compressed track.

Whoever knows silhouettes from elsewhere (a network, a rotoscope) follows them with `follow`:

    track = ClassicalSegmenter(Options()).follow(clip, {0: first, 40: another}, run)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from openvoid.core.candidate import Candidate
from openvoid.core.clip import Clip
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import option
from openvoid.core.removal import Run
from openvoid.core.selection import Selection
from openvoid.core.track import Silhouette, Track
from openvoid.media.mattes import read_matte
from openvoid.select.classical.background import Scene
from openvoid.select.classical.choices import what_of
from openvoid.select.classical.following import Following, Look, Pointed, Whole, first_of
from openvoid.select.classical.initial_silhouette import WINDOW_FRAMES, Guess
from openvoid.select.classical.matting import refined
from openvoid.select.seeds import Mask, obeyed, seeds_of
from openvoid.vision.display import Display
from openvoid.vision.working import FOLLOW, Small, Working, prepare


@dataclass(frozen=True)
class Options:
    """Settings of the classical segmenter."""

    working_size: int = option(
        720, "Long side, in pixels, at which the object is followed.", low=64, high=4096
    )


class ClassicalSegmenter:
    """Graph cut on colour, edges and motion, carried by optical flow."""

    name: ClassVar[str] = "classical"
    Options: ClassVar[type[Any]] = Options

    def __init__(self, options: Any) -> None:
        self._options = options

    @property
    def _small(self) -> Small:
        return replace(FOLLOW, side_px=self._options.working_size)

    def track(self, clip: Clip, selection: Selection, run: Run) -> Track:
        """Where the marked object is in every frame.

        Raises:
            OpenVoidError: marks that cannot be meant; a matte that cannot be read; nothing found.
        """
        check(clip, selection)
        with prepare(clip, self._small, run) as working:
            following = Following(working, _pointed(selection, working), run)
            return followed(clip, working, following, selection, run)

    def follow(
        self,
        clip: Clip,
        silhouettes: Mapping[int, Silhouette],
        run: Run,
        look: Look | None = None,
    ) -> Track:
        """Where a thing is in every frame, from where it is in some.

        Args:
            silhouettes: frame -> [H, W] bool at the clip's own size, not empty; at least one. They
                are kept as they are. Between two of them both count, the nearer one more.
            look: called with (frame, silhouette [h, w] bool at working size, confidence) after each
                frame that is followed, from the first given one to both ends. What it returns, of
                the same shape, is gone on from; None changes nothing.

        Raises:
            OpenVoidError: a silhouette of another size, or empty, or on a frame that is not there.
        """
        for frame, mask in silhouettes.items():
            if not 0 <= frame < clip.length:
                mend = f"frames 0 to {clip.length - 1}"
                raise OpenVoidError(f"frame {frame} is not in the clip", mend=mend)
            if mask.shape != clip.size or mask.dtype != np.bool_ or not mask.any():
                mend = f"bool {clip.size}, not empty"
                raise OpenVoidError(f"the silhouette of frame {frame} is none", mend=mend)
        if not silhouettes:
            raise OpenVoidError("no silhouette is given")
        with prepare(clip, self._small, run) as working:
            known = {at: Whole(_reduced(mask, working)) for at, mask in silhouettes.items()}
            following = Following(working, known, run, look)
            following.begin()
            return _drawn(clip, working, following, silhouettes, Selection(), run)

    def candidates(self, clip: Clip, selection: Selection, run: Run) -> list[Candidate]:
        """What the marks may mean in the frame that says most, best first.

        Only the frames around it are decoded.

        Raises:
            OpenVoidError: as `track`.
        """
        check(clip, selection)
        frame = _first(clip, selection)
        start, stop = max(0, frame - WINDOW_FRAMES), min(clip.length, frame + WINDOW_FRAMES + 1)
        near = clip.trimmed(start, stop)
        with prepare(near, self._small, run) as working:
            seeds = seeds_of(selection, frame, working)
            marked = Pointed(seeds, selection.candidate, selection.grow_to)
            found = marked.choices(Scene(working), frame - start)
            small = working[frame - start]
        return offers(clip, selection, frame, small, found)


class Followed(Protocol):
    """What is followed: a silhouette [h, w] and a confidence a frame."""

    confidence: list[float]

    def begin(self) -> None:
        """Find the silhouettes of all frames."""
        ...

    def __getitem__(self, frame: int) -> Mask:
        """At working size."""
        ...


def offers(
    clip: Clip, selection: Selection, frame: int, small: NDArray[Any], found: list[Guess]
) -> list[Candidate]:
    """What may be meant in a frame, at native size; `small` is its working copy."""
    picture, display = next(clip.frames(frame, frame + 1)), Display.of(clip)
    return [
        Candidate(
            obeyed(refined(each.mask, picture, small, display), selection, frame),
            frame,
            each.score,
            what_of(each, found),
            dict(each.cues),
        )
        for each in found
    ]


def check(clip: Clip, selection: Selection) -> None:
    selection.check(clip.length, clip.height, clip.width)
    for matte in selection.mattes:
        read_matte(matte.file, clip.height, clip.width)


def _pointed(selection: Selection, working: Working) -> dict[int, Pointed]:
    """The marks of each frame; the choice among candidates is that of the first."""
    marks = {frame: Pointed(seeds_of(selection, frame, working)) for frame in selection.frames}
    first = first_of(marks)
    chosen = seeds_of(selection, first, working), selection.candidate, selection.grow_to
    return marks | {first: Pointed(*chosen)}


def _first(clip: Clip, selection: Selection) -> int:
    """The frame that says most, as `track` will find."""
    mattes = {each.frame for each in selection.mattes}
    boxes = {each.frame for each in selection.boxes}

    def weight(frame: int) -> float:
        spots = sum(each.frame == frame and each.positive for each in selection.points)
        spots += sum(
            len(each.path) for each in selection.strokes if each.frame == frame and each.positive
        )
        return 1e6 if frame in mattes else 100.0 * (frame in boxes) + spots

    return min(selection.frames, key=lambda frame: (-weight(frame), frame))


def _reduced(mask: Silhouette, working: Working) -> Mask:
    size = working.size[::-1]
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small = share >= 0.5
    return small if small.any() else np.asarray(share >= share.max())


def followed(
    clip: Clip, working: Working, following: Followed, selection: Selection, run: Run
) -> Track:
    """The track of what is marked; mattes are as they were given.

    Raises:
        OpenVoidError: a matte that cannot be read; nothing found.
    """
    following.begin()
    given = {each.frame: read_matte(each.file, *clip.size) for each in selection.mattes}
    track = _drawn(clip, working, following, given, selection, run)
    if not track.seen:
        raise OpenVoidError("nothing was found where the marks are")
    return track


def _drawn(
    clip: Clip,
    working: Working,
    following: Followed,
    given: Mapping[int, Silhouette],
    selection: Selection,
    run: Run,
) -> Track:
    """Native silhouettes; those that were given as they are."""

    def silhouettes() -> Iterator[Silhouette]:
        display = Display.of(clip)
        for frame, picture in enumerate(clip.frames()):
            mask = given.get(frame)
            if mask is None:
                mask = refined(following[frame], picture, working[frame], display)
            yield obeyed(mask, selection, frame)

    refining = run.track("refine", silhouettes(), clip.length)
    return Track.of("object", refining, following.confidence)
