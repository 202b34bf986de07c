"""`openvoid compare`: two clips -> a picture or a video to look at, and a table of PSNR.

Enters: two clips of one size and length, perhaps a quadmask. Leaves: a contact sheet (PNG), or a
video, of panels; numbers inside and outside the mask. The panels are drawn by `show.comparison`,
the numbers taken by `measure`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from openvoid.cli import values
from openvoid.cli.console import AsJson, Overwrite, Quiet, decibel, tell_json, tell_table
from openvoid.cli.progress import told
from openvoid.core.limits import SIDE_PX

if TYPE_CHECKING:
    from openvoid.cli.measure import Comparison
    from openvoid.core.clip import Clip
    from openvoid.core.quadmask import Quadmask
    from openvoid.core.removal import Progress
    from openvoid.media.atomic import Joins
    from openvoid.show.comparison import Pair, View

GAIN = 65_536  # one step of 16 bits is black or white then
Mode = Literal["sheet", "side", "difference"]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("compare")(compare)


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="The first clip, or a shot folder.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="The second clip.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A picture (.png, .jpg) or a video.")
    ] = None,
    mask: Annotated[
        Path | None, typer.Option("--mask", "-m", help="Also compare inside and outside of it.")
    ] = None,
    mode: Annotated[
        Mode, typer.Option(help="Both and their difference; both; the difference alone.")
    ] = "sheet",
    frames: Annotated[int, typer.Option(min=1, max=100, help="How many, in a picture.")] = 6,
    width: Annotated[
        int,
        typer.Option(
            min=0, max=SIDE_PX, help="Of one panel, in pixels; 0: 480, or native in a video."
        ),
    ] = 0,
    gain: Annotated[
        float, typer.Option(min=0.1, max=GAIN, help="How much differences are amplified.")
    ] = 8.0,
    frame_range: Annotated[
        str | None, typer.Option("--range", help="The frames of A that B shows: 10-80")
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Show two clips beside each other, and measure how far apart they are.

    Examples:

      openvoid compare shot.mov clean.mov --out sheet.png --mask quadmask.mkv
      openvoid compare shots/lime lime.mkv --out sheet.png
      openvoid compare shot.mov clean.mov --out side.mp4 --mode side
      openvoid compare truth.mkv clean.mkv --out d.mp4 --mode difference --gain 16
      openvoid compare truth.mkv clean.mkv --mask quadmask.mkv --json
    """
    from openvoid.media.masks import open_quadmask
    from openvoid.media.open import open_clip
    from openvoid.media.outputs import files_at, owned
    from openvoid.media.shotdir import is_shot, read_shot
    from openvoid.show.comparison import View

    if is_shot(a):
        shot = read_shot(a)
        a, mask = shot.clip, mask or shot.quadmask
    left, right = ranged(open_clip(a), values.frame_range(frame_range)), open_clip(b)
    quadmask = open_quadmask(mask) if mask else None
    if quadmask is not None and len(quadmask) > left.length:
        quadmask = quadmask.trimmed(left.offset, left.offset + left.length)
    read = files_at(a, b, mask)
    with told(quiet) as progress, ExitStack() as stack:
        within = stack.enter_context(owned([out], overwrite, inputs=read)) if out else None
        view = View(mode, frames, width, gain)
        found = compared(left, right, quadmask, out, view, progress, within)
    facts = table(found)
    if as_json:
        tell_json({"out": out, "regions": facts})
    elif not quiet:
        tell_comparison(facts)
        if out is not None:
            print(f"written  {out}")


def compared(
    left: Clip,
    right: Clip,
    mask: Quadmask | None,
    out: Path | None,
    view: View,
    progress: Progress,
    within: Joins | None = None,
) -> Comparison:
    """Write the comparison, if anywhere, and give its numbers; in one pass over both clips.

    Raises:
        OpenVoidError: the clips or the mask do not fit each other; the file cannot be written.
    """
    from openvoid.cli.measure import Comparison, check_alike, pairs
    from openvoid.show.comparison import write_comparison

    check_alike(left, right, mask)
    found = Comparison()

    def walk() -> Iterator[Pair]:
        progress("compare", 0, left.length)
        for index, one, other in pairs(left, right):
            yield index, one, other
            found.add(index, one, other, mask)
            progress("compare", index + 1, left.length)

    if out is None:
        for _ in walk():
            pass
    else:
        write_comparison(left, right, mask, walk(), out, view, within)
    return found


def ranged(clip: Clip, frames: tuple[int, int] | None) -> Clip:
    """The frames of a clip, numbered as the clip numbers them, both ends included."""
    if frames is None:
        return clip
    first, last = frames[0] - clip.first_frame, frames[1] - clip.first_frame
    return clip.trimmed(first, last + 1)


def table(found: Comparison) -> dict[str, dict[str, Any]]:
    """The numbers of a comparison for machines: PSNR in dB of each region."""
    return {
        name: {
            "psnr_db": region.psnr_db,
            "worst_frame": region.worst_frame,
            "worst_frame_psnr_db": region.worst_psnr_db,
        }
        for name, region in found.regions.items()
    }


def tell_comparison(facts: dict[str, dict[str, Any]]) -> None:
    """The numbers of a comparison for a person."""
    rows = []
    for name, region in facts.items():
        at = f"frame {region['worst_frame']}" if region["worst_frame"] >= 0 else "-"
        worst = decibel(region["worst_frame_psnr_db"])
        rows.append((name, decibel(region["psnr_db"]), worst, at))
    tell_table(("region", "PSNR", "worst frame", "at"), rows)
