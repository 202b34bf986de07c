"""`openvoid foretell`: clip, track and effects -> where affected things would be.

Enters: the command line: a clip, its track, its effects, a mover by name. Leaves: the fates as
JSON, to be read and corrected. Knows no mover: the options of the one that `--mover` names become
flags.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvoid.cli import values
from openvoid.cli.console import AsJson, Overwrite, Quiet, tell_json, tell_rows
from openvoid.cli.flags import chosen, with_options_of
from openvoid.cli.progress import told
from openvoid.cli.reason import Clips, Rate

if TYPE_CHECKING:
    from openvoid.core.fates import Fate, Fates
    from openvoid.core.removal import Told

DEFAULT_MOVER = "plain"


def register(app: typer.Typer, words: Sequence[str]) -> None:
    """Add the verb, with the options of the mover that the words name."""
    verb = foretell
    if words and words[0] == "foretell":
        verb = with_options_of(foretell, [("mover", chosen(words, "--mover", DEFAULT_MOVER))])
    app.command("foretell")(verb)


def foretell(
    clip: Clips,
    track: Annotated[
        Path, typer.Option(help="Where the object is: white on black, as select writes it.")
    ],
    effects: Annotated[Path, typer.Option(help="What it affects, as reason writes it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The fates, as JSON.")],
    mover: Annotated[
        str,
        typer.Option(help="Who says where things would go; see: openvoid engines --kind mover"),
    ] = DEFAULT_MOVER,
    rate: Rate = None,
    input_color: values.InputColor = "auto",
    cuts: values.Cuts = "auto",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Say where affected things would be without the object; nothing is drawn yet.

    Examples:

      openvoid foretell shot.mov --track roto.mkv --effects mine.json -o f.json
      openvoid foretell shot.mov --track roto.mkv --effects mine.json -o f.json -q
    """
    from openvoid.core.removal import Told
    from openvoid.foretelling import find_fates
    from openvoid.media.atomic import write_json
    from openvoid.media.open import open_clip
    from openvoid.media.outputs import files_at, owned
    from openvoid.media.tracks import open_track
    from openvoid.workspace.shelf import read_effects

    read = files_at(clip, track, effects)
    footage = open_clip(clip, rate=values.rate(rate), input_color=input_color)
    where, notes = open_track(track, clip=footage), Told()
    known = read_effects(effects)
    with (
        told(quiet) as progress,
        owned([out], overwrite, inputs=read, what="these fates") as together,
    ):
        found = find_fates(
            footage,
            where,
            known,
            mover=mover,
            options=(options or {}).get("mover", {}).get(mover),
            cuts=cuts,
            progress=progress,
            told=notes,
        )
        write_json(found.to_json(), out, together)
    if as_json:
        tell_json({"fates_file": out, "fates": found.to_json(), **_spent(notes)})
    elif not quiet:
        tell_rows(_rows(out, found, notes))


def _spent(notes: Told) -> dict[str, Any]:
    return {"notes": notes.notes, "warnings": notes.warnings, "timings_s": notes.timings_s}


def _rows(out: Path, found: Fates, notes: Told) -> Iterator[tuple[str, str]]:
    yield "fates", str(out)
    yield from told_fates(found)
    for warning in notes.warnings:
        yield "warning", warning


def told_fates(fates: Fates) -> Iterator[tuple[str, str]]:
    """Each thing in a line."""
    for number, each in enumerate(fates.things, start=1):
        yield "foretold", _told(number, each)
    if not fates.moving:
        yield "foretold", "nothing moves"


def _told(number: int, fate: Fate) -> str:
    what = f"{number}  {fate.noun}: {fate.kind} ({fate.confidence:.0%}"
    if fate.poses:
        what += f", frames {fate.poses[0].frame} to {fate.poses[-1].frame}, {fate.end}"
    return f"{what}): {fate.why}"
