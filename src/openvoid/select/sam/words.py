"""Words -> silhouettes: what SAM 3's detector finds for them, frame by frame.

Enters: a clip, words, and marks if there are any. Leaves: for each looked-at frame in which
something was found, one silhouette of all of it, as marks. Knows no time.

Without other marks, everything that the words name is meant. With marks, only the things that the
marks of the same frame touch, and a frame whose marks touch nothing keeps its marks alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from openvoid.core.packed import PackedMask
from openvoid.core.removal import Run
from openvoid.core.selection import Selection
from openvoid.select.sam.marks import ON, Marks, marks_of
from openvoid.select.sam.picture import Logits, Pictures, Small, tidied
from openvoid.select.seeds import Mask

SHARE = 0.5  # of a thing that must lie in a box to be meant by it


class Named:
    """Looks for words in frames."""

    def __init__(self, model: Any, pictures: Pictures, selection: Selection, sure: float) -> None:
        self._model, self._pictures, self._selection = model, pictures, selection
        self._sure, self._marked = sure, frozenset(selection.frames)

    def look(self, frames: frozenset[int], run: Run) -> dict[int, Callable[[], Marks]]:
        """Frame -> marks, of those frames where something is found; the clip is decoded once."""
        last = max(frames) + 1
        found: dict[int, Callable[[], Marks]] = {}
        passed = self._pictures.forward(min(frames), last)
        for frame, small in run.track("words", passed, last, min(frames)):
            if frame in frames and (marks := self._in(frame, small)) is not None:
                found[frame] = marks
                self._pictures.put(frame, small)
        return found

    def _in(self, frame: int, small: Small) -> Callable[[], Marks] | None:
        size = self._pictures.size
        if any(matte.frame == frame for matte in self._selection.mattes):
            return None  # it is known already
        things = [
            self._enlarged(logits)
            for logits, sure in self._model.named(self._selection.words, small)
            if sure >= self._sure
        ]
        if frame in self._marked:
            marks = marks_of(self._selection, frame, self._pictures.clip.size, size)
            things = [each for each in things if meant(each, marks)]
        whole = np.any(things, 0) if things else np.zeros((size, size), bool)
        if not whole.any():
            return None
        packed = PackedMask.of(whole)
        return lambda: Marks(silhouette=packed.mask())

    def _enlarged(self, logits: Logits) -> Mask:
        size = (self._pictures.size, self._pictures.size)
        inside: Mask = cv2.resize(tidied(logits), size, interpolation=cv2.INTER_LINEAR) > 0
        return inside


def meant(thing: Mask, marks: Marks) -> bool:
    """Whether marks touch a thing: a click on it, and none off it; else a box around most of it."""
    if not thing.any():
        return False
    size = thing.shape[0]
    clicks = {True: False, False: False}
    corners = []
    for (x, y), label in zip(marks.spots, marks.labels, strict=True):
        column, row = (min(size - 1, max(0, round(each))) for each in (x, y))
        if label in (0, ON):
            clicks[label == ON] |= bool(thing[row, column])
        else:
            corners += [(row, column)]
    if clicks[False]:
        return False
    if ON in marks.labels or not corners:
        return clicks[True]
    (top, left), (bottom, right) = corners
    within = np.count_nonzero(thing[top : bottom + 1, left : right + 1])
    return bool(within >= SHARE * np.count_nonzero(thing))
