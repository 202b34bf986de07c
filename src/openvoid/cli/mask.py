"""`openvoid mask`: look at a quadmask, convert it, grow it, snap it to a grid.

Enters: any file `media.masks` reads. Leaves: a new mask (the format follows its name), or what is
known about one. Knows nothing of clips: a mask is judged by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from openvoid.cli import values
from openvoid.cli.console import AsJson, Overwrite, percent, tell_json, tell_rows
from openvoid.core.errors import OpenVoidError
from openvoid.core.limits import GRID_CELLS, GROW_PX

if TYPE_CHECKING:
    from openvoid.core.quadmask import Quadmask

Source = Annotated[
    Path, typer.Argument(metavar="MASK", help="A quadmask: a video, or a folder of pictures.")
]
Out = Annotated[
    Path, typer.Option("--out", "-o", help=".mkv (FFV1), .mp4 (H.264, lossless) or a folder (PNG).")
]
Rate = Annotated[
    str | None, typer.Option(help="Frames a second, where pictures do not say: 24000/1001")
]


def register(app: typer.Typer) -> None:
    """Add the verb with its own verbs."""
    verbs = typer.Typer(
        help="Look at a quadmask, convert it, grow it, snap it to a grid.",
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    for verb in (inspect, convert, grow, snap):
        verbs.command(verb.__name__)(verb)
    app.add_typer(verbs, name="mask")


def inspect(mask: Source, as_json: AsJson = False) -> None:
    """Tell what a quadmask holds: size, shares of its regions, whether it is lossless.

    Examples:

      openvoid mask inspect quadmask.mkv
      openvoid mask inspect quadmask_0.mp4 --json
    """
    from openvoid.media.masks import open_quadmask

    quadmask = open_quadmask(mask, sure=True)
    facts = describe(quadmask) | {"levels": _levels(mask)}
    if as_json:
        tell_json({"mask": mask, **facts})
        return
    tell_rows(
        [
            ("size", f"{quadmask.width}x{quadmask.height}"),
            ("frames", _frames_text(facts)),
            ("stored", _levels_text(facts["levels"])),
            *((name, percent(share)) for name, share in facts["shares"].items()),
        ]
    )
    if facts["shares"]["primary"] > 0.5:
        print("most of the picture is removed: is it a white on black matte? Then: --from-matte")


def convert(
    mask: Source,
    out: Out,
    from_matte: values.FromMatte = None,
    affected: Annotated[
        Path | None,
        typer.Option(help="A second black and white matte: white is what the object affects."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="WIDTHxHEIGHT; labels are chosen, never mixed.")
    ] = None,
    rate: Rate = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write a quadmask in another format or size, or make one of black and white mattes.

    Examples:

      openvoid mask convert quadmask_0.mp4 --out quadmask.mkv
      openvoid mask convert matte.mov --from-matte --out quadmask.mkv
      openvoid mask convert man.mkv --from-matte --affected shadow.mkv -o mask.mkv
      openvoid mask convert quadmask.mkv --size 1920x1080 --out hd.mkv
    """
    from openvoid.core.quadmask import Quadmask, split
    from openvoid.media.masks import open_quadmask

    wanted = values.size(size)

    def change(quadmask: Quadmask) -> Quadmask:
        if affected is not None:
            other = open_quadmask(affected, matte=True)
            changed = (split(labels)[0] for labels in other)
            _check_alike(quadmask, other, affected)
            quadmask = Quadmask.from_removed((split(labels)[0] for labels in quadmask), changed)
        return quadmask.resized(*wanted) if wanted else quadmask

    if affected is not None and not from_matte:
        raise OpenVoidError("only beside --from-matte", where="--affected")
    others = [affected] if affected else []
    _rewrite(mask, out, change, rate, overwrite, as_json, from_matte, others)


