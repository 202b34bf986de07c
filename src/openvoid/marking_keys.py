"""Keys of what is concluded from a clip: the same key, the same artefact.

Enters: a clip, what was asked, by whom. Leaves: a key, bound to the clip's bytes, the request, the
versions of the libraries and the code that answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from openvoid.by_scene import AUTO
from openvoid.core import plugins
from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.fates import Fates
from openvoid.core.plugins import Plugin
from openvoid.core.removal import silent
from openvoid.core.selection import Selection
from openvoid.core.track import Track
from openvoid.deliver.report import plain
from openvoid.media.content import clip_hash
from openvoid.media.mattes import mattes_hash
from openvoid.workspace.fingerprint import code_hash, request_key, track_hash, versions


def brought_key(clip: Clip, track: Track, cuts: str = AUTO) -> str:
    """Of a track that a person brings."""
    return request_key({**_clip_facts(clip), **_cuts(cuts), "track": track_hash(track)})


def track_key(
    clip: Clip,
    selection: Selection,
    segmenter: str,
    options: Any,
    plugin: type[Plugin],
    cuts: str = AUTO,
) -> str:
    """Of a track that a segmenter makes of marks: its weights and the mattes' bytes count."""
    asked = {"segmenter": segmenter, "selection": selection.to_json(), "options": asdict(options)}
    if weights := plugins.weights_of(plugin, options, silent):
        asked["weights"] = dict(weights)
    asked |= {"mattes": mattes_hash(selection.mattes)} if selection.mattes else {}
    return _key(clip, asked, plugin, cuts)


def effects_key(
    clip: Clip, track: Track, reasoner: str, options: Any, plugin: type[Plugin], cuts: str
) -> str:
    """Of the effects that one reasoner finds."""
    asked = {"reasoner": reasoner, "track": track_hash(track), "options": asdict(options)}
    return _key(clip, asked, plugin, cuts)


def fates_key(
    clip: Clip,
    track: Track,
    effects: Effects,
    mover: str,
    options: Any,
    plugin: type[Plugin],
    cuts: str,
) -> str:
    """Of where one mover says that things go."""
    asked = {"mover": mover, "track": track_hash(track), "options": asdict(options)}
    return _key(clip, {**asked, "effects": effects.to_json()}, plugin, cuts)


def brought_fates_key(fates: Fates) -> str:
    """Of fates that a person brings."""
    return request_key({"fates": fates.to_json()})


def reason_key(
    before: str, reasoners: Sequence[str], options: Mapping[str, Mapping[str, Any]] | None
) -> str:
    """Of the effects of all reasoners together, of the track that `before` is the key of."""
    asked = {name: dict((options or {}).get(name, {})) for name in reasoners}
    code = {name: code_hash(plugins.find("reasoner", name)) for name in reasoners}
    return request_key(plain({"before": before, "reasoners": asked, "code": code}))


def _key(clip: Clip, asked: Mapping[str, Any], plugin: type[Plugin], cuts: str) -> str:
    facts = _clip_facts(clip) | _cuts(cuts)
    return request_key(plain({**facts, **asked, "versions": versions(), "code": code_hash(plugin)}))


def _cuts(cuts: str) -> dict[str, str]:
    return {"cuts": cuts} if cuts != AUTO else {}


def _clip_facts(clip: Clip) -> dict[str, Any]:
    facts: dict[str, Any] = {"clip": clip_hash(clip), "length": clip.length, "offset": clip.offset}
    return facts | {"input_color": clip.input_color}  # other pictures are looked at
