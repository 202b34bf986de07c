"""By scene: a clip that holds several shots is worked on shot by shot.

Enters: a clip with its scenes, and what is to be asked of each. Leaves: one track, effects or fates
of the whole clip, and a note of the scenes. What is known of one scene is used in no other; of a
clip that is one scene, everything is asked as if nothing were known of scenes. Knows plug-ins by
their Protocols.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from openvoid.core.candidate import Candidate
from openvoid.core.clip import Clip
from openvoid.core.effects import Effect, Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fate, Fates
from openvoid.core.plugins import HasCandidates, Mover, Reasoner, Segmenter
from openvoid.core.removal import Run
from openvoid.core.scenes import Kind, Scenes, Span, scenes_in_words
from openvoid.core.selection import Selection
from openvoid.core.track import Silhouette, Track
from openvoid.vision.scenes import scenes_of
from openvoid.vision.working import EXPLAIN, FOLLOW, Small

AUTO = "auto"
NEAR_FRAMES = 30  # of a mark: what segmenters look at for a candidate, and a little


def scenes_in(clip: Clip, cuts: str, run: Run, small: Small = FOLLOW) -> Scenes:
    """The scenes of a clip, found or as a person tells them, and noted if they are several.

    Args:
        cuts: "auto", or words for `core.scenes.scenes_in_words`.
        small: the copy of the clip that is wanted next anyway.

    Raises:
        OpenVoidError: the words fit no scenes of this clip; it cannot be decoded.
    """
    scenes = scenes_of(clip, small, run) if cuts == AUTO else scenes_in_words(cuts, clip.length)
    if not scenes.one and "scenes" not in run.notes:  # else they were noted by an earlier try
        run.note("scenes", scenes.to_json())
    return scenes


# --- what is asked of each scene ----------------------------------------------------------------


def track(segmenter: Segmenter, clip: Clip, selection: Selection, run: Run, cuts: str) -> Track:
    """The object in every scene in which it is marked; it ends with the scene.

    Raises:
        OpenVoidError: as the segmenter, and as `scenes_in`.
    """
    scenes = scenes_in(clip, cuts, run)
    reaches = scenes.reaches()
    if len(reaches) == 1 and len(reaches[0]) == clip.length:
        return segmenter.track(clip, selection, run)
    found, without = dict[Span, Track](), list[Span]()
    fault: OpenVoidError | None = None
    for reach in reaches:
        part = _marks_of(selection, scenes, reach)
        try:
            if part.says_where:
                scene = clip.trimmed(reach.start, reach.stop)
                if found:  # one chooses among what the first marked scene offers
                    part = replace(part, candidate=1)
                found[reach] = segmenter.track(scene, part, run_of_scene(run, scenes, reach))
            else:
                without.append(reach)
        except OpenVoidError as error:
            if part.frames:
                raise
            fault = error  # words alone, of what this scene may not show
            without.append(reach)
    if not found:
        raise fault or OpenVoidError("nothing was found at the marks", mend="add marks, or a box")
    if without and not selection.words:
        run.warn(
            f"another scene, not marked, so nothing is selected: {', '.join(map(str, without))}; "
            "where the object is seen there, mark it there too"
        )
    return _joined(found, clip)


def candidates(
    segmenter: HasCandidates, clip: Clip, selection: Selection, run: Run, cuts: str
) -> list[Candidate]:
    """What the marks may mean in the first scene that is marked, as `track` will begin there.

    Cuts are looked for near the marks only, so that little is decoded.

    Raises:
        OpenVoidError: as the segmenter, and as `scenes_in`.
    """
    if not selection.frames:
        return list(segmenter.candidates(clip, selection, run))
    first, last = min(selection.frames), max(selection.frames)
    start, stop = 0, clip.length
    if cuts == AUTO:
        start, stop = max(0, first - NEAR_FRAMES), min(clip.length, last + NEAR_FRAMES + 1)
        scenes = scenes_of(clip.trimmed(start, stop), FOLLOW, run)
    else:
        scenes = scenes_in_words(cuts, clip.length)
    reach = scenes.reach_of(first - start)
    here = Span(
        reach.start + start if reach.start else 0,
        reach.stop + start if reach.stop + start < stop else clip.length,
    )
    if len(here) == clip.length:
        return list(segmenter.candidates(clip, selection, run))
    part = selection.within(
        lambda frame: start <= frame < stop and scenes.reach_of(frame - start) == reach, here.start
    )
    found = segmenter.candidates(clip.trimmed(here.start, here.stop), part, run)
    return [replace(each, frame=each.frame + here.start) for each in found]


def _marks_of(selection: Selection, scenes: Scenes, reach: Span) -> Selection:
    return selection.within(lambda frame: scenes.reach_of(frame) == reach, reach.start)


def _joined(found: dict[Span, Track], clip: Clip) -> Track:
    """One track; in a dissolve what either scene shows of it, and the lesser confidence."""

    def at(index: int) -> list[tuple[Track, int]]:
        return [
            (part, index - reach.start)
            for reach, part in found.items()
            if reach.start <= index < reach.stop
        ]

    def silhouettes() -> Iterator[Silhouette]:
        for index in range(clip.length):
            mask = np.zeros(clip.size, bool)
            for part, frame in at(index):
                mask |= part[frame]
            yield mask

    sure = [
        min((part.confidence[frame] for part, frame in at(index)), default=0.0)
        for index in range(clip.length)
    ]
    label = next(iter(found.values())).label
    return Track.of(label, silhouettes(), sure)


def explain(reasoner: Reasoner, clip: Clip, where: Track, run: Run, cuts: str) -> list[Effects]:
    """What the object affects in each scene that shows it.

    Raises:
        OpenVoidError: as the reasoner, and as `scenes_in`.
    """
    scenes = scenes_in(clip, cuts, run, EXPLAIN)
    reaches = scenes.reaches()
    if len(reaches) == 1 and len(reaches[0]) == clip.length:
        return [reasoner.explain(clip, where, run)]
    found = []
    for reach in reaches:
        part = where.trimmed(reach.start, reach.stop)
        if part.seen:
            scene = clip.trimmed(reach.start, reach.stop)
            effects = reasoner.explain(scene, part, run_of_scene(run, scenes, reach))
            found.append(effects.moved(reach.start))
    return found


def foretell(
    mover: Mover, clip: Clip, where: Track, effects: Effects, run: Run, cuts: str
) -> Fates:
    """Where affected things would be, scene by scene: no course leaves its scene.

    Raises:
        OpenVoidError: as the mover, and as `scenes_in`.
    """
    scenes = scenes_in(clip, cuts, run, EXPLAIN)
    reaches = scenes.reaches()
    if len(reaches) == 1 and len(reaches[0]) == clip.length:
        return mover.foretell(clip, where, effects, run)
    found: list[Fate] = []
    for reach in reaches:
        part = where.trimmed(reach.start, reach.stop)
        inside = [
            at
            for at, each in enumerate(effects.affected)
            if any(reach.start <= place.frame < reach.stop for place in each.now)
        ]
        if part.seen and inside:
            told = replace(effects, affected=tuple(_only(inside, effects)))
            scene, told = (
                clip.trimmed(reach.start, reach.stop),
                told.trimmed(reach.start, reach.stop),
            )
            fates = mover.foretell(scene, part, told, run_of_scene(run, scenes, reach))
            found += fates.moved(reach.start).things
    return Fates(tuple(found))


def _only(inside: list[int], effects: Effects) -> Iterator[Effect]:
    """Those of one scene; of the others nothing but their numbers, by which a person names all."""
    for at, each in enumerate(effects.affected):
        nothing = replace(each, now=(), goes=(), before=(), applied=False)
        yield each if at in inside else nothing


# --- the run of one scene -----------------------------------------------------------------------


@dataclass
class _SceneRun(Run):
    """A run whose notes stand with its scene, and whose warnings name its frames."""

    whole: Run | None = None
    span: Span | None = None

    def warn(self, text: str) -> None:
        assert self.whole is not None
        self.whole.warn(f"{self.span}: {text}")


def run_of_scene(run: Run, scenes: Scenes, span: Span) -> Run:
    """A run for one scene, with a scratch folder of its own."""
    folder = run.scratch / f"scene-{span.start}"
    folder.mkdir(exist_ok=True)
    numbers = [at for at, each in enumerate(scenes.spans) if span.start <= each.start < span.stop]
    scene = [at for at in numbers if scenes.spans[at].kind is Kind.SCENE] or numbers
    notes: dict[str, Any] = run.notes["scenes"][scene[0]]
    return _SceneRun(folder, run.progress, notes, run.warnings, run.timings_s, run, span)
