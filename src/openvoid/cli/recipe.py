"""How invented shots are to be made, from the flags that the verbs of `openvoid synth` share.

Enters: the values of `--size`, `--frames`, `--fps` and `--renderer`. Leaves: a `Recipe`, or one
clear line about the value that cannot be. Draws nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from openvoid.cli import values
from openvoid.core.errors import OpenVoidError

if TYPE_CHECKING:
    from openvoid.synth.dataset import Recipe

SMALLEST_PX, LARGEST_PX = 64, 4096

Size = Annotated[str, typer.Option(help="WIDTHxHEIGHT.")]
Frames = Annotated[int, typer.Option(min=2, max=1000, help="Of each clip.")]
Fps = Annotated[str, typer.Option(help="Frames a second: 12, 24000/1001")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Other seeds, other worlds.")]


def recipe_of(size: str, frames: int, fps: str, renderer: str, truth_all: bool) -> Recipe:
    """The values of the flags, checked.

    Raises:
        OpenVoidError: a value that cannot be read, or a picture too small or too large to draw.
    """
    from openvoid.synth.dataset import Recipe

    wanted = values.size(size)
    try:
        rate = values.rate(fps)
    except OpenVoidError as error:
        raise OpenVoidError(error.what, where="--fps", mend="for example: --fps 12") from error
    assert wanted is not None
    assert rate is not None
    if not SMALLEST_PX <= min(wanted) <= max(wanted) <= LARGEST_PX:
        mend = f"sides from {SMALLEST_PX} to {LARGEST_PX} pixels"
        raise OpenVoidError(f"{size} cannot be drawn", where="--size", mend=mend)
    return Recipe(wanted, frames, rate, renderer, truth_all=truth_all)


def check_renderer(name: str) -> None:
    """Tell at once what is missing, before any process begins.

    Raises:
        OpenVoidError: no such renderer; it could not draw, with the command that mends it.
    """
    from openvoid.core import plugins

    plugin = plugins.find("renderer", name)
    if issubclass(plugin, plugins.HasCheck):
        plugin.check()
