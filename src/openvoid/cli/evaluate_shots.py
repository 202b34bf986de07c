"""Which shots are judged: those of a folder, or a standard set, made where it is missing.

Enters: a folder or the name of a set, families, a limit. Leaves: a title and the shots. Joins the
generator of worlds to `evaluate`, which knows none.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.core.removal import Progress
    from openvoid.evaluate.shots import Shot
    from openvoid.evaluate.split import Split


def choose(
    name: str, worlds: Path | None, families: list[str], limit: int | None, progress: Progress
) -> tuple[str, list[Shot]]:
    """A title, and the shots.

    Args:
        name: a folder; else the name of a standard set.
        worlds: where a set is made; the cache folder if None.
        families: only these; all if there are none. limit: so many of each at most.

    Raises:
        OpenVoidError: there are none.
    """
    from openvoid.evaluate.shots import find_shots
    from openvoid.evaluate.split import SPLITS

    if name in SPLITS and not Path(name).exists():
        split = SPLITS[name]
        found = make(split, worlds, families, limit, progress)
        whole = len(found) == len(split.worlds)
        return (name if whole else f"{name}, {len(found)} of {len(split.worlds)} shots"), found
    seen: Counter[str] = Counter()
    few = []
    for shot in find_shots(Path(name)):
        seen[shot.family] += 1
        wanted = not families or shot.family in families
        if wanted and (limit is None or seen[shot.family] <= limit):
            few.append(shot)
    if not few:
        mend = f"there is: {', '.join(sorted(seen))}"
        raise OpenVoidError(f"no shot of {', '.join(families)}", where=name, mend=mend)
    return Path(name).resolve().name, few


def make(
    split: Split, folder: Path | None, families: list[str], limit: int | None, progress: Progress
) -> list[Shot]:
    """The shots of a standard set; those that are not there yet are made.

    Raises:
        OpenVoidError: this version describes other worlds, or nothing can be drawn here.
    """
    from openvoid.evaluate.shots import Shot
    from openvoid.evaluate.split import check, shot_folder
    from openvoid.media.atomic import explained
    from openvoid.media.cache import cache_folder
    from openvoid.media.shotdir import is_shot
    from openvoid.synth.dataset import Recipe, Studio
    from openvoid.synth.families import describe

    frame: dict[str, Any] = {"size": split.size, "frames": split.frames, "rate": split.rate}
    wanted = split.reduced(families, limit)
    check(split, wanted, lambda family, seed: describe(family, seed, **frame).to_json())
    folder = folder or cache_folder() / split.name
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    places = {each: shot_folder(folder, *each) for each in wanted}
    missing = {each: place for each, place in places.items() if not is_shot(place)}
    if missing:
        progress("worlds", 0, len(missing))
        with Studio(Recipe(**frame)) as studio:
            for done, ((family, seed), place) in enumerate(missing.items()):
                if reason := studio.make(family, seed, place):
                    told = f"warning: {family} {seed} of {split.name} could not be made: {reason}"
                    print(f"openvoid: {told}", file=sys.stderr)
                progress("worlds", done + 1, len(missing))
    return [Shot(place.name, place) for place in places.values() if is_shot(place)]
