"""The step of the spine between effects and quadmask: where affected things would go.

Enters: clip, track, effects, the name of a mover. Leaves: fates, new ones or those that are kept in
a folder of marks, as a person may have corrected them. Knows no mover but by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openvoid import by_scene
from openvoid.by_scene import AUTO
from openvoid.core import plugins
from openvoid.core.clip import Clip
from openvoid.core.effects import Effects
from openvoid.core.fates import Fates
from openvoid.core.removal import Progress, Told, run_of, silent
from openvoid.core.request import check_fits
from openvoid.core.track import Track
from openvoid.marking_keys import fates_key
from openvoid.media.once import decoded_once
from openvoid.workspace.scratch import scratch
from openvoid.workspace.shelf import Shelf

NO_MOVER = "none"

Options = Mapping[str, Any]


def find_fates(
    clip: Clip,
    track: Track,
    effects: Effects,
    *,
    mover: str = NO_MOVER,
    options: Options | None = None,
    cuts: str = AUTO,
    progress: Progress = silent,
    told: Told | None = None,
) -> Fates:
    """Where affected things would be without the object; nowhere new with the mover "none".

    Raises:
        OpenVoidError: the mover is unknown or cannot work; clip and track do not fit.
    """
    check_fits(clip, track)
    if mover == NO_MOVER:
        return Fates()
    plugin = plugins.find("mover", mover)
    checked = plugins.check_options(plugin, options or {})
    made = plugins.construct("mover", mover, options)
    with scratch(fates_key(clip, track, effects, mover, checked, plugin, cuts)) as folder:
        run = run_of(folder, progress, told)
        return by_scene.foretell(made, decoded_once(clip), track, effects, run, cuts)


def fates_kept(
    clip: Clip,
    track: Track,
    effects: Effects,
    shelf: Shelf,
    asked: tuple[str, Options | None, str],
    resume: bool,
    progress: Progress,
    told: Told,
) -> Fates:
    """Those of the same request that are in the folder, or new ones, put there.

    Args:
        asked: the mover, its options, and where scenes begin.
    """
    mover, options, cuts = asked
    if mover == NO_MOVER:
        return Fates()
    plugin = plugins.find("mover", mover)
    checked = plugins.check_options(plugin, options or {})
    key = fates_key(clip, track, effects, mover, checked, plugin, cuts)
    fates = shelf.fates(key) if resume else None
    if fates is None:
        fates = find_fates(
            clip,
            track,
            effects,
            mover=mover,
            options=options,
            cuts=cuts,
            progress=progress,
            told=told,
        )
        shelf.put_fates(fates, key)
    return fates
