"""Filling: a removal scene by scene, and what lies between two scenes from both.

Enters: an engine and a removal whose clip may hold several shots. Leaves: its fills, in order. A
scene is filled from its own frames, and from those of a dissolve or a fade beside it once the other
picture is taken out of them; the frames of a dissolve are mixed anew. Knows engines by their
Protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, takewhile

from openvoid.by_scene import run_of_scene, scenes_in
from openvoid.core.errors import OpenVoidError
from openvoid.core.plugins import Engine
from openvoid.core.removal import Fill, RemovalRequest, Run
from openvoid.core.request import keeps_something
from openvoid.core.scenes import Kind, Scenes, Span
from openvoid.transitions import Crossing, Side
from openvoid.unmixing import Lent, Still, with_lent
from openvoid.vision.working import PLATE


def fills(engine: Engine, request: RemovalRequest, run: Run, cuts: str) -> Iterator[Fill]:
    """As `Engine.fill`: every scene from its own frames, and what lies between from both sides.

    Raises:
        OpenVoidError: as the engine, and as `scenes_in`; a scene that the mask covers wholly.
    """
    scenes = scenes_in(request.clip, cuts, run, PLATE)
    if scenes.one:
        yield from engine.fill(request, run)
    else:
        yield from _Filling(engine, request, run, scenes).fills()


@dataclass
class _Filling:
    engine: Engine
    request: RemovalRequest
    run: Run
    scenes: Scenes

    def __post_init__(self) -> None:
        mask = self.request.quadmask
        for span in self.scenes.spans:
            if not any(keeps_something(mask, index) for index in range(span.start, span.stop)):
                what = f"the mask covers everything in {span}: nothing is left to go by there"
                raise OpenVoidError(what, mend="leave these frames out, or cut the mask smaller")
        self._begun: dict[Span, Iterator[Fill]] = {}  # scenes whose first fill was needed early
        self._last: Fill | None = None

    def fills(self) -> Iterator[Fill]:
        """Span by span."""
        for at, span in enumerate(self.scenes.spans):
            start = max(span.start, self.request.start)
            if start >= span.stop:
                continue
            made = self._begun.pop(span, None) if span.kind is Kind.SCENE else self._between(at)
            for fill in made or self._filled(span, start):
                if fill.frame >= start:
                    self._last = fill
                    yield fill

    def _filled(self, span: Span, start: int) -> Iterator[Fill]:
        """A span from its own frames alone, from the frame `start` on."""
        request, mask = self.request, self.request.quadmask.trimmed(span.start, span.stop)
        if all(mask.box(index).empty for index in range(len(span))):
            dtype = request.clip.dtype
            return (Fill.nothing(index, dtype) for index in range(start, span.stop))
        lent = tuple(self._lent(span))
        if any(each.ways for each in lent):
            part = with_lent(request, span, lent)
            first = span.start - part.start
            part = replace(part, start=start - first)
        else:
            first = span.start
            part = replace(
                request,
                clip=request.clip.trimmed(span.start, span.stop),
                quadmask=mask,
                effects=request.effects and request.effects.trimmed(span.start, span.stop),
                start=start - first,
            )
        made = self.engine.fill(part, run_of_scene(self.run, self.scenes, span))
        own = takewhile(lambda fill: fill.frame + first < span.stop, made)
        return (replace(fill, frame=fill.frame + first) for fill in own)

    def _lent(self, scene: Span) -> Iterator[Lent]:
        """What the dissolves and fades beside a scene lend to it."""
        spans = self.scenes.spans
        at = spans.index(scene)
        if scene.kind is not Kind.SCENE:
            return
        if at and spans[at - 1].kind in (Kind.DISSOLVE, Kind.FADE_IN):
            before = spans[at - 1]
            frames = range(before.stop - 1, before.start - 1, -1)
            other = before.start - 1 if before.kind is Kind.DISSOLVE else before.start
            yield from self._taken_out(before, frames, scene.start, other)
        if at + 1 < len(spans) and spans[at + 1].kind in (Kind.DISSOLVE, Kind.FADE_OUT):
            after = spans[at + 1]
            frames = range(after.start, after.stop)
            other = after.stop if after.kind is Kind.DISSOLVE else after.stop - 1
            yield from self._taken_out(after, frames, scene.stop - 1, other)

    def _taken_out(self, between: Span, frames: range, own: int, other: int) -> Iterator[Lent]:
        """`own` and `other`: the frames on either side; of a fade, a plain one."""
        if not 0 <= other < self.request.clip.length:
            return
        away = Still.of(self.request, other)
        if between.kind is not Kind.DISSOLVE:
            if not away.known.any():
                return
            away = away.plain()
        yield Lent.of(self.request, frames, Still.of(self.request, own), away)

    def _between(self, at: int) -> Iterator[Fill]:
        """A dissolve or a fade as the mixture of what lies on either side, if it is one."""
        span, spans = self.scenes.spans[at], self.scenes.spans
        start = max(span.start, self.request.start)
        mask = self.request.quadmask
        if all(mask.box(index).empty for index in range(span.start, span.stop)):
            return self._filled(span, start)
        before = spans[at - 1] if at and spans[at - 1].kind is Kind.SCENE else None
        after = spans[at + 1] if at + 1 < len(spans) else None
        after = after if after and after.kind is Kind.SCENE else None
        sides = (
            self._side(before, -1) if before and span.kind is not Kind.FADE_IN else None,
            self._side(after, 0) if after and span.kind is not Kind.FADE_OUT else None,
        )
        plain = span.stop - 1
        if span.kind is Kind.FADE_IN:  # where it follows a fade out, that one has the plain frames
            plain = span.start - bool(at and spans[at - 1].kind is Kind.FADE_OUT)
        crossing = Crossing.of(self.request, span, *sides, plain)
        holds = crossing is not None and crossing.holds
        how = "as the mixture of both sides" if holds else "from its own frames, which differ"
        self.run.warn(f"{span}: the object is in a {span.kind}, filled {how}: look at it")
        if crossing is not None and holds:
            return crossing.fills(start)
        return self._filled(span, start)

    def _side(self, scene: Span, which: int) -> Side:
        """The clean picture of the last frame (-1) or the first (0) of a scene."""
        frame = scene.stop - 1 if which else scene.start
        if which and self._last is not None and self._last.frame == frame:
            fill = self._last
        else:
            made = self._filled(scene, frame)
            fill = next(made)
            if not which:
                self._begun[scene] = chain([fill], made)
        return Side.of(self.request.clip, fill)
