"""`openvoid explain`: the effects with their reasons, drawn over a contact sheet of the clip.

Enters: clip, track and effects, or the folder in which `openvoid remove --point` left them. Leaves:
a picture by which a person sees what was concluded, where, and why.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openvoid.cli import values
from openvoid.cli.console import Overwrite
from openvoid.core.errors import OpenVoidError


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("explain")(explain)


def explain(
    clip: Annotated[
        Path, typer.Argument(metavar="CLIP", help="A video, or a folder or pattern of pictures.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sheet: .png or .jpg")],
    track: Annotated[Path | None, typer.Option(help="Where the object is: white on black.")] = None,
    effects: Annotated[Path | None, typer.Option(help="What it affects, as JSON.")] = None,
    marks: Annotated[
        Path | None, typer.Option(help="The folder with both, as `remove --point` leaves it.")
    ] = None,
    fates: Annotated[
        Path | None,
        typer.Option(help="Where things go, as JSON: courses, how sure they are, the horizon."),
    ] = None,
    frames: Annotated[int, typer.Option(min=1, max=60, help="How many frames.")] = 9,
    width: Annotated[
        int, typer.Option(min=160, max=3840, help="Of one frame in the sheet, in pixels.")
    ] = 640,
    rate: Annotated[
        str | None, typer.Option(help="Frames a second, where pictures do not say: 24000/1001")
    ] = None,
    input_color: values.InputColor = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Draw what the object affects, and why, over frames of the clip.

    Examples:

      openvoid explain shot.mov --marks clean.mov.marks --out why.png
      openvoid explain shot.mov --track track.mkv --effects mine.json -o why.png
      openvoid explain shot.mov --track track.mkv --fates fates.json -o why.png
    """
    from openvoid.core.effects import Effects
    from openvoid.core.fates import Fates
    from openvoid.core.request import check_fits
    from openvoid.media.open import open_clip
    from openvoid.media.outputs import files_at, owned
    from openvoid.media.tracks import open_track
    from openvoid.reason.compose import compose
    from openvoid.show.explanation import explanation_sheet
    from openvoid.show.picture import write_picture
    from openvoid.workspace.shelf import EFFECTS, FATES, TRACK

    if marks is not None:
        track, effects = track or marks / TRACK, effects or marks / EFFECTS
        fates = fates or (marks / FATES if (marks / FATES).exists() else None)
    if track is None:
        raise OpenVoidError("no track", where=str(clip), mend="--track FILE, or --marks FOLDER")
    footage, where = (
        open_clip(clip, rate=values.rate(rate), input_color=input_color),
        open_track(track),
    )
    check_fits(footage, where)
    found = values.effects(effects) or Effects()
    course = values.fates(fates) or Fates()
    course.check(len(where), found, str(fates or "fates"))
    mask = compose(where, found, course)
    told = found, course
    read = files_at(clip, track, effects, fates)
    with owned([out], overwrite, inputs=read, what="this picture") as together:
        write_picture(explanation_sheet(footage, where, told, mask, frames, width), out, together)
    print(f"written  {out}")
