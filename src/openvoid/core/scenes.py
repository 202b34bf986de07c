"""Scenes: where one clip holds several shots, and how they go over into each other.

Enters: spans of frames that a finder or a person tells. Leaves: what each stage works on by itself.
Knows no pictures: `vision.scenes` finds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import FRAME

_PART = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?")


class Kind(StrEnum):
    """What a span of frames is."""

    SCENE = "scene"
    DISSOLVE = "dissolve"  # both neighbours at once
    FADE_OUT = "fade out"  # the earlier one, and a plain colour
    FADE_IN = "fade in"  # the later one, and a plain colour


@dataclass(frozen=True)
class Span:
    """Frames `start` <= index < `stop`."""

    start: int
    stop: int
    kind: Kind = Kind.SCENE

    def __len__(self) -> int:
        return self.stop - self.start

    def __str__(self) -> str:
        first, last = self.start, self.stop - 1
        return f"frame {first}" if first == last else f"frames {first} to {last}"


@dataclass(frozen=True)
class Scenes:
    """Spans that cover a clip in order, without a gap. Between two scenes without a transition
    lies a cut."""

    spans: tuple[Span, ...]

    @classmethod
    def whole(cls, length: int) -> Scenes:
        """One scene."""
        return cls((Span(0, length),))

    @classmethod
    def of(cls, length: int, cuts: Iterable[int], transitions: Iterable[Span] = ()) -> Scenes:
        """From the first frames of new scenes, and from the spans between scenes.

        Raises:
            OpenVoidError: one lies outside the clip, or they overlap.
        """
        between = sorted(transitions, key=lambda span: span.start)
        borders = sorted(set(cuts))
        spans, at = list[Span](), 0
        marks = sorted([*between, *(Span(cut, cut) for cut in borders)], key=lambda s: s.start)
        for mark in marks:
            outside = mark.stop > length or (len(mark) == 0 and not 0 < mark.start < length)
            if mark.start < at or outside:
                raise OpenVoidError(
                    f"{mark if len(mark) else f'a cut at frame {mark.start}'} does not fit",
                    where="--cuts",
                    mend=f"from 1 to {length - 1}, in order, not overlapping",
                )
            if mark.start > at:
                spans.append(Span(at, mark.start))
            if len(mark):
                spans.append(mark)
            at = mark.stop
        if at < length:
            spans.append(Span(at, length))
        return cls(tuple(spans))

    @property
    def one(self) -> bool:
        """Whether there is nothing to respect."""
        return len(self.spans) == 1

    @property
    def length(self) -> int:
        return self.spans[-1].stop

    def reaches(self) -> tuple[Span, ...]:
        """The frames in which each scene is seen, those of transitions that show it as well.

        Reaches of neighbours overlap in a dissolve. A clip without a scene is one.
        """
        found = []
        for at, span in enumerate(self.spans):
            if span.kind is Kind.SCENE:
                before = self.spans[at - 1] if at else None
                after = self.spans[at + 1] if at + 1 < len(self.spans) else None
                start = before.start if before and before.kind in _WITH_NEXT else span.start
                stop = after.stop if after and after.kind in _WITH_LAST else span.stop
                found.append(Span(start, stop))
        return tuple(found) or (Span(0, self.length),)

    def reach_of(self, frame: int) -> Span:
        """The reach that a mark on a frame is about: in a dissolve, that of the nearer scene."""
        known = [reach for reach in self.reaches() if reach.start <= frame < reach.stop]
        if not known:  # plain frames between two fades
            return min(self.reaches(), key=lambda r: max(r.start - frame, frame - r.stop + 1))
        return max(known, key=lambda reach: min(frame - reach.start, reach.stop - 1 - frame))

    def trimmed(self, start: int, stop: int) -> Scenes:
        """Those of a part of the clip."""
        kept = (
            Span(max(span.start, start) - start, min(span.stop, stop) - start, span.kind)
            for span in self.spans
            if span.start < stop and span.stop > start
        )
        return Scenes(tuple(kept))

    def told(self) -> Iterator[str]:
        """Each change in words."""
        for before, span in zip((None, *self.spans), self.spans, strict=False):
            if span.kind is not Kind.SCENE:
                yield f"{span.kind} in {span}"
            elif before is not None and before.kind is Kind.SCENE:
                yield f"cut at frame {span.start}"

    def to_json(self) -> list[dict[str, Any]]:
        """Spans with their first and last frame, both included."""
        return [
            {"first": span.start, "last": span.stop - 1, "kind": str(span.kind)}
            for span in self.spans
        ]


_WITH_NEXT, _WITH_LAST = (Kind.DISSOLVE, Kind.FADE_IN), (Kind.DISSOLVE, Kind.FADE_OUT)


def scenes_in_words(text: str, length: int) -> Scenes:
    """What a person says: `none`, or first frames of scenes and spans of dissolves: `16,40-55`.

    Raises:
        OpenVoidError: it cannot be read, or does not fit the clip.
    """
    if text.strip() == "none":
        return Scenes.whole(length)
    cuts, between = [], []
    for part in text.split(","):
        found = _PART.fullmatch(part)
        if not found or int(found[1]) > FRAME or int(found[2] or found[1]) < int(found[1]):
            mend = "auto, none, or the first frame of each new scene: 16,40; dissolves: 60-75"
            raise OpenVoidError(f"{text!r} tells no cuts", where="--cuts", mend=mend)
        if found[2]:
            between.append(Span(int(found[1]), int(found[2]) + 1, Kind.DISSOLVE))
        else:
            cuts.append(int(found[1]))
    return Scenes.of(length, cuts, between)
