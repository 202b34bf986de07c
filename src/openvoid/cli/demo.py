"""`openvoid demo`: the whole job on a clip of our own, measured against the truth.

Enters: a shot of `examples/`, which knows what was behind its object. Leaves: the result, its
report and a contact sheet in one folder, and how far the result is from the truth where something
was removed, beside how far it is when nothing is done.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvoid.cli.console import AsJson, Quiet, decibel, percent, tell_json, tell_rows
from openvoid.cli.progress import told
from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.cli.demo_courses import Off
    from openvoid.core.clip import Clip
    from openvoid.core.quadmask import Quadmask
    from openvoid.core.removal import Progress

EXAMPLES = Path(__file__).parents[3] / "examples"  # beside src/ in the source tree
EXAMPLE = "rolling_ball"
MOVING_EXAMPLE, NO_MOVER = "collision", "none"
WORLD = "world.json"  # its description, which knows where everything would be
TRUTH = "truth.*"  # beside the shot: the same without the object


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(demo)


def demo(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="A folder; what an earlier demo left is replaced.")
    ] = Path("openvoid-demo"),
    example: Annotated[
        Path | None, typer.Option(help="Another shot folder that also holds the truth.")
    ] = None,
    mover: Annotated[
        str,
        typer.Option(
            help="Have affected things moved by this one; of the example's mask only the object is "
            "taken then. Needs: pip install 'openvoid[rigid]'"
        ),
    ] = NO_MOVER,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Remove the object from our own example, and tell how close the result is to the truth.

    Examples:

      openvoid demo
      openvoid demo --out /tmp/demo --json
      openvoid demo --mover rigid
    """
    with told(quiet) as progress:
        usual = EXAMPLE if mover == NO_MOVER else MOVING_EXAMPLE
        facts = run(example or EXAMPLES / usual, out, progress, mover)
    if as_json:
        tell_json(facts)
    elif not quiet:
        tell_rows(
            [
                ("result", str(facts["master"])),
                ("comparison", str(facts["comparison"])),
                ("report", str(facts["report"])),
                ("removed", f"{percent(facts['removed_share'])} of all pixels"),
                ("PSNR inside", f"{decibel(facts['psnr_inside_db'])} against the truth"),
                ("doing nothing", decibel(facts["psnr_untouched_db"])),
                *(("moved", _moved(each)) for each in facts["moved"]),
            ]
        )


def _moved(off: Off) -> str:
    how = f"{off.sizes:.2f} sizes from its true course (median)"
    return f"{off.noun}: {how}; left where it is: {off.untouched_sizes:.2f}"


def run(example: Path, out: Path, progress: Progress, mover: str = NO_MOVER) -> dict[str, Any]:
    """Remove, compare, measure; gives the facts that the verb tells."""
    from openvoid.cli.compare import compared
    from openvoid.cli.demo_courses import courses_off
    from openvoid.media.masks import open_quadmask
    from openvoid.media.open import open_clip
    from openvoid.media.shotdir import is_shot, read_shot
    from openvoid.removal import remove
    from openvoid.show.comparison import View

    truths = sorted(example.glob(TRUTH)) if is_shot(example) else []
    if not truths:
        raise OpenVoidError(
            f"no shot with its {TRUTH} here",
            where=str(example),
            mend="run it in a clone of the repository, or name one: --example FOLDER",
        )
    shot, truth = read_shot(example), open_clip(truths[0])
    source, quadmask = open_clip(shot.clip), open_quadmask(shot.quadmask)
    out.mkdir(parents=True, exist_ok=True)
    mask: Quadmask | Path | None = shot.quadmask
    asked: dict[str, Any] = {"prompt": shot.prompt}
    off: list[Off] = []
    if mover != NO_MOVER:
        mask, more = marked_by(source, quadmask, out / "marks", mover, progress)
        asked |= more
        off = list(courses_off(example / WORLD, more["fates"], source))
    result = remove(source, mask, out / "result.mkv", overwrite=True, progress=progress, **asked)
    clean = open_clip(result.master)
    comparison = out / "comparison.png"
    compared(source, clean, quadmask, comparison, View(frames=5), progress)
    ours = compared(truth, clean, quadmask, None, View(), progress)
    nothing = compared(truth, source, quadmask, None, View(), progress)
    return {
        "master": result.master,
        "report": result.report,
        "comparison": comparison,
        "removed_share": 1 - result.shares["kept"],
        "psnr_inside_db": ours.regions["inside"].psnr_db,
        "psnr_untouched_db": nothing.regions["inside"].psnr_db,
        "moved": off,
    }


def marked_by(
    clip: Clip, truth: Quadmask, folder: Path, mover: str, progress: Progress
) -> tuple[Quadmask, dict[str, Any]]:
    """The quadmask that follows from the object alone, and what is drawn in it."""
    from openvoid.core.quadmask import split
    from openvoid.core.track import Track
    from openvoid.marking import mark

    track = Track.of("object", (split(labels)[0] for labels in truth))
    found = mark(clip, track, folder, mover=mover, progress=progress)
    return found.quadmask, {"effects": found.effects, "fates": found.fates}
