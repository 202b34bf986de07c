"""The first half of the spine: clip -> selection -> track -> effects -> fates -> quadmask.

Enters: a clip, what a person points at, the names of a segmenter, of reasoners and perhaps of a
mover. Leaves: each
artefact on its own, or all of them in a folder, where they can be looked at and corrected: the same
call again takes up what is there, a person's corrections included. Knows no segmenter and no
reasoner but by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from openvoid import by_scene
from openvoid.by_scene import AUTO
from openvoid.choosing import SEGMENTER, choose
from openvoid.core import plugins
from openvoid.core.candidate import Candidate
from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.errors import OpenVoidError
from openvoid.core.fates import Fates
from openvoid.core.plugins import HasCandidates, ReadsWords
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import Progress, Told, run_of, silent
from openvoid.core.request import check_fits
from openvoid.core.selection import Selection
from openvoid.core.track import Track
from openvoid.foretelling import NO_MOVER, fates_kept
from openvoid.marking_keys import (
    brought_fates_key,
    brought_key,
    effects_key,
    reason_key,
    track_key,
)
from openvoid.media.mattes import absent
from openvoid.media.once import decoded_once
from openvoid.reason.applied import Decisions, by_confidence
from openvoid.reason.combine import combine
from openvoid.reason.compose import compose
from openvoid.workspace.scratch import scratch
from openvoid.workspace.shelf import Shelf, same_object

REASONERS = ("motion",)

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Composing:
    """How effects become a mask; see `reason.compose`."""

    grid: int = 0
    first_frame_kept: bool = False
    min_confidence: float = 0.0


@dataclass(frozen=True)
class Marked:
    """All that is known before anything is filled."""

    selection: Selection
    track: Track
    effects: Effects
    fates: Fates
    quadmask: Quadmask
    told: Told


def find_track(
    clip: Clip,
    selection: Selection,
    *,
    segmenter: str = SEGMENTER,
    options: Options | None = None,
    cuts: str = AUTO,
    progress: Progress = silent,
    told: Told | None = None,
) -> Track:
    """Where the object is, over the whole clip, in every scene in which it is marked.

    Args:
        cuts: where scenes begin; see `by_scene.scenes_in`.

    Raises:
        OpenVoidError: a mark that cannot be meant; the segmenter is unknown or cannot work; it
            finds nothing at all.
    """
    segmenter = _chosen(segmenter, told)
    plugin = plugins.find("segmenter", segmenter)
    checked = plugins.check_options(plugin, options or {})
    selection.check(clip.length, clip.height, clip.width, words=_reads(plugin))
    unseen = absent(selection.mattes, *clip.size)
    if selection.chooses and not isinstance(plugin, HasCandidates):
        raise _offers_none(segmenter)
    key = track_key(clip, selection, segmenter, checked, plugin, cuts)
    made = plugins.construct("segmenter", segmenter, options)
    with scratch(key) as folder:
        run = run_of(folder, progress, told)
        marks = replace(
            selection, mattes=tuple(m for m in selection.mattes if m.frame not in unseen)
        )
        track = by_scene.track(made, decoded_once(clip), marks, run, cuts)
    if (len(track), track.height, track.width) != (clip.length, *clip.size):
        raise _broken("segmenter", segmenter, f"gave {len(track)} frames of {clip.length}")
    if unseen:
        track = track.mapped(lambda at, mask: mask & False if at in unseen else mask)
    if not track.seen:
        raise OpenVoidError(
            "nothing was found at the marks", where=str(clip.path), mend="add marks, or a box"
        )
    return track


def find_candidates(
    clip: Clip,
    selection: Selection,
    *,
    segmenter: str = SEGMENTER,
    options: Options | None = None,
    cuts: str = AUTO,
    progress: Progress = silent,
    told: Told | None = None,
) -> Sequence[Candidate]:
    """What the marks may mean, best first, in the frame with which `find_track` would begin.

    Nothing of another scene counts.

    Args:
        cuts: where scenes begin; see `by_scene.scenes_in`.

    Raises:
        OpenVoidError: as `find_track`; the segmenter offers no candidates.
    """
    segmenter = _chosen(segmenter, told)
    plugin = plugins.find("segmenter", segmenter)
    checked = plugins.check_options(plugin, options or {})
    selection.check(clip.length, clip.height, clip.width, words=_reads(plugin))
    made = plugins.construct("segmenter", segmenter, options)
    if not isinstance(made, HasCandidates):
        raise _offers_none(segmenter)
    with scratch(track_key(clip, selection, segmenter, checked, plugin, cuts)) as folder:
        run = run_of(folder, progress, told)
        return by_scene.candidates(made, clip, selection, run, cuts)


def find_effects(
    clip: Clip,
    track: Track,
    *,
    reasoners: Sequence[str] = REASONERS,
    options: Mapping[str, Options] | None = None,
    edited: Effects | None = None,
    cuts: str = AUTO,
    progress: Progress = silent,
    told: Told | None = None,
) -> Effects:
    """What else the object affects: all reasoners' effects as one; a person's edits win.

    What is not sure enough is told, but not applied (`reason.applied`).

    Args:
        options: of each reasoner, by its name.
        edited: effects that a person wrote or corrected (source "person"), put before the rest.
        cuts: where scenes begin; see `by_scene.scenes_in`.

    Raises:
        OpenVoidError: a reasoner is unknown or cannot work; clip and track do not fit.
    """
    check_fits(clip, track)
    given = options or {}
    made = [plugins.construct("reasoner", name, given.get(name, {})) for name in reasoners]
    parts = []
    for name, reasoner in zip(reasoners, made, strict=True):
        plugin = plugins.find("reasoner", name)
        checked = plugins.check_options(plugin, given.get(name, {}))
        with scratch(effects_key(clip, track, name, checked, plugin, cuts)) as folder:
            run = run_of(folder, progress, told)
            parts += by_scene.explain(reasoner, decoded_once(clip), track, run, cuts)
    found = by_confidence(combine(parts))
    return combine([edited, found] if edited is not None else [found])


def mark(
    clip: Clip,
    where: Selection | Track,
    folder: Path,
    *,
    segmenter: str = SEGMENTER,
    segmenter_options: Options | None = None,
    reasoners: Sequence[str] = REASONERS,
    reasoner_options: Mapping[str, Options] | None = None,
    mover: str = NO_MOVER,
    mover_options: Options | None = None,
    fates: Fates | None = None,
    composing: Composing = Composing(),
    cuts: str = AUTO,
    decisions: Decisions = Decisions(),
    resume: bool = True,
    progress: Progress = silent,
) -> Marked:
    """Selection, track, effects and quadmask of a clip, kept in `folder`.

    A track that a person brings goes the same way as marks. What an earlier call with the same
    request left there is taken up; effects that a person has corrected since count as corrected.
    Nothing corrected is ever overwritten. `fates` that a person brings stand in the place of those
    of the mover. What a person said of effects, in the file or by
    `decisions` (numbers in the order of the file), also stands when the effects of the same object
    are looked for again.

    Raises:
        OpenVoidError: as `find_track` and `find_effects`; a decision about an effect that there is
            not; the folder cannot be written.
    """
    told, shelf = Told(), Shelf(folder)
    if isinstance(where, Track):
        check_fits(clip, where)
        key = brought_key(clip, where, cuts)
    else:
        segmenter = _chosen(segmenter, told)
        plugin = plugins.find("segmenter", segmenter)
        checked = plugins.check_options(plugin, segmenter_options or {})
        key = track_key(clip, where, segmenter, checked, plugin, cuts)
    with shelf.owned():
        said = shelf.said()
        track = shelf.track(key) if resume else None
        if isinstance(where, Track):
            track = where  # its confidences may be others, though its silhouettes are the same
            shelf.put_track(track, key, clip.rate)
        elif track is None:
            track = find_track(
                clip,
                where,
                segmenter=segmenter,
                options=segmenter_options,
                cuts=cuts,
                progress=progress,
                told=told,
            )
            made = {"segmenter": segmenter} | told.notes.get(segmenter, {})  # its weights' hashes
            shelf.put_track(track, key, clip.rate, made)
        selection = Selection() if isinstance(where, Track) else where
        shelf.put_selection(selection)
        key = reason_key(key, reasoners, reasoner_options)
        effects = shelf.effects(key) if resume else None
        if effects is None:
            effects = find_effects(
                clip,
                track,
                reasoners=reasoners,
                options=reasoner_options,
                cuts=cuts,
                edited=said[1] if said is not None and same_object(said[0], track) else None,
                progress=progress,
                told=told,
            )
            shelf.put_effects(effects, key)
        if decisions:
            effects = decisions.applied_to(effects)
            shelf.put_effects(effects, key)
        if fates is not None:
            fates.check(clip.length, effects)
            shelf.put_fates(fates, brought_fates_key(fates))
        else:
            asked = mover, mover_options, cuts
            fates = fates_kept(clip, track, effects, shelf, asked, resume, progress, told)
        quadmask = compose(track, effects, fates, **asdict(composing))
        shelf.put_quadmask(quadmask, clip.rate)
    return Marked(selection, track, effects, fates, quadmask, told)


def _chosen(segmenter: str, told: Told | None) -> str:
    """The segmenter by its own name; which one `auto` was is told."""
    choice = choose(segmenter)
    if told is not None and segmenter == "auto":
        told.notes["segmenter"] = choice.line()
    return choice.name


def _reads(plugin: object) -> bool:
    """Whether a class of segmenters takes words."""
    return isinstance(plugin, ReadsWords) and plugin.words


def _offers_none(segmenter: str) -> OpenVoidError:
    mend = "use isnet or classical; or mark the object more closely, with a box or more clicks"
    return OpenVoidError(f"segmenter {segmenter!r} offers no candidates to choose from", mend=mend)


def _broken(kind: str, name: str, how: str) -> OpenVoidError:
    return OpenVoidError(
        f"{kind} {name!r} {how}", mend=f"a defect of that {kind}; please report it"
    )
