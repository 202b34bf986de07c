"""`openvoid synth import`: shots from scanned assets or motion capture in a copy of the user's.

Enters: a source's name and its folder. Leaves: a folder of shot folders. One asset or recording
that cannot be used is told in its line and costs only its own shot.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openvoid.cli.console import Quiet
from openvoid.cli.recipe import Fps, Frames, Seed, Size, check_renderer, recipe_of
from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.synth.dataset import Recipe
    from openvoid.synth.world import World

UNPACKED = "assets"


class Source(StrEnum):
    """Whose layout it is."""

    kubric = "kubric"
    humoto = "humoto"


def import_(
    source: Annotated[Source, typer.Argument(help="kubric (and GSO), or humoto.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Your copy.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A folder; gets one for each shot.")],
    count: Annotated[int, typer.Option(min=1, help="So many worlds.")] = 4,
    size: Size = "672x384",
    frames: Frames = 60,
    fps: Fps = "12",
    seed: Seed = 0,
    renderer: Annotated[str, typer.Option(help="mujoco, blender, another.")] = "mujoco",
    quiet: Quiet = False,
) -> None:
    """Make shots of scanned assets (kubric) or of people handling things (humoto).

    Example:

      $ openvoid synth import kubric ~/GSO --count 20 --out shots
    """
    from openvoid.synth.dataset import Studio

    module = import_module(f"openvoid.synth.sources.{source.value}")
    module.find(folder)
    wanted = recipe_of(size, frames, fps, renderer, False)
    check_renderer(renderer)
    made, failed = 0, 0
    with Studio(wanted) as studio:
        out.mkdir(parents=True, exist_ok=True)
        for number, world in _worlds(source, folder, out, count, seed, wanted):
            name = f"{source.value}-{seed + number:05d}"
            try:
                if isinstance(world, OpenVoidError):
                    raise world
                reason = studio.make_world(world, out / name)
            except OpenVoidError as error:
                reason, failed = str(error), failed + 1
            made += not reason
            if reason or not quiet:
                print(f"{'not made' if reason else 'made    '} {name}  {reason}".rstrip())
    if failed and not made:
        raise typer.Exit(1)


def _worlds(
    source: Source, folder: Path, out: Path, count: int, seed: int, wanted: Recipe
) -> Iterator[tuple[int, World | OpenVoidError]]:
    """Worlds by number, or why there is none."""
    module = import_module(f"openvoid.synth.sources.{source.value}")
    passed_over: dict[Path, OpenVoidError] = {}
    extra = {"passed_over": passed_over} if source is Source.kubric else {}
    for number in range(count):
        told = set(passed_over)
        try:
            made = module.worlds(
                folder,
                out / UNPACKED,
                count=1,
                first=number,
                seed=seed,
                size=wanted.size,
                frames=wanted.frames,
                rate=wanted.rate,
                **extra,
            )
            world: World | OpenVoidError = next(made)
        except OpenVoidError as error:
            world = error
        for path in set(passed_over) - told:
            print(f"passed over {passed_over[path]}")
        yield number, world
