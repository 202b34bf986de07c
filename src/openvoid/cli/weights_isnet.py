"""`openvoid weights` for the segmenter `isnet`: one file instead of a folder of parts.

Enters: what the person asked of `openvoid.cli.weights`. Leaves: the file's facts, told. Knows where
`select.isnet` looks for its file, and checks by loading it and looking at one picture.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from openvoid.cli.console import AsJson, Quiet, tell_json, tell_rows
from openvoid.core.errors import OpenVoidError
from openvoid.media import hub
from openvoid.select.isnet import weights

NAME = weights.NAME


def add(
    name: str = typer.Argument(metavar="NAME", help="Whose weights they are: isnet."),
    file: Path = typer.Argument(metavar="FILE", help="An .onnx file of that network."),
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Keep a file of weights that you have; its hash, licence and source are written down.

    It is loaded and looked at first; what does not fit is told in one line, and nothing is kept.

    Examples (on your own file):

      $ openvoid weights add isnet isnet-general-use.onnx
    """
    from openvoid.cli.progress import told

    if name != NAME:
        mend = "the others come by: openvoid weights pull NAME"
        raise OpenVoidError(f"no weights of {name!r} are added as a file", mend=mend)
    if not file.is_file():
        raise OpenVoidError("there is no such file", where=str(file), mend="an .onnx file")
    checked = examine(file)
    with told(quiet) as progress:
        held = weights.add(file, progress)
    _tell(held, checked, quiet, as_json)


def check(path: str, *, hashes: bool, quiet: bool, as_json: bool) -> None:
    """Load the file that would be used, or a named one, and look at one picture."""
    del hashes  # there is one file: its hash is always told
    held = weights.held("" if path == NAME else path)
    _tell(held, examine(held.path), quiet, as_json)
    if not quiet and not as_json:
        print("all fit")


def examine(path: Path) -> dict[str, Any]:
    """What the network takes, and how much of a picture with one thing in it stands out.

    Raises:
        OpenVoidError: it cannot be loaded, or answers with what is no foreground; the extra that
            runs it is missing.
    """
    import numpy as np

    from openvoid.cli.doctor import install_line
    from openvoid.select.isnet.network import EXTRA, Network

    try:
        network = Network(path)
    except ImportError as error:
        raise OpenVoidError(f"not installed: {error.name}", mend=install_line(EXTRA)) from error
    rows, columns = np.mgrid[:256, :256]
    disc = np.hypot(rows - 128, columns - 128) < 64
    picture = np.where(disc[..., None], (224, 64, 48), (96, 112, 104)).astype(np.uint8)
    seen = network.see(picture)
    return {
        "side_px": network.side_px,
        "of_a_disc": round(float(seen[disc].mean()), 3),
        "of_its_ground": round(float(seen[~disc].mean()), 3),
    }


def is_file(path: str) -> bool:
    """Whether `weights check` was told of this network: by its name, or by an .onnx file."""
    return path == NAME or Path(path).suffix.lower() == ".onnx"


def held_row() -> dict[str, Any]:
    """What `weights list` tells."""
    kept = weights.recorded()
    try:
        path = weights.locate()
    except OpenVoidError:
        path = None
    begun = any((hub.storage(weights.REPO) / "blobs").glob("*.openvoid.incomplete"))
    return {
        "what": NAME,
        "repository": kept.source if kept else weights.REPO,
        "licence": kept.licence if kept else weights.LICENCE,
        "size": hub.gigabytes(path.stat().st_size) if path else f"about {weights.SIZE}",
        "state": "yes" if path else "begun" if begun else "no",
        "path": path,
    }


def _tell(held: weights.Held, checked: dict[str, Any], quiet: bool, as_json: bool) -> None:
    facts = {"path": held.path, "sha256": held.sha256, "known": held.known}
    facts |= {"licence": held.licence, "source": held.source} | checked
    if as_json:
        tell_json(facts)
        return
    if quiet:
        return
    known = "" if held.known else " (none of the released files that are known here)"
    rows = [("file", str(held.path)), ("sha256", held.sha256 + known)]
    rows += [("licence", held.licence), ("source", held.source)]
    seen = f"{checked['of_a_disc']} of a disc, {checked['of_its_ground']} of its ground"
    tell_rows([*rows, ("sees", f"{checked['side_px']} px square; {seen}")])
