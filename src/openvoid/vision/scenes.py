"""Scenes of a clip: where it is cut, and where one shot goes over into the next.

Enters: a clip. Leaves: `core.scenes.Scenes`. What lasts one frame is told by corners: at a cut next
to none of one frame is found again in the next, while frames on either side agree; light, gain and
contrast do not count. A flash, or a few frames of anything between frames that agree, is no cut;
nor is a pan too quick to follow, which is no single step. Dissolves and fades are `mixtures`. Found
once and kept by the clip's content.

A library (PySceneDetect) was weighed: it compares histograms and brightness, sees neither dissolves
nor flashes, and takes quick motion for cuts unless its threshold is set for the clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from openvoid.core.clip import Clip
from openvoid.core.removal import Run
from openvoid.core.scenes import Kind, Scenes, Span
from openvoid.media.content import frames_name
from openvoid.media.reel import Torn, covering, place, recording
from openvoid.vision.display import Display
from openvoid.vision.glimpse import Glimpse, Picture
from openvoid.vision.mixtures import ALIEN, dissolves, fades
from openvoid.vision.working import Small, Working, prepare

BLOCK, AROUND = 384, 128  # frames looked at together, and how far around them
STEP = 0.03  # two looks differ at least by so much at a cut: 0.13 to 0.5 between shots
STANDS_OUT = 1.5  # times what neighbouring pairs differ by: a quick camera has 1.0 to 1.2 steadily
NEIGHBOURS = 4  # pairs on each side
FLASH_FRAMES = 3  # at most: an eighth of a second in film
BACK = 0.5  # of the step: nearer than this, a look has come back
SAME = 0.02  # looks that differ by less show the same
PLAIN_STEP, PLAIN_OUT = 0.12, 4.0  # a cut where there are no corners to tell it by
KINDS = tuple(Kind)
WHAT = "scenes"


def scenes_of(clip: Clip, small: Small, run: Run) -> Scenes:
    """The scenes of a clip, from the cache, or by looking through a small copy of it.

    Args:
        small: the copy that is wanted next anyway.

    Raises:
        OpenVoidError: as `vision.working.prepare`.
    """
    name, bounds = frames_name(clip), (clip.offset, clip.offset + clip.length)
    if name is not None and (kept := covering(name, WHAT, *bounds)) is not None:
        try:
            return _scenes(kept[0][0][0]).trimmed(bounds[0] - kept[1], bounds[1] - kept[1])
        except Torn:
            kept[0].discard()
    with prepare(clip, small, run) as working, run.timed("scenes"):
        found = find(_seen(working, clip, small), clip.length)
    if name is not None:
        with recording(place(name, WHAT, *bounds)) as reel:
            reel.append((_rows(found),))
    return found


def _seen(working: Working, clip: Clip, small: Small) -> Callable[[int], Picture]:
    """Small frames [h, w, 3] as a screen shows them."""
    display = Display.of(clip)

    def seen(index: int) -> Picture:
        picture = working[index]
        if small.look == "seen":
            return np.asarray(picture, np.uint8)
        return (display if picture.dtype == np.uint8 else display.of_units).seen(picture)

    return seen


def _rows(scenes: Scenes) -> NDArray[np.int64]:
    """[N, 3]: start, stop, number of the kind."""
    return np.array([(span.start, span.stop, KINDS.index(span.kind)) for span in scenes.spans])


def _scenes(rows: NDArray[np.int64]) -> Scenes:
    return Scenes(tuple(Span(int(start), int(stop), KINDS[kind]) for start, stop, kind in rows))


def find(picture: Callable[[int], Picture], length: int) -> Scenes:
    """The scenes of so many frames [h, w, 3], 8 bits a channel as a screen shows them."""
    between: list[Span] = []
    cuts: list[int] = []
    glimpse: Glimpse | None = None
    for start in range(0, length, BLOCK):
        stop = min(length, start + BLOCK)
        low, high = max(0, start - AROUND), min(length, stop + AROUND)
        glimpse = Glimpse(picture, low, high, glimpse)
        for span in (*fades(glimpse), *dissolves(glimpse)):
            middle = (span.start + span.stop) // 2
            if start <= middle < stop and not any(_touch(span, other) for other in between):
                between.append(span)
        cuts += [cut for cut in _cuts(glimpse, between) if start <= cut < stop]
    return Scenes.of(length, cuts, between)


def _touch(one: Span, other: Span) -> bool:
    return one.start < other.stop and other.start < one.stop


def _cuts(glimpse: Glimpse, between: list[Span]) -> Iterator[int]:
    """First frames of new shots, but for those that a transition leads to."""
    busy = {at for span in between for at in range(span.start, span.stop + 1)}
    steps, at = glimpse.steps, 0
    while at < len(steps):
        cut = glimpse.start + at + 1
        if cut in busy or not _stands_out(steps, at):
            at += 1
        elif flash := _flash(glimpse, cut):
            at += flash + 1
        else:
            if _alone(glimpse, cut):
                yield cut
            at += 1


def _stands_out(steps: NDArray[np.float64], at: int) -> bool:
    return bool(steps[at] >= STEP and steps[at] >= STANDS_OUT * _usual(steps, at))


def _usual(steps: NDArray[np.float64], at: int) -> float:
    around = np.r_[steps[max(0, at - NEIGHBOURS) : at], steps[at + 1 : at + 1 + NEIGHBOURS]]
    return float(np.median(around)) if around.size else np.inf


def _flash(glimpse: Glimpse, cut: int) -> int:
    """After how many frames the one before a step is seen again; 0 where it is not, at once."""
    near = BACK * glimpse.apart(cut - 1, cut)
    for behind in range(cut + 1, min(cut + FLASH_FRAMES + 1, glimpse.stop)):
        if glimpse.apart(cut - 1, behind) < near and _agree(glimpse, cut - 1, behind):
            return behind - cut
    return 0


def _agree(glimpse: Glimpse, one: int, other: int) -> bool:
    if glimpse.apart(one, other) < SAME:
        return True
    shared = glimpse.shared(one, other)
    return shared is not None and shared >= ALIEN


def _alone(glimpse: Glimpse, cut: int) -> bool:
    """Whether a step leads to another shot, and is the only one there."""
    shared = glimpse.shared(cut - 1, cut)
    if shared is None:
        step = glimpse.apart(cut - 1, cut)
        beside = [
            glimpse.apart(one, one + 1)
            for one in range(max(glimpse.start, cut - 5), min(glimpse.stop - 1, cut + 4))
            if one != cut - 1
        ]
        return step >= PLAIN_STEP and step >= PLAIN_OUT * max(beside, default=np.inf)
    if shared >= ALIEN:
        return False
    sides = [
        _agree(glimpse, one, one + 1)
        for one in (cut - 2, cut)
        if glimpse.start <= one and one + 1 < glimpse.stop
    ]
    return all(sides) or (any(sides) and _lone_frame(glimpse, cut))


def _lone_frame(glimpse: Glimpse, cut: int) -> bool:
    """Whether beside a step there is a single frame of another shot, not a camera that rushes."""
    for one in (cut - 1, cut):
        before, behind = (one - 2, one - 1), (one + 1, one + 2)
        if all(
            glimpse.start <= pair[0] and pair[1] < glimpse.stop and _agree(glimpse, *pair)
            for pair in (before, behind)
        ):
            return True
    return False
