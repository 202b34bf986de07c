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
    from openvoid.core.removal import Progress

EXAMPLES = Path(__file__).parents[3] / "examples"  # beside src/ in the source tree
EXAMPLE = "rolling_ball"
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
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Remove the object from our own example, and tell how close the result is to the truth.

    Examples:

      openvoid demo
      openvoid demo --out /tmp/demo --json
    """
    with told(quiet) as progress:
        facts = run(example or EXAMPLES / EXAMPLE, out, progress)
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
            ]
        )


def run(example: Path, out: Path, progress: Progress) -> dict[str, Any]:
    """Remove, compare, measure; gives the facts that the verb tells."""
    from openvoid.cli.compare import compared
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
    result = remove(
        source,
        shot.quadmask,
        out / "result.mkv",
        prompt=shot.prompt,
        overwrite=True,
        progress=progress,
    )
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
    }
