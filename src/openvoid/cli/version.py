"""`openvoid --version`, and what stands above all verbs."""

from __future__ import annotations

from typing import Annotated

import typer

import openvoid


def _tell(asked: bool) -> None:
    if asked:
        print(f"openvoid {openvoid.__version__}")
        raise typer.Exit


def version(
    show: Annotated[
        bool,
        typer.Option("--version", help="Show the version and stop.", callback=_tell, is_eager=True),
    ] = False,
) -> None:
    """Remove an object from a video together with everything it did to the scene."""
