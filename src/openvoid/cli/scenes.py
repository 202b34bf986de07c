"""`openvoid scenes`: where a clip is cut, and where one shot goes over into the next.

Enters: a clip. Leaves: lines for a person, JSON for a machine. Knows no object.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openvoid.cli import values
from openvoid.cli.console import AsJson, Quiet, tell_json, tell_rows
from openvoid.cli.progress import told


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("scenes")(scenes)


def scenes(
    clip: Annotated[
        Path, typer.Argument(metavar="CLIP", help="A video, or a folder or pattern of pictures.")
    ],
    rate: Annotated[
        str | None, typer.Option(help="Frames a second, where pictures do not say: 24000/1001")
    ] = None,
    input_color: values.InputColor = "auto",
    cuts: values.Cuts = "auto",
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Tell the scenes of a clip: cuts, dissolves, fades. Frames are counted from 0.

    Where they are wrong, tell select, reason and remove the right ones by --cuts.

    Examples:

      openvoid scenes shot.mov
      openvoid scenes shot.mov --json
      openvoid scenes shot.mov --cuts 4,7-9
    """
    from openvoid.marking import Told, find_scenes
    from openvoid.media.open import open_clip

    footage = open_clip(clip, rate=values.rate(rate), input_color=input_color)
    with told(quiet or as_json) as progress:
        found = find_scenes(footage, cuts=cuts, progress=progress, told=Told())
    if as_json:
        tell_json({"clip": clip, "frames": footage.length, "scenes": found.to_json()})
    else:
        tell_rows((str(span.kind), str(span)) for span in found.spans)
