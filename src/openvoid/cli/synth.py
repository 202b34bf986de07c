"""`openvoid synth`: invented worlds with a known truth, as many as wanted; and pictures of them.

Enters: families, how many, how large, a seed. Leaves: a folder of shot folders with a manifest, or
a contact sheet. The same command goes on where it was stopped. What a shot holds is told in
`synth.dataset`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from openvoid.cli.console import AsJson, Overwrite, Quiet, tell_json, tell_rows
from openvoid.cli.progress import told
from openvoid.cli.recipe import LARGEST_PX, Fps, Frames, Seed, Size, check_renderer, recipe_of
from openvoid.cli.synth_import import import_
from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.show.panels import Panel
    from openvoid.synth.batch import Order, Tally

TAKES = {"full": "input_video.mp4", "mask": "", "removed": "truth.mp4", "acting": "acting.mp4"}

Families = Annotated[
    str, typer.Option("--family", help="Of worlds, with commas; else all.", show_default=False)
]
Renderer = Annotated[str, typer.Option(help="mujoco (quick), blender (photographic), another.")]


class _MakeByDefault(TyperGroup):
    """`openvoid synth --out DIR` is `openvoid synth make --out DIR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the verb in front where none is given."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["make", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Add the verb with its own verbs."""
    verbs = typer.Typer(
        cls=_MakeByDefault,
        help="Invent worlds whose truth is known; `make` is meant where no verb is given.",
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    verbs.command("make")(make)
    verbs.command("preview")(preview)
    verbs.command("import")(import_)
    app.add_typer(verbs, name="synth")


def make(
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder; gets one for each shot.")],
    family: Families = "",
    count: Annotated[int, typer.Option(min=1, help="So many shots, families in turn.")] = 12,
    size: Size = "672x384",
    frames: Frames = 60,
    fps: Fps = "12",
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Shots at a time.")] = 1,
    renderer: Renderer = "mujoco",
    truth: Annotated[
        str, typer.Option(help="pictures; or all: depth, optical flow and poses too.")
    ] = "pictures",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell the first world of each shot.")
    ] = False,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make shots: the clip, its quadmask, and what would be there without the object.

    Examples (the first needs a minute or two):

      $ openvoid synth --family collide,support --count 4 --workers 2 --out shots
      $ openvoid synth --count 200 --size 672x384 --frames 60 --fps 12 --seed 7 --out shots
      $ openvoid synth --family light --count 10 --truth all --out shots
      $ openvoid synth --family water --count 2 --renderer blender --out photographed
    """
    from openvoid.synth.batch import Order, fill

    if truth not in ("pictures", "all"):
        raise OpenVoidError(f"{truth!r}", where="--truth", mend="one of: pictures, all")
    recipe = recipe_of(size, frames, fps, renderer, truth == "all")
    order = Order(_families(family), count, seed, out, recipe, workers)
    if dry_run:
        _tell_worlds(order, as_json)
        return
    check_renderer(renderer)
    with told(quiet) as progress:
        tally = fill(order, progress)
    _tell(order, tally, quiet, as_json)
    if tally.failed:
        raise typer.Exit(1)


def preview(
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture (.png, .jpg).")],
    shots: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Shots that are made already.")
    ] = None,
    family: Families = "",
    count: Annotated[int, typer.Option(min=1, max=50, help="Shots on the sheet.")] = 2,
    columns: Annotated[int, typer.Option(min=1, max=20, help="Frames of each shot.")] = 5,
    width: Annotated[
        int, typer.Option(min=64, max=LARGEST_PX, help="Of one panel, in pixels.")
    ] = 336,
    size: Size = "672x384",
    frames: Frames = 60,
    fps: Fps = "12",
    seed: Seed = 0,
    renderer: Renderer = "mujoco",
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Draw a contact sheet: each shot with its mask, without the object, and acting unseen.

    Examples (the first needs a minute):

      $ openvoid synth preview --family collide --out sheet.png
      $ openvoid synth preview shots --count 6 --out sheet.png
    """
    if out.exists() and not overwrite:
        raise OpenVoidError("exists already", where=str(out), mend="--overwrite replaces it")
    if shots is not None:
        _write_sheet(_found(shots, _families(family) if family else [], count), out, columns, width)
    else:
        from openvoid.synth.batch import Order, fill

        recipe = recipe_of(size, frames, fps, renderer, False)
        check_renderer(renderer)
        with TemporaryDirectory(prefix="openvoid-preview-") as scratch:
            order = Order(_families(family), count, seed, Path(scratch), recipe)
            with told(quiet) as progress:
                fill(order, progress)
            _write_sheet(_found(Path(scratch), [], count), out, columns, width)
    if not quiet:
        print(f"written  {out}")


# --- what is asked for --------------------------------------------------------------------------


def _families(text: str) -> list[str]:
    from openvoid.synth.families import FAMILIES

    named = [name.strip() for name in text.split(",") if name.strip()] or list(FAMILIES)
    for name in named:
        if name not in FAMILIES:
            mend = f"known: {', '.join(FAMILIES)}"
            raise OpenVoidError(f"unknown family {name!r}", where="--family", mend=mend)
    return named


# --- what is told -------------------------------------------------------------------------------


def _tell_worlds(order: Order, as_json: bool) -> None:
    from openvoid.synth.families import describe

    recipe, rows = order.recipe, []
    for slot in order.slots():
        frame = {"size": recipe.size, "frames": recipe.frames, "rate": recipe.rate}
        world = describe(slot.family, slot.seeds()[0], **frame)  # type: ignore[arg-type]
        rows.append((slot.folder.name, world.short))
    if as_json:
        tell_json({"worlds": dict(rows)})
    else:
        tell_rows(rows)


def _tell(order: Order, tally: Tally, quiet: bool, as_json: bool) -> None:
    if as_json:
        tell_json(
            {
                "out": order.out,
                "made": tally.made,
                "there": tally.there,
                "rejected": dict(tally.rejected.most_common()),
                "failed": tally.failed,
            }
        )
        return
    if quiet:
        return
    there = f", {tally.there} were there" if tally.there else ""
    print(f"made     {tally.made} shots in {order.out}{there}")
    for reason, times in tally.rejected.most_common():
        print(f"rejected {times}: {reason}")
    for name, reason in tally.failed.items():
        print(f"failed   {name}: {reason}")


# --- the contact sheet --------------------------------------------------------------------------


def _found(folder: Path, families: list[str], count: int) -> list[Path]:
    """Shot folders, or the folder itself, in which all takes are."""
    if not folder.is_dir():
        raise OpenVoidError("no such folder", where=str(folder))
    below = [folder] if (folder / "truth.mp4").exists() else sorted(folder.iterdir())
    found = [
        each
        for each in below
        if all((each / name).exists() for name in TAKES.values())
        and (not families or each.name.rpartition("-")[0] in families)
    ]
    if not found:
        mend = "make some: openvoid synth --out DIR"
        raise OpenVoidError("holds no invented shots", where=str(folder), mend=mend)
    return found[:count]


def _write_sheet(shots: list[Path], out: Path, columns: int, width: int) -> None:
    from openvoid.show import panels
    from openvoid.show.picture import write_picture

    rows = [row for shot in shots for row in _rows(shot, columns, width)]
    write_picture(panels.sheet(rows), out)


def _rows(shot: Path, columns: int, width: int) -> Iterator[Panel]:
    """One row a take, frames spread evenly over the clip, the first and the last among them."""
    import numpy as np

    from openvoid.media.masks import open_quadmask
    from openvoid.media.open import open_clip
    from openvoid.show import panels
    from openvoid.vision.display import Display

    mask = open_quadmask(shot / "quadmask_0.mp4")
    for take, name in TAKES.items():
        clip = open_clip(shot / (name or TAKES["full"]))
        at = np.linspace(0, clip.length - 1, min(columns, clip.length)).round().astype(int).tolist()
        height = max(1, round(clip.height * width / clip.width))
        drawn = []
        for index, frame in enumerate(clip.frames()):
            if index in at:
                panel = panels.shown(frame, Display(clip.white), width, height)
                drawn.append(panel if name else panels.outlined(panel, mask[index]))
        yield panels.row(drawn, [f"{shot.name} {take} {index}" for index in at])
