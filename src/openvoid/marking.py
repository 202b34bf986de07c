"""The first half of the spine: clip -> selection -> track -> effects -> quadmask.

Enters: a clip, what a person points at, the names of a segmenter and of reasoners. Leaves: each
artefact on its own, or all of them in a folder, where they can be looked at and corrected: the same
call again takes up what is there, a person's corrections included. Knows no segmenter and no
reasoner but by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
from openvoid.core.plugins import HasCandidates, Plugin, ReadsWords
from openvoid.core.quadmask import Quadmask
from openvoid.core.removal import Progress, Run, silent
from openvoid.core.scenes import Scenes
from openvoid.core.selection import Selection
from openvoid.core.track import Track
from openvoid.deliver.report import plain
from openvoid.media.content import clip_hash
from openvoid.media.once import decoded_once
from openvoid.reason.applied import Decisions, by_confidence
from openvoid.reason.combine import combine
from openvoid.reason.compose import compose
from openvoid.workspace.fingerprint import code_hash, request_key, track_hash, versions
from openvoid.workspace.scratch import scratch
from openvoid.workspace.shelf import Shelf

REASONERS = ("motion",)
SAME = 0.5  # intersection over union: two tracks are of one object

Options = Mapping[str, Any]


@dataclass
class Told:
    """What was noted on the way: for the report and the person."""

    notes: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    timings_s: dict[str, float] = field(default_factory=dict)


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
    if selection.chooses and not isinstance(plugin, HasCandidates):
        raise _offers_none(segmenter)
    key = _track_key(clip, selection, segmenter, checked, plugin, cuts)
    made = plugins.construct("segmenter", segmenter, options)
    with scratch(key) as folder:
        run = _run(folder, progress, told)
        track = by_scene.track(made, decoded_once(clip), selection, run, cuts)
    if (len(track), track.height, track.width) != (clip.length, *clip.size):
        raise _broken("segmenter", segmenter, f"gave {len(track)} frames of {clip.length}")
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
    progress: Progress = silent,
    told: Told | None = None,
) -> Sequence[Candidate]:
    """What the marks may mean, best first, in the frame with which `find_track` would begin.

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
    with scratch(_track_key(clip, selection, segmenter, checked, plugin)) as folder:
        return made.candidates(clip, selection, _run(folder, progress, told))


def find_scenes(
    clip: Clip, *, cuts: str = AUTO, progress: Progress = silent, told: Told | None = None
) -> Scenes:
    """The scenes of a clip, as every stage works on them.

    Raises:
        OpenVoidError: as `by_scene.scenes_in`.
    """
    with scratch(_scenes_key(clip, cuts)) as folder:
        return by_scene.scenes_in(decoded_once(clip), cuts, _run(folder, progress, told))


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
        with scratch(_effects_key(clip, track, name, checked, plugin, cuts)) as folder:
            run = _run(folder, progress, told)
            parts += by_scene.explain(reasoner, decoded_once(clip), track, run, cuts)
    found = by_confidence(combine(parts))
    return combine([edited, found] if edited is not None else [found])


def mark(
    clip: Clip,
    selection: Selection,
    folder: Path,
    *,
    segmenter: str = SEGMENTER,
    segmenter_options: Options | None = None,
    reasoners: Sequence[str] = REASONERS,
    reasoner_options: Mapping[str, Options] | None = None,
    composing: Composing = Composing(),
    cuts: str = AUTO,
    decisions: Decisions = Decisions(),
    resume: bool = True,
    progress: Progress = silent,
) -> Marked:
    """Selection, track, effects and quadmask of a clip, kept in `folder`.

    What an earlier call with the same request left there is taken up; effects that a person has
    corrected since count as corrected. Nothing corrected is ever overwritten. What a person said of
    effects, in the file or by `decisions` (numbers in the order of the file), also stands when the
    effects of the same object are looked for again.

    Raises:
        OpenVoidError: as `find_track` and `find_effects`; a decision about an effect that there is
            not; the folder cannot be written.
    """
    told, shelf = Told(), Shelf(folder)
    segmenter = _chosen(segmenter, told)
    plugin = plugins.find("segmenter", segmenter)
    checked = plugins.check_options(plugin, segmenter_options or {})
    key = _track_key(clip, selection, segmenter, checked, plugin, cuts)
    with shelf.owned():
        said = shelf.said()
        track = shelf.track(key) if resume else None
        if track is None:
            track = find_track(
                clip,
                selection,
                segmenter=segmenter,
                options=segmenter_options,
                cuts=cuts,
                progress=progress,
                told=told,
            )
            made = {"segmenter": segmenter} | told.notes.get(segmenter, {})  # its weights' hashes
            shelf.put_track(track, key, clip.rate, made)
        shelf.put_selection(selection)
        key = _reason_key(key, reasoners, reasoner_options)
        effects = shelf.effects(key) if resume else None
        if effects is None:
            effects = find_effects(
                clip,
                track,
                reasoners=reasoners,
                options=reasoner_options,
                cuts=cuts,
                edited=said[1] if said is not None and _same(said[0], track) else None,
                progress=progress,
                told=told,
            )
            shelf.put_effects(effects, key)
        if decisions:
            effects = decisions.applied_to(effects)
            shelf.put_effects(effects, key)
        quadmask = compose(track, effects, **asdict(composing))
        shelf.put_quadmask(quadmask, clip.rate)
    return Marked(selection, track, effects, quadmask, told)