def grow(
    mask: Source,
    out: Out,
    by: Annotated[
        int,
        typer.Option(
            min=-GROW_PX, max=GROW_PX, help="So many pixels all around; negative shrinks."
        ),
    ],
    rate: Rate = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Grow (or shrink) what is removed and what is affected.

    Examples:

      openvoid mask grow quadmask.mkv --by 6 --out grown.mkv
      openvoid mask grow quadmask.mkv --by -2 --out smaller.mkv
    """
    _rewrite(mask, out, lambda quadmask: quadmask.grown(by), rate, overwrite, as_json)


def snap(
    mask: Source,
    out: Out,
    cells: Annotated[
        int, typer.Option(min=1, max=GRID_CELLS, help="Grid cells on the short side.")
    ] = 8,
    rate: Rate = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Fill whole grid cells wherever something is affected, as the released weights expect.

    Examples:

      openvoid mask snap quadmask.mkv --out snapped.mkv
      openvoid mask snap quadmask.mkv --cells 12 --out snapped.mkv
    """
    _rewrite(mask, out, lambda quadmask: quadmask.grid_snapped(cells), rate, overwrite, as_json)


def describe(quadmask: Quadmask) -> dict[str, Any]:
    """What a quadmask holds, for machines."""
    shown = [index for index in range(len(quadmask)) if not quadmask.box(index).empty]
    return {
        "width": quadmask.width,
        "height": quadmask.height,
        "frames": len(quadmask),
        "shares": {region.name.lower(): share for region, share in quadmask.shares().items()},
        "first_frame": shown[0] if shown else None,
        "last_frame": shown[-1] if shown else None,
        "empty_frames": len(quadmask) - len(shown),
    }


def _rewrite(
    source: Path,
    out: Path,
    change: Callable[[Quadmask], Quadmask],
    rate: str | None,
    overwrite: bool,
    as_json: bool,
    from_matte: bool | None = None,
    others: Sequence[Path] = (),
) -> None:
    from openvoid.media.masks import open_quadmask, write_quadmask
    from openvoid.media.outputs import files_at, owned

    read = files_at(source, *others)
    with owned([out], overwrite, inputs=read, what="this mask") as together:
        quadmask = change(open_quadmask(source, matte=from_matte is True, sure=from_matte is False))
        write_quadmask(quadmask, out, values.rate(rate) or _rate_of(source), together)
    facts = describe(quadmask)
    if as_json:
        tell_json({"mask": out, **facts})
        return
    print(f"written  {out}: {quadmask.width}x{quadmask.height}, {_frames_text(facts)}")


def _frames_text(facts: dict[str, Any]) -> str:
    if facts["first_frame"] is None:
        return f"{facts['frames']}, all empty"
    span = f"something in {facts['first_frame']} to {facts['last_frame']}"
    return f"{facts['frames']}, {span}, {facts['empty_frames']} empty"


def _rate_of(source: Path) -> Fraction:
    from openvoid.media.open import open_clip

    return open_clip(source).rate


def _levels(path: Path) -> dict[str, Any]:
    """How clean the stored samples are, before any snapping; in plane 0, as it is stored."""
    import numpy as np

    from openvoid.core.quadmask import LEVELS
    from openvoid.media.open import open_clip

    counts = np.zeros(1 << 16, np.int64)
    for picture in open_clip(path).pictures():
        counts += np.bincount(picture.planes[0].ravel(), minlength=counts.size)
    stored = np.flatnonzero(counts)
    stray = 1 - np.sort(counts)[-len(LEVELS) :].sum() / counts.sum()
    return {
        "lossless": len(stored) <= len(LEVELS),
        "distinct": len(stored),
        "stray_share": float(stray),
        "values": stored.tolist() if len(stored) <= len(LEVELS) else None,
    }


def _levels_text(levels: dict[str, Any]) -> str:
    if levels["lossless"]:
        return f"lossless, as {' '.join(str(value) for value in levels['values'])}"
    stray = percent(levels["stray_share"])
    return f"lossy, {levels['distinct']} different values, {stray} off the levels (snapped)"


def _check_alike(one: Quadmask, other: Quadmask, where: Path) -> None:
    if (one.width, one.height, len(one)) != (other.width, other.height, len(other)):
        raise OpenVoidError(
            f"{other.width}x{other.height} with {len(other)} frames, the other matte is "
            f"{one.width}x{one.height} with {len(one)}",
            where=str(where),
        )