def _same(one: Track, other: Track) -> bool:
    """Whether two tracks are of one object, followed more or less well."""
    if (len(one), one.height, one.width) != (len(other), other.height, other.width):
        return False
    both = sum(int((a & b).sum()) for a, b in zip(one, other, strict=True))
    either = sum(int((a | b).sum()) for a, b in zip(one, other, strict=True))
    return both > SAME * either


def check_fits(clip: Clip, track: Track) -> None:
    """A track of this clip.

    Raises:
        OpenVoidError: it has another length or size.
    """
    if (len(track), track.height, track.width) != (clip.length, *clip.size):
        raise OpenVoidError(
            f"the track is {track.width}x{track.height} with {len(track)} frames, "
            f"the clip {clip.width}x{clip.height} with {clip.length}",
            where=str(clip.path),
            mend="make the track from the same frames",
        )


def _chosen(segmenter: str, told: Told | None) -> str:
    """The segmenter by its own name; which one `auto` was is told."""
    choice = choose(segmenter)
    if told is not None and segmenter == "auto":
        told.notes["segmenter"] = choice.line()
    return choice.name


def _reads(plugin: object) -> bool:
    """Whether a class of segmenters takes words."""
    return isinstance(plugin, ReadsWords) and plugin.words


def _run(folder: Path, progress: Progress, told: Told | None) -> Run:
    told = told or Told()
    return Run(folder, progress, told.notes, told.warnings, told.timings_s)


def _track_key(
    clip: Clip,
    selection: Selection,
    segmenter: str,
    options: Any,
    plugin: type[Plugin],
    cuts: str = AUTO,
) -> str:
    asked = {"segmenter": segmenter, "selection": selection.to_json(), "options": asdict(options)}
    if weights := plugins.weights_of(plugin, options, silent):
        asked["weights"] = dict(weights)
    return _key(clip, asked, plugin, cuts)


def _effects_key(
    clip: Clip, track: Track, reasoner: str, options: Any, plugin: type[Plugin], cuts: str
) -> str:
    asked = {"reasoner": reasoner, "track": track_hash(track), "options": asdict(options)}
    return _key(clip, asked, plugin, cuts)


def _scenes_key(clip: Clip, cuts: str) -> str:
    return request_key({**_clip_facts(clip), "scenes": cuts, "versions": versions()})


def _reason_key(
    before: str, reasoners: Sequence[str], options: Mapping[str, Options] | None
) -> str:
    asked = {name: dict((options or {}).get(name, {})) for name in reasoners}
    code = {name: code_hash(plugins.find("reasoner", name)) for name in reasoners}
    return request_key(plain({"before": before, "reasoners": asked, "code": code}))


def _key(clip: Clip, asked: Mapping[str, Any], plugin: type[Plugin], cuts: str) -> str:
    facts = _clip_facts(clip) | ({"cuts": cuts} if cuts != AUTO else {})
    return request_key(plain({**facts, **asked, "versions": versions(), "code": code_hash(plugin)}))


def _offers_none(segmenter: str) -> OpenVoidError:
    mend = "use isnet or classical; or mark the object more closely, with a box or more clicks"
    return OpenVoidError(f"segmenter {segmenter!r} offers no candidates to choose from", mend=mend)


def _clip_facts(clip: Clip) -> dict[str, Any]:
    facts: dict[str, Any] = {"clip": clip_hash(clip), "length": clip.length, "offset": clip.offset}
    return facts | {"input_color": clip.input_color}  # other pictures are looked at


def _broken(kind: str, name: str, how: str) -> OpenVoidError:
    return OpenVoidError(
        f"{kind} {name!r} {how}", mend=f"a defect of that {kind}; please report it"
    )
